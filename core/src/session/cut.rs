//! Two texts of one file, document by document: what they do not share.

/// Where a document begins, with its separator: byte and line from 0.
pub(super) type Piece = (usize, usize);

/// The part of a file that two texts of it do not share, in whole documents: bytes, and lines from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) start: usize,
    pub(super) start_line: usize,
    pub(super) old_end: usize,
    pub(super) old_end_line: usize,
    pub(super) new_end: usize,
    pub(super) new_end_line: usize,
}

impl Cut {
    /// The documents that differ between two texts, given with the places at which their documents begin.
    pub(super) fn between((old, old_pieces): (&str, &[Piece]), (new, new_pieces): (&str, &[Piece])) -> Cut {
        let shorter = old_pieces.len().min(new_pieces.len());
        let same =
            |old_index: usize, new_index: usize| piece(old, old_pieces, old_index) == piece(new, new_pieces, new_index);
        let front = (0..shorter).take_while(|index| same(*index, *index)).count();
        let from_end = |index: usize| same(old_pieces.len() - 1 - index, new_pieces.len() - 1 - index);
        let back = (0..shorter - front).take_while(|index| from_end(*index)).count();
        let at = |whole: &str, pieces: &[Piece], index: usize| {
            pieces.get(index).copied().unwrap_or_else(|| (whole.len(), whole.matches('\n').count() + 1))
        };
        let (start, start_line) = at(new, new_pieces, front);
        let (old_end, old_end_line) = at(old, old_pieces, old_pieces.len() - back);
        let (new_end, new_end_line) = at(new, new_pieces, new_pieces.len() - back);
        Cut { start, start_line, old_end, old_end_line, new_end, new_end_line }
    }

    pub(super) fn moves(&self) -> bool {
        self.old_end != self.new_end || self.old_end_line != self.new_end_line
    }

    pub(super) fn lines_moved(&self) -> i64 {
        difference(self.new_end_line, self.old_end_line)
    }

    pub(super) fn bytes_moved(&self) -> i64 {
        difference(self.new_end, self.old_end)
    }
}

/// The part of a text, with all before it blank: lines and bytes count as in the whole.
pub(super) fn blank_before(text: &str, start: usize, end: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let mut blank: String = before.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    blank.push_str(text.get(start..end).unwrap_or_default());
    blank
}

/// The text of one document.
fn piece<'t>(whole: &'t str, pieces: &[Piece], index: usize) -> Option<&'t str> {
    let start = pieces.get(index)?.0;
    let end = pieces.get(index + 1).map_or(whole.len(), |next| next.0);
    whole.get(start..end)
}

fn difference(new: usize, old: usize) -> i64 {
    i64::try_from(new).unwrap_or(i64::MAX).saturating_sub(i64::try_from(old).unwrap_or(i64::MAX))
}

/// Where each document begins. Nothing for JSON, and where a separator has more than a comment behind it, which ends the
/// stream.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece>> {
    if is_json(text) {
        return None;
    }
    let mut found = vec![(0, 0)];
    separators(text, (0, 0), &mut found)?;
    Some(found)
}

/// A row of JSON values has no separators.
fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// Adds the places of the separators in a text that begins with a line, at that place. Gives the line behind it.
fn separators(text: &str, (mut offset, line): Piece, found: &mut Vec<Piece>) -> Option<usize> {
    let mut number = line;
    for line in text.split_inclusive('\n') {
        if let Some(behind) = line.strip_prefix("---") {
            let behind = behind.trim();
            if !behind.is_empty() && !behind.starts_with('#') {
                return None;
            }
            if offset > 0 {
                found.push((offset, number));
            }
        }
        offset += line.len();
        number += 1;
    }
    Some(number)
}

/// The same as [`pieces`] for a text that has taken the place of another: looked for between what both begin with and
/// what both end with.
pub(super) fn pieces_after(old: &str, before: &[Piece], new: &str) -> Option<Vec<Piece>> {
    if is_json(new) {
        return None;
    }
    let shorter = old.len().min(new.len());
    let front = alike(old.as_bytes().chunks(RUN), new.as_bytes().chunks(RUN), |run| run.iter());
    let back = alike(old.as_bytes().rchunks(RUN), new.as_bytes().rchunks(RUN), |run| run.iter().rev());
    let back = back.min(shorter - front);
    // The last separator but one in the front: what stands behind the last may be in the middle.
    let kept = before.partition_point(|piece| piece.0 <= front).saturating_sub(1).max(1);
    // The first separator whose line begins in the back.
    let next = before.partition_point(|piece| piece.0 <= old.len() - back).max(kept);
    let mut found = before.get(..kept)?.to_vec();
    let &(start, start_line) = found.last()?;
    let end = before.get(next).map_or(old.len(), |piece| piece.0) + new.len() - old.len();
    found.pop();
    let at_start = found.len();
    let line = separators(new.get(start..end)?, (start, start_line), &mut found)?;
    if at_start == 0 {
        found.insert(0, (0, 0));
    }
    let moved = |(offset, old_line): &Piece| {
        let from = before.get(next).map_or(0, |first| first.1);
        (offset + new.len() - old.len(), old_line - from + line)
    };
    found.extend(before.get(next..).unwrap_or_default().iter().map(moved));
    Some(found)
}

/// How many bytes are compared at once.
const RUN: usize = 1024;

/// How many bytes two rows of runs begin with that are the same.
fn alike<'t, I: Iterator<Item = &'t u8>>(
    one: impl Iterator<Item = &'t [u8]>,
    other: impl Iterator<Item = &'t [u8]>,
    bytes: fn(&'t [u8]) -> I,
) -> usize {
    let mut length = 0;
    for (one, other) in one.zip(other) {
        if one == other {
            length += one.len();
        } else {
            return length + bytes(one).zip(bytes(other)).take_while(|(one, other)| one == other).count();
        }
    }
    length
}
