//! Texts and what they lead to, compiled: the names of hosts, and the paths of one host.
//!
//! A proxy asks about requests in any order, so a lookup in a large table costs what it touches of the memory. Everything it
//! needs is therefore in one row of words: every table of texts in one piece (where it stops, its slots, the texts
//! themselves), and the paths that hosts have alike only once.

use super::matching::MatchPath;
use portolan_base::collections::BTreeMap;

/// No rule, no table.
pub(crate) const NONE: u32 = u32::MAX;

/// What a text leads to.
pub(crate) type Values = [u32; 3];

/// A table among all: the place of its first word.
pub(crate) type TablePlace = u32;

/// Tables of texts, one behind another. A table is:
/// - two numbers: how many slots it has, a power of two, less one; how many stops;
/// - two numbers: how many expressions it has; which bits of a slot say a distance;
/// - its stops, a word each, the shortest first;
/// - the places of its expressions among the rules of the host, a word each;
/// - its slots, two a word: how far from the first word a text stands, or nothing, and above it bits of the text's hash;
/// - its texts: the length and the first number, the two other numbers, the bytes eight a word.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextTables {
    words: Vec<u64>,
}

/// Tables while they are being made.
#[derive(Debug, Default)]
pub(crate) struct TextTablesBuilder {
    tables: TextTables,
    /// Where a table with that hash stands, so that the same one is not made twice.
    known: BTreeMap<u64, usize>,
}

/// Where in a path a rule may stop: the number is a length, these are what some rule of that length needs there.
mod stop {
    /// The element ends.
    pub(super) const ELEMENT: u64 = 1 << 32;
    /// A slash was the last letter.
    pub(super) const SLASH: u64 = 1 << 33;
    /// Nothing.
    pub(super) const TEXT: u64 = 1 << 34;
}

/// Which of the rules that name a text are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    /// Those that take the path of the text.
    Path,
    /// Those that take it and all that is below it by element.
    Element,
    /// Those that take all that begins with it.
    Text,
}

/// The first words of a table, read.
#[derive(Clone, Copy)]
struct Head {
    start: usize,
    stops: usize,
    expressions: usize,
    slots: usize,
    mask: u64,
    distance: u64,
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const EACH: u64 = 0x0101_0101_0101_0101;
const HEAD: usize = 2;

/// Capital letters are read as small ones.
const ANY_CASE: u64 = EACH * 0x20;
/// Letters are read as they are.
const AS_IT_IS: u64 = 0;

impl TextTables {
    /// What the name leads to, in any letter case; the table holds names in lower case.
    pub(crate) fn name(&self, table: TablePlace, name: &str) -> Option<Values> {
        self.text(&self.head(table)?, name.as_bytes(), ANY_CASE)
    }

    /// The place of the first rule that takes the path (normalized, without the query), expressions aside; [`NONE`]: there is
    /// none.
    pub(crate) fn first(&self, table: TablePlace, path: &str) -> u32 {
        self.head(table).map_or(NONE, |head| self.first_of(&head, path.as_bytes(), Whole::Path))
    }

    /// The place of the first rule that takes all that a rule takes which is no expression.
    pub(crate) fn covering(&self, table: TablePlace, path: &MatchPath) -> u32 {
        let (text, whole) = match path {
            MatchPath::Exact(text) => (text, Whole::Path),
            MatchPath::Element(text) => (text, Whole::Element),
            MatchPath::Text(text) => (text, Whole::Text),
            MatchPath::Regex { .. } => return NONE,
        };
        self.head(table).map_or(NONE, |head| self.first_of(&head, text.as_bytes(), whole))
    }

    /// The place of the first rule that names the path with a slash behind it, alone or as the beginning of paths.
    pub(crate) fn named_with_slash(&self, table: TablePlace, path: &str) -> u32 {
        let find = || {
            let head = self.head(table)?;
            let length = u64::try_from(path.len()).ok()? + 1;
            self.stops(&head).iter().find(|stop| low(**stop) == length)?;
            let [exact, _, text] = self.text(&head, format!("{path}/").as_bytes(), AS_IT_IS)?;
            Some(exact.min(text))
        };
        find().unwrap_or(NONE)
    }

