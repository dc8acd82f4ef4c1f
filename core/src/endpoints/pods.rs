//! What a pod contributes to a Service: whether it is published at all, with which addresses, ports and hostname.

use super::topology::Nodes;
use crate::api::meta::IntOrString;
use crate::api::pod::{Container, Pod};
use crate::api::service::{Service, ServicePort};
use crate::net::{Family, parse_sloppy};
use portolan_base::sort::SmallSort as _;

/// Why a pod that the selector picks is published or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Membership {
    /// It is published.
    Published,
    /// Its phase is Succeeded or Failed: nothing in it will run again.
    Terminal,
    /// It has no address yet.
    WithoutAddress,
    /// Its node is not there, and the Service does not publish pods that are not ready.
    NodeNotFound,
}

impl Membership {
    /// The reason in a few words.
    pub fn because(self) -> &'static str {
        match self {
            Membership::Published => "the selector picks it and it has an address",
            Membership::Terminal => "its phase is Succeeded or Failed",
            Membership::WithoutAddress => "it has no address yet",
            Membership::NodeNotFound => "its node does not exist",
        }
    }
}

/// Whether a pod that the selector picks goes into the EndpointSlices (`endpointslice/util.ShouldPodBeInEndpoints` with
/// terminating pods, and the look-up of its node in `Reconciler.reconcileByAddressType`; v0.36.3).
pub fn membership(pod: &Pod, service: &Service, nodes: &Nodes) -> Membership {
    if matches!(pod.status.phase.as_str(), "Succeeded" | "Failed") {
        Membership::Terminal
    } else if pod.ips().next().is_none() {
        Membership::WithoutAddress
    } else if !service.spec.publish_not_ready_addresses && !nodes.has(&pod.spec.node_name) {
        Membership::NodeNotFound
    } else {
        Membership::Published
    }
}

/// The pod's addresses of that family in Go's form, sorted as text (`getEndpointAddresses`, `hashEndpoint`).
pub(super) fn addresses(pod: &Pod, family: Family) -> Vec<String> {
    let of_family = pod.ips().filter_map(parse_sloppy).filter(|ip| Family::of(*ip) == family);
    let mut addresses: Vec<String> = of_family.map(|ip| ip.to_string()).collect();
    addresses.small_sort();
    addresses
}

/// Whether the pod is named in DNS below this Service (`ShouldSetHostname`): it has a hostname, and its subdomain is the
/// Service's name. Both are in one namespace, or the selector would not have picked it.
pub(super) fn has_hostname(pod: &Pod, service: &Service) -> bool {
    !pod.spec.hostname.is_empty() && pod.spec.subdomain == service.metadata.name
}

/// The number of the port of this pod that a port of the Service leads to (`endpointslice.FindPort`): a number stands for
/// itself, a name is looked up in the containers, then in the init containers that keep running beside them.
pub fn find_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    match &port.target_port {
        // The API server defaults an empty targetPort to the port.
        IntOrString::Int(0) => Some(port.port),
        IntOrString::String(name) if name.is_empty() => Some(port.port),
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            let sidecars = pod.spec.init_containers.iter().filter(|container| is_sidecar(container));
            let ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
            let mut named = ports.filter(|candidate| candidate.name == *name);
            named
                .find(|candidate| protocol(&candidate.protocol) == protocol(&port.protocol))
                .map(|found| found.container_port)
        }
    }
}

/// The protocol, TCP where none is given, as the API server defaults it.
pub(super) fn protocol(given: &str) -> &str {
    if given.is_empty() { "TCP" } else { given }
}

fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}
