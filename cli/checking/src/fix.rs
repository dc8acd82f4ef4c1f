//! Fixes: files and the edits of their findings come in; fixed files go out. It works in rounds, because edits may overlap
//! and a fix may uncover another finding.

use portolan::finding::{Edit, Finding};
use portolan::load::File;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// More rounds than any set of fixes needs that comes to an end.
const MOST_ROUNDS: usize = 500;

/// The result of the fixes.
#[derive(Debug)]
pub struct Fixed {
    /// The files with the edits made.
    pub files: Vec<File>,
    /// The findings that are gone, in the order in which they were fixed. Each has its place from before its own edit.
    pub findings: Vec<Finding>,
    /// How many fixes were left out because they would not have removed the finding or would have made a file unreadable.
    pub left_out: usize,
}

/// Makes the edits of all findings. `check` gives the findings of a set of files; it is asked again after every round.
///
/// Edits that overlap wait for the next round; the edits of one finding are made together or not at all. A fix after which
/// its finding is still there, more is refused, or a JSON file is no longer JSON, is taken back.
pub fn fix(files: &[File], check: &dyn Fn(&[File]) -> Vec<Finding>) -> Fixed {
    let mut fixed = Fixed { files: files.to_vec(), findings: Vec::new(), left_out: 0 };
    let mut found = check(&fixed.files);
    let mut useless: Vec<Identity> = Vec::new();
    let mut one_at_a_time = false;
    for _ in 0..MOST_ROUNDS {
        let open: Vec<&Finding> = found
            .iter()
            .filter(|finding| !finding.fix.is_empty() && !useless.contains(&Identity::of(finding)))
            .collect();
        let mut chosen = choose(&open, &fixed.files);
        if one_at_a_time {
            chosen.truncate(1);
        }
        if chosen.is_empty() {
            // What could not be chosen at all has edits that fit no file.
            fixed.left_out += open.len();
            break;
        }
        let files = edited(&fixed.files, &chosen);
        let after = check(&files);
        if is_better(&found, &after, &chosen) && stay_json(&fixed.files, &files) {
            fixed.findings.extend(chosen.into_iter().cloned());
            fixed.files = files;
            found = after;
            one_at_a_time = false;
        } else if chosen.len() > 1 {
            one_at_a_time = true;
        } else {
            useless.extend(chosen.first().map(|finding| Identity::of(finding)));
            fixed.left_out += 1;
        }
    }
    fixed
}

/// What makes a finding the same in two texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    code: &'static str,
    object: String,
    field: String,
    message: String,
}

impl Identity {
    fn of(finding: &Finding) -> Self {
        let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}", kind.name()));
        Identity {
            code: finding.code,
            object: object.unwrap_or_else(|| finding.place.file.clone()),
            field: finding.place.field.clone(),
            message: finding.message.clone(),
        }
    }

    /// How often each is among the findings.
    fn counts<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> BTreeMap<Identity, usize> {
        let mut counts = BTreeMap::new();
        for finding in findings {
            *counts.entry(Identity::of(finding)).or_default() += 1;
        }
        counts
    }
}

/// The findings whose edits fit the files and do not overlap, in the order of the files.
fn choose<'f>(findings: &[&'f Finding], files: &[File]) -> Vec<&'f Finding> {
    let mut in_order: Vec<&Finding> = findings.to_vec();
    in_order.sort_by_key(|finding| finding.fix.iter().map(|edit| (edit.file.as_str(), edit.range.start)).min());
    let mut taken: Vec<&Edit> = Vec::new();
    let mut chosen = Vec::new();
    for finding in in_order {
        let fits = |edit: &Edit| files.iter().any(|file| *file.name == *edit.file && span(edit, &file.text).is_some());
        let among = |edit: &Edit| finding.fix.iter().filter(|other| overlap(edit, other)).count() > 1;
        let free = |edit: &Edit| fits(edit) && !among(edit) && !taken.iter().any(|other| overlap(edit, other));
        if finding.fix.iter().all(free) {
            taken.extend(&finding.fix);
            chosen.push(finding);
        }
    }
    chosen
}

