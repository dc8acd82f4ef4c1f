//! Directives, anchors, aliases and tags.

use super::reader::Fault;
use super::scanner::Scanner;
use super::token::{Kind, Load, Token};
use std::borrow::Cow;

impl<'t> Scanner<'t> {
    /// `%YAML 1.1` or `%TAG !e! tag:example.com,2000:`, with the rest of its line.
    pub(super) fn scan_directive(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.reader.mark;
        self.reader.skip_ascii(1);
        let name = self.scan_word()?;
        if name.is_empty() {
            return Err(self.fault("could not find expected directive name"));
        }
        if !self.reader.is_blank_or_end(0) {
            return Err(self.fault("found unexpected non-alphabetical character"));
        }
        let (kind, load) = match name {
            "YAML" => (Kind::VersionDirective, self.scan_version()?),
            "TAG" => (Kind::TagDirective, self.scan_tag_directive()?),
            _ => return Err(self.fault("found unknown directive name")),
        };
        let end = self.reader.mark;
        self.finish_line()?;
        Ok(Token { kind, load, start, end })
    }

    /// Passes blanks, a comment and the line break; nothing else may stand there.
    pub(super) fn finish_line(&mut self) -> Result<(), Fault> {
        self.skip_blanks()?;
        self.skip_comment()?;
        if !self.reader.is_break_or_end() {
            return Err(self.fault("did not find expected comment or line break"));
        }
        if self.reader.is_break(0) {
            self.reader.need(2)?;
            self.reader.skip_line();
        }
        Ok(())
    }

    fn skip_blanks(&mut self) -> Result<(), Fault> {
        self.reader.need(1)?;
        while self.reader.is_blank(0) {
            self.reader.skip_ascii(1);
            self.reader.need(1)?;
        }
        Ok(())
    }

