//! One YAML document in, a [`Node`] out, as `sigs.k8s.io/yaml` v1.6.0 `YAMLToJSONStrict` makes it JSON.
//!
//! The way is go-yaml's: characters ([`reader`]) → tokens ([`scanner`]) → events ([`parser`]) → nodes as written
//! ([`compose`]) → nodes as meant ([`decode`]). Only the first document of the text is read, because Kubernetes splits the
//! stream before it parses (see [`stream`](super::stream)).

mod base64;
mod block;
mod compose;
mod decode;
mod directive;
mod parser;
mod reader;
mod resolve;
mod scalar;
mod scanner;
mod timestamp;
mod token;

use super::stream::Chunk;
use super::{Node, Place, SyntaxError};
use decode::Places;
use reader::{Fault, Mark};

/// Reads one document of a stream. What holds no document (white space, comments) is `null`.
///
/// # Errors
/// The first reason for which Kubernetes' reader refuses it, with its place in the file.
pub(super) fn read(chunk: &Chunk<'_>) -> Result<Node, SyntaxError> {
    let mut parser = parser::Parser::new(&chunk.text);
    let composed = compose::compose(&mut parser);
    let mut lines = Lines { chunk, odd_breaks: parser.scanner.reader.odd_breaks, seen: Mark::default() };
    let decoded = composed.and_then(|tree| decode::decode(&tree, &mut lines));
    decoded.map_err(|Fault { message, mark }| {
        let place = lines.place(mark, mark.offset);
        SyntaxError { message: message.into_owned(), line: place.line, column: place.column }
    })
}

/// Turns marks of a document into places in its file.
struct Lines<'c, 't> {
    chunk: &'c Chunk<'t>,
    /// Whether YAML's lines are not the file's, so that they have to be counted anew.
    odd_breaks: bool,
    /// How far they are counted.
    seen: Mark,
}

impl Lines<'_, '_> {
    fn count(&mut self, mark: Mark) -> Mark {
        if mark.offset < self.seen.offset {
            self.seen = Mark::default();
        }
        let Mark { mut line, mut column, offset, .. } = self.seen;
        for character in self.chunk.text.get(offset..mark.offset).unwrap_or_default().chars() {
            column += 1;
            if character == '\n' {
                line += 1;
                column = 0;
            }
        }
        self.seen = Mark { line, column, offset: mark.offset, index: 0 };
        self.seen
    }
}

impl Places for Lines<'_, '_> {
    fn place(&mut self, start: Mark, end: usize) -> Place {
        let mark = if self.odd_breaks { self.count(start) } else { start };
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            line: small(self.chunk.line + mark.line + 1),
            column: small(mark.column + 1),
            start: small(self.chunk.offset(start.offset)),
            end: small(self.chunk.offset(end)),
        }
    }
}
