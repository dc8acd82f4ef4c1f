//! A table laid out for writing: hosts with rules of which the first that matches wins.

mod rules;

use super::super::Backend;
use super::super::matching::MatchHost;
use super::super::pattern::quoted;
use super::super::table::{Host, RouteTable};
use super::super::upstream;
use super::certificate::file_name;
use super::{NodePorts, Proxy, Settings, TlsSettings};
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use ipnet::IpNet;
use portolan_base::sort::SmallSort as _;
use rules::Layout;
use std::net::{IpAddr, SocketAddr};

/// What a proxy is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The endpoints behind the rules.
    pub backends: Vec<PlannedBackend>,
    /// The hosts: exact ones, then wildcards from the longest to the shortest, then all others.
    pub sites: Vec<Site>,
    /// What is served over TLS.
    pub tls: Option<Tls>,
    /// The Services' ports that are mapped to node ports.
    pub node_ports: Vec<NodePort>,
    /// Whether paths are normalized as Envoy does it before they are compared.
    pub normalize: bool,
    /// What cannot be said.
    pub reports: Vec<String>,
}

/// What is served over TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The port.
    pub port: u16,
    /// The hosts, as in [`Plan::sites`].
    pub sites: Vec<Site>,
    /// The certificates, each with the names that it is shown for.
    pub certificates: Vec<Shown>,
}

/// A certificate.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its file.
    pub file: String,
    /// The names: hosts, wildcards, or every name that no other certificate is for.
    pub names: Vec<MatchHost>,
}

impl Tls {
    /// The file of the certificate for the names of a site.
    pub fn file(&self, host: &SiteHost) -> Option<&str> {
        let wanted = match host {
            SiteHost::Exact(name) => {
                let suffix = name.split_once('.').map(|(_, suffix)| MatchHost::Wildcard(suffix.into()));
                vec![Some(MatchHost::Exact(name.as_str().into())), suffix]
            }
            SiteHost::Wildcard { suffix, .. } => vec![Some(MatchHost::Wildcard(suffix.as_str().into()))],
            SiteHost::Regex { .. } | SiteHost::Any => Vec::new(),
        };
        let mut wanted = wanted.into_iter().flatten().chain([MatchHost::Any]);
        wanted.find_map(|name| self.certificates.iter().find(|it| it.names.contains(&name))).map(|it| it.file.as_str())
    }
}

/// A backend with its endpoints.
#[derive(Clone, Debug)]
pub struct PlannedBackend {
    /// A name that every proxy takes.
    pub name: String,
    /// What is spoken to it.
    pub protocol: Protocol,
    /// Where it is.
    pub addresses: Vec<SocketAddr>,
}

/// The protocol to a backend. The backend's certificate is not verified; ingress-nginx verifies it only if configured to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// The same over TLS.
    Https,
    /// HTTP/2 from the first byte on, as gRPC needs it.
    Grpc,
    /// The same over TLS.
    Grpcs,
}

impl Protocol {
    /// `http`, `https`, `grpc` or `grpcs`.
    pub fn scheme(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Grpc => "grpc",
            Protocol::Grpcs => "grpcs",
        }
    }

    /// Whether it is HTTP/2.
    pub fn is_grpc(self) -> bool {
        matches!(self, Protocol::Grpc | Protocol::Grpcs)
    }

    /// Whether it is spoken over TLS.
    pub fn is_secure(self) -> bool {
        matches!(self, Protocol::Https | Protocol::Grpcs)
    }
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
    /// The clients that are let in; the others get 403.
    pub clients: Option<Clients>,
    /// What is done.
    pub action: Action,
}

/// Which clients are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// These; empty: all.
    pub allow: Vec<IpNet>,
    /// But not these.
    pub deny: Vec<IpNet>,
}

/// Another backend for a part of the requests. What decides is asked in the order of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The place of the backend.
    pub backend: usize,
    /// A header and what it has to be.
    pub header: Option<(String, Value)>,
    /// A cookie that chooses the backend with `always`, and does not with `never`.
    pub cookie: Option<String>,
    /// How many of `total` requests it gets when neither decides.
    pub weight: i64,
    /// 100 or more.
    pub total: i64,
}

/// What the value of a header has to be for the other backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `always`; `never` keeps the request from it.
    Always,
    /// That.
    Exact(String),
    /// What the expression is found in.
    Regex(String),
}

/// A piece of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// Of the request.
    Variable(Variable),
}

/// What a URL may take from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Path and query.
    RequestUri,
    /// The path.
    Uri,
    /// The host without its port.
    Host,
    /// The host with its port.
    HttpHost,
    /// `http` or `https`.
    Scheme,
    /// The query.
    Args,
    /// `?` where there is a query.
    IsArgs,
    /// `GET`, …
    Method,
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
        /// Another backend for a part of the requests.
        canary: Option<Part>,
    },
    /// The client is sent to a URL that is made from the request.
    Send(u16, Vec<Piece>),
    /// The client is sent to a URL whose path a rewrite makes.
    SendRewritten(Rewritten),
    /// The client is sent elsewhere.
    Redirect(Elsewhere),
    /// The proxy answers by itself.
    Respond(u16),
}

