//! Findings as SARIF 2.1.0 (OASIS): one run, the rules with their documentation, a result a finding.

use super::report::message;
use portolan::cluster::Location;
use portolan::finding::{Edit, Finding, Severity};
use portolan::lint::Page;
use portolan::load::File;
use portolan_base::json::Json;
use portolan_checking::baseline::fingerprint;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The findings, with their fixes where the files are given that those are for; and what could not be read.
pub(crate) fn sarif(findings: &[Finding], files: &[File], unreadable: &[String]) -> Json {
    let rules: Vec<Page> = portolan::lint::pages().collect();
    let described = rules.iter().map(|rule| {
        Json::object()
            .with("id", rule.code)
            .with("name", rule.name)
            .with("shortDescription", text(rule.text.lines().next().unwrap_or_default()))
            .with("help", text(rule.text).with("markdown", rule.text))
            .with("defaultConfiguration", Json::object().with("level", level(rule.severity)))
    });
    let driver = Json::object()
        .with("name", "portolan")
        .with("semanticVersion", env!("CARGO_PKG_VERSION"))
        .with("rules", Json::Array(described.collect()));
    let results = findings.iter().map(|finding| {
        let index = rules.iter().position(|rule| rule.code == finding.code);
        result(finding, index, files)
    });
    let mut invocation = Json::object().with("executionSuccessful", unreadable.is_empty());
    if !unreadable.is_empty() {
        let notifications =
            unreadable.iter().map(|problem| Json::object().with("level", "error").with("message", text(problem)));
        invocation.set("toolExecutionNotifications", Json::Array(notifications.collect()));
    }
    let run = Json::object()
        .with("tool", Json::object().with("driver", driver))
        .with("invocations", Json::Array(vec![invocation]))
        .with("columnKind", "unicodeCodePoints")
        .with("results", Json::Array(results.collect()));
    Json::object().with("$schema", SCHEMA).with("version", "2.1.0").with("runs", Json::Array(vec![run]))
}

fn result(finding: &Finding, rule: Option<usize>, files: &[File]) -> Json {
    let mut result = Json::object().with("ruleId", finding.code);
    if let Some(rule) = rule {
        result.set("ruleIndex", rule);
    }
    let mut result = result
        .with("level", level(finding.severity))
        .with("message", text(&message(finding)))
        .with("locations", Json::Array(vec![location(&finding.place, None)]))
        .with("partialFingerprints", Json::object().with("portolan/v1", fingerprint(finding)));
    if !finding.related.is_empty() {
        let related = finding.related.iter().map(|(message, place)| location(place, Some(message)));
        result.set("relatedLocations", Json::Array(related.collect()));
    }
    if let Some(fix) = fix(finding, files) {
        result.set("fixes", Json::Array(vec![fix]));
    }
    result
}

fn location(place: &Location, message: Option<&str>) -> Json {
    let region = Json::object().with("startLine", place.line.max(1)).with("startColumn", place.column.max(1));
    let physical = Json::object().with("artifactLocation", artifact(&place.file)).with("region", region);
    let location = Json::object().with("physicalLocation", physical);
    match message {
        Some(message) => location.with("message", text(message)),
        None => location,
    }
}

/// The finding's edits, a change a file; nothing where it has none, or a file is not known.
fn fix(finding: &Finding, files: &[File]) -> Option<Json> {
    let mut changed: Vec<&str> = finding.fix.iter().map(|edit| edit.file.as_str()).collect();
    changed.sort_unstable();
    changed.dedup();
    let change = |name: &str| {
        let file = files.iter().find(|file| *file.name == *name)?;
        let edits = finding.fix.iter().filter(|edit| edit.file == name);
        let replacements: Option<Vec<Json>> = edits.map(|edit| replacement(edit, &file.text)).collect();
        Some(Json::object().with("artifactLocation", artifact(name)).with("replacements", Json::Array(replacements?)))
    };
    let changes: Option<Vec<Json>> = changed.into_iter().map(change).collect();
    let changes = changes.filter(|changes| !changes.is_empty())?;
    let described = text(finding.help.as_deref().unwrap_or("fix it"));
    Some(Json::object().with("description", described).with("artifactChanges", Json::Array(changes)))
}

fn replacement(edit: &Edit, file: &str) -> Option<Json> {
    let place = |offset: u32| {
        let before = file.get(..usize::try_from(offset).ok()?)?;
        let line = before.rsplit('\n').next().unwrap_or_default();
        Some((before.matches('\n').count() + 1, line.chars().count() + 1))
    };
    let ((start_line, start_column), (end_line, end_column)) = (place(edit.range.start)?, place(edit.range.end)?);
    let region = Json::object()
        .with("startLine", start_line)
        .with("startColumn", start_column)
        .with("endLine", end_line)
        .with("endColumn", end_column);
    Some(Json::object().with("deletedRegion", region).with("insertedContent", text(&edit.text)))
}

fn text(text: &str) -> Json {
    Json::object().with("text", text.to_owned())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn artifact(path: &str) -> Json {
    Json::object().with("uri", uri(path))
}

/// A path as a relative reference, or a URI where it is absolute (RFC 3986, RFC 8089).
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.strip_prefix("./").unwrap_or(&path).bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_says_what_goes_and_what_comes() {
        let file = File { name: "a b.yaml".into(), text: "é: 1\nb: 2\n".into() };
        let place = Location { file: "a b.yaml".into(), line: 2, column: 4, field: "b".into() };
        let mut finding = Finding::new("SVC001", Severity::Info, "wrong", place);
        finding.fix.push(Edit { file: "a b.yaml".into(), range: 4..10, text: "3".into() });
        let written = sarif(&[finding.clone()], std::slice::from_ref(&file), &["c.yaml: gone".to_owned()]).to_string();
        assert!(
            written.contains(
                r#""deletedRegion":{"startLine":1,"startColumn":4,"endLine":2,"endColumn":5},"insertedContent":{"text":"3"}"#
            ),
            "{written}"
        );
        assert!(
            written.contains(r#""uri":"a%20b.yaml""#) && written.contains(r#""executionSuccessful":false"#),
            "{written}"
        );
        finding.fix[0].range = 1..2;
        assert!(!sarif(&[finding], &[file], &[]).to_string().contains("fixes"));
    }
}
