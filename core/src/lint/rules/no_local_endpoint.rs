//! SVC006 `no-local-endpoint`: finds a `NodePort` Service with `externalTrafficPolicy: Local` that has no endpoint on
//! some node.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
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
            let message = format!("node {first}{more} has no endpoint, and drops packets to the node port");
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
