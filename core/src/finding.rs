//! Findings as plain data: the problem, its place, and what to do. Hosts decide how to show them.

use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Location;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Information; nothing is wrong.
    Info,
    /// The API server accepts it, but it probably does not do what was intended.
    Warning,
    /// Refused, or it cannot work.
    Error,
}

impl Severity {
    /// All of them, from the lightest.
    pub const ALL: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

    /// `info`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code: `syntax`, `refused`, `warning`, or the code of a rule.
    pub code: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// The problem. For a refusal or a warning of the API server, the server's own message.
    pub message: String,
    /// The object it is about, where it is about one.
    pub object: Option<(Kind, ObjectKey)>,
    /// Its place in a file.
    pub place: Location,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places involved, each with a text that says how.
    pub related: Vec<(String, Location)>,
    /// The edits that fix it, all of them together.
    pub fix: Vec<Edit>,
}

/// A replacement of bytes in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file's name.
    pub file: String,
    /// Byte range to replace.
    pub range: std::ops::Range<u32>,
    /// The replacement.
    pub text: String,
}

impl Finding {
    /// A finding without help, related places or a fix.
    pub fn new(code: &'static str, severity: Severity, message: impl Into<String>, place: Location) -> Self {
        let message = message.into();
        Finding { code, severity, message, object: None, place, help: None, related: Vec::new(), fix: Vec::new() }
    }

    /// The same finding, about that object.
    #[must_use]
    pub fn about(mut self, kind: Kind, key: ObjectKey) -> Self {
        self.object = Some((kind, key));
        self
    }

    /// The same finding, with help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Shifts the places of a file after a line (from 1) and the edits from a byte on, by (lines, bytes).
    pub fn move_places(&mut self, file: &str, behind: (usize, usize), by: (i64, i64)) {
        let shift = |from: u32, by: i64| u32::try_from(i64::from(from).saturating_add(by)).unwrap_or(from);
        let places = std::iter::once(&mut self.place).chain(self.related.iter_mut().map(|(_, place)| place));
        for place in places.filter(|place| place.file == file && place.line as usize > behind.0) {
            place.line = shift(place.line, by.0);
        }
        for edit in self.fix.iter_mut().filter(|edit| edit.file == file && edit.range.start as usize >= behind.1) {
            edit.range = shift(edit.range.start, by.1)..shift(edit.range.end, by.1);
        }
    }
}
