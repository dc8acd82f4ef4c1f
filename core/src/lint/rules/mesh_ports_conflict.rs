//! SVC016 `mesh-ports-conflict`: finds two Services of Istio's mesh that declare different protocols for the same port
//! of the same pods.

use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::ServicePort;
use crate::engine::Engine;
use crate::lint::mesh::{PROTOCOLS, meshed};
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeMap;

/// The protocol that a port says is spoken, where it says one.
fn spoken(port: &ServicePort) -> Option<&str> {
    let named = || port.name.split('-').next().filter(|name| PROTOCOLS.contains(name));
    port.app_protocol.as_deref().or_else(named)
}

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    for namespace in meshed(cluster) {
        let mut known: BTreeMap<(&str, i32), (&ObjectKey, &str)> = BTreeMap::new();
        for (key, service) in cluster.services.in_namespace(namespace) {
            for (index, port) in service.ports().iter().enumerate() {
                let Some(protocol) = spoken(port) else { continue };
                let clash = engine.endpoints().pods(key).iter().find_map(|pod| {
                    let of_pod = (pod.metadata.name.as_str(), port.port);
                    let (other, others) = *known.entry(of_pod).or_insert((key, protocol));
                    (other != key && others != protocol).then_some((other, others))
                });
                let Some((other, others)) = clash else { continue };
                let message = format!(
                    "declares {protocol} for port {}, but Service {other} declares {others} for the same pods",
                    port.port
                );
                let help = "declare the same protocol in both Services, or use another port";
                report.at(Kind::Service, key, &format!("spec.ports[{index}]"), message, help).and(
                    Kind::Service,
                    other,
                    "spec.ports",
                    "the other Service",
                );
            }
        }
    }
}
