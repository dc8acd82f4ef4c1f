//! NET008 `pod-not-isolated`: finds pods of a Service that no NetworkPolicy isolates, in a namespace where policies
//! isolate other pods.

use crate::api::network_policy::NetworkPolicy;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::lint::context::{AbsenceScope, template_of};
use crate::lint::report::Reporter;
use crate::policy::Direction;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = report.cluster;
    let isolates = |policy: &NetworkPolicy| policy.spec.policy_types.iter().flatten().any(|name| name == "Ingress");
    let policies = cluster.network_policies.iter().filter(|(_, policy)| isolates(policy));
    let guarded: BTreeSet<&str> = policies.map(|(key, _)| key.namespace.as_str()).collect();
    let policies = engine.policies();
    let mut reported = BTreeSet::new();
    for (service, _) in cluster.services.iter().filter(|(key, _)| guarded.contains(key.namespace.as_str())) {
        for pod in engine.endpoints().pods(service).iter().filter(|pod| !pod.spec.host_network) {
            let number = policies.pod_named(&service.namespace, &pod.metadata.name);
            let class = number.and_then(|pod| policies.class(policies.entry(pod)?.class?));
            if class.is_none_or(|class| !class.policies(Direction::Ingress).is_empty()) {
                continue;
            }
            let key = ObjectKey::new(service.namespace.as_str(), pod.metadata.name.as_str());
            let Some((key, _)) = cluster.pods.entry(&key) else { continue };
            let (kind, object, template) = template_of(engine, key);
            if reported.contains(&(object, kind))
                || report.context.may_be_elsewhere(cluster, (kind, object), AbsenceScope::Policy)
            {
                continue;
            }
            reported.insert((object, kind));
            let message = format!("no policy isolates these pods, although namespace {} has policies", key.namespace);
            let help = "select them in a policy, or write a policy for all pods of the namespace";
            report.at(kind, object, &format!("{template}metadata.labels"), message, help).and(
                Kind::Service,
                service,
                "spec.selector",
                "the Service that sends to them",
            );
        }
    }
}
