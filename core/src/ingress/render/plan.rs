//! A table laid out for writing: hosts with rules of which the first that matches wins.

use super::super::conduct::Conduct;
use super::super::matching::{MatchHost, MatchPath};
use super::super::pattern::quoted;
use super::super::regions::regions;
use super::super::table::{Entry, Host, RouteTable};
use super::super::upstream;
use super::super::{Backend, Controller};
use super::{NodePorts, Settings};
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use crate::order::Arrange as _;
use std::net::{IpAddr, SocketAddr};

/// What a proxy is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The endpoints behind the rules.
    pub backends: Vec<PlannedBackend>,
    /// The hosts: exact ones, then wildcards from the longest to the shortest, then all others.
    pub sites: Vec<Site>,
    /// The Services' ports that are mapped to node ports.
    pub node_ports: Vec<NodePort>,
    /// Whether paths are normalized as Envoy does it before they are compared.
    pub normalize: bool,
    /// What cannot be said.
    pub reports: Vec<String>,
}

/// A backend with its endpoints.
#[derive(Clone, Debug)]
pub struct PlannedBackend {
    /// A name that every proxy takes.
    pub name: String,
    /// Where it is.
    pub addresses: Vec<SocketAddr>,
}

/// A host and its rules.
#[derive(Clone, Debug)]
pub struct Site {
    /// The names.
    pub host: SiteHost,
    /// Its rules; the last takes every path.
    pub rules: Vec<Rule>,
}

/// The names of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SiteHost {
    /// A host, in lower case.
    Exact(String),
    /// One label before this suffix. With `strict`, the label has to be in lower case, and a host under the suffix that it
    /// does not take gets 404; without, such a host is one of all others.
    Wildcard {
        /// Behind `*.`
        suffix: String,
        /// Whether the wildcard decides for every host under it.
        strict: bool,
    },
    /// The hosts, in lower case, in which the expression is found.
    Regex {
        /// The expression.
        source: String,
        /// Whether letter case is ignored.
        ignore_case: bool,
    },
    /// All others.
    Any,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The paths.
    pub takes: Takes,
    /// What is done.
    pub action: Action,
}

/// The paths of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takes {
    /// This path.
    Exact(String),
    /// What begins with this.
    Prefix(String),
    /// What matches from its first character; with `full`, to its last.
    Regex {
        /// The expression.
        source: String,
        /// Whether letter case is ignored.
        ignore_case: bool,
        /// Whether it has to match the whole path.
        full: bool,
    },
}

/// What is done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes to that backend; the path may be rewritten: what is looked for, in any letter case, and what the whole path
    /// becomes, with `$1` to `$9`.
    Forward {
        /// The place of the backend.
        backend: usize,
        /// Pattern and target.
        rewrite: Option<(String, String)>,
    },
    /// The client is sent elsewhere.
    Redirect(Elsewhere),
    /// The proxy answers by itself.
    Respond(u16),
}

/// Where a client is sent; what is none stays as it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// 301, 302, 303, 307 or 308.
    pub code: u16,
    /// `http` or `https`.
    pub scheme: Option<String>,
    /// The host.
    pub host: Option<String>,
    /// The path and query.
    pub path: Option<String>,
}

/// A port of a Service that is mapped to node ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePort {
    /// `namespace-name-port`.
    pub name: String,
    /// Where the proxy listens.
    pub listen: u16,
    /// The nodes, at the node port.
    pub to: Vec<SocketAddr>,
}

