//! What kube-proxy's rules do with one packet, and which steps lead there.
//!
//! Mirrors the tables of `k8s.io/kubernetes/pkg/proxy/nftables` (`proxier.go`, v1.36.3) as a packet passes them: the load
//! balancers' source ranges, the address, the traffic policies, the endpoints.

use super::lookup::{Found, Via};
use super::service_port::{Backend, ServicePort};
use super::topology::Topology;
use super::{Health, NodeTable};
use crate::net::{Family, Protocol};
use ipnet::IpNet;
use std::net::IpAddr;

/// A packet that opens a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Where it is sent.
    pub to: Destination,
    /// Its protocol.
    pub protocol: Protocol,
    /// Who sends it.
    pub from: Client,
    /// `--cluster-cidr`: what kube-proxy knows the pods of its node by. Without a range it knows none.
    pub cluster_cidr: &'a [IpNet],
}

impl Packet<'_> {
    /// Whether kube-proxy takes the client for a pod of its node; nothing where it cannot tell.
    fn is_from_local_pod(&self) -> Option<bool> {
        let client = self.from.address()?;
        (!self.cluster_cidr.is_empty()).then(|| self.cluster_cidr.iter().any(|range| range.contains(&client)))
    }
}

/// Where a packet is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An address and a port.
    Address(IpAddr, u16),
    /// A port of the node, at its address of that family.
    NodePort(Family, u16),
}

/// Who sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// Somebody of whom nothing is known: a pod for a cluster IP, somebody outside, whom the load balancer's source ranges
    /// let in, for any other address.
    Anybody,
    /// Somebody with that address.
    Address(IpAddr),
    /// The node itself.
    Node(Option<IpAddr>),
}

impl Client {
    /// The address, where it is known.
    pub fn address(self) -> Option<IpAddr> {
        match self {
            Client::Anybody => None,
            Client::Address(address) => Some(address),
            Client::Node(address) => address,
        }
    }
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is sent on to an endpoint.
    Forward,
    /// It is rejected, and the sender is notified.
    Reject,
    /// It vanishes.
    Drop,
    /// No rule matches.
    None,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Verdict; 4] = [Verdict::Forward, Verdict::Reject, Verdict::Drop, Verdict::None];

    /// `forward`, `reject`, `drop` or `none`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Forward => "forward",
            Verdict::Reject => "reject",
            Verdict::Drop => "drop",
            Verdict::None => "none",
        }
    }
}

/// A step on the way to a verdict, in the order they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// The packet was sent to an address of a Service.
    Found(Via),
    /// One of the source ranges holds the client, by its place.
    SourceRange(usize),
    /// The client uses the load balancer's own address, which the ranges leave open to the node.
    SourceIsVip,
    /// There are source ranges, and nothing is known of the client.
    SourceUnknown,
    /// No source range holds the client.
    SourceRefused,
    /// No endpoint anywhere could take it.
    NoEndpoints,
    /// `internalTrafficPolicy: Local`
    InternalLocal,
    /// `externalTrafficPolicy: Local`
    ExternalLocal,
    /// The external policy does not hold for the node itself.
    FromNode,
    /// The external policy does not hold for pods of the node.
    FromLocalPod,
    /// None of the node's own endpoints could take it.
    NoLocalEndpoints,
    /// Hints narrow the endpoints down.
    Hints(Topology),
    /// None is ready; those that terminate and still serve are used.
    Terminating,
    /// A client keeps its endpoint so many seconds.
    Affinity(u32),
    /// The address is a Service's, but the port is not.
    NoSuchPort,
    /// The address is of a Service range, but no Service has it.
    Unallocated,
    /// kube-proxy itself answers at this port, for load balancers that ask after the node's health.
    HealthCheck,
    /// Nothing matches.
    NoRule,
}

/// What a packet comes to. It borrows from the table; nothing is allocated.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// What happens to it.
    pub verdict: Verdict,
    /// The port of the Service whose rule decides.
    pub port: Option<&'a ServicePort>,
    /// By which of its addresses the Service was found.
    pub via: Option<Via>,
    /// Every endpoint that may be chosen, each as likely as the others.
    pub to: &'a [Backend],
    /// Whether the endpoint sees the node's address in place of the client's. Beyond this, a pod that is sent back to
    /// itself always sees its node's.
    pub masquerade: bool,
    /// What kube-proxy answers at a health check node port.
    pub health: Option<&'a Health>,
    steps: [Option<Step>; 6],
}

impl<'a> Decision<'a> {
    fn new(step: Step) -> Self {
        let steps = [Some(step), None, None, None, None, None];
        Decision { verdict: Verdict::None, port: None, via: None, to: &[], masquerade: false, health: None, steps }
    }

    fn step(&mut self, step: Step) {
        if let Some(slot) = self.steps.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(step);
        }
    }

    fn end(mut self, verdict: Verdict, step: Step) -> Self {
        self.step(step);
        self.verdict = verdict;
        self
    }

    /// The steps that led to the verdict.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps.into_iter().flatten()
    }

    /// The client's endpoint is kept so many seconds, where the packet is sent on and clients keep theirs.
    pub fn affinity_seconds(&self) -> Option<u32> {
        self.port.filter(|_| self.verdict == Verdict::Forward)?.affinity_seconds
    }

    /// The clients that the address is open to, where it is a load balancer's that is not open to all.
    pub fn source_ranges(&self) -> Option<&'a [IpNet]> {
        let ranges = &*self.port.filter(|_| self.via == Some(Via::LoadBalancer))?.source_ranges;
        (!ranges.is_empty()).then_some(ranges)
    }

    /// Sends the packet on to the endpoints of a traffic policy.
    fn forward(mut self, port: &'a ServicePort, local: bool) -> Self {
        self.verdict = Verdict::Forward;
        self.to = if local { &port.local } else { &port.cluster };
        if if local { port.local_terminating } else { port.cluster_terminating } {
            self.step(Step::Terminating);
        } else if !local && port.topology != Topology::Anywhere {
            self.step(Step::Hints(port.topology));
        }
        if let Some(seconds) = port.affinity_seconds {
            self.step(Step::Affinity(seconds));
        }
        self
    }
}

