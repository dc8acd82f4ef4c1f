//! Characters in, tokens out: where blocks begin and end, and which scalars are keys.
//!
//! The rules are those of libyaml as go-yaml v2.4 has them (`scannerc.go`), with every place where it is more lenient or
//! more strict than the specification, because Kubernetes takes what that scanner takes.

use super::reader::{Fault, Mark, Reader};
use super::token::{Kind, Load, Token};
use std::collections::VecDeque;

/// go-yaml's limit on nested flow collections and on nested indentations.
const MAX_NESTING: usize = 10_000;

/// The longest stretch between the beginning of a key without `?` and its colon, in characters.
const MAX_KEY: usize = 1024;

/// A place at which a key may have begun.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    required: bool,
    token: usize,
    mark: Mark,
}

/// The scanner and its queue.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    pub(super) reader: Reader<'t>,
    tokens: VecDeque<Token<'t>>,
    /// How many tokens have left the queue.
    taken: usize,
    started: bool,
    ready: bool,
    pub(super) flow_level: usize,
    /// The column of the block that is open; -1 outside of all.
    pub(super) indent: isize,
    indents: Vec<isize>,
    pub(super) key_allowed: bool,
    keys: Vec<SimpleKey>,
    /// Which entry of `keys` a token number belongs to: pairs in the order of the tokens.
    key_of_token: Vec<(usize, usize)>,
    /// Where the comments stand that were passed, where anybody wants to know.
    pub(super) comments: Option<Vec<(usize, usize)>>,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Scanner {
            reader: Reader::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            started: false,
            ready: false,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![SimpleKey::default()],
            key_of_token: Vec::new(),
            comments: None,
        }
    }

    /// The next token's kind and marks, without taking it.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(super) fn peek(&mut self) -> Result<(Kind, Mark, Mark), Fault> {
        if !self.ready {
            self.fetch_more()?;
            self.ready = true;
        }
        // The queue is never empty here; the end of the stream replaces a token that cannot be missing.
        let end = self.reader.mark;
        Ok(self.tokens.front().map_or((Kind::StreamEnd, end, end), |token| (token.kind, token.start, token.end)))
    }

    /// What the token in front carries; it has to have been looked at.
    pub(super) fn front_load(&self) -> Option<(Kind, &Load<'t>)> {
        self.tokens.front().map(|token| (token.kind, &token.load))
    }

    /// Takes the token that was looked at.
    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        self.ready = false;
        self.taken += 1;
        self.tokens.pop_front()
    }

    /// Reads on until it is sure that the token in front is not preceded by one that is still to be put before it.
    fn fetch_more(&mut self) -> Result<(), Fault> {
        loop {
            if !self.tokens.is_empty() {
                match self.key_at(self.taken) {
                    Some((_, key)) if self.is_valid_key(key)? => {}
                    _ => return Ok(()),
                }
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Result<(), Fault> {
        self.reader.need(1)?;
        if !self.started {
            self.started = true;
            let mark = self.reader.mark;
            self.tokens.push_back(Token::bare(Kind::StreamStart, mark, mark));
            return Ok(());
        }
        self.skip_to_next_token()?;
        self.unroll_indent(self.column());
        self.reader.need(4)?;
        let (first, at_line_start) = (self.reader.at(0), self.reader.mark.column == 0);
        if first == 0 {
            return self.fetch_stream_end();
        }
        if at_line_start && first == b'%' {
            return self.fetch_directive();
        }
        if self.reader.is_document_indicator() {
            return self.fetch_document_indicator(if first == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd });
        }
        let in_flow = self.flow_level > 0;
        match first {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.reader.is_blank_or_end(1) => self.fetch_block_entry(),
            b'?' if in_flow || self.reader.is_blank_or_end(1) => self.fetch_key(),
            b':' if in_flow || self.reader.is_blank_or_end(1) => self.fetch_value(),
            b'*' => self.fetch_anchor(Kind::Alias),
            b'&' => self.fetch_anchor(Kind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' if !in_flow => self.fetch_block_scalar(true),
            b'>' if !in_flow => self.fetch_block_scalar(false),
            b'\'' => self.fetch_quoted(true),
            b'"' => self.fetch_quoted(false),
            _ if self.starts_plain() => self.fetch_plain(),
            _ => Err(self.fault("found character that cannot start any token")),
        }
    }

    fn starts_plain(&self) -> bool {
        match self.reader.at(0) {
            b'-' => !self.reader.is_blank(1),
            b'?' | b':' => self.flow_level == 0 && !self.reader.is_blank_or_end(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
            | b'`' => false,
            _ => !self.reader.is_blank_or_end(0),
        }
    }

    /// A fault at the reader's place.
    pub(super) fn fault(&self, message: &'static str) -> Fault {
        Fault::new(message, self.reader.mark)
    }

    fn column(&self) -> isize {
        isize::try_from(self.reader.mark.column).unwrap_or(isize::MAX)
    }

    // Keys without `?`.

    fn is_valid_key(&mut self, key: usize) -> Result<bool, Fault> {
        let mark = self.reader.mark;
        let Some(key) = self.keys.get_mut(key) else { return Ok(false) };
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < mark.line || key.mark.index + MAX_KEY < mark.index {
            if key.required {
                return Err(Fault::new("could not find expected ':'", key.mark));
            }
            key.possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_key(&mut self) -> Result<(), Fault> {
        if !self.key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.column();
        let key = SimpleKey { possible: true, required, token: self.taken + self.tokens.len(), mark: self.reader.mark };
        self.remove_key()?;
        let last = self.keys.len().saturating_sub(1);
        if let Some(slot) = self.keys.last_mut() {
            *slot = key;
        }
        // Tokens come one behind the other.
        self.key_of_token.push((key.token, last));
        Ok(())
    }

    /// The index in `key_of_token` of the key that may have begun at a token, and the key itself.
    fn key_at(&self, token: usize) -> Option<(usize, usize)> {
        let at = self.key_of_token.binary_search_by_key(&token, |(known, _)| *known).ok()?;
        self.key_of_token.get(at).map(|(_, key)| (at, *key))
    }

    fn forget_key(&mut self, token: usize) {
        if let Some((at, _)) = self.key_at(token) {
            self.key_of_token.remove(at);
        }
    }

    fn remove_key(&mut self) -> Result<(), Fault> {
        let Some(key) = self.keys.last_mut() else { return Ok(()) };
        if key.possible {
            if key.required {
                return Err(Fault::new("could not find expected ':'", key.mark));
            }
            key.possible = false;
            let token = key.token;
            self.forget_key(token);
        }
        Ok(())
    }

    // Indentation.

    fn roll_indent(&mut self, column: usize, at: Option<usize>, kind: Kind, mark: Mark) -> Result<(), Fault> {
        let column = isize::try_from(column).unwrap_or(isize::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_NESTING {
            return Err(self.fault("exceeded max depth of 10000"));
        }
        self.put(at, Token::bare(kind, mark, mark));
        Ok(())
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.reader.mark;
            self.tokens.push_back(Token::bare(Kind::BlockEnd, mark, mark));
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// Puts a token into the queue: at a token number, or behind all.
    fn put(&mut self, at: Option<usize>, token: Token<'t>) {
        match at.map(|number| number.saturating_sub(self.taken)) {
            Some(index) if index < self.tokens.len() => self.tokens.insert(index, token),
            _ => self.tokens.push_back(token),
        }
    }

    // Tokens that stand for themselves.

    /// Passes an indicator of that many characters.
    fn indicator(&mut self, kind: Kind, characters: usize) {
        let start = self.reader.mark;
        self.reader.skip_ascii(characters);
        self.tokens.push_back(Token::bare(kind, start, self.reader.mark));
    }

    fn fetch_stream_end(&mut self) -> Result<(), Fault> {
        if self.reader.mark.column != 0 {
            self.reader.mark.column = 0;
            self.reader.mark.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        self.indicator(Kind::StreamEnd, 0);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<(), Fault> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: Kind) -> Result<(), Fault> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        self.indicator(kind, 3);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind) -> Result<(), Fault> {
        self.save_key()?;
        // The entry carries the bracket's own number: closing an empty collection makes go-yaml forget that the bracket may
        // begin a key, wherever nothing before it has to wait.
        self.keys.push(SimpleKey { token: self.taken + self.tokens.len(), ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > MAX_NESTING {
            return Err(self.fault("exceeded max depth of 10000"));
        }
        self.key_allowed = true;
        self.indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind) -> Result<(), Fault> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(key) = self.keys.pop() {
                self.forget_key(key.token);
            }
        }
        self.key_allowed = false;
        self.indicator(kind, 1);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<(), Fault> {
        self.remove_key()?;
        self.key_allowed = true;
        self.indicator(Kind::FlowEntry, 1);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), Fault> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.fault("block sequence entries are not allowed in this context"));
            }
            let mark = self.reader.mark;
            self.roll_indent(mark.column, None, Kind::BlockSequenceStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.indicator(Kind::BlockEntry, 1);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), Fault> {
        if self.flow_level == 0 {
            if !self.key_allowed {
                return Err(self.fault("mapping keys are not allowed in this context"));
            }
            let mark = self.reader.mark;
            self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = self.flow_level == 0;
        self.indicator(Kind::Key, 1);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), Fault> {
        let last = self.keys.len().saturating_sub(1);
        if self.is_valid_key(last)? {
            let key = self.keys.last().copied().unwrap_or_default();
            self.put(Some(key.token), Token::bare(Kind::Key, key.mark, key.mark));
            self.roll_indent(key.mark.column, Some(key.token), Kind::BlockMappingStart, key.mark)?;
            if let Some(key) = self.keys.last_mut() {
                key.possible = false;
            }
            self.forget_key(key.token);
            self.key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.key_allowed {
                    return Err(self.fault("mapping values are not allowed in this context"));
                }
                let mark = self.reader.mark;
                self.roll_indent(mark.column, None, Kind::BlockMappingStart, mark)?;
            }
            self.key_allowed = self.flow_level == 0;
        }
        self.indicator(Kind::Value, 1);
        Ok(())
    }

    // Tokens that have to be scanned.

    fn fetch_anchor(&mut self, kind: Kind) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_anchor(kind)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<(), Fault> {
        self.remove_key()?;
        self.key_allowed = true;
        let token = self.scan_block_scalar(literal)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_quoted(&mut self, single: bool) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_quoted(single)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Result<(), Fault> {
        self.save_key()?;
        self.key_allowed = false;
        let token = self.scan_plain()?;
        self.tokens.push_back(token);
        Ok(())
    }

    /// Passes blanks, comments and line breaks. Tabs are no indentation: where a key may begin, they are not passed.
    fn skip_to_next_token(&mut self) -> Result<(), Fault> {
        loop {
            self.reader.need(1)?;
            if self.reader.mark.column == 0 && self.reader.is_byte_order_mark() {
                self.reader.skip();
            }
            self.reader.need(1)?;
            while self.reader.at(0) == b' '
                || (self.reader.at(0) == b'\t' && (self.flow_level > 0 || !self.key_allowed))
            {
                self.reader.skip_ascii(1);
                self.reader.need(1)?;
            }
            self.skip_comment()?;
            if !self.reader.is_break(0) {
                return Ok(());
            }
            self.reader.need(2)?;
            self.reader.skip_line();
            if self.flow_level == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Passes a comment, up to its line break.
    pub(super) fn skip_comment(&mut self) -> Result<(), Fault> {
        if self.reader.at(0) == b'#' {
            let start = self.reader.mark.offset;
            while !self.reader.is_break_or_end() {
                self.reader.skip();
                self.reader.need(1)?;
            }
            if let Some(comments) = &mut self.comments {
                comments.push((start, self.reader.mark.offset));
            }
        }
        Ok(())
    }
}
