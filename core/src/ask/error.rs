//! Why a question has no answer: one wording for each reason, in the whole project.

use super::declare::At;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::spelling;
use portolan_base::json::{Show, Sink, ToView, View};
use portolan_base::sort::SmallSort as _;
use thiserror::Error;

/// Why a question has no answer. Boxed, so that every `Result` in the readers stays one word wide.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", .0.message)]
pub struct AskError(Box<Refused>);

/// In one word, why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The question cannot be understood.
    BadRequest,
    /// The question is about an object that the cluster does not have.
    NotFound,
}

impl Reason {
    /// `BadRequest` or `NotFound`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::BadRequest => "BadRequest",
            Reason::NotFound => "NotFound",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    reason: Reason,
    message: String,
    field: Option<String>,
    /// Line and column of what is not JSON.
    place: Option<(u32, u32)>,
}

impl AskError {
    /// A question that cannot be understood: the field, and what is wrong with it.
    #[cold]
    pub fn bad(field: impl Into<String>, message: impl Into<String>) -> Self {
        AskError::new(Reason::BadRequest, message.into(), Some(field.into()))
    }

    /// A question whose text is not JSON.
    #[cold]
    pub fn not_json(error: &portolan_base::tree::SyntaxError) -> Self {
        let message = format!("the question is not JSON: {error} (line {}, column {})", error.line, error.column);
        let mut error_of = AskError::new(Reason::BadRequest, message, None);
        error_of.0.place = Some((error.line, error.column));
        error_of
    }

    /// A member is missing that the question must have.
    #[cold]
    pub fn lacks(at: &At<'_>) -> Self {
        let field = at.to_string();
        AskError::bad(field.clone(), format!("the question has no `{field}` field"))
    }

    /// A member is of another type than it must be: `expected` is `a string`, `a number from 1 to 65535`.
    #[cold]
    pub fn wrong_type(at: &At<'_>, expected: &str) -> Self {
        let field = at.to_string();
        let subject = if field.is_empty() { "the question".to_owned() } else { format!("`{field}`") };
        AskError::bad(field, format!("{subject} must be {expected}"))
    }

    /// A value that is none of those known: ``unknown controller `x`; expected one of: spec, contour, nginx``.
    #[cold]
    pub fn unknown(at: &At<'_>, what: &str, value: &str, known: &[&str]) -> Self {
        AskError::bad(at.to_string(), format!("unknown {what} `{value}`; expected one of: {}", known.join(", ")))
    }

    /// An object that the cluster does not have: ``no pod `shop/cart-api`; did you mean `shop/cart`?``.
    #[cold]
    pub fn not_found(engine: &Engine, field: impl Into<String>, kind: Kind, key: &ObjectKey) -> Self {
        let near = near(engine, kind, key);
        let message = format!("no {} `{key}`{}", word(kind), did_you_mean(&near));
        AskError::new(Reason::NotFound, message, Some(field.into()))
    }

    /// A part of an object that the object does not have: ``no container `sidecr` in pod `shop/cart`; did you mean `sidecar`?``.
    #[cold]
    pub fn no_part(field: impl Into<String>, what: &str, name: &str, of: &str, known: &[&str]) -> Self {
        let near = spelling::near(name, &mut known.iter().copied());
        let near: Vec<String> = near.into_iter().map(str::to_owned).collect();
        let message = format!("no {what} `{name}` in {of}{}", did_you_mean(&near));
        AskError::new(Reason::NotFound, message, Some(field.into()))
    }

    #[cold]
    fn new(reason: Reason, message: String, field: Option<String>) -> Self {
        AskError(Box::new(Refused { reason, message, field, place: None }))
    }

    /// Why there is no answer, in one word.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// What is wrong, for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The field of the question that is wrong, where it is one.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }
}

impl ToView for AskError {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl Show for AskError {
    fn show(&self, sink: &mut dyn Sink) {
        let Refused { reason, message, field, place } = &*self.0;
        sink.member("reason", View::Text(reason.name()));
        sink.member("message", View::Text(message));
        if let Some(field) = field {
            sink.member("field", View::Text(field));
        }
        if let Some((line, column)) = place {
            sink.member("line", line.view());
            sink.member("column", column.view());
        }
    }
}

/// A kind in a sentence: `pod`, `service`, `networkpolicy`, as kubectl has it.
fn word(kind: Kind) -> String {
    kind.name().to_ascii_lowercase()
}

fn did_you_mean(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("; did you mean `{only}`?"),
        [others @ .., last] => format!("; did you mean `{}` or `{last}`?", others.join("`, `")),
    }
}

