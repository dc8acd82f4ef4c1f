//! Ports of pods: named or numbered twice, and probes of ports that are not there.

use super::report::Written;
use super::target_port::containers;
use super::{Report, rule, template_of};
use crate::api::meta::IntOrString;
use crate::api::pod::Container;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::spelling::nearest;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::json::Json;

rule! {
    /// Finds two containers of a pod that give the same name to different ports, where a Service sends to that name.
    ///
    /// The Service sends to the first of them, whichever is meant.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: http}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports: [{name: http, containerPort: 8080}]
    ///     - name: proxy
    ///       image: registry.example.com/proxy:1
    ///       ports: [{name: http, containerPort: 8081}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: http}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports: [{name: http, containerPort: 8080}]
    ///     - name: proxy
    ///       image: registry.example.com/proxy:1
    ///       ports: [{name: admin, containerPort: 8081}]
    /// ```
    NAMED_TWICE = "POD001", "port-name-twice", Warning, named_twice
}

rule! {
    /// Finds two containers of a pod that declare the same port.
    ///
    /// They share one network: the second cannot listen there.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports: [{name: http, containerPort: 8080}]
    ///     - name: proxy
    ///       image: registry.example.com/proxy:1
    ///       ports: [{name: admin, containerPort: 8080}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports: [{name: http, containerPort: 8080}]
    ///     - name: proxy
    ///       image: registry.example.com/proxy:1
    ///       ports: [{name: admin, containerPort: 8081}]
    /// ```
    NUMBERED_TWICE = "POD002", "port-number-twice", Warning, numbered_twice
}

rule! {
    /// Finds a probe of a named port that its container does not have.
    ///
    /// The kubelet cannot tell where to look, and the probe fails: the container never becomes ready, or is restarted again and
    /// again. A probe knows only the names of its own container.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    ///       readinessProbe:
    ///         httpGet: {path: /, port: htpp}
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - {name: http, containerPort: 8080}
    ///       readinessProbe:
    ///         httpGet: {path: /, port: http}
    /// ```
    PROBE = "POD003", "probe-port-missing", Error, probe
}

fn named_twice(engine: &Engine, report: &mut Report<'_>) {
    let mut told = BTreeSet::new();
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
                if !told.insert((kind, object, name)) {
                    continue;
                }
                let message = format!(
                    "two containers have a port {name}: Service {service} sends to {}, not to {}",
                    first.container_port, second.container_port
                );
                let field = format!("{template}spec.containers");
                report.at(kind, object, &field, message, "give each port a name of its own").and(
                    Kind::Service,
                    service,
                    "spec.ports",
                    "the Service",
                );
            }
        }
    }
}

fn numbered_twice(_: &Engine, report: &mut Report<'_>) {
    for &Written { kind, object, template, pod } in report.shared.written() {
        let mut known: BTreeMap<(i32, &str), &str> = BTreeMap::new();
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for (at, port) in container.ports.iter().enumerate() {
                let holder = *known.entry((port.container_port, protocol(&port.protocol))).or_insert(&container.name);
                if holder != container.name {
                    let message = format!("container {holder} listens on {} already", port.container_port);
                    let field = format!("{template}spec.containers[{index}].ports[{at}].containerPort");
                    report.at(kind, object, &field, message, "let one of them listen elsewhere");
                }
            }
        }
    }
}

fn protocol(given: &str) -> &str {
    if given.is_empty() { "TCP" } else { given }
}

fn probe(_: &Engine, report: &mut Report<'_>) {
    for &Written { kind, object, template, pod } in report.shared.written() {
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for (probe, action, name) in named_probes(container) {
                let names = || container.ports.iter().map(|port| port.name.as_str()).filter(|name| !name.is_empty());
                if names().any(|known| known == name) || name.parse::<i32>().is_ok() {
                    continue;
                }
                let only = || names().next().filter(|_| container.ports.len() == 1);
                let meant = nearest(name, &mut names()).or_else(only);
                let message = format!("container {} has no port named {name}: the probe fails", container.name);
                let help = match meant {
                    Some(meant) => format!("write {meant}"),
                    None => "name a port of the container, or write its number".to_owned(),
                };
                let field = format!("{template}spec.containers[{index}].{probe}.{action}.port");
                report
                    .at(kind, object, &field, message, help)
                    .mend(kind, object, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]));
            }
        }
    }
}

/// The probes of a container whose port is a name: the probe, what it does, and the name.
fn named_probes(container: &Container) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
    let probes = [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ];
    probes.into_iter().flat_map(|(name, probe)| {
        let port = move |action: &'static str| {
            let port = probe.as_ref()?.get(action)?.get("port").and_then(Json::as_str)?;
            Some((name, action, port))
        };
        ["httpGet", "tcpSocket"].into_iter().filter_map(port)
    })
}
