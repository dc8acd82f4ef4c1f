//! Files that change under a cluster: what an editor, a page or a watcher holds on to.
//!
//! A file's new text takes the place of its old one. Only the documents that differ are read again and pass through
//! admission; of the others at most the places move. The result is the cluster that loading all files anew would give.

use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Options, Source};
use crate::engine::Engine;
use crate::finding::Finding;
use crate::lint::check_files;
use crate::load::kustomize::{Beside, is_kustomization};
use crate::load::{self, File, OtherPods, Taking};
use crate::silence;

/// A cluster and the files it is made from.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    options: Options,
    taking: Taking,
    files: Vec<Kept>,
    /// The pods that objects of other kinds make.
    others: Vec<OtherPods>,
    /// The files that are none of objects.
    beside: Beside,
    /// Whether an object stands in several places: taking one away may bring another back, so all is loaded anew.
    overlapping: bool,
}

/// A file as it was taken in last.
#[derive(Debug)]
struct Kept {
    file: File,
    findings: Vec<Finding>,
    /// Where its documents begin, where that was looked for already.
    pieces: Option<Vec<Piece>>,
}

/// Where a document begins, with its separator: byte and line from 0.
type Piece = (usize, usize);

impl Session {
    /// A cluster without files.
    pub fn new(options: Options, taking: Taking) -> Self {
        Session {
            engine: Engine::new(options.clone()),
            options,
            taking,
            files: Vec::new(),
            others: Vec::new(),
            beside: Beside::default(),
            overlapping: false,
        }
    }

    /// Takes in these files in place of all there are.
    pub fn load(&mut self, files: Vec<File>) {
        let loaded = load::load(&files, self.options.clone(), self.taking);
        self.overlapping =
            loaded.objects - loaded.refused.min(loaded.objects) != loaded.engine.cluster().source_count();
        self.engine = loaded.engine;
        self.others = loaded.others;
        self.beside = Beside::of(&files);
        self.files = files.into_iter().map(|file| Kept { file, findings: Vec::new(), pieces: None }).collect();
        for finding in loaded.findings {
            if let Some(kept) = self.files.iter_mut().find(|kept| *kept.file.name == finding.place.file) {
                kept.findings.push(finding);
            }
        }
    }

    /// Takes in a file's text in place of what it said before, if it was there. An empty text takes the file's objects
    /// out. Gives what was found in this file.
    pub fn write(&mut self, file: File) -> impl Iterator<Item = &Finding> {
        let name = file.name.clone();
        let index = self.files.iter().position(|kept| kept.file.name == name).unwrap_or_else(|| {
            let empty = File { name: name.clone(), text: "".into() };
            self.files.push(Kept { file: empty, findings: Vec::new(), pieces: None });
            self.files.len() - 1
        });
        let (cut, pieces) = self.files.get_mut(index).and_then(|kept| kept.cut(&file.text)).unzip();
        // What a kustomization says decides how other files are taken in.
        let is_whole = self.overlapping || is_kustomization(&name) || self.beside.has(&name);
        match &cut {
            Some(cut) if !is_whole => self.replace(index, file, cut),
            _ => self.reload_with(index, file),
        }
        if self.overlapping && cut.is_some() {
            // Two places for one object: only their order tells which of them counts.
            self.load(self.files.iter().map(|kept| kept.file.clone()).collect());
        }
        if let Some(kept) = self.files.get_mut(index) {
            kept.pieces = pieces;
        }
        self.files.iter().filter(move |kept| kept.file.name == name).flat_map(|kept| &kept.findings)
    }

    /// Takes an object out, whichever file it is from. Tells whether it was there.
    pub fn remove(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        self.engine.remove(kind, key)
    }

