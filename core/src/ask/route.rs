//! `route`: which Ingress rule would serve this request? A request goes in, the rule, the backend and the reason come out.

use super::AskError;
use super::declare::{At, LeaveOut, Read};
use super::part::{Address, ControllerChoice, Location};
use crate::api::describe::{Describe, Shape};
use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::{ingress_for_host, only_controller, served_by};
use crate::routing::explain::{self, explain};
use crate::routing::{Backend, Origin, Redirect, Refusal, Request, Route, RouteTable};
use crate::{answer, question, view};
use portolan_base::json::{Show, Sink, ToView, View};
use portolan_base::tree::Node;
use std::sync::Arc;

question! {
    /// Which Ingress rule would serve this request?
    RouteQuestion<'q> {
        /// The request's method; `GET` unless given.
        "method" => method: Option<&'q str> [optional];
        /// The whole URL.
        "url" => url: &'q str;
        /// Its headers.
        "headers" => headers: Headers<'q> [optional];
        /// The client's address.
        "from" => from: Option<Address> [optional];
        /// Only Ingresses of this class.
        "ingressClass" => ingress_class: Option<&'q str> [optional];
        /// The controller; `auto`: the one that serves each Ingress. Unless given, the one that owns the class, else `spec` (the
        /// API documentation).
        "controller" => controller: Option<ControllerChoice> [optional];
    }
}

answer! {
    /// The rule that serves a request.
    RouteAnswer<'e> {
        /// Whether a rule or a default backend serves it; false is the controller's own 404.
        "matched" => matched: bool;
        /// The Ingress.
        "ingress" => ingress: Option<ObjectKey>;
        /// The index of its rule; null for a default backend.
        "rule" => rule: Option<usize>;
        /// The index of the rule's path.
        "path" => path: Option<usize>;
        /// The Service it goes to.
        "service" => service: Option<RouteService>;
        /// Or the resource it goes to.
        "resource" => resource: Option<RouteResource>;
        /// The path that the backend receives, where it is another.
        "rewrite" => rewrite: Option<String>;
        /// The redirect that the client gets instead.
        "redirect" => redirect: Option<Redirect>;
        /// The certificate; null for plain HTTP.
        "tls" => tls: Option<RouteTls>;
        /// Why, in one sentence.
        "because" => because: String;
        /// The host that decided, as its rules name it; `*` for the rules without host.
        "host" => host: Option<String>;
        /// The path as it was compared.
        "comparedPath" => compared_path: String;
        /// The controller whose table decided.
        "controller" => controller: Controller;
        /// The proxy's own response, where it gives one instead.
        "refusal" => refusal: Option<Refusal> [optional];
        /// Another backend that gets a part of the requests.
        "canary" => canary: Option<RouteCanary> [optional];
        /// The protocol between the proxy and the backend.
        "backendProtocol" => backend_protocol: Option<String> [optional];
        /// The Service that serves where the backend has no endpoint.
        "fallback" => fallback: Option<ObjectKey> [optional];
        /// Annotations that are not considered.
        "unconsideredAnnotations" => unconsidered_annotations: Vec<String> [optional];
        /// What the answer does not cover.
        "notes" => notes: Vec<String> [optional];
        /// The rules that nearly won, and why they lost.
        "near" => near: Vec<NearMiss<'e>>;
        /// Where the rule is.
        "source" => source: Option<Location<'e>> [optional];
    }

    /// A Service that serves a request.
    RouteService {
        /// Its namespace.
        "namespace" => namespace: String;
        /// Its name.
        "name" => name: String;
        /// The port of the backend, by number or name.
        "port" => port: ServicePort;
        /// The name of the port, where its number is given too.
        "portName" => port_name: Option<String> [optional];
    }

    /// An object that serves a request and that is not a Service.
    RouteResource {
        /// Its namespace.
        "namespace" => namespace: String;
        /// Its API group; null for the core group.
        "apiGroup" => api_group: Option<String>;
        /// Its kind.
        "kind" => kind: String;
        /// Its name.
        "name" => name: String;
    }

    /// A certificate that a client sees.
    RouteTls {
        /// The Secret; empty for the controller's default certificate.
        "secret" => secret: String;
        /// The host it is for.
        "host" => host: String;
    }

    /// Another backend that gets a part of the requests.
    RouteCanary {
        /// The Ingress of the canary.
        "ingress" => ingress: ObjectKey;
        /// The Service.
        "service" => service: Option<RouteService>;
        /// How many requests it gets,
        "weight" => weight: i64;
        /// out of so many.
        "weightTotal" => weight_total: i64;
    }

    /// A rule of an Ingress.
    RouteRule {
        /// The Ingress.
        "ingress" => ingress: ObjectKey;
        /// The index of the rule in `spec.rules`; null for a default backend.
        "rule" => rule: Option<usize>;
        /// The index of the path in the rule.
        "path" => path: Option<usize>;
        /// The field's path.
        "field" => field: String;
    }

    /// A rule that nearly won.
    NearMiss<'e> {
        /// The Ingress.
        "ingress" => ingress: ObjectKey;
        /// The index of the rule in `spec.rules`; null for a default backend.
        "rule" => rule: Option<usize>;
        /// The index of the path in the rule.
        "path" => path: Option<usize>;
        /// The field's path.
        "field" => field: String;
        /// The host it is for.
        "host" => host: String;
        /// Its path as written.
        "pattern" => pattern: String;
        /// Where its requests go.
        "service" => service: Option<RouteService>;
        /// Why it lost.
        "why" => why: String;
        /// Where it is.
        "source" => source: Option<Location<'e>> [optional];
    }
}

