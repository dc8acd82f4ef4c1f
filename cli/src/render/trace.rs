//! How a traced request reads: a line a hop, its reason under it, the source line under that, and one sentence at the end.

use super::answer::{place, text};
use super::source::Excerpt;
use crate::terminal::{Style, Terminal};
use portolan::cluster::Location;
use portolan::load::File;
use portolan_base::json::Json;

/// The journey as text.
pub(crate) fn trace(answer: &Json, files: &[File], terminal: &Terminal) -> String {
    let mut out = String::new();
    for hop in answer.get("hops").and_then(Json::as_array).unwrap_or_default() {
        let name = format!("{:<15}", text(hop, "hop"));
        out.push_str(&format!("{}{}\n", terminal.styled(Style::Bold, &name), text(hop, "because")));
        if let Some(line) = hop.get("source").and_then(|source| source_line(source, files)) {
            out.push_str(&format!("{:<15}{}\n", "", terminal.styled(Style::Dim, &line)));
        }
    }
    let (style, sign) = match text(answer, "outcome") {
        "delivered" => (Style::Good, "✓"),
        "external" | "redirected" => (Style::Doubtful, "→"),
        "unknown" => (Style::Doubtful, "?"),
        _ => (Style::Bad, "✗"),
    };
    out.push_str(&format!("{}\n", terminal.styled(style, &format!("{sign} {}", text(answer, "sentence")))));
    out
}

/// `file:line:column  the line itself`, where there is a source.
fn source_line(source: &Json, files: &[File]) -> Option<String> {
    let number = |name: &str| match source.get(name) {
        Some(Json::Int(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    let file = text(source, "file");
    let at = Location {
        file: file.to_owned(),
        line: number("line")?,
        column: number("column")?,
        field: text(source, "field").to_owned(),
    };
    let line = Excerpt::of(&at, files).map(|excerpt| excerpt.text.trim().to_owned()).unwrap_or_default();
    Some(format!("{}  {line}", place(source)))
}
