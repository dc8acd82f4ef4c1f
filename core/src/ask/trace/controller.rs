//! The node through which a request is followed.

use super::journey::Journey;

/// The node whose kube-proxy is asked: the pod's, else the first there is. Without nodes in the files the name is empty.
pub(super) fn node_for(journey: &Journey<'_>, node: &str) -> String {
    if !node.is_empty() {
        return node.to_owned();
    }
    journey.engine.cluster().nodes.iter().next().map(|(key, _)| key.name.clone()).unwrap_or_default()
}
