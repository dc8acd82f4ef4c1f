//! `portolan render`: manifests come in; the configuration of a real proxy, or of nftables, goes out.

use super::opened::Opened;
use super::{Outcome, certificates};
use crate::arguments::{IngressFlags, Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::{Args, ValueEnum};
use portolan_base::json::Json;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The program that the configuration is for, and what the configuration has.
#[derive(Args, Debug)]
pub(crate) struct RenderArguments {
    /// The program that the configuration is for
    #[arg(value_enum)]
    target: Target,
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// The controller and the class
    #[command(flatten)]
    ingress: IngressFlags,
    /// Where the proxy listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,
    /// Serve TLS too, with the certificates in this folder; those whose Secrets are in the manifests are written there
    #[arg(long, value_name = "FOLDER")]
    certificates: Option<PathBuf>,
    /// The port for TLS
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    tls_port: u16,
    /// Map the node ports of Services too
    #[arg(long)]
    node_ports: bool,
}

/// The program that a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Envoy
    Envoy,
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// nftables, for NetworkPolicy
    Nftables,
}

/// Writes the configuration, and the certificates that it names.
///
/// # Errors
/// Settings that are not understood, or output or a certificate that cannot be written.
pub(crate) fn run(arguments: &RenderArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let Manifests { paths, cluster } = &arguments.manifests;
    let settings = cluster.settings(paths)?;
    let proxy = match arguments.target {
        Target::Nftables => None,
        Target::Envoy => Some("envoy"),
        Target::Nginx => Some("nginx"),
        Target::Haproxy => Some("haproxy"),
    };
    let question = match proxy {
        None => Json::object().with("ask", "nftables"),
        Some(proxy) => arguments.question(proxy, arguments.ingress.controller(&settings).name()),
    };
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    if let (Some(folder), Some(_)) = (&arguments.certificates, proxy) {
        let answer = portolan::ask::answer_json(opened.engine(), &question);
        let text = answer.get("text").and_then(Json::as_str).unwrap_or_default();
        certificates::write(opened.engine().cluster(), text, folder, terminal)?;
    }
    opened.ask(&question, Output::Text, terminal, render::whole_text, |_| true)
}

impl RenderArguments {
    fn question(&self, proxy: &'static str, controller: &'static str) -> Json {
        let listen = Json::object().with("address", self.listen.ip().to_string()).with("port", self.listen.port());
        let mut question = Json::object()
            .with("ask", "render")
            .with("proxy", proxy)
            .with("controller", controller)
            .with("listen", listen);
        if let Some(class) = &self.ingress.ingress_class {
            question.set("ingressClass", class.clone());
        }
        if let Some(folder) = &self.certificates {
            let tls = Json::object().with("port", self.tls_port).with("certificates", folder.display().to_string());
            question.set("tls", tls);
        }
        if self.node_ports {
            question.set("nodePorts", true);
        }
        question
    }
}