impl Plan {
    /// Lays a table out.
    pub fn of(cluster: &Cluster, endpoints: &EndpointsTable, table: &RouteTable, settings: &Settings) -> Self {
        let found = upstream::all(cluster, endpoints, table);
        let backends = found.iter().map(|(backend, upstreams)| PlannedBackend {
            name: name_of(backend),
            addresses: upstreams.iter().map(|upstream| upstream.address).collect(),
        });
        let mut plan = Plan {
            backends: backends.collect(),
            sites: Vec::new(),
            node_ports: Vec::new(),
            normalize: table.controller() == Controller::Contour,
            reports: Vec::new(),
        };
        let known: Vec<&Backend> = found.keys().collect();
        let order = table.plain.patterns_in_order();
        let rank = |at: usize, host: &Host| match &host.matches {
            MatchHost::Exact(_) => (0, 0),
            MatchHost::Any => (2, 0),
            _ if !order.is_empty() => (1, order.iter().position(|host| *host == at).unwrap_or(usize::MAX)),
            MatchHost::Wildcard(suffix) => (1, usize::MAX - suffix.len()),
            MatchHost::Regex(_) => (1, usize::MAX),
        };
        let mut hosts: Vec<(usize, &Host)> =
            table.hosts().iter().enumerate().filter(|(_, host)| host.secure != Some(true)).collect();
        hosts.arrange_by_key(|(at, host)| rank(*at, host));
        let mut hosts: Vec<Option<&Host>> = hosts.into_iter().map(|(_, host)| Some(host)).collect();
        if !hosts.iter().flatten().any(|host| host.matches == MatchHost::Any) {
            hosts.push(None);
        }
        for host in hosts {
            let rules = plan.rules(table, &known, host);
            let host = match host.map(|host| &host.matches) {
                Some(MatchHost::Exact(name)) => SiteHost::Exact(name.to_string()),
                Some(MatchHost::Wildcard(suffix)) => {
                    SiteHost::Wildcard { suffix: suffix.to_string(), strict: table.controller() == Controller::Contour }
                }
                Some(MatchHost::Regex(source)) => match source.strip_prefix('~') {
                    Some(expression) => SiteHost::Regex {
                        source: expression.to_owned(),
                        ignore_case: expression.bytes().any(|byte| byte.is_ascii_uppercase()),
                    },
                    None => {
                        let suffix = source.trim_start_matches("*.");
                        SiteHost::Regex { source: format!(".\\.{}$", quoted(suffix)), ignore_case: false }
                    }
                },
                _ => SiteHost::Any,
            };
            plan.sites.push(Site { host, rules });
        }
        if table.tls().iter().next().is_some() {
            plan.reports.push("TLS is not rendered: the certificates' files are not known".to_owned());
        }
        plan.map_node_ports(cluster, settings);
        plan
    }

    fn rules(&mut self, table: &RouteTable, known: &[&Backend], host: Option<&Host>) -> Vec<Rule> {
        let every = || Takes::Prefix("/".to_owned());
        let Some(host) = host else {
            let action = self.action(known, table.default_entry());
            return vec![Rule { takes: every(), action }];
        };
        if let Some(to) = &host.server.redirect_to {
            let to = Elsewhere { code: 308, scheme: None, host: Some(to.clone()), path: None };
            return vec![Rule { takes: every(), action: Action::Redirect(to) }];
        }
        let mut rules = Vec::new();
        if let Some(root) = &host.server.app_root {
            let to = Elsewhere { code: 302, scheme: None, host: None, path: Some(root.clone()) };
            rules.push(Rule { takes: Takes::Exact("/".to_owned()), action: Action::Redirect(to) });
        }
        let is_regex = |entry: &Entry| matches!(entry.path, MatchPath::Regex { .. });
        if host.entries.iter().any(is_regex) {
            // Expressions cannot be cut into regions; their hosts have an order that a list can keep.
            for entry in host.entries.iter().filter(|entry| entry.shadowed_by.is_none()) {
                let action = self.action(known, Some(entry));
                for takes in takes(&entry.path) {
                    rules.push(Rule { takes, action: action.clone() });
                }
            }
        } else {
            for region in regions(&[host]) {
                let entry = host.find(&region.example).or(table.default_entry());
                let action = match slash(host, &region.example, entry) {
                    Some(to) => Action::Redirect(to),
                    None => self.action(known, entry),
                };
                let path = region.path.clone();
                let takes = if region.exact { Takes::Exact(path) } else { Takes::Prefix(path) };
                if !rules.iter().any(|known: &Rule| known.takes == takes) {
                    rules.push(Rule { takes, action });
                }
            }
        }
        if !rules.iter().any(|rule| rule.takes == every()) {
            let action = self.action(known, table.default_entry());
            rules.push(Rule { takes: every(), action });
        }
        rules
    }

    fn action(&mut self, known: &[&Backend], entry: Option<&Entry>) -> Action {
        let Some(entry) = entry else { return Action::Respond(404) };
        let plain = Conduct::default();
        let conduct = entry.conduct.as_deref().unwrap_or(&plain);
        let mut left_out = |what: &str| {
            let report = format!("{} {}: {what} is not rendered", entry.origin.ingress, entry.origin.field());
            if !self.reports.contains(&report) {
                self.reports.push(report);
            }
        };
        if conduct.denied.is_some() {
            return Action::Respond(503);
        }
        if let Some((code, url)) = &conduct.redirect {
            match elsewhere(*code, url) {
                Some(to) => return Action::Redirect(to),
                None => left_out("a redirect to a URL with variables other than `$request_uri`"),
            }
        }
        if conduct.force_ssl_redirect {
            let code = if conduct.ssl_redirect { 308 } else { 301 };
            return Action::Redirect(Elsewhere { code, scheme: Some("https".to_owned()), host: None, path: None });
        }
        if !conduct.allow.is_empty() || !conduct.deny.is_empty() {
            left_out("a range of clients");
        }
        if conduct.canary.is_some() {
            left_out("a canary");
        }
        if conduct.backend_protocol.is_some() {
            left_out("a backend protocol");
        }
        match known.iter().position(|backend| **backend == entry.backend) {
            Some(backend) => {
                let rewrite = conduct.rewrite.as_ref().map(|rewrite| (rewrite.source.clone(), rewrite.target.clone()));
                Action::Forward { backend, rewrite }
            }
            None => Action::Respond(404),
        }
    }

