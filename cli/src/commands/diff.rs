//! `portolan diff`: two sets of manifests come in; the requests and the connections that change go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{ControllerName, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::Args;
use portolan::ask::diff::compare;
use portolan::policy::{ConnectionDiff, Row};
use portolan_base::json::{Json, ToView, to_json};
use portolan_checking::cluster_flags::ClusterFlags;
use std::path::PathBuf;

/// The two sets.
#[derive(Args, Debug)]
pub(crate) struct DiffArguments {
    /// The manifests before: a file or a folder
    before: PathBuf,
    /// The manifests after: a file or a folder
    after: PathBuf,
    /// The controller before [default: spec, the API documentation]
    #[arg(long, value_enum, value_name = "CONTROLLER")]
    before_controller: Option<ControllerName>,
    /// The controller after [default: the one before]
    #[arg(long, value_enum, value_name = "CONTROLLER")]
    after_controller: Option<ControllerName>,
    /// The cluster
    #[command(flatten)]
    cluster: ClusterFlags,
    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Compares two sets of manifests, each read once and applied as every other command does. Ends with 1 where something
/// changes.
///
/// # Errors
/// Settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &DiffArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let DiffArguments { before, after, before_controller, after_controller, cluster, output } = arguments;
    let settings = cluster.settings(std::slice::from_ref(before))?;
    let default = settings.ingress_controller.unwrap_or_default();
    let from = before_controller.map_or(default, |named| named.0);
    let to = after_controller.map_or(from, |named| named.0);
    let before = Opened::read(std::slice::from_ref(before), cluster, &settings, terminal)?;
    let after = Opened::read(std::slice::from_ref(after), cluster, &settings, terminal)?;
    let (old, new) = (before.engine(), after.engine());
    let requests = compare(&old.route_table(from, None), &new.route_table(to, None));
    let connections = ConnectionDiff::of((old.cluster(), old.policies()), (new.cluster(), new.policies()));
    match output {
        Output::Json => {
            let rows = |rows: &[Row]| Json::Array(rows.iter().map(Row::to_json).collect());
            let json = Json::object()
                .with("requests", to_json(requests.changes.view()))
                .with("incomplete", to_json(requests.incomplete.view()))
                .with("notes", to_json(requests.notes.view()))
                .with(
                    "connections",
                    Json::object().with("added", rows(&connections.added)).with("removed", rows(&connections.removed)),
                );
            terminal.output(&format!("{}\n", json.to_pretty()))?;
        }
        Output::Text => {
            let text = render::diff(&requests, &connections, terminal);
            terminal.print(&text)?;
        }
    }
    let is_same = requests.changes.is_empty() && connections.added.is_empty() && connections.removed.is_empty();
    let asked = Outcome::of_answer(is_same);
    Ok(before.outcome.max(after.outcome).max(asked))
}
