//! JSON text in, a [`Node`] out: RFC 8259, with the place of every value.
//!
//! Questions, vectors and JSON manifests come through here. A member named twice is kept twice, because the strict
//! decoder has to report it. Nesting is limited to [`MAX_DEPTH`], as in Go's `encoding/json`.

use super::write::specials;
use crate::tree::{Key, MAX_DEPTH, Node, Number, Place, SyntaxError, Value};

/// Reads one JSON value; white space may stand around it, nothing else.
///
/// # Errors
/// The first place at which the text is not JSON, or is nested deeper than [`MAX_DEPTH`].
pub fn read(text: &str) -> Result<Node, SyntaxError> {
    let mut reader = Reader::new(text);
    reader.skip_space();
    let node = reader.value(0).map_err(|fault| *fault)?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(other) => Err(*reader.error(format!("unexpected {} after the value", show(other)))),
    }
}

/// JSON values in a row, as Go's `json.Decoder` reads them: `{}{}`. A byte order mark may stand before the first.
#[derive(Debug)]
pub struct Values<'a> {
    reader: Reader<'a>,
}

impl<'a> Values<'a> {
    /// The values of a text.
    pub fn new(text: &'a str) -> Self {
        let mut reader = Reader::new(text);
        if text.starts_with('\u{feff}') {
            reader.offset = '\u{feff}'.len_utf8();
            reader.line_start = reader.offset;
        }
        Values { reader }
    }

    /// The offset behind the last value that was read, or behind the rest of its line where nothing else stands there,
    /// and the line it is on, from 0.
    pub fn position(&mut self) -> (usize, usize) {
        while matches!(self.reader.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.reader.advance();
        }
        if self.reader.offset > 0 && self.reader.peek() == Some(b'\n') {
            self.reader.advance();
        }
        (self.reader.offset, usize::try_from(self.reader.line - 1).unwrap_or(0))
    }
}

impl Iterator for Values<'_> {
    type Item = Result<Node, SyntaxError>;

    /// The next value; behind an error the position is that before the value.
    fn next(&mut self) -> Option<Self::Item> {
        let before = (self.reader.offset, self.reader.line, self.reader.line_start, self.reader.continuation);
        self.reader.skip_space();
        self.reader.peek()?;
        let value = self.reader.value(0);
        if value.is_err() {
            (self.reader.offset, self.reader.line, self.reader.line_start, self.reader.continuation) = before;
        }
        Some(value.map_err(|fault| *fault))
    }
}

/// One word, because it is handed on from everywhere and hardly ever there.
type Fault = Box<SyntaxError>;

#[derive(Debug)]
struct Reader<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    line_start: usize,
    /// Columns count characters: bytes of the line so far that continue a character.
    continuation: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Reader { text, offset: 0, line: 1, line_start: 0, continuation: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn advance(&mut self) {
        match self.peek() {
            Some(b'\n') => {
                self.offset += 1;
                self.line += 1;
                self.line_start = self.offset;
                self.continuation = 0;
            }
            Some(byte) => {
                if byte & 0xC0 == 0x80 {
                    self.continuation += 1;
                }
                self.offset += 1;
            }
            None => {}
        }
    }

    fn place(&self) -> Place {
        let column = self.offset - self.line_start - self.continuation + 1;
        let start = u32::try_from(self.offset).unwrap_or(u32::MAX);
        Place { line: self.line, column: u32::try_from(column).unwrap_or(u32::MAX), start, end: start }
    }

    fn ended(&self, mut place: Place) -> Place {
        place.end = u32::try_from(self.offset).unwrap_or(u32::MAX);
        place
    }

    #[cold]
    fn error(&self, message: impl Into<String>) -> Fault {
        let place = self.place();
        Box::new(SyntaxError { message: message.into(), line: place.line, column: place.column })
    }

    #[inline]
    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let place = self.place();
        let value = match self.peek() {
            Some(b'{') => self.mapping(depth)?,
            Some(b'[') => self.sequence(depth)?,
            Some(b'"') => Value::String(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(other) => return Err(self.error(format!("unexpected {}", show(other)))),
            None => return Err(self.error("unexpected end of the text")),
        };
        Ok(Node { value, place: self.ended(place) })
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Fault> {
        self.advance();
        let mut members = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.advance();
            return Ok(Value::Mapping(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.error("expected a name in quotes"));
            }
            let place = self.place();
            let name = self.string()?;
            let key = Key { name, place: self.ended(place) };
            self.skip_space();
            if self.peek() != Some(b':') {
                return Err(self.error("expected `:` after the name"));
            }
            self.advance();
            self.skip_space();
            let node = self.value(depth + 1)?;
            members.push((key, node));
            self.skip_space();
            match self.peek() {
                Some(b',') => self.advance(),
                Some(b'}') => {
                    self.advance();
                    return Ok(Value::Mapping(members));
                }
                _ => return Err(self.error("expected `,` or `}`")),
            }
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Fault> {
        self.advance();
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.advance();
            return Ok(Value::Sequence(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.advance(),
                Some(b']') => {
                    self.advance();
                    return Ok(Value::Sequence(items));
                }
                _ => return Err(self.error("expected `,` or `]`")),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Fault> {
        if !self.text.get(self.offset..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(self.error(format!("expected `{word}`")));
        }
        self.offset += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.offset;
        if self.peek() == Some(b'-') {
            self.advance();
        }
        match self.peek() {
            Some(b'0') => self.advance(),
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.error("expected a digit")),
        }
        if self.peek() == Some(b'.') {
            self.advance();
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.advance();
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.advance();
            }
            self.some_digits()?;
        }
        let literal = self.text.get(start..self.offset).unwrap_or_default();
        Ok(Value::Number(match literal.parse::<i64>() {
            Ok(number) if literal != "-0" => Number::Int(number),
            _ => Number::Literal(literal.into()),
        }))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance();
        }
    }

    fn some_digits(&mut self) -> Result<(), Fault> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.error("expected a digit"));
        }
        self.digits();
        Ok(())
    }

    fn string(&mut self) -> Result<Box<str>, Fault> {
        self.advance();
        let plain = self.plain_characters();
        if self.peek() == Some(b'"') {
            // Most strings are plain to their end.
            self.advance();
            return Ok(plain.into());
        }
        let mut out = plain.to_owned();
        loop {
            out.push_str(self.plain_characters());
            match self.peek() {
                Some(b'"') => {
                    self.advance();
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    self.advance();
                    self.escape(&mut out)?;
                }
                Some(_) => return Err(self.error("control character in a string")),
                None => return Err(self.error("string without its closing quote")),
            }
        }
    }

    /// Passes over the characters of a string that stand for themselves. There is no line break among them.
    fn plain_characters(&mut self) -> &'a str {
        let run = self.offset;
        let mut rest = self.text.as_bytes().get(self.offset..).unwrap_or_default();
        // Words at once, to the first byte that is not a plain character of one byte.
        while let Some((word, behind)) = rest.split_first_chunk() {
            let plain = specials(u64::from_le_bytes(*word)).trailing_zeros() / 8;
            self.offset += plain as usize;
            if plain < u64::BITS / 8 {
                rest = rest.get(plain as usize..).unwrap_or_default();
                break;
            }
            rest = behind;
        }
        for byte in rest {
            if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
                break;
            }
            self.continuation += usize::from(byte & 0xC0 == 0x80);
            self.offset += 1;
        }
        self.text.get(run..self.offset).unwrap_or_default()
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Fault> {
        let plain = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.advance();
                let unit = self.hex()?;
                out.push(self.surrogate(unit)?);
                return Ok(());
            }
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.advance();
        out.push(plain);
        Ok(())
    }

    /// Joins a pair of surrogates; a lone one becomes U+FFFD, as in Go.
    fn surrogate(&mut self, unit: u32) -> Result<char, Fault> {
        if (0xD800..0xDC00).contains(&unit) && self.text.get(self.offset..).is_some_and(|rest| rest.starts_with("\\u"))
        {
            let (offset, line_state) = (self.offset, (self.line, self.line_start, self.continuation));
            self.advance();
            self.advance();
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let joined = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(joined).unwrap_or('\u{FFFD}'));
            }
            self.offset = offset;
            (self.line, self.line_start, self.continuation) = line_state;
        }
        Ok(char::from_u32(unit).unwrap_or('\u{FFFD}'))
    }

    fn hex(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit * 16 + digit.ok_or_else(|| self.error("expected four hexadecimal digits"))?;
            self.advance();
        }
        Ok(unit)
    }
}

