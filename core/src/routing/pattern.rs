//! Regular expressions of the kind that people write into Ingress paths, without backtracking.
//!
//! The subset of PCRE and RE2 syntax that both sides of a migration read alike: literals, `.`, classes, groups,
//! alternation, greedy and lazy repetition, anchors, `\b`, `\d \w \s`, and the flag `(?i)`. A pattern with anything else
//! (look-around, back references) is refused with a reason rather than guessed. Matching simulates all alternatives at
//! once (Thompson 1968, Pike's captures), so its time is bounded by pattern × text, and the alternative that Perl would
//! take wins. Patterns work on bytes, as nginx's do; letter case is that of ASCII.

pub mod joint;
mod parse;

use std::ops::Range;

/// The largest number of instructions a pattern may become: `a{1000}` is fine, `(a{1000}){1000}` is refused.
pub const MAX_INSTRUCTIONS: usize = 10_000;

/// A compiled regular expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    program: Vec<Step>,
    groups: usize,
}

/// The spans of a match: the whole at 0, then the groups; a group that took no part has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures(Vec<Option<Range<usize>>>);

impl Captures {
    /// The text of that group; the empty text where it took no part.
    pub fn text<'t>(&self, group: usize, text: &'t str) -> &'t str {
        let span = self.0.get(group).cloned().flatten();
        span.and_then(|span| text.get(span)).unwrap_or_default()
    }

    /// The span of that group.
    pub fn span(&self, group: usize) -> Option<Range<usize>> {
        self.0.get(group).cloned().flatten()
    }
}

/// A set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bytes([u64; 4]);

impl Bytes {
    fn add(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// One byte of the set.
    Byte(Box<Bytes>),
    /// The start of the text.
    Start,
    /// The end of the text.
    End,
    /// A word boundary, or none.
    Boundary(bool),
    /// Remember the place.
    Save(usize),
    /// Go on at both, the first preferred.
    Fork(usize, usize),
    /// Go on there.
    Jump(usize),
    /// Done.
    Match,
}

type Slots = Vec<Option<usize>>;

impl Pattern {
    /// Compiles a pattern; `ignore_case` is the flag `i`.
    ///
    /// # Errors
    /// What in it is not understood, as words for people.
    pub fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        parse::compile(source, ignore_case)
    }

    /// Whether the pattern matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.run(text.as_bytes(), false).is_some()
    }

    /// Whether the pattern matches the whole text (RE2's `FullMatch`).
    pub fn is_full_match(&self, text: &str) -> bool {
        self.run(text.as_bytes(), true).is_some()
    }

    /// The leftmost match, and of those at that place the one Perl would find.
    pub fn find(&self, text: &str) -> Option<Captures> {
        let slots = self.run(text.as_bytes(), false)?;
        let span = |pair: &[Option<usize>]| match pair {
            [Some(start), Some(end)] => Some(*start..*end),
            _ => None,
        };
        Some(Captures(slots.chunks(2).map(span).collect()))
    }

    /// A short text that the pattern matches; none where what it takes is not ASCII.
    pub fn example(&self) -> Option<String> {
        // Breadth first, so that a loop is left as soon as it may be.
        let mut seen = vec![false; self.program.len()];
        let mut front: Vec<(usize, String)> = vec![(0, String::new())];
        while !front.is_empty() {
            let mut next = Vec::new();
            let mut stack: Vec<(usize, String)> = front.into_iter().rev().collect();
            while let Some((place, text)) = stack.pop() {
                match seen.get_mut(place) {
                    Some(mark) if !*mark => *mark = true,
                    _ => continue,
                }
                match self.program.get(place) {
                    Some(Step::Match) => return Some(text),
                    Some(Step::Jump(to)) => stack.push((*to, text)),
                    Some(Step::Fork(first, second)) => {
                        stack.push((*second, text.clone()));
                        stack.push((*first, text));
                    }
                    Some(Step::Byte(set)) => {
                        let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'!'..=b'~').find(|byte| set.has(*byte));
                        next.extend(readable.map(|byte| (place + 1, format!("{text}{}", char::from(byte)))));
                    }
                    Some(Step::Start | Step::End | Step::Boundary(_) | Step::Save(_)) => stack.push((place + 1, text)),
                    None => {}
                }
            }
            front = next;
        }
        None
    }

    fn run(&self, text: &[u8], full: bool) -> Option<Slots> {
        let mut now: Vec<(usize, Slots)> = Vec::new();
        let mut next: Vec<(usize, Slots)> = Vec::new();
        let mut seen = vec![usize::MAX; self.program.len()];
        let mut found: Option<Slots> = None;
        for at in 0..=text.len() {
            if found.is_none() && (at == 0 || !full) {
                self.follow(0, at, text, vec![None; self.groups * 2], &mut now, &mut seen);
            }
            let byte = text.get(at).copied();
            for (place, slots) in now.drain(..) {
                match self.program.get(place) {
                    Some(Step::Byte(set)) if byte.is_some_and(|byte| set.has(byte)) => {
                        // The marks of the next round are one higher, so they never meet those of this one.
                        self.follow(place + 1, at + 1, text, slots, &mut next, &mut seen);
                    }
                    Some(Step::Match) if !full || at == text.len() => {
                        found = Some(slots);
                        break;
                    }
                    _ => {}
                }
            }
            std::mem::swap(&mut now, &mut next);
            if now.is_empty() && (found.is_some() || full) {
                break;
            }
        }
        found
    }

    /// Puts every byte step that can be reached from there without reading onto the list, in order of preference.
    fn follow(
        &self,
        from: usize,
        at: usize,
        text: &[u8],
        slots: Slots,
        list: &mut Vec<(usize, Slots)>,
        seen: &mut [usize],
    ) {
        let mut stack = vec![(from, slots)];
        while let Some((place, mut slots)) = stack.pop() {
            match seen.get_mut(place) {
                Some(mark) if *mark == at => continue,
                Some(mark) => *mark = at,
                None => continue,
            }
            match self.program.get(place) {
                Some(Step::Jump(to)) => stack.push((*to, slots)),
                Some(Step::Fork(first, second)) => {
                    stack.push((*second, slots.clone()));
                    stack.push((*first, slots));
                }
                Some(Step::Save(slot)) => {
                    if let Some(slot) = slots.get_mut(*slot) {
                        *slot = Some(at);
                    }
                    stack.push((place + 1, slots));
                }
                Some(Step::Start) if at != 0 => {}
                Some(Step::End) if at != text.len() => {}
                Some(Step::Boundary(wanted)) => {
                    let before = at.checked_sub(1).and_then(|before| text.get(before)).copied().is_some_and(is_word);
                    let after = text.get(at).copied().is_some_and(is_word);
                    if (before != after) == *wanted {
                        stack.push((place + 1, slots));
                    }
                }
                Some(Step::Start | Step::End) => stack.push((place + 1, slots)),
                Some(Step::Byte(_) | Step::Match) => list.push((place, slots)),
                None => {}
            }
        }
    }
}

