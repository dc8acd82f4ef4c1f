//! `portolan policy suggest`: manifests, or a list of connections, come in; the tightest NetworkPolicies go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::{Args, Subcommand};
use portolan::ask::declare::{At, Read as _};
use portolan::ask::suggest::{SuggestQuestion, suggest};
use portolan_base::tree::Node;
use std::path::{Path, PathBuf};

/// Work with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write the tightest NetworkPolicies that allow what the map shows, or the given connections
    Suggest(SuggestArguments),
}

/// The connections that the policies allow.
#[derive(Args, Debug)]
pub(crate) struct SuggestArguments {
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// A file with the connections to allow, as `map -o json` has them in `rows`
    #[arg(long, value_name = "FILE")]
    connections: Option<PathBuf>,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Suggests policies.
///
/// # Errors
/// Settings or connections that cannot be read, or output that cannot be written.
pub(crate) fn run(command: &PolicyCommand, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let PolicyCommand::Suggest(SuggestArguments { manifests: Manifests { paths, cluster }, connections, output }) =
        command;
    let settings = cluster.settings(paths)?;
    let rows = connections.as_deref().map(read).transpose()?;
    let mut question = SuggestQuestion::default();
    if let (Some(rows), Some(file)) = (&rows, connections) {
        let mut connections = Vec::new();
        connections
            .read(rows.get("rows").unwrap_or(rows), &At::Member(&At::Question, "connections"))
            .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        question.connections = Some(connections);
    }
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    opened.answer("suggest", suggest(opened.engine(), &question), *output, terminal, render::suggest, |_| true)
}

/// The JSON of a file: a map, or the rows of one.
fn read(file: &Path) -> anyhow::Result<Node> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| anyhow::anyhow!("{shown}: {error}"))?;
    portolan_base::json::read(&text)
        .map_err(|error| anyhow::anyhow!("{shown}:{}:{}: {error}", error.line, error.column))
}
