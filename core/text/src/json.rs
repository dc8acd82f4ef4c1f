//! JSON as the engine writes it: a small ordered value and its text.
//!
//! What comes in is a [`crate::manifest::Node`], which knows its places; what goes out is a [`Json`], which does not
//! need them. Members keep the order they were put in, so an answer reads the same on every run.

use crate::text::Digits;
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
#[macro_export]
#[doc(hidden)]
macro_rules! json_object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::Json::Object(vec![
            $((std::borrow::Cow::Borrowed($name), $crate::json::Json::from($value))),*
        ])
    };
}
pub use crate::json_object as json;

impl Json {
    /// An object without members, to be filled with [`Json::set`].
    pub fn object() -> Self {
        Json::Object(Vec::new())
    }

    /// An object without members and with room for so many.
    pub fn with_capacity(members: usize) -> Self {
        Json::Object(Vec::with_capacity(members))
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
        self.write_indented(out, None);
    }

    /// Writes an object that has the members of both, those of this one first.
    pub fn write_with(&self, more: &Json, out: &mut String) {
        self.write(out);
        if let (Json::Object(members), Json::Object(more)) = (self, more)
            && !more.is_empty()
        {
            let mut writer = Writer::behind(out, None);
            // The bracket at the end goes, or becomes the comma before the next member.
            writer.end -= 1;
            if !members.is_empty() {
                writer.byte(b',');
            }
            writer.members(more, b',', 0);
            *out = writer.finish();
        }
    }

    /// Writes the value over several lines, indented by two spaces a level.
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        self.write_indented(&mut out, Some(2));
        out
    }

    fn write_indented(&self, out: &mut String, indent: Option<usize>) {
        let mut writer = Writer::behind(out, indent);
        writer.value(self, b',', 0);
        *out = writer.finish();
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
    writer.quote(text, b',');
    *out = writer.finish();
}

/// How many bytes most answers stay below.
const LENGTH: usize = 1024;

/// How many bytes are copied at once.
const WORD: usize = 8;
const HALF: usize = 4;

