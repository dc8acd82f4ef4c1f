//! Every Rust file begins with its contract, and no file of the core is so long that it has more than one subject.

use crate::sources::below;

/// The most lines that a file of the core may have.
const LONGEST: usize = 600;

#[test]
fn every_rust_file_begins_with_a_header() {
    let sources = below("", &[".rs"]);
    assert!(sources.len() > 350, "{} files", sources.len());
    let bare: Vec<_> = sources.iter().filter(|source| !source.text.starts_with("//!")).map(|it| &it.path).collect();
    assert!(bare.is_empty(), "begin with `//!`, and say what comes in and what goes out: {bare:#?}");
}

#[test]
fn no_file_of_the_core_is_long() {
    let sources = below("core", &[".rs"]);
    let count = |text: &str| text.lines().count();
    let long = sources.iter().filter(|source| count(&source.text) > LONGEST);
    let long: Vec<_> = long.map(|source| format!("{}: {} lines", source.path, count(&source.text))).collect();
    assert!(long.is_empty(), "split these files, {LONGEST} lines are the most: {long:#?}");
}