    /// What was found while the files were taken in, in their order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.files.iter().flat_map(|kept| &kept.findings)
    }

    /// Everything there is to say about the files and the cluster that they make, but for what a comment silences.
    pub fn check(&self) -> Vec<Finding> {
        let files: Vec<File> = self.files.iter().map(|kept| kept.file.clone()).collect();
        let findings =
            self.findings().cloned().chain(check_files(&self.engine, &files, &self.others).findings).collect();
        silence::silence(findings, &files)
    }

    /// The cluster and its tables.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    fn reload_with(&mut self, index: usize, file: File) {
        let mut files: Vec<File> = self.files.iter().map(|kept| kept.file.clone()).collect();
        if let Some(slot) = files.get_mut(index) {
            *slot = file;
        }
        self.load(files);
    }

    /// Takes out what the old middle of the file held, moves what stands behind it, and takes in the new middle.
    fn replace(&mut self, index: usize, file: File, cut: &Cut) {
        let in_middle = |source: &Source| (cut.start..cut.old_end).contains(&(source.node.place.start as usize));
        let gone: Vec<(Kind, ObjectKey)> = self
            .engine
            .cluster()
            .sources_in(&file.name)
            .filter(|(_, _, source)| in_middle(source))
            .map(|(kind, key, _)| (kind, key.clone()))
            .collect();
        for (kind, key) in gone {
            self.engine.remove(kind, &key);
        }
        if cut.moves() {
            self.engine.move_places(&file.name, cut.old_end, (cut.lines_moved(), cut.bytes_moved()));
        }
        let before = self.engine.cluster().source_count();
        let middle = File { name: file.name.clone(), text: blank_before(&file.text, cut.start, cut.new_end).into() };
        let taken = load::apply(&mut self.engine, &middle, self.taking);
        self.others.retain_mut(|other| {
            let start = other.start as usize;
            let stays = other.file != file.name || start < cut.start || start >= cut.old_end;
            if stays && other.file == file.name && start >= cut.old_end {
                let moved = i64::from(other.start).saturating_add(cut.bytes_moved());
                other.start = u32::try_from(moved).unwrap_or(other.start);
            }
            stays
        });
        self.others.extend(taken.others);
        let stored = taken.objects - taken.refused.min(taken.objects);
        self.overlapping = self.engine.cluster().source_count() - before != stored;
        if let Some(kept) = self.files.get_mut(index) {
            let mut findings = Vec::new();
            let mut behind = Vec::new();
            for mut finding in std::mem::take(&mut kept.findings) {
                let line = line_within(&finding);
                if line <= cut.start_line {
                    findings.push(finding);
                } else if line > cut.old_end_line {
                    let by = (cut.lines_moved(), cut.bytes_moved());
                    finding.move_places(&file.name, (cut.old_end_line, cut.old_end), by);
                    behind.push(finding);
                }
            }
            findings.extend(taken.findings);
            findings.append(&mut behind);
            // A file is read to its end before anything in it is judged.
            let (mut findings, judged): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_of_reading);
            findings.extend(judged);
            *kept = Kept { file, findings, pieces: None };
        }
    }
}

impl Kept {
    /// The documents that differ in a new text, and where the new ones begin. Nothing where a separator ends a stream half
    /// way: then only reading all of it tells.
    fn cut(&mut self, new: &str) -> Option<(Cut, Vec<Piece>)> {
        let old = &*self.file.text;
        let before = self.pieces.take().or_else(|| pieces(old))?;
        let after = pieces_after(old, &before, new)?;
        Some((Cut::between((old, &before), (new, &after)), after))
    }
}

/// Whether it is found while a file is read, and not when its objects are taken in.
fn is_of_reading(finding: &Finding) -> bool {
    matches!(finding.code, "syntax" | "object" | "version")
}

/// The line (from 1) that tells which document a finding is about: where a document ends too soon is told at the beginning
/// of the line behind it.
fn line_within(finding: &Finding) -> usize {
    let line = finding.place.line as usize;
    let is_end = finding.code == "syntax" && finding.place.column == 1 && line > 1;
    if is_end { line - 1 } else { line }
}

