//! Questions as JSON in, answers as JSON out: the one text door, which every host that has no Rust types uses.
//!
//! A question is a JSON object `{"ask": KIND, "id": …, …}`, an answer `{"ask": KIND, "id": …, …}` or
//! `{"id": …, "error": {"reason", "message", "field"}}`.

use super::declare::At;
use super::error::AskError;
use super::{KINDS, Kind};
use crate::engine::Engine;
use portolan_base::json::{Json, Show, Sink, ToView, View, read, to_json, write_view};
use portolan_base::tree::Node;

/// Answers one question given as JSON text, with JSON text. Whatever comes in, an answer goes out.
pub fn answer_text(engine: &Engine, question: &str) -> String {
    let mut text = String::new();
    let mut write = |answer: &Whole<'_>| write_view(View::Object(answer), &mut text);
    match read(question) {
        Ok(node) => answer_into(engine, &node, &mut write),
        Err(error) => {
            write(&Whole { head: Head { kind: None, id: &Node::default() }, members: Err(&AskError::not_json(&error)) })
        }
    }
    text
}

/// Answers one question that was put together as JSON.
pub fn answer_json(engine: &Engine, question: &Json) -> Json {
    answer(engine, &Node::from(question))
}

/// Answers one question.
pub fn answer(engine: &Engine, question: &Node) -> Json {
    let mut json = Json::Null;
    answer_into(engine, question, &mut |answer| json = to_json(View::Object(answer)));
    json
}

/// Answers one question, and hands the answer on while it borrows from the engine.
fn answer_into(engine: &Engine, question: &Node, write: &mut dyn FnMut(&Whole<'_>)) {
    let null = Node::default();
    let id = question.get("id").unwrap_or(&null);
    let asked = kind_of(question).and_then(|kind| {
        let head = Head { kind: Some(kind.name), id };
        (kind.ask)(engine, question, &mut |members| write(&Whole { head, members: Ok(members) }))
    });
    if let Err(error) = asked {
        write(&Whole { head: Head { kind: None, id }, members: Err(&error) });
    }
}

fn kind_of(question: &Node) -> Result<&'static Kind, AskError> {
    let at = At::Member(&At::Question, "ask");
    let kind = question.get("ask").ok_or_else(|| AskError::lacks(&at))?;
    let name = kind.as_str().ok_or_else(|| AskError::wrong_type(&at, "a string"))?;
    KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| {
        let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        AskError::unknown(&at, "kind of question", name, &known)
    })
}

/// What every answer begins with.
#[derive(Clone, Copy)]
struct Head<'a> {
    /// The kind of question, where there is an answer.
    kind: Option<&'static str>,
    id: &'a Node,
}

/// An answer with what it begins with.
struct Whole<'a> {
    head: Head<'a>,
    members: Result<&'a dyn Show, &'a AskError>,
}

impl Show for Whole<'_> {
    fn show(&self, sink: &mut dyn Sink) {
        if let Some(kind) = self.head.kind {
            sink.member("ask", View::Text(kind));
        }
        sink.member("id", self.head.id.view());
        match self.members {
            Ok(members) => members.show(sink),
            Err(error) => sink.member("error", error.view()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;

    #[test]
    fn a_question_that_cannot_be_understood_gets_an_error_with_its_id() {
        let engine = Engine::new(Options::default());
        let text = answer_text(&engine, r#"{"id":7}"#);
        assert_eq!(
            text,
            r#"{"id":7,"error":{"reason":"BadRequest","message":"the question has no `ask` field","field":"ask"}}"#
        );
        let text = answer_text(&engine, "{");
        assert!(text.starts_with(r#"{"id":null,"error":{"reason":"BadRequest""#), "{text}");
        assert!(text.ends_with(r#","line":1,"column":2}}"#), "{text}");
        let text = answer_text(&engine, r#"{"ask":"weather"}"#);
        assert!(text.contains("unknown kind of question `weather`; expected one of: read, admit, "), "{text}");
    }

    #[test]
    fn text_and_json_are_the_same_answer() {
        let engine = Engine::new(Options::default());
        for question in
            [r#"{"ask":"read","id":[1,{"a":1.5}],"text":"a: 1"}"#, r#"{"ask":"objects"}"#, r#"{"ask":"env"}"#]
        {
            let node = read(question).unwrap();
            assert_eq!(answer(&engine, &node).to_string(), answer_text(&engine, question));
        }
    }
}
