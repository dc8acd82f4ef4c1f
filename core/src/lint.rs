//! Finds objects that the API server accepts and that will not work: the stored cluster in, findings out.
//!
//! [`rules`](RULES) is the list of rules by code. Each rule is a file of its own, with its page beside it; the wrong and the
//! right example of the page are tests. A rule asks the engines for the effect of an object (which pods a selector matches,
//! where a name leads, what a policy allows) and does not judge its form. `context` holds what several rules look up,
//! `report` collects what they find.

mod backends;
mod certificate;
mod container_ports;
mod context;
pub(crate) mod ingress_controllers;
mod ingress_paths;
mod ingress_tables;
mod mesh;
mod named_target_ports;
mod nginx_annotations;
mod pages;
mod pod_dns_names;
mod policy_findings;
mod report;
mod rules;
mod service_names;
mod service_pods;
mod service_variables;
mod tls_hosts;

use crate::engine::Engine;
use crate::files::{File, OtherPods};
use crate::finding::{Finding, Severity};
use context::LintContext;
pub use pages::{Page, codes, page, pages};
use report::Reporter;
use rules::PAGES;
pub use rules::RULES;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code, never used for another: `SVC001`.
    pub code: &'static str,
    /// Its name, in words: `service-selects-nothing`.
    pub name: &'static str,
    /// The severity of its findings. A finding that is less certain may have a lower one.
    pub severity: Severity,
    check: fn(&Engine, &mut Reporter<'_>),
}

impl Rule {
    /// Its page, Markdown: what it finds, why that matters, a wrong and a right example, what to do.
    pub fn doc(&self) -> &'static str {
        let documented = RULES.iter().zip(PAGES).find(|(rule, _)| rule.code == self.code);
        documented.map_or("", |(_, page)| page)
    }
}

/// The rule of that code or name.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code)
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Every finding of every rule, by rule and then in the order of the objects.
    pub findings: Vec<Finding>,
    /// The number of selectors and names that match no object in the files and were not reported, because the objects may be
    /// defined in other files.
    pub elsewhere: usize,
}

/// Every finding of every rule for a cluster that is known as a whole. There are no fixes, which need the files.
pub fn check(engine: &Engine) -> Vec<Finding> {
    check_files(engine, &[], &[]).findings
}

/// The same for a cluster that was loaded from files, with fixes. The files may define only a part of the cluster. `others`
/// are the pods of objects of unknown kinds.
pub fn check_files(engine: &Engine, files: &[File], others: &[OtherPods]) -> Checked {
    let mut checked = Checked::default();
    let context = LintContext::new(engine, files, others);
    for rule in RULES {
        let mut report =
            Reporter { cluster: engine.cluster(), rule, context: &context, findings: Vec::new(), elsewhere: 0 };
        (rule.check)(engine, &mut report);
        checked.findings.append(&mut report.findings);
        checked.elsewhere += report.elsewhere;
    }
    checked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use crate::load::{LoadMode, load};
    use portolan_base::collections::BTreeSet;

    /// The YAML block under a heading of a rule's documentation.
    fn example(rule: &Rule, heading: &str) -> String {
        let after =
            rule.doc().split_once(&format!("## {heading}")).unwrap_or_else(|| panic!("{}: no {heading}", rule.code)).1;
        let block = after.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
        block.to_owned()
    }

    fn codes(text: &str) -> BTreeSet<&'static str> {
        let file = File { name: "example.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), LoadMode::Admitted);
        assert!(loaded.refused == 0, "{:?}\n{text}", loaded.findings);
        loaded.check().into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn every_rule_finds_its_wrong_example_and_not_its_right_one() {
        for rule in RULES {
            assert!(
                codes(&example(rule, "Wrong")).contains(rule.code),
                "{} does not find its wrong example",
                rule.code
            );
            let right = codes(&example(rule, "Right"));
            assert!(right.is_empty(), "the right example of {} has findings: {right:?}", rule.code);
        }
    }

    /// The findings in a text, which must load.
    #[track_caller]
    fn found(text: &str) -> Vec<Finding> {
        let file = File { name: "example.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), LoadMode::Admitted);
        assert!(loaded.refused == 0, "{:?}\n{text}", loaded.findings);
        loaded.check()
    }

    /// Applies each fix of the rule's findings to its wrong example; returns the number of fixes.
    fn apply_fixes(rule: &Rule, text: &str) -> usize {
        let with_code = |findings: Vec<Finding>| findings.into_iter().filter(|finding| finding.code == rule.code);
        let wrong: Vec<Finding> = with_code(found(text)).collect();
        let fixes: Vec<&Finding> = wrong.iter().filter(|finding| !finding.fix.is_empty()).collect();
        for finding in &fixes {
            let mut edits = finding.fix.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
            let mut fixed = text.to_owned();
            for edit in edits {
                fixed.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
            }
            let left = with_code(found(&fixed)).any(|left| left.message == finding.message);
            assert!(!left, "{} stays after its fix:\n{fixed}", rule.code);
            assert!(with_code(found(&fixed)).count() < wrong.len(), "{} finds more after its fix:\n{fixed}", rule.code);
        }
        fixes.len()
    }

    #[test]
    fn a_fix_removes_its_finding() {
        for rule in RULES {
            let text = example(rule, "Wrong");
            let fixes = apply_fixes(rule, &text);
            // The same in JSON, and behind other documents.
            let json = portolan_yaml::documents(&text).into_iter().map(|node| node.unwrap().to_json().to_pretty());
            assert_eq!(apply_fixes(rule, &json.collect::<Vec<_>>().join("\n")), fixes, "{} in JSON", rule.code);
            assert_eq!(apply_fixes(rule, &format!("# é\n---\n{text}")), fixes, "{} behind another document", rule.code);
            assert_eq!(apply_fixes(rule, &text.replace('\n', "\r\n")), fixes, "{} with CRLF", rule.code);
        }
    }

    #[test]
    fn codes_and_names_are_given_once() {
        let codes: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!((codes.len(), names.len()), (RULES.len(), RULES.len()));
        assert!(
            by_code("svc001").is_some()
                && by_code("service-selects-nothing").is_some()
                && by_code("nonsense").is_none()
        );
    }
}
