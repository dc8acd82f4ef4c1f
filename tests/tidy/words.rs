//! Words that STYLE.md replaces do not come back. The number of places that still have them may only go down.

use crate::sources::below;

/// Each word in its forms, and what to write instead.
const WORDS: &[(&[&str], &str)] = &[
    (&["mend", "mends", "mended", "mending"], "fix"),
    (&["is told", "are told"], "reports"),
    (&["passed over"], "skipped, ignored"),
    (&["taken in"], "loaded, read"),
    (&["stands in"], "is in"),
    (&["made-up"], "generated, synthetic"),
    (&["by and by"], "step by step"),
];

/// The files that quote these words to forbid them.
const EXEMPT: &[&str] = &["STYLE.md", "tests/tidy/words.rs"];

/// How many places have such a word. Lower it when there are fewer; never raise it.
const MOST: usize = 269;

/// How often the phrase is in the text as whole words, in any case.
fn count(text: &str, phrase: &str) -> usize {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let whole = |at: &usize| {
        !is_letter(text[..*at].chars().next_back()) && !is_letter(text[at + phrase.len()..].chars().next())
    };
    text.match_indices(phrase).map(|(at, _)| at).filter(whole).count()
}

#[test]
fn no_word_comes_back_that_the_style_replaces() {
    let (mut total, mut places) = (0, Vec::new());
    for source in below("", &[".rs", ".md"]).iter().filter(|source| !EXEMPT.contains(&source.path.as_str())) {
        for (number, line) in source.text.lines().enumerate() {
            let line = line.to_lowercase();
            for (forms, instead) in WORDS {
                for form in *forms {
                    let found = count(&line, form);
                    total += found;
                    if found > 0 {
                        places.push(format!("{}:{}: `{form}`: write {instead}", source.path, number + 1));
                    }
                }
            }
        }
    }
    assert!(total <= MOST, "{total} places, more than the {MOST} noted in tests/tidy/words.rs:\n{}", places.join("\n"));
    if total < MOST {
        println!("lower MOST in tests/tidy/words.rs from {MOST} to {total}");
    }
}

#[test]
fn words_are_counted_whole() {
    assert_eq!(count("mend it, recommend it, mended; mend", "mend"), 2);
    assert_eq!(count("it is told, this tolds", "is told"), 1);
}
