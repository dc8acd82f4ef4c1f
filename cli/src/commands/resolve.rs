//! `portolan resolve`: a name comes in; the answer of the cluster's DNS, and the names that were tried, go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan_base::json::Json;

/// The query.
#[derive(Args, Debug)]
#[command(override_usage = usage!("resolve", "NAME", "The name to look up; for PTR, an IP as well"))]
pub(crate) struct ResolveArguments {
    /// Manifests and the name
    #[command(flatten)]
    asked: Asked,
    /// A, AAAA, SRV, CNAME, PTR or TXT
    #[arg(long = "type", value_name = "TYPE", default_value = "A")]
    record: String,
    /// The pod that asks, NAMESPACE/POD: its search list and ndots apply
    #[arg(long, value_name = "POD")]
    from: Option<String>,
}

/// Looks up the name. Ends with 1 where it does not exist.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &ResolveArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let ResolveArguments { asked, record, from } = arguments;
    let (paths, name) = asked.split("NAME")?;
    let settings = asked.cluster.settings(&paths)?;
    let mut question =
        Json::object().with("ask", "resolve").with("name", name.to_owned()).with("type", record.to_uppercase());
    if let Some(from) = from {
        question.set("from", parse_target::object(from, "pod", asked.cluster.namespace(&settings)));
    }
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let works = |answer: &Json| answer.get("status").and_then(Json::as_str) != Some("NXDOMAIN");
    opened.ask(&question, asked.output, terminal, render::resolve, works)
}
