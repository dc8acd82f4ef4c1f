//! `externalTrafficPolicy: Local` where no endpoint is local.

use super::{Report, rule};
use crate::api::resource::Kind;
use crate::engine::Engine;
use portolan_base::collections::BTreeSet;

rule! {
    /// Finds a node port Service with `externalTrafficPolicy: Local` where some node has no endpoint of it.
    ///
    /// Such a node drops what arrives at its node port. A load balancer's health check keeps traffic away from it; a client of
    /// a `NodePort` Service has no such check.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Node
    /// metadata:
    ///   name: node-1
    /// ---
    /// apiVersion: v1
    /// kind: Node
    /// metadata:
    ///   name: node-2
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   type: NodePort
    ///   externalTrafficPolicy: Local
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   nodeName: node-1
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Node
    /// metadata:
    ///   name: node-1
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   type: NodePort
    ///   externalTrafficPolicy: Local
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   nodeName: node-1
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    /// ```
    NO_LOCAL_ENDPOINT = "SVC006", "no-local-endpoint", Warning, no_local_endpoint
}

fn no_local_endpoint(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter() {
        let spec = &service.spec;
        if spec.r#type != "NodePort" || spec.external_traffic_policy != "Local" {
            continue;
        }
        let pods = engine.endpoints().pods(key);
        if pods.is_empty() {
            continue;
        }
        let serving: BTreeSet<&str> = pods.iter().map(|pod| pod.spec.node_name.as_str()).collect();
        let idle: Vec<&str> =
            cluster.nodes.iter().map(|(node, _)| node.name.as_str()).filter(|node| !serving.contains(node)).collect();
        if let Some(first) = idle.first() {
            let more = if idle.len() > 1 { format!(" and {} more", idle.len() - 1) } else { String::new() };
            let message = format!("node {first}{more} has no endpoint, and drops what arrives at the node port");
            report.at(
                Kind::Service,
                key,
                "spec.externalTrafficPolicy",
                message,
                "use Cluster, or run a pod on every node that clients use",
            );
        }
    }
}