/// Text under way, as bytes that are there already and are filled in: most answers are put together of some hundred
/// pieces of a few bytes each, and adding each to a `String` took longer than all else about it. With every piece comes the byte that
/// follows it, a comma mostly, so that each asks for room once; where something ends, its last comma is written over.
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

    /// The text without the byte that follows its last piece: whole texts were put together, so it is one.
    fn finish(mut self) -> String {
        self.bytes.truncate(self.end.saturating_sub(1));
        String::from_utf8(self.bytes).unwrap_or_default()
    }

    /// The bytes to be filled in next, at least so many.
    fn room(&mut self, length: usize) -> &mut [u8] {
        let needed = self.end + length;
        if needed > self.bytes.len() {
            self.bytes.resize(needed.max(2 * self.bytes.len()).max(LENGTH), 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    fn value(&mut self, value: &Json, behind: u8, depth: usize) {
        match value {
            Json::Null => self.put("null", behind),
            Json::Bool(true) => self.put("true", behind),
            Json::Bool(false) => self.put("false", behind),
            Json::Int(number) => self.put(Digits::of(*number).as_str(), behind),
            Json::Number(literal) => self.put(literal, behind),
            Json::String(text) => self.quote(text, behind),
            Json::Array(items) => {
                self.byte(b'[');
                for item in items {
                    self.break_line(depth + 1);
                    self.value(item, b',', depth + 1);
                }
                self.close("]", items.is_empty(), behind, depth);
            }
            Json::Object(members) => {
                self.byte(b'{');
                self.members(members, behind, depth);
            }
        }
    }

    fn members(&mut self, members: &[(Cow<'static, str>, Json)], behind: u8, depth: usize) {
        for (name, value) in members {
            self.break_line(depth + 1);
            self.quote(name, b':');
            if self.indent.is_some() {
                self.byte(b' ');
            }
            self.value(value, b',', depth + 1);
        }
        self.close("}", members.is_empty(), behind, depth);
    }

    /// Ends an array or an object.
    fn close(&mut self, bracket: &str, is_empty: bool, behind: u8, depth: usize) {
        if !is_empty {
            self.end -= 1;
            self.break_line(depth);
        }
        self.put(bracket, behind);
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
        self.put("", byte);
    }

    fn put(&mut self, text: &str, behind: u8) {
        let bytes = text.bytes().chain([behind]);
        self.room(text.len() + 1).iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        self.end += text.len() + 1;
    }

    fn quote(&mut self, text: &str, behind: u8) {
        let (bytes, length) = (text.as_bytes(), text.len());
        let (quote, room) = match self.room(length + 3).split_first_mut() {
            Some((quote, room)) => (quote, room.get_mut(..length + 2).unwrap_or_default()),
            None => return,
        };
        *quote = b'"';
        let (inside, ends) = room.split_at_mut(length);
        // Words at once; the last one, or half of one, is made of what was copied already and the rest.
        let mut special = false;
        for (slot, word) in inside.as_chunks_mut::<WORD>().0.iter_mut().zip(bytes.as_chunks().0) {
            special |= has_special(u64::from_le_bytes(*word));
            *slot = *word;
        }
        if let (Some(slot), Some(word)) = (inside.last_chunk_mut::<WORD>(), bytes.last_chunk::<WORD>()) {
            special |= has_special(u64::from_le_bytes(*word));
            *slot = *word;
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
            let [first_half, last_half] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
            special = has_special(first_half | last_half << 32);
            if let Some(slot) = inside.first_chunk_mut() {
                *slot = *first;
            }
            if let Some(slot) = inside.last_chunk_mut() {
                *slot = *last;
            }
        } else {
            for (slot, byte) in inside.iter_mut().zip(bytes) {
                special |= is_special(*byte);
                *slot = *byte;
            }
        }
        if special {
            return self.escape(text, behind);
        }
        ends.iter_mut().zip([b'"', behind]).for_each(|(slot, byte)| *slot = byte);
        self.end += length + 3;
    }

    /// The same for a text that may have something to be escaped.
    #[cold]
    fn escape(&mut self, text: &str, behind: u8) {
        let mut escaped = String::with_capacity(2 * text.len());
        for character in text.chars() {
            match character {
                '"' => escaped.push_str("\\\""),
                '\\' => escaped.push_str("\\\\"),
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\t' => escaped.push_str("\\t"),
                '\u{8}' => escaped.push_str("\\b"),
                '\u{c}' => escaped.push_str("\\f"),
                '\0'..' ' | '\u{2028}' | '\u{2029}' => escaped.push_str(&format!("\\u{:04x}", character as u32)),
                other => escaped.push(other),
            }
        }
        self.byte(b'"');
        self.put(&escaped, b'"');
        self.byte(behind);
    }
}

/// Whether a byte of a text may have to be escaped. Nearly every text stands for itself; 0xE2 is the first byte of both line
/// separators.
fn is_special(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'"' | b'\\' | 0xE2)
}

/// The same for the bytes of a word. It may be wrong about bytes that stand above one that is special.
fn has_special(word: u64) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    // The highest bit of every byte that is below `limit`, which is at most 0x80.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & (ONES << 7);
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, u64::from(b' ')) | is(b'"') | is(b'\\') | is(0xE2) != 0
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
    fn every_byte_is_looked_at_wherever_it_stands() {
        for character in ('\0'..'\u{100}').chain("–‧€\u{2028}\u{2029}\u{202a}".chars()) {
            let escaped = Json::from(character.to_string()).to_string();
            let inner = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
            for (before, behind) in (0..20).flat_map(|before| [(before, 0), (before, 9)]) {
                let text =
                    format!("{}{character}{}", "ä".repeat(before / 2) + &"~".repeat(before % 2), "!".repeat(behind));
                let expected = format!("\"{}\"", text.replace(character, inner));
                assert_eq!(Json::from(text).to_string(), expected);
            }
        }
    }

    #[test]
    fn objects_are_written_as_one() {
        let (some, none) = (Json::object().with("a", 1).with("b", "x"), Json::object());
        let written = |first: &Json, second: &Json| {
            let mut out = String::new();
            first.write_with(second, &mut out);
            out
        };
        assert_eq!(written(&some, &some), r#"{"a":1,"b":"x","a":1,"b":"x"}"#);
        assert_eq!(written(&some, &none), some.to_string());
        assert_eq!(written(&none, &some), some.to_string());
        assert_eq!(written(&none, &none), "{}");
    }

    #[test]
    fn what_is_written_goes_on_behind_what_is_there() {
        let mut out = "x".repeat(2000);
        Json::Array(vec![Json::Null, Json::object()]).write(&mut out);
        write_string(&mut out, "\t");
        assert_eq!(out.get(1999..), Some("x[null,{}]\"\\t\""));
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
