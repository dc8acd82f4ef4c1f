//! What is done with a request.

use crate::configuration::{Diagnostics, Settings};
use portolan::engine::Engine;
use portolan::ingress::explain::explain;
use portolan::ingress::upstream::{self, Upstream};
use portolan::ingress::{Backend, Request, Route, RouteTable};
use portolan::policy::Protocol;
use portolan::policy::verdict::End;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The request header that names the Envoy cluster, for `cluster_header`.
pub const CLUSTER_HEADER: &str = "x-portolan-cluster";

/// The request header that names the endpoint, for an `ORIGINAL_DST` cluster with `use_http_header`.
pub const ENDPOINT_HEADER: &str = "x-envoy-original-dst-host";

/// The response header that says why.
pub const BECAUSE_HEADER: &str = "x-portolan-because";

/// The response header that says, in shadow mode, what would have been done.
pub const SHADOW_HEADER: &str = "x-portolan-shadow";

/// Headers that choose an upstream. Envoy lets clients send them; the filter does not.
const CHOOSING_HEADERS: &[&str] = &[CLUSTER_HEADER, ENDPOINT_HEADER, BECAUSE_HEADER, SHADOW_HEADER];

/// Whether requests are routed, or only watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Requests are routed and refused.
    Enforce,
    /// Requests go on as they came; the answer says what would have been done.
    Shadow,
}

/// The proxy around the filter: what the filter asks of it.
pub trait Host {
    /// The value of a request header; `:path`, `:authority`, `:method` and `:scheme` too.
    fn request_header(&self, name: &str) -> Option<String>;
    /// Every request header.
    fn request_headers(&self) -> Vec<(String, String)>;
    /// Sets a request header, or removes it.
    fn set_request_header(&mut self, name: &str, value: Option<&str>);
    /// The client's address that the proxy vouches for: `ip:port`.
    fn source_address(&self) -> Option<String>;
    /// Answers the request.
    fn respond(&mut self, code: u16, headers: &[(&str, &str)], body: &str);
}

/// What goes on after the request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The request goes on; these headers are added to its response.
    Continue(Vec<(&'static str, String)>),
    /// The request has been answered.
    Answered,
}

/// A compiled configuration.
#[derive(Debug)]
pub struct Filter {
    engine: Engine,
    table: Arc<RouteTable>,
    upstreams: BTreeMap<Backend, Vec<Upstream>>,
    mode: Mode,
    network_policy: bool,
    explain: bool,
    cluster: String,
    reads_headers: bool,
    remove_headers: Vec<String>,
    turn: Cell<usize>,
}

/// What would be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision {
    Forward { cluster: String, endpoint: SocketAddr, target: Option<String> },
    Redirect { code: u16, location: String },
    Refuse { code: u16, text: String },
}

impl Filter {
    /// Compiles the table of an engine. Beside the filter comes what the table reports.
    pub fn new(settings: &Settings, engine: Engine) -> (Self, Diagnostics) {
        let table = engine.route_table(settings.controller, settings.ingress_class.as_deref());
        let upstreams = upstream::all(engine.cluster(), engine.endpoints(), &table);
        let mut reports: Diagnostics = table
            .reports()
            .iter()
            .map(|report| format!("Ingress {} {}: {}", report.ingress, report.field, report.message))
            .collect();
        let dead = upstreams.iter().filter(|(_, endpoints)| endpoints.is_empty());
        reports
            .extend(dead.map(|(backend, _)| format!("{backend} has no endpoints; its requests are answered with 503")));
        if settings.network_policy {
            // Compiled now, so that no request waits for it.
            engine.policies();
        }
        let filter = Filter {
            reads_headers: table.reads_headers(),
            table,
            upstreams,
            engine,
            mode: settings.mode,
            network_policy: settings.network_policy,
            explain: settings.explain,
            cluster: settings.cluster.clone(),
            remove_headers: settings.remove_headers.clone(),
            turn: Cell::new(0),
        };
        (filter, reports)
    }

    /// Handles the head of a request.
    pub fn on_request_headers(&self, host: &mut impl Host) -> Next {
        // Before anything else, on every path: a client that chooses its upstream has an open proxy.
        for name in CHOOSING_HEADERS.iter().copied().chain(self.remove_headers.iter().map(String::as_str)) {
            if host.request_header(name).is_some() {
                host.set_request_header(name, None);
            }
        }
        let (decision, because) = self.decide(host);
        if self.mode == Mode::Shadow {
            return Next::Continue(vec![(SHADOW_HEADER, header_value(&format!("{}; {because}", decision.words())))]);
        }
        let because = if self.explain { Some(header_value(&because)) } else { None };
        match decision {
            Decision::Forward { cluster, endpoint, target } => {
                host.set_request_header(CLUSTER_HEADER, Some(&cluster));
                host.set_request_header(ENDPOINT_HEADER, Some(&endpoint.to_string()));
                if let Some(target) = target {
                    host.set_request_header(":path", Some(&target));
                }
                Next::Continue(because.into_iter().map(|because| (BECAUSE_HEADER, because)).collect())
            }
            Decision::Redirect { code, location } => {
                let location = header_value(&location);
                let mut headers = vec![("location", location.as_str())];
                headers.extend(because.as_deref().map(|because| (BECAUSE_HEADER, because)));
                host.respond(code, &headers, "");
                Next::Answered
            }
            Decision::Refuse { code, text } => {
                let mut headers = vec![("content-type", "text/plain")];
                headers.extend(because.as_deref().map(|because| (BECAUSE_HEADER, because)));
                host.respond(code, &headers, &format!("{text}\n"));
                Next::Answered
            }
        }
    }