impl NodeTable {
    /// What happens to a packet on this node. Takes the same time in any cluster.
    pub fn decide(&self, packet: &Packet<'_>) -> Decision<'_> {
        let found = match packet.to {
            Destination::Address(ip, port) => match self.addresses.get(&(ip, port, packet.protocol)) {
                Some(found) => Some(found),
                None if self.cluster_ips.contains_key(&ip) => {
                    return Decision::new(Step::NoSuchPort).ended(Verdict::Reject);
                }
                None if self.service_ranges.iter().any(|range| range.contains(&ip)) => {
                    return Decision::new(Step::Unallocated).ended(Verdict::Drop);
                }
                None if self.addresses_of_node.contains(&ip) => self.node_port(Family::of(ip), port, packet.protocol),
                None => None,
            },
            Destination::NodePort(family, port) => self.node_port(family, port, packet.protocol),
        };
        match found {
            Some(found) if found.via == Via::ClusterIP => internal(found, packet),
            Some(found) => external(found, packet, self.node_ip(Family::of(found.port.cluster_ip))),
            None => self.without_rule(packet),
        }
    }

    fn node_port(&self, family: Family, port: u16, protocol: Protocol) -> Option<&Found> {
        self.node_ports.get(&(family, port, protocol))
    }

    fn without_rule(&self, packet: &Packet<'_>) -> Decision<'_> {
        let port = match packet.to {
            Destination::NodePort(family, port) => Some((family, port)),
            Destination::Address(ip, port) if self.addresses_of_node.contains(&ip) => Some((Family::of(ip), port)),
            Destination::Address(..) => None,
        };
        let health = port.filter(|_| packet.protocol == Protocol::Tcp).and_then(|port| self.health.get(&port));
        let mut decision = Decision::new(if health.is_some() { Step::HealthCheck } else { Step::NoRule });
        decision.health = health;
        decision
    }
}

impl Decision<'_> {
    fn ended(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }
}

/// A packet to a cluster IP.
fn internal<'a>(found: &'a Found, packet: &Packet<'_>) -> Decision<'a> {
    let port: &ServicePort = &found.port;
    let mut decision = Decision::new(Step::Found(found.via));
    (decision.port, decision.via) = (Some(port), Some(found.via));
    if !port.any {
        return decision.end(Verdict::Reject, Step::NoEndpoints);
    }
    // What comes from elsewhere is sent on in the node's name, so that the way back leads through it.
    decision.masquerade = packet.is_from_local_pod() == Some(false);
    if !port.policies.internal_local {
        return decision.forward(port, false);
    }
    decision.step(Step::InternalLocal);
    if port.local.is_empty() {
        return decision.end(Verdict::Drop, Step::NoLocalEndpoints);
    }
    decision.forward(port, true)
}

/// A packet to an external IP, a load balancer's address or a node port.
fn external<'a>(found: &'a Found, packet: &Packet<'_>, node: IpAddr) -> Decision<'a> {
    let port: &ServicePort = &found.port;
    let mut decision = Decision::new(Step::Found(found.via));
    (decision.port, decision.via) = (Some(port), Some(found.via));
    // The ranges are asked before anything is known of endpoints, and only at load balancers' addresses.
    if found.via == Via::LoadBalancer && !port.source_ranges.is_empty() {
        let step = source_step(port, packet.from, node);
        if step == Step::SourceRefused {
            return decision.end(Verdict::Drop, step);
        }
        decision.step(step);
    }
    if !port.any {
        return decision.end(Verdict::Reject, Step::NoEndpoints);
    }
    if !port.policies.external_local {
        decision.masquerade = true;
        return decision.forward(port, false);
    }
    decision.step(Step::ExternalLocal);
    if packet.is_from_local_pod() == Some(true) {
        decision.step(Step::FromLocalPod);
        return decision.forward(port, false);
    }
    if let Client::Node(_) = packet.from {
        decision.step(Step::FromNode);
        decision.masquerade = true;
        return decision.forward(port, false);
    }
    if port.local.is_empty() {
        return decision.end(Verdict::Drop, Step::NoLocalEndpoints);
    }
    decision.forward(port, true)
}

/// Whether the source ranges let the client in. Where they hold the node, the load balancer's own addresses may be used
/// too: a node that has them as its own sends from them.
fn source_step(port: &ServicePort, from: Client, node: IpAddr) -> Step {
    let Some(client) = from.address() else { return Step::SourceUnknown };
    let holds = |ip: IpAddr| port.source_ranges.iter().position(|range: &IpNet| range.contains(&ip));
    match holds(client) {
        Some(place) => Step::SourceRange(place),
        None if port.load_balancer_ips.contains(&client) && holds(node).is_some() => Step::SourceIsVip,
        None => Step::SourceRefused,
    }
}
