//! Several patterns at once: which of them can take a text together, and which not.
//!
//! The patterns run side by side over every text there can be (the subset construction of Rabin and Scott, 1959, of all
//! their steps together), letters that none of them tells apart taken as one. What can be told apart at an end of a text is
//! a class, and the first text that leads there, a shortest, is its example.

use super::{Bytes, Pattern, Step, is_word};
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;
use std::collections::VecDeque;

/// How many places of patterns all states together may hold: some megabytes, a second.
const MAX_PLACES: usize = 100_000;

/// A pattern and whether it has to take the whole text.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'p> {
    /// The pattern.
    pub pattern: &'p Pattern,
    /// Whether it has to take the whole text.
    pub full: bool,
}

/// The texts that the same patterns take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// For each pattern, whether it takes them.
    pub taken: Vec<bool>,
    /// A shortest of them.
    pub example: String,
}

/// Cuts the texts that `language` takes as a whole, of printable ASCII characters, into classes. None where there are too
/// many to be told.
pub fn classes(language: &Pattern, asked: &[Asked<'_>]) -> Option<Vec<Class>> {
    let mut all = vec![Asked { pattern: language, full: true }];
    all.extend(asked);
    let letters = letters(&all);
    let mut walks: Vec<Walk<'_>> = all.iter().map(|asked| Walk::new(*asked)).collect();
    let start = vec![0; walks.len()];
    let mut seen: BTreeSet<Vec<usize>> = BTreeSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, String::new())]);
    let mut found: BTreeMap<Vec<bool>, String> = BTreeMap::new();
    while let Some((state, text)) = queue.pop_front() {
        let ends: Vec<bool> = walks.iter().zip(&state).map(|(walk, at)| walk.ends(*at)).collect();
        if let Some((true, taken)) = ends.split_first()
            && !found.contains_key(taken)
        {
            found.insert(taken.to_vec(), text.clone());
        }
        for (number, letter) in letters.iter().enumerate() {
            let step = |(walk, at): (&mut Walk<'_>, &usize)| walk.step(*at, number, *letter);
            let next: Vec<usize> = walks.iter_mut().zip(&state).map(step).collect();
            let is_dead = walks.first().zip(next.first()).is_some_and(|(language, at)| language.is_dead(*at));
            if is_dead || seen.contains(&next) {
                continue;
            }
            if seen.len().saturating_mul(walks.len()) > MAX_PLACES {
                return None;
            }
            seen.insert(next.clone());
            queue.push_back((next, format!("{text}{}", char::from(*letter))));
        }
    }
    let mut classes: Vec<Class> = found.into_iter().map(|(taken, example)| Class { taken, example }).collect();
    // Shortest examples first, so that a reader meets the plain classes before the odd ones.
    classes.small_sort_by_key(|class| class.example.len());
    Some(classes)
}

/// One letter for each set of letters that no pattern tells apart.
fn letters(all: &[Asked<'_>]) -> Vec<u8> {
    let mut sets: Vec<Bytes> = Vec::new();
    for step in all.iter().flat_map(|it| &it.pattern.program) {
        if let Step::Byte(set) = step
            && !sets.contains(set)
        {
            sets.push(**set);
        }
    }
    let mut known: BTreeSet<Vec<bool>> = BTreeSet::new();
    // Those that people like to read come first.
    let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'!'..=b'~');
    let tell = |byte: u8| sets.iter().map(|set| set.has(byte)).chain([is_word(byte)]).collect::<Vec<bool>>();
    readable.filter(|byte| known.insert(tell(*byte))).collect()
}

/// Where a pattern is after some text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The places of its program that wait for a letter or the end, before what can be reached without reading; [`DONE`]
    /// alone where it has matched already.
    places: Vec<usize>,
    /// Whether the last letter belongs to a word, where the pattern asks.
    word: bool,
    /// Whether there is a letter before.
    begun: bool,
}

/// A pattern that has matched, whatever comes.
const DONE: usize = usize::MAX;

/// A pattern with every place it has been at, each found once.
struct Walk<'p> {
    asked: Asked<'p>,
    places: Vec<Place>,
    numbers: BTreeMap<Place, usize>,
    /// For each place, where each letter leads; none where nobody has asked yet.
    steps: Vec<Vec<Option<usize>>>,
    /// For each place, whether the pattern takes the text if it ends there.
    ends: Vec<bool>,
}

impl<'p> Walk<'p> {
    fn new(asked: Asked<'p>) -> Self {
        let mut walk =
            Walk { asked, places: Vec::new(), numbers: BTreeMap::new(), steps: Vec::new(), ends: Vec::new() };
        walk.number(Place { places: vec![0], word: false, begun: false });
        walk
    }

    fn number(&mut self, place: Place) -> usize {
        if let Some(known) = self.numbers.get(&place) {
            return *known;
        }
        let number = self.places.len();
        self.ends.push(place.places == [DONE] || place.reach(self.asked.pattern, None).1);
        self.numbers.insert(place.clone(), number);
        self.places.push(place);
        self.steps.push(Vec::new());
        number
    }

