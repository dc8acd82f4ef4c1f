//! `verdict`: would this connection be let through?

use super::AskError;
use crate::api::resource::ObjectKey;
use crate::cluster::Source;
use crate::engine::Engine;
use crate::finding::reference;
use crate::net::Protocol;
use crate::policy::PolicyIndex;
use crate::policy::verdict::{Effect, End, Reason};
use portolan_base::json::{Json, JsonOf, json};
use portolan_base::tree::Node;

/// Answers `{"from", "to", "port", "protocol"}` with `{"allowed", "egress", "ingress", "because"}`.
///
/// A `to` that is an address of a Service, or `{"nodePort", "ipFamily"}`, goes through kube-proxy first, for policies see
/// the endpoint and its port: the answer then has `service` and, for each endpoint that may be chosen, its own verdict in
/// `endpoints`; `allowed` means every one of them.
///
/// # Errors
/// An end is no pod and no address, or a pod that is not there; the port or the protocol is none.
pub fn ask<'e>(engine: &'e Engine, question: &Node) -> Result<JsonOf<'e>, AskError> {
    let index = engine.policies();
    let from = end(engine, index, question, "from")?;
    let protocol = protocol(question)?;
    if let Some(behind) = behind_service(engine, question, protocol)? {
        return Ok(through_service(engine, from, protocol, &behind));
    }
    let to = end(engine, index, question, "to")?;
    let port = port(index, question, to, protocol)?;
    Ok(judged(engine, from, to, port, protocol))
}

fn judged(engine: &Engine, from: End, to: End, port: u16, protocol: Protocol) -> JsonOf<'_> {
    let (verdict, reasons) = engine.policies().explain(from, to, port, protocol);
    // A policy has several steps in a row, as a rule.
    let mut before: Option<(&Reason<'_>, Option<&Source>)> = None;
    let mut because = Vec::with_capacity(reasons.len());
    for reason in &reasons {
        let source = match before {
            Some((before, source)) if before.policy == reason.policy => source,
            _ => reason.policy.and_then(|(kind, key)| engine.cluster().source(kind, key)),
        };
        before = Some((reason, source));
        because.push(reason_json(reason, source));
    }
    let mut answer = json! {
        "allowed": verdict.allowed(),
        "egress": verdict.egress,
        "ingress": verdict.ingress,
        "because": JsonOf::Array(because),
    };
    let left_open: Vec<JsonOf<'_>> = NOTES
        .iter()
        .filter(|(effect, _)| reasons.iter().any(|reason| reason.effect == *effect))
        .map(|(_, note)| JsonOf::from(*note))
        .collect();
    if !left_open.is_empty() {
        answer.set("notes", JsonOf::Array(left_open));
    }
    answer
}

/// What kube-proxy does with the connection, where its destination is a Service's.
fn behind_service(engine: &Engine, question: &Node, protocol: Protocol) -> Result<Option<Json>, AskError> {
    let Some(given) = question.get("to") else { return Ok(None) };
    if given.get("nodePort").is_none() && given.get("ip").is_none() {
        return Ok(None);
    }
    let mut to = Json::object().with("protocol", protocol.name());
    if let Some(node_port) = given.get("nodePort") {
        to.set("nodePort", node_port.to_json());
        if let Some(family) = given.get("ipFamily") {
            to.set("ipFamily", family.to_json());
        }
    } else if let (Some(ip), Some(port)) = (given.get("ip"), question.get("port")) {
        let address = ip.as_str().and_then(crate::net::parse_sloppy);
        let is_pod = address.is_some_and(|address| engine.policies().is_pod_address(address));
        if is_pod || engine.cluster().services.is_empty() || port.as_int().is_none() {
            return Ok(None);
        }
        to.set("ip", ip.to_json());
        to.set("port", port.to_json());
    } else {
        return Ok(None);
    }
    let from = question.get("from").map_or(Json::Null, Node::to_json);
    let asked = Json::object().with("to", to).with("from", from).to_string();
    let asked = portolan_base::json::read(&asked).map_err(|error| AskError::bad("to", error.to_string()))?;
    let answer = super::backends::ask(engine, &asked)?;
    Ok(answer.get("service").is_some().then_some(answer))
}