/// Whether two edits touch the same bytes, or put something at the same place.
fn overlap(one: &Edit, other: &Edit) -> bool {
    one.file == other.file
        && (one.range.start == other.range.start
            || one.range.start < other.range.end && other.range.start < one.range.end)
}

/// The bytes of the text that an edit replaces, where they are whole characters of it.
fn span(edit: &Edit, text: &str) -> Option<Range<usize>> {
    let range = usize::try_from(edit.range.start).ok()?..usize::try_from(edit.range.end).ok()?;
    text.get(range.clone()).map(|_| range)
}

/// The files with the edits of these findings made.
fn edited(files: &[File], findings: &[&Finding]) -> Vec<File> {
    let of = |file: &File| {
        let mut edits: Vec<&Edit> =
            findings.iter().flat_map(|finding| &finding.fix).filter(|edit| *edit.file == *file.name).collect();
        if edits.is_empty() {
            return file.clone();
        }
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
        let mut text = file.text.to_string();
        for edit in edits {
            if let Some(range) = span(edit, &text) {
                text.replace_range(range, &edit.text);
            }
        }
        File { name: file.name.clone(), text: text.into() }
    };
    files.iter().map(of).collect()
}

/// Whether each finding that was fixed is gone, and no more is unreadable or refused than before.
fn is_better(before: &[Finding], after: &[Finding], fixed: &[&Finding]) -> bool {
    let count =
        |findings: &[Finding], codes: &[&str]| findings.iter().filter(|finding| codes.contains(&finding.code)).count();
    let no_more = |codes: &[&str]| count(after, codes) <= count(before, codes);
    let (was, is) = (Identity::counts(before), Identity::counts(after));
    let of = |counts: &BTreeMap<Identity, usize>, identity| counts.get(identity).copied().unwrap_or_default();
    no_more(&["syntax"])
        && no_more(&["syntax", "object", "kind", "refused", "type", "nameless"])
        && Identity::counts(fixed.iter().copied())
            .iter()
            .all(|(identity, count)| of(&is, identity) + count <= of(&was, identity))
}

/// Whether what was JSON is JSON still. An edit that is written for YAML would turn it into something that other tools
/// do not read.
fn stay_json(before: &[File], after: &[File]) -> bool {
    before.iter().zip(after).all(|(before, after)| {
        before.text == after.text
            || portolan_base::json::read(&before.text).is_err()
            || portolan_base::json::read(&after.text).is_ok()
    })
}

/// The change of a file as a unified diff, as `patch` and `git apply` read it.
pub fn diff(before: &File, after: &File) -> String {
    let lines = similar::TextDiff::from_lines(&*before.text, &*after.text);
    lines.unified_diff().header(&before.name, &after.name).to_string()
}

/// Whether a file may be changed: it was named itself, or it is below one of the given folders when all links are followed.
#[must_use]
pub fn is_inside(file: &Path, paths: &[PathBuf]) -> bool {
    let target = fs::canonicalize(file).ok();
    paths.iter().any(|path| {
        let folder = fs::canonicalize(path).ok();
        path == file || target.as_ref().zip(folder).is_some_and(|(target, folder)| target.starts_with(folder))
    })
}

