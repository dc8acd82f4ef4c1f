//! The tree that YAML and JSON become: values with their places.

use crate::json::Json;
use crate::text;
use thiserror::Error;

/// How deep sequences and mappings may nest. The limit of Go's `encoding/json` is 10,000; a stack in a browser is smaller.
pub const MAX_DEPTH: usize = 500;

/// Why a text cannot be read, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// The position of a value in its text. Lines and columns count from 1, columns in characters (Unicode scalar values);
/// `start..end` is the byte range of the value in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset behind the last byte.
    pub end: u32,
}

/// A value and its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Where.
    pub place: Place,
}

/// What a [`Node`] holds: JSON's six kinds of value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, unescaped.
    String(Box<str>),
    /// An array.
    Sequence(Vec<Node>),
    /// An object, its members in the order of the text. A JSON text may name a member twice: both are kept.
    Mapping(Vec<(Key, Node)>),
}

/// A number as JSON knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// An integer whose literal is its plain decimal form.
    Int(i64),
    /// Any other literal, as JSON text: `1.5`, `1e3`, `-0`, `18446744073709551615`.
    Literal(Box<str>),
}

/// The name of a member and its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// The name, unescaped.
    pub name: Box<str>,
    /// Where it stands.
    pub place: Place,
}

impl Place {
    /// The place so many lines and bytes further down (or up, where they are negative).
    #[must_use]
    pub fn moved(self, lines: i64, bytes: i64) -> Place {
        let by = |from: u32, by: i64| u32::try_from(i64::from(from).saturating_add(by)).unwrap_or(from);
        Place {
            line: by(self.line, lines),
            column: self.column,
            start: by(self.start, bytes),
            end: by(self.end, bytes),
        }
    }
}

impl Node {
    /// The first member of that name, where this is a mapping that has one.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(key, _)| &*key.name == name).map(|(_, node)| node)
    }

    /// The members of a mapping; none for any other value.
    pub fn members(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Mapping(members) => members,
            _ => &[],
        }
    }

    /// The elements of a sequence; none for any other value.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of an integer.
    pub fn as_int(&self) -> Option<i64> {
        match &self.value {
            Value::Number(Number::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The name that Go's `encoding/json` gives this kind of value: `null`, `bool`, `number`, `string`, `array`, `object`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Sequence(_) => "array",
            Value::Mapping(_) => "object",
        }
    }

    /// Where the field of that path stands (`spec.ports[0].targetPort`, `metadata.labels[app.kubernetes.io/name]`).
    ///
    /// Gives the place of the value; where the path leads to nothing, the place of the deepest part that is there: the
    /// key of the object that lacks the field, or the object itself. So a finding on a missing field points at what misses it.
    pub fn place_of(&self, path: &str) -> Place {
        let mut place = self.place;
        let mut node = self;
        for step in steps(path) {
            let found = match step {
                Step::Index(index) => node.items().get(index).map(|item| (item.place, item)),
                Step::Name(name) => {
                    node.members().iter().find(|(key, _)| *key.name == *name).map(|(key, value)| {
                        // An empty or nested value is best shown by its key.
                        let place = match value.value {
                            Value::Sequence(_) | Value::Mapping(_) | Value::Null => key.place,
                            _ => value.place,
                        };
                        (place, value)
                    })
                }
            };
            match found {
                Some((here, next)) => {
                    place = here;
                    node = next;
                }
                None => break,
            }
        }
        place
    }

    /// The node at that path, or nothing where the path leads nowhere.
    pub fn at(&self, path: &str) -> Option<&Node> {
        steps(path).try_fold(self, |node, step| match step {
            Step::Index(index) => node.items().get(index),
            Step::Name(name) => node.get(name),
        })
    }

    /// Moves the tree so many lines and bytes further down in its text (or up, where they are negative).
    pub fn shift(&mut self, lines: i64, bytes: i64) {
        self.place = self.place.moved(lines, bytes);
        match &mut self.value {
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.shift(lines, bytes)),
            Value::Mapping(members) => {
                for (key, node) in members {
                    key.place = key.place.moved(lines, bytes);
                    node.shift(lines, bytes);
                }
            }
            _ => {}
        }
    }

    /// The tree as plain JSON, without places.
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(Number::Int(number)) => Json::Int(*number),
            Value::Number(Number::Literal(literal)) => Json::Number(literal.clone()),
            Value::String(text) => Json::String(text.to_string().into()),
            Value::Sequence(items) => Json::Array(items.iter().map(Node::to_json).collect()),
            Value::Mapping(members) => {
                Json::Object(members.iter().map(|(key, node)| (key.name.to_string().into(), node.to_json())).collect())
            }
        }
    }
}

impl From<&Json> for Node {
    /// The same value as a tree that stands nowhere.
    fn from(json: &Json) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Int(number) => Value::Number(Number::Int(*number)),
            Json::Number(literal) => Value::Number(Number::Literal(literal.clone())),
            Json::String(text) => Value::String(text.to_string().into()),
            Json::Array(items) => Value::Sequence(items.iter().map(Node::from).collect()),
            Json::Object(members) => {
                let member = |(name, value): &(std::borrow::Cow<'static, str>, Json)| {
                    (Key { name: name.to_string().into(), place: Place::default() }, Node::from(value))
                };
                Value::Mapping(members.iter().map(member).collect())
            }
        };
        Node { value, place: Place::default() }
    }
}

/// A step of a field path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Into a member of a mapping.
    Name(&'a str),
    /// Into an item of a list.
    Index(usize),
}

/// Cuts a field path into its steps. A bracket that holds only digits is an index, any other is a name.
pub fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let (key, after) = text::cut(inside, b"]").unwrap_or((inside, ""));
            rest = after;
            return Some(key.parse().map_or(Step::Name(key), Step::Index));
        }
        let (name, after) = rest.split_at(text::find(rest, b".[").unwrap_or(rest.len()));
        rest = after;
        Some(Step::Name(name))
    })
}

#[cfg(test)]
mod tests {
    use crate::json;

    #[test]
    fn a_path_finds_its_value_and_a_missing_field_its_owner() {
        let text = "{\"spec\":{\"ports\":[{\"port\":80}]},\n\"metadata\":{\"labels\":{\"a.b/c\":\"d\"}}}";
        let node = json::read(text).unwrap();
        assert_eq!(node.at("spec.ports[0].port").and_then(super::Node::as_int), Some(80));
        assert_eq!(node.at("metadata.labels[a.b/c]").and_then(super::Node::as_str), Some("d"));
        let label = node.place_of("metadata.labels[a.b/c]");
        assert_eq!((label.line, label.column), (2, 31));
        let missing = node.place_of("spec.ports[0].name");
        assert_eq!((missing.line, missing.column), (1, 19));
    }
}
