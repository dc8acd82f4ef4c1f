//! What the scanner makes of characters.

use super::reader::Mark;
use std::borrow::Cow;

/// The kinds of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    VersionDirective,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    /// A scalar without quotes.
    Plain,
    /// A scalar in quotes, literal or folded.
    Quoted,
}

/// What a token carries beside its kind.
#[derive(Debug)]
pub(super) enum Load<'t> {
    Nothing,
    /// The text of a scalar, or the name of an anchor or alias.
    Text(Cow<'t, str>),
    /// Handle and suffix of a tag, or handle and prefix of a tag directive. Bytes, because escapes may be no UTF-8.
    Tag(Box<(Vec<u8>, Vec<u8>)>),
    /// The version of a `%YAML` directive.
    Version(u8, u8),
}

/// A token and where it stands.
#[derive(Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    pub(super) load: Load<'t>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

impl Token<'_> {
    /// A token that carries nothing.
    pub(super) fn bare(kind: Kind, start: Mark, end: Mark) -> Self {
        Token { kind, load: Load::Nothing, start, end }
    }
}