    /// The places of the rules that are expressions, the first first.
    pub(crate) fn expressions(&self, table: TablePlace) -> impl Iterator<Item = u32> {
        let head = self.head(table).filter(|head| head.expressions > 0);
        let from = |head: Head| self.words.get(head.start + HEAD + head.stops..head.slots);
        head.and_then(from).unwrap_or_default().iter().map(|word| low(*word) as u32)
    }

    fn first_of(&self, head: &Head, path: &[u8], whole: Whole) -> u32 {
        let mut found = NONE;
        for stop in self.stops(head) {
            let length = low(*stop) as usize;
            let Some(begin) = path.get(..length) else { break };
            if length == path.len() {
                let [exact, element, text] = self.text(head, path, AS_IT_IS).unwrap_or([NONE; 3]);
                let exact = if whole == Whole::Path { exact } else { NONE };
                let element = if whole == Whole::Text { NONE } else { element };
                return found.min(exact).min(element).min(text);
            }
            let ends = stop & stop::ELEMENT != 0 && path.get(length) == Some(&b'/');
            let slash = || stop & stop::SLASH != 0 && begin.last() == Some(&b'/');
            if (ends || stop & stop::TEXT != 0 || slash())
                && let Some([_, element, text]) = self.text(head, begin, AS_IT_IS)
            {
                found = found.min(text).min(if ends { element } else { NONE });
            }
        }
        found
    }

    fn head(&self, table: TablePlace) -> Option<Head> {
        let start = table as usize;
        let [slots, counts] = *self.words.get(start..)?.first_chunk::<HEAD>()?;
        let (stops, expressions) = (high(slots) as usize, low(counts) as usize);
        let first_slot = start + HEAD + stops + expressions;
        Some(Head { start, stops, expressions, slots: first_slot, mask: low(slots), distance: high(counts) })
    }

    fn stops(&self, head: &Head) -> &[u64] {
        let from = head.start + HEAD;
        self.words.get(from..from + head.stops).unwrap_or_default()
    }

    /// What a text of the table leads to. `fold` is one of [`ANY_CASE`] and [`AS_IT_IS`].
    fn text(&self, head: &Head, text: &[u8], fold: u64) -> Option<Values> {
        let hash = hash(text, fold);
        let mut at = hash & head.mask;
        loop {
            let pair = *self.words.get(head.slots + (at / 2) as usize)?;
            let slot = low(pair >> (at % 2 * 32));
            if slot == 0 {
                return None;
            }
            if (slot ^ high(hash)) & !head.distance == 0 {
                let text_place = head.start + (slot & head.distance) as usize;
                let [first, second, rest @ ..] = self.words.get(text_place..)? else {
                    return None;
                };
                if low(*first) as usize == text.len() && is_same(rest, text, fold) {
                    return Some([high(*first) as u32, low(*second) as u32, high(*second) as u32]);
                }
            }
            at = (at + 1) & head.mask;
        }
    }
}

impl TextTablesBuilder {
    /// Adds a table of names in lower case.
    pub(crate) fn add_names(&mut self, names: &[(&str, Values)]) -> TablePlace {
        self.add(names, &[], &[])
    }

    /// Adds the paths of a host; the first has the highest rank.
    pub(crate) fn add_paths<'a>(&mut self, paths: impl Iterator<Item = &'a MatchPath>) -> TablePlace {
        let mut texts: BTreeMap<&str, Values> = BTreeMap::new();
        let mut stops: BTreeMap<usize, u64> = BTreeMap::new();
        let mut expressions = Vec::new();
        for (number, path) in (0..NONE).zip(paths) {
            let (text, kind, stop) = match path {
                MatchPath::Exact(text) => (text, 0, 0),
                MatchPath::Element(text) => (text, 1, stop::ELEMENT),
                MatchPath::Text(text) => (text, 2, if text.ends_with('/') { stop::SLASH } else { stop::TEXT }),
                MatchPath::Regex { .. } => {
                    expressions.push(u64::from(number));
                    continue;
                }
            };
            if let Some(slot) = texts.entry(text).or_insert([NONE; 3]).get_mut(kind) {
                *slot = number.min(*slot);
            }
            *stops.entry(text.len()).or_default() |= stop;
        }
        let texts: Vec<(&str, Values)> = texts.into_iter().collect();
        let stops: Vec<u64> = stops.into_iter().map(|(length, stop)| length as u64 | stop).collect();
        self.add(&texts, &stops, &expressions)
    }

