//! What is done with a request.

use crate::configuration::{Diagnostics, Settings};
use portolan::engine::Engine;
use portolan::net::Protocol;
use portolan::policy::verdict::End;
use portolan::routing::explain::explain;
use portolan::routing::upstream::{self, Upstream};
use portolan::routing::{Backend, Request, Route, RouteTable};
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

/// The proxy around the filter: what the filter asks of it. Every call leaves the WebAssembly module, which costs about as
/// much as choosing a rule does; most requests need three.
pub trait Host {
    /// Every request header, with its name in lower case; `:path`, `:authority`, `:method` and `:scheme` too.
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
    targets: Vec<Target>,
    /// The place in `targets` of every backend.
    by_backend: BTreeMap<Backend, usize>,
    /// The place in `targets` of every rule, by its number.
    by_rule: Vec<usize>,
    mode: Mode,
    network_policy: bool,
    explain: bool,
    reads_source: bool,
    remove_headers: Vec<String>,
    turn: Cell<usize>,
}

/// A backend, in the words of the headers that choose it.
#[derive(Debug)]
struct Target {
    backend: Backend,
    cluster: String,
    endpoints: Vec<Endpoint>,
}

#[derive(Debug)]
struct Endpoint {
    upstream: Upstream,
    /// Its address and port as text.
    address: String,
}

/// What would be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Decision<'f> {
    Forward { cluster: &'f str, endpoint: &'f str, path: Option<String> },
    Redirect { code: u16, location: String },
    Refuse { code: u16, text: String },
}

impl Filter {
    /// Compiles the table of an engine. Beside the filter comes what the table reports.
    pub fn new(settings: &Settings, engine: Engine) -> (Self, Diagnostics) {
        let table = engine.route_table(settings.controller, settings.ingress_class.as_deref());
        let targets: Vec<Target> = upstream::all(engine.cluster(), engine.endpoints(), &table)
            .into_iter()
            .map(|(backend, upstreams)| Target::new(&settings.cluster, backend, upstreams))
            .collect();
        let by_backend: BTreeMap<Backend, usize> =
            targets.iter().enumerate().map(|(at, target)| (target.backend.clone(), at)).collect();
        let rules = table.hosts().iter().flat_map(|host| host.entries()).chain(table.default_entry());
        let by_rule = rules.map(|entry| by_backend.get(&entry.backend).copied().unwrap_or(usize::MAX)).collect();
        let mut reports: Diagnostics = table
            .reports()
            .iter()
            .map(|report| format!("Ingress {} {}: {}", report.object, report.field, report.message))
            .collect();
        let dead = targets.iter().filter(|target| target.endpoints.is_empty()).map(|target| &target.backend);
        reports.extend(dead.map(|backend| format!("{backend} has no endpoints; its requests are answered with 503")));
        if settings.network_policy {
            // Compiled now, so that no request waits for it.
            engine.policies();
        }
        let filter = Filter {
            reads_source: settings.network_policy || table.reads_source(),
            table,
            targets,
            by_backend,
            by_rule,
            engine,
            mode: settings.mode,
            network_policy: settings.network_policy,
            explain: settings.explain,
            remove_headers: settings.remove_headers.clone(),
            turn: Cell::new(0),
        };
        (filter, reports)
    }

