//! `portolan render`: manifests come in; the configuration of a real proxy, or of nftables, goes out.

use super::opened::Opened;
use super::{Outcome, certificates};
use crate::arguments::{IngressFlags, Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::{Args, ValueEnum};
use portolan::ask::nftables::{NftablesAnswer, nftables};
use portolan::ask::part::ControllerChoice;
use portolan::ask::render::{Listen, ListenTls, NodePorts, RenderAnswer, RenderQuestion, render as configuration};
use portolan::ingress::Controller;
use portolan::routing::render::Proxy;
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
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    let proxy = match arguments.target {
        Target::Nftables => {
            let answer = nftables(opened.engine());
            let text = |answer: &NftablesAnswer, _: &Terminal| render::ended(&answer.text);
            return opened.answer("nftables", answer, Output::Text, terminal, text, |_| true);
        }
        Target::Envoy => Proxy::Envoy,
        Target::Nginx => Proxy::Nginx,
        Target::Haproxy => Proxy::Haproxy,
    };
    let folder = arguments.certificates.as_ref().map(|folder| folder.display().to_string());
    let question = arguments.question(proxy, arguments.ingress.controller(&settings), folder.as_deref());
    let answer = configuration(opened.engine(), &question);
    if let (Some(folder), Ok(answer)) = (&arguments.certificates, &answer) {
        certificates::write(opened.engine().cluster(), &answer.text, folder, terminal)?;
    }
    let text = |answer: &RenderAnswer<'_>, _: &Terminal| render::ended(&answer.text);
    opened.answer("render", answer, Output::Text, terminal, text, |_| true)
}

impl RenderArguments {
    fn question<'q>(&'q self, proxy: Proxy, controller: Controller, folder: Option<&'q str>) -> RenderQuestion<'q> {
        RenderQuestion {
            proxy,
            controller: Some(ControllerChoice::Is(controller)),
            ingress_class: self.ingress.ingress_class.as_deref(),
            listen: Some(Listen { address: Some(self.listen.ip()), port: Some(self.listen.port()) }),
            tls: folder.map(|certificates| ListenTls { port: Some(self.tls_port), certificates }),
            node_ports: if self.node_ports { NodePorts::All } else { NodePorts::No },
            ..RenderQuestion::default()
        }
    }
}
