//! `backends`: where would kube-proxy on this node send this packet?

use super::{AskError, choose, part};
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::net::{Family, Protocol, parse_cidr_sloppy, parse_sloppy};
use crate::proxy::NodeTable;
use crate::proxy::decision::{Client, Decision, Destination, Packet};
use crate::proxy::explain;
use crate::proxy::service_port::Backend;
use ipnet::IpNet;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::net::IpAddr;

/// `{"node", "to": {"ip", "port", "protocol"} | {"nodePort", "protocol", "ipFamily"}, "from": {"ip"} | {"namespace", "pod"}}`
/// → `{"verdict", "service", "port", "to": [{"ip", "port"}], "affinitySeconds", …}`.
///
/// Beyond the contract an answer has `node`, `masquerade` (the endpoint sees the node's address in place of the client's),
/// `sourceRanges` (where a load balancer's address is open to some clients only), `healthCheck` (`code` and
/// `localEndpoints`, what kube-proxy answers at a health check node port) and `because`: the steps that led there, each
/// with the field of the Service and its place, where it has one. A question may name the `clusterCIDR` that kube-proxy
/// knows its pods by. Without `ipFamily` a node port is looked up for IPv4, then for IPv6.
///
/// # Errors
/// `BadRequest` where the question cannot be understood, `NotFound` for a node or a pod that is not there.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let asked = question_of(engine, question)?;
    let table = engine.node_table(&asked.node);
    let from = client(&table, &asked);
    let packet = |to| Packet { to, protocol: asked.protocol, from, cluster_cidr: &asked.cluster_cidr };
    let mut decision = table.decide(&packet(asked.to));
    if let (Some(other), None, None) = (asked.or_to, decision.port, decision.health) {
        let second = table.decide(&packet(other));
        if second.port.is_some() || second.health.is_some() {
            decision = second;
        }
    }
    let answer = answer(engine, &table, &decision);
    let Some(wanted) = question.get("choose").filter(|wanted| !wanted.is_null()) else { return Ok(answer) };
    let ends = choose::Ends { client: from.address(), service: service_address(&table, asked.to, decision.to) };
    choose::choose(wanted, decision.to, ends, decision.affinity_seconds(), answer)
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

/// A question as it is understood.
struct Asked {
    node: String,
    to: Destination,
    /// Where to look if nothing is found there: the other family, for a node port that names none.
    or_to: Option<Destination>,
    protocol: Protocol,
    /// The client's addresses, where it is named.
    from: Option<Vec<IpAddr>>,
    cluster_cidr: Vec<IpNet>,
}

fn question_of(engine: &Engine, question: &Node) -> Result<Asked, AskError> {
    let to = question.get("to").ok_or_else(|| AskError::bad("to", "the question has no `to` field"))?;
    let protocol = match to.get("protocol") {
        None => Protocol::Tcp,
        Some(node) => node
            .as_str()
            .and_then(Protocol::asked)
            .ok_or_else(|| AskError::bad("to.protocol", "`to.protocol` has to be TCP, UDP or SCTP"))?,
    };
    let (to, or_to) = destination(to)?;
    let (from, from_node) = from(engine, question)?;
    let node = node(engine, question, from_node)?;
    Ok(Asked { node, to, or_to, protocol, from, cluster_cidr: cluster_cidr(question)? })
}

fn destination(to: &Node) -> Result<(Destination, Option<Destination>), AskError> {
    if to.get("nodePort").is_some() {
        let port = port_number(to, "nodePort")?;
        return match to.get("ipFamily") {
            None => Ok((Destination::NodePort(Family::V4, port), Some(Destination::NodePort(Family::V6, port)))),
            Some(family) => {
                let family = family.as_str().and_then(Family::named);
                let family =
                    family.ok_or_else(|| AskError::bad("to.ipFamily", "`to.ipFamily` has to be IPv4 or IPv6"))?;
                Ok((Destination::NodePort(family, port), None))
            }
        };
    }
    let text = part::text(to, "ip").map_err(|_| AskError::bad("to", "`to` needs `ip` and `port`, or `nodePort`"))?;
    let ip = parse_sloppy(text).ok_or_else(|| AskError::bad("to.ip", format!("`{text}` is no IP address")))?;
    Ok((Destination::Address(ip, port_number(to, "port")?), None))
}

fn port_number(to: &Node, name: &str) -> Result<u16, AskError> {
    let number = to.get(name).and_then(Node::as_int).and_then(|number| u16::try_from(number).ok());
    number
        .ok_or_else(|| AskError::bad(&format!("to.{name}"), format!("`to.{name}` has to be a number from 0 to 65535")))
}

