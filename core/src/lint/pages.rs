//! The pages of all codes: those of the rules, and those of findings that no rule makes (errors of reading, refusals and
//! warnings of the API server, comments that suppress nothing).

use super::{RULES, by_code};
use crate::finding::Severity;

/// The page of a code.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The code: `SVC001`.
    pub code: &'static str,
    /// Its name, in words: `service-selects-nothing`.
    pub name: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// Markdown: what the code finds (the first line), why it matters, a wrong and a right example, what to do.
    pub text: &'static str,
}

/// Code, name and severity of findings that no rule makes.
const OTHERS: [(&str, &str, Severity); 9] = [
    ("syntax", "not-readable", Severity::Error),
    ("object", "not-an-object", Severity::Error),
    ("kind", "kind-unknown", Severity::Error),
    ("refused", "refused-by-the-api-server", Severity::Error),
    ("warning", "api-server-warning", Severity::Warning),
    ("version", "version-no-longer-served", Severity::Warning),
    ("type", "value-of-another-type", Severity::Error),
    ("nameless", "object-without-name", Severity::Error),
    ("ignore", "comment-suppresses-nothing", Severity::Info),
];

/// Their pages, in the same order. Apart from the codes, so that a program that shows no page carries none.
const TEXTS: [&str; 9] = [
    include_str!("pages/syntax.md"),
    include_str!("pages/object.md"),
    include_str!("pages/kind.md"),
    include_str!("pages/refused.md"),
    include_str!("pages/warning.md"),
    include_str!("pages/version.md"),
    include_str!("pages/type.md"),
    include_str!("pages/nameless.md"),
    include_str!("pages/ignore.md"),
];

/// Every code that a finding may have: those of the rules first.
pub fn codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.code).chain(OTHERS.iter().map(|(code, _, _)| *code))
}

/// The page of every code, in the same order.
pub fn pages() -> impl Iterator<Item = Page> {
    let rules =
        RULES.iter().map(|rule| Page { code: rule.code, name: rule.name, severity: rule.severity, text: rule.doc() });
    let others =
        OTHERS.iter().zip(TEXTS).map(|((code, name, severity), text)| Page { code, name, severity: *severity, text });
    rules.chain(others)
}

/// The page of a code or of the name of one, in upper or lower case.
pub fn page(written: &str) -> Option<Page> {
    let code = by_code(written).map_or(written, |rule| rule.code);
    pages().find(|page| page.code.eq_ignore_ascii_case(code) || page.name == code)
}

#[cfg(test)]
mod tests {
    use super::{OTHERS, TEXTS, codes, page};
    use crate::cluster::Options;
    use crate::finding::Finding;
    use crate::load::{File, LoadMode, load};
    use portolan_base::collections::BTreeSet;

    /// The YAML block under a heading of a page.
    fn example<'p>(page: &'p str, heading: &str) -> &'p str {
        let after = page.split_once(&format!("## {heading}")).unwrap_or_else(|| panic!("no {heading} in {page}")).1;
        after.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0
    }

    fn findings(text: &str) -> Vec<Finding> {
        let files = [File { name: "example.yaml".into(), text: text.into() }];
        load(&files, Options::default(), LoadMode::Admitted).check()
    }

    /// The text with the edits of all findings applied.
    fn fixed(text: &str, findings: &[Finding]) -> String {
        let mut edits: Vec<_> = findings.iter().flat_map(|finding| &finding.fix).collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
        let mut fixed = text.to_owned();
        for edit in edits {
            fixed.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
        }
        fixed
    }

    #[test]
    fn every_page_shows_a_wrong_and_a_right_example() {
        for ((code, _, severity), page) in OTHERS.iter().zip(TEXTS) {
            let wrong = findings(example(page, "Wrong"));
            let found = wrong.iter().any(|finding| finding.code == *code && finding.severity == *severity);
            assert!(found && wrong.iter().all(|finding| finding.code == *code), "{code}: {wrong:?}");
            let right = findings(example(page, "Right"));
            assert!(right.is_empty(), "the right example of {code}: {right:?}");
        }
    }

    #[test]
    fn a_fix_makes_the_right_example() {
        for code in ["refused", "warning", "version", "ignore"] {
            let page = page(code).unwrap().text;
            for ending in ["\n", "\r\n"] {
                let text = example(page, "Wrong").replace('\n', ending);
                let wrong = findings(&text);
                assert!(wrong.iter().all(|finding| !finding.fix.is_empty()), "{code}: {wrong:?}");
                assert_eq!(fixed(&text, &wrong), example(page, "Right").replace('\n', ending), "{code}");
            }
        }
    }

    #[test]
    fn an_old_ingress_in_any_style_is_converted() {
        let flow = "{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: a}, spec: {backend: {serviceName: 'a', servicePort: http}}}";
        let served = "{apiVersion: \"networking.k8s.io/v1\", kind: Ingress, metadata: {name: a}, spec: {\"defaultBackend\": {service: {name: 'a', port: {name: http}}}}}";
        assert_eq!(fixed(flow, &findings(flow)), served);
        // No fix where the result would be another Ingress, or lose a comment.
        for left in [
            flow.replace("http", "'80'"),
            flow.replace("servicePort: http", "resource: {kind: x, name: y}"),
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\nspec:\n  backend:\n    serviceName: a # it\n    servicePort: 80\n".to_owned(),
        ] {
            let found: Vec<Finding> = findings(&left).into_iter().filter(|it| it.code == "version").collect();
            assert_eq!((found.len(), fixed(&left, &found)), (1, left.clone()));
        }
    }

    #[test]
    fn every_code_can_be_ignored_and_has_one_page() {
        let known: BTreeSet<&str> = codes().collect();
        assert_eq!(known.len(), codes().count());
        for code in known {
            assert!(crate::suppression::is_code(code) && page(code).is_some_and(|page| page.code == code), "{code}");
        }
        assert_eq!(page("service-selects-nothing").unwrap().code, "SVC001");
        assert_eq!(page("svc001").unwrap().code, "SVC001");
        assert!(page("nonsense").is_none());
    }

    #[test]
    fn the_first_line_of_a_page_is_a_sentence() {
        for page in super::pages() {
            let first = page.text.lines().next().unwrap();
            assert!(first.starts_with("Finds ") && first.ends_with('.'), "{}: {first}", page.code);
            assert!(page.text.contains("\n## What to do\n"), "{}", page.code);
        }
    }
}
