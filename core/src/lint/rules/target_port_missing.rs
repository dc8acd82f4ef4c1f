//! SVC002 `target-port-missing`: finds a named `targetPort` that no container of the selected pods declares.

use crate::api::pod::{ContainerPort, Pod};
use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::named_target_ports::{NamedPort, named_ports};
use crate::lint::report::Reporter;
use crate::spelling::nearest;
use portolan_base::collections::BTreeSet;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for port in named_ports(engine).into_iter().filter(|port| port.with == 0) {
        let message = format!("no selected pod has a port named {}, so the port has no endpoints", port.name);
        let field = format!("spec.ports[{}].targetPort", port.index);
        let meant = meant(engine, &port);
        let help = match &meant {
            Some(name) => format!("write `{name}`, which the pods declare"),
            None => "give a container port this name, or write a number".to_owned(),
        };
        report.at(Kind::Service, port.service, &field, message, help).fix(Kind::Service, port.service, &|edit| {
            Some(vec![edit.replace(&field, Scalar::Text(meant.as_deref()?))?])
        });
    }
}

/// The name that was meant: a similar one, or, where the Service has one port and the pods have
/// one, that one.
fn meant(engine: &Engine, port: &NamedPort<'_>) -> Option<String> {
    let service = engine.cluster().services.by_key(port.service)?;
    let pods = engine.endpoints().pods(port.service);
    let first = pods.first()?;
    let protocol = &service.ports().get(port.index)?.protocol;
    let of_protocol = |given: &str| given == protocol || given.is_empty() && protocol == "TCP";
    let in_all = |name: &str| {
        pods.iter().all(|pod| container_ports(pod).any(|known| known.name == name && of_protocol(&known.protocol)))
    };
    let names: BTreeSet<&str> = container_ports(first)
        .filter(|known| !known.name.is_empty() && of_protocol(&known.protocol))
        .map(|known| known.name.as_str())
        .filter(|name| in_all(name))
        .collect();
    let only = || {
        let is_only = names.len() == 1 && service.ports().len() == 1 && container_ports(first).count() == 1;
        names.first().copied().filter(|_| is_only)
    };
    nearest(port.name, &mut names.iter().copied()).or_else(only).map(str::to_owned)
}

fn container_ports(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    pod.spec.containers.iter().flat_map(|container| &container.ports)
}
