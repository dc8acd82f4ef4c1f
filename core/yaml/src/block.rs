//! Literal and folded scalars.

use super::reader::Fault;
use super::scanner::Scanner;
use super::token::{Kind, Load, Token};
use std::borrow::Cow;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl<'t> Scanner<'t> {
    /// `|` or `>` with its indicators, and the lines that belong to it.
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<Token<'t>, Fault> {
        let start = self.reader.mark;
        self.reader.skip_ascii(1);
        let (chomping, increment) = self.scan_block_header()?;
        self.finish_line()?;
        let mut end = self.reader.mark;
        let mut indent = match increment {
            0 => 0,
            // A block at the top counts from column 0.
            _ => usize::try_from(self.indent).unwrap_or(0) + increment,
        };

        let mut text = String::new();
        let mut leading_break = "";
        let mut trailing_breaks = String::new();
        let mut leading_blank = false;
        self.scan_block_breaks(&mut indent, &mut trailing_breaks, &mut end)?;
        self.reader.need(1)?;
        while self.reader.mark.column == indent && !self.reader.is_end() {
            let trailing_blank = self.reader.is_blank(0);
            if !literal && !leading_blank && !trailing_blank && leading_break == "\n" {
                if trailing_breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(leading_break);
            }
            text.push_str(&trailing_breaks);
            trailing_breaks.clear();
            leading_blank = trailing_blank;
            let line = self.reader.mark.offset;
            while !self.reader.is_break_or_end() {
                self.reader.skip();
                self.reader.need(1)?;
            }
            text.push_str(self.reader.slice(line, self.reader.mark.offset));
            self.reader.need(2)?;
            leading_break = self.reader.skip_line();
            self.scan_block_breaks(&mut indent, &mut trailing_breaks, &mut end)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(leading_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&trailing_breaks);
        }
        Ok(Token { kind: Kind::Quoted, load: Load::Text(Cow::Owned(text)), start, end })
    }

    /// The indicators behind `|` or `>`: chomping and indentation, in either order.
    fn scan_block_header(&mut self) -> Result<(Chomping, usize), Fault> {
        self.reader.need(1)?;
        let (mut chomping, mut increment) = (Chomping::Clip, 0);
        if let Some(found) = self.scan_chomping()? {
            chomping = found;
            increment = self.scan_increment()?;
        } else {
            increment += self.scan_increment()?;
            if increment > 0
                && let Some(found) = self.scan_chomping()?
            {
                chomping = found;
            }
        }
        Ok((chomping, increment))
    }

    fn scan_chomping(&mut self) -> Result<Option<Chomping>, Fault> {
        let chomping = match self.reader.at(0) {
            b'+' => Chomping::Keep,
            b'-' => Chomping::Strip,
            _ => return Ok(None),
        };
        self.reader.skip_ascii(1);
        self.reader.need(1)?;
        Ok(Some(chomping))
    }

    fn scan_increment(&mut self) -> Result<usize, Fault> {
        let digit = self.reader.at(0);
        match digit {
            b'0' => Err(self.fault("found an indentation indicator equal to 0")),
            b'1'..=b'9' => {
                self.reader.skip_ascii(1);
                self.reader.need(1)?;
                Ok(usize::from(digit - b'0'))
            }
            _ => Ok(0),
        }
    }

    /// Passes indentation and empty lines; finds out the indentation where it is not known yet.
    fn scan_block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        end: &mut super::reader::Mark,
    ) -> Result<(), Fault> {
        *end = self.reader.mark;
        let mut widest = 0;
        loop {
            self.reader.need(1)?;
            while (*indent == 0 || self.reader.mark.column < *indent) && self.reader.at(0) == b' ' {
                self.reader.skip_ascii(1);
                self.reader.need(1)?;
            }
            widest = widest.max(self.reader.mark.column);
            if (*indent == 0 || self.reader.mark.column < *indent) && self.reader.at(0) == b'\t' {
                return Err(self.fault("found a tab character where an indentation space is expected"));
            }
            if !self.reader.is_break(0) {
                break;
            }
            self.reader.need(2)?;
            breaks.push_str(self.reader.skip_line());
            *end = self.reader.mark;
        }
        if *indent == 0 {
            *indent = widest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}
