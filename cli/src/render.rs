//! How findings and answers read on a terminal.

mod answer;
mod difference;
pub(crate) mod report;
mod sarif;
mod source;
mod trace;

pub(crate) use answer::{answer, text};
pub(crate) use difference::diff;
pub(crate) use sarif::sarif;

use crate::terminal::{Style, Terminal};
use annotate_snippets::{AnnotationKind, Element, Level, Renderer, Snippet};
use portolan::cluster::Location;
use portolan::finding::{Finding, Severity};
use portolan::load::File;
use source::Excerpt;

/// A finding with the source line under it, other places involved, and a word of help.
pub(crate) fn finding(finding: &Finding, files: &[File], terminal: &Terminal) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = match &finding.object {
        Some((kind, key)) => format!("{} {key}: {}", kind.name(), finding.message),
        None => finding.message.clone(),
    };
    let label = finding.place.field.as_str();
    let mut group =
        level.primary_title(title.as_str()).id(finding.code).elements(elements(&finding.place, files, label));
    for (text, place) in &finding.related {
        group = group.elements(elements(place, files, text));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if terminal.is_colored() { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.render(&[group]))
}

/// A finding that was mended, in one line.
pub(crate) fn mended(finding: &Finding, terminal: &Terminal) -> String {
    let place = &finding.place;
    let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}: ", kind.name())).unwrap_or_default();
    let word = terminal.styled(Style::Good, &format!("mended[{}]", finding.code));
    format!("{word}: {object}{}\n  --> {}:{}:{}", finding.message, place.file, place.line, place.column)
}

fn elements<'a>(place: &'a Location, files: &'a [File], label: &'a str) -> Option<Element<'a>> {
    let excerpt = Excerpt::of(place, files)?;
    let annotation = AnnotationKind::Primary.span(excerpt.span.clone());
    let annotation = if label.is_empty() { annotation } else { annotation.label(label) };
    let line = usize::try_from(excerpt.first_line).unwrap_or(1);
    Some(Snippet::source(excerpt.text).line_start(line).path(place.file.as_str()).annotation(annotation).into())
}
