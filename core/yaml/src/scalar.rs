//! Scalars without quotes and in quotes.

use super::reader::{Fault, Mark};
use super::scanner::Scanner;
use super::token::{Kind, Load, Token};
use std::borrow::Cow;

/// The text of a scalar as it comes together. As long as it is one stretch of the document, nothing is copied.
#[derive(Debug)]
struct Pieces<'t> {
    text: Cow<'t, str>,
    /// Where the stretch begins that is not in `text` yet.
    from: usize,
}

impl<'t> Pieces<'t> {
    fn new(from: usize) -> Self {
        Pieces { text: Cow::Borrowed(""), from }
    }

    /// Adds a stretch of the document.
    fn add(&mut self, stretch: &'t str) {
        if self.text.is_empty() {
            self.text = Cow::Borrowed(stretch);
        } else if !stretch.is_empty() {
            self.text.to_mut().push_str(stretch);
        }
    }

    /// Adds what does not stand in the document.
    fn push(&mut self, text: &str) {
        self.text.to_mut().push_str(text);
    }
}

/// The line breaks between two lines of a scalar.
#[derive(Debug, Default)]
struct Breaks {
    first: Option<&'static str>,
    further: String,
}

impl Breaks {
    fn add(&mut self, line_break: &'static str) {
        match self.first {
            None => self.first = Some(line_break),
            Some(_) => self.further.push_str(line_break),
        }
    }

    /// What they become between two lines: a lone `\n` folds to a space, more of them lose their first.
    fn fold(&self, text: &mut Pieces<'_>) {
        match self.first {
            Some("\n") if self.further.is_empty() => text.push(" "),
            Some("\n") | None => text.push(&self.further),
            Some(separator) => {
                text.push(separator);
                text.push(&self.further);
            }
        }
    }
}

