//! JSON as the engine writes it: a small ordered value and its text.
//!
//! What comes in is a [`crate::tree::Node`], which knows its places; what goes out is a [`Json`], which does not
//! need them. Members keep the order they were put in, so an answer reads the same on every run.

use super::view::{Show, Sink, View};
use crate::text::Digits;
use std::borrow::Cow;
use std::fmt;

/// A JSON value that has all its texts itself.
pub type Json = JsonOf<'static>;

/// A JSON value to be written, whose texts may be those of what it is about. Objects keep the order of their members.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum JsonOf<'t> {
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
    String(Cow<'t, str>),
    /// An array.
    Array(Vec<JsonOf<'t>>),
    /// An object: members in order. Names are not checked for duplicates.
    Object(Vec<(Cow<'t, str>, JsonOf<'t>)>),
}

/// An object of these members, put together at once: `json! { "name": value, … }`. No name may stand there twice.
#[macro_export]
#[doc(hidden)]
macro_rules! json_object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::JsonOf::Object(vec![
            $((std::borrow::Cow::Borrowed($name), $crate::json::JsonOf::from($value))),*
        ])
    };
}

impl<'t> JsonOf<'t> {
    /// An object without members, to be filled with [`JsonOf::set`].
    pub fn object() -> Self {
        JsonOf::Object(Vec::new())
    }

