//! Files that change under a cluster: what an editor, a page or a watcher holds on to.
//!
//! A file's new text takes the place of its old one. Only the documents that differ are read again and pass through
//! admission; of the others at most the places move. The result is the cluster that loader all files anew would give.

mod change;
mod cut;

use crate::api::resource::{Kind, ObjectKey};
use crate::check::check;
use crate::cluster::{Options, Source};
use crate::engine::Engine;
use crate::files::{File, NonManifests, OtherPods, is_kustomization};
use crate::finding::Finding;
use crate::load::{self, Entanglement, LoadMode};
use change::Change;
use cut::{Cut, Piece, blank_before, pieces, pieces_after};

/// A cluster and the files it is made from.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    options: Options,
    mode: LoadMode,
    files: Vec<Kept>,
    /// The pods that objects of other kinds make.
    others: Vec<OtherPods>,
    /// The files that are not manifests.
    non_manifests: NonManifests,
    /// How the objects depend on each other. If one was loaded as a change of another, every change loads everything again:
    /// removing one may bring the other back.
    entanglement: Entanglement,
}

/// A file as it was last loaded.
#[derive(Debug)]
struct Kept {
    file: File,
    findings: Vec<Finding>,
    /// Where its documents begin, where that was looked for already.
    pieces: Option<Vec<Piece>>,
}

impl Session {
    /// A cluster without files.
    pub fn new(options: Options, mode: LoadMode) -> Self {
        Session {
            engine: Engine::new(options.clone()),
            options,
            mode,
            files: Vec::new(),
            others: Vec::new(),
            non_manifests: NonManifests::default(),
            entanglement: Entanglement::default(),
        }
    }

    /// Takes in these files in place of all there are.
    pub fn load(&mut self, files: Vec<File>) {
        let loaded = load::load(&files, self.options.clone(), self.mode);
        self.entanglement = loaded.entanglement;
        self.entanglement.has_duplicates |=
            loaded.objects - loaded.refused.min(loaded.objects) != loaded.engine.cluster().source_count();
        self.engine = loaded.engine;
        self.engine.take_disturbance();
        self.others = loaded.others;
        self.non_manifests = loaded.non_manifests;
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
        // A kustomization decides how other files are loaded.
        let is_whole = self.entanglement.has_duplicates || is_kustomization(&name) || self.non_manifests.has(&name);
        match &cut {
            Some(cut) if !is_whole => {
                if !self.replace(index, file, cut) {
                    // Only the order of all the objects tells what becomes of them.
                    self.load(self.files.iter().map(|kept| kept.file.clone()).collect());
                }
            }
            _ => self.reload_with(index, file),
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

    /// The findings of loading the files, in their order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.files.iter().flat_map(|kept| &kept.findings)
    }

    /// Every finding about the files and the cluster that they define, without those that a comment suppresses.
    pub fn check(&self) -> Vec<Finding> {
        let files: Vec<File> = self.files.iter().map(|kept| kept.file.clone()).collect();
        check(&self.engine, self.findings().cloned().collect(), &files, &self.others).findings
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

    /// Takes out what the old middle of the file held, moves what stands behind it, and takes in the new middle. Tells
    /// whether the result is that of a fresh load.
    fn replace(&mut self, index: usize, file: File, cut: &Cut) -> bool {
        let in_middle = |source: &Source| (cut.start..cut.old_end).contains(&source.start());
        let gone: Vec<(Kind, ObjectKey)> = self
            .engine
            .cluster()
            .sources_in(&file.name)
            .filter(|(_, _, source)| in_middle(source))
            .map(|(kind, key, _)| (kind, key.clone()))
            .collect();
        let mut change = Change::of(self, index, cut, &gone);
        for (kind, key) in &gone {
            self.engine.remove(*kind, key);
        }
        if cut.moves() {
            self.engine.move_places(&file.name, cut.old_end, (cut.lines_moved(), cut.bytes_moved()));
        }
        let before = self.engine.cluster().source_count();
        let middle = File { name: file.name.clone(), text: blank_before(&file.text, cut.start, cut.new_end).into() };
        let taken = load::apply(&mut self.engine, &middle, self.mode);
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
        change.takes_in(self, index, (&file.name, cut), &taken.findings, &taken.entanglement);
        let is_doubled = taken.entanglement.has_duplicates || self.engine.cluster().source_count() - before != stored;
        self.entanglement.claims.extend(taken.entanglement.claims);
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
        !is_doubled && change.stands_alone && !self.engine.take_disturbance()
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

/// Whether the finding comes from reading a file, not from loading its objects.
fn is_of_reading(finding: &Finding) -> bool {
    matches!(finding.code, "syntax" | "object" | "kind" | "version")
}

/// A line (from 1) within the document of the finding: a document that ends too soon is reported at the beginning of the
/// next line.
fn line_within(finding: &Finding) -> usize {
    let line = finding.place.line as usize;
    let is_end = finding.code == "syntax" && finding.place.column == 1 && line > 1;
    if is_end { line - 1 } else { line }
}

#[cfg(test)]
mod tests;
