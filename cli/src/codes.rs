//! The codes of findings: those of rules, and those of what is met before any rule is asked.

use portolan::finding::Severity;
use portolan::lint::{RULES, by_code};

/// A code explained.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    /// The code.
    pub(crate) code: &'static str,
    /// Its name, in words.
    pub(crate) name: &'static str,
    /// How much its findings weigh.
    pub(crate) severity: Severity,
    /// What it finds and why that matters, Markdown.
    pub(crate) doc: String,
}

/// Code, name, weight and documentation of what is no rule's.
const OTHERS: &[(&str, &str, Severity, &str)] = &[
    (
        "syntax",
        "not-readable",
        Severity::Error,
        "Finds what is neither YAML nor JSON as Kubernetes reads them.\n\nThe message is that of Kubernetes' own reader. The other documents of the file are read all the same.",
    ),
    (
        "object",
        "not-an-object",
        Severity::Error,
        "Finds documents that are no Kubernetes objects.\n\nAn object is a mapping with `apiVersion` and `kind`. A document with neither, such as the values of a chart, is passed over.",
    ),
    (
        "refused",
        "refused-by-the-api-server",
        Severity::Error,
        "Finds objects that kube-apiserver refuses, in its own words.\n\nA refused object is not stored, and what needs it does not find it.",
    ),
    (
        "warning",
        "api-server-warning",
        Severity::Warning,
        "Finds what kube-apiserver takes and warns of, in its own words.",
    ),
    (
        "version",
        "version-no-longer-served",
        Severity::Warning,
        "Finds objects of versions that Kubernetes 1.36 does not serve.\n\nThe server answers 404 to them. They are read as the version that is served, so that the rest can be judged.",
    ),
    (
        "type",
        "value-of-another-type",
        Severity::Error,
        "Finds values of another type than their field has, in objects that are taken as stored.\n\nSuch an object was exported from a cluster, or is of a kind that admission is not asked about. The value is left out.",
    ),
    (
        "nameless",
        "object-without-name",
        Severity::Error,
        "Finds objects without a name, in what is taken as stored.\n\nThey cannot be told from others, and are left out.",
    ),
    (
        "ignore",
        "comment-silences-nothing",
        Severity::Info,
        "Finds comments that should silence findings and silence none.\n\n`# portolan: ignore[CODE]` silences findings on its line or, on a line of its own, on the next;\n`# portolan: ignore-document[CODE]` those in its document, `# portolan: ignore-file[CODE]` those in its file.\nA comment that silences nothing outlives what it was written for, and hides the next finding of that code.",
    ),
];

/// Every code: those of the rules first.
pub(crate) fn all() -> Vec<Code> {
    let rules = RULES.iter().map(|rule| {
        // Doc comments begin every line with a space.
        let doc = rule.doc();
        let lines: Vec<&str> = doc.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        Code { code: rule.code, name: rule.name, severity: rule.severity, doc: lines.join("\n") }
    });
    let others = OTHERS.iter().map(|(code, name, severity, doc)| Code {
        code,
        name,
        severity: *severity,
        doc: (*doc).to_owned(),
    });
    rules.chain(others).collect()
}

/// The code of that name, however its letters are written.
pub(crate) fn find(written: &str) -> Option<Code> {
    let code = by_code(written).map_or(written, |rule| rule.code);
    all().into_iter().find(|known| known.code.eq_ignore_ascii_case(code) || known.name == code)
}

#[cfg(test)]
mod tests {
    use super::{all, find};
    use std::collections::BTreeSet;

    #[test]
    fn every_code_that_can_be_ignored_is_explained_once() {
        let codes: BTreeSet<&str> = all().iter().map(|code| code.code).collect();
        assert_eq!(codes.len(), all().len());
        for code in ["ignore", "nameless", "object", "refused", "syntax", "type", "version", "warning", "SVC001"] {
            assert!(codes.contains(code) && portolan::silence::is_code(code), "{code}");
        }
        assert_eq!(find("service-selects-nothing").unwrap().code, "SVC001");
        assert_eq!(find("svc001").unwrap().code, "SVC001");
        assert!(find("nonsense").is_none());
    }
}