    fn ends(&self, at: usize) -> bool {
        self.ends.get(at).copied().unwrap_or_default()
    }

    /// Whether nothing leads on from there.
    fn is_dead(&self, at: usize) -> bool {
        self.places.get(at).is_none_or(|place| place.places.is_empty())
    }

    fn step(&mut self, at: usize, number: usize, letter: u8) -> usize {
        if let Some(Some(known)) = self.steps.get(at).and_then(|steps| steps.get(number)) {
            return *known;
        }
        let Some(place) = self.places.get(at) else { return at };
        let next = place.step(&self.asked, letter);
        let next = self.number(next);
        if let Some(steps) = self.steps.get_mut(at) {
            if steps.len() <= number {
                steps.resize(number + 1, None);
            }
            if let Some(step) = steps.get_mut(number) {
                *step = Some(next);
            }
        }
        next
    }
}

impl Place {
    /// The place after one more letter.
    fn step(&self, asked: &Asked<'_>, letter: u8) -> Place {
        let done = Place { places: vec![DONE], word: false, begun: true };
        if self.places == [DONE] {
            return done;
        }
        let (steps, matched) = self.reach(asked.pattern, Some(letter));
        if matched && !asked.full {
            return done;
        }
        let takes =
            |place: &usize| matches!(asked.pattern.program.get(*place), Some(Step::Byte(set)) if set.has(letter));
        let mut after: BTreeSet<usize> = steps.into_iter().filter(takes).map(|place| place + 1).collect();
        if !asked.full && !asked.pattern.is_anchored() {
            // It may begin anywhere.
            after.insert(0);
        }
        let word = is_word(letter) && asked.pattern.program.iter().any(|step| matches!(step, Step::Boundary(_)));
        Place { places: after.into_iter().collect(), word, begun: true }
    }

    /// The steps that read a letter, among those that can be reached without reading, and whether the pattern has matched.
    fn reach(&self, pattern: &Pattern, letter: Option<u8>) -> (Vec<usize>, bool) {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut stack = self.places.clone();
        let mut steps = Vec::new();
        let mut matched = false;
        while let Some(place) = stack.pop() {
            if !seen.insert(place) {
                continue;
            }
            match pattern.program.get(place) {
                Some(Step::Jump(to)) => stack.push(*to),
                Some(Step::Fork(first, second)) => stack.extend([*first, *second]),
                Some(Step::Save(_)) => stack.push(place + 1),
                Some(Step::Start) if !self.begun => stack.push(place + 1),
                Some(Step::End) if letter.is_none() => stack.push(place + 1),
                Some(Step::Boundary(wanted)) if (self.word != letter.is_some_and(is_word)) == *wanted => {
                    stack.push(place + 1);
                }
                Some(Step::Byte(_)) => steps.push(place),
                Some(Step::Match) => matched = true,
                _ => {}
            }
        }
        (steps, matched)
    }
}

impl Pattern {
    /// Whether it begins with `^`, so that it matches at the start of a text or nowhere.
    fn is_anchored(&self) -> bool {
        self.program.iter().find(|step| !matches!(step, Step::Save(_))) == Some(&Step::Start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'p>(patterns: &'p [Pattern]) -> Vec<Asked<'p>> {
        patterns.iter().map(|pattern| Asked { pattern, full: false }).collect()
    }

    #[test]
    fn every_text_falls_into_the_class_that_its_matches_say() {
        let language = Pattern::new("^[ab.]{0,5}$", false).unwrap();
        for sources in [
            vec!["a", "b$"],
            vec!["^a", "^ab", "^(a|b)b*$"],
            vec![r"\bab\b", r"a\B", "a.b"],
            vec!["(aa|bb)+", "^[^.]*$"],
            vec!["", "b|^$"],
        ] {
            let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::new(it, false).unwrap()).collect();
            let found = classes(&language, &asked(&patterns)).unwrap();
            let mut expected: BTreeSet<Vec<bool>> = BTreeSet::new();
            let mut texts = vec![String::new()];
            for _ in 0..5 {
                texts.extend(texts.clone().iter().flat_map(|text| ["a", "b", "."].map(|end| format!("{text}{end}"))));
            }
            for text in &texts {
                expected.insert(patterns.iter().map(|pattern| pattern.is_match(text)).collect());
            }
            assert_eq!(found.iter().map(|class| class.taken.clone()).collect::<BTreeSet<_>>(), expected, "{sources:?}");
            for class in found {
                let taken: Vec<bool> = patterns.iter().map(|pattern| pattern.is_match(&class.example)).collect();
                assert_eq!(taken, class.taken, "{sources:?}: {}", class.example);
                assert!(language.is_full_match(&class.example), "{}", class.example);
            }
        }
    }

    #[test]
    fn what_is_too_much_is_not_told() {
        let language = Pattern::new("^[ab]*$", false).unwrap();
        // The last letters but so many have to be remembered: two to the power of that many states.
        let patterns = [Pattern::new("a[ab]{30}$", false).unwrap()];
        assert_eq!(classes(&language, &asked(&patterns)), None);
    }
}
