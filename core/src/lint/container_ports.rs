//! Ports that containers declare, compared with the numbered target ports of a Service.

use crate::api::meta::IntOrString;
use crate::api::pod::{Container, Pod};
use crate::api::service::ServicePort;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

/// The ports that pods declare; nothing where some container of them declares none, so that nothing is known.
pub(super) fn declared(pods: &[Arc<Pod>]) -> Option<BTreeSet<(i32, &str)>> {
    let mut all = BTreeSet::new();
    for pod in pods {
        for container in containers(pod) {
            if container.ports.is_empty() {
                return None;
            }
            all.extend(container.ports.iter().map(|port| (port.container_port, protocol(&port.protocol))));
        }
    }
    (!all.is_empty()).then_some(all)
}

pub(super) fn has_port(pod: &Pod, number: i32, wanted: &str) -> bool {
    let mut ports = containers(pod).flat_map(|container| &container.ports);
    ports.any(|port| port.container_port == number && protocol(&port.protocol) == protocol(wanted))
}

/// The containers that run side by side.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let stays = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    pod.spec.containers.iter().chain(pod.spec.init_containers.iter().filter(stays))
}

/// The number of a target port that is one.
pub(super) fn number(port: &ServicePort) -> Option<i32> {
    match port.target_port {
        IntOrString::Int(0) => Some(port.port),
        IntOrString::Int(number) => Some(number),
        IntOrString::String(_) => None,
    }
}

pub(super) fn protocol(given: &str) -> &str {
    if given.is_empty() { "TCP" } else { given }
}

/// Whether the pods of a workload, by one of them, declare ports and not one that a numbered port of the Service leads to.
pub(super) fn lacks_port(pod: &Arc<Pod>, port: &ServicePort) -> bool {
    let Some(declared) = declared(std::slice::from_ref(pod)) else { return false };
    number(port).is_some_and(|number| !declared.contains(&(number, protocol(&port.protocol))))
}

/// Whether the pod declares the port that a numbered port of the Service leads to.
pub(super) fn declares_port(pod: &Pod, port: &ServicePort) -> bool {
    number(port).is_some_and(|number| has_port(pod, number, &port.protocol))
}
