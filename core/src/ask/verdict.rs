//! `verdict`: would this connection be let through? Its two ends and its port go in, both sides' verdicts and the policies
//! that decide come out.

use super::AskError;
use super::backends::{
    AddressDestination, BackendsAnswer, BackendsQuestion, NodePortDestination, PacketDestination, backends,
};
use super::declare::At;
use super::part::{self, Destination, Location, Port, Reference};
use crate::api::resource::ObjectKey;
use crate::cluster::Source;
use crate::engine::Engine;
use crate::net::Protocol;
use crate::policy::verdict::{self as room, Effect};
use crate::policy::{Direction, PolicyIndex};
use crate::{answer, question};
use std::borrow::Cow;
use std::net::IpAddr;

question! {
    /// Would this connection be let through?
    VerdictQuestion<'q> {
        /// Who connects.
        "from" => from: part::End<'q>;
        /// To whom.
        "to" => to: Destination<'q>;
        /// The destination's port, by number or by the name that the destination pod gives it; not for a node port.
        "port" => port: Option<Port<'q>> [optional];
        /// `TCP` unless given.
        "protocol" => protocol: Option<Protocol> [optional];
    }
}

answer! {
    /// Whether a connection is let through, and why.
    VerdictAnswer<'e> {
        /// Whether both sides let it through.
        "allowed" => allowed: bool;
        /// Whether the client's side does.
        "egress" => egress: bool;
        /// Whether the server's side does.
        "ingress" => ingress: bool;
        /// Why.
        "because" => because: Vec<VerdictReason<'e>>;
        /// The Service that the destination is an address of.
        "service" => service: Option<ObjectKey> [optional];
        /// Where there is a Service: each endpoint that may be chosen, with its own verdict.
        "endpoints" => endpoints: Option<Vec<EndpointVerdict<'e>>> [optional];
        /// The points that the API leaves to the network plugin, and how they are decided here.
        "notes" => notes: Vec<Cow<'static, str>> [optional];
    }

    /// Whether a connection to one endpoint of a Service is let through, and why.
    EndpointVerdict<'e> {
        /// The address of the endpoint.
        "ip" => ip: IpAddr;
        /// Its port.
        "port" => port: u16;
        /// Whether both sides let it through.
        "allowed" => allowed: bool;
        /// Whether the client's side does.
        "egress" => egress: bool;
        /// Whether the server's side does.
        "ingress" => ingress: bool;
        /// Why.
        "because" => because: Vec<VerdictReason<'e>>;
        /// The points that the API leaves to the network plugin, and how they are decided here.
        "notes" => notes: Vec<Cow<'static, str>> [optional];
    }

    /// One step to a verdict.
    VerdictReason<'e> {
        /// The side it is about.
        "direction" => direction: Direction;
        /// The policy, where one decides.
        "policy" => policy: Option<Reference<'e>> [optional];
        /// The index of its rule.
        "rule" => rule: Option<u32> [optional];
        /// The index of the rule's peer.
        "peer" => peer: Option<u32> [optional];
        /// The index of the rule's port.
        "port" => port: Option<u32> [optional];
        /// Its effect: `allow`, `isolate`, …
        "effect" => effect: Effect;
        /// Where the field is that decides.
        "source" => source: Option<Location<'e>> [optional];
        /// The field's path, where the policy does not come from a file.
        "field" => field: Option<String> [optional];
    }
}

/// Judges the connection on both ends.
///
/// A destination that is an address of a Service, or a node port, goes through kube-proxy first, because policies see the
/// endpoint and its port: the answer then has the Service and, for each endpoint that may be chosen, its own verdict;
/// `allowed` means every one of them.
///
/// # Errors
/// `NotFound` for a pod that the cluster does not have, or a port whose name the destination does not have; `BadRequest` where
/// the port is missing.
pub fn verdict<'e>(engine: &'e Engine, question: &VerdictQuestion<'_>) -> Result<VerdictAnswer<'e>, AskError> {
    let index = engine.policies();
    let from = end(engine, index, &question.from, "from")?;
    let protocol = question.protocol.unwrap_or_default();
    if let Some(behind) = behind_service(engine, question, protocol)? {
        return Ok(through_service(engine, from, protocol, behind));
    }
    let Destination::End(to) = &question.to else {
        return Err(AskError::bad("to.nodePort", "no Service has this node port; give a node port of a Service"));
    };
    let to = end(engine, index, to, "to")?;
    let port = port(index, question, to, protocol)?;
    Ok(judged(engine, from, to, port, protocol))
}

