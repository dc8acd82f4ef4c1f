//! `render`: the table as a configuration of a real proxy. A proxy and where it listens go in, its configuration comes out.

use super::AskError;
use super::declare::{At, Read};
use super::part::ControllerChoice;
use super::route::table;
use super::routes::{RouteReport, reports};
use crate::api::describe::{Describe, Shape};
use crate::api::resource::namespace_or_default;
use crate::engine::Engine;
use crate::routing::render::{self as room, Proxy, Settings, TlsSettings};
use crate::{answer, names, question};
use portolan_base::json::{ToView, View};
use portolan_base::tree::Node;
use std::net::{IpAddr, Ipv4Addr};

names! {
    Proxy, closed, "proxy", Proxy::ALL.iter().copied(), Proxy::name, Proxy::Envoy;
}

question! {
    /// The table as a configuration of a real proxy.
    RenderQuestion<'q> {
        /// Which proxy.
        "proxy" => proxy: Proxy;
        /// The controller; `auto`: the one that serves each Ingress. Unless given, the one that owns the class, else `spec` (the
        /// API documentation).
        "controller" => controller: Option<ControllerChoice> [optional];
        /// Only Ingresses of this class.
        "ingressClass" => ingress_class: Option<&'q str> [optional];
        /// Where the proxy listens; port 80 of every address unless given.
        "listen" => listen: Option<Listen> [optional];
        /// Where it listens for TLS.
        "tls" => tls: Option<ListenTls<'q>> [optional];
        /// Which ports of Services are mapped to node ports: all, or these.
        "nodePorts" => node_ports: NodePorts<'q> [optional];
        /// The nodes' addresses, where they are not those of the cluster's nodes.
        "nodes" => nodes: Vec<IpAddr> [optional];
    }

    /// Where a proxy listens.
    Listen {
        /// The address; every one unless given.
        "address" => address: Option<IpAddr> [optional];
        /// The port; 80 unless given.
        "port" => port: Option<u16> [optional];
    }

    /// Where a proxy listens for TLS.
    ListenTls<'q> {
        /// The port; 443 unless given.
        "port" => port: Option<u16> [optional];
        /// The folder with a file `NAMESPACE-NAME.pem` for each Secret: certificate and key.
        "certificates" => certificates: &'q str;
    }

    /// A port that a proxy maps to the node port of a Service.
    MappedPort<'q> {
        /// The port that it listens on.
        "listen" => listen: u16;
        /// The name of the Service.
        "service" => service: &'q str;
        /// Its namespace; `default` unless given.
        "namespace" => namespace: &'q str [optional];
        /// Its port.
        "port" => port: u16;
    }
}

answer! {
    /// A configuration of a proxy.
    RenderAnswer<'e> {
        /// Which proxy.
        "proxy" => proxy: Proxy;
        /// The configuration.
        "text" => text: String;
        /// The parts of the table that the configuration lacks.
        "notRendered" => not_rendered: Vec<String>;
        /// What the author should know.
        "reports" => reports: Vec<RouteReport<'e>>;
    }
}

/// Which ports of Services are mapped to node ports.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum NodePorts<'q> {
    /// None.
    #[default]
    No,
    /// Every TCP port of the Services that have node ports, at the Service's own port.
    All,
    /// These.
    Some(Vec<MappedPort<'q>>),
}

impl<'q> Read<'q> for NodePorts<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = match node.as_bool() {
            Some(true) => NodePorts::All,
            Some(false) => NodePorts::No,
            None => {
                let mut ports = Vec::new();
                ports.read(node, at)?;
                NodePorts::Some(ports)
            }
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl super::declare::LeaveOut for NodePorts<'_> {
    fn is_left_out(&self) -> bool {
        *self == NodePorts::No
    }
}

impl ToView for NodePorts<'_> {
    fn view(&self) -> View<'_> {
        match self {
            NodePorts::No => View::Bool(false),
            NodePorts::All => View::Bool(true),
            NodePorts::Some(ports) => ports.view(),
        }
    }
}

impl Describe for NodePorts<'_> {
    fn shape() -> Shape {
        Shape::OneOf(vec![Shape::Boolean, Vec::<MappedPort<'_>>::shape()])
    }
}

/// Writes the configuration.
///
/// # Errors
/// `BadRequest` for a port 0.
pub fn render<'e>(engine: &'e Engine, question: &RenderQuestion<'_>) -> Result<RenderAnswer<'e>, AskError> {
    let table = table(engine, question.controller, question.ingress_class, None);
    let settings = settings(question)?;
    let rendering = room::render(engine.cluster(), engine.endpoints(), &table, question.proxy, &settings);
    Ok(RenderAnswer {
        proxy: question.proxy,
        text: rendering.text,
        not_rendered: rendering.reports,
        reports: reports(engine, &table),
    })
}

fn settings(question: &RenderQuestion<'_>) -> Result<Settings, AskError> {
    let listen = question.listen.clone().unwrap_or_default();
    let tls = match &question.tls {
        None => None,
        Some(tls) => {
            let port = not_0(tls.port.unwrap_or(443), "tls.port")?;
            Some(TlsSettings { port, certificates: tls.certificates.to_owned() })
        }
    };
    let node_ports = match &question.node_ports {
        NodePorts::No => room::NodePorts::No,
        NodePorts::All => room::NodePorts::All,
        NodePorts::Some(ports) => {
            let mut mapped = Vec::new();
            for (index, port) in ports.iter().enumerate() {
                let namespace = namespace_or_default(port.namespace);
                let listen = not_0(port.listen, &format!("nodePorts[{index}].listen"))?;
                let number = not_0(port.port, &format!("nodePorts[{index}].port"))?;
                mapped.push((listen, namespace.to_owned(), port.service.to_owned(), i32::from(number)));
            }
            room::NodePorts::Some(mapped)
        }
    };
    Ok(Settings {
        address: listen.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        port: not_0(listen.port.unwrap_or(80), "listen.port")?,
        node_ports,
        nodes: question.nodes.clone(),
        tls,
    })
}

fn not_0(port: u16, field: &str) -> Result<u16, AskError> {
    if port == 0 {
        return Err(AskError::bad(field, format!("`{field}` must be a number from 1 to 65535")));
    }
    Ok(port)
}
