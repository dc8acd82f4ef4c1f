//! Tokens in, events out: the grammar of YAML as libyaml's parser has it (`parserc.go` of go-yaml v2.4).

use super::reader::{Fault, Mark};
use super::scanner::Scanner;
use super::token::{Kind, Load, Token};
use std::borrow::Cow;

/// What a tag says, as far as it matters to the reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tag {
    /// There is none.
    #[default]
    Absent,
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// `!`, or a tag that the reader does not know: the text stays as it is.
    Other,
}

impl Tag {
    fn from_bytes(tag: &[u8]) -> Self {
        if tag.is_empty() {
            return Tag::Absent;
        }
        match tag.strip_prefix(b"tag:yaml.org,2002:") {
            Some(b"str") => Tag::Str,
            Some(b"bool") => Tag::Bool,
            Some(b"int") => Tag::Int,
            Some(b"float") => Tag::Float,
            Some(b"null") => Tag::Null,
            Some(b"timestamp") => Tag::Timestamp,
            Some(b"binary") => Tag::Binary,
            Some(b"merge") => Tag::Merge,
            _ => Tag::Other,
        }
    }
}

/// A step of a document.
#[derive(Debug)]
pub(super) enum Event<'t> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(Cow<'t, str>),
    /// A scalar: its text, its tag, and whether its kind follows from the text.
    Scalar(Cow<'t, str>, Tag, bool),
    SequenceStart,
    SequenceEnd,
    MappingStart,
    MappingEnd,
}

/// An event, its anchor and where it stands.
#[derive(Debug)]
pub(super) struct Step<'t> {
    pub(super) event: Event<'t>,
    pub(super) anchor: Option<Cow<'t, str>>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Clone, Copy, Debug)]
enum State {
    StreamStart,
    /// A document, or the end; `true` for the first, which may begin without `---`.
    DocumentStart(bool),
    DocumentContent,
    DocumentEnd,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    BlockNode,
    End,
}

/// The parser and its stack.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    pub(super) scanner: Scanner<'t>,
    state: State,
    states: Vec<State>,
    /// Handle and prefix of the tags of the document.
    tag_directives: Vec<(Vec<u8>, Vec<u8>)>,
}

type Parsed<'t> = Result<Step<'t>, Fault>;

fn step<'t>(event: Event<'t>, start: Mark, end: Mark) -> Step<'t> {
    Step { event, anchor: None, start, end }
}

