//! Which findings are wanted: by the command line, else by the settings.

use crate::settings::{Settings, no_code};
use portolan::finding::Finding;
use portolan::silence::{is_code, stands_for};
use std::path::Path;

/// Chooses findings by their codes and files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    select: &'a [String],
    ignore: &'a [String],
    settings: &'a Settings,
}

impl<'a> Wanted<'a> {
    /// What is selected and ignored: as given, or where nothing is given, as set.
    ///
    /// # Errors
    /// A code that no finding has.
    pub(crate) fn new(select: &'a [String], ignore: &'a [String], settings: &'a Settings) -> anyhow::Result<Self> {
        if let Some(unknown) = select.iter().chain(ignore).find(|code| !is_code(code)) {
            anyhow::bail!("{}", no_code(unknown));
        }
        let select = if select.is_empty() { &settings.select } else { select };
        let ignore = if ignore.is_empty() { &settings.ignore } else { ignore };
        Ok(Wanted { select, ignore, settings })
    }

    /// Those of the findings that are wanted.
    pub(crate) fn of(self, findings: Vec<Finding>) -> impl Iterator<Item = Finding> {
        findings.into_iter().filter(move |finding| {
            let among = |codes: &[String]| codes.iter().any(|written| stands_for(written, finding.code));
            (self.select.is_empty() || among(self.select))
                && !among(self.ignore)
                && !self
                    .settings
                    .ignored_in(Path::new(&finding.place.file))
                    .any(|written| stands_for(written, finding.code))
        })
    }
}
