//! A request from outside the cluster: through a load balancer or a node port, mostly to an ingress controller, and from
//! there by its rules to a Service.

use super::controller;
use super::inside::{passes_egress, policy_hop, refused_by_proxy, service_because, service_port_source, to_endpoint};
use super::journey::{Ended, Journey, because, key, list, text};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::ingress::Controller;
use crate::ingress::controller::{controller_of, entry_point, ingress_for_host, served_by};
use portolan_base::json::Json;

/// A client of whom nothing is known (RFC 5737 sets the range aside for examples).
pub(super) const ANYBODY: &str = "198.51.100.1";

/// The sender of a request that enters through a load balancer or a node port.
#[derive(Clone, Copy, Debug)]
pub(super) enum Client<'c> {
    /// Outside the cluster, at this address.
    Address(&'c str),
    /// A pod.
    Pod(&'c ObjectKey),
}

impl Client<'_> {
    /// The sender in questions: its address or its pod.
    fn json(self) -> Json {
        match self {
            Client::Address(ip) => Json::object().with("ip", ip.to_owned()),
            Client::Pod(pod) => Json::object().with("namespace", pod.namespace.clone()).with("pod", pod.name.clone()),
        }
    }

    /// The node whose kube-proxy handles the packets of the client: the pod's own, for others the first.
    fn node(self, journey: &Journey<'_>) -> String {
        let pod = match self {
            Client::Address(_) => None,
            Client::Pod(pod) => journey.engine.cluster().pods.by_key(pod),
        };
        controller::node_for(journey, pod.map(|pod| pod.spec.node_name.as_str()).unwrap_or_default())
    }

    /// The sender in sentences.
    fn words(self) -> String {
        match self {
            Client::Address(_) => "a client outside".to_owned(),
            Client::Pod(pod) => pod.to_string(),
        }
    }
}

/// Follows a request that comes from outside.
pub(super) fn travel(journey: Journey<'_>, address: Option<&str>) -> Ended {
    let from = address.unwrap_or(ANYBODY).to_owned();
    if let Some(ip) = journey.target.address() {
        return to_address(journey, &from, &ip.to_string());
    }
    if let Some((service, point)) = load_balancer_named(&journey, &journey.target.host.clone()) {
        let mut journey = journey;
        let because = format!("{} is the name of the load balancer of Service {service}", journey.target.host);
        let source = journey.source(Kind::Service, &service, "status.loadBalancer");
        journey.hop("dns", Json::Null, because, source);
        return match point {
            Some(ip) => to_address(journey, &from, &ip),
            None => through_node_port(journey, Client::Address(&from), &service),
        };
    }
    if journey.target.is_http() {
        return through_ingress(journey, Client::Address(&from));
    }
    let host = journey.target.host.clone();
    journey.end("unresolved", format!("Nothing in the files says where {host} leads from outside the cluster."))
}

/// The Service whose load balancer has that DNS name, and the balancer's address where it reports one.
fn load_balancer_named(journey: &Journey<'_>, host: &str) -> Option<(ObjectKey, Option<String>)> {
    let services = journey.engine.cluster().services.iter();
    services
        .flat_map(|(key, service)| service.status.load_balancer.ingress.iter().map(move |point| (key, point)))
        .find(|(_, point)| point.hostname.eq_ignore_ascii_case(host) && !host.is_empty())
        .map(|(key, point)| (key.clone(), Some(point.ip.clone()).filter(|ip| !ip.is_empty())))
}

