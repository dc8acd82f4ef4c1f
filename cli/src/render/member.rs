//! Members of an answer: an answer and a name come in; text for people, with control characters written out, goes out.

use crate::terminal::{Style, Terminal, escape};
use portolan_base::json::Json;

/// The text of a string member, or nothing.
pub(super) fn text(json: &Json, name: &str) -> String {
    json.get(name).and_then(Json::as_str).map(|text| escape(text).into_owned()).unwrap_or_default()
}

/// The items of a list member, or none.
pub(super) fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}

/// A value as text: a string without its quotes, `–` for nothing.
pub(super) fn plain(json: Option<&Json>) -> String {
    match json {
        None | Some(Json::Null) => "–".to_owned(),
        Some(Json::String(text)) => escape(text).into_owned(),
        Some(other) => escape(&other.to_string()).into_owned(),
    }
}

/// `namespace/name` of a reference, `–` for nothing.
pub(super) fn reference(json: Option<&Json>) -> String {
    match json {
        Some(object @ Json::Object(_)) => match text(object, "namespace").as_str() {
            "" => text(object, "name"),
            namespace => format!("{namespace}/{}", text(object, "name")),
        },
        _ => "–".to_owned(),
    }
}

/// Whether a member is `true`.
pub(super) fn is_true(json: &Json, name: &str) -> bool {
    json.get(name) == Some(&Json::Bool(true))
}

/// `file:line:column` of a source, or nothing.
pub(super) fn place(source: &Json) -> String {
    match text(source, "file").as_str() {
        "" => String::new(),
        file => format!("{file}:{}:{}", plain(source.get("line")), plain(source.get("column"))),
    }
}

/// The reasons of an answer, a line each.
pub(super) fn because(answer: &Json, terminal: &Terminal) -> String {
    let reasons = match answer.get("because") {
        Some(Json::Array(reasons)) => reasons.as_slice(),
        Some(reason) => std::slice::from_ref(reason),
        None => &[],
    };
    let line = |reason: &Json| match reason {
        Json::String(reason) => format!("  because {}\n", escape(reason)),
        reason => {
            let said = if reason.get("because").is_some() { text(reason, "because") } else { effect(reason) };
            let place = reason.get("source").map(place).unwrap_or_default();
            let place = if place.is_empty() { place } else { format!(" {}", terminal.styled(Style::Dim, &place)) };
            format!("  because {said}{place}\n")
        }
    };
    reasons.iter().map(line).collect()
}

/// One reason of a verdict in words.
fn effect(reason: &Json) -> String {
    let direction = text(reason, "direction");
    let by = match reason.get("policy") {
        Some(policy @ Json::Object(_)) => format!(" by {} {}", text(policy, "kind"), reference(Some(policy))),
        _ => String::new(),
    };
    let mut out = match text(reason, "effect").as_str() {
        "default" => format!("{direction}: no policy isolates the pod"),
        "isolate" => format!("{direction}: the pod is isolated{by}"),
        "allow" => format!("{direction}: allowed{by}"),
        "deny" => format!("{direction}: denied{by}"),
        "tie" => format!("{direction}: not{by}, which has the same priority and would decide otherwise"),
        other => format!("{direction}: {other}{by}"),
    };
    for part in ["rule", "peer", "port"] {
        if let Some(number @ Json::Int(_)) = reason.get(part) {
            out.push_str(&format!(", {part} {number}"));
        }
    }
    out
}