    fn scan_word(&mut self) -> Result<&'t str, Fault> {
        self.reader.need(1)?;
        let start = self.reader.mark.offset;
        while self.reader.is_word() {
            self.reader.skip_ascii(1);
            self.reader.need(1)?;
        }
        Ok(self.reader.slice(start, self.reader.mark.offset))
    }

    fn scan_version(&mut self) -> Result<Load<'t>, Fault> {
        self.skip_blanks()?;
        let major = self.scan_version_number()?;
        if self.reader.at(0) != b'.' {
            return Err(self.fault("did not find expected digit or '.' character"));
        }
        self.reader.skip_ascii(1);
        let minor = self.scan_version_number()?;
        Ok(Load::Version(major, minor))
    }

    fn scan_version_number(&mut self) -> Result<u8, Fault> {
        self.reader.need(1)?;
        let (mut value, mut digits) = (0, 0);
        while let digit @ b'0'..=b'9' = self.reader.at(0) {
            digits += 1;
            if digits > 2 {
                return Err(self.fault("found extremely long version number"));
            }
            value = value * 10 + (digit - b'0');
            self.reader.skip_ascii(1);
            self.reader.need(1)?;
        }
        if digits == 0 {
            return Err(self.fault("did not find expected version number"));
        }
        Ok(value)
    }

    fn scan_tag_directive(&mut self) -> Result<Load<'t>, Fault> {
        self.skip_blanks()?;
        let handle = self.scan_tag_handle(true)?;
        self.reader.need(1)?;
        if !self.reader.is_blank(0) {
            return Err(self.fault("did not find expected whitespace"));
        }
        self.skip_blanks()?;
        let prefix = self.scan_tag_uri(&[])?;
        self.reader.need(1)?;
        if !self.reader.is_blank_or_end(0) {
            return Err(self.fault("did not find expected whitespace or line break"));
        }
        Ok(Load::Tag(Box::new((handle, prefix))))
    }

    /// `&name` or `*name`.
    pub(super) fn scan_anchor(&mut self, kind: Kind) -> Result<Token<'t>, Fault> {
        let start = self.reader.mark;
        self.reader.skip_ascii(1);
        let name = self.scan_word()?;
        let ended = self.reader.is_blank_or_end(0)
            || matches!(self.reader.at(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ended {
            return Err(self.fault("did not find expected alphabetic or numeric character"));
        }
        Ok(Token { kind, load: Load::Text(Cow::Borrowed(name)), start, end: self.reader.mark })
    }

    /// `!suffix`, `!handle!suffix`, `!<whole>` or `!`.
    pub(super) fn scan_tag(&mut self) -> Result<Token<'t>, Fault> {
        let start = self.reader.mark;
        self.reader.need(2)?;
        let (handle, suffix) = if self.reader.at(1) == b'<' {
            self.reader.skip_ascii(2);
            let suffix = self.scan_tag_uri(&[])?;
            if self.reader.at(0) != b'>' {
                return Err(self.fault("did not find the expected '>'"));
            }
            self.reader.skip_ascii(1);
            (Vec::new(), suffix)
        } else {
            let handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.last() == Some(&b'!') {
                (handle, self.scan_tag_uri(&[])?)
            } else {
                let suffix = self.scan_tag_uri(&handle)?;
                if suffix.is_empty() { (suffix, b"!".to_vec()) } else { (b"!".to_vec(), suffix) }
            }
        };
        self.reader.need(1)?;
        if !self.reader.is_blank_or_end(0) {
            return Err(self.fault("did not find expected whitespace or line break"));
        }
        let load = Load::Tag(Box::new((handle, suffix)));
        Ok(Token { kind: Kind::Tag, load, start, end: self.reader.mark })
    }

    fn scan_tag_handle(&mut self, directive: bool) -> Result<Vec<u8>, Fault> {
        self.reader.need(1)?;
        if self.reader.at(0) != b'!' {
            return Err(self.fault("did not find expected '!'"));
        }
        self.reader.skip_ascii(1);
        let mut handle = b"!".to_vec();
        handle.extend_from_slice(self.scan_word()?.as_bytes());
        if self.reader.at(0) == b'!' {
            self.reader.skip_ascii(1);
            handle.push(b'!');
        } else if directive && handle.len() > 1 {
            return Err(self.fault("did not find expected '!'"));
        }
        Ok(handle)
    }

    /// The rest of a tag; `head` is the part that was taken for a handle, of which the leading `!` is left out.
    fn scan_tag_uri(&mut self, head: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut uri = head.get(1..).unwrap_or_default().to_vec();
        let mut found = !head.is_empty();
        self.reader.need(1)?;
        loop {
            match self.reader.at(0) {
                b'%' => self.scan_escapes(&mut uri)?,
                byte @ (b'0'..=b'9'
                | b'A'..=b'Z'
                | b'a'..=b'z'
                | b'_'
                | b'-'
                | b';'
                | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b','
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')'
                | b'['
                | b']') => {
                    uri.push(byte);
                    self.reader.skip_ascii(1);
                }
                _ => break,
            }
            self.reader.need(1)?;
            found = true;
        }
        if found { Ok(uri) } else { Err(self.fault("did not find expected tag URI")) }
    }

    /// One character, each of its bytes written `%XX`.
    fn scan_escapes(&mut self, uri: &mut Vec<u8>) -> Result<(), Fault> {
        let mut left: Option<u32> = None;
        while left != Some(0) {
            self.reader.need(3)?;
            let digit = |ahead| char::from(self.reader.at(ahead)).to_digit(16);
            let octet = match (self.reader.at(0), digit(1), digit(2)) {
                (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).unwrap_or(0),
                _ => return Err(self.fault("did not find URI escaped octet")),
            };
            left = Some(match left {
                None => match octet.leading_ones() {
                    0 => 0,
                    bytes @ 2..=4 => bytes - 1,
                    _ => return Err(self.fault("found an incorrect leading UTF-8 octet")),
                },
                Some(_) if octet & 0xC0 != 0x80 => {
                    return Err(self.fault("found an incorrect trailing UTF-8 octet"));
                }
                Some(more) => more - 1,
            });
            uri.push(octet);
            self.reader.skip_ascii(3);
        }
        Ok(())
    }
}