/// A request to an address: of a load balancer, a node, or something else that kube-proxy handles.
fn to_address(mut journey: Journey<'_>, from: &str, ip: &str) -> Ended {
    let cluster = journey.engine.cluster();
    let of_node =
        cluster.nodes.iter().find(|(_, node)| node.status.addresses.iter().any(|address| address.address == ip));
    let node = of_node.map(|(key, _)| key.name.clone());
    let port = journey.target.port;
    let protocol = journey.target.protocol();
    let (to, hop) = match &node {
        Some(_) => (Json::object().with("nodePort", port).with("protocol", protocol), "node-port"),
        None => {
            (Json::object().with("ip", ip.to_owned()).with("port", port).with("protocol", protocol), "load-balancer")
        }
    };
    let node = controller::node_for(&journey, node.as_deref().unwrap_or_default());
    let sender = Json::object().with("ip", from.to_owned());
    let answer = journey.ask("backends", vec![("node", Json::from(node.clone())), ("to", to), ("from", sender)]);
    let verdict = text(&answer, "verdict").to_owned();
    let service = key(&answer, "service");
    match (verdict.as_str(), service) {
        ("forward", Some(service)) => {
            let source = entrance_source(&journey, &service, hop);
            let words = format!("{ip} port {port} is Service {service} on node {node}{}", said(&answer));
            let endpoint = list(&answer, "to").first().cloned();
            journey.hop(hop, answer, words, source);
            let Some(endpoint) = endpoint else {
                return journey.end("no-endpoint", format!("No endpoint is behind Service {service}."));
            };
            if journey.target.is_http() && is_entrance(&journey, &service) {
                let pod = journey.pod_at(text(&endpoint, "ip"));
                return match entered(&mut journey, Client::Address(from), &endpoint, pod.as_ref()) {
                    Ok(()) => by_rule(journey, pod.as_ref()),
                    Err(sentence) => journey.end("refused", sentence),
                };
            }
            to_endpoint(journey, None, &endpoint, &format!("Service {service}"))
        }
        ("reject", _) => refused_by_proxy(journey, answer, false),
        ("drop", _) => refused_by_proxy(journey, answer, true),
        _ => {
            journey.hop(hop, answer, format!("kube-proxy has no rule for {ip} port {port}"), None);
            journey.end("unknown", format!("Nothing in the files takes traffic on {ip} port {port}."))
        }
    }
}

fn said(answer: &Json) -> String {
    let said = because(answer);
    if said.is_empty() { said } else { format!(": {said}") }
}

fn entrance_source(journey: &Journey<'_>, service: &ObjectKey, hop: &str) -> Option<Json> {
    let stored = journey.engine.cluster().services.by_key(service)?;
    if hop == "node-port" {
        let wanted = |port: &crate::api::service::ServicePort| port.node_port == i32::from(journey.target.port);
        let index = stored.ports().iter().position(wanted).unwrap_or(0);
        return journey.source(Kind::Service, service, &format!("spec.ports[{index}].nodePort"));
    }
    let field = if stored.status.load_balancer.ingress.is_empty() {
        "spec.externalIPs"
    } else {
        "status.loadBalancer.ingress[0].ip"
    };
    journey.source(Kind::Service, service, field)
}

/// Whether an Ingress is served through that Service.
fn is_entrance(journey: &Journey<'_>, service: &ObjectKey) -> bool {
    journey.engine.cluster().ingresses.iter().any(|(_, ingress)| {
        let cluster = journey.engine.cluster();
        entry_point(cluster, controller_of(cluster, ingress), ingress).is_some_and(|(key, _)| key == service)
    })
}

/// A request for a name that an Ingress serves.
pub(super) fn through_ingress(mut journey: Journey<'_>, client: Client<'_>) -> Ended {
    let host = journey.target.host.clone();
    let cluster = journey.engine.cluster();
    let Some((ingress_key, ingress)) = ingress_for_host(cluster, &host) else {
        return journey.end(
            "unresolved",
            format!("No Ingress serves {host}, and nothing else in the files takes traffic for it."),
        );
    };
    let place = host_field(ingress, &host);
    let source = journey.source(Kind::Ingress, ingress_key, &place);
    let Some((service_key, service)) = entry_point(cluster, controller_of(cluster, ingress), ingress) else {
        let because = format!(
            "Ingress {ingress_key} serves {host}; the controller's Service is not in these files; assuming the request reaches the controller"
        );
        journey.hop("dns", Json::Null, because, source);
        return match client {
            Client::Address(_) => by_rule(journey, None),
            // The controller's address is not known, so its egress policies may decide.
            Client::Pod(pod) => match passes_egress(journey, pod, &host) {
                Ok(journey) => by_rule(journey, None),
                Err(ended) => ended,
            },
        };
    };
    let (service_key, service) = (service_key.clone(), service.clone());
    let address = service
        .status
        .load_balancer
        .ingress
        .iter()
        .map(|point| if point.ip.is_empty() { &point.hostname } else { &point.ip })
        .next();
    let leads = match address {
        Some(address) => format!(
            "{host} is served by Ingress {ingress_key}; its DNS record is outside the cluster and has to lead to {address}"
        ),
        None => format!(
            "{host} is served by Ingress {ingress_key}; its DNS record is outside the cluster and has to lead to the nodes"
        ),
    };
    journey.hop("dns", Json::Null, leads, source);
    let entered = match service.status.load_balancer.ingress.iter().find(|point| !point.ip.is_empty()) {
        Some(point) => by_load_balancer(&mut journey, client, &service_key, &point.ip),
        None => by_node_port(&mut journey, client, &service_key, &service),
    };
    match entered {
        Ok(pod) => by_rule(journey, pod.as_ref()),
        Err((outcome, sentence)) => journey.end(outcome, sentence),
    }
}

