//! `route`: which Ingress rule would serve this request?

use super::AskError;
use super::part;
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::{ingress_for_host, only_controller, served_by};
use crate::routing::explain::{NearMiss, explain};
use crate::routing::{Backend, Origin, Redirect, Request, Route, RouteTable};
use portolan_base::json::{Json, json};
use portolan_base::tree::Node;
use std::sync::Arc;

/// Answers the question. Beside the members of the contract, the answer says `because`, `host` and `comparedPath` (what
/// was matched), `near` (the rules that nearly won), `source` (the rule's place), and what the annotations add.
pub(super) fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
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
    let table = table(engine, question, Some(request.host_name()))?;
    let route = table.route(&request);
    Ok(answer(engine.cluster(), &table, &request, &route, sni))
}

/// The table that a question is about: its members `controller` and `ingressClass`; `host` is the host of its request.
pub(super) fn table(engine: &Engine, question: &Node, host: Option<&str>) -> Result<Arc<RouteTable>, AskError> {
    let class = question.get("ingressClass").and_then(Node::as_str).filter(|class| !class.is_empty());
    let (controller, class) = controller(engine.cluster(), question, class, host)?;
    Ok(engine.route_table(controller, class))
}

/// The controller that serves each Ingress: the value of `controller` that asks for it.
const AUTO: &str = "auto";

/// Reads the member `controller`. Without it, the controller that owns the class named by the question decides, and `spec`
/// where no class is named. With `auto`, it is the controller of the Ingress that serves `host`; without a host, the
/// one controller that all Ingresses have, else `spec`.
pub(super) fn controller<'q>(
    cluster: &'q Cluster,
    question: &Node,
    class: Option<&'q str>,
    host: Option<&str>,
) -> Result<(Controller, Option<&'q str>), AskError> {
    let of_class = |class: &str| Controller::of_class(cluster, class);
    let Some(node) = question.get("controller").filter(|node| !node.is_null()) else {
        return Ok((class.map(of_class).unwrap_or_default(), class));
    };
    match (node.as_str().unwrap_or_default(), class) {
        (AUTO, Some(class)) => Ok((of_class(class), Some(class))),
        (AUTO, None) => Ok(match host {
            Some(host) => {
                let found = ingress_for_host(cluster, host);
                found.map_or((Controller::Spec, None), |(_, ingress)| served_by(cluster, ingress))
            }
            None => (only_controller(cluster).unwrap_or_default(), None),
        }),
        (name, class) => match name.parse() {
            Ok(controller) => Ok((controller, class)),
            Err(error) => Err(AskError::bad("controller", format!("{error}, {AUTO}"))),
        },
    }
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
        "controller": table.controller().name(),
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
