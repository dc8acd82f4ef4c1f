//! `render`: the table as a configuration of a real proxy.

use super::AskError;
use super::part;
use super::route::table;
use crate::engine::Engine;
use crate::routing::render::{NodePorts, Proxy, Settings, TlsSettings, render};
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::net::{IpAddr, Ipv4Addr};

/// Answers `{"proxy": "envoy"|"nginx"|"haproxy", "controller"?, "ingressClass"?, "listen"?: {"address", "port"},
/// "tls"?: {"port"?, "certificates"}, "nodePorts"?: true | [{"listen", "service", "namespace"?, "port"}], "nodes"?: ["10.0.0.1"]}` with `{"text", "reports"}`.
pub(super) fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let name = part::text(question, "proxy")?;
    let proxy = Proxy::named(name).ok_or_else(|| {
        let known: Vec<&str> = Proxy::ALL.iter().map(|proxy| proxy.name()).collect();
        AskError::bad("proxy", format!("`{name}` is no known proxy; there are {}", known.join(", ")))
    })?;
    let table = table(engine, question, None)?;
    let settings = settings(question)?;
    let rendering = render(engine.cluster(), engine.endpoints(), &table, proxy, &settings);
    let table_reports = super::routes::reports(engine, &table);
    Ok(Json::object()
        .with("proxy", proxy.name())
        .with("text", rendering.text)
        .with("notRendered", Json::Array(rendering.reports.into_iter().map(Json::from).collect()))
        .with("reports", table_reports))
}

fn settings(question: &Node) -> Result<Settings, AskError> {
    let mut settings = Settings {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        port: 80,
        node_ports: NodePorts::No,
        nodes: Vec::new(),
        tls: None,
    };
    if let Some(node) = question.at("listen.address") {
        settings.address = address(node, "listen.address")?;
    }
    if let Some(node) = question.at("listen.port") {
        settings.port = port(node, "listen.port")?;
    }
    if let Some(tls) = question.get("tls").filter(|node| !node.is_null()) {
        let certificates =
            part::text(tls, "certificates").map_err(|error| AskError::bad("tls.certificates", error.to_string()))?;
        let port = tls.get("port").map_or(Ok(443), |node| port(node, "tls.port"))?;
        settings.tls = Some(TlsSettings { port, certificates: certificates.to_owned() });
    }
    for node in question.get("nodes").map(Node::items).unwrap_or_default() {
        settings.nodes.push(address(node, "nodes")?);
    }
    match question.get("nodePorts").filter(|node| !node.is_null()) {
        None => {}
        Some(node) if node.as_bool() == Some(true) => settings.node_ports = NodePorts::All,
        Some(node) if node.as_bool() == Some(false) => {}
        Some(node) => {
            let mut wanted = Vec::new();
            for item in node.items() {
                let listen = item.get("listen").ok_or_else(|| AskError::bad("nodePorts", "`listen` is missing"))?;
                let number = item.get("port").ok_or_else(|| AskError::bad("nodePorts", "`port` is missing"))?;
                let namespace = item.get("namespace").and_then(Node::as_str).unwrap_or("default").to_owned();
                let service = part::text(item, "service")?.to_owned();
                let number = i32::from(port(number, "nodePorts.port")?);
                wanted.push((port(listen, "nodePorts.listen")?, namespace, service, number));
            }
            settings.node_ports = NodePorts::Some(wanted);
        }
    }
    Ok(settings)
}

fn address(node: &Node, field: &str) -> Result<IpAddr, AskError> {
    let text = node.as_str().unwrap_or_default();
    text.parse().map_err(|_| AskError::bad(field, format!("`{text}` is no IP address")))
}

fn port(node: &Node, field: &str) -> Result<u16, AskError> {
    let number = node.as_int().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0);
    number.ok_or_else(|| AskError::bad(field, format!("`{field}` has to be a number from 1 to 65535")))
}