    /// Adds a member at the end and returns the object. On anything but an object it does nothing.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'t, str>>, value: impl Into<JsonOf<'t>>) -> Self {
        self.add(name.into(), value.into());
        self
    }

    /// Sets a member: in its place where the name is there already, at the end otherwise.
    pub fn set(&mut self, name: impl Into<Cow<'t, str>>, value: impl Into<JsonOf<'t>>) {
        self.put(name.into(), value.into());
    }

    fn put(&mut self, name: Cow<'t, str>, value: JsonOf<'t>) {
        if let JsonOf::Object(members) = self {
            match members.iter_mut().find(|(known, _)| *known == name) {
                Some((_, slot)) => *slot = value,
                None => self.add(name, value),
            }
        }
    }

    fn add(&mut self, name: Cow<'t, str>, value: JsonOf<'t>) {
        if let JsonOf::Object(members) = self {
            debug_assert!(!members.iter().any(|(known, _)| *known == name), "{name}");
            members.push((name, value));
        }
    }

    /// The member of that name, where this is an object that has one.
    pub fn get(&self, name: &str) -> Option<&JsonOf<'t>> {
        match self {
            JsonOf::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a string value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            JsonOf::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of an array value.
    pub fn as_array(&self) -> Option<&[JsonOf<'t>]> {
        match self {
            JsonOf::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The same value with all its texts its own.
    pub fn into_owned(self) -> Json {
        let owned = |text: Cow<'t, str>| Cow::Owned(text.into_owned());
        match self {
            JsonOf::Null => Json::Null,
            JsonOf::Bool(value) => Json::Bool(value),
            JsonOf::Int(number) => Json::Int(number),
            JsonOf::Number(literal) => Json::Number(literal),
            JsonOf::String(text) => Json::String(owned(text)),
            JsonOf::Array(items) => Json::Array(items.into_iter().map(JsonOf::into_owned).collect()),
            JsonOf::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (owned(name), value.into_owned())).collect())
            }
        }
    }

    /// Writes the value without white space, as `serde_json` and Go's `json.Marshal` with HTML escaping off would.
    pub fn write(&self, out: &mut String) {
        self.write_indented(out, None);
    }

    /// Writes an object that has the members of both, those of this one first.
    pub fn write_with(&self, more: &JsonOf<'_>, out: &mut String) {
        if let (JsonOf::Object(members), JsonOf::Object(more)) = (self, more) {
            let mut writer = Writer::behind(out, None);
            writer.byte(b'{');
            writer.members(members, 0);
            writer.members(more, 0);
            writer.close(b'}', members.is_empty() && more.is_empty(), b',', 0);
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

impl fmt::Display for JsonOf<'_> {
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

/// Writes a typed value without white space, behind the text that is there.
pub fn write_view(value: View<'_>, out: &mut String) {
    let mut writer = Writer::behind(out, None);
    writer.view(value, b',');
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

    fn value(&mut self, value: &JsonOf<'_>, behind: u8, depth: usize) {
        match value {
            JsonOf::Null => self.put(b"null", behind),
            JsonOf::Bool(true) => self.put(b"true", behind),
            JsonOf::Bool(false) => self.put(b"false", behind),
            JsonOf::Int(number) => self.put(Digits::of(*number).as_bytes(), behind),
            JsonOf::Number(literal) => self.put(literal.as_bytes(), behind),
            JsonOf::String(text) => self.quote(text, behind),
            JsonOf::Array(items) => {
                self.byte(b'[');
                for item in items {
                    self.break_line(depth + 1);
                    self.value(item, b',', depth + 1);
                }
                self.close(b']', items.is_empty(), behind, depth);
            }
            JsonOf::Object(members) => {
                self.byte(b'{');
                self.members(members, depth);
                self.close(b'}', members.is_empty(), behind, depth);
            }
        }
    }

    fn members(&mut self, members: &[(Cow<'_, str>, JsonOf<'_>)], depth: usize) {
        for (name, value) in members {
            if self.indent.is_none() && self.at_once(name, value).is_some() {
                continue;
            }
            self.break_line(depth + 1);
            self.quote(name, b':');
            if self.indent.is_some() {
                self.byte(b' ');
            }
            self.value(value, b',', depth + 1);
        }
    }

    /// A whole member, as nearly all are: with a plain name, and a plain text, a number or a word.
    fn at_once(&mut self, name: &str, value: &JsonOf<'_>) -> Option<()> {
        match value {
            JsonOf::Null => self.plain_member(name, b"null", false),
            JsonOf::Bool(true) => self.plain_member(name, b"true", false),
            JsonOf::Bool(false) => self.plain_member(name, b"false", false),
            JsonOf::Int(number) => self.plain_member(name, Digits::of(*number).as_bytes(), false),
            JsonOf::Number(literal) => self.plain_member(name, literal.as_bytes(), false),
            JsonOf::String(text) => self.plain_member(name, text.as_bytes(), true),
            JsonOf::Array(_) | JsonOf::Object(_) => None,
        }
    }

    /// A member whose value is this text, in quotes or not. Nothing is written where something has to be escaped.
    fn plain_member(&mut self, name: &str, text: &[u8], is_string: bool) -> Option<()> {
        let quotes = if is_string { 6 } else { 4 };
        let length = name.len() + text.len() + quotes;
        let ([quote], room) = self.room(length).split_first_chunk_mut()?;
        *quote = b'"';
        let (special_name, room) = lay(room, name.as_bytes())?;
        let special_text = if is_string {
            let (between, room) = room.split_first_chunk_mut()?;
            *between = *b"\":\"";
            let (special, room) = lay(room, text)?;
            *room.first_chunk_mut()? = *b"\",";
            special
        } else {
            let (between, room) = room.split_first_chunk_mut()?;
            *between = *b"\":";
            let (special, room) = lay(room, text)?;
            *room.first_mut()? = b',';
            special
        };
        (!special_name && !special_text).then(|| self.end += length)
    }

    /// A typed value, without white space.
    fn view(&mut self, value: View<'_>, behind: u8) {
        match value {
            View::Null => self.put(b"null", behind),
            View::Bool(true) => self.put(b"true", behind),
            View::Bool(false) => self.put(b"false", behind),
            View::Int(number) => self.put(Digits::of(number).as_bytes(), behind),
            View::Text(text) => self.quote(text, behind),
            View::Display(text) => self.quote(&text.to_string(), behind),
            View::Json(json) => self.value(json, behind, 0),
            View::Made(json) => self.value(&json, behind, 0),
            View::List(list) => self.show(list, [b'[', b']'], behind),
            View::Object(object) => self.show(object, [b'{', b'}'], behind),
        }
    }

    fn show(&mut self, shown: &dyn Show, [open, close]: [u8; 2], behind: u8) {
        self.byte(open);
        let start = self.end;
        shown.show(self);
        let is_empty = self.end == start;
        self.close(close, is_empty, behind, 0);
    }

    /// Ends an array or an object.
    fn close(&mut self, bracket: u8, is_empty: bool, behind: u8, depth: usize) {
        if !is_empty {
            self.end -= 1;
            self.break_line(depth);
        }
        self.byte(bracket);
        self.byte(behind);
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

    fn put(&mut self, text: &[u8], behind: u8) {
        lay(self.room(text.len()), text);
        self.end += text.len();
        self.byte(behind);
    }

    fn quote(&mut self, text: &str, behind: u8) {
        if self.plain(text, behind).is_none() {
            self.escape(text, behind);
        }
    }

    /// A text in quotes that has nothing to be escaped.
    fn plain(&mut self, text: &str, behind: u8) -> Option<()> {
        let length = text.len() + 3;
        let ([quote], room) = self.room(length).split_first_chunk_mut()?;
        *quote = b'"';
        let (special, room) = lay(room, text.as_bytes())?;
        *room.first_chunk_mut()? = [b'"', behind];
        (!special).then(|| self.end += length)
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
        self.put(escaped.as_bytes(), b'"');
        self.byte(behind);
    }
}

impl Sink for Writer {
    fn member(&mut self, name: &str, value: View<'_>) {
        let written = match &value {
            View::Null => self.plain_member(name, b"null", false),
            View::Bool(true) => self.plain_member(name, b"true", false),
            View::Bool(false) => self.plain_member(name, b"false", false),
            View::Int(number) => self.plain_member(name, Digits::of(*number).as_bytes(), false),
            View::Text(text) => self.plain_member(name, text.as_bytes(), true),
            _ => None,
        };
        if written.is_none() {
            self.quote(name, b':');
            self.view(value, b',');
        }
    }

    fn element(&mut self, value: View<'_>) {
        self.view(value, b',');
    }
}

/// Copies a text to where there is room for it. Gives whether something in it may have to be escaped, and the room behind it.
fn lay<'r>(room: &'r mut [u8], bytes: &[u8]) -> Option<(bool, &'r mut [u8])> {
    let (slots, rest) = room.split_at_mut_checked(bytes.len())?;
    let mut special = 0;
    if let Some(last) = bytes.last_chunk::<WORD>() {
        // The last word begins with what was copied already.
        for (slot, word) in slots.as_chunks_mut::<WORD>().0.iter_mut().zip(bytes.as_chunks().0) {
            special |= specials(u64::from_le_bytes(*word));
            *slot = *word;
        }
        special |= specials(u64::from_le_bytes(*last));
        *slots.last_chunk_mut()? = *last;
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
        let [first_half, last_half] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
        special = specials(first_half | last_half << 32);
        *slots.first_chunk_mut()? = *first;
        *slots.last_chunk_mut()? = *last;
    } else {
        for (slot, byte) in slots.iter_mut().zip(bytes) {
            special |= specials(SPACES << 8 | u64::from(*byte));
            *slot = *byte;
        }
    }
    Some((special != 0, rest))
}

const ONES: u64 = u64::MAX / 0xFF;
const SPACES: u64 = ONES * b' ' as u64;

/// The highest bit of every byte of a word that may not stand for itself in a string: control characters, `"`, `\\`, and all that
/// is not ASCII (the line separators are). The lowest of them is one; above that there may be false ones.
pub(crate) fn specials(word: u64) -> u64 {
    // Below a limit, which is at most 0x80, where the byte itself is below 0x80.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit));
    let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    (word | below(word, b' ') | is(b'"') | is(b'\\')) & (ONES << 7)
}

impl From<bool> for JsonOf<'_> {
    fn from(value: bool) -> Self {
        JsonOf::Bool(value)
    }
}

impl From<i64> for JsonOf<'_> {
    fn from(value: i64) -> Self {
        JsonOf::Int(value)
    }
}

