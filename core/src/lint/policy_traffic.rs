//! What policies let through: rules that others make needless, DNS forgotten, ports that nobody sees. What is found is the
//! policy room's; here it gets codes, examples and fixes.

use super::network_policy::found;
use super::{Report, rule};
use crate::api::meta::IntOrString;
use crate::edit::{Editor, Scalar};
use crate::engine::Engine;
use crate::finding::Edit;
use crate::policy::findings::{PolicyFinding, PolicyFlaw};

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

fn rule_covered(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::RuleCovered, "take one of the two out", report);
}

fn dns_cut_off(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::DnsCutOff, "let UDP and TCP port 53 out", report);
}

fn service_port_in_policy(engine: &Engine, report: &mut Report<'_>) {
    look(engine, PolicyFlaw::ServicePort, "write the target port", report);
}

/// Reports every finding of one flaw.
fn look(engine: &Engine, flaw: PolicyFlaw, help: &str, report: &mut Report<'_>) {
    for finding in found(engine, flaw, report.shared) {
        let (kind, key) = &finding.policy;
        let mut told = report.at(*kind, key, &finding.field, finding.message.as_str(), help);
        if let Some((kind, key, field)) = &finding.other {
            told = told.and(*kind, key, field, "the other");
        }
        if flaw == PolicyFlaw::ServicePort {
            told.mend(*kind, key, &|edit| mend_port(engine, finding, edit));
        }
    }
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
