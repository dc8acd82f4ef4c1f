//! The files of this repository: finds them, and gives their texts with paths relative to its root.

use std::fs;
use std::path::{Path, PathBuf};

/// One file.
pub struct Source {
    /// Its path from the root, with `/` between the names.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below the folder whose name ends in one of the endings, sorted by path. Folders with built or downloaded
/// files are skipped.
pub fn below(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(&root(), folder, endings, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

const SKIPPED: [&str; 6] = ["target", "node_modules", "dist", "corpus", "artifacts", "vectors"];

fn walk(root: &Path, folder: &str, endings: &[&str], found: &mut Vec<Source>) {
    let absolute = if folder.is_empty() { root.to_path_buf() } else { root.join(folder) };
    let entries = fs::read_dir(&absolute).unwrap_or_else(|error| panic!("{}: {error}", absolute.display()));
    for entry in entries {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.push(Source { path, text });
        }
    }
}

/// The text without the lines that hold comments only.
pub fn without_comments(text: &str) -> String {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| [line, "\n"]).collect()
}

/// The text without the items below `#[cfg(test)]`. An item ends at its `;`, or at the `}` that is indented as it is.
pub fn without_tests(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        for line in lines.by_ref() {
            if line == end || (line.ends_with(';') && line.starts_with(&end[..end.len() - 1]) && !inside(line, &end)) {
                break;
            }
        }
    }
    code
}

/// Whether a line is indented deeper than the closing brace of its item.
fn inside(line: &str, end: &str) -> bool {
    line.len() - line.trim_start().len() >= end.len()
}