impl From<i32> for JsonOf<'_> {
    fn from(value: i32) -> Self {
        JsonOf::Int(i64::from(value))
    }
}

impl From<u16> for JsonOf<'_> {
    fn from(value: u16) -> Self {
        JsonOf::Int(i64::from(value))
    }
}

impl From<u32> for JsonOf<'_> {
    fn from(value: u32) -> Self {
        JsonOf::Int(i64::from(value))
    }
}

impl From<usize> for JsonOf<'_> {
    fn from(value: usize) -> Self {
        i64::try_from(value).map_or_else(|_| JsonOf::Number(value.to_string().into()), JsonOf::Int)
    }
}

impl<'t> From<&'t str> for JsonOf<'t> {
    fn from(value: &'t str) -> Self {
        JsonOf::String(Cow::Borrowed(value))
    }
}

impl From<String> for JsonOf<'_> {
    fn from(value: String) -> Self {
        JsonOf::String(Cow::Owned(value))
    }
}

impl<'t, T: Into<JsonOf<'t>>> From<Vec<T>> for JsonOf<'t> {
    fn from(values: Vec<T>) -> Self {
        JsonOf::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<'t, T: Into<JsonOf<'t>>> From<Option<T>> for JsonOf<'t> {
    fn from(value: Option<T>) -> Self {
        value.map_or(JsonOf::Null, Into::into)
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
