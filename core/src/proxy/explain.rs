//! The steps of a decision in words, with the field of the Service that each goes back to.

use super::NodeTable;
use super::decision::{Decision, Step};
use super::lookup::Via;
use super::service_port::ServicePort;
use super::topology::Topology;
use crate::api::resource::ObjectKey;

/// A step in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What was found, in a sentence without a full stop.
    pub because: String,
    /// The field of the Service that it goes back to, where it does: `spec.externalTrafficPolicy`.
    pub field: Option<String>,
}

/// The steps of a decision of this table, in the order they were taken.
pub fn reasons(table: &NodeTable, decision: &Decision<'_>) -> Vec<Reason> {
    decision.steps().map(|step| reason(table, decision, step)).collect()
}

fn reason(table: &NodeTable, decision: &Decision<'_>, step: Step) -> Reason {
    let (because, field) = match decision.port {
        Some(port) => with_service(table, decision, port, step),
        None => without_service(decision, step),
    };
    Reason { because, field }
}

fn with_service(
    table: &NodeTable,
    decision: &Decision<'_>,
    port: &ServicePort,
    step: Step,
) -> (String, Option<String>) {
    let node = table.node();
    let count = decision.to.len();
    let field = |name: &str| Some(name.to_owned());
    match step {
        Step::Found(via) => found(port, via),
        Step::SourceRange(place) => {
            let range = port.source_ranges.get(place).map(ToString::to_string).unwrap_or_default();
            (format!("the client is in the source range {range}"), field("spec.loadBalancerSourceRanges"))
        }
        Step::SourceIsVip => (
            format!("the source ranges hold the node `{node}`, so the load balancer's own address is let in"),
            field("spec.loadBalancerSourceRanges"),
        ),
        Step::SourceUnknown => (
            "only clients in the source ranges are let in; the client's address is not known".to_owned(),
            field("spec.loadBalancerSourceRanges"),
        ),
        Step::SourceRefused => ("no source range holds the client".to_owned(), field("spec.loadBalancerSourceRanges")),
        Step::NoEndpoints => ("the port has no endpoint that is ready".to_owned(), None),
        Step::InternalLocal => (
            format!("internalTrafficPolicy Local: only endpoints on the node `{node}` are used"),
            field("spec.internalTrafficPolicy"),
        ),
        Step::ExternalLocal => (
            format!("externalTrafficPolicy Local: only endpoints on the node `{node}` are used"),
            field("spec.externalTrafficPolicy"),
        ),
        Step::FromNode => ("what the node sends itself is not subject to that policy".to_owned(), None),
        Step::FromLocalPod => ("what a pod of the node sends is not subject to that policy".to_owned(), None),
        Step::NoLocalEndpoints => (format!("the node `{node}` has no endpoint of it"), None),
        Step::Hints(Topology::SameNode) => (
            format!("all endpoints have hints for nodes: those for `{node}` are used, {count} in number"),
            field("spec.trafficDistribution"),
        ),
        Step::Hints(_) => (
            format!("all endpoints have hints for zones: those for `{}` are used, {count} in number", table.zone),
            field("spec.trafficDistribution"),
        ),
        Step::Terminating => ("no endpoint is ready; those that terminate and still serve are used".to_owned(), None),
        Step::Affinity(seconds) => (
            format!("sessionAffinity ClientIP: a client keeps its endpoint for {seconds} seconds"),
            field("spec.sessionAffinity"),
        ),
        Step::NoSuchPort | Step::Unallocated | Step::HealthCheck | Step::NoRule => without_service(decision, step),
    }
}

fn without_service(decision: &Decision<'_>, step: Step) -> (String, Option<String>) {
    let because = match step {
        Step::NoSuchPort => "the address is a cluster IP, but its Service has no such port".to_owned(),
        Step::Unallocated => "the address is of a range for cluster IPs, but no Service has it".to_owned(),
        Step::HealthCheck => match decision.health {
            Some(health) => format!(
                "kube-proxy itself answers here for the Service `{}`: {} with {} local endpoints",
                name(&health.service),
                health.code(),
                health.local_endpoints
            ),
            None => "kube-proxy itself answers here".to_owned(),
        },
        _ => "no rule of kube-proxy matches".to_owned(),
    };
    (because, None)
}

fn found(port: &ServicePort, via: Via) -> (String, Option<String>) {
    let service = name(&port.service);
    let port_name = if port.name.is_empty() { port.port.to_string() } else { port.name.clone() };
    let (what, field) = match via {
        Via::ClusterIP => ("the cluster IP", "spec.clusterIP".to_owned()),
        Via::ExternalIP => ("an external IP", "spec.externalIPs".to_owned()),
        Via::LoadBalancer => ("a load balancer's address", "status.loadBalancer.ingress".to_owned()),
        Via::NodePort => ("the node port", format!("spec.ports[{}].nodePort", port.index)),
    };
    (format!("{what} of the Service `{service}`, port `{port_name}`"), Some(field))
}

fn name(key: &ObjectKey) -> String {
    key.to_string()
}