/// A text as a regular expression that matches it alone.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        if !letter.is_ascii_alphanumeric()
            && !matches!(letter, '/' | '-' | '_' | '~' | '%' | ':' | '@' | '!' | ',' | '=' | '&')
        {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &str) -> Option<Vec<String>> {
        let pattern = Pattern::new(pattern, false).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        let found = pattern.find(text)?;
        Some((0..found.0.len()).map(|group| found.text(group, text).to_owned()).collect())
    }

    #[test]
    fn finds_what_perl_finds() {
        let cases: &[(&str, &str, Option<&[&str]>)] = &[
            ("a", "bab", Some(&["a"])),
            ("/something(/|$)(.*)", "/something/new/x", Some(&["/something/new/x", "/", "new/x"])),
            ("/something(/|$)(.*)", "/something", Some(&["/something", "", ""])),
            ("/something(/|$)(.*)", "/somethingelse", None),
            ("^/api/v[0-9]+/(.+?)/?$", "/api/v12/users/", Some(&["/api/v12/users/", "users"])),
            ("a|ab", "ab", Some(&["a"])),
            ("(a+)(a*)", "aaa", Some(&["aaa", "aaa", ""])),
            ("(a+?)(a*)", "aaa", Some(&["aaa", "a", "aa"])),
            ("x{2,3}", "xxxx", Some(&["xxx"])),
            ("x{2}", "xxxx", Some(&["xx"])),
            ("[^/]+", "/foo/bar", Some(&["foo"])),
            (r"\.(jpe?g|png)$", "/a.jpeg", Some(&[".jpeg", "jpeg"])),
            (r"\bfoo\b", "/foo-bar", Some(&["foo"])),
            ("(?i)FOO", "foo", Some(&["foo"])),
            ("(?:ab)+", "abab", Some(&["abab"])),
            (r"[\w-]+", "--é", Some(&["--"])),
            ("é", "é", Some(&["é"])),
            ("a{,2}", "a{,2}", Some(&["a{,2}"])),
            ("()*", "b", Some(&["", ""])),
            ("(a*)*b", "aab", Some(&["aab", ""])),
        ];
        for (pattern, text, expected) in cases {
            let expected = expected.map(|texts| texts.iter().map(ToString::to_string).collect::<Vec<_>>());
            // Perl's group of a loop that ran empty last differs between engines; only the whole is held.
            let found = find(pattern, text);
            if pattern.contains("*)*") {
                assert_eq!(found.unwrap()[0], expected.unwrap()[0]);
            } else {
                assert_eq!(found, expected, "{pattern} in {text}");
            }
        }
    }

    #[test]
    fn a_full_match_takes_the_whole_text() {
        let pattern = Pattern::new("^/a|/ab", false).unwrap();
        assert!(pattern.is_full_match("/ab") && pattern.is_full_match("/a"));
        assert!(!pattern.is_full_match("/abc") && !pattern.is_full_match("x/ab"));
    }

    #[test]
    fn an_example_is_matched() {
        for source in ["^/v[0-9]+/(x|y)?$", "^/something(/|$)(.*)", r"^/\w{3}\.html"] {
            let pattern = Pattern::new(source, false).unwrap();
            let example = pattern.example().unwrap();
            assert!(pattern.is_match(&example), "{source}: {example}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for pattern in ["(?=a)", r"(a)\1", "(", ")", "[a", "*", "a**", r"\", "(?P<n>", "(a{1000}){1000}", "[z-a]"] {
            assert!(Pattern::new(pattern, false).is_err(), "{pattern}");
        }
    }

    #[test]
    fn time_is_bounded_where_backtracking_would_explode() {
        let pattern = Pattern::new("(a*)*(a*)*(a|aa)+$", false).unwrap();
        let text = "a".repeat(2000) + "b";
        assert!(!pattern.is_match(&text));
    }
}
