//! Named target ports that pods lack.

use super::{Report, rule};
use crate::api::meta::IntOrString;
use crate::api::pod::{ContainerPort, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::spelling::nearest;
use portolan_base::collections::BTreeSet;

rule! {
    /// Finds a `targetPort` that is a name which no container of the selected pods has.
    ///
    /// The port is left out of every EndpointSlice, so connections to it are rejected although pods are there.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - name: web
    ///           containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - name: http
    ///           containerPort: 8080
    /// ```
    NAMED_PORT_MISSING = "SVC002", "target-port-missing", Error, missing
}

rule! {
    /// Finds a `targetPort` that is a name which some of the selected pods have and others lack.
    ///
    /// The others get none of the port's traffic, which looks like an uneven load and hides a mistake.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - name: http
    ///           containerPort: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: worker
    ///   labels:
    ///     app: web
    /// spec:
    ///   containers:
    ///     - name: worker
    ///       image: registry.example.com/worker:1
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///     tier: front
    ///   ports:
    ///     - port: 80
    ///       targetPort: http
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: web
    ///     tier: front
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - name: http
    ///           containerPort: 8080
    /// ```
    NAMED_PORT_SOMETIMES_MISSING = "SVC003", "target-port-sometimes-missing", Warning, sometimes_missing
}

fn missing(engine: &Engine, report: &mut Report<'_>) {
    for port in named_ports(engine).into_iter().filter(|port| port.with == 0) {
        let message = format!("no selected pod has a port named {}: it has no endpoints", port.name);
        let field = format!("spec.ports[{}].targetPort", port.index);
        let meant = meant(engine, &port);
        let help = match &meant {
            Some(name) => format!("write {name}, which the pods have"),
            None => "give a container port that name, or write its number".to_owned(),
        };
        report.at(Kind::Service, port.service, &field, message, help).mend(Kind::Service, port.service, &|edit| {
            Some(vec![edit.replace(&field, Scalar::Text(meant.as_deref()?))?])
        });
    }
}

/// The name that was surely meant: the one near to what is written, or, where the Service has one port and the pods have
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

fn sometimes_missing(engine: &Engine, report: &mut Report<'_>) {
    for NamedPort { service, index, name, with, without } in
        named_ports(engine).into_iter().filter(|port| port.with > 0)
    {
        let shown = without.get(..3).unwrap_or(&without);
        let more = without.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let all = with + without.len();
        let message =
            format!("{} of {all} selected pods have no port named {name}: {}{more}", without.len(), shown.join(", "));
        let help = "select only the pods that have it, or give the others a port of that name";
        report.at(Kind::Service, service, &format!("spec.ports[{index}].targetPort"), message, help);
    }
}

/// A named target port of a Service that has pods, of which some lack it.
struct NamedPort<'a> {
    service: &'a ObjectKey,
    index: usize,
    name: &'a str,
    /// How many pods have it.
    with: usize,
    /// The names of those that lack it.
    without: Vec<&'a str>,
}

fn named_ports(engine: &Engine) -> Vec<NamedPort<'_>> {
    let mut found = Vec::new();
    for (key, service) in engine.cluster().services.iter() {
        let pods = engine.endpoints().pods(key);
        for (index, port) in service.ports().iter().enumerate().filter(|_| !pods.is_empty()) {
            let IntOrString::String(name) = &port.target_port else { continue };
            let lacking = pods.iter().filter(|pod| find_port(pod, port).is_none());
            let without: Vec<&str> = lacking.map(|pod| pod.metadata.name.as_str()).collect();
            if !without.is_empty() {
                found.push(NamedPort { service: key, index, name, with: pods.len() - without.len(), without });
            }
        }
    }
    found
}
