//! Variables of Services that collide.

use super::report::{Shared, Written};
use super::{Report, rule};
use crate::api::pod::{Container, EnvVar};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::kubelet::env::{from_services, services_told};
use crate::kubelet::expansion::expand;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::json::Json;
use std::sync::Arc;

rule! {
    /// Finds a Service's variable where a container looks for a setting of its own.
    ///
    /// The kubelet sets variables of every Service of the namespace: of a Service `n8n`, `N8N_PORT` is `tcp://address:port`. What the
    /// container sets itself goes before them. They get in its way where its program reads such a variable and the manifest does
    /// not set it: of some programs that is known (actual-server, authelia, gpustack, n8n, neo4j, vllm), of others nobody knows it from
    /// outside. They also get in where a value is made with `$(NAME)` of a variable that is set only behind it, and where a key of a
    /// ConfigMap or Secret may be missing. `enableServiceLinks: false` keeps them out.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: n8n
    /// spec:
    ///   selector:
    ///     app: n8n
    ///   ports:
    ///     - port: 5678
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: n8n
    ///   labels:
    ///     app: n8n
    /// spec:
    ///   containers:
    ///     - name: n8n
    ///       image: docker.n8n.io/n8nio/n8n:1.90.0
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: n8n
    /// spec:
    ///   selector:
    ///     app: n8n
    ///   ports:
    ///     - port: 5678
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: n8n
    ///   labels:
    ///     app: n8n
    /// spec:
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: n8n
    ///       image: docker.n8n.io/n8nio/n8n:1.90.0
    /// ```
    SERVICE_VARIABLE_SHADOWED = "ENV001", "service-variable-among-settings", Warning, shadowed
}

rule! {
    /// Finds two Services of a namespace of which the kubelet makes variables of the same name, with different values.
    ///
    /// Which of them a container finds is chance.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - name: a
    ///       port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app-port-80-tcp
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - name: a
    ///       port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app-admin
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    /// ```
    SERVICE_VARIABLES_COLLIDE = "ENV002", "service-variables-collide", Warning, collide
}

/// Where pods are written that get variables of Services.
fn told<'s, 'a>(shared: &'s Shared<'a>) -> impl Iterator<Item = &'s Written<'a>> {
    shared.written().iter().filter(|written| written.pod.spec.enable_service_links != Some(false))
}

/// Programs, by the last part of their image's name, and the variable that they read as a setting. With `*`, they read
/// every one that begins so, and stop at one that is none of theirs.
const READERS: &[(&str, &str)] = &[
    ("actual-server", "ACTUAL_PORT"),
    ("authelia", "AUTHELIA_*"),
    ("gpustack", "GPUSTACK_PORT"),
    ("n8n", "N8N_PORT"),
    ("neo4j", "NEO4J_*"),
    ("vllm-openai", "VLLM_PORT"),
];

/// The variable that the program of an image is known to read; with `*`, the beginning of those that it reads.
pub(crate) fn variable_read_by(image: &str) -> Option<&'static str> {
    let program = program(image);
    READERS.iter().find(|(known, _)| *known == program).map(|(_, read)| *read)
}

/// The last part of an image's name: of `registry/group/name:tag@digest`, `name`.
fn program(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// A variable of a Service.
type Told = BTreeMap<String, (String, ObjectKey)>;

fn shadowed(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let mut of_namespace: BTreeMap<&str, Told> = BTreeMap::new();
    for &Written { kind, object, template, pod } in told(report.shared) {
        if !pod.spec.containers.iter().any(may_clash) {
            continue;
        }
        let services = of_namespace.entry(object.namespace.as_str()).or_insert_with(|| {
            let variables = |(key, service): (ObjectKey, Arc<Service>)| {
                let of_service = from_services([&*service]).into_iter();
                of_service.map(move |variable| (variable.name, (variable.value, key.clone())))
            };
            services_told(cluster, pod).into_iter().flat_map(variables).collect()
        });
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for Clash { name, field, message, severity } in clashes(cluster, &object.namespace, container, services) {
                let Some((_, service)) = services.get(&name) else { continue };
                let field = format!("{template}spec.containers[{index}].{field}");
                let help = "set enableServiceLinks: false";
                report
                    .at(kind, object, &field, message, help)
                    .weighing(severity)
                    .and(Kind::Service, service, "metadata.name", "the Service")
                    .mend(kind, object, &|edit| {
                        let spec = format!("{template}spec");
                        let written = format!("{spec}.enableServiceLinks");
                        Some(vec![match edit.value(&written) {
                            Some(_) => edit.replace(&written, Scalar::Bool(false))?,
                            None => edit.insert(&spec, "enableServiceLinks", Scalar::Bool(false))?,
                        }])
                    });
            }
        }
    }
}

