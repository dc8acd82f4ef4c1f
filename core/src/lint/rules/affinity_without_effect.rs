//! SVC012 `affinity-without-effect`: finds `sessionAffinity: ClientIP` on a Service whose clients do not stay with one
//! pod, or stay with one that they cannot reach.

use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::lint::backends::backends;
use crate::lint::context::template_of;
use crate::lint::report::Reporter;
use crate::net::Protocol;
use crate::policy::End;
use portolan_base::collections::{BTreeMap, BTreeSet};

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let affine: Vec<(&ObjectKey, &Service)> = cluster
        .services
        .iter()
        .filter(|(_, service)| service.spec.session_affinity == "ClientIP")
        .map(|(key, service)| (key, &**service))
        .collect();
    if affine.is_empty() {
        return;
    }
    let mut routed: BTreeMap<ObjectKey, &ObjectKey> = BTreeMap::new();
    for (key, ingress) in cluster.ingresses.iter() {
        for (_, backend) in backends(ingress) {
            routed.entry(ObjectKey::new(key.namespace.as_str(), backend.name.as_str())).or_insert(key);
        }
    }
    for (key, service) in affine {
        unreachable_endpoints(engine, key, service, report);
        let is_stored = !service.metadata.uid.is_empty() || !service.metadata.resource_version.is_empty();
        let from_outside = matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer");
        let (message, severity) = if service.spec.r#type == "ExternalName" {
            (
                "the Service has no cluster IP, so kube-proxy cannot keep a client with one pod".to_owned(),
                Severity::Warning,
            )
        } else if service.is_headless() {
            // For a new object, the API server gives this warning.
            if !is_stored {
                continue;
            }
            ("the Service is headless, so kube-proxy cannot keep a client with one pod".to_owned(), Severity::Warning)
        } else if let Some(ingress) = routed.get(key) {
            let message = format!(
                "the controller of Ingress {ingress} connects to the endpoints directly and ignores the affinity"
            );
            (message, Severity::Info)
        } else if from_outside && cluster.nodes.len() > 1 {
            let message = "each node remembers clients on its own: a client that connects through several nodes gets several pods";
            (message.to_owned(), Severity::Info)
        } else {
            continue;
        };
        let help = "remove it, or configure affinity where requests are routed";
        let finding = report.at(Kind::Service, key, "spec.sessionAffinity", message, help).weighing(severity);
        if severity == Severity::Warning {
            finding.fix(Kind::Service, key, &|edit| {
                let mut edits = vec![edit.remove("spec.sessionAffinity")?];
                if edit.value("spec.sessionAffinityConfig").is_some() {
                    edits.push(edit.remove("spec.sessionAffinityConfig")?);
                }
                Some(edits)
            });
        }
    }
}

/// Reports a client that policies allow to reach only some endpoints of the Service.
fn unreachable_endpoints(engine: &Engine, key: &ObjectKey, service: &Service, report: &mut Reporter<'_>) {
    let policies = engine.policies();
    let pods = engine.endpoints().pods(key);
    if service.is_headless() || pods.len() < 2 || policies.policies_in_order().is_empty() {
        return;
    }
    for (index, port) in service.ports().iter().enumerate() {
        let protocol = Protocol::named(&port.protocol).unwrap_or_default();
        let ends: Vec<_> = pods
            .iter()
            .filter_map(|pod| {
                let port = u16::try_from(find_port(pod, port)?).ok()?;
                Some((policies.pod_named(&key.namespace, &pod.metadata.name)?, port))
            })
            .collect();
        let mut seen = BTreeSet::new();
        for (client, pod) in engine.cluster().pods.iter().filter(|(_, pod)| !pod.spec.host_network) {
            let is_endpoint = || pods.iter().any(|known| std::sync::Arc::ptr_eq(known, pod));
            if !seen.insert((client.namespace.as_str(), &pod.metadata.labels)) || is_endpoint() {
                continue;
            }
            let Some(from) = policies.pod(client) else { continue };
            let is_open =
                |(to, port): &&(_, u16)| policies.verdict(End::Pod(from), End::Pod(*to), *port, protocol).allowed();
            let open = ends.iter().filter(is_open).count();
            if open == 0 || open == ends.len() {
                continue;
            }
            let (kind, object, _) = template_of(engine, client);
            let message = format!(
                "policies allow {} {object} to reach {open} of {} endpoints on port {}: assigned to another one, it cannot connect",
                kind.name(),
                ends.len(),
                port.port
            );
            let help = "allow clients to reach every endpoint, or remove the affinity";
            report
                .at(Kind::Service, key, "spec.sessionAffinity", message, help)
                .and(Kind::Service, key, &format!("spec.ports[{index}]"), "the port")
                .and(kind, object, "metadata.name", "the client");
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    const CLUSTER: &str = "
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-a, labels: {app: web, track: stable}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-b, labels: {app: web, track: canary}}
spec: {containers: [{name: c, image: i, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, labels: {app: client}}
spec: {containers: [{name: c, image: i}]}
---
";

    /// The messages about the affinity, with a policy that selects some pods and allows some clients.
    fn messages(subject: &str, from: &str) -> Vec<String> {
        let policy = format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p}}\n\
             spec: {{podSelector: {{matchLabels: {{{subject}}}}}, ingress: [{{from: [{from}]}}]}}\n"
        );
        let file = File { name: "a.yaml".into(), text: format!("{CLUSTER}{policy}").into() };
        let found = load(&[file], Options::default(), LoadMode::Admitted).check();
        found.into_iter().filter(|finding| finding.code == "SVC012").map(|finding| finding.message).collect()
    }

    #[test]
    fn a_client_that_reaches_only_some_endpoints_is_reported() {
        let canary = messages("track: canary", "{podSelector: {matchLabels: {app: other}}}");
        let message = "policies allow Pod default/client to reach 1 of 2 endpoints on port 80: assigned to another one, it cannot connect";
        assert_eq!(canary, [message]);
    }

    #[test]
    fn a_client_that_reaches_all_or_no_endpoints_is_not_reported() {
        let client = "{podSelector: {matchLabels: {app: client}}}";
        let other = "{podSelector: {matchLabels: {app: other}}}";
        for (subject, from) in [("track: canary", client), ("app: web", client), ("app: web", other)] {
            assert_eq!(messages(subject, from), [""; 0], "{subject} {from}");
        }
    }
}
