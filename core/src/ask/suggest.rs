//! `suggest`: which policies let exactly these connections through?

use super::AskError;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::net::Protocol;
use crate::policy::{ConnectionMap, Party, PortSet, Row, Suggestion};
use ipnet::IpNet;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::net::IpAddr;

/// Answers `{"connections"}` with `{"policies", "widened"}`: the tightest NetworkPolicies that let the connections
/// through, or where none are given, those that the map of the cluster shows. A connection is a row as `map` answers
/// them; an end may be one party instead of a list, `ip` a single address, and `port`, `endPort` and `protocol` may
/// stand in the place of `ports`.
///
/// # Errors
/// A connection cannot be understood, or names a pod or a workload that is not there.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let rows = match question.get("connections").filter(|given| !given.is_null()) {
        None => ConnectionMap::of(engine.cluster(), engine.policies()).rows,
        Some(given) => {
            let read = |(at, node): (usize, &Node)| row(engine, node, &format!("connections[{at}]"));
            given.items().iter().enumerate().map(read).collect::<Result<Vec<Row>, AskError>>()?
        }
    };
    let suggestion = Suggestion::of(engine.cluster(), engine.policies(), &rows);
    Ok(Json::object().with("policies", Json::Array(suggestion.policies)).with("widened", suggestion.widened))
}

fn row(engine: &Engine, node: &Node, field: &str) -> Result<Row, AskError> {
    Ok(Row {
        from: parties(engine, node, field, "from")?,
        to: parties(engine, node, field, "to")?,
        ports: ports(node, field)?,
    })
}

fn parties(engine: &Engine, node: &Node, field: &str, name: &str) -> Result<Vec<Party>, AskError> {
    let field = format!("{field}.{name}");
    let given = node.get(name).ok_or_else(|| AskError::bad(&field, format!("`{field}` is missing")))?;
    match given.items() {
        [] => Ok(vec![party(engine, given, &field)?]),
        items => {
            let read = |(at, item): (usize, &Node)| party(engine, item, &format!("{field}[{at}]"));
            items.iter().enumerate().map(read).collect()
        }
    }
}

fn party(engine: &Engine, node: &Node, field: &str) -> Result<Party, AskError> {
    let text = |name: &str| node.get(name).and_then(Node::as_str);
    if node.get("everyPod").and_then(Node::as_bool) == Some(true) {
        return Ok(Party::Everyone);
    }
    if let Some(ip) = text("ip") {
        let range = ip.parse::<IpNet>().map(|net| net.trunc()).or_else(|_| ip.parse::<IpAddr>().map(IpNet::from));
        return range.map(Party::Range).map_err(|_| AskError::bad(field, format!("`{ip}` is no IP address or range")));
    }
    let namespace = text("namespace").filter(|name| !name.is_empty()).unwrap_or("default");
    if let Some(workload) = text("workload") {
        let kind = match text("kind") {
            None => None,
            Some("Pod") => return pod(engine, namespace, workload, field),
            Some(kind) => Some(kind),
        };
        let named = |known: &&Kind| kind.is_none_or(|kind| known.name().eq_ignore_ascii_case(kind));
        let makes = |kind: &&Kind| !engine.pods_made_by(**kind, &ObjectKey::new(namespace, workload)).is_empty();
        let found = Kind::ALL.iter().filter(|kind| kind.is_workload()).filter(named).find(makes);
        // A Deployment may be known by nothing but its pods, and then the map names it all the same.
        let found = found.copied().or_else(|| kind.and_then(|_| Kind::ALL.iter().find(named).copied()));
        let found = found.ok_or_else(|| AskError::not_found(field, format!("nothing makes pods of `{workload}`")))?;
        return Ok(Party::Workload(found, ObjectKey::new(namespace, workload)));
    }
    match text("pod") {
        Some(name) => pod(engine, namespace, name, field),
        None if node.get("namespace").is_some() => Ok(Party::Namespace(namespace.to_owned())),
        None => Err(AskError::bad(field, format!("`{field}` names no pod, workload, namespace or ip"))),
    }
}

fn pod(engine: &Engine, namespace: &str, name: &str, field: &str) -> Result<Party, AskError> {
    let key = ObjectKey::new(namespace, name);
    match engine.pod_named(&key) {
        Some((key, _)) => Ok(Party::Pod(key.clone())),
        None => Err(AskError::not_found(field, format!("there is no pod `{key}`"))),
    }
}

fn ports(node: &Node, field: &str) -> Result<PortSet, AskError> {
    let one = |entry: &Node, field: &str| -> Result<PortSet, AskError> {
        let number = |name: &str| match entry.get(name).filter(|given| !given.is_null()) {
            None => Ok(None),
            Some(given) => {
                let number = given.as_int().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0);
                let message = || AskError::bad(field, format!("`{field}.{name}` has to be a number from 1 to 65535"));
                number.map(Some).ok_or_else(message)
            }
        };
        let protocol = Protocol::asked(entry.get("protocol").and_then(Node::as_str).unwrap_or_default());
        let protocol = protocol
            .ok_or_else(|| AskError::bad(field, format!("`{field}.protocol` has to be `TCP`, `UDP` or `SCTP`")))?;
        Ok(match (number("port")?, number("endPort")?) {
            (None, _) => PortSet::range(protocol, 1, u16::MAX),
            (Some(first), last) => PortSet::range(protocol, first, last.unwrap_or(first)),
        })
    };
    let Some(listed) = node.get("ports").filter(|given| !given.is_null()) else {
        let alone = ["port", "protocol"].iter().any(|name| node.get(name).is_some());
        return if alone { one(node, field) } else { Ok(PortSet::all()) };
    };
    let mut set = PortSet::none();
    for (at, entry) in listed.items().iter().enumerate() {
        set = set.union(&one(entry, &format!("{field}.ports[{at}]"))?);
    }
    Ok(set)
}
