//! Parts of an answer: locations, names and reasons come in; text for people, with control characters written out, goes
//! out.

use crate::terminal::{Style, Terminal, escape};
use portolan::ask::part::Location;
use portolan::ask::route::{RouteResource, RouteService};
use std::fmt::Display;

/// A value as text that stays on its line.
pub(super) fn plain(value: impl Display) -> String {
    escape(&value.to_string()).into_owned()
}

/// `file:line:column`.
pub(super) fn location(location: &Location<'_>) -> String {
    format!("{}:{}:{}", escape(&location.file), location.line, location.column)
}

/// A reason, with the location that it rests on.
pub(super) fn because(reason: impl Display, source: Option<&Location<'_>>, terminal: &Terminal) -> String {
    let source = source.map(|source| format!(" {}", terminal.styled(Style::Dim, &location(source))));
    format!("  because {}{}\n", plain(reason), source.unwrap_or_default())
}

/// `namespace/name port 80` of a Service; `separator` is before the word `port`.
pub(super) fn service(service: &RouteService, separator: &str) -> String {
    plain(format!("{}/{}{separator} port {}", service.namespace, service.name, service.port))
}

/// `Kind namespace/name` of another object.
pub(super) fn resource(resource: &RouteResource) -> String {
    plain(format!("{} {}/{}", resource.kind, resource.namespace, resource.name))
}
