//! `backends`: where would kube-proxy on this node send this packet? A packet goes in, its verdict, its endpoints and the
//! steps that led there come out.

use super::choose::{Choose, Numbers, choose};
use super::declare::{At, Read, fill};
use super::part::{End, Location, PodName, Range};
use super::{AskError, choose};
use crate::api::describe::{Describe, Shape};
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::net::{Family, Protocol, parse_ranges, parse_sloppy};
use crate::proxy::decision::{Client, Decision, Destination, Packet, Verdict};
use crate::proxy::service_port::Backend;
use crate::proxy::{Health, NodeTable, explain};
use crate::{answer, filled, names, question, view};
use ipnet::IpNet;
use portolan_base::json::{ToView, View};
use portolan_base::tree::Node;
use std::net::{IpAddr, Ipv4Addr};

names! {
    Verdict, closed, "verdict", Verdict::ALL.into_iter(), Verdict::name;
}

question! {
    /// Where would kube-proxy on this node send this packet?
    BackendsQuestion<'q> {
        /// The node; that of the client where it is a pod, else the first of the cluster, unless given.
        "node" => node: Option<&'q str> [optional];
        /// Where the packet goes.
        "to" => to: PacketDestination;
        /// Where it comes from; a pod of the cluster for a cluster IP, outside for any other address, unless given.
        "from" => from: Option<End<'q>> [optional];
        /// Picks endpoints too.
        "choose" => choose: Option<Choose<'q>> [optional];
        /// `--cluster-cidr` of kube-proxy: one range, or one of each family behind a comma.
        "clusterCIDR" => cluster_cidr: Ranges [optional];
    }

    /// A port of every node, for a packet.
    NodePortDestination {
        /// The number of the port.
        "nodePort" => node_port: u16;
        /// `TCP` unless given.
        "protocol" => protocol: Option<Protocol> [optional];
        /// The family of the node's address; IPv4 first and then IPv6 unless given.
        "ipFamily" => family: Option<Family> [optional];
    }
}

answer! {
    /// An address and a port, for a packet.
    AddressDestination {
        /// The address.
        "ip" => ip: IpAddr;
        /// The port.
        "port" => port: u16;
        /// `TCP` unless given.
        "protocol" => protocol: Option<Protocol> [optional];
    }

    /// What kube-proxy does with the packet.
    BackendsAnswer<'e> {
        /// What happens to the packet. `none`: no rule of kube-proxy's matches.
        "verdict" => verdict: Verdict;
        /// The Service whose rule it is.
        "service" => service: Option<ObjectKey> [optional];
        /// The name of the Service's port.
        "port" => port: Option<String> [optional];
        /// Every endpoint that may be chosen.
        "to" => to: Vec<Backend>;
        /// How long a client keeps its endpoint, in seconds.
        "affinitySeconds" => affinity_seconds: Option<u32> [optional];
        /// The node whose kube-proxy was asked.
        "node" => node: String;
        /// Whether the endpoint sees the node's address in place of the client's.
        "masquerade" => masquerade: Option<bool> [optional];
        /// The clients that a load balancer's address is open to, where it is not open to all.
        "sourceRanges" => source_ranges: Vec<Range> [optional];
        /// The response of kube-proxy at a health check node port.
        "healthCheck" => health_check: Option<HealthCheck> [optional];
        /// The steps that led there.
        "because" => because: Vec<Step<'e>>;
        /// The endpoints picked, in order.
        "chosen" => chosen: Option<Vec<Backend>> [optional];
        /// How many connections each endpoint has open then, by `ip:port`.
        "connections" => connections: Option<Numbers<'static>> [optional];
    }

    /// The response of kube-proxy at a health check node port.
    HealthCheck {
        /// The Service.
        "service" => service: ObjectKey;
        /// The HTTP code.
        "code" => code: u16;
        /// How many ready endpoints the node has.
        "localEndpoints" => local_endpoints: usize;
    }

    /// One step to a decision, with the field that made it.
    Step<'e> "Reason" {
        /// Why.
        "because" => because: String;
        /// Where the field is, where the object comes from a file.
        "source" => source: Option<Location<'e>> [optional];
        /// The field of the Service.
        "field" => field: Option<String> [optional];
    }
}

view! {
    /// A backend of a Service.
    backend: Backend = "BackendEndpoint" {
        /// Its address.
        "ip": IpAddr = backend.ip;
        /// Its port.
        "port": u16 = backend.port;
    }
}

