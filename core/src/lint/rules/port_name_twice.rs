//! POD001 `port-name-twice`: finds two containers of a pod that give different ports the same name, if a Service uses
//! that name as its target port.

use crate::api::meta::IntOrString;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::lint::container_ports::{containers, protocol};
use crate::lint::context::template_of;
use crate::lint::report::Reporter;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let mut reported = BTreeSet::new();
    for (service, stored) in engine.cluster().services.iter() {
        for port in stored.ports() {
            let IntOrString::String(name) = &port.target_port else { continue };
            for pod in engine.endpoints().pods(service) {
                let mut named =
                    containers(pod).flat_map(|container| &container.ports).filter(|port| port.name == *name);
                let Some(first) = named.next() else { continue };
                let Some(second) = named.find(|second| {
                    second.container_port != first.container_port
                        && protocol(&second.protocol) == protocol(&first.protocol)
                }) else {
                    continue;
                };
                let key = ObjectKey::new(service.namespace.as_str(), pod.metadata.name.as_str());
                let Some((key, _)) = engine.cluster().pods.entry(&key) else { continue };
                let (kind, object, template) = template_of(engine, key);
                if !reported.insert((kind, object, name)) {
                    continue;
                }
                let message = format!(
                    "two containers have a port named {name}: Service {service} sends to {}, not to {}",
                    first.container_port, second.container_port
                );
                let field = format!("{template}spec.containers");
                report.at(kind, object, &field, message, "give each port its own name").and(
                    Kind::Service,
                    service,
                    "spec.ports",
                    "the Service",
                );
            }
        }
    }
}