/// The part of a file that two texts of it do not share, in whole documents: bytes, and lines from 0.
#[derive(Debug, PartialEq, Eq)]
struct Cut {
    start: usize,
    start_line: usize,
    old_end: usize,
    old_end_line: usize,
    new_end: usize,
    new_end_line: usize,
}

impl Cut {
    /// The documents that differ between two texts, given with the places at which their documents begin.
    fn between((old, old_pieces): (&str, &[Piece]), (new, new_pieces): (&str, &[Piece])) -> Cut {
        let shorter = old_pieces.len().min(new_pieces.len());
        let same =
            |old_index: usize, new_index: usize| piece(old, old_pieces, old_index) == piece(new, new_pieces, new_index);
        let front = (0..shorter).take_while(|index| same(*index, *index)).count();
        let from_end = |index: usize| same(old_pieces.len() - 1 - index, new_pieces.len() - 1 - index);
        let back = (0..shorter - front).take_while(|index| from_end(*index)).count();
        let at = |whole: &str, pieces: &[Piece], index: usize| {
            pieces.get(index).copied().unwrap_or_else(|| (whole.len(), whole.matches('\n').count() + 1))
        };
        let (start, start_line) = at(new, new_pieces, front);
        let (old_end, old_end_line) = at(old, old_pieces, old_pieces.len() - back);
        let (new_end, new_end_line) = at(new, new_pieces, new_pieces.len() - back);
        Cut { start, start_line, old_end, old_end_line, new_end, new_end_line }
    }

    fn moves(&self) -> bool {
        self.old_end != self.new_end || self.old_end_line != self.new_end_line
    }

    fn lines_moved(&self) -> i64 {
        difference(self.new_end_line, self.old_end_line)
    }

    fn bytes_moved(&self) -> i64 {
        difference(self.new_end, self.old_end)
    }
}

/// The part of a text, with all before it blank: lines and bytes count as in the whole.
fn blank_before(text: &str, start: usize, end: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let mut blank: String = before.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    blank.push_str(text.get(start..end).unwrap_or_default());
    blank
}

/// The text of one document.
fn piece<'t>(whole: &'t str, pieces: &[Piece], index: usize) -> Option<&'t str> {
    let start = pieces.get(index)?.0;
    let end = pieces.get(index + 1).map_or(whole.len(), |next| next.0);
    whole.get(start..end)
}

fn difference(new: usize, old: usize) -> i64 {
    i64::try_from(new).unwrap_or(i64::MAX).saturating_sub(i64::try_from(old).unwrap_or(i64::MAX))
}

/// Where each document begins. Nothing for JSON, and where a separator has more than a comment behind it, which ends the
/// stream.
fn pieces(text: &str) -> Option<Vec<Piece>> {
    if is_json(text) {
        return None;
    }
    let mut found = vec![(0, 0)];
    separators(text, (0, 0), &mut found)?;
    Some(found)
}

/// A row of JSON values has no separators.
fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

/// Adds the places of the separators in a text that begins with a line, at that place. Gives the line behind it.
fn separators(text: &str, (mut offset, line): Piece, found: &mut Vec<Piece>) -> Option<usize> {
    let mut number = line;
    for line in text.split_inclusive('\n') {
        if let Some(behind) = line.strip_prefix("---") {
            let behind = behind.trim();
            if !behind.is_empty() && !behind.starts_with('#') {
                return None;
            }
            if offset > 0 {
                found.push((offset, number));
            }
        }
        offset += line.len();
        number += 1;
    }
    Some(number)
}

