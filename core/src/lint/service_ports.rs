//! Named target ports that pods lack.

use super::{Report, rule};
use crate::api::meta::IntOrString;
use crate::api::resource::Kind;
use crate::endpoints::pods::find_port;
use crate::endpoints::selected_pods;
use crate::engine::Engine;

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
    look(engine, &mut |key, index, name, with, without: &[String]| {
        if with == 0 {
            let message = format!("no selected pod has a port named {name}: port {index} has no endpoints");
            let help = "give a container port that name, or write its number";
            report.at(
                Kind::Service,
                key,
                &format!("spec.ports[{index}].targetPort"),
                message.replace(&format!("port {index} has"), "it has"),
                help,
            );
            let _ = without;
        }
    });
}

fn sometimes_missing(engine: &Engine, report: &mut Report<'_>) {
    look(engine, &mut |key, index, name, with, without| {
        if with > 0 && !without.is_empty() {
            let shown: Vec<&str> = without.iter().take(3).map(String::as_str).collect();
            let more = if without.len() > shown.len() {
                format!(" and {} more", without.len() - shown.len())
            } else {
                String::new()
            };
            let message = format!(
                "{} of {} selected pods have no port named {name}: {}{more}",
                without.len(),
                with + without.len(),
                shown.join(", ")
            );
            let help = "select only the pods that have it, or give the others a port of that name";
            report.at(Kind::Service, key, &format!("spec.ports[{index}].targetPort"), message, help);
        }
    });
}

/// Shows, for every named target port of every Service with pods: how many pods have it, and the names of those that lack it.
fn look(engine: &Engine, show: &mut dyn FnMut(&crate::api::resource::ObjectKey, usize, &str, usize, &[String])) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter() {
        if !service.ports().iter().any(|port| matches!(port.target_port, IntOrString::String(_))) {
            continue;
        }
        let pods = selected_pods(cluster, key, service);
        for (index, port) in service.ports().iter().enumerate() {
            let IntOrString::String(name) = &port.target_port else { continue };
            let lacking = pods.iter().filter(|pod| find_port(pod, port).is_none());
            let without: Vec<String> = lacking.map(|pod| pod.metadata.name.clone()).collect();
            if !pods.is_empty() {
                show(key, index, name, pods.len() - without.len(), &without);
            }
        }
    }
}
