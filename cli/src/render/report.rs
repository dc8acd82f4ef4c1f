//! Findings in the forms that other tools read: findings come in; JUnit, GitHub commands or Markdown go out.

use crate::terminal::escape;

use portolan::finding::{Finding, Severity};

/// The finding in one line: the object, what was found, what to do.
pub(super) fn message(finding: &Finding) -> String {
    let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}: ", kind.name())).unwrap_or_default();
    let help = finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{object}{}{help}", finding.message)
}

/// JUnit XML: one failed test case per finding, or one test case that passed.
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
            control if control < ' ' || matches!(control, '\u{fffe}' | '\u{ffff}') => {}
            other => out.push(other),
        }
    }
    out
}

/// Workflow commands that GitHub turns into annotations.
pub(crate) fn github(findings: &[Finding]) -> String {
    // Line breaks have their own escapes; every other control character is written out.
    let visible = |text: &str| text.split('\n').map(escape).collect::<Vec<_>>().join("\n");
    let data = |text: &str| visible(&text.replace('%', "%25").replace('\r', "%0D")).replace('\n', "%0A");
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

/// Text for a cell of a Markdown table: on one line, and without meaning for Markdown, HTML, or mentions and references as
/// GitHub and GitLab read them.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for character in escape(&text.replace(['\n', '\r'], " ")).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A backslash does not stop a mention.
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '!' | '~' | '|' | '{' | '}' => {
                out.extend(['\\', character])
            }
            other => out.push(other),
        }
    }
    // GitHub makes links of bare addresses.
    out.replace("://", "&#58;//").replace("www.", "www&#46;")
}

/// A Markdown table.
pub(crate) fn markdown(findings: &[Finding]) -> String {
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
    use portolan::cluster::Location;

    fn finding() -> Finding {
        let place = Location { file: "a b.yaml".into(), line: 3, column: 5, field: "spec".into() };
        Finding::new("SVC001", Severity::Warning, "selects <no> pod: 100%, a|b\nend", place)
    }

    #[test]
    fn every_form_escapes_what_it_must() {
        assert!(junit(&[finding()]).contains("selects &lt;no&gt; pod: 100%, a|b end"));
        assert_eq!(
            github(&[finding()]),
            "::warning file=a b.yaml,line=3,col=5,title=SVC001::selects <no> pod: 100%25, a|b%0Aend\n"
        );
        assert!(
            markdown(&[finding()])
                .ends_with("| warning | SVC001 | a b.yaml:3 | selects &lt;no&gt; pod: 100%, a\\|b end |\n")
        );
        assert!(junit(&[]).contains("tests=\"1\" failures=\"0\""));
    }

    #[test]
    fn names_forge_no_commands_and_no_markup() {
        let mut finding = finding();
        finding.place.file = "a\n::error file=x::pwned.yaml".to_owned();
        finding.message = "<img src=x> `a` [x](https://x) @team\u{1b}[2K\u{202e}\r".to_owned();
        let annotation = github(std::slice::from_ref(&finding));
        assert_eq!(annotation.lines().count(), 1, "{annotation}");
        assert!(annotation.starts_with("::warning file=a%0A%3A%3Aerror file=x%3A%3Apwned.yaml,"), "{annotation}");
        assert!(!annotation.contains(['\u{1b}', '\u{202e}']), "{annotation}");
        let table = markdown(&[finding]);
        assert!(
            table.ends_with(
                " | &lt;img src=x&gt; \\`a\\` \\[x\\]\\(https&#58;//x\\) &#64;team\\\\u\\{1b\\}\\[2K\\\\u\\{202e\\}  |\n"
            ),
            "{table}"
        );
        assert_eq!(table.lines().count(), 3, "{table}");
    }
}
