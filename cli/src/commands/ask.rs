//! `portolan ask`: one question a line in, one answer a line out, in the same order.

use super::Outcome;
use crate::terminal::Terminal;
use portolan::ask::answer_text;
use portolan::load::{LoadMode, load};
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::input::Input;
use portolan_checking::settings::Settings;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

/// Answers questions from standard input about the cluster that the files describe, taken as stored. What cannot be
/// read is told on standard error; the questions are answered all the same.
///
/// # Errors
/// Standard input or output fails.
pub(crate) fn run(paths: &[PathBuf], cluster: &ClusterFlags, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    // Programs ask: what a file beside them says does not change their answers unless they name it.
    let settings = match &cluster.config {
        Some(_) => cluster.settings(paths)?,
        None => Settings::default(),
    };
    let input = Input::read(paths, &mut |done, of| terminal.progress(done, of, "files read"));
    let loaded = load(&input.files, cluster.options(&settings), LoadMode::Stored);
    let mut outcome = Outcome::Fine;
    for problem in &input.problems {
        terminal.complain(problem);
        outcome = Outcome::BadInput;
    }
    for finding in loaded.findings.iter().filter(|finding| finding.code == "syntax") {
        let place = &finding.place;
        terminal.complain(&format!("{}:{}:{}: {}", place.file, place.line, place.column, finding.message));
        outcome = Outcome::BadInput;
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
        // Whoever asks by and by waits for each answer.
        if input.fill_buf().map_or(true, <[u8]>::is_empty) || !has_whole_line(&mut input) {
            output.flush()?;
        }
    }
    output.flush()?;
    Ok(outcome)
}

/// Whether a further question is waiting already, so that the answer need not be flushed on its own.
fn has_whole_line(input: &mut io::StdinLock<'_>) -> bool {
    input.fill_buf().is_ok_and(|waiting| waiting.contains(&b'\n'))
}
