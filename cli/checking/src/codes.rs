//! The codes of findings: those of rules, and those of what is met before any rule is asked.

use portolan::finding::Severity;
use portolan::lint::{RULES, by_code};

/// A code explained.
#[derive(Clone, Debug)]
pub struct Code {
    /// The code.
    pub code: &'static str,
    /// Its name, in words.
    pub name: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// What it finds and why that matters, Markdown.
    pub doc: String,
}

/// Code, name, weight and documentation of what is no rule's: what it finds, why that matters, a wrong and a right example.
const OTHERS: &[(&str, &str, Severity, &str)] = &[
    ("syntax", "not-readable", Severity::Error, include_str!("codes/syntax.md")),
    ("object", "not-an-object", Severity::Error, include_str!("codes/object.md")),
    ("kind", "kind-unknown", Severity::Error, include_str!("codes/kind.md")),
    ("refused", "refused-by-the-api-server", Severity::Error, include_str!("codes/refused.md")),
    ("warning", "api-server-warning", Severity::Warning, include_str!("codes/warning.md")),
    ("version", "version-no-longer-served", Severity::Warning, include_str!("codes/version.md")),
    ("type", "value-of-another-type", Severity::Error, include_str!("codes/type.md")),
    ("nameless", "object-without-name", Severity::Error, include_str!("codes/nameless.md")),
    ("ignore", "comment-silences-nothing", Severity::Info, include_str!("codes/ignore.md")),
];

/// Every code: those of the rules first.
pub fn all() -> Vec<Code> {
    let rules = RULES.iter().map(|rule| Code {
        code: rule.code,
        name: rule.name,
        severity: rule.severity,
        doc: rule.doc().to_owned(),
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
pub fn find(written: &str) -> Option<Code> {
    let code = by_code(written).map_or(written, |rule| rule.code);
    all().into_iter().find(|known| known.code.eq_ignore_ascii_case(code) || known.name == code)
}

#[cfg(test)]
mod tests {
    use super::{OTHERS, all, find};
    use crate::advice::advise;
    use portolan::cluster::Options;
    use portolan::finding::Finding;
    use portolan::load::{File, LoadMode, load};
    use std::collections::BTreeSet;

    /// The YAML block under a heading of a page.
    fn example<'p>(page: &'p str, heading: &str) -> &'p str {
        let after = page.split_once(&format!("## {heading}")).unwrap_or_else(|| panic!("no {heading} in {page}")).1;
        after.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0
    }

    fn findings(text: &str) -> Vec<Finding> {
        let files = [File { name: "example.yaml".into(), text: text.into() }];
        let loaded = load(&files, Options::default(), LoadMode::Admitted);
        loaded.check().into_iter().map(advise).collect()
    }

    /// What is left after every edit of the findings is made.
    fn mended(text: &str, findings: &[Finding]) -> String {
        let mut edits: Vec<_> = findings.iter().flat_map(|finding| &finding.fix).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
        let mut mended = text.to_owned();
        for edit in edits {
            mended.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        mended
    }

    #[test]
    fn every_page_shows_a_wrong_and_a_right_example() {
        for (code, _, severity, page) in OTHERS {
            let wrong = findings(example(page, "Wrong"));
            let found = wrong.iter().any(|finding| finding.code == *code && finding.severity == *severity);
            assert!(found && wrong.iter().all(|finding| finding.code == *code), "{code}: {wrong:?}");
            let right = findings(example(page, "Right"));
            assert!(right.is_empty(), "the right example of {code}: {right:?}");
        }
    }

    #[test]
    fn what_can_be_mended_becomes_right() {
        for code in ["refused", "warning", "version", "ignore"] {
            let page = OTHERS.iter().find(|other| other.0 == code).unwrap().3;
            for ending in ["\n", "\r\n"] {
                let text = example(page, "Wrong").replace('\n', ending);
                let wrong = findings(&text);
                assert!(wrong.iter().all(|finding| !finding.fix.is_empty()), "{code}: {wrong:?}");
                assert_eq!(mended(&text, &wrong), example(page, "Right").replace('\n', ending), "{code}");
            }
        }
    }

    #[test]
    fn an_old_ingress_in_any_style_is_written_anew() {
        let flow = "{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: a}, spec: {backend: {serviceName: 'a', servicePort: http}}}";
        let served = "{apiVersion: \"networking.k8s.io/v1\", kind: Ingress, metadata: {name: a}, spec: {\"defaultBackend\": {service: {name: 'a', port: {name: http}}}}}";
        assert_eq!(mended(flow, &findings(flow)), served);
        // What would be another Ingress, or lose a comment, is left alone.
        for left in [
            flow.replace("http", "'80'"),
            flow.replace("servicePort: http", "resource: {kind: x, name: y}"),
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  backend:\n    serviceName: a # it\n    servicePort: 80\n".to_owned(),
        ] {
            let found: Vec<Finding> = findings(&left).into_iter().filter(|it| it.code == "version").collect();
            assert_eq!((found.len(), mended(&left, &found)), (1, left.clone()));
        }
    }

    #[test]
    fn every_code_that_can_be_ignored_is_explained_once() {
        let codes: BTreeSet<&str> = all().iter().map(|code| code.code).collect();
        assert_eq!(codes.len(), all().len());
        for code in
            ["ignore", "kind", "nameless", "object", "refused", "syntax", "type", "version", "warning", "SVC001"]
        {
            assert!(codes.contains(code) && portolan::silence::is_code(code), "{code}");
        }
        assert_eq!(find("service-selects-nothing").unwrap().code, "SVC001");
        assert_eq!(find("svc001").unwrap().code, "SVC001");
        assert!(find("nonsense").is_none());
    }
}