    /// All tables.
    pub(crate) fn finish(self) -> TextTables {
        self.tables
    }

    fn add(&mut self, texts: &[(&str, Values)], stops: &[u64], expressions: &[u64]) -> TablePlace {
        let words = &mut self.tables.words;
        let start = words.len();
        // Half of the slots is empty at least, so that a search comes to its end at once, mostly.
        let slots = (2 * texts.len()).next_power_of_two().max(2);
        let mask = slots as u64 - 1;
        let first_slot = HEAD + stops.len() + expressions.len();
        let length: usize = texts.iter().map(|(text, _)| 3 + text.len() / 8).sum();
        // A table of 32 GB would have no room for the hashes, and larger ones are not distinguished from it.
        let distance = ((first_slot + slots + length).next_power_of_two() as u64 - 1) & u64::from(u32::MAX);
        words.extend([pair(mask, stops.len() as u64), pair(expressions.len() as u64, distance)]);
        words.extend(stops);
        words.extend(expressions);
        words.resize(start + first_slot + slots / 2, 0);
        for (text, values) in texts {
            let hash = hash(text.as_bytes(), AS_IT_IS);
            let place = (words.len() - start) as u64;
            let [first, second, third] = values.map(u64::from);
            words.extend([pair(text.len() as u64, first), pair(second, third)]);
            words.extend(eights(text.as_bytes()));
            let mut at = hash & mask;
            while let Some(pair) = words.get_mut(start + first_slot + (at / 2) as usize) {
                let shift = at % 2 * 32;
                if low(*pair >> shift) == 0 {
                    *pair |= (high(hash) & !distance | place) << shift;
                    break;
                }
                at = (at + 1) & mask;
            }
        }
        let (before, new) = words.split_at(start);
        let sum = new.iter().fold(0, |state, word| mix(state, *word));
        match self.known.get(&sum) {
            Some(known) if before.get(*known..*known + new.len()) == Some(new) => {
                words.truncate(start);
                *known as TablePlace
            }
            _ => {
                self.known.insert(sum, start);
                // Of more words than 32 bits count, what comes last is not found; they would be 32 GB.
                TablePlace::try_from(start).unwrap_or(NONE)
            }
        }
    }
}

fn pair(low: u64, high: u64) -> u64 {
    low | high << 32
}

fn low(word: u64) -> u64 {
    word & u64::from(u32::MAX)
}

fn high(word: u64) -> u64 {
    word >> 32
}

/// The bytes eight a word; the last word, which is never full, is filled up with zeros.
fn eights(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (whole, rest) = bytes.as_chunks::<8>();
    whole.iter().map(|chunk| u64::from_le_bytes(*chunk)).chain([tail(bytes, rest)])
}

/// The last bytes, fewer than eight, as a word.
fn tail(bytes: &[u8], rest: &[u8]) -> u64 {
    if let Some(last) = bytes.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> 8 >> (56 - 8 * rest.len());
    }
    match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (rest.len() - 4))
        }
        _ => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Whether the words are those of the text.
fn is_same(words: &[u64], text: &[u8], fold: u64) -> bool {
    let (whole, rest) = text.as_chunks::<8>();
    let Some((begin, [end, ..])) = words.split_at_checked(whole.len()) else { return false };
    let mut pairs = begin.iter().zip(whole);
    pairs.all(|(word, chunk)| *word == folded(u64::from_le_bytes(*chunk), fold))
        && *end == folded(tail(text, rest), fold)
}