fn through_service<'e>(engine: &'e Engine, from: End, protocol: Protocol, behind: &Json) -> JsonOf<'e> {
    let mut endpoints = Vec::new();
    for backend in behind.get("to").and_then(Json::as_array).unwrap_or_default() {
        let ip = backend.get("ip").and_then(Json::as_str).and_then(crate::net::parse_sloppy);
        let Some(Json::Int(port)) = backend.get("port") else { continue };
        if let (Some(ip), Ok(port)) = (ip, u16::try_from(*port)) {
            let mut endpoint: JsonOf<'e> = backend.clone();
            if let JsonOf::Object(members) = judged(engine, from, End::Address(ip), port, protocol) {
                for (name, value) in members {
                    endpoint.set(name, value);
                }
            }
            endpoints.push(endpoint);
        }
    }
    let all = |name: &str| endpoints.iter().all(|endpoint| endpoint.get(name) == Some(&Json::Bool(true)));
    let stopped = endpoints.iter().find(|endpoint| endpoint.get("allowed") == Some(&Json::Bool(false)));
    let shown = stopped.or_else(|| endpoints.first());
    let reached = !endpoints.is_empty();
    let mut notes: Vec<JsonOf<'_>> = shown.and_then(|one| one.get("notes")?.as_array()).unwrap_or_default().to_vec();
    if !reached {
        let verdict = behind.get("verdict").and_then(Json::as_str).unwrap_or_default();
        notes.push(Json::from(format!("kube-proxy's verdict is `{verdict}`: there is no endpoint to reach")));
    }
    if behind.get("masquerade") == Some(&Json::Bool(true)) {
        notes.push(Json::from(
            "kube-proxy rewrites the source address; whether policies see it before or after is undefined, and it is taken here as it was sent",
        ));
    }
    let mut answer = Json::object()
        .with("allowed", reached && all("allowed"))
        .with("egress", all("egress"))
        .with("ingress", reached && all("ingress"))
        .with("because", shown.and_then(|one| one.get("because")).cloned().unwrap_or(Json::Array(Vec::new())))
        .with("service", behind.get("service").cloned().unwrap_or_default())
        .with("endpoints", JsonOf::Array(endpoints));
    if !notes.is_empty() {
        answer.set("notes", JsonOf::Array(notes));
    }
    answer
}

/// What is said where the API leaves the answer to the network plugin.
const NOTES: &[(Effect, &str)] = &[
    (
        Effect::HostNetwork,
        "what policies do with a pod on its node's network is undefined; it is taken here for its node, which no selector matches, as most network plugins do",
    ),
    (
        Effect::Tie,
        "policies of the same priority would decide differently; which is asked first is undefined, and it is taken here to be the first by kind and name",
    ),
    (Effect::Node, "traffic between a pod and its own node always passes NetworkPolicy"),
];

/// One end of the connection: `{"namespace", "pod"}` (a pod, or a workload that makes pods) or `{"ip"}`.
///
/// # Errors
/// It is neither, or the pod is not there.
pub(super) fn end(engine: &Engine, index: &PolicyIndex, question: &Node, name: &str) -> Result<End, AskError> {
    if let Some(ip) = question.get(name).and_then(|end| end.get("ip")) {
        let field = format!("{name}.ip");
        let text = ip.as_str().ok_or_else(|| AskError::bad(&field, format!("`{field}` has to be a string")))?;
        let address = text.parse().map_err(|_| AskError::bad(&field, format!("`{text}` is no IP address")))?;
        return Ok(End::Address(address));
    }
    let (namespace, pod) = super::part::names(question, name, "pod")?;
    if let Some(found) = index.pod_named(namespace, pod) {
        return Ok(End::Pod(found));
    }
    let key = ObjectKey::new(namespace, pod);
    let found = engine.pod_named(&key).and_then(|(key, _)| index.pod(key));
    found.map(End::Pod).ok_or_else(|| AskError::not_found(name, format!("there is no pod `{key}`")))
}

/// The protocol of the question; TCP where it names none.
///
/// # Errors
/// It is none of the three.
pub(super) fn protocol(question: &Node) -> Result<Protocol, AskError> {
    let Some(given) = question.get("protocol").filter(|given| !given.is_null()) else { return Ok(Protocol::Tcp) };
    given
        .as_str()
        .and_then(Protocol::asked)
        .ok_or_else(|| AskError::bad("protocol", "`protocol` has to be `TCP`, `UDP` or `SCTP`"))
}

