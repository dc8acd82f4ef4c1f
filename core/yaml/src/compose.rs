//! Events in, the document's nodes out, as they are written: tags, anchors and aliases are still there.
//!
//! The nodes lie in one list and name each other by their place in it, so that nesting of any depth needs no stack.

use super::parser::{Event, Parser, Step, Tag};
use super::reader::{Fault, Mark};
use portolan_base::collections::BTreeMap;
use std::borrow::Cow;

/// The place of a node in the list.
pub(super) type Id = usize;

/// What a node is.
#[derive(Debug)]
pub(super) enum Raw<'t> {
    /// Its text, its tag, and whether its kind follows from the text.
    Scalar(Cow<'t, str>, Tag, bool),
    Sequence,
    /// Keys and values by turns.
    Mapping,
    /// The node that is meant, and its anchor.
    Alias(Id, Cow<'t, str>),
}

/// A node: what it is, where it begins, where it ends (byte offset), and its neighbours.
#[derive(Debug)]
pub(super) struct RawNode<'t> {
    pub(super) raw: Raw<'t>,
    pub(super) start: Mark,
    pub(super) end: usize,
    pub(super) first_child: Option<Id>,
    pub(super) next: Option<Id>,
}

/// The nodes of the first document of a text. There is no root where the text holds no document.
#[derive(Debug, Default)]
pub(super) struct Tree<'t> {
    pub(super) nodes: Vec<RawNode<'t>>,
    pub(super) root: Option<Id>,
}

/// A collection that is not closed yet: itself and its last child.
struct Open {
    id: Id,
    last: Option<Id>,
}

/// Reads the first document of the text; what stands behind its end is looked at only as far as go-yaml does.
///
/// # Errors
/// The text is not YAML, or an alias names no anchor.
pub(super) fn compose<'t>(parser: &mut Parser<'t>) -> Result<Tree<'t>, Fault> {
    let mut tree = Tree::default();
    if matches!(parser.next()?.event, Event::StreamEnd) {
        return Ok(tree);
    }
    let mut anchors: BTreeMap<Cow<'t, str>, Id> = BTreeMap::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let Step { event, anchor, start, end } = parser.next()?;
        let (raw, opens) = match event {
            Event::SequenceEnd | Event::MappingEnd => {
                close(&mut tree, &mut open, start, end);
                continue;
            }
            Event::Scalar(text, tag, implicit) => (Raw::Scalar(text, tag, implicit), false),
            Event::SequenceStart => (Raw::Sequence, true),
            Event::MappingStart => (Raw::Mapping, true),
            Event::Alias(name) => match anchors.get(&name) {
                Some(&target) => (Raw::Alias(target, name), false),
                None => return Err(Fault::new(format!("unknown anchor '{name}' referenced"), start)),
            },
            Event::DocumentEnd | Event::DocumentStart | Event::StreamEnd => return Ok(tree),
        };
        let id = tree.nodes.len();
        tree.nodes.push(RawNode { raw, start, end: end.offset, first_child: None, next: None });
        match open.last_mut() {
            None => tree.root = Some(id),
            Some(parent) => {
                let before = match parent.last {
                    Some(last) => tree.nodes.get_mut(last).map(|node| &mut node.next),
                    None => tree.nodes.get_mut(parent.id).map(|node| &mut node.first_child),
                };
                if let Some(before) = before {
                    *before = Some(id);
                }
                parent.last = Some(id);
            }
        }
        if let Some(anchor) = anchor {
            anchors.insert(anchor, id);
        }
        if opens {
            open.push(Open { id, last: None });
        }
    }
}

/// Closes the innermost collection. A flow ends with its bracket, a block with its last child.
fn close(tree: &mut Tree<'_>, open: &mut Vec<Open>, start: Mark, end: Mark) {
    let Some(Open { id, last }) = open.pop() else { return };
    let child_end = last.and_then(|last| tree.nodes.get(last)).map(|node| node.end);
    if let Some(node) = tree.nodes.get_mut(id) {
        node.end = match child_end {
            Some(child_end) if start.offset == end.offset => child_end,
            _ => end.offset.max(node.end),
        };
    }
}
