//! Sources in, the places that use a word which STYLE.md replaces out. There must be none.

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

/// Lines that may use such a word: the file, and a text that the line must contain.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The key of the JSON report of `check --fix`, which programs read, and the entry about the former text.
    ("cli/src/commands/check.rs", "json.set(\"mended\","),
    ("cli/tests/fix.rs", "\\\"mended\\\": ["),
    ("CHANGELOG.md", "`fixed[…]` for `mended[…]`"),
];

/// How often the phrase is in the text as whole words, in any case.
fn count(text: &str, phrase: &str) -> usize {
    let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let whole = |at: &usize| {
        !is_letter(text[..*at].chars().next_back()) && !is_letter(text[at + phrase.len()..].chars().next())
    };
    text.match_indices(phrase).map(|(at, _)| at).filter(whole).count()
}

#[test]
fn no_source_uses_a_word_that_the_style_replaces() {
    let mut places = Vec::new();
    let mut unused: Vec<_> = EXCEPTIONS.iter().collect();
    for source in below("", &[".rs", ".md"]).iter().filter(|source| !EXEMPT.contains(&source.path.as_str())) {
        for (number, line) in source.text.lines().enumerate() {
            let exception = EXCEPTIONS.iter().find(|(path, text)| source.path == *path && line.contains(text));
            unused.retain(|known| Some(*known) != exception);
            let line = line.to_lowercase();
            for (forms, instead) in WORDS {
                for form in *forms {
                    if exception.is_none() && count(&line, form) > 0 {
                        places.push(format!("{}:{}: `{form}`: write {instead}", source.path, number + 1));
                    }
                }
            }
        }
    }
    assert!(places.is_empty(), "words that STYLE.md replaces:\n{}", places.join("\n"));
    assert!(unused.is_empty(), "exceptions in tests/tidy/words.rs that no line needs: {unused:?}");
}

#[test]
fn words_are_counted_whole() {
    assert_eq!(count("mend it, recommend it, mended; mend", "mend"), 2);
    assert_eq!(count("it is told, this tolds", "is told"), 1);
}