fn judged(engine: &Engine, from: room::End, to: room::End, port: u16, protocol: Protocol) -> VerdictAnswer<'_> {
    let index = engine.policies();
    let (verdict, reasons) = index.explain(from, to, port, protocol);
    // Several steps in a row are mostly about one policy.
    let mut before: Option<(&room::Reason<'_>, Option<&Source>)> = None;
    let mut because = Vec::with_capacity(reasons.len());
    for reason in &reasons {
        let source = match before {
            Some((before, source)) if before.policy == reason.policy => source,
            _ => reason.policy.and_then(|(kind, key)| engine.cluster().source(kind, key)),
        };
        before = Some((reason, source));
        because.push(step(reason, source));
    }
    let is_met = |effect: Effect| reasons.iter().any(|reason| reason.effect == effect);
    let mut notes: Vec<Cow<'static, str>> =
        NOTES.iter().filter(|(effect, _)| is_met(*effect)).map(|(_, note)| Cow::Borrowed(*note)).collect();
    notes.extend(generated_address(engine, from, to, port, protocol).map(Cow::Owned));
    VerdictAnswer {
        allowed: verdict.allowed(),
        egress: verdict.egress,
        ingress: verdict.ingress,
        because,
        service: None,
        endpoints: None,
        notes,
    }
}

/// Notes on pods whose address Portolan generated, where the verdict depends on it.
fn generated_address(
    engine: &Engine,
    from: room::End,
    to: room::End,
    port: u16,
    protocol: Protocol,
) -> impl Iterator<Item = String> {
    let index = engine.policies();
    let generated = [from, to].map(|end| match end {
        room::End::Pod(pod) => {
            index.addresses_of(pod).any(|address| engine.has_synthetic_address(address)).then_some(pod)
        }
        room::End::Address(_) => None,
    });
    let depends = match generated {
        [None, None] => [false, false],
        _ => index.address_dependence(from, to, port, protocol),
    };
    let note = |(pod, depends): (Option<_>, bool)| {
        let key = index.key_of(pod.filter(|_| depends)?)?;
        Some(format!(
            "the address of pod `{key}` is not in these files; this verdict depends on the generated one, so set `--cluster-cidr` to the pod range of the cluster"
        ))
    };
    generated.into_iter().zip(depends).filter_map(note).collect::<Vec<String>>().into_iter()
}

/// One step of the walk, with the location of the field that it is about.
fn step<'e>(reason: &room::Reason<'e>, source: Option<&'e Source>) -> VerdictReason<'e> {
    let (location, field) = match (reason.field(), source) {
        (Some(field), Some(source)) => (Some(Location::of(source, field)), None),
        (field, _) => (None, field),
    };
    VerdictReason {
        direction: reason.direction,
        policy: reason.policy.map(|(kind, key)| Reference::of(kind, key)),
        rule: reason.rule,
        peer: reason.peer,
        port: reason.port,
        effect: reason.effect,
        source: location,
        field,
    }
}

/// The answer of kube-proxy, where the destination is a Service's.
fn behind_service<'e>(
    engine: &'e Engine,
    question: &VerdictQuestion<'_>,
    protocol: Protocol,
) -> Result<Option<BackendsAnswer<'e>>, AskError> {
    let protocol = Some(protocol);
    let to = match (&question.to, question.port) {
        (Destination::NodePort(to), _) => {
            let part::NodePort { node_port, family } = *to;
            PacketDestination::NodePort(NodePortDestination { node_port, protocol, family })
        }
        (Destination::End(part::End::Address(ip)), Some(Port::Number(port))) => {
            if engine.cluster().services.is_empty() || engine.policies().is_pod_address(*ip) {
                return Ok(None);
            }
            PacketDestination::Address(AddressDestination { ip: *ip, port, protocol })
        }
        _ => return Ok(None),
    };
    let asked = BackendsQuestion { to, from: Some(question.from.clone()), ..BackendsQuestion::default() };
    let answer = backends(engine, &asked)?;
    Ok(answer.service.is_some().then_some(answer))
}

