//! `portolan resolve`: a name comes in; the answer of the cluster's DNS, and the names that were tried, go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::resolve::{ResolveQuestion, resolve};
use portolan::dns::{RecordType, Status};

/// The query.
#[derive(Args, Debug)]
#[command(override_usage = usage!("resolve", "NAME", "The name to look up; for PTR, an IP as well"))]
pub(crate) struct ResolveArguments {
    /// Manifests and the name
    #[command(flatten)]
    asked: Asked,
    /// A, AAAA, SRV, CNAME, PTR or TXT
    #[arg(long = "type", value_name = "TYPE", default_value = "A", value_parser = parse_target::record_type)]
    record: RecordType,
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
    let namespace = asked.cluster.namespace(&settings);
    let from = from.as_deref().map(|from| parse_target::pod(from, namespace));
    let question = ResolveQuestion { name, record_type: Some(*record), from, ..ResolveQuestion::default() };
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = resolve(opened.engine(), &question);
    opened
        .answer("resolve", answer, asked.output, terminal, render::resolve, |answer| answer.status != Status::NxDomain)
}
