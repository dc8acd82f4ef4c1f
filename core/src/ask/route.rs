//! `route`: which Ingress rule would serve this request?

use super::AskError;
use super::part;
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::routing::explain::{NearMiss, explain};

use crate::ingress::Controller;
use crate::routing::{Backend, Origin, Redirect, Request, Route, RouteTable};
use portolan_base::json::{Json, json};
use portolan_base::tree::Node;

/// Answers the question. Beside the members of the contract, the answer says `because`, `host` and `comparedPath` (what
/// was matched), `near` (the rules that nearly won), `source` (the rule's place), and what the annotations add.
pub(super) fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let table = table(engine, question)?;
    let url = part::text(question, "url")?;
    let headers: Vec<(&str, &str)> = question
        .get("headers")
        .map(Node::members)
        .unwrap_or_default()
        .iter()
        .filter_map(|(name, value)| Some((&*name.name, value.as_str()?)))
        .collect();
    let mut request = Request::from_url(url).map_err(|error| AskError::bad("url", error.to_string()))?;
    let sni = request.host_name();
    request.headers = &headers;
    request.method = question.get("method").and_then(Node::as_str).unwrap_or("GET");
    if let Some(host) = request.header("host") {
        request.host = host;
    }
    if let Some(ip) = question.get("from").and_then(|from| from.get("ip")) {
        let text = ip.as_str().unwrap_or_default();
        request.source =
            Some(text.parse().map_err(|_| AskError::bad("from.ip", format!("`{text}` is no IP address")))?);
    }
    let route = table.route(&request);
    Ok(answer(engine.cluster(), &table, &request, &route, sni))
}

/// The table that a question is about: its members `controller` and `ingressClass`.
pub(super) fn table(engine: &Engine, question: &Node) -> Result<std::sync::Arc<RouteTable>, AskError> {
    let controller = controller(question, "controller")?;
    let class = question.get("ingressClass").and_then(Node::as_str).filter(|class| !class.is_empty());
    Ok(engine.route_table(controller, class))
}

/// Reads the name of a controller; `spec` unless given.
pub(super) fn controller(question: &Node, name: &str) -> Result<Controller, AskError> {
    let Some(node) = question.get(name) else { return Ok(Controller::Spec) };
    let text = node.as_str().unwrap_or_default();
    Controller::named(text).ok_or_else(|| {
        let known: Vec<&str> = Controller::ALL.iter().map(|controller| controller.name()).collect();
        AskError::bad(name, format!("`{text}` is no known controller; there are {}", known.join(", ")))
    })
}

fn answer(cluster: &Cluster, table: &RouteTable, request: &Request<'_>, route: &Route<'_>, sni: &str) -> Json {
    let explanation = explain(table, request, route);
    let origin = if route.is_matched() { route.origin() } else { None };
    let position =
        |position: Option<usize>| position.and_then(|at| i64::try_from(at).ok()).map_or(Json::Null, Json::Int);
    let redirect =
        |redirect: &Redirect| json! { "code": i64::from(redirect.code), "location": redirect.location.clone() };
    let mut answer = json! {
        "matched": route.is_matched(),
        "ingress": origin.map_or(Json::Null, |origin| key(&origin.ingress)),
        "rule": position(origin.and_then(|origin| origin.rule)),
        "path": position(origin.and_then(|origin| origin.path)),
        "service": route.backend.map_or(Json::Null, service),
        "resource": route.backend.map_or(Json::Null, resource),
        "rewrite": route.rewrite.clone(),
        "redirect": route.redirect.as_ref().map_or(Json::Null, redirect),
        "tls": tls(table, request, sni),
        "because": explanation.because,
        "host": route.host.map_or(Json::Null, |host| Json::from(host.matches.written())),
        "comparedPath": route.path.clone(),
    };
    if let Some(refusal) = &route.refusal {
        let refusal = Json::object().with("code", i64::from(refusal.code)).with("because", refusal.because.clone());
        answer.set("refusal", refusal);
    }
    if let Some(canary) = route.canary {
        let canary = Json::object()
            .with("ingress", key(&canary.origin.ingress))
            .with("service", service(&canary.backend))
            .with("weight", canary.weight)
            .with("weightTotal", canary.weight_total);
        answer.set("canary", canary);
    }
    if let Some(conduct) = route.entry.and_then(|entry| entry.conduct.as_deref()) {
        if let Some(protocol) = &conduct.backend_protocol {
            answer.set("backendProtocol", protocol.clone());
        }
        if let Some(fallback) = &conduct.fallback {
            answer.set("fallback", key(fallback));
        }
        if !conduct.unconsidered.is_empty() {
            let names = conduct.unconsidered.iter().map(|name| Json::from(name.clone())).collect();
            answer.set("unconsideredAnnotations", Json::Array(names));
        }
    }
    if !route.notes.is_empty() {
        answer.set("notes", Json::Array(route.notes.iter().map(|note| Json::from(note.clone())).collect()));
    }
    answer.set("near", Json::Array(explanation.near.iter().map(|near| near_miss(cluster, near)).collect()));
    if let Some(place) = origin.and_then(|origin| origin.place(cluster)) {
        answer.set("source", place.into_json());
    }
    answer
}

fn near_miss(cluster: &Cluster, near: &NearMiss) -> Json {
    let mut miss = rule(&near.origin)
        .with("host", near.host.written())
        .with("pattern", near.path.clone())
        .with("service", service(&near.backend))
        .with("why", near.why.clone());
    if let Some(place) = near.origin.place(cluster) {
        miss.set("source", place.into_json());
    }
    miss
}

fn tls(table: &RouteTable, request: &Request<'_>, sni: &str) -> Json {
    if !request.secure {
        return Json::Null;
    }
    let Some((host, certificate)) = table.tls().serve(sni) else { return Json::Null };
    Json::object().with("secret", certificate.secret.name.clone()).with("host", host.to_string())
}

/// Which rule: its Ingress and its places.
pub(super) fn rule(origin: &Origin) -> Json {
    let position =
        |position: Option<usize>| position.and_then(|at| i64::try_from(at).ok()).map_or(Json::Null, Json::Int);
    Json::object()
        .with("ingress", key(&origin.ingress))
        .with("rule", position(origin.rule))
        .with("path", position(origin.path))
        .with("field", origin.field())
}

pub(super) fn key(key: &crate::api::resource::ObjectKey) -> Json {
    json! { "namespace": key.namespace.clone(), "name": key.name.clone() }
}

/// A Service backend: its port by number, by name where the number is not known.
pub(super) fn service(backend: &Backend) -> Json {
    let Backend::Service { key: service, port } = backend else { return Json::Null };
    let number = port.number.map_or_else(|| Json::from(port.name.clone()), |number| Json::Int(i64::from(number)));
    let mut service = json! { "namespace": service.namespace.clone(), "name": service.name.clone(), "port": number };
    if !port.name.is_empty() && port.number.is_some() {
        service.set("portName", port.name.clone());
    }
    service
}

/// A resource backend.
pub(super) fn resource(backend: &Backend) -> Json {
    let Backend::Resource { namespace, api_group, kind, name } = backend else { return Json::Null };
    Json::object()
        .with("namespace", namespace.clone())
        .with("apiGroup", api_group.clone().map_or(Json::Null, Json::from))
        .with("kind", kind.clone())
        .with("name", name.clone())
}
