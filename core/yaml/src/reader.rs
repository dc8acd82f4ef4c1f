//! The characters of one document, with the marks that the scanner decides by.
//!
//! go-yaml refuses control characters only as far as it has read, and it reads in pieces of 512 bytes. Text behind the
//! end of a document is therefore judged or not by how far the last piece reached. Documents that hold such a character,
//! or a byte order mark behind their beginning, are read with the same pieces; all others need no such care.

use std::borrow::Cow;

/// A position: `index` and `column` count characters, `line` counts YAML's line breaks, all from 0; `offset` is in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) offset: usize,
}

/// Why a document is refused, and where. Mirrors go-yaml's `problem` and `problem_mark`. One word, because it is handed on from
/// everywhere and hardly ever there.
#[derive(Clone, Debug)]
pub(super) struct Fault(Box<(Cow<'static, str>, Mark)>);

impl Fault {
    #[cold]
    pub(super) fn new(message: impl Into<Cow<'static, str>>, mark: Mark) -> Self {
        Fault(Box::new((message.into(), mark)))
    }

    /// What is wrong, and where.
    pub(super) fn into_parts(self) -> (Cow<'static, str>, Mark) {
        *self.0
    }
}

/// The size of go-yaml's raw buffer (`input_raw_buffer_size`).
const RAW: usize = 512;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How far go-yaml would have read (`yaml_parser_update_buffer`).
#[derive(Debug)]
struct Window {
    /// Where the raw buffer begins, how far it is decoded, and where it ends.
    raw_start: usize,
    decoded: usize,
    raw_end: usize,
    end_seen: bool,
    /// Decoded characters that have not been passed yet.
    unread: usize,
    /// Where the decoded buffer begins.
    buffer_start: usize,
}

/// Reads characters; behind the end it reads NUL, as go-yaml does.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) mark: Mark,
    window: Option<Window>,
    /// Whether a line break other than `\n` was passed: lines are then no lines for an editor.
    pub(super) odd_breaks: bool,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let skipped = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let rest = text.get(skipped..).unwrap_or_default();
        let window = rest.chars().any(|character| character == '\u{feff}' || !is_allowed(character)).then(|| Window {
            raw_start: 0,
            decoded: skipped,
            raw_end: text.len().min(RAW),
            end_seen: false,
            unread: 0,
            buffer_start: skipped,
        });
        Reader { text, mark: Mark { offset: skipped, ..Mark::default() }, window, odd_breaks: false }
    }

    /// The byte that many bytes ahead.
    pub(super) fn at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.mark.offset + ahead).copied().unwrap_or(0)
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Makes sure that so many characters are decoded (`cache`).
    ///
    /// # Errors
    /// The piece contains a character that YAML does not allow.
    pub(super) fn need(&mut self, characters: usize) -> Result<(), Fault> {
        match &self.window {
            Some(window) if window.unread < characters => self.fill(characters),
            _ => Ok(()),
        }
    }

    #[cold]
    fn fill(&mut self, characters: usize) -> Result<(), Fault> {
        let (text, offset, mark) = (self.text, self.mark.offset, self.mark);
        let Some(window) = &mut self.window else { return Ok(()) };
        window.buffer_start = offset;
        let mut first = true;
        while window.unread < characters {
            if !first || window.decoded >= window.raw_end {
                let full = window.decoded == window.raw_start && window.raw_end - window.raw_start == RAW;
                if !full && !window.end_seen {
                    let read_from = window.raw_end;
                    window.raw_start = window.decoded;
                    window.raw_end = text.len().min(window.raw_start + RAW);
                    window.end_seen = window.raw_end == read_from;
                }
            }
            first = false;
            for character in text.get(window.decoded..).unwrap_or_default().chars() {
                let end = window.decoded + character.len_utf8();
                if end > window.raw_end {
                    break;
                }
                if !is_allowed(character) {
                    return Err(Fault::new("control characters are not allowed", ahead(text, mark, window.decoded)));
                }
                window.decoded = end;
                window.unread += 1;
            }
            if window.end_seen {
                window.unread += 1;
                break;
            }
        }
        Ok(())
    }

    /// Whether go-yaml sees a byte order mark here: it looks at the beginning of its buffer, whatever its position in it.
    pub(super) fn is_byte_order_mark(&self) -> bool {
        match &self.window {
            Some(window) => {
                let start = window.buffer_start;
                self.text.as_bytes().get(start..).is_some_and(|rest| rest.starts_with(BYTE_ORDER_MARK.as_bytes()))
            }
            None => false,
        }
    }

    /// Passes one character.
    pub(super) fn skip(&mut self) {
        self.mark.offset += width(self.at(0));
        self.mark.index += 1;
        self.mark.column += 1;
        self.passed(1);
    }

    /// Passes characters of one byte each, none of them a line break.
    pub(super) fn skip_ascii(&mut self, characters: usize) {
        self.mark.offset += characters;
        self.mark.index += characters;
        self.mark.column += characters;
        self.passed(characters);
    }

    fn passed(&mut self, characters: usize) {
        if let Some(window) = &mut self.window {
            window.unread = window.unread.saturating_sub(characters);
        }
    }

    /// Passes a line break, where there is one, and gives what it stands for in a scalar: `\n`, or the separators U+2028
    /// and U+2029 themselves (`read_line`).
    pub(super) fn skip_line(&mut self) -> &'static str {
        let (bytes, characters, text) = match (self.at(0), self.at(1), self.at(2)) {
            (b'\r', b'\n', _) => (2, 2, "\n"),
            (b'\r' | b'\n', _, _) => (1, 1, "\n"),
            (0xC2, 0x85, _) => (2, 1, "\n"),
            (0xE2, 0x80, 0xA8) => (3, 1, "\u{2028}"),
            (0xE2, 0x80, 0xA9) => (3, 1, "\u{2029}"),
            _ => return "",
        };
        if self.at(0) != b'\n' {
            self.odd_breaks = true;
        }
        self.mark.offset += bytes;
        self.mark.index += characters;
        self.mark.column = 0;
        self.mark.line += 1;
        self.passed(characters);
        text
    }

    /// A space or a tab.
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), b' ' | b'\t')
    }

    /// A line break.
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        match self.at(ahead) {
            b'\r' | b'\n' => true,
            0xC2 => self.at(ahead + 1) == 0x85,
            0xE2 => self.at(ahead + 1) == 0x80 && matches!(self.at(ahead + 2), 0xA8 | 0xA9),
            _ => false,
        }
    }

    /// The end of the text.
    pub(super) fn is_end(&self) -> bool {
        self.at(0) == 0
    }

    /// A line break or the end.
    pub(super) fn is_break_or_end(&self) -> bool {
        self.at(0) == 0 || self.is_break(0)
    }

    /// A blank, a line break or the end.
    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        matches!(self.at(ahead), 0 | b' ' | b'\t') || self.is_break(ahead)
    }

    /// A letter, a digit, `_` or `-`.
    pub(super) fn is_word(&self) -> bool {
        matches!(self.at(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// `---` or `...` at the beginning of a line, with a blank behind it.
    pub(super) fn is_document_indicator(&self) -> bool {
        self.mark.column == 0
            && matches!((self.at(0), self.at(1), self.at(2)), (b'-', b'-', b'-') | (b'.', b'.', b'.'))
            && self.is_blank_or_end(3)
    }
}

/// What YAML 1.1 calls printable (`yaml_parser_update_buffer`).
fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..
    )
}

/// The bytes of the character that begins with this byte.
fn width(lead: u8) -> usize {
    match lead {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0.. => 4,
        _ => 1,
    }
}

/// The mark of an offset further on.
fn ahead(text: &str, mut mark: Mark, offset: usize) -> Mark {
    for character in text.get(mark.offset..offset).unwrap_or_default().chars() {
        mark.index += 1;
        mark.column += 1;
        if character == '\n' {
            mark.line += 1;
            mark.column = 0;
        }
    }
    mark.offset = offset;
    mark
}
