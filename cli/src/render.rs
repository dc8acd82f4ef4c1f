//! How findings and answers read: one file per command. Whatever a text leaves out, `-o json` has.

mod backends;
mod difference;
mod endpoints;
mod env;
mod hosts;
pub(crate) mod report;
mod resolve;
mod route;
mod routes;
mod sarif;
pub(crate) mod source;
mod suggest;
mod trace;
mod verdict;
mod words;

pub(crate) use backends::backends;
pub(crate) use difference::diff;
pub(crate) use endpoints::endpoints;
pub(crate) use env::env;
pub(crate) use hosts::hosts;
pub(crate) use resolve::resolve;
pub(crate) use route::route;
pub(crate) use routes::routes;
pub(crate) use sarif::sarif;
pub(crate) use suggest::suggest;
pub(crate) use trace::trace;
pub(crate) use verdict::verdict;

use crate::terminal::{Style, Terminal, escape};
use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use portolan::ask::AskError;
use portolan::cluster::Location;
use portolan::finding::{Finding, Severity};
use source::Excerpts;

/// An error in place of an answer.
pub(crate) fn error(error: &AskError, terminal: &Terminal) -> String {
    format!("{}: {}\n", terminal.styled(Style::Bold, error.reason().name()), escape(&error.to_string()))
}

/// The text with a line break at its end.
pub(crate) fn ended(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// A finding with its source line, the other places involved, and the help.
pub(crate) fn finding(finding: &Finding, excerpts: &Excerpts<'_>, terminal: &Terminal) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = match &finding.object {
        Some((kind, key)) => escape(&format!("{} {key}: {}", kind.name(), finding.message)).into_owned(),
        None => escape(&finding.message).into_owned(),
    };
    let label = escape(&finding.place.field);
    let mut group =
        level.primary_title(title.as_str()).id(finding.code).elements(elements(&finding.place, excerpts, &label));
    for (text, place) in &finding.related {
        group = group.elements(elements(place, excerpts, text));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if terminal.is_colored() { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.render(&[group]))
}

/// A finding that was fixed, in one line and its place.
pub(crate) fn fixed(finding: &Finding, terminal: &Terminal) -> String {
    let place = &finding.place;
    let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}: ", kind.name())).unwrap_or_default();
    let word = terminal.styled(Style::Good, &format!("fixed[{}]", finding.code));
    let message = format!("{object}{}", finding.message);
    format!("{word}: {}\n  --> {}:{}:{}", escape(&message), escape(&place.file), place.line, place.column)
}

fn elements<'a, 'f: 'a>(place: &'a Location, excerpts: &Excerpts<'f>, label: &'a str) -> Option<Element<'a>> {
    let excerpt = excerpts.at(place)?;
    let annotation = AnnotationKind::Primary.span(excerpt.span.clone());
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    let line = usize::try_from(excerpt.first_line).unwrap_or(1);
    Some(Snippet::source(excerpt.text).line_start(line).path(escape(&place.file)).annotation(annotation).into())
}
