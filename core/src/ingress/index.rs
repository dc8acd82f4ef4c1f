//! The paths of one host, compiled: the first of many rules that takes a path, in a time that does not grow with them.

use super::matching::MatchPath;
use crate::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from text that is only asked, never walked: its order plays no part.
pub(crate) type TextMap<T> = HashMap<Box<str>, T, BuildHasherDefault<TextHasher>>;

/// A fast hash for short text, eight bytes a step. The keys come from manifests and a request adds none, so nobody who
/// sends requests can make it collide.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TextHasher(u64);

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

impl TextHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SEED);
    }
}

impl Hasher for TextHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = u64::from(u8::try_from(rest.len()).unwrap_or_default());
        for byte in rest {
            last = last << 8 | u64::from(*byte);
        }
        self.mix(last);
    }

    fn write_u8(&mut self, _: u8) {}

    fn finish(&self) -> u64 {
        // The map takes its bucket from the low bits and its tag from the high ones.
        (self.0 ^ self.0 >> 32).wrapping_mul(SEED)
    }
}

/// No rule.
const NONE: u32 = u32::MAX;

/// The best rules that name one text, by the way they match it.
#[derive(Clone, Copy, Debug)]
struct Best {
    exact: u32,
    element: u32,
    text: u32,
}

/// The lengths at which a prefix may end.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    length: usize,
    element: bool,
    text: bool,
    /// Every text prefix of that length ends with a slash.
    text_slash: bool,
}

/// The rules of one host, asked for the first that takes a path. Rules are numbered in the order of precedence.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathIndex {
    texts: TextMap<Best>,
    lengths: Vec<Length>,
    patterns: Vec<(u32, MatchPath)>,
}

impl PathIndex {
    /// Compiles the paths of a host; the first has the highest rank.
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a MatchPath>) -> Self {
        let mut index = PathIndex::default();
        let mut lengths: BTreeMap<usize, Length> = BTreeMap::new();
        for (number, path) in (0..NONE).zip(paths) {
            match path {
                MatchPath::Exact(text) => first(&mut index.best(text).exact, number),
                MatchPath::Element(text) => {
                    first(&mut index.best(text).element, number);
                    lengths.entry(text.len()).or_default().element = true;
                }
                MatchPath::Text(text) => {
                    first(&mut index.best(text).text, number);
                    let length = lengths.entry(text.len()).or_default();
                    length.text_slash = text.ends_with('/') && (length.text_slash || !length.text);
                    length.text = true;
                }
                MatchPath::Regex { .. } => index.patterns.push((number, path.clone())),
            }
        }
        index.lengths = lengths.into_iter().map(|(length, ends)| Length { length, ..ends }).collect();
        index
    }

    fn best(&mut self, text: &str) -> &mut Best {
        self.texts.entry(text.into()).or_insert(Best { exact: NONE, element: NONE, text: NONE })
    }

    /// The number of the first rule that takes the path (normalized, without the query).
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let mut found = self.texts.get(path).map_or(NONE, |best| best.exact);
        let bytes = path.as_bytes();
        for length in &self.lengths {
            if length.length > bytes.len() {
                break;
            }
            let element = length.element && bytes.get(length.length).is_none_or(|next| *next == b'/');
            let slash = || length.length.checked_sub(1).and_then(|last| bytes.get(last)) == Some(&b'/');
            let text = length.text && (!length.text_slash || slash());
            if (element || text)
                && let Some(best) = path.get(..length.length).and_then(|prefix| self.texts.get(prefix))
            {
                found = found.min(if element { best.element } else { NONE }).min(if text { best.text } else { NONE });
            }
        }
        for (number, pattern) in &self.patterns {
            if *number >= found {
                break;
            }
            if pattern.takes(path) {
                found = *number;
                break;
            }
        }
        place(found)
    }

    /// The number of the first rule that names exactly that text, alone or as the beginning of paths.
    pub(crate) fn find_named(&self, text: &str) -> Option<usize> {
        let best = self.texts.get(text)?;
        place(best.exact.min(best.text))
    }
}

fn place(number: u32) -> Option<usize> {
    if number == NONE { None } else { usize::try_from(number).ok() }
}

fn first(slot: &mut u32, number: u32) {
    *slot = (*slot).min(number);
}
