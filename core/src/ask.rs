//! The questions and answers: the one door that every host uses.
//!
//! A question is a JSON object `{"ask": KIND, "id": …, …}`, an answer `{"ask": KIND, "id": …, …}` or
//! `{"id": …, "error": {"reason", "message", "field"}}`. Each kind of question has a file below this one; it reads its
//! question from the tree, asks the engine's room, and writes the answer.

pub mod admit;
pub mod backends;
mod choose;
pub mod contract;
pub mod diff;
pub mod endpoints;
pub mod env;
pub mod hosts;
pub mod map;
pub mod nftables;
pub mod objects;
pub mod policy_diff;
pub mod read;
pub mod render;
pub mod resolve;
pub mod route;
pub mod routes;
pub mod suggest;
pub mod trace;
pub mod verdict;

use crate::engine::Engine;
use portolan_base::json::{Json, JsonOf, json};
use portolan_base::tree::Node;
use thiserror::Error;

/// Why a question has no answer. One word, because every step of reading a question may give it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}", .0.message)]
pub struct AskError(Box<Refused>);

/// What a refusal says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refused {
    /// One word: `BadRequest`, `NotFound`, `Invalid`.
    reason: &'static str,
    /// What is wrong, for people.
    message: String,
    /// The field of the question it is about, where it is about one.
    field: Option<String>,
}

impl AskError {
    /// A question that cannot be understood.
    #[cold]
    pub fn bad(field: &str, message: impl Into<String>) -> Self {
        AskError::new("BadRequest", message.into(), Some(field.to_owned()))
    }

    /// A question about something that is not there.
    #[cold]
    pub fn not_found(field: &str, message: impl Into<String>) -> Self {
        AskError::new("NotFound", message.into(), Some(field.to_owned()))
    }

    fn new(reason: &'static str, message: String, field: Option<String>) -> Self {
        AskError(Box::new(Refused { reason, message, field }))
    }

    fn into_json(self) -> Json {
        let Refused { reason, message, field } = *self.0;
        let error = json! { "reason": reason, "message": message };
        match field {
            Some(field) => error.with("field", field),
            None => error,
        }
    }
}

/// Answers one question given as JSON text, with JSON text. Whatever comes in, an answer goes out.
pub fn answer_text(engine: &Engine, question: &str) -> String {
    match portolan_base::json::read(question) {
        Ok(node) => {
            let (head, members) = answer_in_two(engine, &node);
            let mut text = String::new();
            head.write_with(&members, &mut text);
            text
        }
        Err(error) => {
            let message = format!("the question is not JSON: {error} (line {}, column {})", error.line, error.column);
            let (line, column) = (error.line, error.column);
            let error = AskError::new("BadRequest", message, None).into_json();
            let error = error.with("line", line).with("column", column);
            Json::object().with("id", Json::Null).with("error", error).to_string()
        }
    }
}

/// Answers one question that was put together as JSON, with an answer that outlives the engine.
pub fn answer_json(engine: &Engine, question: &Json) -> Json {
    answer(engine, &Node::from(question)).into_owned()
}

/// Answers one question.
pub fn answer<'e>(engine: &'e Engine, question: &Node) -> JsonOf<'e> {
    let (mut head, members) = answer_in_two(engine, question);
    if let (JsonOf::Object(head), JsonOf::Object(members)) = (&mut head, members) {
        head.extend(members);
    }
    head
}

/// What every answer begins with, and its own members.
fn answer_in_two<'e>(engine: &'e Engine, question: &Node) -> (JsonOf<'e>, JsonOf<'e>) {
    let id = question.get("id").map_or(Json::Null, Node::to_json);
    match dispatch(engine, question) {
        Ok((kind, members @ JsonOf::Object(_))) => (json! { "ask": kind, "id": id }, members),
        Ok((kind, other)) => (json! { "ask": kind, "id": id }, json! { "answer": other }),
        Err(error) => (json! { "id": id }, json! { "error": error.into_json() }),
    }
}

