//! Findings of the policy room as findings of rules: selectors and rules of policies in, findings with messages and
//! fixes out.

use crate::api::meta::LabelSelector;
use crate::api::resource::Kind;
use crate::cluster::Cluster;
use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::finding::{Edit, Severity};
use crate::lint::context::{AbsenceScope, LintContext};
use crate::lint::report::Reporter;
use crate::policy::findings::{self, PolicyFinding, PolicyFlaw};

/// What the policy room finds of one flaw.
pub(super) fn found<'a>(
    engine: &Engine,
    flaw: PolicyFlaw,
    context: &'a LintContext<'a>,
) -> impl Iterator<Item = &'a PolicyFinding> {
    let found = context.policies.get_or_init(|| findings::of(engine.cluster(), engine.policies()));
    found.iter().filter(move |finding| finding.flaw == flaw)
}

pub(super) fn matches_nothing(engine: &Engine, flaw: PolicyFlaw, report: &mut Reporter<'_>) {
    let context = report.context;
    for finding in found(engine, flaw, report.context) {
        let (kind, key) = &finding.policy;
        let selected = selector_at(engine.cluster(), finding);
        let labels = selected.and_then(|_| context.labels(report.cluster, &key.namespace));
        // Scaled to nothing: the selector is right.
        if selected.is_some_and(|selector| labels.is_some_and(|known| known.iter().any(|it| selector.matches(it)))) {
            continue;
        }
        let exact = selected.filter(|selector| selector.match_expressions.is_empty());
        let misspelt = exact.and_then(|it| context.misspelt(report.cluster, &key.namespace, &it.match_labels));
        let pods_are_here = match (flaw, selected) {
            (PolicyFlaw::SelectsNothing, None) => false,
            // It looks in namespaces of others.
            (_, None) => !context.may_be_elsewhere(report.cluster, (*kind, key), AbsenceScope::Nothing),
            (_, Some(_)) => {
                labels.is_some() && !context.may_be_elsewhere(report.cluster, (*kind, key), AbsenceScope::Pods)
            }
        };
        let is_open = misspelt.is_none() && !pods_are_here;
        if is_open && context.has_files() {
            report.elsewhere += 1;
            continue;
        }
        let help = match &misspelt {
            Some((name, value)) => format!("write `{name}: {value}`, a label of the pods"),
            None => "make the selector equal to labels of the pods".to_owned(),
        };
        let severity = if is_open { Severity::Info } else { Severity::Warning };
        let message = finding.message.as_str();
        report.at(*kind, key, &finding.field, message, help).weighing(severity).fix(*kind, key, &|edit| {
            let written = |label: &str| selected?.match_labels.get(label);
            let is_name = |label: &str| written(label).is_some_and(|written| context.is_name(written));
            let (name, value) = misspelt.as_ref().filter(|(label, _)| !is_name(label))?;
            let selector = if flaw == PolicyFlaw::SelectsNothing { "" } else { ".podSelector" };
            let field = format!("{}{selector}.matchLabels[{name}]", finding.field);
            Some(vec![edit.replace(&field, Scalar::Text(value))?])
        });
    }
}

/// The selector of pods that a finding is about, where it looks in the namespace of its NetworkPolicy.
pub(super) fn selector_at<'c>(cluster: &'c Cluster, finding: &PolicyFinding) -> Option<&'c LabelSelector> {
    let (kind, key) = &finding.policy;
    let policy = cluster.network_policies.by_key(key).filter(|_| *kind == Kind::NetworkPolicy)?;
    if finding.flaw == PolicyFlaw::SelectsNothing {
        return Some(&policy.spec.pod_selector);
    }
    let mut numbers = finding.field.split(['[', ']']).filter_map(|part| part.parse::<usize>().ok());
    let (rule, peer) = (numbers.next()?, numbers.next()?);
    let peers = match finding.field.starts_with("spec.ingress") {
        true => policy.spec.ingress.as_ref()?.get(rule)?.from.as_ref()?,
        false => policy.spec.egress.as_ref()?.get(rule)?.to.as_ref()?,
    };
    let peer = peers.get(peer)?;
    peer.pod_selector.as_ref().filter(|_| peer.namespace_selector.is_none())
}

/// The edits that fix a finding, where there are some.
type Fix<'f> = dyn Fn(&PolicyFinding, &Editor<'_>) -> Option<Vec<Edit>> + 'f;

/// Reports every finding of one flaw, with its fix.
pub(super) fn report_all(engine: &Engine, flaw: PolicyFlaw, help: &str, fix: &Fix<'_>, report: &mut Reporter<'_>) {
    for finding in found(engine, flaw, report.context) {
        let (kind, key) = &finding.policy;
        let mut reported = report.at(*kind, key, &finding.field, finding.message.as_str(), help);
        if let Some((kind, key, field)) = &finding.other {
            reported = reported.and(*kind, key, field, "the other");
        }
        reported.fix(*kind, key, &|edit| fix(finding, edit));
    }
}