/// The names that may have been meant, at most three: the same name in other namespaces first, then names of the same
/// namespace that are nearly it.
fn near(engine: &Engine, kind: Kind, key: &ObjectKey) -> Vec<String> {
    let keys = keys(engine, kind);
    let elsewhere = keys.iter().filter(|known| known.name == key.name && known.namespace != key.namespace);
    let mut found: Vec<String> = elsewhere.map(ToString::to_string).collect();
    let mut here = keys.iter().filter(|known| known.namespace == key.namespace).map(|known| known.name.as_str());
    for name in spelling::near(&key.name, &mut here) {
        found.push(ObjectKey::new(key.namespace.as_str(), name).to_string());
    }
    found.truncate(spelling::MOST);
    found
}

/// The names that a question about that kind may give. For a pod these are the pods of the files and the workloads: pods
/// that only follow from a workload have names that nobody writes.
fn keys(engine: &Engine, kind: Kind) -> Vec<ObjectKey> {
    let cluster = engine.cluster();
    let mut keys = Vec::new();
    cluster.each(kind, &mut |key, _| {
        if kind != Kind::Pod || engine.workload_of(key).is_none() {
            keys.push(key.clone());
        }
    });
    if kind == Kind::Pod {
        keys.extend(workloads(cluster));
    }
    keys.small_sort();
    keys.dedup();
    keys
}

fn workloads(cluster: &Cluster) -> impl Iterator<Item = ObjectKey> {
    cluster.workloads.values().flat_map(|store| store.iter().map(|(key, _)| key.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use portolan_base::json::{self, to_json};

    fn engine(objects: &[&str]) -> Engine {
        let mut engine = Engine::new(Options::default());
        for text in objects {
            let node = json::read(text).unwrap();
            let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
            let kind = Kind::of(text_of("apiVersion"), text_of("kind")).unwrap();
            engine.insert(crate::api::resource::read(kind, &node).0, None);
        }
        engine
    }

    #[test]
    fn a_missing_object_is_named_with_those_that_may_be_meant() {
        let engine = engine(&[
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"cart","namespace":"shop"},"spec":{"template":{"metadata":{"labels":{"a":"b"}}}}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"probe","namespace":"shop"},"spec":{"containers":[]}}"#,
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"orders","namespace":"shop"},"spec":{}}"#,
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"orderz","namespace":"shop"},"spec":{}}"#,
            r#"{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"}}"#,
        ]);
        let said = |kind, namespace: &str, name: &str| {
            AskError::not_found(&engine, "x", kind, &ObjectKey::new(namespace, name)).to_string()
        };
        assert_eq!(said(Kind::Pod, "shop", "cart-api"), "no pod `shop/cart-api`; did you mean `shop/cart`?");
        assert_eq!(said(Kind::Pod, "default", "probe"), "no pod `default/probe`; did you mean `shop/probe`?");
        assert_eq!(
            said(Kind::Service, "shop", "order"),
            "no service `shop/order`; did you mean `shop/orders` or `shop/orderz`?"
        );
        assert_eq!(said(Kind::Node, "", "node1"), "no node `node1`; did you mean `node-1`?");
        assert_eq!(said(Kind::Service, "shop", "payments"), "no service `shop/payments`");
        let error = AskError::not_found(&engine, "pod", Kind::Pod, &ObjectKey::new("a", "b"));
        assert_eq!((error.reason(), error.field()), (Reason::NotFound, Some("pod")));
    }

    #[test]
    fn fields_are_named_where_they_are() {
        let at = At::Member(&At::Element(&At::Member(&At::Question, "connections"), 2), "protocol");
        let error = AskError::unknown(&at, "protocol", "x", &["TCP", "UDP"]);
        assert_eq!(
            to_json(error.view()).to_string(),
            r#"{"reason":"BadRequest","message":"unknown protocol `x`; expected one of: TCP, UDP","field":"connections[2].protocol"}"#
        );
        assert_eq!(AskError::lacks(&at).message(), "the question has no `connections[2].protocol` field");
        assert_eq!(AskError::wrong_type(&At::Question, "an object").message(), "the question must be an object");
        let error = AskError::no_part("container", "container", "sidecr", "pod `a/b`", &["app", "sidecar"]);
        assert_eq!(error.message(), "no container `sidecr` in pod `a/b`; did you mean `sidecar`?");
    }
}