impl<'t> Scanner<'t> {
    /// A scalar without quotes, over one line or several.
    pub(super) fn scan_plain(&mut self) -> Result<Token<'t>, Fault> {
        let indent = self.indent + 1;
        let start = self.reader.mark;
        let mut end = start;
        let mut pieces = Pieces::new(start.offset);
        let mut breaks: Option<Breaks> = None;
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_indicator() || self.reader.at(0) == b'#' {
                break;
            }
            let run = self.reader.mark.offset;
            if self.scan_plain_run()? {
                if let Some(breaks) = breaks.take() {
                    pieces.add(self.reader.slice(pieces.from, end.offset));
                    breaks.fold(&mut pieces);
                    pieces.from = run;
                }
                end = self.reader.mark;
            }
            if !(self.reader.is_blank(0) || self.reader.is_break(0)) {
                break;
            }
            self.scan_plain_space(indent, &mut breaks)?;
            if self.flow_level == 0 && isize::try_from(self.reader.mark.column).unwrap_or(isize::MAX) < indent {
                break;
            }
        }
        pieces.add(self.reader.slice(pieces.from, end.offset));
        if breaks.is_some() {
            self.key_allowed = true;
        }
        Ok(Token { kind: Kind::Plain, load: Load::Text(pieces.text), start, end })
    }

    /// Passes characters up to a blank, a break or an indicator that ends a scalar. Tells whether there was any.
    fn scan_plain_run(&mut self) -> Result<bool, Fault> {
        let from = self.reader.mark.offset;
        loop {
            match self.reader.at(0) {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'/' | b'_' => self.reader.skip_ascii(1),
                b':' if self.reader.is_blank_or_end(1) => break,
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if self.flow_level > 0 => break,
                _ if self.reader.is_blank_or_end(0) => break,
                _ => self.reader.skip(),
            }
            self.reader.need(2)?;
        }
        Ok(self.reader.mark.offset > from)
    }

    /// Passes blanks and line breaks inside or behind a scalar without quotes.
    fn scan_plain_space(&mut self, indent: isize, breaks: &mut Option<Breaks>) -> Result<(), Fault> {
        self.reader.need(1)?;
        loop {
            if self.reader.is_blank(0) {
                let column = isize::try_from(self.reader.mark.column).unwrap_or(isize::MAX);
                if breaks.is_some() && column < indent && self.reader.at(0) == b'\t' {
                    return Err(self.fault("found a tab character that violates indentation"));
                }
                self.reader.skip_ascii(1);
            } else if self.reader.is_break(0) {
                self.reader.need(2)?;
                breaks.get_or_insert_with(Breaks::default).add(self.reader.skip_line());
            } else {
                return Ok(());
            }
            self.reader.need(1)?;
        }
    }

    /// A scalar in single or double quotes.
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<Token<'t>, Fault> {
        let quote = if single { b'\'' } else { b'"' };
        let start = self.reader.mark;
        self.reader.skip_ascii(1);
        let mut pieces = Pieces::new(self.reader.mark.offset);
        loop {
            self.reader.need(4)?;
            if self.reader.is_document_indicator() {
                return Err(Fault::new("found unexpected document indicator", self.reader.mark));
            }
            if self.reader.is_end() {
                return Err(Fault::new("found unexpected end of stream", start));
            }
            let escaped_break = self.scan_quoted_run(single, &mut pieces, start)?;
            self.reader.need(1)?;
            if self.reader.at(0) == quote {
                break;
            }
            self.scan_quoted_space(&mut pieces, escaped_break)?;
        }
        pieces.add(self.reader.slice(pieces.from, self.reader.mark.offset));
        self.reader.skip_ascii(1);
        Ok(Token { kind: Kind::Quoted, load: Load::Text(pieces.text), start, end: self.reader.mark })
    }

    /// Passes characters up to a blank, a break or the closing quote. Tells whether an escaped line break ended them.
    fn scan_quoted_run(&mut self, single: bool, pieces: &mut Pieces<'t>, start: Mark) -> Result<bool, Fault> {
        while !self.reader.is_blank_or_end(0) {
            match self.reader.at(0) {
                b'\'' if single => {
                    if self.reader.at(1) != b'\'' {
                        return Ok(false);
                    }
                    // The first of the two stands for both.
                    self.reader.skip_ascii(1);
                    pieces.add(self.reader.slice(pieces.from, self.reader.mark.offset));
                    self.reader.skip_ascii(1);
                    pieces.from = self.reader.mark.offset;
                }
                b'"' if !single => return Ok(false),
                b'\\' if !single => {
                    pieces.add(self.reader.slice(pieces.from, self.reader.mark.offset));
                    if self.reader.is_break(1) {
                        self.reader.need(3)?;
                        self.reader.skip_ascii(1);
                        self.reader.skip_line();
                        pieces.from = self.reader.mark.offset;
                        return Ok(true);
                    }
                    self.scan_escape(pieces, start)?;
                    pieces.from = self.reader.mark.offset;
                }
                _ => self.reader.skip(),
            }
            self.reader.need(2)?;
        }
        Ok(false)
    }

    fn scan_escape(&mut self, pieces: &mut Pieces<'t>, start: Mark) -> Result<(), Fault> {
        let (plain, digits) = match self.reader.at(1) {
            b'0' => ("\0", 0),
            b'a' => ("\u{7}", 0),
            b'b' => ("\u{8}", 0),
            b't' | b'\t' => ("\t", 0),
            b'n' => ("\n", 0),
            b'v' => ("\u{b}", 0),
            b'f' => ("\u{c}", 0),
            b'r' => ("\r", 0),
            b'e' => ("\u{1b}", 0),
            b' ' => (" ", 0),
            b'"' => ("\"", 0),
            b'\'' => ("'", 0),
            b'\\' => ("\\", 0),
            b'N' => ("\u{85}", 0),
            b'_' => ("\u{a0}", 0),
            b'L' => ("\u{2028}", 0),
            b'P' => ("\u{2029}", 0),
            b'x' => ("", 2),
            b'u' => ("", 4),
            b'U' => ("", 8),
            _ => return Err(self.fault("found unknown escape character")),
        };
        self.reader.skip_ascii(2);
        pieces.push(plain);
        if digits == 0 {
            return Ok(());
        }
        self.reader.need(digits)?;
        let mut value: u32 = 0;
        for ahead in 0..digits {
            let Some(digit) = char::from(self.reader.at(ahead)).to_digit(16) else {
                return Err(Fault::new("did not find expected hexdecimal number", start));
            };
            value = (value << 4) | digit;
        }
        let Some(character) = char::from_u32(value) else {
            return Err(Fault::new("found invalid Unicode character escape code", start));
        };
        pieces.push(character.encode_utf8(&mut [0; 4]));
        self.reader.skip_ascii(digits);
        Ok(())
    }

    /// Passes blanks and line breaks inside quotes: blanks before a break go, breaks fold.
    fn scan_quoted_space(&mut self, pieces: &mut Pieces<'t>, escaped_break: bool) -> Result<(), Fault> {
        let blanks = self.reader.mark.offset;
        let mut breaks: Option<Breaks> = None;
        loop {
            if self.reader.is_blank(0) {
                self.reader.skip_ascii(1);
            } else if self.reader.is_break(0) {
                self.reader.need(2)?;
                let line_break = self.reader.skip_line();
                let breaks = breaks.get_or_insert_with(Breaks::default);
                if escaped_break {
                    // The escaped break was the first of them and stands for nothing.
                    breaks.further.push_str(line_break);
                } else {
                    breaks.add(line_break);
                }
            } else {
                break;
            }
            self.reader.need(1)?;
        }
        match breaks {
            None if escaped_break => pieces.from = self.reader.mark.offset,
            None => {}
            Some(breaks) => {
                if !escaped_break {
                    pieces.add(self.reader.slice(pieces.from, blanks));
                }
                breaks.fold(pieces);
                pieces.from = self.reader.mark.offset;
            }
        }
        Ok(())
    }
}
