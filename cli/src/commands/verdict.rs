//! `portolan verdict`: a connection comes in; whether NetworkPolicy allows it, and which rule decides, goes out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Manifests, Output};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::part::{Destination, Port};
use portolan::ask::verdict::{VerdictAnswer, VerdictQuestion, verdict};
use portolan::net::Protocol;

/// The connection.
#[derive(Args, Debug)]
pub(crate) struct VerdictArguments {
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// Where the connection comes from: NAMESPACE/POD or a workload, or an IP
    #[arg(long, value_name = "POD|IP")]
    from: String,
    /// Where the connection goes: NAMESPACE/POD or a workload, or an IP
    #[arg(long, value_name = "POD|IP")]
    to: String,
    /// The port of the destination
    #[arg(long)]
    port: u16,
    /// TCP, UDP or SCTP
    #[arg(long, default_value = "TCP", value_parser = parse_target::protocol)]
    protocol: Protocol,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Judges the connection. Ends with 1 where it is denied.
///
/// # Errors
/// Settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &VerdictArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let VerdictArguments { manifests: Manifests { paths, cluster }, from, to, port, protocol, output } = arguments;
    let settings = cluster.settings(paths)?;
    let namespace = cluster.namespace(&settings);
    let question = VerdictQuestion {
        from: parse_target::end(from, namespace),
        to: Destination::End(parse_target::end(to, namespace)),
        port: Some(Port::Number(*port)),
        protocol: Some(*protocol),
    };
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    let text = |answer: &VerdictAnswer<'_>, terminal: &Terminal| render::verdict(answer, *port, *protocol, terminal);
    let answer = verdict(opened.engine(), &question);
    opened.answer("verdict", answer, *output, terminal, text, |answer| answer.allowed)
}
