//! `suggest`: which policies let exactly these connections through? Connections go in, NetworkPolicies come out.

use super::AskError;
use super::declare::{At, Read, fill};
use super::part::{self, PodName, Range};
use crate::api::describe::{Describe, Shape};
use crate::api::network_policy::NetworkPolicy;
use crate::api::resource::{Kind, ObjectKey, namespace_or_default};
use crate::engine::Engine;
use crate::net::Protocol;
use crate::policy::{ConnectionMap, Party, PortSet, Row, Suggestion};
use crate::{answer, question};
use portolan_base::json::{Json, ToView, View};
use portolan_base::tree::Node;

question! {
    /// Which policies let exactly these connections through?
    SuggestQuestion<'q> {
        /// Rows as `map` answers them; those of the cluster's map unless given.
        "connections" => connections: Option<Vec<Connection<'q>>> [optional];
    }

    /// Connections that must be let through: a row as `map` answers it. An end may be one party instead of a list, and
    /// `port`, `endPort` and `protocol` may take the place of `ports`.
    Connection<'q> {
        /// The sources.
        "from" => from: Parties<'q>;
        /// The destinations.
        "to" => to: Parties<'q>;
        /// The destinations' ports; every port unless given.
        "ports" => ports: Option<Vec<Ports>> [optional];
        /// One port, or the first of a range.
        "port" => port: Option<u16> [optional];
        /// The last port of a range.
        "endPort" => end_port: Option<u16> [optional];
        /// The protocol; TCP unless given.
        "protocol" => protocol: Option<Protocol> [optional];
    }

    /// Ports: one, a range, or all of a protocol.
    Ports "ConnectionPorts" {
        /// The protocol; TCP unless given.
        "protocol" => protocol: Option<Protocol> [optional];
        /// The port, or the first of a range; every port unless given.
        "port" => port: Option<u16> [optional];
        /// The last port of a range.
        "endPort" => end_port: Option<u16> [optional];
    }

    /// The source or the destination of a connection, as `map` names it.
    PartyName<'q> {
        /// Every pod there is.
        "everyPod" => every_pod: bool [optional];
        /// The namespace; by itself, all its pods.
        "namespace" => namespace: Option<&'q str> [optional];
        /// The workload, whose pods are meant.
        "workload" => workload: Option<&'q str> [optional];
        /// Its kind.
        "kind" => kind: Option<Kind> [optional];
        /// The pod.
        "pod" => pod: Option<&'q str> [optional];
        /// An address or a CIDR outside the cluster.
        "ip" => ip: Option<Range> [optional];
    }
}

answer! {
    /// The policies that let the connections through.
    SuggestAnswer {
        /// The policies.
        "policies" => policies: Vec<PolicyManifest>;
        /// Where they let more through, because labels cannot tell the pods apart.
        "widened" => widened: Vec<String>;
    }
}

/// A NetworkPolicy as it would be written to a file.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyManifest(pub Json);