/// The client's addresses, and the node that it runs on where it is a pod.
fn from(engine: &Engine, question: &Node) -> Result<(Option<Vec<IpAddr>>, Option<String>), AskError> {
    let Some(from) = question.get("from").filter(|from| !from.is_null()) else { return Ok((None, None)) };
    if from.get("pod").is_some() {
        let key = part::key(question, "from", "pod")?;
        let Some((_, pod)) = engine.pod_named(&key) else {
            return Err(AskError::not_found("from", format!("pods \"{}\" not found", key.name)));
        };
        let node = Some(pod.spec.node_name.clone()).filter(|node| !node.is_empty());
        return Ok((Some(pod.ips().filter_map(parse_sloppy).collect()), node));
    }
    let text = part::text(from, "ip").map_err(|_| AskError::bad("from", "`from` needs `ip`, or `pod`"))?;
    let ip = parse_sloppy(text).ok_or_else(|| AskError::bad("from.ip", format!("`{text}` is no IP address")))?;
    Ok((Some(vec![ip]), None))
}

/// The node that is asked about: the one named, else the client's, else the first of the cluster.
fn node(engine: &Engine, question: &Node, from_node: Option<String>) -> Result<String, AskError> {
    let nodes = &engine.cluster().nodes;
    let named = match question.get("node") {
        Some(_) => Some(part::text(question, "node")?.to_owned()),
        None => from_node,
    };
    match named {
        Some(name) if nodes.is_empty() || nodes.get("", &name).is_some() => Ok(name),
        Some(name) => Err(AskError::not_found("node", format!("nodes \"{name}\" not found"))),
        None => Ok(nodes.iter().next().map(|(key, _)| key.name.clone()).unwrap_or_default()),
    }
}

fn cluster_cidr(question: &Node) -> Result<Vec<IpNet>, AskError> {
    let Some(given) = question.get("clusterCIDR") else { return Ok(Vec::new()) };
    let ranges = given.as_str().map(|text| text.split(',').map(|range| parse_cidr_sloppy(range.trim())).collect());
    ranges.flatten().ok_or_else(|| AskError::bad("clusterCIDR", "`clusterCIDR` has to be a range, or one a family"))
}

/// Who the client is to kube-proxy on this node.
fn client(table: &NodeTable, asked: &Asked) -> Client {
    let Some(addresses) = &asked.from else { return Client::Anybody };
    let family = match asked.to {
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

fn answer(engine: &Engine, table: &NodeTable, decision: &Decision<'_>) -> Json {
    let mut answer = Json::object().with("verdict", decision.verdict.name());
    if let Some(port) = decision.port {
        answer.set("service", name(&port.service));
        answer.set("port", port.name.clone());
    }
    answer.set("to", decision.to.iter().map(backend).collect::<Vec<Json>>());
    if let Some(seconds) = decision.affinity_seconds() {
        answer.set("affinitySeconds", seconds);
    }
    answer.set("node", table.node().to_owned());
    if !decision.to.is_empty() {
        answer.set("masquerade", decision.masquerade);
    }
    if let Some(ranges) = decision.source_ranges() {
        answer.set("sourceRanges", ranges.iter().map(ToString::to_string).collect::<Vec<String>>());
    }
    if let Some(health) = decision.health {
        let health = Json::object()
            .with("service", name(&health.service))
            .with("code", health.code())
            .with("localEndpoints", health.local_endpoints);
        answer.set("healthCheck", health);
    }
    answer.with("because", because(engine, table, decision))
}

fn because(engine: &Engine, table: &NodeTable, decision: &Decision<'_>) -> Vec<Json> {
    let service = decision.port.map(|port| &*port.service);
    let source = service.and_then(|key| engine.cluster().source(Kind::Service, key));
    let reason = |reason: explain::Reason| {
        let mut step = Json::object().with("because", reason.because);
        if let Some(field) = reason.field {
            if let Some(source) = source {
                let place = source.place_of(&field);
                let place = Json::object()
                    .with("file", place.file)
                    .with("line", place.line)
                    .with("column", place.column)
                    .with("field", place.field);
                step.set("source", place);
            }
            step.set("field", field);
        }
        step
    };
    explain::reasons(table, decision).into_iter().map(reason).collect()
}

fn backend(backend: &Backend) -> Json {
    Json::object().with("ip", backend.ip.to_string()).with("port", backend.port)
}

fn name(key: &ObjectKey) -> Json {
    Json::object().with("namespace", key.namespace.clone()).with("name", key.name.clone())
}