fn through_service<'e>(
    engine: &'e Engine,
    from: room::End,
    protocol: Protocol,
    behind: BackendsAnswer<'e>,
) -> VerdictAnswer<'e> {
    let judge = |backend: &crate::proxy::service_port::Backend| {
        let to = room::End::Address(backend.ip);
        let VerdictAnswer { allowed, egress, ingress, because, notes, .. } =
            judged(engine, from, to, backend.port, protocol);
        EndpointVerdict { ip: backend.ip, port: backend.port, allowed, egress, ingress, because, notes }
    };
    let endpoints: Vec<EndpointVerdict<'e>> = behind.to.iter().map(judge).collect();
    let shown = endpoints.iter().find(|endpoint| !endpoint.allowed).or_else(|| endpoints.first());
    let is_reached = !endpoints.is_empty();
    let mut notes = shown.map(|endpoint| endpoint.notes.clone()).unwrap_or_default();
    if !is_reached {
        let verdict = behind.verdict.name();
        notes.push(Cow::Owned(format!("kube-proxy's verdict is `{verdict}`: there is no endpoint to reach")));
    }
    if behind.masquerade == Some(true) {
        notes.push(Cow::Borrowed(
            "kube-proxy rewrites the source address; whether policies see it before or after is undefined, and they are assumed to see the address that was sent",
        ));
    }
    VerdictAnswer {
        allowed: is_reached && endpoints.iter().all(|endpoint| endpoint.allowed),
        egress: endpoints.iter().all(|endpoint| endpoint.egress),
        ingress: is_reached && endpoints.iter().all(|endpoint| endpoint.ingress),
        because: shown.map(|endpoint| endpoint.because.clone()).unwrap_or_default(),
        service: behind.service,
        endpoints: Some(endpoints),
        notes,
    }
}

/// Notes for the effects that the API leaves to the network plugin.
const NOTES: &[(Effect, &str)] = &[
    (
        Effect::HostNetwork,
        "what policies do with a pod on its node's network is undefined; it is treated as its node, which no selector matches, as most network plugins do",
    ),
    (
        Effect::Tie,
        "policies of the same priority would decide differently; which is asked first is undefined, and it is assumed to be the first by kind and name",
    ),
    (
        Effect::OnlyIpv4,
        "both pods have addresses of both families, and the policies allow the connection over IPv4 only",
    ),
    (
        Effect::OnlyIpv6,
        "both pods have addresses of both families, and the policies allow the connection over IPv6 only",
    ),
    (Effect::Node, "traffic from a node to its own pods always passes NetworkPolicy"),
];

/// An end of the connection as the policies' room knows it.
fn end(engine: &Engine, index: &PolicyIndex, end: &part::End<'_>, field: &str) -> Result<room::End, AskError> {
    let pod = match end {
        part::End::Address(ip) => return Ok(room::End::Address(*ip)),
        part::End::Pod(pod) => pod,
    };
    if let Some(found) = index.pod_named(pod.namespace(), pod.pod) {
        return Ok(room::End::Pod(found));
    }
    let (key, _) = part::pod(engine, pod, field)?;
    let found = index.pod(key).map(room::End::Pod);
    found.ok_or_else(|| AskError::not_found(engine, field, crate::api::resource::Kind::Pod, key))
}

fn port(
    index: &PolicyIndex,
    question: &VerdictQuestion<'_>,
    to: room::End,
    protocol: Protocol,
) -> Result<u16, AskError> {
    match question.port {
        None => Err(AskError::lacks(&At::Member(&At::Question, "port"))),
        Some(Port::Number(number)) => Ok(number),
        Some(Port::Name(name)) => {
            let found = match to {
                room::End::Pod(pod) => index.port_named(pod, name, protocol),
                room::End::Address(_) => None,
            };
            found.ok_or_else(|| AskError::no_part("port", &format!("{protocol} port"), name, "the destination", &[]))
        }
    }
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
