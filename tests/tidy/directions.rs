//! The rooms of `core/src` import each other in one direction only. ARCHITECTURE.md has the table, under "Directions": a row
//! for each room, lowest first, with the rooms that it imports. The sources must match it exactly, in both directions.
//!
//! A room is a module of the crate's root: `policy.rs` and everything in `policy/`. Code that is compiled for tests only may
//! import any room.

use crate::sources::{Source, below, root, without_comments, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Imports of a room that stands later in the table: each is to be removed, and no other may be added.
const UPWARD: &[(&str, &str)] = &[];

/// The rooms that each room imports, with one place for each.
type Imports = BTreeMap<String, BTreeMap<String, String>>;

fn room_of(path: &str) -> &str {
    let inside = path.strip_prefix("core/src/").unwrap_or(path);
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

/// The names that follow `crate::`, where each is used: `crate::net::Family`, `use crate::{endpoints, policy::verdict}`.
fn names(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        // The names at the first level of the braces.
        let (mut depth, mut starts) = (0, true);
        for (at, letter) in list.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts = true,
                _ if starts && !letter.is_whitespace() => {
                    found.push(name(&list[at..]));
                    starts = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn name(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn imports(sources: &[Source]) -> Imports {
    let rooms: BTreeSet<&str> =
        sources.iter().map(|source| room_of(&source.path)).filter(|room| *room != "lib").collect();
    let mut imports: Imports = rooms.iter().map(|room| ((*room).to_owned(), BTreeMap::new())).collect();
    for source in sources {
        let (room, code) = (room_of(&source.path), without_tests(&without_comments(&source.text)));
        let Some(of_room) = imports.get_mut(room) else { continue };
        // A name that is no room is a macro.
        for name in names(&code).into_iter().filter(|name| name != room && rooms.contains(name.as_str())) {
            of_room.entry(name).or_insert_with(|| source.path.clone());
        }
    }
    imports
}

/// The sources of the rooms without files that are compiled for tests only.
fn core() -> Vec<Source> {
    let mut sources = below("core/src", &[".rs"]);
    sources.retain(|source| !source.path.ends_with("/tests.rs") && !source.path.contains("/tests/"));
    sources
}

/// The rows of the table in order: a room, and the rooms that it imports.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, section) = text.split_once("\n## Directions\n").expect("ARCHITECTURE.md has a section \"## Directions\"");
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let quoted = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|');
            let room = quoted(cells.next()?).into_iter().next()?;
            Some((room, quoted(cells.next()?).into_iter().collect()))
        })
        .collect()
}

#[test]
fn the_rooms_import_what_the_table_in_architecture_says() {
    let (table, imports) = (table(), imports(&core()));
    assert!(imports.len() > 15, "{} rooms", imports.len());
    let mut wrong = Vec::new();
    for (room, found) in &imports {
        let Some((_, allowed)) = table.iter().find(|(name, _)| name == room) else {
            wrong.push(format!("`{room}` has no row"));
            continue;
        };
        for (name, path) in found.iter().filter(|(name, _)| !allowed.contains(*name)) {
            wrong.push(format!("`{room}` imports `{name}` in {path}, which its row does not allow"));
        }
        for name in allowed.iter().filter(|name| !found.contains_key(*name)) {
            wrong.push(format!("`{room}` does not import `{name}`: remove it from the row"));
        }
    }
    for (room, _) in table.iter().filter(|(room, _)| !imports.contains_key(room)) {
        wrong.push(format!("`{room}` is not in core/src: remove its row"));
    }
    assert!(wrong.is_empty(), "ARCHITECTURE.md, \"Directions\":\n{}", wrong.join("\n"));
}

#[test]
fn no_room_imports_a_room_that_stands_later_in_the_table() {
    let table = table();
    let place = |room: &str| table.iter().position(|(name, _)| name == room);
    let mut upward = Vec::new();
    for (at, (room, allowed)) in table.iter().enumerate() {
        let later = allowed.iter().filter(|name| place(name).is_none_or(|place| place >= at));
        upward.extend(later.map(|name| (room.as_str(), name.as_str())));
    }
    let new: Vec<_> = upward.iter().filter(|edge| !UPWARD.contains(edge)).collect();
    assert!(new.is_empty(), "these rooms import a later one; move the shared part down: {new:?}");
    let gone: Vec<_> = UPWARD.iter().filter(|edge| !upward.contains(edge)).collect();
    assert!(gone.is_empty(), "no longer true, remove from UPWARD in tests/tidy/directions.rs: {gone:?}");
}

#[test]
fn imports_are_found_in_every_form() {
    let text = "use crate::a::X;\nuse crate::{b, c::{d, e}, f};\nfn g() { crate::h::i() }\n// crate::no\n#[cfg(test)]\nmod tests {\n    \
        use crate::no;\n}\nuse crate::j;\n";
    let code = without_tests(&without_comments(text));
    assert_eq!(names(&code), ["a", "b", "c", "f", "h", "j"]);
    assert_eq!(room_of("core/src/ask/trace/url.rs"), "ask");
    assert_eq!(room_of("core/src/net.rs"), "net");
}
