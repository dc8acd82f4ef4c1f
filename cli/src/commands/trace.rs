//! `portolan trace`: a sender and a URL come in; every hop of the request, with its reason and source line, goes out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::trace::{Outcome as Arrival, TraceAnswer, TraceQuestion, trace};

/// The request.
#[derive(Args, Debug)]
#[command(override_usage = usage!("trace", "URL", "The URL of the request"))]
pub(crate) struct TraceArguments {
    /// Manifests and the URL
    #[command(flatten)]
    asked: Asked,
    /// Where the request comes from: NAMESPACE/POD or a workload, `outside`, or an IP
    #[arg(long, value_name = "POD|outside|IP", default_value = "outside")]
    from: String,
}

/// Traces one request. Ends with 1 where it does not arrive.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &TraceArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let TraceArguments { asked, from } = arguments;
    let (paths, url) = asked.split("URL")?;
    let settings = asked.cluster.settings(&paths)?;
    let from = parse_target::sender(from, asked.cluster.namespace(&settings));
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = trace(opened.engine(), &TraceQuestion { from, url });
    let text = |answer: &TraceAnswer<'_>, terminal: &Terminal| render::trace(answer, &opened.files, terminal);
    opened.answer("trace", answer, asked.output, terminal, text, |answer| {
        matches!(answer.outcome, Arrival::Delivered | Arrival::External | Arrival::Redirected)
    })
}
