//! Envoy 1.40: a static bootstrap configuration, as JSON.

use super::Settings;
use super::plan::{
    Action, Clients, Elsewhere, NodePort, Part, Piece, Plan, PlannedBackend, Rule, STRICT_LABEL, Site, SiteHost, Takes,
    Tls, Value, Variable,
};
use crate::routing::MatchHost;
use crate::routing::pattern::quoted;
use ipnet::IpNet;
use portolan_base::json::Json;
use std::net::{IpAddr, SocketAddr};

const MANAGER: &str =
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";
const ROUTER: &str = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router";
const RBAC: &str = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC";
const RBAC_NAME: &str = "envoy.filters.http.rbac";
const UPSTREAM_TLS: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext";
const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const TLS: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
const INSPECTOR: &str = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
const TCP_PROXY: &str = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";

pub(super) fn write(plan: &Plan, settings: &Settings) -> String {
    let plain = SocketAddr::new(settings.address, settings.port);
    let mut listeners = vec![listener("ingress", plain, manager(plan, &plan.sites))];
    if let Some(tls) = &plan.tls {
        listeners.push(tls_listener(plan, tls, SocketAddr::new(settings.address, tls.port)));
    }
    let mut clusters: Vec<Json> = plan.backends.iter().map(backend).collect();
    for port in &plan.node_ports {
        listeners.push(node_port(port, settings.address));
        clusters.push(cluster(&format!("node-port-{}", port.name), &port.to));
    }
    let resources = Json::object().with("listeners", Json::Array(listeners)).with("clusters", Json::Array(clusters));
    let mut text = Json::object().with("static_resources", resources).to_pretty();
    text.push('\n');
    text
}

/// The filter that takes requests for these sites.
fn manager(plan: &Plan, sites: &[Site]) -> Json {
    let others = sites.iter().find(|site| site.host == SiteHost::Any);
    let others: Vec<Json> =
        others.map(|site| site.rules.iter().flat_map(|rule| routes(plan, rule, None)).collect()).unwrap_or_default();
    let is_regex = |site: &Site| matches!(site.host, SiteHost::Regex { .. });
    let mut hosts: Vec<Json> = Vec::new();
    if sites.iter().any(is_regex) {
        // Envoy's domains know no expressions: all but the exact hosts are one, whose routes look at the host in order.
        let (exact, others): (Vec<&Site>, Vec<&Site>) =
            sites.iter().partition(|site| matches!(site.host, SiteHost::Exact(_)));
        hosts.extend(exact.iter().enumerate().map(|(at, site)| virtual_host(plan, at, site, &[])));
        let routes = others.iter().flat_map(|site| {
            let (_, condition) = domain(&site.host);
            site.rules.iter().flat_map(move |rule| routes(plan, rule, condition.as_deref())).collect::<Vec<Json>>()
        });
        let routes = Json::Array(routes.collect());
        let domains = Json::Array(vec![Json::from("*")]);
        hosts.push(Json::object().with("name", "others").with("domains", domains).with("routes", routes));
    } else {
        hosts.extend(sites.iter().enumerate().map(|(at, site)| virtual_host(plan, at, site, &others)));
    }
    let mut filters = vec![named("envoy.filters.http.router", Json::object().with("@type", ROUTER))];
    if sites.iter().flat_map(|site| &site.rules).any(|rule| rule.clients.is_some()) {
        // It does nothing but where a route says so.
        filters.insert(0, named(RBAC_NAME, Json::object().with("@type", RBAC)));
    }
    let manager = Json::object()
        .with("@type", MANAGER)
        .with("stat_prefix", "ingress")
        .with("use_remote_address", true)
        .with("normalize_path", plan.normalize)
        .with("merge_slashes", plan.normalize)
        .with("strip_any_host_port", false)
        .with(
            "route_config",
            Json::object()
                .with("name", "ingress")
                .with("ignore_port_in_host_matching", true)
                .with("virtual_hosts", Json::Array(hosts)),
        )
        .with("http_filters", Json::Array(filters));
    named("envoy.filters.network.http_connection_manager", manager)
}

