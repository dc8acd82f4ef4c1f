//! Which findings are reported: codes and files come in from the command line and the settings, a yes or no for each
//! finding goes out. `check`, the language server and the webhook share it.

use crate::settings::{Settings, unknown_code};
use portolan::finding::Finding;
use portolan::suppression::{is_code, stands_for};
use std::path::{Path, PathBuf};

/// Selects findings by their codes and files.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    select: Vec<String>,
    ignore: Vec<String>,
    per_file_ignores: Vec<(glob::Pattern, Vec<String>)>,
    /// The folder that the patterns start from, without links; `None` where it cannot be resolved.
    folder: Option<PathBuf>,
}

impl Selection {
    /// `select` and `ignore` as the command line gives them; where one is empty, the one of the settings. An entry is a
    /// code, the beginning of codes, or the name of a rule.
    ///
    /// # Errors
    /// An entry that matches no code.
    pub fn new(select: &[String], ignore: &[String], settings: &Settings) -> anyhow::Result<Self> {
        if let Some(unknown) = select.iter().chain(ignore).find(|code| !is_code(code)) {
            anyhow::bail!("{}", unknown_code(unknown));
        }
        let given_or_set =
            |given: &[String], set: &[String]| if given.is_empty() { set.to_vec() } else { given.to_vec() };
        Ok(Selection {
            select: given_or_set(select, &settings.select),
            ignore: given_or_set(ignore, &settings.ignore),
            per_file_ignores: settings.per_file_ignores.clone(),
            folder: without_links(&settings.folder()),
        })
    }

    /// Whether findings of that code are reported, in whatever file.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        (self.select.is_empty() || is_among(code, &self.select)) && !is_among(code, &self.ignore)
    }

    /// Whether that finding is reported: by its code, and by the file that it is in.
    #[must_use]
    pub fn has(&self, finding: &Finding) -> bool {
        self.has_code(finding.code) && !self.is_ignored_in(Path::new(&finding.place.file), finding.code)
    }

    /// The findings that are reported.
    pub fn filter(&self, findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
        findings.into_iter().filter(|finding| self.has(finding))
    }

    fn is_ignored_in(&self, file: &Path, code: &str) -> bool {
        let applies: Vec<&glob::Pattern> = self
            .per_file_ignores
            .iter()
            .filter(|(_, codes)| is_among(code, codes))
            .map(|(pattern, _)| pattern)
            .collect();
        if applies.is_empty() {
            return false;
        }
        let (Some(folder), Some(file)) = (&self.folder, without_links(file)) else { return false };
        let Ok(inside) = file.strip_prefix(folder) else { return false };
        applies.into_iter().any(|pattern| matches(pattern, inside))
    }
}

fn is_among(code: &str, written: &[String]) -> bool {
    written.iter().any(|written| stands_for(written, code))
}

/// Whether a pattern matches a path. A pattern that matches a folder matches everything in it; a pattern without a slash
/// matches a name at any depth.
fn matches(pattern: &glob::Pattern, path: &Path) -> bool {
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let is_name = !pattern.as_str().contains('/');
    path.ancestors().filter(|path| !path.as_os_str().is_empty()).any(|path| {
        pattern.matches_path_with(path, options)
            || is_name && path.file_name().is_some_and(|name| pattern.matches_path_with(Path::new(name), options))
    })
}

fn without_links(path: &Path) -> Option<PathBuf> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::fs::canonicalize(path).ok()
}
