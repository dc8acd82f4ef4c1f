//! Places in a text: the protocol counts lines from 0 and columns in UTF-16 units, findings count lines and characters from
//! 1, edits count bytes.

use tower_lsp_server::ls_types::{Position, Range};

/// A text with the beginnings of its lines.
#[derive(Debug)]
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, starts }
    }

    /// The text.
    pub(crate) fn text(&self) -> &'t str {
        self.text
    }

    /// A line (from 0) without its end; empty behind the last.
    pub(crate) fn line(&self, line: usize) -> &'t str {
        let start = self.start(line);
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let whole = self.text.get(start..end).unwrap_or_default();
        let whole = whole.strip_suffix('\n').unwrap_or(whole);
        whole.strip_suffix('\r').unwrap_or(whole)
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> usize {
        self.starts.len()
    }

    /// The byte that a line begins at.
    pub(crate) fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// The byte of a position; the end of the line where it lies beyond.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let mut units = 0;
        let text = self.line(line);
        let found = text.char_indices().find(|(_, character)| {
            let here = units >= position.character;
            units += u32::try_from(character.len_utf16()).unwrap_or(1);
            here
        });
        self.start(line) + found.map_or(text.len(), |(at, _)| at)
    }

    /// The position of a byte.
    pub(crate) fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let before = self.text.get(self.start(line)..offset).unwrap_or_default();
        Position { line: small(line), character: small(before.encode_utf16().count()) }
    }

    /// The range between two bytes.
    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.position(start), end: self.position(end) }
    }

    /// The byte of a place: a line, and a column in characters, both from 1.
    pub(crate) fn place(&self, line: u32, column: u32) -> usize {
        let index = usize::try_from(line).unwrap_or(1).saturating_sub(1);
        let text = self.line(index);
        let skipped = usize::try_from(column).unwrap_or(1).saturating_sub(1);
        self.start(index) + text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at)
    }
}

/// A count as the protocol has it.
pub(crate) fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_everybody_counts_them() {
        let lines = Lines::new("a: é😀x\r\nb\n");
        let position = |line, character| Position { line, character };
        assert_eq!(lines.offset(position(0, 6)), "a: é😀".len());
        assert_eq!(lines.position("a: é😀".len()), position(0, 6));
        assert_eq!(lines.place(1, 6), "a: é😀".len());
        assert_eq!((lines.offset(position(0, 99)), lines.offset(position(9, 0))), ("a: é😀x".len(), 14));
        assert_eq!((lines.line(1), lines.line(2), lines.line(3), lines.count()), ("b", "", "", 3));
        assert_eq!(lines.range(12, 13).end, position(1, 1));
    }
}
