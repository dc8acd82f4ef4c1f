//! The core takes its sorted maps and sets from `portolan_base::collections`: the standard library's, named anywhere else,
//! bring some ten kilobytes for every pair of types into the WebAssembly module.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn the_core_names_no_map_of_the_standard_librarys() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
    let all: Vec<PathBuf> = ["src", "text/src"].iter().flat_map(|folder| sources(&core.join(folder))).collect();
    assert!(all.len() > 100, "{} files", all.len());
    let mut wrong = Vec::new();
    for path in all
        .iter()
        .filter(|path| !path.starts_with(core.join("text/src/collections")) && !path.ends_with("collections.rs"))
    {
        for (number, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            if line.contains("std::collections::") && (line.contains("BTree") || line.contains("btree")) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "write `crate::collections` here:\n{}", wrong.join("\n"));
}
