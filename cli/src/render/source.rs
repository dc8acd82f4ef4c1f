//! The lines of a file that a place is shown with.

use portolan::cluster::Location;
use portolan::load::File;
use portolan_checking::excerpt::word_length;
use std::ops::Range;

/// The line of a place, and what of it is meant.
#[derive(Debug)]
pub(crate) struct Excerpt<'a> {
    /// The line's text.
    pub(crate) text: &'a str,
    /// Its number, from 1.
    pub(crate) first_line: u32,
    /// The bytes of it that are meant.
    pub(crate) span: Range<usize>,
}

impl<'a> Excerpt<'a> {
    /// The line of that place, where the file is among those read and has such a line.
    pub(crate) fn of(place: &Location, files: &'a [File]) -> Option<Self> {
        let file = files.iter().find(|file| *file.name == *place.file)?;
        let line = file.text.lines().nth(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
        let skipped = usize::try_from(place.column).ok()?.saturating_sub(1);
        let start = line.char_indices().nth(skipped).map_or(line.len(), |(offset, _)| offset);
        let rest = line.get(start..).unwrap_or_default();
        let length = word_length(rest);
        Some(Excerpt { text: line, first_line: place.line, span: start..start + length })
    }
}
