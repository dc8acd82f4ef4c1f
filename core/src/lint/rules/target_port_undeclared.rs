//! SVC007 `target-port-undeclared`: finds a Service whose numbered target ports none of the selected pods declare,
//! although all of them declare ports.

use crate::api::pod::{Container, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::edit::Scalar;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use crate::lint::container_ports::{containers, declared, number, protocol};
use crate::lint::report::Reporter;
use std::sync::Arc;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, service) in engine.cluster().services.iter().filter(|(_, service)| !service.is_headless()) {
        let Some(declared) = declared(engine.endpoints().pods(key)) else { continue };
        let fits = |port: &ServicePort| match number(port) {
            // Of the two, the protocol is easily forgotten, and only written down.
            Some(number) => declared.iter().any(|(known, _)| *known == number),
            None => true,
        };
        let pods = engine.endpoints().pods(key);
        let leads_there = |service: &Service| service.ports().iter().any(fits);
        if leads_there(service) || beside(engine, key, pods).any(leads_there) {
            continue;
        }
        for (index, port) in service.ports().iter().enumerate() {
            let speaks = |number: &i32| !pods.iter().any(|pod| containers(pod).any(|it| speaks_of(it, *number)));
            let Some(number) = number(port).filter(speaks) else { continue };
            let shown: Vec<String> =
                declared.iter().take(5).map(|(number, protocol)| format!("{number}/{protocol}")).collect();
            let message = format!(
                "no selected pod declares port {number}/{}; they declare: {}",
                protocol(&port.protocol),
                shown.join(", ")
            );
            let only = match (declared.first(), service.ports()) {
                (Some((number, known)), [_]) if declared.len() == 1 && *known == protocol(&port.protocol) => {
                    Some(*number)
                }
                _ => None,
            };
            let help = match only {
                Some(number) => format!("write `targetPort: {number}`, or declare the port"),
                None => "write a port that the pods declare, or declare this one".to_owned(),
            };
            let field = format!("spec.ports[{index}].targetPort");
            report.at(Kind::Service, key, &field, message, help).fix(Kind::Service, key, &|edit| {
                // A port that somebody wrote may be the one that the process listens on.
                let meant = only.filter(|_| edit.value(&field).is_none())?;
                let port = format!("spec.ports[{index}]");
                Some(vec![edit.insert(&port, "targetPort", Scalar::Number(i64::from(meant)))?])
            });
        }
    }
}

/// The other Services that select one of the pods.
fn beside<'e>(engine: &'e Engine, key: &'e ObjectKey, pods: &'e [Arc<Pod>]) -> impl Iterator<Item = &'e Service> {
    engine
        .cluster()
        .services
        .in_namespace(&key.namespace)
        .filter(move |(other, service)| {
            let selector = selector(service).filter(|_| *other != key);
            selector.is_some_and(|selector| pods.iter().any(|pod| selects(selector, &pod.metadata.labels)))
        })
        .map(|(_, service)| &**service)
}

/// Whether a probe, an argument or a setting of the container speaks of the port.
fn speaks_of(container: &Container, number: i32) -> bool {
    let probes = [&container.liveness_probe, &container.readiness_probe, &container.startup_probe];
    let mut probed = probes.into_iter().flatten().flat_map(|probe| {
        ["httpGet", "tcpSocket", "grpc"].into_iter().filter_map(|action| probe.get(action)?.get("port"))
    });
    let settings = container.env.iter().map(|variable| variable.value.as_str());
    let mut texts = settings.chain(container.command.iter().chain(&container.args).map(String::as_str));
    let wanted = number.to_string();
    let is_number = |text: &str| text.split(|character: char| !character.is_ascii_digit()).any(|it| it == wanted);
    probed.any(|port| port.to_string() == wanted) || texts.any(is_number)
}
