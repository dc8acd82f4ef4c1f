//! What is accepted and will not work: a file a rule, the stored cluster in, findings out.
//!
//! A rule looks at effect, not at form: it asks the engines which pods a selector picks, where a name leads, what a
//! policy lets through. Its documentation is the text in its declaration; the wrong and the right example in it are its tests.

mod annotation;
mod certificate;
mod endpoint_slices;
mod endpoints;
pub(crate) mod environment;
mod external_name;
mod headless;
mod ingress_backend;
mod ingress_class;
mod ingress_path;
pub(crate) mod ingress_policy;
mod ingress_route;
mod ingress_tls;
mod network_policy;
mod node_port;
mod pod_ports;
mod policy_rules;
mod policy_traffic;
mod report;
mod service_names;
mod service_overlap;
mod service_ports;
mod service_settings;
mod session_affinity;
mod target_port;
mod traffic_policy;

use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::finding::{Finding, Severity};
use crate::load::{File, OtherPods};
use report::{Report, Shared};

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its code, never used for another: `SVC001`.
    pub code: &'static str,
    /// Its name, in words: `service-selects-nothing`.
    pub name: &'static str,
    /// How much its findings weigh; one that is less sure may weigh less.
    pub severity: Severity,
    check: fn(&Engine, &mut Report<'_>),
}

impl Rule {
    /// Its documentation, Markdown: what it finds, why that matters, a wrong and a right example.
    pub fn doc(&self) -> &'static str {
        // Apart from the rules, so that a program that never asks does not carry the texts.
        let documented = RULES.iter().zip(DOCS).find(|(rule, _)| rule.code == self.code);
        documented.map_or("", |(_, doc)| doc)
    }
}

/// A rule and its documentation, as they are declared.
struct Documented {
    rule: Rule,
    doc: &'static str,
}

/// Declares a rule from its documentation.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $rule:ident = $code:literal, $name:literal, $severity:ident, $check:path) => {
        $(#[doc = $doc])*
        pub(super) const $rule: $crate::lint::Documented = $crate::lint::Documented {
            rule: $crate::lint::Rule {
                code: $code,
                name: $name,
                severity: $crate::finding::Severity::$severity,
                check: $check,
            },
            doc: concat!($($doc, "\n"),*),
        };
    };
}
use rule;

/// Lists the rules, and their documentation beside them.
macro_rules! rules {
    ($($file:ident::$rule:ident,)*) => {
        /// Every rule, by code. A code that was given once is never given again.
        pub const RULES: &[Rule] = &[$($file::$rule.rule),*];
        const DOCS: &[&str] = &[$($file::$rule.doc),*];
    };
}

rules![
    endpoint_slices::NO_SERVICE,
    endpoint_slices::OVERWRITTEN,
    endpoint_slices::OTHER_PORT,
    environment::SERVICE_VARIABLE_SHADOWED,
    environment::SERVICE_VARIABLES_COLLIDE,
    ingress_backend::NO_SERVICE,
    ingress_backend::NO_PORT,
    ingress_backend::NO_ENDPOINT,
    ingress_path::EXPRESSION_IN_PLAIN_PATH,
    ingress_path::SAME_HOST_AND_PATH,
    ingress_tls::NO_SECRET,
    ingress_route::SHADOWED,
    ingress_route::NOT_UNDERSTOOD,
    ingress_policy::CUT_OFF,
    ingress_tls::OTHER_HOST,
    annotation::UNKNOWN,
    annotation::WITHOUT_EFFECT,
    ingress_class::UNDEFINED,
    ingress_class::NO_CLASS,
    ingress_tls::NO_CERTIFICATE,
    endpoints::SELECTS_NOTHING,
    service_ports::NAMED_PORT_MISSING,
    service_ports::NAMED_PORT_SOMETIMES_MISSING,
    external_name::IS_ADDRESS,
    external_name::IS_ITSELF,
    traffic_policy::NO_LOCAL_ENDPOINT,
    target_port::UNDECLARED,
    service_overlap::OVERLAP,
    node_port::OUT_OF_RANGE,
    node_port::TAKEN,
    target_port::HEADLESS,
    session_affinity::AFFINITY,
    service_settings::NOT_READY,
    service_settings::PORT_NAME,
    service_settings::EXPOSED,
    service_settings::PORTS_CONFLICT,
    headless::STATEFUL_SET_SERVICE,
    headless::NO_RECORD,
    service_names::HOST_DNS,
    service_names::DANGLING,
    network_policy::SELECTS_NOTHING,
    network_policy::PEER_MATCHES_NOTHING,
    policy_traffic::RULE_COVERED,
    policy_traffic::DNS_CUT_OFF,
    policy_traffic::SERVICE_PORT,
    network_policy::SPLIT_PEER,
    policy_rules::WITHOUT_TYPE,
    policy_rules::NOT_ISOLATED,
    policy_rules::SERVICE_ADDRESS,
    pod_ports::NAMED_TWICE,
    pod_ports::NUMBERED_TWICE,
    pod_ports::PROBE,
];