/// A URL whose path is rewritten, with code 302.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The URL in the nginx configuration, which contains the parts below.
    pub target: String,
    /// `http` or `https`; none: as it was asked.
    pub scheme: Option<String>,
    /// The host, with its port where it has one; none: as it was asked.
    pub host: Option<String>,
    /// What is looked for in the path, in any letter case.
    pub pattern: String,
    /// What the whole path becomes, with `$1` to `$9`.
    pub path: String,
    /// Whether the query is appended.
    pub keeps_query: bool,
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
    pub fn of(
        cluster: &Cluster,
        endpoints: &EndpointsTable,
        table: &RouteTable,
        proxy: Proxy,
        settings: &Settings,
    ) -> Self {
        let found = upstream::all(cluster, endpoints, table);
        let backends = found.iter().map(|(backend, upstreams)| PlannedBackend {
            name: name_of(backend),
            protocol: Protocol::Http,
            addresses: upstreams.iter().map(|upstream| upstream.address).collect(),
        });
        let mut plan = Plan {
            backends: backends.collect(),
            sites: Vec::new(),
            tls: None,
            node_ports: Vec::new(),
            normalize: table.controller().normalizes_as_envoy,
            reports: Vec::new(),
        };
        let known: Vec<&Backend> = found.keys().collect();
        plan.sites = plan.lay_out(table, &known, proxy, false);
        let has_certificates = table.tls().iter().next().is_some();
        match &settings.tls {
            Some(wanted) if has_certificates => plan.add_tls(table, &known, proxy, wanted),
            Some(_) => plan.reports.push("no Ingress names a certificate, so TLS is not served".to_owned()),
            None if has_certificates => {
                let report = "TLS is not rendered: no folder with certificates is named (`--certificates`)";
                plan.reports.push(report.to_owned());
            }
            None => {}
        }
        plan.map_node_ports(cluster, settings);
        plan
    }

    fn add_tls(&mut self, table: &RouteTable, known: &[&Backend], proxy: Proxy, wanted: &TlsSettings) {
        let mut certificates: Vec<Shown> = Vec::new();
        for (host, certificate) in table.tls().iter() {
            if certificate.secret.name.is_empty() {
                self.reports.push(format!("`{host}`: the controller's default certificate is not known"));
                continue;
            }
            let file = format!("{}/{}", wanted.certificates.trim_end_matches('/'), file_name(&certificate.secret));
            match certificates.iter_mut().find(|known| known.file == file) {
                Some(known) => known.names.push(host.clone()),
                None => certificates.push(Shown { file, names: vec![host.clone()] }),
            }
        }
        if certificates.is_empty() {
            return;
        }
        let sites = self.lay_out(table, known, proxy, true);
        let tls = Tls { port: wanted.port, sites, certificates };
        for site in tls.sites.iter().filter(|site| tls.file(&site.host).is_none()) {
            let name = match &site.host {
                SiteHost::Exact(name) => name.clone(),
                SiteHost::Wildcard { suffix, .. } => format!("*.{suffix}"),
                SiteHost::Regex { source, .. } => format!("~{source}"),
                SiteHost::Any => continue,
            };
            self.reports.push(format!("no certificate covers `{name}`, so it is not served over TLS"));
        }
        self.tls = Some(tls);
    }

    /// The sites of one listener.
    fn lay_out(&mut self, table: &RouteTable, known: &[&Backend], proxy: Proxy, secure: bool) -> Vec<Site> {
        let mut sites = Vec::new();
        let order = table.names(secure).patterns_in_order();
        let rank = |at: usize, host: &Host| match &host.matches {
            MatchHost::Exact(_) => (0, 0),
            MatchHost::Any => (2, 0),
            _ if !order.is_empty() => (1, order.iter().position(|host| *host == at).unwrap_or(usize::MAX)),
            MatchHost::Wildcard(suffix) => (1, usize::MAX - suffix.len()),
            MatchHost::Regex(_) => (1, usize::MAX),
        };
        let mut hosts: Vec<(usize, &Host)> =
            table.hosts().iter().enumerate().filter(|(_, host)| host.secure != Some(!secure)).collect();
        hosts.small_sort_by_key(|(at, host)| rank(*at, host));
        let mut hosts: Vec<Option<&Host>> = hosts.into_iter().map(|(_, host)| Some(host)).collect();
        if !hosts.iter().flatten().any(|host| host.matches == MatchHost::Any) {
            hosts.push(None);
        }
        for host in hosts {
            let (backends, reports) = (&mut self.backends, &mut self.reports);
            let mut layout = Layout { table, known, backends, proxy, secure, reports };
            let rules = layout.rules(host);
            let host = match host.map(|host| &host.matches) {
                Some(MatchHost::Exact(name)) => SiteHost::Exact(name.to_string()),
                Some(MatchHost::Wildcard(suffix)) => {
                    SiteHost::Wildcard { suffix: suffix.to_string(), strict: table.controller().has_strict_wildcards }
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
            sites.push(Site { host, rules });
        }
        sites
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
                let is_own = listen == settings.port || self.tls.as_ref().is_some_and(|tls| tls.port == listen);
                if is_own || self.node_ports.iter().any(|known| known.listen == listen) {
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

fn name_of(backend: &Backend) -> String {
    match backend {
        Backend::Service { key, port } => format!("{}_{}_{port}", key.namespace, key.name),
        Backend::Resource { namespace, kind, name, .. } => format!("{namespace}_{kind}_{name}"),
        Backend::Nothing => "nothing".to_owned(),
    }
}

/// The label of a strict wildcard.
pub(super) const STRICT_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
