//! SVC010 `address-taken`: finds two stored Services with the same cluster IP, or with the same node port and protocol.

use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeMap;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let mut ports: BTreeMap<(i32, &str), &ObjectKey> = BTreeMap::new();
    let mut addresses: BTreeMap<&str, &ObjectKey> = BTreeMap::new();
    for (key, service) in engine.cluster().services.iter() {
        for address in service.cluster_ips().filter(|address| *address != "None") {
            let holder = *addresses.entry(address).or_insert(key);
            if holder != key {
                let message = format!("cluster IP {address} is also the one of Service {holder}");
                report
                    .at(
                        Kind::Service,
                        key,
                        "spec.clusterIP",
                        message,
                        "omit the address, so that the API server allocates one",
                    )
                    .and(Kind::Service, holder, "spec.clusterIP", "the other Service");
            }
        }
        for (index, port) in service.ports().iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
            let holder = *ports.entry((port.node_port, protocol)).or_insert(key);
            if holder != key {
                let message = format!("node port {} is also the one of Service {holder}", port.node_port);
                let field = format!("spec.ports[{index}].nodePort");
                report
                    .at(
                        Kind::Service,
                        key,
                        &field,
                        message,
                        "choose another, or omit it, so that the API server allocates one",
                    )
                    .and(Kind::Service, holder, "spec.ports", "the other Service");
            }
        }
    }
}