fn port(index: &PolicyIndex, question: &Node, to: End, protocol: Protocol) -> Result<u16, AskError> {
    let given = question.get("port").ok_or_else(|| AskError::bad("port", "the question has no `port` field"))?;
    if let Some(name) = given.as_str() {
        let found = match to {
            End::Pod(pod) => index.port_named(pod, name, protocol),
            End::Address(_) => None,
        };
        return found.ok_or_else(|| {
            AskError::not_found("port", format!("the destination has no {protocol} port of the name `{name}`"))
        });
    }
    let number = given.as_int().and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| AskError::bad("port", "`port` has to be a number from 0 to 65535, or a name"))
}

/// One step of the walk, with the place of the field that it is about.
fn reason_json<'e>(reason: &Reason<'e>, source: Option<&'e Source>) -> JsonOf<'e> {
    // Members are put in where they stay: a verdict has a dozen, and moving them about is a good part of its time.
    let mut members = Vec::with_capacity(7);
    members.push(("direction".into(), JsonOf::from(reason.direction.name())));
    if let Some((kind, key)) = reason.policy {
        members.push(("policy".into(), reference(kind, key)));
    }
    for (name, place) in [("rule", reason.rule), ("peer", reason.peer), ("port", reason.port)] {
        if let Some(place) = place {
            members.push((name.into(), JsonOf::from(place)));
        }
    }
    members.push(("effect".into(), JsonOf::from(reason.effect.name())));
    if let Some(field) = reason.field() {
        members.push(match source {
            Some(source) => ("source".into(), source.place_json(field)),
            None => ("field".into(), JsonOf::from(field)),
        });
    }
    JsonOf::Object(members)
}

#[cfg(test)]
mod tests {
    use crate::api::resource::{Kind, read};
    use crate::ask::answer_text;
    use crate::cluster::{Options, Source};
    use crate::engine::Engine;
    use portolan_base::json;
    use std::sync::Arc;

    fn engine(objects: &[&str]) -> Engine {
        let mut engine = Engine::new(Options::default());
        engine.insert_all(objects.iter().map(|text| {
            let node = json::read(text).unwrap();
            let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
            let kind = Kind::of(text_of("apiVersion"), text_of("kind")).unwrap();
            let resource = read(kind, &node).0;
            (resource, Some(Source::new(Arc::from("all.json"), Arc::new(node))))
        }));
        engine
    }