filled! { AddressDestination [] { "ip" => ip []; "port" => port []; "protocol" => protocol [optional]; } }

impl Default for AddressDestination {
    /// Port 0 of the unspecified address.
    fn default() -> Self {
        AddressDestination { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port: 0, protocol: None }
    }
}

/// Where a packet goes.
#[derive(Clone, Debug, PartialEq)]
pub enum PacketDestination {
    /// An address and a port.
    Address(AddressDestination),
    /// A port of every node.
    NodePort(NodePortDestination),
}

impl PacketDestination {
    /// The protocol, TCP unless given.
    fn protocol(&self) -> Protocol {
        match self {
            PacketDestination::Address(to) => to.protocol,
            PacketDestination::NodePort(to) => to.protocol,
        }
        .unwrap_or_default()
    }

    /// The destination as kube-proxy sees it, and where to look if nothing is found there: the other family, for a node
    /// port that names none.
    fn families(&self) -> (Destination, Option<Destination>) {
        match self {
            PacketDestination::Address(to) => (Destination::Address(to.ip, to.port), None),
            PacketDestination::NodePort(to) => match to.family {
                Some(family) => (Destination::NodePort(family, to.node_port), None),
                None => {
                    let [first, second] = Family::ALL.map(|family| Destination::NodePort(family, to.node_port));
                    (first, Some(second))
                }
            },
        }
    }
}

impl Default for PacketDestination {
    fn default() -> Self {
        PacketDestination::Address(AddressDestination::default())
    }
}

