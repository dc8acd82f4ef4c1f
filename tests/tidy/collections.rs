//! The core uses the sorted maps and sets of `portolan_base::collections`: each pair of types for which the standard library's
//! are compiled adds about ten kilobytes to the WebAssembly module.

use crate::sources::below;

#[test]
fn the_core_uses_no_sorted_collection_of_the_standard_library() {
    let sources = below("core", &[".rs"]);
    assert!(sources.len() > 100, "{} files", sources.len());
    let home = |path: &str| path.starts_with("core/base/src/collections");
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !home(&source.path)) {
        for (number, line) in source.text.lines().enumerate() {
            if line.contains("std::collections") && (line.contains("BTree") || line.contains("btree")) {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "use `portolan_base::collections` here:\n{}", wrong.join("\n"));
}
