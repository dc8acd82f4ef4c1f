//! JSON as the engine writes it: a small ordered value and its text.
//!
//! What comes in is a [`crate::manifest::Node`], which knows its places; what goes out is a [`Json`], which does not
//! need them. Members keep the order they were put in, so an answer reads the same on every run.

use std::borrow::Cow;
use std::fmt;

/// A JSON value to be written. Objects keep the order of their members.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number that fits an `i64`: everything Kubernetes counts in.
    Int(i64),
    /// Any other number, as the literal to be written (`1.5`, `1e300`, `18446744073709551615`).
    Number(Box<str>),
    /// A string, unescaped.
    String(Cow<'static, str>),
    /// An array.
    Array(Vec<Json>),
    /// An object: members in order. Names are not checked for duplicates.
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// An object without members, to be filled with [`Json::set`].
    pub fn object() -> Self {
        Json::Object(Vec::new())
    }

    /// Adds a member at the end and returns the object. On anything but an object it does nothing.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Json>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a member: in its place where the name is there already, at the end otherwise.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Json>) {
        if let Json::Object(members) = self {
            let name = name.into();
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, slot)) => *slot = value.into(),
                None => members.push((name, value.into())),
            }
        }
    }

    /// The member of that name, where this is an object that has one.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array value.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Writes the value without white space, as `serde_json` and Go's `json.Marshal` with HTML escaping off would.
    pub fn write(&self, out: &mut String) {
        self.write_with(out, None, 0);
    }

    /// Writes the value over several lines, indented by two spaces a level.
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        self.write_with(&mut out, Some(2), 0);
        out
    }

    fn write_with(&self, out: &mut String, indent: Option<usize>, depth: usize) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Int(number) => push_int(out, *number),
            Json::Number(literal) => out.push_str(literal),
            Json::String(text) => write_string(out, text),
            Json::Array(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    break_line(out, indent, depth + 1);
                    item.write_with(out, indent, depth + 1);
                }
                if !items.is_empty() {
                    break_line(out, indent, depth);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    break_line(out, indent, depth + 1);
                    write_string(out, name);
                    out.push(':');
                    if indent.is_some() {
                        out.push(' ');
                    }
                    value.write_with(out, indent, depth + 1);
                }
                if !members.is_empty() {
                    break_line(out, indent, depth);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

fn break_line(out: &mut String, indent: Option<usize>, depth: usize) {
    if let Some(width) = indent {
        out.push('\n');
        for _ in 0..width * depth {
            out.push(' ');
        }
    }
}

fn push_int(out: &mut String, number: i64) {
    use std::fmt::Write as _;
    let _ = write!(out, "{number}");
}

/// Writes a JSON string with its quotes: the two that must be escaped, control characters, and the line separators
/// U+2028 and U+2029, which Go escapes too.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            control if control < ' ' => {
                use std::fmt::Write as _;
                let _ = write!(out, "\\u{:04x}", control as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Json::Int(value)
    }
}

impl From<i32> for Json {
    fn from(value: i32) -> Self {
        Json::Int(i64::from(value))
    }
}

impl From<u16> for Json {
    fn from(value: u16) -> Self {
        Json::Int(i64::from(value))
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Json::Int(i64::from(value))
    }
}

impl From<usize> for Json {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| Json::Number(value.to_string().into()), Json::Int)
    }
}

impl From<&'static str> for Json {
    fn from(value: &'static str) -> Self {
        Json::String(Cow::Borrowed(value))
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Json::String(Cow::Owned(value))
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Json::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Json::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_text_is_escaped() {
        let value = Json::object().with("b", 1).with("a", vec!["x\n\"y\"".to_owned()]).with("c", Json::Null);
        assert_eq!(value.to_string(), r#"{"b":1,"a":["x\n\"y\""],"c":null}"#);
    }

    #[test]
    fn setting_a_known_name_keeps_its_place() {
        let mut value = Json::object().with("a", 1).with("b", 2);
        value.set("a", 3);
        assert_eq!(value.to_string(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn pretty_text_is_indented_and_empty_values_stay_on_one_line() {
        let value = Json::object().with("a", Json::Array(vec![])).with("b", vec![1, 2]);
        assert_eq!(value.to_pretty(), "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ]\n}");
    }
}