    fn decide(&self, host: &impl Host) -> (Decision, String) {
        let (Some(authority), Some(path)) = (host.request_header(":authority"), host.request_header(":path")) else {
            let text = "the request names no host or no path".to_owned();
            return (Decision::Refuse { code: 400, text: text.clone() }, text);
        };
        let scheme = host.request_header("x-forwarded-proto").or_else(|| host.request_header(":scheme"));
        let owned = if self.reads_headers { host.request_headers() } else { Vec::new() };
        let headers: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method = host.request_header(":method");
        let (path, query) = path.split_once('?').map_or((path.as_str(), None), |(path, query)| (path, Some(query)));
        let source = host.source_address().as_deref().and_then(address);
        let request = Request {
            secure: scheme.as_deref() == Some("https"),
            host: &authority,
            path: path.split_once('#').map_or(path, |(path, _)| path),
            query,
            method: method.as_deref().unwrap_or("GET"),
            headers: &headers,
            source,
        };
        let route = self.table.route(&request);
        let decision = self.carry_out(&route, &request, authority.len() + path.len());
        let because = match &decision {
            (_, Some(because)) => because.clone(),
            _ if self.explain || self.mode == Mode::Shadow => explain(&self.table, &request, &route).because,
            _ => String::new(),
        };
        (decision.0, because)
    }

    /// Beside the decision comes its reason, where it is not the table's.
    fn carry_out(&self, route: &Route<'_>, request: &Request<'_>, salt: usize) -> (Decision, Option<String>) {
        if let Some(redirect) = &route.redirect {
            return (Decision::Redirect { code: redirect.code, location: redirect.location.clone() }, None);
        }
        if let Some(refusal) = &route.refusal {
            return (Decision::Refuse { code: refusal.code, text: refusal.because.clone() }, None);
        }
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        let backend = match (route.canary, route.backend) {
            // Nothing decided: the canary gets its share of the turns.
            (Some(canary), Some(main)) if canary.backend != *main => {
                let turn = i64::try_from(turn.wrapping_mul(61).wrapping_add(salt) % 1_000_000).unwrap_or(0);
                if turn % canary.weight_total < canary.weight { Some(&canary.backend) } else { Some(main) }
            }
            (_, backend) => backend,
        };
        let Some(backend) = backend else {
            return (Decision::Refuse { code: 404, text: "no Ingress rule serves this request".to_owned() }, None);
        };
        let endpoints = self.upstreams.get(backend).map(Vec::as_slice).unwrap_or_default();
        let Some(chosen) = endpoints.get(turn % endpoints.len().max(1)) else {
            let text = format!("{backend} has no ready endpoint");
            return (Decision::Refuse { code: 503, text: text.clone() }, Some(text));
        };
        if let Some(because) = self.forbidden(request.source, chosen) {
            let text = "NetworkPolicy does not let this client in".to_owned();
            return (Decision::Refuse { code: 403, text }, Some(because));
        }
        let decision = Decision::Forward {
            cluster: self.cluster_of(backend),
            endpoint: chosen.address,
            target: route.upstream_target.clone(),
        };
        (decision, None)
    }

    /// Why NetworkPolicy does not let the client reach the endpoint.
    fn forbidden(&self, source: Option<IpAddr>, chosen: &Upstream) -> Option<String> {
        if !self.network_policy {
            return None;
        }
        let Some(source) = source else { return Some("the client's address is not known".to_owned()) };
        let index = self.engine.policies();
        let pod = chosen.pod.as_ref().and_then(|pod| index.pod(pod));
        let to = pod.map_or(End::Address(chosen.address.ip()), End::Pod);
        let from = End::Address(source);
        let verdict = index.verdict(from, to, chosen.address.port(), Protocol::Tcp);
        if verdict.allowed() {
            return None;
        }
        let (_, reasons) = index.explain(from, to, chosen.address.port(), Protocol::Tcp);
        let steps: Vec<String> = reasons
            .iter()
            .map(|reason| {
                let policy = reason.policy.as_ref().map(|(kind, key)| format!(" by {} {key}", kind.name()));
                let field = reason.field().map(|field| format!(" {field}")).unwrap_or_default();
                format!("{} {}{}{field}", reason.direction.name(), reason.effect.name(), policy.unwrap_or_default())
            })
            .collect();
        Some(format!("{source} to {}: {}", chosen.address, steps.join("; ")))
    }

    fn cluster_of(&self, backend: &Backend) -> String {
        let Backend::Service { key, port } = backend else { return self.cluster.clone() };
        if !self.cluster.contains('{') {
            return self.cluster.clone();
        }
        let cluster = self.cluster.replace("{namespace}", &key.namespace).replace("{service}", &key.name);
        cluster.replace("{port}", &port.to_string())
    }
}

impl Decision {
    fn words(&self) -> String {
        match self {
            Decision::Forward { cluster, endpoint, target } => {
                let target = target.as_ref().map(|target| format!(" as {target}")).unwrap_or_default();
                format!("forward to {endpoint} in {cluster}{target}")
            }
            Decision::Redirect { code, location } => format!("redirect {code} to {location}"),
            Decision::Refuse { code, text } => format!("answer {code}: {text}"),
        }
    }
}

/// An address as Envoy writes it: `ip:port`, `[ip]:port`, or an address alone.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<SocketAddr>().map(|address| address.ip()).ok().or_else(|| text.parse().ok())
}

/// What may stand in a header: anything else becomes `?`.
fn header_value(text: &str) -> String {
    text.chars().map(|letter| if matches!(letter, ' '..='~') { letter } else { '?' }).collect()
}