/// A scalar that is not written.
fn nothing<'t>(mark: Mark) -> Step<'t> {
    step(Event::Scalar(Cow::Borrowed(""), Tag::Absent, true), mark, mark)
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Parser {
            scanner: Scanner::new(text),
            state: State::StreamStart,
            states: Vec::new(),
            tag_directives: Vec::new(),
        }
    }

    /// The next event. Behind the end of the stream there is only its end.
    ///
    /// # Errors
    /// The text is not YAML.
    pub(super) fn next(&mut self) -> Parsed<'t> {
        match self.state {
            State::StreamStart => {
                self.scanner.peek()?;
                self.scanner.take();
                self.state = State::DocumentStart(true);
                self.next()
            }
            State::DocumentStart(first) => self.document_start(first),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirst => {
                self.pass()?;
                self.block_sequence()
            }
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingFirst => {
                self.pass()?;
                self.block_mapping_key()
            }
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => {
                self.pass()?;
                self.flow_sequence(true)
            }
            State::FlowSequence => self.flow_sequence(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                let (_, start, _) = self.scanner.peek()?;
                self.state = State::FlowSequence;
                Ok(step(Event::MappingEnd, start, start))
            }
            State::FlowMappingFirst => {
                self.pass()?;
                self.flow_mapping_key(true)
            }
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let (_, start, _) = self.scanner.peek()?;
                self.state = State::FlowMappingKey;
                Ok(nothing(start))
            }
            State::End => {
                let mark = self.scanner.reader.mark;
                Ok(step(Event::StreamEnd, mark, mark))
            }
        }
    }

    fn pass(&mut self) -> Result<Option<Token<'t>>, Fault> {
        self.scanner.peek()?;
        Ok(self.scanner.take())
    }

    /// Passes a token and looks at the one behind it.
    fn pass_and_peek(&mut self) -> Result<(Kind, Mark, Mark), Fault> {
        self.scanner.take();
        self.scanner.peek()
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    // Documents.

    fn document_start(&mut self, first: bool) -> Parsed<'t> {
        let (mut kind, mut start, mut end) = self.scanner.peek()?;
        while !first && kind == Kind::DocumentEnd {
            (kind, start, end) = self.pass_and_peek()?;
        }
        match kind {
            Kind::StreamEnd => {
                self.state = State::End;
                self.scanner.take();
                Ok(step(Event::StreamEnd, start, end))
            }
            Kind::VersionDirective | Kind::TagDirective | Kind::DocumentStart => self.explicit_document(start),
            _ if first => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(step(Event::DocumentStart, start, end))
            }
            _ => self.explicit_document(start),
        }
    }

    fn explicit_document(&mut self, start: Mark) -> Parsed<'t> {
        self.directives()?;
        let (kind, mark, end) = self.scanner.peek()?;
        if kind != Kind::DocumentStart {
            return Err(Fault::new("did not find expected <document start>", mark));
        }
        self.scanner.take();
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(step(Event::DocumentStart, start, end))
    }

    fn document_content(&mut self) -> Parsed<'t> {
        let (kind, start, _) = self.scanner.peek()?;
        match kind {
            Kind::VersionDirective | Kind::TagDirective | Kind::DocumentStart | Kind::DocumentEnd | Kind::StreamEnd => {
                self.pop();
                Ok(nothing(start))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Parsed<'t> {
        let (kind, start, mut end) = self.scanner.peek()?;
        if kind == Kind::DocumentEnd {
            self.scanner.take();
        } else {
            end = start;
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart(false);
        Ok(step(Event::DocumentEnd, start, end))
    }

    fn directives(&mut self) -> Result<(), Fault> {
        let mut versioned = false;
        loop {
            let (_, start, _) = self.scanner.peek()?;
            match self.scanner.front_load() {
                Some((_, Load::Version(major, minor))) => {
                    if versioned {
                        return Err(Fault::new("found duplicate %YAML directive", start));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(Fault::new("found incompatible YAML document", start));
                    }
                    versioned = true;
                }
                Some((Kind::TagDirective, _)) => {
                    let Some(Token { load: Load::Tag(directive), .. }) = self.scanner.take() else { continue };
                    if self.tag_directives.iter().any(|(handle, _)| *handle == directive.0) {
                        return Err(Fault::new("found duplicate %TAG directive", start));
                    }
                    self.tag_directives.push(*directive);
                    continue;
                }
                _ => break,
            }
            self.scanner.take();
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tag_directives.iter().any(|(known, _)| known == handle.as_bytes()) {
                self.tag_directives.push((handle.into(), prefix.into()));
            }
        }
        Ok(())
    }

    // Nodes.

    fn node(&mut self, block: bool, indentless: bool) -> Parsed<'t> {
        let (mut kind, start, _) = self.scanner.peek()?;
        if kind == Kind::Alias {
            self.pop();
            let token = self.scanner.take();
            let end = token.as_ref().map_or(start, |token| token.end);
            return Ok(step(Event::Alias(text_of(token)), start, end));
        }
        let mut anchor = None;
        let mut tag_token = None;
        let mut properties_end = start;
        for _ in 0..2 {
            match kind {
                Kind::Anchor if anchor.is_none() => {
                    let token = self.scanner.take();
                    properties_end = token.as_ref().map_or(start, |token| token.end);
                    anchor = Some(text_of(token));
                }
                Kind::Tag if tag_token.is_none() => {
                    let token = self.scanner.take();
                    properties_end = token.as_ref().map_or(start, |token| token.end);
                    tag_token = token;
                }
                _ => break,
            }
            (kind, _, _) = self.scanner.peek()?;
        }
        let tag = match &tag_token {
            Some(token) => self.tag(token)?,
            None => Vec::new(),
        };
        let (_, content, content_end) = self.scanner.peek()?;
        let mut parsed = match kind {
            Kind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                step(Event::SequenceStart, start, content_end)
            }
            Kind::Plain | Kind::Quoted => {
                self.pop();
                let implicit = if tag.is_empty() { kind == Kind::Plain } else { tag == b"!" };
                let text = text_of(self.scanner.take());
                step(Event::Scalar(text, Tag::from_bytes(&tag), implicit), start, content_end)
            }
            Kind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                step(Event::SequenceStart, start, content_end)
            }
            Kind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                step(Event::MappingStart, start, content_end)
            }
            Kind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirst;
                step(Event::SequenceStart, start, content_end)
            }
            Kind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirst;
                step(Event::MappingStart, start, content_end)
            }
            _ if anchor.is_some() || !tag.is_empty() => {
                self.pop();
                let scalar = Event::Scalar(Cow::Borrowed(""), Tag::from_bytes(&tag), tag.is_empty());
                step(scalar, start, properties_end)
            }
            _ => return Err(Fault::new("did not find expected node content", content)),
        };
        parsed.anchor = anchor;
        Ok(parsed)
    }

    /// The tag with its handle written out.
    fn tag(&self, token: &Token<'_>) -> Result<Vec<u8>, Fault> {
        let Load::Tag(parts) = &token.load else { return Ok(Vec::new()) };
        let (handle, suffix) = &**parts;
        if handle.is_empty() {
            return Ok(suffix.clone());
        }
        let prefix = self.tag_directives.iter().find(|(known, _)| known == handle).map(|(_, prefix)| prefix);
        match prefix {
            Some(prefix) if !(prefix.is_empty() && suffix.is_empty()) => Ok([prefix.as_slice(), suffix].concat()),
            _ => Err(Fault::new("found undefined tag handle", token.start)),
        }
    }

    /// Reads a node, and goes on with `then` behind it.
    fn node_then(&mut self, then: State, block: bool, indentless: bool) -> Parsed<'t> {
        self.states.push(then);
        self.node(block, indentless)
    }

    /// Stands for a node that is not written, and goes on with `then`.
    fn nothing_then(&mut self, then: State, mark: Mark) -> Parsed<'t> {
        self.state = then;
        Ok(nothing(mark))
    }

    /// Ends a collection with the token in front.
    fn close(&mut self, event: Event<'t>) -> Parsed<'t> {
        let (_, start, end) = self.scanner.peek()?;
        self.pop();
        self.scanner.take();
        Ok(step(event, start, end))
    }

    // Blocks.

    fn block_sequence(&mut self) -> Parsed<'t> {
        let (kind, start, end) = self.scanner.peek()?;
        match kind {
            Kind::BlockEntry => match self.pass_and_peek()?.0 {
                Kind::BlockEntry | Kind::BlockEnd => self.nothing_then(State::BlockSequence, end),
                _ => self.node_then(State::BlockSequence, true, false),
            },
            Kind::BlockEnd => self.close(Event::SequenceEnd),
            _ => Err(Fault::new("did not find expected '-' indicator", start)),
        }
    }

    fn indentless_sequence(&mut self) -> Parsed<'t> {
        let (kind, start, end) = self.scanner.peek()?;
        if kind != Kind::BlockEntry {
            self.pop();
            return Ok(step(Event::SequenceEnd, start, start));
        }
        match self.pass_and_peek()?.0 {
            Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd => {
                self.nothing_then(State::IndentlessSequence, end)
            }
            _ => self.node_then(State::IndentlessSequence, true, false),
        }
    }

    fn block_mapping_key(&mut self) -> Parsed<'t> {
        let (kind, start, end) = self.scanner.peek()?;
        match kind {
            Kind::Key => match self.pass_and_peek()?.0 {
                Kind::Key | Kind::Value | Kind::BlockEnd => self.nothing_then(State::BlockMappingValue, end),
                _ => self.node_then(State::BlockMappingValue, true, true),
            },
            Kind::BlockEnd => self.close(Event::MappingEnd),
            _ => Err(Fault::new("did not find expected key", start)),
        }
    }

    fn block_mapping_value(&mut self) -> Parsed<'t> {
        let (kind, start, end) = self.scanner.peek()?;
        if kind != Kind::Value {
            return self.nothing_then(State::BlockMappingKey, start);
        }
        match self.pass_and_peek()?.0 {
            Kind::Key | Kind::Value | Kind::BlockEnd => self.nothing_then(State::BlockMappingKey, end),
            _ => self.node_then(State::BlockMappingKey, true, true),
        }
    }

    // Flows.

    fn flow_sequence(&mut self, first: bool) -> Parsed<'t> {
        let (mut kind, mut start, mut end) = self.scanner.peek()?;
        if kind != Kind::FlowSequenceEnd && !first {
            if kind != Kind::FlowEntry {
                return Err(Fault::new("did not find expected ',' or ']'", start));
            }
            (kind, start, end) = self.pass_and_peek()?;
        }
        match kind {
            Kind::FlowSequenceEnd => self.close(Event::SequenceEnd),
            Kind::Key => {
                self.scanner.take();
                self.state = State::FlowPairKey;
                Ok(step(Event::MappingStart, start, end))
            }
            _ => self.node_then(State::FlowSequence, false, false),
        }
    }

    fn flow_pair_key(&mut self) -> Parsed<'t> {
        let (kind, _, end) = self.scanner.peek()?;
        match kind {
            Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd => {
                // go-yaml passes the token here, so that `[? : a]` is not what one would think.
                self.scanner.take();
                self.nothing_then(State::FlowPairValue, end)
            }
            _ => self.node_then(State::FlowPairValue, false, false),
        }
    }

    fn flow_pair_value(&mut self) -> Parsed<'t> {
        let (kind, mut start, _) = self.scanner.peek()?;
        if kind == Kind::Value {
            let behind = self.pass_and_peek()?;
            if !matches!(behind.0, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                return self.node_then(State::FlowPairEnd, false, false);
            }
            start = behind.1;
        }
        self.nothing_then(State::FlowPairEnd, start)
    }

    fn flow_mapping_key(&mut self, first: bool) -> Parsed<'t> {
        let (mut kind, start, _) = self.scanner.peek()?;
        if kind != Kind::FlowMappingEnd && !first {
            if kind != Kind::FlowEntry {
                return Err(Fault::new("did not find expected ',' or '}'", start));
            }
            (kind, _, _) = self.pass_and_peek()?;
        }
        match kind {
            Kind::FlowMappingEnd => self.close(Event::MappingEnd),
            Kind::Key => {
                let (behind, mark, _) = self.pass_and_peek()?;
                match behind {
                    Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd => {
                        self.nothing_then(State::FlowMappingValue, mark)
                    }
                    _ => self.node_then(State::FlowMappingValue, false, false),
                }
            }
            _ => self.node_then(State::FlowMappingEmptyValue, false, false),
        }
    }

    fn flow_mapping_value(&mut self) -> Parsed<'t> {
        let (kind, mut start, _) = self.scanner.peek()?;
        if kind == Kind::Value {
            let behind = self.pass_and_peek()?;
            if !matches!(behind.0, Kind::FlowEntry | Kind::FlowMappingEnd) {
                return self.node_then(State::FlowMappingKey, false, false);
            }
            start = behind.1;
        }
        self.nothing_then(State::FlowMappingKey, start)
    }
}

fn text_of(token: Option<Token<'_>>) -> Cow<'_, str> {
    match token {
        Some(Token { load: Load::Text(text), .. }) => text,
        _ => Cow::Borrowed(""),
    }
}