impl<'q> Read<'q> for PacketDestination {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = if node.get("nodePort").is_some() {
            let mut to = NodePortDestination::default();
            fill(&mut to, node, at)?;
            PacketDestination::NodePort(to)
        } else if node.get("ip").is_some() {
            let mut to = AddressDestination::default();
            fill(&mut to, node, at)?;
            PacketDestination::Address(to)
        } else {
            return Err(AskError::bad(at.to_string(), format!("`{at}` needs `ip` and `port`, or `nodePort`")));
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for PacketDestination {
    fn view(&self) -> View<'_> {
        match self {
            PacketDestination::Address(to) => to.view(),
            PacketDestination::NodePort(to) => to.view(),
        }
    }
}

impl Describe for PacketDestination {
    fn shape() -> Shape {
        Shape::OneOf(vec![AddressDestination::shape(), NodePortDestination::shape()])
    }
}

/// Ranges of addresses, in JSON one text with commas between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(pub Vec<IpNet>);

impl Read<'_> for Ranges {
    fn read(&mut self, node: &Node, at: &At<'_>) -> Result<(), AskError> {
        let ranges = node.as_str().and_then(|text| parse_ranges(text).ok());
        let expected = "a range of addresses, or one of each family";
        self.0 = ranges.ok_or_else(|| AskError::wrong_type(at, expected))?;
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl super::declare::LeaveOut for Ranges {
    fn is_left_out(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToView for Ranges {
    fn view(&self) -> View<'_> {
        View::Display(self)
    }
}

impl std::fmt::Display for Ranges {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut comma = "";
        for range in &self.0 {
            write!(formatter, "{comma}{range}")?;
            comma = ",";
        }
        Ok(())
    }
}

impl Describe for Ranges {
    fn shape() -> Shape {
        Shape::String
    }
}

/// Asks the rules of kube-proxy on the node.
///
/// # Errors
/// `NotFound` for a node or a pod that the cluster does not have; `BadRequest` for a scheduler that needs the client's
/// address where none is given, and numbers out of range.
pub fn backends<'e>(engine: &'e Engine, question: &BackendsQuestion<'_>) -> Result<BackendsAnswer<'e>, AskError> {
    let (addresses, from_node) = match &question.from {
        None => (None, None),
        Some(End::Address(ip)) => (Some(vec![*ip]), None),
        Some(End::Pod(pod)) => {
            let (addresses, node) = pod_of(engine, pod)?;
            (Some(addresses), node)
        }
    };
    let table = engine.node_table(&node(engine, question.node, from_node)?);
    let (to, or_to) = question.to.families();
    let from = client(&table, to, addresses.as_deref());
    let protocol = question.to.protocol();
    let packet = |to| Packet { to, protocol, from, cluster_cidr: &question.cluster_cidr.0 };
    let mut decision = table.decide(&packet(to));
    if let (Some(other), None, None) = (or_to, decision.port, decision.health) {
        let second = table.decide(&packet(other));
        if second.port.is_some() || second.health.is_some() {
            decision = second;
        }
    }
    let mut answer = answer_of(engine, &table, &decision);
    if let Some(wanted) = &question.choose {
        let ends = choose::Ends { client: from.address(), service: service_address(&table, to, decision.to) };
        let picked = choose(wanted, decision.to, ends, decision.affinity_seconds())?;
        (answer.chosen, answer.connections) = (Some(picked.chosen), Some(picked.connections));
    }
    Ok(answer)
}

/// The address that the client sends to, as far as it is known: a node port's is the node's.
fn service_address(table: &NodeTable, to: Destination, backends: &[Backend]) -> Option<IpAddr> {
    let family = backends.first().map(|backend| Family::of(backend.ip));
    match to {
        Destination::Address(ip, _) => Some(ip),
        Destination::NodePort(..) => {
            table.addresses_of_node().iter().copied().find(|ip| Some(Family::of(*ip)) == family)
        }
    }
}

/// The addresses of a pod that sends, and its node.
fn pod_of(engine: &Engine, pod: &PodName<'_>) -> Result<(Vec<IpAddr>, Option<String>), AskError> {
    let (_, pod) = super::part::pod(engine, pod, "from")?;
    let node = Some(pod.spec.node_name.clone()).filter(|node| !node.is_empty());
    Ok((pod.ips().filter_map(parse_sloppy).collect(), node))
}

/// The node that is asked about: the one named, else the client's, else the first of the cluster.
fn node(engine: &Engine, named: Option<&str>, from_node: Option<String>) -> Result<String, AskError> {
    let nodes = &engine.cluster().nodes;
    match named.map(str::to_owned).or(from_node) {
        Some(name) if nodes.is_empty() || nodes.get("", &name).is_some() => Ok(name),
        Some(name) => Err(AskError::not_found(engine, "node", Kind::Node, &ObjectKey::new("", name))),
        None => Ok(nodes.iter().next().map(|(key, _)| key.name.clone()).unwrap_or_default()),
    }
}

/// Who the client is to kube-proxy on this node.
fn client(table: &NodeTable, to: Destination, addresses: Option<&[IpAddr]>) -> Client {
    let Some(addresses) = addresses else { return Client::Anybody };
    let family = match to {
        Destination::Address(ip, _) => Family::of(ip),
        Destination::NodePort(family, _) => family,
    };
    let of_family = addresses.iter().copied().find(|ip| Family::of(*ip) == family);
    match of_family.or_else(|| addresses.first().copied()) {
        None => Client::Anybody,
        Some(address) if address.is_loopback() => Client::Node(None),
        Some(address) if table.addresses_of_node().contains(&address) => Client::Node(Some(address)),
        Some(address) => Client::Address(address),
    }
}

fn answer_of<'e>(engine: &'e Engine, table: &NodeTable, decision: &Decision<'_>) -> BackendsAnswer<'e> {
    let health = |health: &Health| HealthCheck {
        service: ObjectKey::clone(&health.service),
        code: health.code(),
        local_endpoints: health.local_endpoints,
    };
    BackendsAnswer {
        verdict: decision.verdict,
        service: decision.port.map(|port| ObjectKey::clone(&port.service)),
        port: decision.port.map(|port| port.name.clone()),
        to: decision.to.to_vec(),
        affinity_seconds: decision.affinity_seconds(),
        node: table.node().to_owned(),
        masquerade: (!decision.to.is_empty()).then_some(decision.masquerade),
        source_ranges: decision.source_ranges().unwrap_or_default().iter().copied().map(Range).collect(),
        health_check: decision.health.map(health),
        because: because(engine, table, decision),
        chosen: None,
        connections: None,
    }
}

fn because<'e>(engine: &'e Engine, table: &NodeTable, decision: &Decision<'_>) -> Vec<Step<'e>> {
    let service = decision.port.map(|port| &*port.service);
    let source = service.and_then(|key| engine.cluster().source(Kind::Service, key));
    let step = |explain::Reason { because, field }: explain::Reason| {
        let place = source.zip(field.as_ref()).map(|(source, field)| Location::of(source, field.clone()));
        Step { because, source: place, field }
    };
    explain::reasons(table, decision).into_iter().map(step).collect()
}