/// One kind of question: reads it from the tree and gives the members of its answer, whose texts may be the cluster's own.
type Ask = for<'e> fn(&'e Engine, &Node) -> Result<JsonOf<'e>, AskError>;

/// The kinds of question, in the order of the contract, each with the file that answers it.
#[rustfmt::skip]
const KINDS: &[(&str, Ask)] = &[
    ("read", read::ask),
    ("admit", admit::ask),
    ("endpoints", endpoints::ask),
    ("backends", backends::ask),
    ("resolve", resolve::ask),
    ("env", env::ask),
    ("hosts", hosts::ask),
    ("route", route::ask),
    ("routes", routes::ask),
    ("diff", diff::ask),
    ("render", render::ask),
    ("verdict", verdict::ask),
    ("map", map::ask),
    ("policyDiff", policy_diff::ask),
    ("suggest", suggest::ask),
    ("nftables", nftables::ask),
    ("trace", trace::ask),
    ("objects", objects::ask),
];

fn dispatch<'e>(engine: &'e Engine, question: &Node) -> Result<(&'static str, JsonOf<'e>), AskError> {
    let kind = match question.get("ask") {
        Some(kind) => kind.as_str().ok_or_else(|| AskError::bad("ask", "`ask` has to be a string"))?,
        None => return Err(AskError::bad("ask", "the question has no `ask` field")),
    };
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((name, ask)) => Ok((name, ask(engine, question)?)),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            Err(AskError::bad("ask", format!("`{kind}` is no kind of question; there are {}", known.join(", "))))
        }
    }
}

/// Reads the parts that several kinds of question share.
pub mod part {
    use super::AskError;
    use crate::api::resource::ObjectKey;
    use portolan_base::tree::Node;

    /// A required string member of the question.
    ///
    /// # Errors
    /// The member is missing or no string.
    pub fn text<'q>(question: &'q Node, name: &str) -> Result<&'q str, AskError> {
        match question.get(name) {
            Some(node) => node.as_str().ok_or_else(|| AskError::bad(name, format!("`{name}` has to be a string"))),
            None => Err(AskError::bad(name, format!("the question has no `{name}` field"))),
        }
    }

    /// A required `{"namespace": …, "name": …}` member; a missing namespace is `default`. The name may stand under
    /// another word (`pod`, in the ends of a connection).
    ///
    /// # Errors
    /// The member is missing, or its name is no string.
    pub fn key(question: &Node, name: &str, word: &str) -> Result<ObjectKey, AskError> {
        let (namespace, name) = names(question, name, word)?;
        Ok(ObjectKey::new(namespace, name))
    }

    /// The same as it stands in the question: the namespace and the name.
    ///
    /// # Errors
    /// Those of [`key`].
    pub fn names<'q>(question: &'q Node, name: &str, word: &str) -> Result<(&'q str, &'q str), AskError> {
        let node =
            question.get(name).ok_or_else(|| AskError::bad(name, format!("the question has no `{name}` field")))?;
        let named = node.get(word).and_then(Node::as_str);
        let named = named
            .ok_or_else(|| AskError::bad(&format!("{name}.{word}"), format!("`{name}.{word}` has to be a string")))?;
        let namespace = node.get("namespace").and_then(Node::as_str).filter(|namespace| !namespace.is_empty());
        Ok((namespace.unwrap_or("default"), named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;

    #[test]
    fn what_cannot_be_understood_gets_an_error_with_its_id() {
        let engine = Engine::new(Options::default());
        let text = answer_text(&engine, r#"{"id":7}"#);
        assert_eq!(
            text,
            r#"{"id":7,"error":{"reason":"BadRequest","message":"the question has no `ask` field","field":"ask"}}"#
        );
        assert!(answer_text(&engine, "{").starts_with(r#"{"id":null,"error":{"reason":"BadRequest""#));
        assert!(answer_text(&engine, r#"{"ask":"weather"}"#).contains("`weather` is no kind of question"));
    }
}