/// The field of the Ingress that names the host.
fn host_field(ingress: &crate::api::ingress::Ingress, host: &str) -> String {
    let matches = |known: &str| {
        known.eq_ignore_ascii_case(host) || known.strip_prefix('*').is_some_and(|rest| host.ends_with(rest))
    };
    let rule = ingress.spec.rules.iter().flatten().position(|rule| !rule.host.is_empty() && matches(&rule.host));
    rule.map_or_else(|| "spec".to_owned(), |index| format!("spec.rules[{index}].host"))
}

type Entered = Result<Option<ObjectKey>, (&'static str, String)>;

fn by_load_balancer(journey: &mut Journey<'_>, client: Client<'_>, service: &ObjectKey, ip: &str) -> Entered {
    let node = client.node(journey);
    let to = Json::object().with("ip", ip.to_owned()).with("port", journey.target.port).with("protocol", "TCP");
    let answer = journey.ask("backends", vec![("node", Json::from(node)), ("to", to), ("from", client.json())]);
    let source = journey.source(Kind::Service, service, "status.loadBalancer.ingress[0].ip");
    let words = format!(
        "{ip} is the load balancer of Service {service}, which sends port {} on to the controller",
        journey.target.port
    );
    proxied(journey, "load-balancer", client, answer, words, source)
}

fn by_node_port(journey: &mut Journey<'_>, client: Client<'_>, key: &ObjectKey, service: &Service) -> Entered {
    let wanted = |port: &&crate::api::service::ServicePort| port.port == i32::from(journey.target.port);
    let Some(port) = service.ports().iter().find(wanted).filter(|port| port.node_port > 0) else {
        return Err(("unknown", format!("Service {key} has no node port for port {}.", journey.target.port)));
    };
    let node = client.node(journey);
    let to = Json::object().with("nodePort", port.node_port).with("protocol", "TCP");
    let answer = journey.ask("backends", vec![("node", Json::from(node.clone())), ("to", to), ("from", client.json())]);
    let index = service.ports().iter().position(|known| known.port == port.port).unwrap_or(0);
    let source = journey.source(Kind::Service, key, &format!("spec.ports[{index}].nodePort"));
    let words = format!("node port {} of node {node} leads into Service {key}", port.node_port);
    proxied(journey, "node-port", client, answer, words, source)
}

/// Adds kube-proxy's hop, and goes on to the controller's pod where there is one.
fn proxied(
    journey: &mut Journey<'_>,
    hop: &'static str,
    client: Client<'_>,
    answer: Json,
    words: String,
    source: Option<Json>,
) -> Entered {
    let endpoint = list(&answer, "to").first().cloned();
    let verdict = text(&answer, "verdict").to_owned();
    let reason = because(&answer);
    journey.hop(hop, answer, words, source);
    let Some(endpoint) = endpoint.filter(|_| verdict == "forward") else {
        let outcome = if verdict == "drop" { "dropped" } else { "refused" };
        return Err((outcome, format!("The request does not reach the ingress controller: {reason}.")));
    };
    let pod = journey.pod_at(text(&endpoint, "ip"));
    entered(journey, client, &endpoint, pod.as_ref()).map_err(|sentence| ("refused", sentence))?;
    Ok(pod)
}

/// Whether NetworkPolicy lets the client reach the controller's pod, or what else is at the endpoint.
fn entered(
    journey: &mut Journey<'_>,
    client: Client<'_>,
    endpoint: &Json,
    pod: Option<&ObjectKey>,
) -> Result<(), String> {
    let (to, name) = match (pod, client) {
        (Some(pod), _) => (Client::Pod(pod).json(), pod.to_string()),
        (None, Client::Pod(_)) => {
            let ip = text(endpoint, "ip");
            (Client::Address(ip).json(), format!("at {ip}"))
        }
        (None, Client::Address(_)) => return Ok(()),
    };
    let port = endpoint.get("port").cloned().unwrap_or_default();
    let question = vec![("from", client.json()), ("to", to), ("port", port), ("protocol", Json::from("TCP"))];
    let answer = journey.ask("verdict", question);
    let allowed = answer.get("allowed") == Some(&Json::Bool(true));
    policy_hop(journey, answer, allowed, &client.words(), &format!("the ingress controller {name}"));
    if allowed {
        return Ok(());
    }
    let who = match client {
        Client::Address(_) => "clients outside".to_owned(),
        Client::Pod(pod) => pod.to_string(),
    };
    Err(format!("A NetworkPolicy keeps {who} from the ingress controller {name}."))
}

/// By the rules of the Ingresses to a Service, and to its endpoint. `controller` is the controller's pod.
fn by_rule(mut journey: Journey<'_>, controller_pod: Option<&ObjectKey>) -> Ended {
    let host = journey.target.host.clone();
    let cluster = journey.engine.cluster();
    let found = ingress_for_host(cluster, &host);
    let (controller, class) = found.map_or((Controller::Spec, None), |(_, ingress)| served_by(cluster, ingress));
    let mut question = vec![
        ("method", Json::from("GET")),
        ("url", Json::from(journey.target.url.clone())),
        ("controller", Json::from(controller.name())),
    ];
    if let Some(class) = class {
        question.push(("ingressClass", Json::from(class.to_owned())));
    }
    let answer = journey.ask("route", question);
    let url = journey.target.url.clone();
    if let Some(error) = answer.get("error") {
        let sentence = format!("Which rule takes {url} cannot be said: {}.", text(error, "message"));
        journey.hop("ingress", answer, sentence.clone(), None);
        return journey.end("unknown", sentence);
    }
    if answer.get("matched") != Some(&Json::Bool(true)) {
        let said = because(&answer);
        journey.hop("ingress", answer, if said.is_empty() { format!("no rule matches {url}") } else { said }, None);
        return journey.end("not-found", format!("The ingress controller answers 404: no rule matches {url}."));
    }
    let ingress = key(&answer, "ingress");
    let source = ingress.as_ref().and_then(|ingress| journey.source(Kind::Ingress, ingress, &rule_field(&answer)));
    let named = ingress.map_or_else(|| "an Ingress".to_owned(), |ingress| format!("Ingress {ingress}"));
    if let Some(redirect @ Json::Object(_)) = answer.get("redirect").cloned() {
        journey.hop("ingress", answer, format!("{named} redirects it"), source);
        let to = ["url", "location", "to"].iter().map(|name| text(&redirect, name)).find(|text| !text.is_empty());
        return journey.end("redirected", format!("{url} is redirected to {}.", to.unwrap_or("another place")));
    }
    let service = key(&answer, "service");
    let port = answer.get("service").and_then(|service| service.get("port")).cloned().unwrap_or_default();
    let rewritten = text(&answer, "rewrite");
    let rewritten = if rewritten.is_empty() { String::new() } else { format!(", its path rewritten to {rewritten}") };
    let Some(service) = service else {
        journey.hop("ingress", answer, format!("{named} hands it to a resource of the controller's"), source);
        return journey.end("unknown", format!("{url} goes to a resource that only its controller knows."));
    };
    let port_words = port.as_str().map_or_else(|| port.to_string(), str::to_owned);
    journey.hop(
        "ingress",
        answer,
        format!("{named} sends it to port {port_words} of Service {service}{rewritten}"),
        source,
    );
    to_service(journey, controller_pod, &service, &port)
}

/// The field of the rule that won.
fn rule_field(answer: &Json) -> String {
    match (answer.get("rule"), answer.get("path")) {
        (Some(Json::Int(rule)), Some(Json::Int(path))) => format!("spec.rules[{rule}].http.paths[{path}].path"),
        _ => "spec.defaultBackend".to_owned(),
    }
}

/// From the controller to an endpoint of the Service, by what the controllers publish: an ingress controller sends to
/// endpoints, past kube-proxy.
fn to_service(mut journey: Journey<'_>, from: Option<&ObjectKey>, service: &ObjectKey, port: &Json) -> Ended {
    let Some(stored) = journey.engine.cluster().services.by_key(service).cloned() else {
        journey.hop("service", Json::Null, format!("there is no Service {service}"), None);
        return journey
            .end("no-endpoint", format!("The ingress controller answers 503: there is no Service {service}."));
    };
    let wanted = |known: &crate::api::service::ServicePort| match port {
        Json::Int(number) => i64::from(known.port) == *number,
        Json::String(name) => known.name == **name,
        _ => false,
    };
    if stored.spec.r#type == "ExternalName" {
        let source = journey.source(Kind::Service, service, "spec.externalName");
        journey.hop(
            "service",
            Json::Null,
            format!("Service {service} is another name for {}", stored.spec.external_name),
            source,
        );
        let sentence = format!("{} goes to {}, outside the cluster.", journey.target.url, stored.spec.external_name);
        return journey.end("external", sentence);
    }
    let Some(index) = stored.ports().iter().position(wanted) else {
        let source = journey.source(Kind::Service, service, "spec.ports");
        journey.hop("service", Json::Null, format!("Service {service} has no port {port}"), source);
        return journey
            .end("no-endpoint", format!("The ingress controller answers 503: Service {service} has no port {port}."));
    };
    let name = stored.ports().get(index).map(|port| port.name.clone()).unwrap_or_default();
    if let Some(port) = stored.ports().get(index) {
        journey.target.port = u16::try_from(port.port).unwrap_or(journey.target.port);
    }
    let reference = Json::object().with("namespace", service.namespace.clone()).with("name", service.name.clone());
    let answer = journey.ask("endpoints", vec![("service", reference)]);
    let ready = ready_endpoints(&answer, &name);
    let source = service_port_source(&journey, service);
    let summary = Json::object().with("to", Json::Array(ready.clone()));
    let because = service_because(&journey, service, &summary);
    journey.hop("service", summary, because, source);
    match ready.first() {
        Some(endpoint) => to_endpoint(journey, from, endpoint, &format!("Service {service}")),
        None => journey.end(
            "no-endpoint",
            format!("The ingress controller answers 503: no endpoint of Service {service} is ready."),
        ),
    }
}

