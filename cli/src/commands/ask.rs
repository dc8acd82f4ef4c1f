//! `portolan ask`: one JSON question per line comes in, one JSON answer per line goes out, in the same order.

use super::Outcome;
use crate::terminal::Terminal;
use clap::Args;
use portolan::ask::answer_text;
use portolan::finding::{Finding, Severity};
use portolan::load::{LoadMode, load};
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::input::Input;
use portolan_checking::settings::Settings;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

/// The cluster that is asked.
#[derive(Args, Debug)]
pub(crate) struct AskArguments {
    /// Files or folders of manifests; can be repeated
    #[arg(short, long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Apply the files as the other commands do: the API server's checks and defaults, addresses for Services. Without
    /// it, the objects are taken as already stored
    #[arg(long)]
    admit: bool,
    /// The cluster
    #[command(flatten)]
    cluster: ClusterFlags,
}

/// Answers questions from standard input about the cluster that the files describe. Files that cannot be read are
/// reported on standard error, and with `--admit` refused objects too; the questions are answered all the same.
///
/// # Errors
/// Standard input or output fails.
pub(crate) fn run(arguments: &AskArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let AskArguments { files, admit, cluster } = arguments;
    // Programs ask: a portolan.toml beside the files does not change their answers unless they name it.
    let settings = match &cluster.config {
        Some(_) => cluster.settings(files)?,
        None => Settings::default(),
    };
    let input =
        Input::read(files, settings.largest_input(), &mut |done, of| terminal.progress(done, of, "files read"))?;
    let mode = if *admit { LoadMode::Admitted } else { LoadMode::Stored };
    let loaded = load(&input.files, cluster.options(&settings), mode);
    let mut outcome = Outcome::Fine;
    for problem in &input.problems {
        terminal.complain(problem);
        outcome = Outcome::BadInput;
    }
    let is_reported = |finding: &&Finding| finding.code == "syntax" || *admit && finding.severity == Severity::Error;
    for finding in loaded.findings.iter().filter(is_reported) {
        let place = &finding.place;
        terminal.complain(&format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message));
        outcome = outcome.max(if finding.code == "syntax" { Outcome::BadInput } else { Outcome::Findings });
    }
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let question = String::from_utf8_lossy(&line);
        if question.trim().is_empty() {
            continue;
        }
        output.write_all(answer_text(&loaded.engine, question.trim()).as_bytes())?;
        output.write_all(b"\n")?;
        // A program that asks one question after the other waits for each answer.
        if input.fill_buf().map_or(true, <[u8]>::is_empty) || !has_whole_line(&mut input) {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(outcome)
}

/// Whether the next question has already arrived, so that its answer can be flushed together with this one.
fn has_whole_line(input: &mut io::StdinLock<'_>) -> bool {
    input.fill_buf().is_ok_and(|waiting| waiting.contains(&b'\n'))
}