    fn map_node_ports(&mut self, cluster: &Cluster, settings: &Settings) {
        let mut nodes = settings.nodes.clone();
        if nodes.is_empty() {
            let addresses = cluster.nodes.iter().flat_map(|(_, node)| &node.status.addresses);
            let internal = addresses.filter(|address| address.r#type == "InternalIP");
            nodes = internal.filter_map(|address| address.address.parse::<IpAddr>().ok()).collect();
        }
        for (key, service) in cluster.services.iter() {
            for port in service.ports().iter().filter(|port| matches!(port.protocol.as_str(), "" | "TCP")) {
                let listen = match &settings.node_ports {
                    NodePorts::No => None,
                    NodePorts::All => u16::try_from(port.port).ok(),
                    NodePorts::Some(wanted) => wanted
                        .iter()
                        .find(|(_, namespace, name, number)| {
                            *namespace == key.namespace && *name == key.name && *number == port.port
                        })
                        .map(|(listen, ..)| *listen),
                };
                let (Some(listen), Some(node_port)) =
                    (listen, u16::try_from(port.node_port).ok().filter(|it| *it != 0))
                else {
                    continue;
                };
                let name = format!("{}-{}-{}", key.namespace, key.name, port.port);
                if listen == settings.port || self.node_ports.iter().any(|known| known.listen == listen) {
                    self.reports.push(format!("port {listen} is taken already, so {name} is not mapped"));
                    continue;
                }
                let to: Vec<SocketAddr> = nodes.iter().map(|node| SocketAddr::new(*node, node_port)).collect();
                if to.is_empty() {
                    self.reports.push(format!("no node has an address, so {name} is not mapped"));
                    continue;
                }
                self.node_ports.push(NodePort { name, listen, to });
            }
        }
    }
}

/// nginx's redirect of a path that lacks the slash of its location.
fn slash(host: &Host, path: &str, entry: Option<&Entry>) -> Option<Elsewhere> {
    let is_nginx = host.entries.iter().any(|entry| entry.conduct.is_some());
    if !is_nginx || path.ends_with('/') || entry.is_some_and(|entry| entry.rank.exact) {
        return None;
    }
    host.find_named(&format!("{path}/"))?;
    Some(Elsewhere { code: 301, scheme: None, host: None, path: Some(format!("{path}/")) })
}

fn takes(path: &MatchPath) -> Vec<Takes> {
    match path {
        MatchPath::Exact(path) => vec![Takes::Exact(path.to_string())],
        MatchPath::Element(path) if path.is_empty() => vec![Takes::Prefix("/".to_owned())],
        MatchPath::Element(path) => vec![Takes::Exact(path.to_string()), Takes::Prefix(format!("{path}/"))],
        MatchPath::Text(path) => vec![Takes::Prefix(path.to_string())],
        MatchPath::Regex { source, ignore_case, full, .. } => {
            let source = source.strip_prefix('^').unwrap_or(source).to_owned();
            vec![Takes::Regex { source, ignore_case: *ignore_case, full: *full }]
        }
    }
}

/// Takes a URL apart; `$request_uri` at its end keeps the path.
fn elsewhere(code: u16, url: &str) -> Option<Elsewhere> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, keeps) = rest.strip_suffix("$request_uri").map_or((rest, false), |rest| (rest, true));
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if rest.contains('$') || (keeps && !path.is_empty()) || !matches!(scheme, "http" | "https") {
        return None;
    }
    let path = if path.is_empty() { "/" } else { path };
    let path = if keeps { None } else { Some(path.to_owned()) };
    Some(Elsewhere { code, scheme: Some(scheme.to_owned()), host: Some(host.to_owned()), path })
}

fn name_of(backend: &Backend) -> String {
    match backend {
        Backend::Service { key, port } => format!("{}_{}_{port}", key.namespace, key.name),
        Backend::Resource { namespace, kind, name, .. } => format!("{namespace}_{kind}_{name}"),
        Backend::Nothing => "nothing".to_owned(),
    }
}

/// The label of a strict wildcard.
pub(super) const STRICT_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
