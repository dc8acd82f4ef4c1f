//! The core uses the sorted maps and sets of `portolan_base::collections`: each pair of types for which the standard library's
//! are compiled adds about ten kilobytes to the WebAssembly module.

use crate::sources::{below, without_tests};

#[test]
fn the_core_uses_no_sorted_collection_of_the_standard_library() {
    let sources = below("core", &[".rs"]);
    assert!(sources.len() > 100, "{} files", sources.len());
    let home = |path: &str| path.starts_with("core/base/src/collections");
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !home(&source.path)) {
        // Tests may compare with the standard library's.
        for line in without_tests(&source.text).lines() {
            if line.contains("std::collections") && (line.contains("BTree") || line.contains("btree")) {
                wrong.push(format!("{}: {}", source.path, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "use `portolan_base::collections` here:\n{}", wrong.join("\n"));
}