/// A filter chain for each certificate, chosen by the name that the client asks for.
fn tls_listener(plan: &Plan, tls: &Tls, at: SocketAddr) -> Json {
    let manager = manager(plan, &tls.sites);
    let chains = tls.certificates.iter().map(|shown| {
        let file = || Json::object().with("filename", shown.file.clone());
        let certificate = Json::object().with("certificate_chain", file()).with("private_key", file());
        let common = Json::object()
            .with("tls_certificates", Json::Array(vec![certificate]))
            .with("alpn_protocols", Json::Array(vec![Json::from("h2"), Json::from("http/1.1")]));
        let context = Json::object().with("@type", TLS).with("common_tls_context", common);
        let chain = Json::object()
            .with("filters", Json::Array(vec![manager.clone()]))
            .with("transport_socket", named("envoy.transport_sockets.tls", context));
        if shown.names.contains(&MatchHost::Any) {
            return chain;
        }
        let names = shown.names.iter().map(|name| Json::from(name.to_string())).collect();
        chain.with("filter_chain_match", Json::object().with("server_names", Json::Array(names)))
    });
    let inspector = named("envoy.filters.listener.tls_inspector", Json::object().with("@type", INSPECTOR));
    Json::object()
        .with("name", "ingress-tls")
        .with("address", address(at))
        .with("listener_filters", Json::Array(vec![inspector]))
        .with("filter_chains", Json::Array(chains.collect()))
}

fn named(name: &str, typed_config: Json) -> Json {
    Json::object().with("name", name.to_owned()).with("typed_config", typed_config)
}

fn address(address: SocketAddr) -> Json {
    let socket = Json::object().with("address", address.ip().to_string()).with("port_value", i64::from(address.port()));
    Json::object().with("socket_address", socket)
}

fn listener(name: &str, at: SocketAddr, filter: Json) -> Json {
    let chain = Json::object().with("filters", Json::Array(vec![filter]));
    Json::object()
        .with("name", name.to_owned())
        .with("address", address(at))
        .with("filter_chains", Json::Array(vec![chain]))
}

fn node_port(port: &NodePort, at: IpAddr) -> Json {
    let proxy = Json::object()
        .with("@type", TCP_PROXY)
        .with("stat_prefix", port.name.clone())
        .with("cluster", format!("node-port-{}", port.name));
    listener(&port.name, SocketAddr::new(at, port.listen), named("envoy.filters.network.tcp_proxy", proxy))
}

fn backend(backend: &PlannedBackend) -> Json {
    let mut cluster = cluster(&backend.name, &backend.addresses);
    let protocol = backend.protocol;
    if protocol.is_secure() {
        let mut common = Json::object();
        if protocol.is_grpc() {
            common.set("alpn_protocols", Json::Array(vec![Json::from("h2")]));
        }
        let context = Json::object().with("@type", UPSTREAM_TLS).with("common_tls_context", common);
        cluster.set("transport_socket", named("envoy.transport_sockets.tls", context));
    }
    if protocol.is_grpc() {
        let options = Json::object()
            .with("@type", format!("type.googleapis.com/{HTTP_OPTIONS}"))
            .with("explicit_http_config", Json::object().with("http2_protocol_options", Json::object()));
        cluster.set("typed_extension_protocol_options", Json::object().with(HTTP_OPTIONS, options));
    }
    cluster
}

fn cluster(name: &str, addresses: &[SocketAddr]) -> Json {
    let endpoints =
        addresses.iter().map(|at| Json::object().with("endpoint", Json::object().with("address", address(*at))));
    let locality = Json::object().with("lb_endpoints", Json::Array(endpoints.collect()));
    let load = Json::object().with("cluster_name", name.to_owned()).with("endpoints", Json::Array(vec![locality]));
    Json::object()
        .with("name", name.to_owned())
        .with("type", "STATIC")
        .with("connect_timeout", "5s")
        .with("load_assignment", load)
}

/// The domain of a virtual host, and the expression that its routes hold `:authority` against.
fn domain(host: &SiteHost) -> (String, Option<String>) {
    match host {
        SiteHost::Exact(host) => (host.clone(), None),
        SiteHost::Wildcard { suffix, strict } => {
            let label = if *strict { STRICT_LABEL } else { "(?i)[^.]+" };
            (format!("*.{suffix}"), Some(format!("{label}\\.{}(:[0-9]+)?", quoted(suffix))))
        }
        SiteHost::Regex { source, .. } => {
            // Envoy's expressions take the whole text; the host may be in capitals and have a port.
            let condition = match source.strip_suffix('$').filter(|_| !source.contains('|')) {
                Some(inner) => format!("(?i).*(?:{inner})(:[0-9]+)?"),
                None => format!("(?i).*(?:{source}).*"),
            };
            ("*".to_owned(), Some(condition))
        }
        SiteHost::Any => ("*".to_owned(), None),
    }
}