impl ToView for PolicyManifest {
    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl Describe for PolicyManifest {
    fn shape() -> Shape {
        NetworkPolicy::shape()
    }
}

/// One party, or several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parties<'q>(pub Vec<PartyName<'q>>);

impl<'q> Read<'q> for Parties<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        if node.items().is_empty() {
            let mut party = PartyName::default();
            fill(&mut party, node, at)?;
            self.0.push(party);
            return Ok(());
        }
        self.0.read(node, at)
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for Parties<'_> {
    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl Describe for Parties<'_> {
    fn shape() -> Shape {
        Shape::OneOf(vec![PartyName::shape(), Vec::<PartyName<'_>>::shape()])
    }
}

/// The tightest NetworkPolicies that let the connections through.
///
/// # Errors
/// `BadRequest` where an end names nothing, or a port is 0; `NotFound` for a pod or a workload that the cluster does not have.
pub fn suggest(engine: &Engine, question: &SuggestQuestion<'_>) -> Result<SuggestAnswer, AskError> {
    let rows = match &question.connections {
        None => ConnectionMap::of(engine.cluster(), engine.policies()).rows,
        Some(given) => {
            let read = |(index, connection): (usize, &Connection<'_>)| {
                let list = At::Member(&At::Question, "connections");
                row(engine, connection, &At::Element(&list, index))
            };
            given.iter().enumerate().map(read).collect::<Result<Vec<Row>, AskError>>()?
        }
    };
    let suggestion = Suggestion::of(engine.cluster(), engine.policies(), &rows);
    let policies = suggestion.policies.into_iter().map(PolicyManifest).collect();
    Ok(SuggestAnswer { policies, widened: suggestion.widened })
}

fn row(engine: &Engine, connection: &Connection<'_>, at: &At<'_>) -> Result<Row, AskError> {
    Ok(Row {
        from: parties(engine, &connection.from, &At::Member(at, "from"))?,
        to: parties(engine, &connection.to, &At::Member(at, "to"))?,
        ports: ports(connection, at)?,
    })
}

fn parties(engine: &Engine, parties: &Parties<'_>, at: &At<'_>) -> Result<Vec<Party>, AskError> {
    match parties.0.as_slice() {
        [only] => Ok(vec![party(engine, only, at)?]),
        several => {
            let read = |(index, one)| party(engine, one, &At::Element(at, index));
            several.iter().enumerate().map(read).collect()
        }
    }
}

fn party(engine: &Engine, party: &PartyName<'_>, at: &At<'_>) -> Result<Party, AskError> {
    if party.every_pod {
        return Ok(Party::Everyone);
    }
    if let Some(Range(range)) = party.ip {
        return Ok(Party::Range(range));
    }
    let namespace = namespace_or_default(party.namespace.unwrap_or_default());
    let pod = |name| {
        let (key, _) = part::pod(engine, &PodName::new(namespace, name), &at.to_string())?;
        Ok(Party::Pod(key.clone()))
    };
    match (party.workload, party.pod) {
        (Some(name), _) if party.kind == Some(Kind::Pod) => pod(name),
        (Some(name), _) => {
            let key = ObjectKey::new(namespace, name);
            let is_meant = |kind: &Kind| party.kind.is_none_or(|wanted| wanted == *kind);
            let makes = |kind: &Kind| !engine.pods_made_by(*kind, &key).is_empty();
            let kinds = Kind::ALL.iter().filter(|kind| kind.is_workload()).filter(|kind| is_meant(kind));
            // A workload may be known from its pods alone; the map names it all the same.
            let found = kinds.copied().find(makes).or(party.kind);
            let found = found.ok_or_else(|| AskError::not_found(engine, at.to_string(), Kind::Pod, &key))?;
            Ok(Party::Workload(found, key))
        }
        (None, Some(name)) => pod(name),
        (None, None) if party.namespace.is_some() => Ok(Party::Namespace(namespace.to_owned())),
        (None, None) => Err(AskError::bad(
            at.to_string(),
            format!("`{at}` needs `pod`, `workload`, `namespace`, `ip` or `everyPod`"),
        )),
    }
}

fn ports(connection: &Connection<'_>, at: &At<'_>) -> Result<PortSet, AskError> {
    let Connection { ports, port, end_port, protocol, .. } = connection;
    match ports {
        None if port.is_none() && protocol.is_none() => Ok(PortSet::all()),
        None => port_set(&Ports { protocol: *protocol, port: *port, end_port: *end_port }, at),
        Some(listed) => {
            let list = At::Member(at, "ports");
            let mut set = PortSet::none();
            for (index, ports) in listed.iter().enumerate() {
                set = set.union(&port_set(ports, &At::Element(&list, index))?);
            }
            Ok(set)
        }
    }
}

fn port_set(ports: &Ports, at: &At<'_>) -> Result<PortSet, AskError> {
    for (name, port) in [("port", ports.port), ("endPort", ports.end_port)] {
        if port == Some(0) {
            return Err(AskError::wrong_type(&At::Member(at, name), "a number from 1 to 65535"));
        }
    }
    let protocol = ports.protocol.unwrap_or_default();
    Ok(match (ports.port, ports.end_port) {
        (None, _) => PortSet::range(protocol, 1, u16::MAX),
        (Some(first), last) => PortSet::range(protocol, first, last.unwrap_or(first)),
    })
}