view! {
    /// A redirect.
    redirect: Redirect = "RouteRedirect" {
        /// 301, 302, 307 or 308.
        "code": u16 = redirect.code;
        /// The `Location` header.
        "location": String = redirect.location;
    }

    /// A response that the proxy gives itself.
    refusal: Refusal = "RouteRefusal" {
        /// The HTTP code.
        "code": u16 = refusal.code;
        /// Why.
        "because": String = refusal.because;
    }
}

/// The headers of a request: name and value, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers<'q>(pub Vec<(&'q str, &'q str)>);

impl<'q> Read<'q> for Headers<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        for (key, value) in node.members() {
            let mut text = "";
            text.read(value, &At::Member(at, &key.name))?;
            self.0.push((&key.name, text));
        }
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl LeaveOut for Headers<'_> {
    fn is_left_out(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToView for Headers<'_> {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl Show for Headers<'_> {
    fn show(&self, sink: &mut dyn Sink) {
        for (name, value) in &self.0 {
            sink.member(name, View::Text(value));
        }
    }
}

impl Describe for Headers<'_> {
    fn shape() -> Shape {
        Shape::Map(Box::new(Shape::String))
    }
}

/// A port of a Service that an Ingress names: its number, or its name where the number is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServicePort {
    /// The number.
    Number(i32),
    /// The name.
    Name(String),
}

impl ToView for ServicePort {
    fn view(&self) -> View<'_> {
        match self {
            ServicePort::Number(number) => number.view(),
            ServicePort::Name(name) => View::Text(name),
        }
    }
}

impl Describe for ServicePort {
    fn shape() -> Shape {
        Shape::IntegerOrString
    }
}

impl std::fmt::Display for ServicePort {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ServicePort::Number(number) => number.fmt(formatter),
            ServicePort::Name(name) => formatter.write_str(name),
        }
    }
}

impl RouteService {
    /// The Service of a backend; none for a backend that is not a Service.
    pub(super) fn of(backend: &Backend) -> Option<Self> {
        let Backend::Service { key, port } = backend else { return None };
        let name = || port.name.clone();
        Some(RouteService {
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            port: port.number.map_or_else(|| ServicePort::Name(name()), ServicePort::Number),
            port_name: (!port.name.is_empty() && port.number.is_some()).then(name),
        })
    }
}

impl RouteResource {
    /// The resource of a backend; none for any other.
    pub(super) fn of(backend: &Backend) -> Option<Self> {
        let Backend::Resource { namespace, api_group, kind, name } = backend else { return None };
        let (namespace, api_group) = (namespace.clone(), api_group.clone());
        Some(RouteResource { namespace, api_group, kind: kind.clone(), name: name.clone() })
    }
}

impl RouteRule {
    /// The rule of that origin.
    pub(super) fn of(origin: &Origin) -> Self {
        let field = origin.field();
        RouteRule { ingress: origin.object.clone(), rule: origin.rule, path: origin.path, field }
    }
}

/// Where a rule is in the file that its Ingress comes from.
pub(super) fn location<'e>(cluster: &'e Cluster, origin: &Origin) -> Option<Location<'e>> {
    let source = cluster.source(crate::api::resource::Kind::Ingress, &origin.object)?;
    Some(Location::of(source, origin.field()))
}

