//! A request from a pod: name, DNS, Service, endpoint, NetworkPolicy on both ends, pod.

use super::controller;
use super::journey::{Ended, Journey, because, key, list, port, text};
use super::outside;
use crate::api::resource::{Kind, ObjectKey};
use crate::ingress::controller::ingress_for_host;
use portolan_base::json::Json;
use portolan_base::sort::SmallSort as _;
use std::net::IpAddr;

/// Follows a request that a pod sends.
pub(super) fn travel(mut journey: Journey<'_>, pod: &ObjectKey) -> Ended {
    if let Some(address) = journey.target.address() {
        return to_address(journey, pod, &address.to_string());
    }
    let from = Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone());
    let host = journey.target.host.clone();
    let ask = |record: &'static str| {
        vec![("name", Json::from(host.clone())), ("type", Json::from(record)), ("from", from.clone())]
    };
    let mut answer = journey.ask("resolve", ask("A"));
    if records(&answer, &["A", "CNAME"]).is_empty() {
        let wider = journey.ask("resolve", ask("AAAA"));
        if !records(&wider, &["AAAA", "CNAME"]).is_empty() {
            answer = wider;
        }
    }
    let addresses = records(&answer, &["A", "AAAA"]);
    if let Some(first) = addresses.first() {
        let (name, address) = (first.0.clone(), first.1.clone());
        let source = service_of_name(&journey, &name)
            .and_then(|service| journey.source(Kind::Service, &service, "metadata.name"));
        let all = if addresses.len() > 1 { format!(" and {} more", addresses.len() - 1) } else { String::new() };
        journey.hop("dns", answer, format!("{host} is {name}, which has the address {address}{all}"), source);
        return to_address(journey, pod, &address);
    }
    if let Some((name, canonical)) = records(&answer, &["CNAME"]).first().cloned() {
        let source = service_of_name(&journey, &name)
            .and_then(|service| journey.source(Kind::Service, &service, "spec.externalName"));
        journey.hop("dns", answer, format!("{name} is another name for {canonical}, outside the cluster"), source);
        return leave(journey, pod, &canonical);
    }
    if text(&answer, "status") == "NOERROR" {
        journey.hop("dns", answer, format!("{host} exists, and has no address"), None);
        return journey.end("unresolved", format!("{pod} finds no address behind {host}."));
    }
    // A name that the cluster's DNS does not know is asked for outside; an Ingress may be what answers there.
    let inside_cluster = host.ends_with(&journey.engine.cluster().options.cluster_domain);
    if journey.target.is_http()
        && host.contains('.')
        && !inside_cluster
        && ingress_for_host(journey.engine.cluster(), &host).is_some()
    {
        journey.hop("dns", answer, format!("the cluster's DNS does not know {host}; it is asked for outside"), None);
        return outside::through_ingress(journey, outside::Client::Pod(pod));
    }
    if host.contains('.')
        && !inside_cluster
        && host.rsplit('.').next().is_some_and(|last| last != "svc" && last != "local")
    {
        journey.hop("dns", answer, format!("the cluster's DNS does not know {host}; it is asked for outside"), None);
        return leave(journey, pod, &host);
    }
    let tried: Vec<&str> =
        list(&answer, "tried").iter().filter_map(Json::as_str).map(|name| name.trim_end_matches('.')).collect();
    let because = if tried.is_empty() {
        format!("no record for {host}")
    } else {
        format!("no record for any of {}", tried.join(", "))
    };
    journey.hop("dns", answer, because, None);
    journey.end("unresolved", format!("DNS has no answer for {host}, so {pod} cannot reach it."))
}

/// `(name, data)` of the records of these types.
fn records(answer: &Json, types: &[&str]) -> Vec<(String, String)> {
    let record = |record: &Json| {
        let mut words = record.as_str()?.splitn(3, ' ');
        let (name, kind, data) = (words.next()?, words.next()?, words.next()?);
        types.contains(&kind).then(|| (name.trim_end_matches('.').to_owned(), data.trim_end_matches('.').to_owned()))
    };
    list(answer, "answers").iter().filter_map(record).collect()
}

/// The Service that a name of the cluster's DNS belongs to.
fn service_of_name(journey: &Journey<'_>, name: &str) -> Option<ObjectKey> {
    let domain = format!(".svc.{}", journey.engine.cluster().options.cluster_domain);
    let inside = name.strip_suffix(&domain)?;
    let (before, namespace) = inside.rsplit_once('.')?;
    let service = before.rsplit('.').next()?;
    let key = ObjectKey::new(namespace, service);
    journey.engine.cluster().services.by_key(&key).map(|_| key.clone())
}

/// Leaves the cluster, where the pod's egress policies let it.
fn leave(journey: Journey<'_>, pod: &ObjectKey, name: &str) -> Ended {
    match passes_egress(journey, pod, name) {
        Ok(journey) => journey.end(
            "external",
            format!("{pod} reaches {name} outside the cluster; what answers there is not in the files."),
        ),
        Err(ended) => ended,
    }
}

