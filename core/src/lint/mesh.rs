//! Istio's mesh: the namespaces in it, and the protocols that port names may begin with.

use crate::api::namespace::Namespace;
use crate::cluster::Cluster;
use portolan_base::collections::BTreeSet;

/// What Istio takes for a protocol at the beginning of a port's name.
pub(super) const PROTOCOLS: &[&str] =
    &["grpc", "grpc-web", "http", "http2", "https", "mongo", "mysql", "redis", "tcp", "tls", "udp", "auto"];

/// The namespaces of Istio's mesh, as far as their labels tell.
pub(super) fn meshed(cluster: &Cluster) -> BTreeSet<&str> {
    let is_meshed = |namespace: &Namespace| {
        let label = |name: &str| namespace.metadata.labels.get(name);
        label("istio-injection").is_some_and(|value| value == "enabled") || label("istio.io/rev").is_some()
    };
    cluster.namespaces.iter().filter(|(_, it)| is_meshed(it)).map(|(key, _)| key.name.as_str()).collect()
}