fn virtual_host(plan: &Plan, at: usize, site: &Site, others: &[Json]) -> Json {
    let (domain, condition) = domain(&site.host);
    let mut routes: Vec<Json> = site.rules.iter().flat_map(|rule| routes(plan, rule, condition.as_deref())).collect();
    // Envoy's wildcards take several labels: a host that this one does not take is one of all others.
    if matches!(site.host, SiteHost::Wildcard { strict: false, .. }) {
        routes.extend(others.iter().cloned());
    }
    Json::object()
        .with("name", format!("site-{at}"))
        .with("domains", Json::Array(vec![Json::from(domain)]))
        .with("routes", Json::Array(routes))
}

/// One route, or one for each way in which a canary is chosen, the first that decides before the others.
fn routes(plan: &Plan, rule: &Rule, host: Option<&str>) -> Vec<Json> {
    let regex = |regex: String| Json::object().with("safe_regex", Json::object().with("regex", regex));
    let matches = match &rule.takes {
        Takes::Exact(path) => Json::object().with("path", path.clone()),
        Takes::Prefix(path) => Json::object().with("prefix", path.clone()),
        Takes::Regex { source, ignore_case, full } => {
            let flags = if *ignore_case { "(?i)" } else { "" };
            let rest = if *full { "" } else { ".*" };
            regex(format!("{flags}(?:{source}){rest}"))
        }
    };
    let mut headers = Vec::new();
    if let Some(host) = host {
        headers.push(header(":authority", regex(host.to_owned())));
    }
    let limits = rule.clients.as_ref().map(limits);
    let finish = |more: Option<Json>, name: &'static str, action: Json| {
        let all: Vec<Json> = headers.iter().cloned().chain(more).collect();
        let mut matches = matches.clone();
        if !all.is_empty() {
            matches.set("headers", Json::Array(all));
        }
        let route = Json::object().with("match", matches);
        let route = match &limits {
            Some(limits) => route.with("typed_per_filter_config", Json::object().with(RBAC_NAME, limits.clone())),
            None => route,
        };
        route.with(name, action)
    };
    match &rule.action {
        Action::Forward { backend, rewrite, canary } => {
            let name = |at: usize| plan.backends.get(at).map(|backend| backend.name.clone()).unwrap_or_default();
            let to = |mut action: Json| {
                if let Some((pattern, target)) = rewrite {
                    action.set("regex_rewrite", rewriting(pattern, target));
                }
                action
            };
            let one = |at: usize| to(Json::object().with("cluster", name(at)));
            let Some(part) = canary else { return vec![finish(None, "route", one(*backend))] };
            let mut out = Vec::new();
            for (condition, chosen) in conditions(part) {
                let at = if chosen { part.backend } else { *backend };
                out.push(finish(Some(condition), "route", one(at)));
            }
            let weight = |at: usize, weight: i64| Json::object().with("name", name(at)).with("weight", weight);
            let clusters = vec![weight(*backend, part.total - part.weight), weight(part.backend, part.weight)];
            let clusters = Json::object().with("clusters", Json::Array(clusters));
            out.push(finish(None, "route", to(Json::object().with("weighted_clusters", clusters))));
            out
        }
        Action::Redirect(to) => vec![finish(None, "redirect", redirect(to))],
        Action::SendRewritten(to) => {
            let mut action = Json::object().with("response_code", "FOUND");
            for (name, value) in [("scheme_redirect", &to.scheme), ("host_redirect", &to.host)] {
                if let Some(value) = value {
                    action.set(name, value.clone());
                }
            }
            action.set("regex_rewrite", rewriting(&to.pattern, &to.path));
            if !to.keeps_query {
                action.set("strip_query", true);
            }
            vec![finish(None, "redirect", action)]
        }
        Action::Send(code, pieces) => {
            let send = |condition: Option<Json>, has_query: bool| {
                let location: String = pieces.iter().map(|it| piece(it, has_query)).collect();
                let location = Json::object().with("key", "location").with("value", location);
                let add = Json::object().with("header", location).with("append_action", "OVERWRITE_IF_EXISTS_OR_ADD");
                let answer = Json::object().with("status", i64::from(*code));
                let route = finish(condition, "direct_response", answer);
                route.with("response_headers_to_add", Json::Array(vec![add]))
            };
            let asks = |piece: &Piece| matches!(piece, Piece::Variable(Variable::Args | Variable::IsArgs));
            if !pieces.iter().any(asks) {
                return vec![send(None, true)];
            }
            let query = header(":path", Json::object().with("contains", "?"));
            vec![send(Some(query), true), send(None, false)]
        }
        Action::Respond(code) => {
            vec![finish(None, "direct_response", Json::object().with("status", i64::from(*code)))]
        }
    }
}

