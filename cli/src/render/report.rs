//! Findings in the forms that other tools read.

use crate::baseline::fingerprint;
use portolan::finding::{Finding, Severity};
use portolan::json::Json;
use portolan::lint::RULES;

/// SARIF 2.1.0 (OASIS): one run, the rules with their documentation, a result a finding.
pub(crate) fn sarif(findings: &[Finding]) -> Json {
    let text = |text: &str| Json::object().with("text", text.to_owned());
    let rules = RULES.iter().map(|rule| {
        let doc: Vec<&str> = rule.doc().lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let doc = doc.join("\n");
        Json::object()
            .with("id", rule.code)
            .with("name", rule.name)
            .with("shortDescription", text(doc.lines().next().unwrap_or_default()))
            .with("help", text(&doc).with("markdown", doc.clone()))
            .with("defaultConfiguration", Json::object().with("level", level(rule.severity)))
    });
    let location = |place: &portolan::cluster::SourcePlace, message: Option<&str>| {
        let region = Json::object().with("startLine", place.line.max(1)).with("startColumn", place.column.max(1));
        let artifact = Json::object().with("uri", uri(&place.file));
        let physical = Json::object().with("artifactLocation", artifact).with("region", region);
        let location = Json::object().with("physicalLocation", physical);
        match message {
            Some(message) => location.with("message", text(message)),
            None => location,
        }
    };
    let results = findings.iter().map(|finding| {
        let mut result = Json::object()
            .with("ruleId", finding.code)
            .with("level", level(finding.severity))
            .with("message", text(&message(finding)))
            .with("locations", Json::Array(vec![location(&finding.place, None)]))
            .with("partialFingerprints", Json::object().with("portolan/v1", fingerprint(finding)));
        if !finding.related.is_empty() {
            let related = finding.related.iter().map(|(message, place)| location(place, Some(message)));
            result.set("relatedLocations", Json::Array(related.collect()));
        }
        result
    });
    let driver = Json::object()
        .with("name", "portolan")
        .with("semanticVersion", env!("CARGO_PKG_VERSION"))
        .with("rules", Json::Array(rules.collect()));
    let run = Json::object()
        .with("tool", Json::object().with("driver", driver))
        .with("columnKind", "unicodeCodePoints")
        .with("results", Json::Array(results.collect()));
    Json::object()
        .with("$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json")
        .with("version", "2.1.0")
        .with("runs", Json::Array(vec![run]))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The finding in one line: the object, what was found, what to do.
fn message(finding: &Finding) -> String {
    let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}: ", kind.name())).unwrap_or_default();
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{object}{}{help}", finding.message)
}

/// JUnit XML: a failed test case a finding, or one that passed.
pub(crate) fn junit(findings: &[Finding]) -> String {
    let failures = findings.iter().filter(|finding| finding.severity > Severity::Info).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"portolan\" tests=\"{}\" failures=\"{failures}\">\n",
        findings.len().max(1)
    );
    if findings.is_empty() {
        out.push_str("    <testcase classname=\"portolan\" name=\"check\"/>\n");
    }
    for finding in findings {
        let place = format!("{}:{}:{}", finding.place.file, finding.place.line, finding.place.column);
        let name = xml(&format!("{} {place}", finding.code));
        out.push_str(&format!("    <testcase classname=\"{}\" name=\"{name}\">\n", xml(&finding.place.file)));
        if finding.severity > Severity::Info {
            let said = xml(&message(finding));
            let kind = finding.severity.name();
            out.push_str(&format!("      <failure type=\"{kind}\" message=\"{said}\">{}</failure>\n", xml(&place)));
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text for XML 1.0: marked up, and without the characters that it cannot hold.
fn xml(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            control if control < ' ' => {}
            other => out.push(other),
        }
    }
    out
}

/// Workflow commands that GitHub turns into annotations.
pub(crate) fn github(findings: &[Finding]) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let line = |finding: &Finding| {
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let place = &finding.place;
        format!(
            "::{command} file={},line={},col={},title={}::{}\n",
            property(&place.file),
            place.line,
            place.column,
            property(finding.code),
            data(&message(finding))
        )
    };
    findings.iter().map(line).collect()
}

/// A Markdown table.
pub(crate) fn markdown(findings: &[Finding]) -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
    let mut out = "| | code | place | finding |\n|---|---|---|---|\n".to_owned();
    for finding in findings {
        let place = format!("{}:{}", finding.place.file, finding.place.line);
        let severity = finding.severity.name();
        out.push_str(&format!("| {severity} | {} | {} | {} |\n", finding.code, cell(&place), cell(&message(finding))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan::cluster::SourcePlace;

    fn finding() -> Finding {
        let place = SourcePlace { file: "a b.yaml".into(), line: 3, column: 5, field: "spec".into() };
        Finding::new("SVC001", Severity::Warning, "selects <no> pod: 100%, a|b\nend", place)
    }

    #[test]
    fn every_form_escapes_what_it_must() {
        let sarif = sarif(&[finding()]).to_string();
        assert!(
            sarif.contains(r#""uri":"a%20b.yaml""#) && sarif.contains(r#""startLine":3,"startColumn":5"#),
            "{sarif}"
        );
        assert!(junit(&[finding()]).contains("selects &lt;no&gt; pod: 100%, a|b end"));
        assert_eq!(
            github(&[finding()]),
            "::warning file=a b.yaml,line=3,col=5,title=SVC001::selects <no> pod: 100%25, a|b%0Aend\n"
        );
        assert!(
            markdown(&[finding()]).ends_with("| warning | SVC001 | a b.yaml:3 | selects <no> pod: 100%, a\\|b end |\n")
        );
        assert!(junit(&[]).contains("tests=\"1\" failures=\"0\""));
    }
}
