//! How `portolan trace` reads: hops come in; a line with the reason per hop, the source line under it, and one sentence at
//! the end go out.

use super::member::{list, place, text};
use super::source::Excerpts;
use crate::terminal::{Style, Terminal, escape};
use portolan::cluster::Location;
use portolan::load::File;
use portolan_base::json::Json;

/// The journey as text.
pub(crate) fn trace(answer: &Json, files: &[File], terminal: &Terminal) -> String {
    let mut out = String::new();
    let excerpts = Excerpts::of(files);
    for hop in list(answer, "hops") {
        let name = format!("{:<15}", text(hop, "hop"));
        out.push_str(&format!("{}{}\n", terminal.styled(Style::Bold, &name), text(hop, "because")));
        if let Some(line) = hop.get("source").and_then(|source| source_line(source, &excerpts)) {
            out.push_str(&format!("{:<15}{}\n", "", terminal.styled(Style::Dim, &line)));
        }
    }
    let (style, sign) = match text(answer, "outcome").as_str() {
        "delivered" => (Style::Good, "✓"),
        "external" | "redirected" => (Style::Doubtful, "→"),
        "unknown" => (Style::Doubtful, "?"),
        _ => (Style::Bad, "✗"),
    };
    out.push_str(&format!("{}\n", terminal.styled(style, &format!("{sign} {}", text(answer, "sentence")))));
    out
}

/// `file:line:column  the line itself`, where there is a source.
fn source_line(source: &Json, excerpts: &Excerpts<'_>) -> Option<String> {
    let number = |name: &str| match source.get(name) {
        Some(Json::Int(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    // The name as it is: it is only looked up.
    let file = source.get("file").and_then(Json::as_str).unwrap_or_default();
    let at = Location { file: file.to_owned(), line: number("line")?, column: number("column")?, field: String::new() };
    let line = excerpts.at(&at).map(|excerpt| escape(excerpt.text.trim()).into_owned()).unwrap_or_default();
    Some(format!("{}  {line}", place(source)))
}
