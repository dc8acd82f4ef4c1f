//! How `portolan trace` reads: hops come in; a line with the reason per hop, the source line under it, and one sentence at
//! the end go out.

use super::source::Excerpts;
use super::words::location;
use crate::terminal::{Style, Terminal, escape};
use portolan::ask::part::Location;
use portolan::ask::trace::{Outcome, TraceAnswer};
use portolan::cluster::Location as FileLocation;
use portolan::load::File;

/// The journey as text.
pub(crate) fn trace(answer: &TraceAnswer<'_>, files: &[File], terminal: &Terminal) -> String {
    let mut out = String::new();
    let excerpts = Excerpts::of(files);
    for hop in &answer.hops {
        let name = format!("{:<15}", hop.hop);
        out.push_str(&format!("{}{}\n", terminal.styled(Style::Bold, &name), escape(&hop.because)));
        if let Some(source) = &hop.source {
            let line = terminal.styled(Style::Dim, &source_line(source, &excerpts));
            out.push_str(&format!("{:<15}{line}\n", ""));
        }
    }
    let (style, sign) = match answer.outcome {
        Outcome::Delivered => (Style::Good, "✓"),
        Outcome::External | Outcome::Redirected => (Style::Doubtful, "→"),
        Outcome::Unknown => (Style::Doubtful, "?"),
        _ => (Style::Bad, "✗"),
    };
    out.push_str(&format!("{}\n", terminal.styled(style, &format!("{sign} {}", escape(&answer.sentence)))));
    out
}

/// `file:line:column  the line itself`.
fn source_line(source: &Location<'_>, excerpts: &Excerpts<'_>) -> String {
    let (file, field) = (source.file.clone().into_owned(), String::new());
    let at = FileLocation { file, line: source.line, column: source.column, field };
    let line = excerpts.at(&at).map(|excerpt| escape(excerpt.text.trim()).into_owned()).unwrap_or_default();
    format!("{}  {line}", location(source))
}
