//! Manifests, opened for one question: paths and flags come in; the files, the cluster and what went wrong go out.

use super::Outcome;
use crate::arguments::Output;
use crate::render;
use crate::terminal::Terminal;
use portolan::ask::answer_json;
use portolan::engine::Engine;
use portolan::finding::Severity;
use portolan::load::{File, LoadMode, Loaded, load};
use portolan_base::json::Json;
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::input::Input;
use portolan_checking::settings::Settings;
use std::path::PathBuf;

/// Files that were read, and the cluster that results from applying them in their order.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The files that could be read.
    pub(crate) files: Vec<File>,
    loaded: Loaded,
    /// `BadInput` where a file could not be read, `Findings` where an object is refused.
    pub(crate) outcome: Outcome,
}

impl Opened {
    /// Reads the files and applies their objects, as `portolan check` does. Unreadable files and refused objects are
    /// reported on standard error, because the cluster that is asked does not have them.
    pub(crate) fn read(
        paths: &[PathBuf],
        cluster: &ClusterFlags,
        settings: &Settings,
        terminal: &mut Terminal,
    ) -> anyhow::Result<Self> {
        let input =
            Input::read(paths, settings.largest_input(), &mut |done, of| terminal.progress(done, of, "files read"))?;
        let loaded = load(&input.files, cluster.options(settings), LoadMode::Admitted);
        let mut outcome = Outcome::Fine;
        for problem in &input.problems {
            terminal.complain(problem);
            outcome = Outcome::BadInput;
        }
        for finding in loaded.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            let place = &finding.place;
            terminal.complain(&format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message));
            outcome = outcome.max(Outcome::Findings);
        }
        Ok(Opened { files: input.files, loaded, outcome })
    }

    /// The cluster.
    pub(crate) fn engine(&self) -> &Engine {
        &self.loaded.engine
    }

    /// Asks a question, prints the answer, and says how that ended. `text` makes the text for people; `works` says
    /// whether the answer is the one that people hope for.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn ask(
        &self,
        question: &Json,
        output: Output,
        terminal: &mut Terminal,
        text: impl Fn(&Json, &Terminal) -> String,
        works: impl Fn(&Json) -> bool,
    ) -> anyhow::Result<Outcome> {
        let answer = answer_json(self.engine(), question);
        let error = answer.get("error");
        match (output, error) {
            (Output::Json, _) => terminal.output(&format!("{}\n", answer.to_pretty()))?,
            (Output::Text, Some(error)) => {
                let text = render::error(error, terminal);
                terminal.print(&text)?;
            }
            (Output::Text, None) => {
                let text = text(&answer, terminal);
                terminal.print(&text)?;
            }
        }
        let asked = if error.is_some() { Outcome::BadInput } else { Outcome::of_answer(works(&answer)) };
        Ok(self.outcome.max(asked))
    }
}