/// A fast hash for short text, eight bytes a step. The texts come from manifests and a request adds none, so nobody who
/// sends requests can make it collide.
fn hash(text: &[u8], fold: u64) -> u64 {
    let (whole, rest) = text.as_chunks::<8>();
    let mut state = text.len() as u64;
    for chunk in whole {
        state = mix(state, folded(u64::from_le_bytes(*chunk), fold));
    }
    state = mix(state, folded(tail(text, rest), fold));
    // The slot is taken from the low bits and its mark from the high ones.
    let state = (state ^ state >> 32).wrapping_mul(SEED);
    state ^ state >> 29
}

fn mix(state: u64, word: u64) -> u64 {
    (state.rotate_left(5) ^ word).wrapping_mul(SEED)
}

/// The eight letters, the capitals among them as small ones where `fold` says so.
fn folded(word: u64, fold: u64) -> u64 {
    let seven = word & (EACH * 0x7f);
    let from_a = seven + EACH * (0x80 - b'A' as u64);
    let behind_z = seven + EACH * (0x7f - b'Z' as u64);
    let capitals = from_a & !behind_z & !word & (EACH * 0x80);
    word | ((capitals >> 2) & fold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(paths: &[MatchPath]) -> TextTables {
        let mut builder = TextTablesBuilder::default();
        assert_eq!(builder.add_paths(paths.iter()), 0);
        builder.finish()
    }

    #[test]
    fn names_are_found_in_any_letter_case() {
        let names: Vec<String> =
            (0..1000).map(|number| format!("app{number}.[z]-{}.é", "q".repeat(number % 23))).collect();
        let rows: Vec<(&str, Values)> =
            names.iter().zip(0..).map(|(name, number)| (name.as_str(), [number, NONE, 7])).collect();
        let mut builder = TextTablesBuilder::default();
        let place = builder.add_names(&rows);
        let same = builder.add_names(&rows);
        assert_eq!(place, same);
        let tables = builder.finish();
        for (name, values) in &rows {
            assert_eq!(tables.name(place, name), Some(*values), "{name}");
            assert_eq!(tables.name(place, &name.to_ascii_uppercase()), Some(*values), "{name}");
            assert_eq!(tables.name(place, &name.replace('é', "É")), None, "{name}");
            assert_eq!(tables.name(place, &name.replace('[', "{")), None, "{name}");
            assert_eq!(tables.name(place, &format!("{name}x")), None, "{name}");
        }
        assert_eq!(tables.name(NONE, "app1"), None);
    }

    #[test]
    fn the_first_rule_that_takes_a_path_is_found() {
        let text = |text: &str| MatchPath::Text(text.into());
        let exact = |text: &str| MatchPath::Exact(text.into());
        let paths =
            [exact("/a/b"), text("/a/b/"), MatchPath::element("/a/b"), text("/lo"), MatchPath::element("/"), text("/")];
        let tables = table(&paths);
        for (path, place) in [
            ("/a/b", 0),
            ("/a/b/", 1),
            ("/a/b/c", 1),
            ("/a/bc", 4),
            ("/long", 3),
            ("/lo", 3),
            ("/l", 4),
            ("", 4),
            ("*", NONE),
        ] {
            assert_eq!(tables.first(0, path), place, "{path}");
        }
        assert_eq!(tables.named_with_slash(0, "/a/b"), 1);
        assert_eq!(tables.named_with_slash(0, "/a"), NONE);
    }

    #[test]
    fn what_covers_a_rule_takes_all_that_it_takes() {
        let text = |text: &str| MatchPath::Text(text.into());
        let element = MatchPath::element;
        let tables = table(&[element("/a"), text("/b"), text("/c/"), MatchPath::Exact("/d".into())]);
        for (path, place) in [
            (element("/a"), 0),
            (element("/a/x"), 0),
            (text("/a"), NONE),
            (text("/a/"), 0),
            (text("/bar"), 1),
            (element("/b"), 1),
            (element("/c"), NONE),
            (element("/c/x"), 2),
            (MatchPath::Exact("/d".into()), 3),
            (element("/d"), NONE),
        ] {
            assert_eq!(tables.covering(0, &path), place, "{path}");
        }
    }
}
