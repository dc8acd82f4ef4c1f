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

/// An object of these members, put together at once: `json! { "name": value, … }`. No name may stand there twice.
macro_rules! json {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::Json::Object(vec![
            $((std::borrow::Cow::Borrowed($name), $crate::json::Json::from($value))),*
        ])
    };
}
pub(crate) use json;

impl Json {
    /// An object without members, to be filled with [`Json::set`].
    pub fn object() -> Self {
        Json::Object(Vec::new())
    }

    /// Adds a member at the end and returns the object. On anything but an object it does nothing.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Json>) -> Self {
        self.add(name.into(), value.into());
        self
    }

    /// Sets a member: in its place where the name is there already, at the end otherwise.
    pub fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Json>) {
        self.put(name.into(), value.into());
    }

    fn put(&mut self, name: Cow<'static, str>, value: Json) {
        if let Json::Object(members) = self {
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, slot)) => *slot = value,
                None => self.add(name, value),
            }
        }
    }

    fn add(&mut self, name: Cow<'static, str>, value: Json) {
        if let Json::Object(members) = self {
            debug_assert!(!members.iter().any(|(known, _)| *known == name), "{name}");
            members.push((name, value));
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
        let mut writer = Writer::behind(out, None);
        writer.value(self, 0);
        *out = writer.finish();
    }

    /// Writes the value over several lines, indented by two spaces a level.
    pub fn to_pretty(&self) -> String {
        let mut writer = Writer::behind(&mut String::new(), Some(2));
        writer.value(self, 0);
        writer.finish()
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

/// Writes a JSON string with its quotes: the two that must be escaped, control characters, and the line separators
/// U+2028 and U+2029, which Go escapes too.
pub fn write_string(out: &mut String, text: &str) {
    let mut writer = Writer::behind(out, None);
    writer.quote(text);
    *out = writer.finish();
}

/// How many bytes most answers stay below.
const LENGTH: usize = 1024;

/// Text under way, as bytes that are there already and are filled in: most answers are put together of some hundred
/// pieces of a few bytes each, and adding each to a `String` took longer than all else about it.
struct Writer {
    bytes: Vec<u8>,
    /// How many of the bytes are written.
    end: usize,
    /// How many spaces a level is indented by, where every value gets a line.
    indent: Option<usize>,
}

impl Writer {
    /// Goes on behind a text, which it takes.
    fn behind(text: &mut String, indent: Option<usize>) -> Self {
        let bytes = std::mem::take(text).into_bytes();
        Writer { end: bytes.len(), bytes, indent }
    }

    /// The text: whole texts were put together, so it is one.
    fn finish(mut self) -> String {
        self.bytes.truncate(self.end);
        String::from_utf8(self.bytes).unwrap_or_default()
    }

    /// The bytes to be filled in next, at least so many.
    fn room(&mut self, length: usize) -> &mut [u8] {
        let needed = self.end + length;
        if needed > self.bytes.len() {
            self.grow(needed);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    fn grow(&mut self, needed: usize) {
        let mut larger = vec![0; needed.max(2 * self.bytes.len()).max(LENGTH)];
        larger.iter_mut().zip(&self.bytes).for_each(|(slot, byte)| *slot = *byte);
        self.bytes = larger;
    }

    fn value(&mut self, value: &Json, depth: usize) {
        match value {
            Json::Null => self.put("null"),
            Json::Bool(true) => self.put("true"),
            Json::Bool(false) => self.put("false"),
            Json::Int(number) => match u8::try_from(*number) {
                // Places of rules and paths, mostly.
                Ok(digit @ 0..=9) => self.byte(b'0' + digit),
                _ => self.put(&number.to_string()),
            },
            Json::Number(literal) => self.put(literal),
            Json::String(text) => self.quote(text),
            Json::Array(items) => {
                self.byte(b'[');
                for (position, item) in items.iter().enumerate() {
                    self.begin(position, depth + 1);
                    self.value(item, depth + 1);
                }
                self.close(b']', items.is_empty(), depth);
            }
            Json::Object(members) => {
                self.byte(b'{');
                for (position, (name, value)) in members.iter().enumerate() {
                    self.begin(position, depth + 1);
                    self.quote(name);
                    self.put(if self.indent.is_some() { ": " } else { ":" });
                    self.value(value, depth + 1);
                }
                self.close(b'}', members.is_empty(), depth);
            }
        }
    }

    /// Begins an item or a member.
    fn begin(&mut self, position: usize, depth: usize) {
        if position > 0 {
            self.byte(b',');
        }
        self.break_line(depth);
    }

    /// Ends an array or an object.
    fn close(&mut self, bracket: u8, is_empty: bool, depth: usize) {
        if !is_empty {
            self.break_line(depth);
        }
        self.byte(bracket);
    }

    fn break_line(&mut self, depth: usize) {
        if let Some(width) = self.indent {
            self.byte(b'\n');
            for _ in 0..width * depth {
                self.byte(b' ');
            }
        }
    }

    fn byte(&mut self, byte: u8) {
        if let Some(slot) = self.room(1).first_mut() {
            *slot = byte;
        }
        self.end += 1;
    }

    fn put(&mut self, text: &str) {
        for (slot, byte) in self.room(text.len()).iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        self.end += text.len();
    }

    fn quote(&mut self, text: &str) {
        if let Some((quote, room)) = self.room(text.len() + 2).split_first_mut() {
            *quote = b'"';
            for (slot, byte) in room.iter_mut().zip(text.bytes()) {
                // Nearly every text stands for itself. 0xE2 is the first byte of both line separators.
                if byte < b' ' || matches!(byte, b'"' | b'\\' | 0xE2) {
                    return self.escape(text);
                }
                *slot = byte;
            }
            if let Some(quote) = room.get_mut(text.len()) {
                *quote = b'"';
            }
        }
        self.end += text.len() + 2;
    }

    /// The same for a text that may have something to be escaped.
    fn escape(&mut self, text: &str) {
        self.byte(b'"');
        for character in text.chars() {
            match character {
                '"' => self.put("\\\""),
                '\\' => self.put("\\\\"),
                '\n' => self.put("\\n"),
                '\r' => self.put("\\r"),
                '\t' => self.put("\\t"),
                '\u{8}' => self.put("\\b"),
                '\u{c}' => self.put("\\f"),
                '\0'..' ' | '\u{2028}' | '\u{2029}' => self.put(&format!("\\u{:04x}", character as u32)),
                other => self.put(other.encode_utf8(&mut [0; 4])),
            }
        }
        self.byte(b'"');
    }
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
        let written = |text: &str| Json::from(text.to_owned()).to_string();
        assert_eq!(written("a\u{0}\u{1f}\\\r\t\u{8}\u{c}"), r#""a\u0000\u001f\\\r\t\b\f""#);
        assert_eq!(written("–\u{2028}‧\u{2029}\u{202a}é\u{7f}"), "\"–\\u2028‧\\u2029\u{202a}é\u{7f}\"");
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
