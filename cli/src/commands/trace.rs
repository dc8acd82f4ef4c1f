//! `portolan trace`: a sender and a URL come in; every hop of the request, with its reason and source line, goes out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan_base::json::Json;

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

/// The outcomes of a trace that are no failure.
const ARRIVES: &[&str] = &["delivered", "external", "redirected"];

/// Traces one request. Ends with 1 where it does not arrive.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &TraceArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let TraceArguments { asked, from } = arguments;
    let (paths, url) = asked.split("URL")?;
    let settings = asked.cluster.settings(&paths)?;
    let from = parse_target::source(from, asked.cluster.namespace(&settings));
    let question = Json::object().with("ask", "trace").with("from", from).with("url", url.to_owned());
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let text = |answer: &Json, terminal: &Terminal| render::trace(answer, &opened.files, terminal);
    opened.ask(&question, asked.output, terminal, text, |answer| {
        answer.get("outcome").and_then(Json::as_str).is_some_and(|outcome| ARRIVES.contains(&outcome))
    })
}
