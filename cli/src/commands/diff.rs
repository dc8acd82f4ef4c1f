//! `portolan diff`: two sets of manifests, and what changes for requests and for connections.

use super::Outcome;
use crate::arguments::Output;
use crate::render;
use crate::terminal::Terminal;
use portolan::ask::answer_json;
use portolan::load::{LoadMode, Loaded, load};
use portolan::policy::{ConnectionDiff, Row};
use portolan_base::json::Json;
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::input::Input;
use std::path::{Path, PathBuf};

/// Compares two sets of manifests. Ends with 1 where something changes.
///
/// # Errors
/// Settings that are not understood, a controller that is not known, or an output that cannot be written.
pub(crate) fn run(
    before: &Path,
    after: &Path,
    controllers: (Option<&str>, Option<&str>),
    cluster: &ClusterFlags,
    output: Output,
    terminal: &mut Terminal,
) -> anyhow::Result<Outcome> {
    let settings = cluster.settings(&[before.to_path_buf()])?;
    let usual = settings.ingress_controller.as_deref().unwrap_or("spec");
    let controllers = (controllers.0.unwrap_or(usual), controllers.1.or(controllers.0).unwrap_or(usual));
    let mut outcome = Outcome::Fine;
    let mut read = |path: &Path, terminal: &mut Terminal| -> (Loaded, String) {
        let input = Input::read(&[PathBuf::from(path)], &mut |done, of| terminal.progress(done, of, "files read"));
        for problem in &input.problems {
            terminal.complain(problem);
            outcome = Outcome::BadInput;
        }
        let text: Vec<&str> = input.files.iter().map(|file| &*file.text).collect();
        (load(&input.files, cluster.options(&settings), LoadMode::Admitted), text.join("\n---\n"))
    };
    let (old, before) = read(before, terminal);
    let (new, after) = read(after, terminal);
    // Both sides as texts, so that both are read alike.
    let side = |controller: &str, text: String| {
        Json::object().with("controller", controller.to_owned()).with("manifests", text)
    };
    let question = Json::object()
        .with("ask", "diff")
        .with("before", side(controllers.0, before))
        .with("after", side(controllers.1, after));
    let requests = answer_json(&old.engine, &question);
    if let Some(error) = requests.get("error") {
        anyhow::bail!("{}", render::text(error, "message"));
    }
    let connections = ConnectionDiff::of(
        (old.engine.cluster(), old.engine.policies()),
        (new.engine.cluster(), new.engine.policies()),
    );
    let rows = |rows: &[Row]| Json::Array(rows.iter().map(Row::to_json).collect());
    let answer = Json::object()
        .with("requests", requests.get("changes").cloned().unwrap_or_default())
        .with("notes", requests.get("notes").cloned().unwrap_or_default())
        .with(
            "connections",
            Json::object().with("added", rows(&connections.added)).with("removed", rows(&connections.removed)),
        );
    match output {
        Output::Json => terminal.line(&answer.to_pretty())?,
        Output::Text => {
            let text = render::diff(&answer, &connections, terminal);
            terminal.print(&text)?;
        }
    }
    let changes = requests.get("changes").and_then(Json::as_array).is_some_and(|changes| !changes.is_empty());
    let differs = changes || !connections.added.is_empty() || !connections.removed.is_empty();
    Ok(if differs { outcome.max(Outcome::Findings) } else { outcome })
}