/// A Service's variable where the container finds it and should not.
struct Clash {
    name: String,
    field: String,
    message: String,
    severity: Severity,
}

/// Whether there is anything in the container that a Service's variable could change.
fn may_clash(container: &Container) -> bool {
    let is_open = |variable: &EnvVar| variable.value.contains("$(") || optional(variable).is_some();
    variable_read_by(&container.image).is_some() || container.env.iter().any(is_open)
}

/// The key of a ConfigMap or Secret that the variable has its value from, where it need not be there.
fn optional(variable: &EnvVar) -> Option<&Json> {
    let source = variable.value_from.as_ref()?;
    let reference = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|member| source.get(member))?;
    Some(reference).filter(|reference| reference.get("optional") == Some(&Json::Bool(true)))
}

fn clashes(cluster: &Cluster, namespace: &str, container: &Container, services: &Told) -> Vec<Clash> {
    let mut found = Vec::new();
    let own = |name: &str| container.env.iter().position(|variable| variable.name == name);
    if let Some(read) = variable_read_by(&container.image) {
        let is_read = |name: &str| read.strip_suffix('*').map_or(read == name, |prefix| name.starts_with(prefix));
        let first = services.iter().find(|(name, _)| is_read(name) && own(name).is_none());
        if let Some((name, (value, service))) = first {
            let message = {
                let program = program(&container.image);
                format!("{program} reads {name}, and finds {value} of Service {service} in it")
            };
            let (name, field) = (name.clone(), "image".to_owned());
            found.push(Clash { name, field, message, severity: Severity::Warning });
        }
    }
    for (at, variable) in container.env.iter().enumerate() {
        expand(&variable.value, |name| {
            let (value, service) = services.get(name)?;
            if own(name).is_some_and(|own| own >= at) {
                let message =
                    format!("$({name}) is {value} of Service {service} here: the container's own stands behind");
                let (name, field) = (name.to_owned(), format!("env[{at}].value"));
                found.push(Clash { name, field, message, severity: Severity::Warning });
            }
            None
        });
        let Some((value, service)) = services.get(&variable.name) else { continue };
        let Some(reference) = optional(variable) else { continue };
        let text = |name: &str| reference.get(name).and_then(Json::as_str).unwrap_or_default();
        let is_secret = variable.value_from.as_ref().is_some_and(|source| source.get("secretKeyRef").is_some());
        let secret = cluster.secrets.get(namespace, text("name")).filter(|_| is_secret);
        if secret
            .is_some_and(|secret| secret.data.contains_key(text("key")) || secret.string_data.contains_key(text("key")))
        {
            continue;
        }
        let message = format!(
            "without key {} of {} it is {value}, of Service {service}, and not unset",
            text("key"),
            text("name")
        );
        let (name, field) = (variable.name.clone(), format!("env[{at}].name"));
        found.push(Clash { name, field, message, severity: Severity::Info });
    }
    found
}

