//! Numbers of ports that no selected pod says it listens on.

use super::{Report, rule};
use crate::api::meta::IntOrString;
use crate::api::pod::{Container, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::edit::Scalar;
use crate::endpoints::pods::find_port;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

rule! {
    /// Finds a Service whose numbered target ports no container of the selected pods declares, though all of them declare ports.
    ///
    /// Where nothing listens there, connections are refused. Containers may listen on ports that they do not declare; so nothing is
    /// told where another port, of this Service or of another before the same pods, leads to a declared one, or where a probe, an
    /// argument or a setting speaks of the port.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports:
    ///     - port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    UNDECLARED = "SVC007", "target-port-undeclared", Warning, undeclared
}

rule! {
    /// Finds a headless Service whose port is another than that of its pods.
    ///
    /// A headless Service has no address that rewrites ports: its name is the pods' addresses, and a client that connects to
    /// `port` finds nobody there. Only SRV records tell the target port.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: web}
    ///   ports:
    ///     - port: 80
    ///       targetPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   clusterIP: None
    ///   selector: {app: web}
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    HEADLESS = "SVC011", "headless-port-differs", Warning, headless
}

fn undeclared(engine: &Engine, report: &mut Report<'_>) {
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
                "no selected pod declares port {number}/{}: they declare {}",
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
                Some(number) => format!("write targetPort: {number}, or declare the port"),
                None => "write a port that the pods have, or declare this one".to_owned(),
            };
            let field = format!("spec.ports[{index}].targetPort");
            report.at(Kind::Service, key, &field, message, help).mend(Kind::Service, key, &|edit| {
                let meant = Scalar::Number(i64::from(only?));
                Some(vec![match edit.value(&field) {
                    Some(_) => edit.replace(&field, meant)?,
                    None => edit.insert(&format!("spec.ports[{index}]"), "targetPort", meant)?,
                }])
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

fn headless(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter().filter(|(_, service)| service.is_headless()) {
        let pods = engine.endpoints().pods(key);
        for (index, port) in service.ports().iter().enumerate() {
            let targets: BTreeSet<Option<i32>> = pods.iter().map(|pod| find_port(pod, port)).collect();
            let Some(Some(target)) = targets.first().copied().filter(|_| targets.len() == 1) else { continue };
            let listens = |number: i32| pods.iter().any(|pod| has_port(pod, number, &port.protocol));
            if target == port.port || listens(port.port) || !listens(target) {
                continue;
            }
            let name = format!("{}.{}.svc", key.name, key.namespace);
            let message = format!("{name} is the pods' own addresses, where nobody listens on {}", port.port);
            let help = format!("write port: {target}, or give the Service an address");
            let field = format!("spec.ports[{index}].port");
            let free = !service.ports().iter().any(|other| other.port == target && other.protocol == port.protocol);
            report.at(Kind::Service, key, &field, message, help).mend(Kind::Service, key, &|edit| {
                let is_named = engine.cluster().ingresses.in_namespace(&key.namespace).any(|(_, ingress)| {
                    super::ingress_backend::backends(ingress).iter().any(|(_, backend)| backend.name == key.name)
                });
                (free && !is_named).then_some(())?;
                Some(vec![edit.replace(&field, Scalar::Number(i64::from(target)))?])
            });
        }
    }
}

/// The ports that pods declare; nothing where some container of them declares none, so that nothing is known.
fn declared(pods: &[Arc<Pod>]) -> Option<BTreeSet<(i32, &str)>> {
    let mut all = BTreeSet::new();
    for pod in pods {
        for container in containers(pod) {
            if container.ports.is_empty() {
                return None;
            }
            all.extend(container.ports.iter().map(|port| (port.container_port, protocol(&port.protocol))));
        }
    }
    (!all.is_empty()).then_some(all)
}

fn has_port(pod: &Pod, number: i32, wanted: &str) -> bool {
    let mut ports = containers(pod).flat_map(|container| &container.ports);
    ports.any(|port| port.container_port == number && protocol(&port.protocol) == protocol(wanted))
}

/// The containers that run side by side.
pub(super) fn containers(pod: &Pod) -> impl Iterator<Item = &Container> {
    let stays = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    pod.spec.containers.iter().chain(pod.spec.init_containers.iter().filter(stays))
}

/// The number of a target port that is one.
fn number(port: &ServicePort) -> Option<i32> {
    match port.target_port {
        IntOrString::Int(0) => Some(port.port),
        IntOrString::Int(number) => Some(number),
        IntOrString::String(_) => None,
    }
}

fn protocol(given: &str) -> &str {
    if given.is_empty() { "TCP" } else { given }
}

/// Whether the pods of a workload, by one of them, declare ports and not one that a numbered port of the Service leads to.
pub(super) fn lacks_port(pod: &Arc<Pod>, port: &ServicePort) -> bool {
    let Some(declared) = declared(std::slice::from_ref(pod)) else { return false };
    number(port).is_some_and(|number| !declared.contains(&(number, protocol(&port.protocol))))
}

/// Whether the pod declares the port that a numbered port of the Service leads to.
pub(super) fn declares_port(pod: &Pod, port: &ServicePort) -> bool {
    number(port).is_some_and(|number| has_port(pod, number, &port.protocol))
}
