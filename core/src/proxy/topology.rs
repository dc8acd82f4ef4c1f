//! Which endpoints of a Service's port a node uses.
//!
//! Mirrors `k8s.io/kubernetes/pkg/proxy.CategorizeEndpoints` (`topology.go`, v1.36.3).

use super::service_port::{Backend, Policies};
use crate::api::endpoint_slice::EndpointHints;

/// An endpoint as the slices tell it, on its way into a table.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) backend: Backend,
    pub(super) is_local: bool,
    pub(super) ready: bool,
    pub(super) serving: bool,
    pub(super) terminating: bool,
    pub(super) hints: Option<&'a EndpointHints>,
}

/// The node that endpoints are chosen for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) node: &'a str,
    pub(super) zone: &'a str,
}

/// Whether hints narrow the endpoints down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Topology {
    /// All ready endpoints are used.
    Anywhere,
    /// Those hinted for the node's zone.
    SameZone,
    /// Those hinted for the node itself.
    SameNode,
}

/// What [`categorize`] found.
#[derive(Clone, Debug)]
pub(super) struct Categories {
    /// The endpoints for the traffic policy `Cluster`.
    pub(super) cluster: Vec<Backend>,
    /// The endpoints for the traffic policy `Local`.
    pub(super) local: Vec<Backend>,
    /// Whether there is an endpoint anywhere that could be used.
    pub(super) any: bool,
    pub(super) topology: Topology,
    /// Whether there is no ready endpoint for the policy `Cluster`, so that terminating ones serve.
    pub(super) cluster_terminating: bool,
    /// The same for the policy `Local`.
    pub(super) local_terminating: bool,
}

/// Sorts the endpoints of one port into those for each traffic policy. Where none is ready, those that still serve while
/// they terminate take their place, for each policy on its own.
pub(super) fn categorize(endpoints: &[Candidate<'_>], policies: Policies, place: Place<'_>) -> Categories {
    let mut found = Categories {
        cluster: Vec::new(),
        local: Vec::new(),
        any: false,
        topology: Topology::Anywhere,
        cluster_terminating: false,
        local_terminating: false,
    };
    let lingering = |endpoint: &&Candidate<'_>| endpoint.serving && endpoint.terminating;
    let backends = |keep: &dyn Fn(&&Candidate<'_>) -> bool| -> Vec<Backend> {
        endpoints.iter().filter(|endpoint| keep(endpoint)).map(|endpoint| endpoint.backend).collect()
    };
    if policies.uses_cluster() {
        found.topology = mode_from_hints(endpoints, place);
        found.cluster = backends(&|endpoint| endpoint.ready && is_available(endpoint, found.topology, place));
        if found.cluster.is_empty() {
            found.cluster = backends(&lingering);
            found.cluster_terminating = !found.cluster.is_empty();
        }
        found.any = !found.cluster.is_empty();
    }
    if policies.uses_local() {
        found.any |= endpoints.iter().any(|endpoint| endpoint.ready || lingering(&endpoint));
        found.local = backends(&|endpoint| endpoint.is_local && endpoint.ready);
        if found.local.is_empty() {
            found.local = backends(&|endpoint| endpoint.is_local && lingering(endpoint));
            found.local_terminating = !found.local.is_empty();
        }
    }
    found
}

/// `topologyModeFromHints`: hints count only where every ready endpoint has them, and one is for this node or its zone.
fn mode_from_hints(endpoints: &[Candidate<'_>], place: Place<'_>) -> Topology {
    let ready = || endpoints.iter().filter(|endpoint| endpoint.ready);
    if ready().next().is_none() {
        return Topology::Anywhere;
    }
    let node_hints = |endpoint: &&Candidate<'_>| hinted_nodes(endpoint).next().is_some();
    if ready().all(|endpoint| node_hints(&endpoint)) && ready().any(|endpoint| is_hinted_for_node(endpoint, place)) {
        return Topology::SameNode;
    }
    let zone_hints = |endpoint: &&Candidate<'_>| hinted_zones(endpoint).next().is_some();
    if ready().all(|endpoint| zone_hints(&endpoint)) && ready().any(|endpoint| is_hinted_for_zone(endpoint, place)) {
        return Topology::SameZone;
    }
    Topology::Anywhere
}

fn is_available(endpoint: &Candidate<'_>, topology: Topology, place: Place<'_>) -> bool {
    match topology {
        Topology::Anywhere => true,
        Topology::SameNode => is_hinted_for_node(endpoint, place),
        Topology::SameZone => is_hinted_for_zone(endpoint, place),
    }
}

fn is_hinted_for_node(endpoint: &Candidate<'_>, place: Place<'_>) -> bool {
    hinted_nodes(endpoint).any(|node| node == place.node)
}

fn is_hinted_for_zone(endpoint: &Candidate<'_>, place: Place<'_>) -> bool {
    hinted_zones(endpoint).any(|zone| zone == place.zone)
}

fn hinted_nodes<'a>(endpoint: &Candidate<'a>) -> impl Iterator<Item = &'a str> {
    let nodes = endpoint.hints.and_then(|hints| hints.for_nodes.as_ref());
    nodes.into_iter().flatten().map(|node| node.name.as_str())
}

fn hinted_zones<'a>(endpoint: &Candidate<'a>) -> impl Iterator<Item = &'a str> {
    let zones = endpoint.hints.and_then(|hints| hints.for_zones.as_ref());
    zones.into_iter().flatten().map(|zone| zone.name.as_str())
}
