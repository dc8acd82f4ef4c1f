//! Manifests, opened for one question: paths and flags come in; the files, the cluster and what went wrong go out.

use super::Outcome;
use crate::arguments::Output;
use crate::render;
use crate::terminal::Terminal;
use portolan::ask::AskError;
use portolan::engine::Engine;
use portolan::finding::Severity;
use portolan::load::{File, LoadMode, Loaded, load};
use portolan_base::json::{Json, ToView, to_json};
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

    /// Prints the answer to a question of that kind, and says how that ended. `text` makes the text for people; `works`
    /// says whether the answer is the one that people hope for.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub(crate) fn answer<A: ToView>(
        &self,
        kind: &'static str,
        answer: Result<A, AskError>,
        output: Output,
        terminal: &mut Terminal,
        text: impl Fn(&A, &Terminal) -> String,
        works: impl Fn(&A) -> bool,
    ) -> anyhow::Result<Outcome> {
        match output {
            Output::Json => terminal.output(&format!("{}\n", as_asked(kind, &answer).to_pretty()))?,
            Output::Text => {
                let text = match &answer {
                    Ok(answer) => text(answer, terminal),
                    Err(error) => render::error(error, terminal),
                };
                terminal.print(&text)?;
            }
        }
        let asked = match &answer {
            Ok(answer) => Outcome::of_answer(works(answer)),
            Err(_) => Outcome::BadInput,
        };
        Ok(self.outcome.max(asked))
    }
}

/// The answer as `portolan ask` writes it.
fn as_asked<A: ToView>(kind: &'static str, answer: &Result<A, AskError>) -> Json {
    match answer {
        Err(error) => Json::object().with("id", Json::Null).with("error", to_json(error.view())),
        Ok(answer) => {
            let mut json = Json::object().with("ask", kind).with("id", Json::Null);
            if let Json::Object(members) = to_json(answer.view()) {
                members.into_iter().for_each(|(name, value)| json.set(name, value));
            }
            json
        }
    }
}