/// The same as [`pieces`] for a text that has taken the place of another: looked for between what both begin with and
/// what both end with.
fn pieces_after(old: &str, before: &[Piece], new: &str) -> Option<Vec<Piece>> {
    if is_json(new) {
        return None;
    }
    let shorter = old.len().min(new.len());
    let front = alike(old.as_bytes().chunks(RUN), new.as_bytes().chunks(RUN), |run| run.iter());
    let back = alike(old.as_bytes().rchunks(RUN), new.as_bytes().rchunks(RUN), |run| run.iter().rev());
    let back = back.min(shorter - front);
    // The last separator but one in the front: what stands behind the last may be in the middle.
    let kept = before.partition_point(|piece| piece.0 <= front).saturating_sub(1).max(1);
    // The first separator whose line begins in the back.
    let next = before.partition_point(|piece| piece.0 <= old.len() - back).max(kept);
    let mut found = before.get(..kept)?.to_vec();
    let &(start, start_line) = found.last()?;
    let end = before.get(next).map_or(old.len(), |piece| piece.0) + new.len() - old.len();
    found.pop();
    let at_start = found.len();
    let line = separators(new.get(start..end)?, (start, start_line), &mut found)?;
    if at_start == 0 {
        found.insert(0, (0, 0));
    }
    let moved = |(offset, old_line): &Piece| {
        let from = before.get(next).map_or(0, |first| first.1);
        (offset + new.len() - old.len(), old_line - from + line)
    };
    found.extend(before.get(next..).unwrap_or_default().iter().map(moved));
    Some(found)
}

/// How many bytes are compared at once.
const RUN: usize = 1024;

