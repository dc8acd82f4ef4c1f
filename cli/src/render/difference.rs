//! How the difference between two sets of manifests reads.

use super::answer::text;
use crate::terminal::{Style, Terminal};
use portolan::policy::{ConnectionDiff, Party, Row};
use portolan_base::json::Json;

/// Requests that change, with an example each, and connections that come and go.
pub(crate) fn diff(answer: &Json, connections: &ConnectionDiff, terminal: &Terminal) -> String {
    let mut out = String::new();
    let changes = answer.get("requests").and_then(Json::as_array).unwrap_or_default();
    for change in changes {
        let host = match text(change, "host") {
            "" => "any other host",
            host => host,
        };
        let paths = change.get("paths").and_then(Json::as_array).unwrap_or_default();
        let path = |path: &Json| match text(path, "match") {
            "rules" => text(path, "path").to_owned(),
            how => format!("{how} {}", text(path, "path")),
        };
        let paths: Vec<String> = paths.iter().map(path).collect();
        out.push_str(&format!("{} {}\n", terminal.styled(Style::Bold, host), paths.join(", ")));
        out.push_str(&format!("  {} {}\n", terminal.styled(Style::Bad, "-"), served(change.get("before"))));
        out.push_str(&format!("  {} {}\n", terminal.styled(Style::Good, "+"), served(change.get("after"))));
        out.push_str(&format!("  for example {}\n", example(change.get("example"))));
    }
    let mut rows = |rows: &[Row], sign: &str, style: Style| {
        for row in rows {
            out.push_str(&format!("{} {}\n", terminal.styled(style, sign), connection(row)));
        }
    };
    rows(&connections.removed, "-", Style::Bad);
    rows(&connections.added, "+", Style::Good);
    if out.is_empty() {
        out.push_str("every request is served and every connection let through as before\n");
    }
    for note in answer.get("notes").and_then(Json::as_array).unwrap_or_default() {
        out.push_str(&format!(
            "{}\n",
            terminal.styled(Style::Dim, &format!("note: {}", note.as_str().unwrap_or_default()))
        ));
    }
    out
}

fn example(example: Option<&Json>) -> String {
    match example {
        Some(Json::String(url)) => url.to_string(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Where a request goes, in words.
fn served(outcome: Option<&Json>) -> String {
    let Some(outcome) = outcome else { return "nowhere".to_owned() };
    if let Some(service @ Json::Object(_)) = outcome.get("service") {
        let port = service.get("port").map(ToString::to_string).unwrap_or_default();
        let rewrite = match text(outcome, "rewrite") {
            "" => String::new(),
            rewrite => format!(", as {rewrite}"),
        };
        return format!("Service {}/{} port {port}{rewrite}", text(service, "namespace"), text(service, "name"));
    }
    for (name, word) in [("redirect", "redirected"), ("resource", "resource"), ("refusal", "refused")] {
        if let Some(value) = outcome.get(name).filter(|value| **value != Json::Null) {
            return format!("{word} {value}");
        }
    }
    "404".to_owned()
}

/// `from → to ports` of a row.
fn connection(row: &Row) -> String {
    let ends = |parties: &[Party]| parties.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("{} → {} {}", ends(&row.from), ends(&row.to), row.ports)
}