    /// Handles the head of a request.
    pub fn on_request_headers(&self, host: &mut impl Host) -> Next {
        let mut headers = host.request_headers();
        // Before anything else, on every path: a client that chooses its upstream has an open proxy.
        headers.retain(|(name, _)| {
            let stays = !self.is_removed(name);
            if !stays {
                host.set_request_header(name, None);
            }
            stays
        });
        let (decision, because) = self.decide(&headers, host);
        if self.mode == Mode::Shadow {
            return Next::Continue(vec![(SHADOW_HEADER, header_value(&format!("{}; {because}", decision.words())))]);
        }
        let because = if self.explain { Some(header_value(&because)) } else { None };
        match decision {
            Decision::Forward { cluster, endpoint, path } => {
                if !cluster.is_empty() {
                    host.set_request_header(CLUSTER_HEADER, Some(cluster));
                }
                host.set_request_header(ENDPOINT_HEADER, Some(endpoint));
                if let Some(path) = path {
                    host.set_request_header(":path", Some(&path));
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

    fn is_removed(&self, name: &str) -> bool {
        CHOOSING_HEADERS.contains(&name) || self.remove_headers.iter().any(|removed| removed == name)
    }

    /// What is done with the request that has these headers, and why, where somebody asks for that.
    fn decide(&self, headers: &[(String, String)], host: &impl Host) -> (Decision<'_>, String) {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let header = |wanted: &str| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let (Some(authority), Some(target)) = (header(":authority"), header(":path")) else {
            let text = "the request names no host or no path".to_owned();
            return (Decision::Refuse { code: 400, text: text.clone() }, text);
        };
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let request = Request {
            secure: header("x-forwarded-proto").or_else(|| header(":scheme")) == Some("https"),
            host: authority,
            path: path.split_once('#').map_or(path, |(path, _)| path),
            query,
            method: header(":method").unwrap_or("GET"),
            headers: &headers,
            source: if self.reads_source { host.source_address().as_deref().and_then(address) } else { None },
        };
        let says_why = self.explain || self.mode == Mode::Shadow;
        if !says_why && let Some(entry) = self.table.forward(&request) {
            let target = self.by_rule.get(entry.number).and_then(|at| self.targets.get(*at));
            let (decision, because) = self.forward(&entry.backend, target, self.next_turn(), &request, None);
            return (decision, because.unwrap_or_default());
        }
        let route = self.table.route(&request);
        let (decision, because) = self.carry_out(&route, &request, authority.len() + path.len());
        let because = match because {
            Some(because) => because,
            None if says_why => explain(&self.table, &request, &route).because,
            None => String::new(),
        };
        (decision, because)
    }

    fn next_turn(&self) -> usize {
        let turn = self.turn.get().wrapping_add(1);
        self.turn.set(turn);
        turn
    }

    /// Beside the decision comes its reason, where it is not the table's.
    fn carry_out(&self, route: &Route<'_>, request: &Request<'_>, salt: usize) -> (Decision<'_>, Option<String>) {
        if let Some(redirect) = &route.redirect {
            return (Decision::Redirect { code: redirect.code, location: redirect.location.clone() }, None);
        }
        if let Some(refusal) = &route.refusal {
            return (Decision::Refuse { code: refusal.code, text: refusal.because.clone() }, None);
        }
        let turn = self.next_turn();
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
        let target = self.by_backend.get(backend).and_then(|at| self.targets.get(*at));
        self.forward(backend, target, turn, request, route.upstream_target.clone())
    }

    /// To the endpoint whose turn it is.
    fn forward<'f>(
        &'f self,
        backend: &Backend,
        target: Option<&'f Target>,
        turn: usize,
        request: &Request<'_>,
        path: Option<String>,
    ) -> (Decision<'f>, Option<String>) {
        let endpoints = target.map(|target| target.endpoints.as_slice()).unwrap_or_default();
        let chosen = endpoints.get(turn % endpoints.len().max(1));
        let (Some(target), Some(chosen)) = (target, chosen) else {
            let text = format!("{backend} has no ready endpoint");
            return (Decision::Refuse { code: 503, text: text.clone() }, Some(text));
        };
        if let Some(because) = self.forbidden(request.source, &chosen.upstream) {
            let text = "NetworkPolicy does not let this client in".to_owned();
            return (Decision::Refuse { code: 403, text }, Some(because));
        }
        (Decision::Forward { cluster: &target.cluster, endpoint: &chosen.address, path }, None)
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
}

impl Target {
    /// `cluster` is the Envoy cluster, with placeholders.
    fn new(cluster: &str, backend: Backend, upstreams: Vec<Upstream>) -> Self {
        let mut cluster = cluster.to_owned();
        if let Backend::Service { key, port } = &backend {
            let port = port.to_string();
            for (placeholder, value) in [("{namespace}", &key.namespace), ("{service}", &key.name), ("{port}", &port)] {
                cluster = cluster.replace(placeholder, value);
            }
        }
        let endpoint = |upstream: Upstream| Endpoint { address: upstream.address.to_string(), upstream };
        Target { backend, cluster, endpoints: upstreams.into_iter().map(endpoint).collect() }
    }
}

impl Decision<'_> {
    fn words(&self) -> String {
        match self {
            Decision::Forward { cluster, endpoint, path } => {
                let path = path.as_ref().map(|path| format!(" as {path}")).unwrap_or_default();
                let cluster = if cluster.is_empty() { String::new() } else { format!(" in {cluster}") };
                format!("forward to {endpoint}{cluster}{path}")
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