/// The rule of that code or name.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(code) || rule.name == code)
}

/// What the rules say of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Every finding of every rule, by rule and then in the order of the objects.
    pub findings: Vec<Finding>,
    /// How many selectors and names lead to nothing in the files, and nothing in them says that they should: what they lead
    /// to may stand in other files.
    pub elsewhere: usize,
}

/// Every finding of every rule, without fixes, which need the files. The cluster is known as a whole.
pub fn check(engine: &Engine) -> Vec<Finding> {
    check_files(engine, &[], &[]).findings
}

/// The same, with fixes for what stands in these files, and with the pods in view that objects of other kinds make. The
/// files may be a part of what runs in the cluster.
pub fn check_files(engine: &Engine, files: &[File], others: &[OtherPods]) -> Checked {
    let mut checked = Checked::default();
    let shared = Shared::new(engine, files, others);
    for rule in RULES {
        let mut report =
            Report { cluster: engine.cluster(), rule, shared: &shared, findings: Vec::new(), elsewhere: 0 };
        (rule.check)(engine, &mut report);
        checked.findings.append(&mut report.findings);
        checked.elsewhere += report.elsewhere;
    }
    checked
}

/// Where a pod is written: itself, or the workload that it stands for, with what stands before `spec` in it.
fn template_of<'e>(engine: &'e Engine, pod: &'e ObjectKey) -> (Kind, &'e ObjectKey, &'static str) {
    let (kind, key) = engine.standing_for(pod).map_or((Kind::Pod, pod), |(kind, key)| (*kind, key));
    let before = match kind {
        Kind::Pod => "",
        Kind::CronJob => "spec.jobTemplate.spec.template.",
        _ => "spec.template.",
    };
    (kind, key, before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use crate::load::{Taking, load};
    use portolan_base::collections::BTreeSet;

    /// The YAML block under a heading of a rule's documentation.
    fn example(rule: &Rule, heading: &str) -> String {
        let after =
            rule.doc().split_once(&format!("## {heading}")).unwrap_or_else(|| panic!("{}: no {heading}", rule.code)).1;
        let block = after.split_once("```yaml\n").unwrap().1.split_once("```").unwrap().0;
        // Doc comments begin every line with a space.
        block.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    }

    fn codes(text: &str) -> BTreeSet<&'static str> {
        let file = File { name: "example.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
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

    /// What is found in a text, which has to load.
    #[track_caller]
    fn found(text: &str) -> Vec<Finding> {
        let file = File { name: "example.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
        assert!(loaded.refused == 0, "{:?}\n{text}", loaded.findings);
        loaded.check()
    }

    /// Applies every fix of a rule's findings to its wrong example; gives how many there are.
    fn mend(rule: &Rule, text: &str) -> usize {
        let with_code = |findings: Vec<Finding>| findings.into_iter().filter(|finding| finding.code == rule.code);
        let wrong: Vec<Finding> = with_code(found(text)).collect();
        let fixes: Vec<&Finding> = wrong.iter().filter(|finding| !finding.fix.is_empty()).collect();
        for finding in &fixes {
            let mut edits = finding.fix.clone();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.range.start));
            let mut mended = text.to_owned();
            for edit in edits {
                mended.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
            }
            let left = with_code(found(&mended)).any(|left| left.message == finding.message);
            assert!(!left, "{} stays after its fix:\n{mended}", rule.code);
            assert!(
                with_code(found(&mended)).count() < wrong.len(),
                "{} finds more after its fix:\n{mended}",
                rule.code
            );
        }
        fixes.len()
    }

    #[test]
    fn a_fix_takes_its_finding_away() {
        for rule in RULES {
            let text = example(rule, "Wrong");
            let fixes = mend(rule, &text);
            // The same in JSON, and behind other documents.
            let json = portolan_yaml::documents(&text).into_iter().map(|node| node.unwrap().to_json().to_pretty());
            assert_eq!(mend(rule, &json.collect::<Vec<_>>().join("\n")), fixes, "{} in JSON", rule.code);
            assert_eq!(mend(rule, &format!("# é\n---\n{text}")), fixes, "{} behind another document", rule.code);
            assert_eq!(mend(rule, &text.replace('\n', "\r\n")), fixes, "{} with CRLF", rule.code);
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
