//! Findings as plain data: what is wrong or doubtful, where, and what to do. How they look is the host's affair.

use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Location;
use portolan_base::json::{Json, JsonOf, json};
use std::borrow::Cow;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Info,
    /// Accepted, and surely or probably not what was meant.
    Warning,
    /// Refused, or it cannot work.
    Error,
}

impl Severity {
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
    /// A stable code: `syntax`, `refused`, `warning`, or a lint rule's.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What was found; for a refusal and a warning of the API server, its own words.
    pub message: String,
    /// The object it is about, where it is about one.
    pub object: Option<(Kind, ObjectKey)>,
    /// Where it stands.
    pub place: Location,
    /// What to write instead, or why it matters.
    pub help: Option<String>,
    /// Other places involved, each with a word on how.
    pub related: Vec<(String, Location)>,
    /// Edits that would mend it, all of them together.
    pub fix: Vec<Edit>,
}

/// A replacement of bytes in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The file's name.
    pub file: String,
    /// Byte range to replace.
    pub range: std::ops::Range<u32>,
    /// What to put there.
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

    /// The same finding, with a word of help.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Moves the places of that file that stand behind a line (from 1) and the edits behind a byte: so many lines and bytes
    /// further down.
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

    /// The finding as JSON: `code`, `severity`, `message`, `object`, `file`, `line`, `column`, `endLine`…, `help`, `related`, `fix`.
    pub fn to_json(&self) -> Json {
        self.clone().into_json()
    }

    /// The same, where the finding itself is not needed any more.
    pub fn into_json(self) -> Json {
        let mut json = json! { "code": self.code, "severity": self.severity.name(), "message": self.message };
        if let Some((kind, key)) = self.object {
            json.set("object", into_reference(kind, key));
        }
        json.set("source", self.place.into_json());
        if let Some(help) = self.help {
            json.set("help", help);
        }
        if !self.related.is_empty() {
            let related = |(text, place): (String, Location)| json! { "message": text, "source": place.into_json() };
            json.set("related", Json::Array(self.related.into_iter().map(related).collect()));
        }
        if !self.fix.is_empty() {
            let edit = |Edit { file, range, text }| {
                json! { "file": file, "start": range.start, "end": range.end, "text": text }
            };
            json.set("fix", Json::Array(self.fix.into_iter().map(edit).collect()));
        }
        json
    }
}

/// A reference to an object as answers carry it: `{"kind", "namespace", "name"}`.
pub fn reference(kind: Kind, key: &ObjectKey) -> JsonOf<'_> {
    reference_of(kind, key.namespace.as_str().into(), key.name.as_str().into())
}

/// The same with the key's own texts, where the key itself is not needed any more.
pub fn into_reference(kind: Kind, key: ObjectKey) -> Json {
    reference_of(kind, key.namespace.into(), key.name.into())
}

fn reference_of<'t>(kind: Kind, namespace: Cow<'t, str>, name: Cow<'t, str>) -> JsonOf<'t> {
    let (kind, name) = (kind.name(), JsonOf::String(name));
    if namespace.is_empty() {
        return json! { "kind": kind, "name": name };
    }
    json! { "kind": kind, "namespace": JsonOf::String(namespace), "name": name }
}
