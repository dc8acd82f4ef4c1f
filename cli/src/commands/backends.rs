//! `portolan backends`: a packet on a node comes in; the endpoints that kube-proxy there may choose go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::backends::{BackendsQuestion, backends};
use portolan::net::Protocol;
use portolan::proxy::decision::Verdict;

/// The packet.
#[derive(Args, Debug)]
#[command(override_usage = usage!("backends --node NODE", "TO", "Where the packet goes: IP:PORT, [IPv6]:PORT or a node port"))]
pub(crate) struct BackendsArguments {
    /// Manifests and the destination
    #[command(flatten)]
    asked: Asked,
    /// The node on which kube-proxy runs
    #[arg(long)]
    node: String,
    /// Where the packet comes from: NAMESPACE/POD or an IP
    #[arg(long, value_name = "POD|IP")]
    from: Option<String>,
    /// TCP, UDP or SCTP
    #[arg(long, default_value = "TCP", value_parser = parse_target::protocol)]
    protocol: Protocol,
}

/// Sends the packet. Ends with 1 where it is rejected or dropped.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &BackendsArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let BackendsArguments { asked, node, from, protocol } = arguments;
    let (paths, to) = asked.split("TO")?;
    let settings = asked.cluster.settings(&paths)?;
    let namespace = asked.cluster.namespace(&settings);
    let question = BackendsQuestion {
        node: Some(node),
        to: parse_target::destination(to, *protocol)?,
        from: from.as_deref().map(|from| parse_target::end(from, namespace)),
        ..BackendsQuestion::default()
    };
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = backends(opened.engine(), &question);
    opened.answer("backends", answer, asked.output, terminal, render::backends, |answer| {
        !matches!(answer.verdict, Verdict::Reject | Verdict::Drop)
    })
}
