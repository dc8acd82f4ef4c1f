//! The objects of a text: every document, `List` objects taken apart, what is no object told of.

use crate::cluster::SourcePlace;
use crate::finding::{Finding, Severity};
use crate::manifest::{self, Node, Place, SyntaxError, Value};
use std::borrow::Cow;

/// An object of any kind.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) node: Node,
}

/// Why there is no object.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The document is not YAML.
    Syntax(SyntaxError),
    /// It is YAML and no object.
    NoObject(Place, String),
    /// It does not even say that it is an object: values of a chart, settings of a tool.
    Untyped,
}

impl Fault {
    /// The fault as a finding; nothing where there is nothing to say.
    pub(super) fn into_finding(self, file: &str) -> Option<Finding> {
        let place = |line, column| SourcePlace { file: file.to_owned(), line, column, field: String::new() };
        match self {
            Fault::Syntax(error) => {
                Some(Finding::new("syntax", Severity::Error, error.message.clone(), place(error.line, error.column)))
            }
            Fault::NoObject(at, message) => {
                Some(Finding::new("object", Severity::Error, message, place(at.line, at.column)))
            }
            Fault::Untyped => None,
        }
    }
}

/// Reads every object of the text, in order.
pub(super) fn read(text: &str) -> Vec<Result<Object, Fault>> {
    let mut objects = Vec::new();
    // Kubernetes' reader loses a last line without its end where that falls on a full buffer; a file is read whole.
    let ended =
        if text.ends_with('\n') || text.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}\n")) };
    for document in manifest::documents(&ended) {
        match document {
            Ok(node) if node.is_null() => {}
            Ok(node) => take(node, None, &mut objects),
            Err(error) => objects.push(Err(Fault::Syntax(error))),
        }
    }
    objects
}

/// Takes an object, or the items of a list. `of` is the version and kind that a list's items have where they do not say.
fn take(node: Node, of: Option<(&str, &str)>, objects: &mut Vec<Result<Object, Fault>>) {
    let place = node.place;
    if !matches!(node.value, Value::Mapping(_)) {
        let message = format!("expected a Kubernetes object, found {}", article(node.kind()));
        objects.push(Err(Fault::NoObject(place, message)));
        return;
    }
    let text = |name: &str| node.get(name).and_then(Node::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let (api_version, kind) = match (text("apiVersion"), text("kind"), of) {
        (Some(api_version), Some(kind), _) => (api_version, kind),
        (None, None, Some((api_version, kind))) => (api_version.to_owned(), kind.to_owned()),
        (None, None, None) => {
            objects.push(Err(Fault::Untyped));
            return;
        }
        (api_version, _, _) => {
            let missing = if api_version.is_some() { "kind" } else { "apiVersion" };
            objects.push(Err(Fault::NoObject(place, format!("not a Kubernetes object: it has no `{missing}`"))));
            return;
        }
    };
    let is_list = kind.ends_with("List") && node.get("items").is_some();
    if !is_list {
        objects.push(Ok(Object { api_version, kind, node }));
        return;
    }
    // A `ServiceList` of the API leaves out what its items are; a plain `List` cannot.
    let of_item = kind.strip_suffix("List").filter(|item| !item.is_empty()).map(|item| (api_version.as_str(), item));
    let Value::Mapping(members) = node.value else { return };
    for (key, items) in members {
        if &*key.name == "items"
            && let Value::Sequence(items) = items.value
        {
            for item in items {
                let item = match of_item {
                    Some((api_version, kind)) if item.get("kind").is_none() => typed(item, api_version, kind),
                    _ => item,
                };
                take(item, of_item, objects);
            }
        }
    }
}

/// The item of a typed list, with the version and kind that it left out.
fn typed(mut item: Node, api_version: &str, kind: &str) -> Node {
    let place = item.place;
    if let Value::Mapping(members) = &mut item.value {
        for (name, value) in [("kind", kind), ("apiVersion", api_version)] {
            let key = manifest::Key { name: name.into(), place };
            members.insert(0, (key, Node { value: Value::String(value.into()), place }));
        }
    }
    item
}

/// Puts an object that names no namespace into that one.
pub(super) fn put_into(node: &mut Node, namespace: &str) {
    let Value::Mapping(members) = &mut node.value else { return };
    let Some((_, metadata)) = members.iter_mut().find(|(key, _)| &*key.name == "metadata") else { return };
    let place = metadata.place;
    let Value::Mapping(members) = &mut metadata.value else { return };
    if !members.iter().any(|(key, _)| &*key.name == "namespace") {
        let key = manifest::Key { name: "namespace".into(), place };
        members.push((key, Node { value: Value::String(namespace.into()), place }));
    }
}

fn article(kind: &str) -> String {
    match kind {
        "array" | "object" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}