    const WEB: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},
        "spec":{"nodeName":"n1","containers":[{"name":"c","ports":[{"name":"http","containerPort":8080}]}]}}"#;
    const NODE: &str = r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},
        "status":{"addresses":[{"type":"InternalIP","address":"192.168.0.1"}]}}"#;
    const LOG: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"log","namespace":"shop","labels":{"app":"web"}},
        "spec":{"nodeName":"n1","hostNetwork":true}}"#;
    const LET_HTTP_IN: &str = r#"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p","namespace":"shop"},
        "spec":{"podSelector":{},"ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"no"}}},{"ipBlock":{"cidr":"203.0.113.0/24"}}],
        "ports":[{"port":"http"}]}]}}"#;

    #[test]
    fn the_reason_names_rule_peer_and_port_and_where_they_stand() {
        let engine = engine(&[WEB, LET_HTTP_IN]);
        let ask = |ip: &str, port: &str| {
            let question = r#"{"ask":"verdict","from":{"ip":"IP"},"to":{"namespace":"shop","pod":"web"},"port":PORT}"#;
            answer_text(&engine, &question.replace("IP", ip).replace("PORT", port))
        };
        let answer = ask("203.0.113.9", "8080");
        assert_eq!(ask("203.0.113.9", r#""http""#), answer);
        assert!(answer.contains(r#""allowed":true,"egress":true,"ingress":true"#), "{answer}");
        let step = concat!(
            r#"{"direction":"ingress","policy":{"kind":"NetworkPolicy","namespace":"shop","name":"p"},"rule":0,"peer":1,"port":0,"#,
            r#""effect":"allow","source":{"file":"all.json","line":2,"column":99,"field":"spec.ingress[0].from[1]"}}"#
        );
        assert!(answer.contains(step), "{answer}");
        let answer = ask("203.0.113.9", "80");
        assert!(answer.contains(r#""allowed":false"#) && answer.contains(r#""effect":"isolate""#), "{answer}");
        assert!(ask("8.8.8.8", "8080").contains(r#""allowed":false"#));
    }

    #[test]
    fn the_address_of_a_service_leads_to_its_endpoints() {
        let service = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"},
            "spec":{"type":"NodePort","selector":{"app":"web"},"clusterIP":"10.0.0.7","clusterIPs":["10.0.0.7"],"ipFamilies":["IPv4"],
            "ports":[{"port":80,"targetPort":"http","nodePort":30080,"protocol":"TCP"}]}}"#;
        let engine = engine(&[WEB, LET_HTTP_IN, NODE, service]);
        for to in [r#""to":{"ip":"10.0.0.7"},"port":80"#, r#""to":{"nodePort":30080}"#] {
            let question = r#"{"ask":"verdict","from":{"ip":"203.0.113.9"},TO}"#.replace("TO", to);
            let answer = answer_text(&engine, &question);
            assert!(answer.contains(r#""allowed":true"#), "{answer}");
            assert!(answer.contains(r#""service":{"namespace":"shop","name":"web"}"#), "{answer}");
            assert!(answer.contains(r#""port":8080,"allowed":true"#), "{answer}");
            let stopped = answer_text(&engine, &question.replace("203.0.113.9", "198.51.100.1"));
            assert!(stopped.contains(r#""allowed":false,"egress":true,"ingress":false"#), "{stopped}");
        }
    }

    #[test]
    fn policies_of_the_same_priority_that_differ_are_told() {
        let policy = |name: &str, priority: i32, action: &str| {
            r#"{"apiVersion":"policy.networking.k8s.io/v1alpha1","kind":"AdminNetworkPolicy","metadata":{"name":"NAME"},"spec":{"priority":PRIORITY,
                "subject":{"namespaces":{}},"ingress":[{"action":"ACTION","from":[{"namespaces":{}}]}]}}"#
                .replace("NAME", name)
                .replace("PRIORITY", &priority.to_string())
                .replace("ACTION", action)
        };
        let other = WEB.replace("\"web\",\"namespace\"", "\"ui\",\"namespace\"");
        let question = r#"{"ask":"verdict","from":{"namespace":"shop","pod":"ui"},"to":{"namespace":"shop","pod":"web"},"port":1}"#;
        let asked = |policies: &[String]| {
            let mut objects = vec![WEB, other.as_str()];
            objects.extend(policies.iter().map(String::as_str));
            answer_text(&engine(&objects), question)
        };
        let answer = asked(&[policy("a", 5, "Deny"), policy("b", 5, "Allow"), policy("c", 5, "Deny")]);
        assert!(answer.contains(r#""allowed":false"#) && answer.contains("the same priority"), "{answer}");
        assert!(answer.contains(r#""name":"b"},"rule":0,"peer":0,"effect":"tie""#), "{answer}");
        assert!(!answer.contains(r#""name":"c""#), "{answer}");
        for others in
            [[policy("a", 5, "Deny"), policy("b", 6, "Allow")], [policy("a", 5, "Deny"), policy("b", 5, "Deny")]]
        {
            let answer = asked(&others);
            assert!(answer.contains(r#""allowed":false"#) && !answer.contains("tie"), "{answer}");
        }
    }

    #[test]
    fn the_pods_own_node_passes_and_a_pod_on_it_is_taken_for_it() {
        let engine = engine(&[WEB, LET_HTTP_IN, NODE, LOG]);
        for end in [r#"{"ip":"192.168.0.1"}"#, r#"{"namespace":"shop","pod":"log"}"#] {
            let question = r#"{"ask":"verdict","from":END,"to":{"namespace":"shop","pod":"web"},"port":1}"#;
            let answer = answer_text(&engine, &question.replace("END", end));
            assert!(answer.contains(r#""allowed":true"#) && answer.contains("always passes"), "{answer}");
        }
    }
}