fn collide(engine: &Engine, report: &mut Report<'_>) {
    let mut looked_at = BTreeSet::new();
    let mut said = BTreeSet::new();
    for Written { object, pod, .. } in told(report.shared) {
        // Every pod of a namespace is told of the same Services.
        if !looked_at.insert(object.namespace.as_str()) || !may_collide(engine.cluster(), &object.namespace) {
            continue;
        }
        let mut known: BTreeMap<String, (String, ObjectKey)> = BTreeMap::new();
        for (key, service) in services_told(engine.cluster(), pod) {
            for variable in from_services([&*service]) {
                match known.get(&variable.name) {
                    Some((value, first)) if *value != variable.value && *first != key => {
                        if said.insert((first.clone(), key.clone())) {
                            let message = format!(
                                "its variable {} is also one of Service {first}, with another value",
                                variable.name
                            );
                            let help = "rename one of the two, or set enableServiceLinks: false";
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

/// Whether Services that a namespace is told of can have a variable in common. What stands behind the name of one in its
/// variables begins with `_SERVICE` or `_PORT`: so the name of the other is the first one's with such an end and maybe more
/// behind it, unless they differ only in what variables do not tell apart.
fn may_collide(cluster: &Cluster, namespace: &str) -> bool {
    // A namespace without a `kubernetes` of its own is told of the other one.
    let is_told = |name: &str| name == "kubernetes" || cluster.services.get(namespace, name).is_some();
    cluster.services.in_namespace(namespace).any(|(ObjectKey { name, .. }, _)| {
        let first_of = |end: &str| name.match_indices(end).any(|(at, _)| name.get(..at).is_some_and(is_told));
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
    use crate::api::service::{ServicePort, ServiceSpec};
    use crate::cluster::Options;
    use crate::load::{File, Taking, load};

    /// What is found of a container beside Services `web` and `n8n`.
    fn found(container: &str) -> Vec<String> {
        let service = |name: &str| {
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: a}}, ports: [{{port: 80}}]}}\n---\n"
            )
        };
        let text = format!(
            "{}{}apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{there: x}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: a, labels: {{app: a}}}}\nspec: {{containers: [{{name: c, {container}}}]}}\n",
            service("web"),
            service("n8n")
        );
        let file = File { name: "a.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
        let told = loaded.check().into_iter().filter(|finding| finding.code == "ENV001");
        told.map(|finding| format!("{} {}", finding.severity.name(), finding.place.field)).collect()
    }

    #[test]
    fn settings_beside_the_variables_of_a_service_are_nobodys_fault() {
        assert_eq!(found("image: web, env: [{name: WEB_LOG, value: debug}, {name: WEB_PORT, value: '80'}]"), [""; 0]);
        assert_eq!(found("image: n8n, env: [{name: N8N_PORT, value: '5678'}]"), [""; 0]);
        let given = "valueFrom: {secretKeyRef: {name: s, key: there, optional: true}}";
        assert_eq!(found(&format!("image: web, env: [{{name: WEB_PORT, {given}}}]")), [""; 0]);
        let behind = "[{name: WEB_PORT, value: '80'}, {name: URL, value: 'http://web:$(WEB_PORT)'}]";
        assert_eq!(found(&format!("image: web, env: {behind}")), [""; 0]);
    }

    #[test]
    fn a_variable_that_changes_what_is_seen_is_found() {
        assert_eq!(found("image: 'n8nio/n8n:1'"), ["warning spec.containers[0].image"]);
        let before = "[{name: URL, value: 'http://web:$(WEB_PORT)'}, {name: WEB_PORT, value: '80'}]";
        assert_eq!(found(&format!("image: web, env: {before}")), ["warning spec.containers[0].env[0].value"]);
        let missing = "valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}";
        assert_eq!(
            found(&format!("image: web, env: [{{name: WEB_PORT, {missing}}}]")),
            ["info spec.containers[0].env[0].name"]
        );
    }

    /// Numbers that follow from a seed.
    fn below(limit: usize, seed: &mut u64) -> usize {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap() % limit
    }

    #[test]
    fn variables_in_common_are_looked_for_wherever_there_may_be_some() {
        const PARTS: [&str; 12] =
            ["a", "b", "A", "kubernetes", "service", "port", "host", "80", "tcp", "addr", "a_service", "web-port"];
        let (mut seed, mut in_common, mut passed_over) = (1, 0, 0);
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
            passed_over += usize::from(!may_collide(&cluster, "n"));
        }
        assert!(in_common > 50 && passed_over > 1_000, "{in_common} {passed_over}");
    }
}