/// Goes on where no egress policy isolates the pod. Otherwise the journey ends: the policies decide by the address of
/// `name`, which is not in the files.
pub(super) fn passes_egress<'e>(mut journey: Journey<'e>, pod: &ObjectKey, name: &str) -> Result<Journey<'e>, Ended> {
    let url = journey.target.url.clone();
    if is_isolated_for_egress(&journey, pod) {
        let because = format!(
            "NetworkPolicies isolate {pod} for egress; whether they let it reach {name} depends on its address, which the files do not say"
        );
        journey.hop("policy", Json::Null, because, None);
        return Err(journey.end(
            "unknown",
            format!("{url} leaves the cluster for {name}; egress policies of {pod} decide by its address."),
        ));
    }
    Ok(journey)
}

fn is_isolated_for_egress(journey: &Journey<'_>, pod: &ObjectKey) -> bool {
    // The documentation range of RFC 5737 stands for any address outside.
    let verdict = journey.ask(
        "verdict",
        vec![
            ("from", Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone())),
            ("to", Json::object().with("ip", "192.0.2.1")),
            ("port", Json::from(journey.target.port)),
            ("protocol", Json::from(journey.target.protocol())),
        ],
    );
    verdict.get("egress") == Some(&Json::Bool(false))
}

/// A request from a pod to an address: of a Service, of a pod, or of neither.
fn to_address(mut journey: Journey<'_>, pod: &ObjectKey, address: &str) -> Ended {
    let node = journey.engine.cluster().pods.by_key(pod).map(|pod| pod.spec.node_name.clone()).unwrap_or_default();
    let from = Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone());
    let to = Json::object()
        .with("ip", address.to_owned())
        .with("port", journey.target.port)
        .with("protocol", journey.target.protocol());
    let node = controller::node_for(&journey, &node);
    let answer = journey.ask("backends", vec![("node", Json::from(node)), ("to", to), ("from", from)]);
    match text(&answer, "verdict") {
        "forward" => {
            let Some(service) = key(&answer, "service") else { return missing_service(journey, answer) };
            let first = list(&answer, "to").first().cloned();
            let because = service_because(&journey, &service, &answer);
            let source = service_port_source(&journey, &service);
            journey.hop("service", answer, because, source);
            match first {
                Some(endpoint) => to_endpoint(journey, Some(pod), &endpoint, &format!("Service {service}")),
                None => journey.end("no-endpoint", format!("No endpoint is behind Service {service}.")),
            }
        }
        verdict @ ("reject" | "drop") => refused_by_proxy(journey, answer.clone(), verdict == "drop"),
        _ if journey.pod_at(address).is_some() => {
            let endpoint = Json::object().with("ip", address.to_owned()).with("port", journey.target.port);
            to_endpoint(journey, Some(pod), &endpoint, "no Service, by its own address")
        }
        _ => {
            let answer = journey.ask(
                "verdict",
                vec![
                    ("from", Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone())),
                    ("to", Json::object().with("ip", address.to_owned())),
                    ("port", Json::from(journey.target.port)),
                    ("protocol", Json::from(journey.target.protocol())),
                ],
            );
            let allowed = answer.get("allowed") == Some(&Json::Bool(true));
            policy_hop(&mut journey, answer, allowed, &pod.to_string(), address);
            if allowed {
                journey.end(
                    "external",
                    format!("{pod} reaches {address}, which belongs to no Service and no pod in the files."),
                )
            } else {
                journey.end("refused", format!("A NetworkPolicy keeps {pod} from {address}."))
            }
        }
    }
}

fn missing_service(mut journey: Journey<'_>, answer: Json) -> Ended {
    journey.hop("service", answer, "kube-proxy forwards it", None);
    journey.end("unknown", "kube-proxy forwards it, and does not say for which Service.")
}

/// kube-proxy's refusal as the end of the journey.
pub(super) fn refused_by_proxy(mut journey: Journey<'_>, answer: Json, dropped: bool) -> Ended {
    let service = key(&answer, "service");
    let source = service.as_ref().and_then(|service| service_port_source(&journey, service));
    let said = because(&answer);
    let what = service.map_or_else(|| "the address".to_owned(), |service| format!("Service {service}"));
    let said = if said.is_empty() { format!("no endpoint of {what} serves") } else { said };
    journey.hop("service", answer, said.clone(), source);
    if dropped {
        journey.end("dropped", format!("The packet is dropped: {said}."))
    } else {
        journey.end("refused", format!("The connection is refused: {said}."))
    }
}

/// Why kube-proxy forwards, in words.
pub(super) fn service_because(journey: &Journey<'_>, service: &ObjectKey, answer: &Json) -> String {
    let count = list(answer, "to").len();
    let endpoints = if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints, evenly") };
    let said = because(answer);
    let said = if said.is_empty() { said } else { format!(": {said}") };
    format!("port {} of Service {service} goes to {endpoints}{said}", journey.target.port)
}

/// Where the Service's port stands that the request is for.
pub(super) fn service_port_source(journey: &Journey<'_>, service: &ObjectKey) -> Option<Json> {
    let stored = journey.engine.cluster().services.by_key(service)?;
    let wanted = |port: &crate::api::service::ServicePort| port.port == i32::from(journey.target.port);
    let index = stored.ports().iter().position(wanted).unwrap_or(0);
    journey.source(Kind::Service, service, &format!("spec.ports[{index}].port"))
}