/// Envoy replaces what the pattern matches, so the pattern takes the whole path.
fn rewriting(pattern: &str, target: &str) -> Json {
    let pattern = Json::object().with("regex", format!("(?is)^.*?(?:{pattern}).*$"));
    Json::object().with("pattern", pattern).with("substitution", target.replace('$', "\\"))
}

fn header(name: &str, string_match: Json) -> Json {
    Json::object().with("name", name.to_owned()).with("string_match", string_match)
}

/// What decides for the other backend (`true`) or against it.
fn conditions(part: &Part) -> Vec<(Json, bool)> {
    let exact = |value: &str| Json::object().with("exact", value.to_owned());
    let regex = |regex: String| Json::object().with("safe_regex", Json::object().with("regex", regex));
    let mut out = Vec::new();
    if let Some((name, value)) = &part.header {
        let name = name.to_ascii_lowercase();
        match value {
            Value::Always => {
                out.push((header(&name, exact("always")), true));
                out.push((header(&name, exact("never")), false));
            }
            Value::Exact(value) => out.push((header(&name, exact(value)), true)),
            Value::Regex(source) => out.push((header(&name, regex(format!("(?s).*(?:{source}).*"))), true)),
        }
    }
    if let Some(cookie) = &part.cookie {
        for (value, chosen) in [("always", true), ("never", false)] {
            let cookies = regex(format!("(?:.*; ?)?{}={value}(?:;.*)?", quoted(cookie)));
            out.push((header("cookie", cookies), chosen));
        }
    }
    out
}

/// Who is let in, for one route.
fn limits(clients: &Clients) -> Json {
    let any = |ranges: &[IpNet]| {
        let ranges = ranges.iter().map(|range| {
            let range = Json::object()
                .with("address_prefix", range.network().to_string())
                .with("prefix_len", i64::from(range.prefix_len()));
            Json::object().with("remote_ip", range)
        });
        Json::object().with("or_ids", Json::object().with("ids", Json::Array(ranges.collect())))
    };
    let mut all = Vec::new();
    if !clients.allow.is_empty() {
        all.push(any(&clients.allow));
    }
    if !clients.deny.is_empty() {
        all.push(Json::object().with("not_id", any(&clients.deny)));
    }
    let who = Json::object().with("and_ids", Json::object().with("ids", Json::Array(all)));
    let every = Json::object().with("any", true);
    let policy =
        Json::object().with("permissions", Json::Array(vec![every])).with("principals", Json::Array(vec![who]));
    let rules = Json::object().with("action", "ALLOW").with("policies", Json::object().with("clients", policy));
    Json::object().with("@type", format!("{RBAC}PerRoute")).with("rbac", Json::object().with("rules", rules))
}

/// Envoy's words for a part of a request that has a query or not; a host keeps its port.
fn piece(piece: &Piece, has_query: bool) -> String {
    match piece {
        Piece::Text(text) => text.replace('%', "%%"),
        Piece::Variable(variable) => match variable {
            Variable::RequestUri => "%REQ(:PATH)%",
            Variable::Uri => "%PATH(NQ)%",
            Variable::Host | Variable::HttpHost => "%REQ(:AUTHORITY)%",
            Variable::Scheme => "%REQ(:SCHEME)%",
            Variable::Method => "%REQ(:METHOD)%",
            Variable::Args if has_query => "%QUERY_PARAMS(ORIG)%",
            Variable::IsArgs if has_query => "?",
            Variable::Args | Variable::IsArgs => "",
        }
        .to_owned(),
    }
}

fn redirect(to: &Elsewhere) -> Json {
    let code = match to.code {
        302 => "FOUND",
        303 => "SEE_OTHER",
        307 => "TEMPORARY_REDIRECT",
        308 => "PERMANENT_REDIRECT",
        _ => "MOVED_PERMANENTLY",
    };
    let mut action = Json::object().with("response_code", code);
    for (name, value) in [("scheme_redirect", &to.scheme), ("host_redirect", &to.host), ("path_redirect", &to.path)] {
        if let Some(value) = value {
            action.set(name, value.clone());
        }
    }
    action
}
