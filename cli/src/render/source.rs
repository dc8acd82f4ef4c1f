//! Excerpts: files come in once, places after that; the line of each place, and the part of it that is meant, go out.

use portolan::cluster::Location;
use portolan::load::File;
use portolan_base::collections::BTreeMap;
use portolan_checking::excerpt::word_length;
use std::cell::RefCell;
use std::ops::Range;

/// The files, with the starts of the lines of those that were looked at: many findings in one large file cost one walk
/// over it.
#[derive(Debug)]
pub(crate) struct Excerpts<'a> {
    files: BTreeMap<&'a str, &'a str>,
    starts: RefCell<BTreeMap<&'a str, Vec<usize>>>,
}

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

impl<'a> Excerpts<'a> {
    /// Excerpts of these files. Of two files with one name the first counts.
    pub(crate) fn of(files: &'a [File]) -> Self {
        let files = files.iter().rev().map(|file| (&*file.name, &*file.text)).collect();
        Excerpts { files, starts: RefCell::default() }
    }

    /// The line of that place, where the file is among those read and has such a line.
    pub(crate) fn at(&self, place: &Location) -> Option<Excerpt<'a>> {
        let (name, text) = self.files.get_key_value(place.file.as_str())?;
        let line = self.line(name, text, usize::try_from(place.line).ok()?.checked_sub(1)?)?;
        let skipped = usize::try_from(place.column).ok()?.saturating_sub(1);
        let start = line.char_indices().nth(skipped).map_or(line.len(), |(offset, _)| offset);
        let length = word_length(line.get(start..).unwrap_or_default());
        Some(Excerpt { text: line, first_line: place.line, span: start..start + length })
    }

    /// The line of that number, from 0, without its end.
    fn line(&self, name: &'a str, text: &'a str, number: usize) -> Option<&'a str> {
        let mut starts = self.starts.borrow_mut();
        if !starts.contains_key(name) {
            let ends = text.match_indices('\n').map(|(end, _)| end + 1);
            starts.insert(name, std::iter::once(0).chain(ends).collect());
        }
        let start = *starts.get(name)?.get(number)?;
        text.get(start..).filter(|rest| !rest.is_empty())?.lines().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_shows_its_line_and_its_word() {
        let files = [File { name: "a.yaml".into(), text: "é: 1\r\n\n  port: 80 # web\n".into() }];
        let excerpts = Excerpts::of(&files);
        let at = |line, column| {
            let place = Location { file: "a.yaml".into(), line, column, field: String::new() };
            excerpts.at(&place).map(|excerpt| (excerpt.text, excerpt.span))
        };
        assert_eq!(at(1, 4), Some(("é: 1", 4..5)));
        assert_eq!(at(2, 1), Some(("", 0..0)));
        assert_eq!(at(3, 3), Some(("  port: 80 # web", 2..6)));
        assert_eq!((at(4, 1), at(0, 1)), (None, None));
    }
}
