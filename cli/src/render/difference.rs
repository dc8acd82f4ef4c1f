//! How `portolan diff` reads: a comparison comes in; a paragraph per changed request and a line per changed connection go
//! out.

use crate::terminal::{Style, Terminal, escape};
use portolan::ask::diff::{DiffAnswer, MatchBy, RouteOutcome, RoutePaths};
use portolan::policy::{ConnectionDiff, Party, Row};

/// Requests that change, with an example each, and connections that come and go.
pub(crate) fn diff(requests: &DiffAnswer, connections: &ConnectionDiff, terminal: &Terminal) -> String {
    let mut out = String::new();
    for change in &requests.changes {
        let host = if change.host.is_empty() { "any other host" } else { &change.host };
        let paths: Vec<String> = change.paths.iter().map(paths).collect();
        let (minus, plus) = (terminal.styled(Style::Bad, "-"), terminal.styled(Style::Good, "+"));
        out.push_str(&format!("{} {}\n", terminal.styled(Style::Bold, &escape(host)), escape(&paths.join(", "))));
        out.push_str(&format!("  {minus} {}\n", escape(&served(&change.before))));
        out.push_str(&format!("  {plus} {}\n", escape(&served(&change.after))));
        out.push_str(&format!("  for example {}\n", escape(&change.example)));
    }
    let mut rows = |rows: &[Row], sign: &str, style: Style| {
        for row in rows {
            out.push_str(&format!("{} {}\n", terminal.styled(style, sign), escape(&connection(row))));
        }
    };
    rows(&connections.removed, "-", Style::Bad);
    rows(&connections.added, "+", Style::Good);
    if out.is_empty() {
        out.push_str("no difference: every request is served, and every connection allowed, as before\n");
    }
    for note in &requests.notes {
        out.push_str(&format!("{}\n", terminal.styled(Style::Dim, &format!("note: {}", escape(note)))));
    }
    out
}

/// The paths of a class of requests.
fn paths(paths: &RoutePaths) -> String {
    match paths.match_by {
        MatchBy::Rules => paths.path.clone(),
        by => format!("{} {}", by.name(), paths.path),
    }
}

/// Where a request goes, in words.
fn served(outcome: &RouteOutcome) -> String {
    if let Some(service) = &outcome.service {
        let rewrite = outcome.rewrite.as_ref().map(|path| format!(", as {path}")).unwrap_or_default();
        return format!("Service {}/{} port {}{rewrite}", service.namespace, service.name, service.port);
    }
    if let Some(redirect) = &outcome.redirect {
        return format!("redirected with {} to {}", redirect.code, redirect.location);
    }
    if let Some(resource) = &outcome.resource {
        return format!("resource {} {}/{}", resource.kind, resource.namespace, resource.name);
    }
    outcome
        .refusal
        .as_ref()
        .map_or_else(|| "404".to_owned(), |refusal| format!("refused with {}: {}", refusal.code, refusal.because))
}

/// `from → to ports` of a row.
fn connection(row: &Row) -> String {
    let names = |parties: &[Party]| parties.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("{} → {} {}", names(&row.from), names(&row.to), row.ports)
}