/// The table that a question is about. Without a controller, the one that owns the class decides, and `spec` where no class
/// is named. With `auto`, it is the controller of the Ingress that serves `host`; without a host, the one controller that
/// all Ingresses have, else `spec`. An empty class is none.
pub(super) fn table(
    engine: &Engine,
    choice: Option<ControllerChoice>,
    class: Option<&str>,
    host: Option<&str>,
) -> Arc<RouteTable> {
    let cluster = engine.cluster();
    let class = class.filter(|class| !class.is_empty());
    let of_class = |class: &str| Controller::of_class(cluster, class);
    let (controller, class) = match (choice, class, host) {
        (Some(ControllerChoice::Is(controller)), class, _) => (controller, class),
        (_, Some(class), _) => (of_class(class), Some(class)),
        (None, None, _) => (Controller::Spec, None),
        (Some(ControllerChoice::Auto), None, None) => (only_controller(cluster).unwrap_or_default(), None),
        (Some(ControllerChoice::Auto), None, Some(host)) => {
            let found = ingress_for_host(cluster, host);
            found.map_or((Controller::Spec, None), |(_, ingress)| served_by(cluster, ingress))
        }
    };
    engine.route_table(controller, class)
}

/// Routes the request.
///
/// # Errors
/// `BadRequest` where the URL is not one.
pub fn route<'e>(engine: &'e Engine, question: &RouteQuestion<'_>) -> Result<RouteAnswer<'e>, AskError> {
    let mut request = Request::from_url(question.url).map_err(|error| AskError::bad("url", error.to_string()))?;
    let sni = request.host_name();
    request.headers = &question.headers.0;
    request.method = question.method.unwrap_or("GET");
    if let Some(host) = request.header("host") {
        request.host = host;
    }
    request.source = question.from.as_ref().map(|from| from.ip);
    let table = table(engine, question.controller, question.ingress_class, Some(request.host_name()));
    let route = table.route(&request);
    Ok(answer_of(engine.cluster(), &table, &request, route, sni))
}

fn answer_of<'e>(
    cluster: &'e Cluster,
    table: &RouteTable,
    request: &Request<'_>,
    route: Route<'_>,
    sni: &str,
) -> RouteAnswer<'e> {
    let explanation = explain(table, request, &route);
    let origin = if route.is_matched() { route.origin() } else { None };
    let options = route.entry.and_then(|entry| entry.options.as_deref());
    let canary = route.canary.map(|canary| RouteCanary {
        ingress: canary.origin.object.clone(),
        service: RouteService::of(&canary.backend),
        weight: canary.weight,
        weight_total: canary.weight_total,
    });
    RouteAnswer {
        matched: route.is_matched(),
        ingress: origin.map(|origin| origin.object.clone()),
        rule: origin.and_then(|origin| origin.rule),
        path: origin.and_then(|origin| origin.path),
        service: route.backend.and_then(RouteService::of),
        resource: route.backend.and_then(RouteResource::of),
        tls: tls(table, request, sni),
        because: explanation.because,
        host: route.host.map(|host| host.matches.written()),
        canary,
        backend_protocol: options.and_then(|options| options.backend_protocol.clone()),
        fallback: options.and_then(|options| options.fallback.clone()),
        unconsidered_annotations: options.map(|options| options.ignored_annotations.clone()).unwrap_or_default(),
        near: explanation.near.into_iter().map(|near| near_miss(cluster, near)).collect(),
        source: origin.and_then(|origin| location(cluster, origin)),
        rewrite: route.rewrite,
        redirect: route.redirect,
        compared_path: route.path,
        controller: Controller::of_table(table),
        refusal: route.refusal,
        notes: route.notes,
    }
}

fn near_miss(cluster: &Cluster, near: explain::NearMiss) -> NearMiss<'_> {
    let explain::NearMiss { origin, host, path, backend, why } = near;
    NearMiss {
        source: location(cluster, &origin),
        field: origin.field(),
        ingress: origin.object,
        rule: origin.rule,
        path: origin.path,
        host: host.written(),
        pattern: path,
        service: RouteService::of(&backend),
        why,
    }
}

fn tls(table: &RouteTable, request: &Request<'_>, sni: &str) -> Option<RouteTls> {
    if !request.secure {
        return None;
    }
    let (host, certificate) = table.tls().serve(sni)?;
    Some(RouteTls { secret: certificate.secret.name.clone(), host: host.to_string() })
}
