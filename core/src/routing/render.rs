//! A table as a complete static configuration of a real proxy: its routes and their endpoints, and, for a load balancer of
//! one's own, the Services' ports mapped to node ports.
//!
//! What comes in is a table and the endpoints; what goes out is the configuration's text and what could not be said in it.
//! The table is first laid out as a [`plan::Plan`], a list of hosts with rules of which the first that matches wins; each
//! proxy's file writes that list in its own words.

pub mod certificate;
mod envoy;
mod haproxy;
mod nginx;
pub mod plan;

use super::table::RouteTable;
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use plan::Plan;
use std::net::IpAddr;

/// The proxies that can be written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// Envoy 1.40; JSON, which is YAML.
    #[default]
    Envoy,
    /// nginx 1.22.
    Nginx,
    /// HAProxy 2.6.
    Haproxy,
}

impl Proxy {
    /// Every proxy.
    pub const ALL: &'static [Proxy] = &[Proxy::Envoy, Proxy::Nginx, Proxy::Haproxy];

    /// `envoy`, `nginx` or `haproxy`.
    pub fn name(self) -> &'static str {
        match self {
            Proxy::Envoy => "envoy",
            Proxy::Nginx => "nginx",
            Proxy::Haproxy => "haproxy",
        }
    }

    /// The proxy of that name.
    pub fn named(name: &str) -> Option<Proxy> {
        Proxy::ALL.iter().copied().find(|proxy| proxy.name() == name)
    }
}

/// Where the proxy listens, and which node ports it maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address it listens on.
    pub address: IpAddr,
    /// The port for HTTP.
    pub port: u16,
    /// Which ports of Services are mapped to node ports.
    pub node_ports: NodePorts,
    /// The nodes' addresses; empty: those of the cluster's nodes.
    pub nodes: Vec<IpAddr>,
    /// How TLS is served; none: it is not.
    pub tls: Option<TlsSettings>,
}

/// Where the proxy takes TLS, and where its certificates are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// The port for HTTPS.
    pub port: u16,
    /// The folder with a file `NAMESPACE-NAME.pem` for each Secret: the certificate, what it is signed with, and the key
    /// ([`certificate::pem`]).
    pub certificates: String,
}

/// Which ports of Services are mapped to node ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodePorts {
    /// None.
    No,
    /// Every TCP port of the Services that have node ports, at the Service's own port.
    All,
    /// These: the port to listen on, and the Service's namespace, name and port.
    Some(Vec<(u16, String, String, i32)>),
}

/// A configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendering {
    /// Its text.
    pub text: String,
    /// What it does not say.
    pub reports: Vec<String>,
}

/// Writes the configuration of a proxy.
pub fn render(
    cluster: &Cluster,
    endpoints: &EndpointsTable,
    table: &RouteTable,
    proxy: Proxy,
    settings: &Settings,
) -> Rendering {
    let mut plan = Plan::of(cluster, endpoints, table, proxy, settings);
    let text = match proxy {
        Proxy::Envoy => envoy::write(&plan, settings),
        Proxy::Nginx => nginx::write(&mut plan, settings),
        Proxy::Haproxy => haproxy::write(&mut plan, settings),
    };
    Rendering { text, reports: plan.reports }
}