/// `{"ip", "port"}` of every ready endpoint of the port of that name.
fn ready_endpoints(answer: &Json, name: &str) -> Vec<Json> {
    let mut ready = Vec::new();
    for slice in list(answer, "endpointSlices") {
        let port = list(slice, "ports").iter().find(|port| text(port, "name") == name);
        let Some(number) = port.and_then(|port| port.get("port")) else { continue };
        for endpoint in list(slice, "endpoints") {
            let conditions = endpoint.get("conditions");
            let is_ready = conditions.and_then(|conditions| conditions.get("ready")) != Some(&Json::Bool(false));
            if let Some(Json::String(ip)) = list(endpoint, "addresses").first().filter(|_| is_ready) {
                ready.push(Json::object().with("ip", ip.to_string()).with("port", number.clone()));
            }
        }
    }
    ready
}

/// From a load balancer known by its DNS name alone to its Service: by the node port behind it.
fn through_node_port(mut journey: Journey<'_>, client: Client<'_>, key: &ObjectKey) -> Ended {
    let Some(service) = journey.engine.cluster().services.by_key(key).cloned() else {
        return journey.end("unknown", format!("There is no Service {key}."));
    };
    let entrance = journey.target.is_http() && is_entrance(&journey, key);
    match by_node_port(&mut journey, client, key, &service) {
        Ok(pod) if entrance => by_rule(journey, pod.as_ref()),
        Ok(Some(pod)) => journey.end("delivered", format!("The request reaches {pod} through Service {key}.")),
        Ok(None) => journey.end("delivered", format!("The request reaches an endpoint of Service {key}.")),
        Err((outcome, sentence)) => journey.end(outcome, sentence),
    }
}
