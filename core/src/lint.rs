//! What is accepted and will not work: a file a rule, the stored cluster in, findings out.
//!
//! A rule looks at effect, not at form: it asks the engines which pods a selector picks, where a name leads, what a
//! policy lets through. Its documentation is the text in its declaration; the wrong and the right example in it are its tests.

mod endpoints;
mod environment;
mod external_name;
mod headless;
mod ingress_backend;
mod ingress_path;
mod ingress_tls;
mod network_policy;
mod service_ports;
mod traffic_policy;

use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::finding::{Finding, Severity};
use crate::policy::findings::PolicyFinding;
use std::cell::OnceCell;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code, never used for another: `SVC001`.
    pub code: &'static str,
    /// Its name, in words: `service-selects-nothing`.
    pub name: &'static str,
    /// How much its findings weigh.
    pub severity: Severity,
    /// Its documentation, Markdown: what it finds, why that matters, a wrong and a right example.
    pub doc: &'static str,
    check: fn(&Engine, &mut Report<'_>),
}

/// Declares a rule from its documentation.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $rule:ident = $code:literal, $name:literal, $severity:ident, $check:path) => {
        $(#[doc = $doc])*
        pub(super) const $rule: $crate::lint::Rule = $crate::lint::Rule {
            code: $code,
            name: $name,
            severity: $crate::finding::Severity::$severity,
            doc: concat!($($doc, "\n"),*),
            check: $check,
        };
    };
}
use rule;

/// Every rule, by code. A code that was given once is never given again.
pub const RULES: &[Rule] = &[
    environment::SERVICE_VARIABLE_SHADOWED,
    environment::SERVICE_VARIABLES_COLLIDE,
    ingress_backend::NO_SERVICE,
    ingress_backend::NO_PORT,
    ingress_backend::NO_ENDPOINT,
    ingress_path::EXPRESSION_IN_PLAIN_PATH,
    ingress_path::SAME_HOST_AND_PATH,
    ingress_tls::NO_SECRET,
    endpoints::SELECTS_NOTHING,
    service_ports::NAMED_PORT_MISSING,
    service_ports::NAMED_PORT_SOMETIMES_MISSING,
    external_name::IS_ADDRESS,
    external_name::IS_ITSELF,
    traffic_policy::NO_LOCAL_ENDPOINT,
    headless::STATEFUL_SET_SERVICE,
    headless::NO_RECORD,
    network_policy::SELECTS_NOTHING,
    network_policy::PEER_MATCHES_NOTHING,
    network_policy::RULE_COVERED,
    network_policy::DNS_CUT_OFF,
    network_policy::SERVICE_PORT,
    network_policy::SPLIT_PEER,
];

/// The rule of that code or name.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code)
}

/// Every finding of every rule, by rule and then in the order of the objects.
pub fn check(engine: &Engine) -> Vec<Finding> {
    let mut findings = Vec::new();
    let policies = OnceCell::new();
    for rule in RULES {
        let mut report = Report { cluster: engine.cluster(), rule, policies: &policies, findings: &mut findings };
        (rule.check)(engine, &mut report);
    }
    findings
}

/// Where a rule puts what it finds.
#[derive(Debug)]
struct Report<'a> {
    cluster: &'a Cluster,
    rule: &'static Rule,
    /// What the policy room finds, looked for once and told by several rules.
    policies: &'a OnceCell<Vec<PolicyFinding>>,
    findings: &'a mut Vec<Finding>,
}

impl Report<'_> {
    /// Adds a finding at a field of an object. An object that comes from no file (a made-up pod) has no place, and gets none.
    fn at(&mut self, kind: Kind, key: &ObjectKey, field: &str, message: impl Into<String>, help: &str) {
        let Some(source) = self.cluster.source(kind, key) else { return };
        let finding = Finding::new(self.rule.code, self.rule.severity, message, source.place_of(field));
        self.findings.push(finding.about(kind, key.clone()).with_help(help));
    }

    /// Notes another place that the last finding is about.
    fn and(&mut self, kind: Kind, key: &ObjectKey, field: &str, text: impl Into<String>) {
        if let Some(source) = self.cluster.source(kind, key)
            && let Some(finding) = self.findings.last_mut()
        {
            finding.related.push((text.into(), source.place_of(field)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use crate::load::{File, Taking, load};
    use std::collections::BTreeSet;

    /// The YAML block under a heading of a rule's documentation.
    fn example(rule: &Rule, heading: &str) -> String {
        let after =
            rule.doc.split_once(&format!("## {heading}")).unwrap_or_else(|| panic!("{}: no {heading}", rule.code)).1;
        let block = after.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
        // Doc comments begin every line with a space.
        block.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    fn codes(text: &str) -> BTreeSet<&'static str> {
        let file = File { name: "example.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
        assert!(loaded.refused == 0, "{:?}\n{text}", loaded.findings);
        check(&loaded.engine).into_iter().map(|finding| finding.code).collect()
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
