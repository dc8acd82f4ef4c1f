//! Policies that say what they hardly mean. What is found is the policy room's; here it gets codes and examples.

use super::{Report, rule};
use crate::api::meta::{IntOrString, LabelSelector};
use crate::cluster::Cluster;
use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::finding::{Edit, Severity};
use crate::policy::findings::{self, PolicyFinding, PolicyFlaw};

rule! {
    /// Finds a policy that selects no pod.
    ///
    /// It does nothing. Mostly a label is spelled differently in the pod template, or the policy is in another namespace.
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

fn policy_selects_nothing(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::SelectsNothing, "make the selector equal to labels of the pods it is for", report);
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

fn peer_matches_nothing(engine: &Engine, report: &mut Report<'_>) {
    look(
        engine,
        PolicyFlaw::PeerMatchesNothing,
        "make the selector equal to labels of the pods that are meant",
        report,
    );
}

rule! {
    /// Finds a rule that another rule makes needless: whatever it lets through, the other lets through already.
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
    ///             app: web
    ///     - {}
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
    RULE_COVERED = "NET003", "rule-covered", Info, rule_covered
}

fn rule_covered(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::RuleCovered, "take one of the two out", report);
}

rule! {
    /// Finds pods that are isolated for egress and may reach others, but not their DNS.
    ///
    /// Every name fails to resolve, and so every connection by name.
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
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: web
    ///   policyTypes:
    ///     - Egress
    ///   egress:
    ///     - to:
    ///       - podSelector:
    ///           matchLabels:
    ///             app: api
    ///       ports:
    ///         - port: 8080
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
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: web
    ///   policyTypes:
    ///     - Egress
    ///   egress:
    ///     - to:
    ///       - podSelector:
    ///           matchLabels:
    ///             app: api
    ///     - ports:
    ///         - port: 53
    ///           protocol: UDP
    ///         - port: 53
    ///           protocol: TCP
    /// ```
    DNS_CUT_OFF = "NET004", "dns-cut-off", Warning, dns_cut_off
}

fn dns_cut_off(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::DnsCutOff, "let UDP and TCP port 53 out", report);
}

rule! {
    /// Finds a port that is a Service's, where only the port of its pods can match.
    ///
    /// A policy sees a packet after kube-proxy has rewritten it: to the endpoint, on the target port.
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
    ///       ports:
    ///         - name: http
    ///           containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: web
    ///   ingress:
    ///     - ports:
    ///         - port: 80
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
    ///       ports:
    ///         - name: http
    ///           containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata:
    ///   name: web
    /// spec:
    ///   podSelector:
    ///     matchLabels:
    ///       app: web
    ///   ingress:
    ///     - ports:
    ///         - port: 8080
    /// ```
    SERVICE_PORT = "NET005", "service-port-in-policy", Warning, service_port_in_policy
}

fn service_port_in_policy(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::ServicePort, "write the target port", report);
}

/// Writes the target port in place of the Service's.
fn mend_port(engine: &Engine, finding: &PolicyFinding, edit: &Editor<'_>) -> Option<Vec<Edit>> {
    let (_, service, _) = finding.other.as_ref()?;
    let wanted = edit.value(&finding.field)?.as_int()?;
    let service = engine.cluster().services.by_key(service)?;
    let port = service.ports().iter().find(|port| i64::from(port.port) == wanted)?;
    let target = match &port.target_port {
        IntOrString::Int(number) => Scalar::Number(i64::from(*number)),
        IntOrString::String(name) => Scalar::Text(name),
    };
    Some(vec![edit.replace(&finding.field, target)?])
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

fn split_peer(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::SplitPeer, "put both selectors into one item", report);
}

/// The selector of pods that a finding on a NetworkPolicy is about, where it looks in one namespace.
fn selector_at<'c>(cluster: &'c Cluster, finding: &PolicyFinding) -> Option<(String, &'c LabelSelector)> {
    let (_, key) = &finding.policy;
    let policy = cluster.network_policies.by_key(key)?;
    if finding.flaw == PolicyFlaw::SelectsNothing {
        return Some((key.namespace.clone(), &policy.spec.pod_selector));
    }
    if finding.flaw != PolicyFlaw::PeerMatchesNothing {
        return None;
    }
    let mut numbers = finding.field.split(['[', ']']).filter_map(|part| part.parse::<usize>().ok());
    let (rule, peer) = (numbers.next()?, numbers.next()?);
    let peers = match finding.field.starts_with("spec.ingress") {
        true => policy.spec.ingress.as_ref()?.get(rule)?.from.as_ref()?,
        false => policy.spec.egress.as_ref()?.get(rule)?.to.as_ref()?,
    };
    let peer = peers.get(peer)?;
    let selector = peer.pod_selector.as_ref().filter(|_| peer.namespace_selector.is_none())?;
    Some((key.namespace.clone(), selector))
}

/// Makes one peer of the two.
fn mend_peer(finding: &PolicyFinding, edit: &Editor<'_>) -> Option<Vec<Edit>> {
    let (list, index) = finding.field.strip_suffix(']')?.rsplit_once('[')?;
    Some(vec![edit.join(list, index.parse().ok()?)?])
}

/// Reports every finding of one flaw.
fn look(engine: &Engine, flaw: PolicyFlaw, help: &str, report: &mut Report<'_>) {
    let found = report.shared.policies.get_or_init(|| findings::of(engine.cluster(), engine.policies()));
    for finding in found.iter().filter(|finding| finding.flaw == flaw) {
        let (kind, key) = &finding.policy;
        let selected = selector_at(engine.cluster(), finding);
        if let Some((namespace, selector)) = &selected {
            let labels = report.shared.labels(report.cluster, namespace);
            // Scaled to nothing: the selector is right.
            if labels.is_some_and(|known| known.iter().any(|labels| selector.matches(labels))) {
                continue;
            }
        }
        let misspelt = selected.as_ref().filter(|(_, selector)| selector.match_expressions.is_empty()).and_then(
            |(namespace, selector)| report.shared.misspelt(report.cluster, namespace, &selector.match_labels),
        );
        let nothing_known =
            flaw == PolicyFlaw::SelectsNothing && report.shared.labels(report.cluster, &key.namespace).is_none();
        let help = match &misspelt {
            Some((name, value)) => &format!("write {name}: {value}, as the pods have it"),
            None => help,
        };
        let mut told = report.at(*kind, key, &finding.field, finding.message.as_str(), help);
        if let Some((kind, key, field)) = &finding.other {
            told = told.and(*kind, key, field, "the other");
        }
        if nothing_known {
            told = told.weighing(Severity::Info);
        }
        told.mend(*kind, key, &|edit| match flaw {
            PolicyFlaw::SelectsNothing | PolicyFlaw::PeerMatchesNothing => {
                let (name, value) = misspelt.as_ref()?;
                let selector = if flaw == PolicyFlaw::SelectsNothing { "" } else { ".podSelector" };
                let field = format!("{}{selector}.matchLabels[{name}]", finding.field);
                Some(vec![edit.replace(&field, Scalar::Text(value))?])
            }
            PolicyFlaw::ServicePort => mend_port(engine, finding, edit),
            PolicyFlaw::SplitPeer => mend_peer(finding, edit),
            _ => None,
        });
    }
}
