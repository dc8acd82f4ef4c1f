//! The lines of a file that a place is shown with.

use portolan::cluster::SourcePlace;
use portolan::load::File;
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
    pub(crate) fn of(place: &SourcePlace, files: &'a [File]) -> Option<Self> {
        let file = files.iter().find(|file| *file.name == *place.file)?;
        let line = file.text.lines().nth(usize::try_from(place.line).ok()?.checked_sub(1)?)?;
        let skipped = usize::try_from(place.column).ok()?.saturating_sub(1);
        let start = line.char_indices().nth(skipped).map_or(line.len(), |(offset, _)| offset);
        let rest = line.get(start..).unwrap_or_default();
        let length = word_length(rest);
        Some(Excerpt { text: line, first_line: place.line, span: start..start + length })
    }
}

/// How much of the rest of a line is the value or key that begins there: a quoted text whole, else up to the comment
/// or the colon behind a key.
pub(crate) fn word_length(rest: &str) -> usize {
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote {
        let inside = rest.get(1..).unwrap_or_default();
        return inside.find(quote).map_or(rest.len(), |end| end + 2);
    }
    let value = rest.split(" #").next().unwrap_or(rest);
    let key = value.split(": ").next().unwrap_or(value);
    let word = if value.ends_with(':') { value.trim_end_matches(':') } else { key };
    word.trim_end().trim_end_matches(',').len()
}

#[cfg(test)]
mod tests {
    use super::word_length;

    #[test]
    fn a_word_ends_where_its_value_or_key_does() {
        assert_eq!(word_length("port: 80 # web"), 4);
        assert_eq!(word_length("80 # web"), 2);
        assert_eq!(word_length("ports:"), 5);
        assert_eq!(word_length("\"a b\": 1"), 5);
        assert_eq!(word_length("http://a/b"), 10);
    }
}
