//! ENV002 `service-variables-collide`: finds two Services of a namespace that give containers the same variable with
//! different values.

use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::kubelet::env::{from_services, services_told};
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use crate::lint::service_variables::with_service_links;
use portolan_base::collections::{BTreeMap, BTreeSet};

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let mut checked = BTreeSet::new();
    let mut reported = BTreeSet::new();
    for PodTemplate { object, pod, .. } in with_service_links(report.context) {
        // Every pod of a namespace gets the variables of the same Services.
        if !checked.insert(object.namespace.as_str()) || !may_collide(engine.cluster(), &object.namespace) {
            continue;
        }
        let mut known: BTreeMap<String, (String, ObjectKey)> = BTreeMap::new();
        for (key, service) in services_told(engine.cluster(), pod) {
            for variable in from_services([&*service]) {
                match known.get(&variable.name) {
                    Some((value, first)) if *value != variable.value && *first != key => {
                        if reported.insert((first.clone(), key.clone())) {
                            let message = format!(
                                "its variable {} is also set by Service {first}, to another value",
                                variable.name
                            );
                            let help = "rename one of the Services, or set `enableServiceLinks: false` in the pods";
                            report.at(Kind::Service, &key, "metadata.name", message, help).and(
                                Kind::Service,
                                first,
                                "metadata.name",
                                "the other Service",
                            );
                        }
                    }
                    Some(_) => {}
                    None => {
                        known.insert(variable.name, (variable.value, key.clone()));
                    }
                }
            }
        }
    }
}

/// Whether two Services whose variables the pods of a namespace get can have a variable in common. After the name of the
/// Service, the name of a variable continues with `_SERVICE` or `_PORT`. So the name of the other Service is the first one's
/// with such an ending and perhaps more after it, unless the two names differ only in what variables do not distinguish.
fn may_collide(cluster: &Cluster, namespace: &str) -> bool {
    // A namespace without its own Service `kubernetes` gets the variables of the one in `default`.
    let has_variables = |name: &str| name == "kubernetes" || cluster.services.get(namespace, name).is_some();
    cluster.services.in_namespace(namespace).any(|(ObjectKey { name, .. }, _)| {
        let first_of = |end: &str| name.match_indices(end).any(|(at, _)| name.get(..at).is_some_and(has_variables));
        first_of("-service")
            || first_of("-port")
            || name.contains(|character: char| character == '_' || character.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::pod::Pod;
    use crate::api::resource::Resource;
    use crate::api::service::{Service, ServicePort, ServiceSpec};
    use crate::cluster::Options;
    use std::sync::Arc;

    /// Numbers that follow from a seed.
    fn below(limit: usize, seed: &mut u64) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap() % limit
    }

    #[test]
    fn no_pair_of_services_with_a_variable_in_common_is_missed() {
        const PARTS: [&str; 12] =
            ["a", "b", "A", "kubernetes", "service", "port", "host", "80", "tcp", "addr", "a_service", "web-port"];
        let (mut seed, mut in_common, mut skipped) = (1, 0, 0);
        for _ in 0..20_000 {
            let mut cluster = Cluster::new(Options::default());
            let mut name = || {
                let parts: Vec<&str> =
                    (0..=below(5, &mut seed)).map(|_| PARTS[below(PARTS.len(), &mut seed)]).collect();
                parts.join("-")
            };
            for name in [name(), name(), "kubernetes".to_owned()] {
                let port = |name: &str| ServicePort { name: name.into(), port: 80, ..ServicePort::default() };
                let ports = Some(vec![port("host"), port("80-tcp-addr"), port("service-port")]);
                let spec = ServiceSpec { cluster_ip: "10.0.0.1".into(), ports, ..ServiceSpec::default() };
                let mut service = Service { spec, ..Service::default() };
                service.metadata.namespace = if name == "kubernetes" { "default" } else { "n" }.into();
                service.metadata.name = name;
                cluster.insert(Resource::Service(Box::new(service)), None);
            }
            let mut pod = Pod::default();
            pod.metadata.namespace = "n".into();
            let of_service = |(_, service): (ObjectKey, Arc<Service>)| {
                from_services([&*service]).into_iter().map(|it| it.name).collect::<BTreeSet<String>>()
            };
            let sets: Vec<BTreeSet<String>> = services_told(&cluster, &pod).into_iter().map(of_service).collect();
            let has_common = sets.iter().enumerate().any(|(at, one)| sets[..at].iter().any(|it| !it.is_disjoint(one)));
            let names: Vec<_> = cluster.services.iter().map(|(key, _)| key.to_string()).collect();
            assert!(may_collide(&cluster, "n") || !has_common, "{names:?}");
            in_common += usize::from(has_common);
            skipped += usize::from(!may_collide(&cluster, "n"));
        }
        assert!(in_common > 50 && skipped > 1_000, "{in_common} {skipped}");
    }
}