/// The last leg: an endpoint, the policies on both ends, the pod.
pub(super) fn to_endpoint(mut journey: Journey<'_>, from: Option<&ObjectKey>, endpoint: &Json, through: &str) -> Ended {
    let ip = text(endpoint, "ip").to_owned();
    let number = port(endpoint).unwrap_or(journey.target.port);
    let Some(pod) = journey.pod_at(&ip) else {
        journey.hop("endpoint", endpoint.clone(), format!("{ip} port {number} is no pod of the files"), None);
        let what = format!(
            "{} goes through {through} to {ip} port {number}, outside the pods that the files describe.",
            journey.target.url
        );
        let inside: Option<IpAddr> = ip.parse().ok();
        return journey.end(if inside.is_some() { "delivered" } else { "unknown" }, what);
    };
    let source = journey.pod_source(&pod, "metadata.labels");
    journey.hop("endpoint", endpoint.clone(), format!("{ip} port {number} is {pod}, which is ready"), source);
    let sender = match from {
        Some(from) => Json::object().with("namespace", from.namespace.clone()).with("pod", from.name.clone()),
        None => Json::object().with("ip", outside::ANYBODY),
    };
    let answer = journey.ask(
        "verdict",
        vec![
            ("from", sender),
            ("to", Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone())),
            ("port", Json::from(number)),
            ("protocol", Json::from(journey.target.protocol())),
        ],
    );
    let allowed = answer.get("allowed") == Some(&Json::Bool(true));
    let who = from.map_or_else(|| "a client outside".to_owned(), ToString::to_string);
    policy_hop(&mut journey, answer, allowed, &who, &format!("{pod} on port {number}"));
    if !allowed {
        let url = journey.target.url.clone();
        return journey.end(
            "refused",
            format!("{url} does not arrive: a NetworkPolicy keeps {who} from {pod} on port {number}."),
        );
    }
    let (listens, field) = listening(&journey, &pod, number);
    let source = journey.pod_source(&pod, &field);
    journey.hop("pod", Json::Null, listens, source);
    let url = journey.target.url.clone();
    journey.end("delivered", format!("{url} reaches {pod} on port {number} through {through}."))
}

/// Which container says that it listens on the port. Saying so is informative only, so a port nobody names is no refusal.
fn listening(journey: &Journey<'_>, pod: &ObjectKey, number: u16) -> (String, String) {
    let stored = journey.engine.cluster().pods.by_key(pod);
    let containers = stored.map(|pod| pod.spec.containers.as_slice()).unwrap_or_default();
    for (index, container) in containers.iter().enumerate() {
        for (place, known) in container.ports.iter().enumerate() {
            if known.container_port == i32::from(number) {
                let field = format!("spec.containers[{index}].ports[{place}].containerPort");
                return (format!("container {} of {pod} answers on port {number}", container.name), field);
            }
        }
    }
    (
        format!(
            "{pod} takes it on port {number}; none of its containers names that port, which need not mean anything"
        ),
        "spec.containers".to_owned(),
    )
}

/// Adds the verdict of the policies on `from` reaching `to`.
pub(super) fn policy_hop(journey: &mut Journey<'_>, answer: Json, allowed: bool, from: &str, to: &str) {
    let reasons = list(&answer, "because");
    let decisive: Vec<&Json> = reasons.iter().filter(|reason| decides(reason, allowed)).collect();
    let source =
        decisive.iter().find_map(|reason| reason.get("source").filter(|source| **source != Json::Null)).cloned();
    let mut policies: Vec<String> = decisive.iter().filter_map(|reason| policy_name(reason)).collect();
    policies.small_sort();
    policies.dedup();
    let words = match (answer.get("error").is_some(), policies.is_empty(), allowed) {
        (true, _, _) => because(&answer),
        (false, true, true) => format!("no NetworkPolicy isolates either end: {from} may reach {to}"),
        (false, true, false) => format!("NetworkPolicy keeps {from} from {to}"),
        (false, false, true) => format!("{} lets {from} reach {to}", policies.join(" and ")),
        (false, false, false) => {
            let isolates = if policies.len() == 1 { "isolates" } else { "isolate" };
            format!("{} {isolates} the pod, and no rule lets {from} reach {to}", policies.join(" and "))
        }
    };
    journey.hop("policy", answer, words, source);
}

/// Whether the reason is what decided: a rule that allows, or an isolation or a rule that denies.
fn decides(reason: &Json, allowed: bool) -> bool {
    let effect = text(reason, "effect");
    if allowed { effect == "allow" } else { !matches!(effect, "allow" | "default" | "pass" | "tie") }
}

fn policy_name(reason: &Json) -> Option<String> {
    let policy = reason.get("policy")?;
    let kind = text(policy, "kind");
    let kind = if kind.is_empty() { "NetworkPolicy" } else { kind };
    let name = key(reason, "policy")?;
    Some(format!("{kind} {name}"))
}