/// Writes a file whole or not at all: beside it first, then in its place. What it leads to is written where it is a link,
/// and its permissions stay. `before` is what was read: a file that changed since is left alone.
///
/// # Errors
/// What the operating system says; or that the file is another than was read.
pub fn write(path: &Path, before: &str, after: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    if fs::read(&path)? != before.as_bytes() {
        return Err(io::Error::other("the file has changed since it was read, or is not UTF-8; it is not changed"));
    }
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    }
    let beside = beside(&path);
    let written = fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(after.as_bytes())?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    });
    if written.is_err() {
        // It may not even have been made.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name that nothing else has, in the same folder: only there a rename is one step.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.portolan-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan::cluster::Location;
    use portolan::finding::Severity;

    fn file(text: &str) -> File {
        File { name: "a.yaml".into(), text: text.into() }
    }

    fn finding(message: &str, edits: &[(Range<u32>, &str)]) -> Finding {
        let place = Location { file: "a.yaml".into(), line: 1, column: 1, field: String::new() };
        let mut finding = Finding::new("SVC001", Severity::Warning, message, place);
        finding.fix = edits
            .iter()
            .map(|(range, text)| Edit { file: "a.yaml".into(), range: range.clone(), text: (*text).to_owned() })
            .collect();
        finding
    }

    /// Finds every `x` and wants it to be a `y`, and two of them in a row to be a `z`.
    fn letters(files: &[File]) -> Vec<Finding> {
        let text = &files[0].text;
        let mut found: Vec<Finding> = text
            .match_indices('x')
            .map(|(at, _)| u32::try_from(at).unwrap())
            .map(|at| finding(&format!("x at {at}"), &[(at..at + 1, "y")]))
            .collect();
        if let Some(at) = text.find("xx") {
            let at = u32::try_from(at).unwrap();
            found.insert(0, finding("two", &[(at..at + 2, "z")]));
        }
        found
    }

    #[test]
    fn what_overlaps_waits_for_the_next_round() {
        let fixed = fix(&[file("a: xx b: x\n")], &letters);
        assert_eq!(&*fixed.files[0].text, "a: z b: y\n");
        assert_eq!((fixed.findings.len(), fixed.left_out), (2, 0), "{:?}", fixed.findings);
    }

    #[test]
    fn the_edits_of_one_finding_are_made_together() {
        let swap = |files: &[File]| match &*files[0].text {
            "é1 2" => vec![finding("swapped", &[(2..3, "2"), (4..5, "1")])],
            _ => vec![],
        };
        assert_eq!(&*fix(&[file("é1 2")], &swap).files[0].text, "é2 1");
    }

    #[test]
    fn a_fix_that_removes_nothing_or_fits_nowhere_is_left_out() {
        // It would grow without end.
        let growing = |_: &[File]| vec![finding("still there", &[(0..0, "x")])];
        let fixed = fix(&[file("a")], &growing);
        assert_eq!((&*fixed.files[0].text, fixed.findings.len(), fixed.left_out), ("a", 0, 1));
        let inside_a_letter = |_: &[File]| vec![finding("no", &[(1..2, "x")])];
        let fixed = fix(&[file("é")], &inside_a_letter);
        assert_eq!((&*fixed.files[0].text, fixed.left_out), ("é", 1));
    }

    #[test]
    fn a_bad_fix_does_not_keep_a_good_one_back() {
        let check = |files: &[File]| {
            let mut found = letters(files);
            found.push(finding("still there", &[(0..0, "q")]));
            found
        };
        let fixed = fix(&[file("a: x\n")], &check);
        assert_eq!((&*fixed.files[0].text, fixed.findings.len(), fixed.left_out), ("a: y\n", 1, 1));
    }

    #[test]
    fn json_stays_json() {
        let unquote = |files: &[File]| match files[0].text.find('"') {
            Some(_) => vec![finding("quoted", &[(0..3, "a")])],
            None => vec![],
        };
        assert_eq!(&*fix(&[file("\"b\"")], &unquote).files[0].text, "\"b\"");
    }

    #[test]
    fn a_file_is_written_only_where_it_is_what_was_read() {
        let path = std::env::temp_dir().join(format!("portolan-write-{}.yaml", std::process::id()));
        fs::write(&path, "a").unwrap();
        write(&path, "a", "b").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        assert!(write(&path, "a", "c").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "b");
        fs::remove_file(&path).unwrap();
    }
}
