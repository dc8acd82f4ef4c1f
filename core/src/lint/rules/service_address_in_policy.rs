//! NET009 `service-address-in-policy`: finds an `ipBlock` in a NetworkPolicy that is the cluster IP of a Service.

use crate::api::network_policy::NetworkPolicyPeer;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeMap;
use std::net::IpAddr;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let mut found = Vec::new();
    for (key, policy) in cluster.network_policies.iter() {
        for (at, rule) in policy.spec.egress.iter().flatten().enumerate() {
            let peers = rule.to.iter().flatten().enumerate();
            found.extend(peers.filter_map(|(peer, it)| Some((key, at, peer, single(it)?))));
        }
    }
    if found.is_empty() {
        return;
    }
    // Only addresses that somebody wrote: what is made up here means nothing elsewhere.
    let mut addresses: BTreeMap<IpAddr, &ObjectKey> = BTreeMap::new();
    for (key, service) in cluster.services.iter() {
        let source = cluster.source(Kind::Service, key);
        if source.is_some_and(|source| source.node.at("spec.clusterIP").is_some()) {
            addresses.extend(service.cluster_ips().filter_map(crate::net::parse_sloppy).map(|address| (address, key)));
        }
    }
    for (key, at, peer, address) in found {
        let Some(service) = addresses.get(&address) else { continue };
        let message =
            format!("{address} is the cluster IP of Service {service}, but policies see the addresses of its pods");
        let field = format!("spec.egress[{at}].to[{peer}].ipBlock.cidr");
        report.at(Kind::NetworkPolicy, key, &field, message, "select the pods of the Service instead").and(
            Kind::Service,
            service,
            "spec.clusterIP",
            "the Service",
        );
    }
}

/// The address of a block that holds one.
fn single(peer: &NetworkPolicyPeer) -> Option<IpAddr> {
    let block = crate::net::parse_cidr_sloppy(&peer.ip_block.as_ref()?.cidr)?;
    (block.prefix_len() == block.max_prefix_len()).then(|| block.addr())
}
