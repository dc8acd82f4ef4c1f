//! Whom policies are about: selectors that match nobody, and peers torn apart. What is found is the policy room's; here it
//! gets codes, examples and fixes.

use super::report::{Missed, Shared};
use super::{Report, rule};
use crate::api::meta::LabelSelector;
use crate::api::resource::Kind;
use crate::cluster::Cluster;
use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::finding::{Edit, Severity};
use crate::policy::findings::{self, PolicyFinding, PolicyFlaw};

rule! {
    /// Finds a policy that selects no pod.
    ///
    /// It does nothing. Mostly a label is spelled differently in the pod template, or the policy is in another namespace. Where no
    /// pods stand beside it, in the files of its folder, they may be in others, and nothing is told.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: wbe
    ///   policyTypes:
    ///     - Ingress
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: web
    ///   policyTypes:
    ///     - Ingress
    /// ```
    SELECTS_NOTHING = "NET001", "policy-selects-nothing", Warning, policy_selects_nothing
}

rule! {
    /// Finds a peer that matches no pod, though the files hold the namespace it looks in.
    ///
    /// The rule lets nobody in, or nobody out.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example.com/api:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: api
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: api
    ///   ingress:
    ///     - from:
    ///       - podSelector:
    ///           matchLabels:
    ///             app: wbe
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example.com/api:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: api
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: api
    ///   ingress:
    ///     - from:
    ///       - podSelector:
    ///           matchLabels:
    ///             app: web
    /// ```
    PEER_MATCHES_NOTHING = "NET002", "peer-matches-nothing", Warning, peer_matches_nothing
}

rule! {
    /// Finds two items of a list, one with a `namespaceSelector` and one with a `podSelector`, where one item with both was surely meant.
    ///
    /// Two items mean either: every pod of those namespaces, and those pods of the policy's own.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: front
    ///   labels:
    ///     team: front
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: front
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example.com/api:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: api
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: api
    ///   ingress:
    ///     - from:
    ///       - namespaceSelector:
    ///           matchLabels:
    ///             team: front
    ///       - podSelector:
    ///           matchLabels:
    ///             app: web
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: front
    ///   labels:
    ///     team: front
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: front
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: api
    ///   labels:
    ///     app: api
    /// spec:
    ///   containers:
    ///     - name: api
    ///       image: registry.example.com/api:1
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: api
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: api
    ///   ingress:
    ///     - from:
    ///       - namespaceSelector:
    ///           matchLabels:
    ///             team: front
    ///         podSelector:
    ///           matchLabels:
    ///             app: web
    /// ```
    SPLIT_PEER = "NET006", "split-peer", Warning, split_peer
}

/// What the policy room finds of one flaw.
pub(super) fn found<'a>(
    engine: &Engine,
    flaw: PolicyFlaw,
    shared: &'a Shared<'a>,
) -> impl Iterator<Item = &'a PolicyFinding> {
    let found = shared.policies.get_or_init(|| findings::of(engine.cluster(), engine.policies()));
    found.iter().filter(move |finding| finding.flaw == flaw)
}

fn policy_selects_nothing(engine: &Engine, report: &mut Report<'_>) {
    matches_nothing(engine, PolicyFlaw::SelectsNothing, report);
}

fn peer_matches_nothing(engine: &Engine, report: &mut Report<'_>) {
    matches_nothing(engine, PolicyFlaw::PeerMatchesNothing, report);
}

fn matches_nothing(engine: &Engine, flaw: PolicyFlaw, report: &mut Report<'_>) {
    let shared = report.shared;
    for finding in found(engine, flaw, report.shared) {
        let (kind, key) = &finding.policy;
        let selected = selector_at(engine.cluster(), finding);
        let labels = selected.and_then(|_| shared.labels(report.cluster, &key.namespace));
        // Scaled to nothing: the selector is right.
        if selected.is_some_and(|selector| labels.is_some_and(|known| known.iter().any(|it| selector.matches(it)))) {
            continue;
        }
        let exact = selected.filter(|selector| selector.match_expressions.is_empty());
        let misspelt = exact.and_then(|it| shared.misspelt(report.cluster, &key.namespace, &it.match_labels));
        let pods_are_here = match (flaw, selected) {
            (PolicyFlaw::SelectsNothing, None) => false,
            // It looks in namespaces of others.
            (_, None) => !shared.may_be_elsewhere(report.cluster, (*kind, key), Missed::Nothing),
            (_, Some(_)) => labels.is_some() && !shared.may_be_elsewhere(report.cluster, (*kind, key), Missed::Pods),
        };
        let is_open = misspelt.is_none() && !pods_are_here;
        if is_open && shared.has_files() {
            report.elsewhere += 1;
            continue;
        }
        let help = match &misspelt {
            Some((name, value)) => format!("write {name}: {value}, as the pods have it"),
            None => "make the selector equal to labels of the pods that are meant".to_owned(),
        };
        let severity = if is_open { Severity::Info } else { Severity::Warning };
        let message = finding.message.as_str();
        report.at(*kind, key, &finding.field, message, help).weighing(severity).mend(*kind, key, &|edit| {
            let (name, value) = misspelt.as_ref()?;
            let selector = if flaw == PolicyFlaw::SelectsNothing { "" } else { ".podSelector" };
            let field = format!("{}{selector}.matchLabels[{name}]", finding.field);
            Some(vec![edit.replace(&field, Scalar::Text(value))?])
        });
    }
}

fn split_peer(engine: &Engine, report: &mut Report<'_>) {
    for finding in found(engine, PolicyFlaw::SplitPeer, report.shared) {
        let (kind, key) = &finding.policy;
        report.at(*kind, key, &finding.field, finding.message.as_str(), "put both selectors into one item").mend(
            *kind,
            key,
            &|edit| mend_peer(finding, edit),
        );
    }
}

/// The selector of pods that a finding is about, where it looks in the namespace of its NetworkPolicy.
fn selector_at<'c>(cluster: &'c Cluster, finding: &PolicyFinding) -> Option<&'c LabelSelector> {
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

/// Makes one peer of the two.
fn mend_peer(finding: &PolicyFinding, edit: &Editor<'_>) -> Option<Vec<Edit>> {
    let (list, index) = finding.field.strip_suffix(']')?.rsplit_once('[')?;
    Some(vec![edit.join(list, index.parse().ok()?)?])
}
