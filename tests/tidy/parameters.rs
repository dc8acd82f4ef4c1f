//! No function of the core has a parameter that it does not use. Functions of traits are exempt, because the trait decides on
//! their parameters.

use crate::sources::{below, without_comments, without_tests};

/// Functions that are entries of a table, which decides on their signature: where a path begins so, the function of that name.
const EXEMPT: &[(&str, &str)] = &[
    // How a kind's name is validated.
    ("core/src/admission/", "validate_name"),
    // The profiles of the controllers.
    ("core/src/ingress/controller/", "apply"),
    // The rules.
    ("core/src/lint/rules/", "check"),
];

/// The names of the functions with a parameter that begins with an underscore.
fn functions_with_unused_parameters(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    // The line that ends the trait or the implementation of one that the current line is in.
    let mut end: Option<String> = None;
    let mut signature = String::new();
    for line in code.lines() {
        if let Some(last) = &end {
            if line == last {
                end = None;
            }
            continue;
        }
        let start = line.trim_start();
        let is_trait = start.starts_with("trait ") || start.starts_with("pub trait ") || start.contains(") trait ");
        if (is_trait || (start.starts_with("impl") && start.contains(" for "))) && start.ends_with('{') {
            end = Some(format!("{}}}", &line[..line.len() - start.len()]));
            continue;
        }
        if signature.is_empty() && !(start.starts_with("fn ") || start.contains(" fn ")) {
            continue;
        }
        signature.push_str(start);
        if line.ends_with('{') || line.ends_with(';') || line.ends_with('}') {
            let words = signature.replace(['(', ','], " ( ");
            let mut words = words.split_whitespace();
            let name = words.by_ref().skip_while(|word| *word != "fn").nth(1).unwrap_or_default();
            let name = name.split('<').next().unwrap_or_default().to_owned();
            let words: Vec<&str> = words.collect();
            let is_unused = |pair: &[&str]| pair[0] == "(" && pair[1].starts_with('_') && pair[1].ends_with(':');
            if words.windows(2).any(is_unused) {
                found.push(name);
            }
            signature.clear();
        }
    }
    found
}

#[test]
fn no_function_of_the_core_has_an_unused_parameter() {
    let (mut wrong, mut met) = (Vec::new(), Vec::new());
    for source in below("core", &[".rs"]) {
        for name in functions_with_unused_parameters(&without_tests(&without_comments(&source.text))) {
            let covers = |exempt: &&(&str, &str)| source.path.starts_with(exempt.0) && name == exempt.1;
            match EXEMPT.iter().find(covers) {
                Some(exempt) => met.push(exempt),
                None => wrong.push(format!("{}: fn {name}", source.path)),
            }
        }
    }
    assert!(wrong.is_empty(), "remove the parameters that these functions do not use: {wrong:#?}");
    let gone: Vec<_> = EXEMPT.iter().filter(|exempt| !met.contains(exempt)).collect();
    assert!(gone.is_empty(), "no longer true, remove from EXEMPT in tests/tidy/parameters.rs: {gone:?}");
}

#[test]
fn unused_parameters_are_found_in_every_form() {
    let code = "fn one(a: u8, _b: u8) {\n}\nfn two(\n    a: u8,\n    _b: u8,\n) {\n}\nimpl A for B {\n    fn three(_b: u8) {\n    }\n}\nimpl B {\n    \
        pub(crate) fn four<'a>(&self, _b: &'a u8) -> u8 {\n    }\n    fn five(&self, b_: u8) {\n    }\n}\n";
    assert_eq!(functions_with_unused_parameters(code), ["one", "two", "four"]);
}