fn show(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("`{}`", char::from(byte)) } else { format!("byte 0x{byte:02x}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> String {
        read(text).unwrap().to_json().to_string()
    }

    #[test]
    fn values_come_back() {
        for text in [
            r#"{"a":[1,-2,true,false,null,"x"],"b":{}}"#,
            "[]",
            "1.5",
            "1e3",
            "-0",
            "18446744073709551615",
            r#""ä\"\n""#,
        ] {
            assert_eq!(round(text), text);
        }
        assert_eq!(round(r#""\u00e4\ud83d\ude00\ud83dx""#), "\"ä😀\u{FFFD}x\"");
    }

    #[test]
    fn strings_are_read_to_their_end_wherever_it_stands() {
        for (written, meant) in
            [("~", "~"), ("ä", "ä"), ("€", "€"), ("\\\"", "\""), ("\\\\", "\\"), ("\\n", "\n"), ("\u{7f}", "\u{7f}")]
        {
            for (before, behind) in (0..20).flat_map(|before| (0..10).map(move |behind| (before, behind))) {
                let [start, end] = [before, behind].map(|length| "x".repeat(length));
                let node = read(&format!("[\"{start}{written}{end}\",1]")).unwrap();
                let [text, number] = node.items() else { panic!("{node:?}") };
                assert_eq!(text.as_str(), Some(format!("{start}{meant}{end}").as_str()));
                let column = 5 + before + behind + written.chars().count();
                assert_eq!(number.place.column as usize, column, "{before} {written} {behind}");
            }
            let broken = format!("[\"{}\u{1}{written}\"]", "x".repeat(9));
            assert_eq!(read(&broken).unwrap_err().message, "control character in a string");
        }
    }

    #[test]
    fn a_member_named_twice_is_kept_twice() {
        assert_eq!(round(r#"{"a":1,"a":2}"#), r#"{"a":1,"a":2}"#);
    }

    #[test]
    fn what_is_not_json_names_its_place() {
        let error = read("{\"a\": 1,\n  b: 2}").unwrap_err();
        assert_eq!((error.line, error.column, error.message.as_str()), (2, 3, "expected a name in quotes"));
        assert_eq!(read("").unwrap_err().message, "unexpected end of the text");
        assert_eq!(read("[1] 2").unwrap_err().message, "unexpected `2` after the value");
        assert_eq!(read("01").unwrap_err().message, "unexpected `1` after the value");
        assert_eq!(read(&"[".repeat(100_000)).unwrap_err().message, "nested too deeply");
    }

    #[test]
    fn places_count_characters_and_bytes() {
        let node = read("{\"ä\": 1}").unwrap();
        let place = node.get("ä").unwrap().place;
        assert_eq!((place.line, place.column, place.start, place.end), (1, 7, 7, 8));
    }
}