/// How many bytes two rows of runs begin with that are the same.
fn alike<'t, I: Iterator<Item = &'t u8>>(
    one: impl Iterator<Item = &'t [u8]>,
    other: impl Iterator<Item = &'t [u8]>,
    bytes: fn(&'t [u8]) -> I,
) -> usize {
    let mut length = 0;
    for (one, other) in one.zip(other) {
        if one == other {
            length += one.len();
        } else {
            return length + bytes(one).zip(bytes(other)).take_while(|(one, other)| one == other).count();
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: NAME\nspec:\n  ports:\n    - port: 80\n";

    const ROLLOUT: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: r\nspec:\n  template:\n    metadata: {labels: {app: x}}\n";

    fn service(name: &str) -> String {
        SERVICE.replace("NAME", name)
    }

    fn file(text: &str) -> File {
        File { name: "a.yaml".into(), text: text.into() }
    }

    fn fresh(text: &str) -> Session {
        let mut session = Session::new(Options::default(), Taking::Admitted);
        session.load(vec![file(text)]);
        session
    }

    /// Everything that can be seen of a cluster.
    fn seen(session: &Session) -> String {
        let objects = ask::answer_text(session.engine(), r#"{"ask":"objects","whole":true}"#);
        let findings: Vec<String> = session.check().iter().map(|finding| finding.to_json().to_string()).collect();
        format!("{objects}\n{}", findings.join("\n"))
    }

    #[test]
    fn a_changed_file_is_as_good_as_a_fresh_one() {
        let (a, b, c) = (service("a"), service("b"), service("c"));
        let texts = [
            format!("{a}---\n{b}---\n{c}"),
            format!("{a}---\n# one line more\n{b}---\n{c}"),
            format!("{a}---\n{}---\n{c}", b.replace("80", "70000")),
            format!("{a}---\n{}---\n# é\n{c}", b.replace("80", "70000")),
            format!("{a}---\n# portolan: ignore-document[refused, SVC]\n{}---\n{c}", b.replace("80", "70000")),
            format!("{a}---\n{c}"),
            format!("{a}---\n{a}---\n{c}"),
            format!("{}---\n{a}---\n{c}", service("other")),
            format!("a: [\n---\n{c}---\n{a}"),
            format!("a: [\n---\n{a}---\n{c}"),
            format!("a: [\n---\nb: [\n---\n{c}"),
            "a: [".to_owned(),
            "a: [\n\n".to_owned(),
            format!("{a}--- not a separator\n{c}"),
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}"#.to_owned(),
            format!("{a}  selector: {{app: x}}\n---\n{ROLLOUT}---\n{c}"),
            format!("{a}  selector: {{app: x}}\n---\n{}---\n{c}", ROLLOUT.replace("app: x", "app: y")),
            String::new(),
            a,
            c.trim_end().to_owned(),
        ];
        for first in &texts {
            for second in &texts {
                let mut session = fresh(first);
                let _ = session.write(file(second)).count();
                assert_eq!(seen(&session), seen(&fresh(second)), "from\n{first}\nto\n{second}");
            }
        }
    }

    /// Numbers that follow from a seed.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
        }
    }

    /// What edits are made of: characters, lines, separators, documents.
    const TYPED: [&str; 13] = [
        "",
        "0",
        "\n",
        "---\n",
        "---",
        "--- # é\n",
        "  selector: {app: x}\n",
        "- ",
        "# portolan: ignore[SVC001]\n",
        "é",
        "{",
        ":",
        SERVICE,
    ];

    /// The text after an edit somewhere in it.
    fn edited(text: &str, numbers: &mut Numbers) -> String {
        let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
        let at = boundary(numbers.below(text.len() + 1));
        let taken = [0, 0, 1, 4, 30, 90][numbers.below(6)];
        let behind = boundary((at + taken).min(text.len()));
        let typed = TYPED[numbers.below(TYPED.len())].replace("NAME", ["a", "b", "new"][numbers.below(3)]);
        format!("{}{typed}{}", text.get(..at).unwrap(), text.get(behind..).unwrap())
    }

    fn documents() -> String {
        let names = ["a", "b", "c", "d", "e"];
        names.map(service).join("---\n") + "---\n" + ROLLOUT
    }

    #[test]
    fn whatever_is_typed_the_documents_begin_where_they_would_in_a_new_file() {
        let mut numbers = Numbers(1);
        for _ in 0..400 {
            let mut old = documents();
            for _ in 0..12 {
                let new = edited(&old, &mut numbers);
                if let Some(before) = pieces(&old) {
                    assert_eq!(pieces_after(&old, &before, &new), pieces(&new), "from\n{old}\nto\n{new}");
                }
                old = new;
            }
        }
    }

    #[test]
    fn whatever_is_typed_a_session_is_as_good_as_a_fresh_one() {
        let mut numbers = Numbers(2);
        for _ in 0..12 {
            let mut text = documents();
            let mut session = fresh(&text);
            for _ in 0..12 {
                let before = text;
                text = edited(&before, &mut numbers);
                let _ = session.write(file(&text)).count();
                assert_eq!(seen(&session), seen(&fresh(&text)), "from\n{before}\nto\n{text}");
            }
        }
    }

    #[test]
    fn what_a_kustomization_names_as_a_patch_is_none_of_the_objects() {
        let mut session = Session::new(Options::default(), Taking::Admitted);
        let named = |name: &str, text: &str| File { name: name.into(), text: text.into() };
        let patch = service("a").replace("  ports:\n    - port: 80\n", "  type: LoadBalancer\n");
        session.load(vec![named("base/a.yaml", &service("a")), named("top/a.yaml", &patch)]);
        let refused = seen(&session);
        assert!(refused.contains("spec.ports: Required value"), "{refused}");
        let _ = session.write(named("top/kustomization.yaml", "patches: [{path: a.yaml}]")).count();
        let quiet = seen(&session);
        assert!(!quiet.contains("Required value") && quiet.contains("\"port\":80"), "{quiet}");
        let _ = session.write(named("top/a.yaml", &patch.replace("Load", "load"))).count();
        assert_eq!(seen(&session), quiet);
        let _ = session.write(named("top/a.yaml", &patch)).count();
        let _ = session.write(named("top/kustomization.yaml", "")).count();
        assert_eq!(seen(&session), refused);
    }

    #[test]
    fn an_object_that_two_files_hold_comes_back() {
        let mut session = Session::new(Options::default(), Taking::Stored);
        let other = |text: &str| File { name: "b.yaml".into(), text: text.into() };
        session.load(vec![file(&service("a")), other(&service("a").replace("80", "81"))]);
        let _ = session.write(other("")).count();
        assert!(seen(&session).contains("\"port\":80"), "{}", seen(&session));
    }
}
