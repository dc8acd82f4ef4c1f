//! Backends of an Ingress that cannot answer.

use super::{Report, rule};
use crate::api::ingress::{Ingress, IngressServiceBackend};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::engine::Engine;

rule! {
    /// Finds a backend whose Service is not there.
    ///
    /// The controller answers 503. Where the Service is kept with other manifests, check them together.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 80
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - name: http
    ///       port: 80
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
    /// ```
    NO_SERVICE = "ING001", "backend-without-service", Warning, no_service
}

rule! {
    /// Finds a backend whose Service has no port of that number or name.
    ///
    /// A backend names the Service's port, not the pod's; the controller answers 503.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - name: http
    ///       port: 80
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
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   name: http
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - name: http
    ///       port: 80
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
    /// ```
    NO_PORT = "ING002", "backend-without-port", Error, no_port
}

rule! {
    /// Finds a backend whose Service has no ready endpoint for the port.
    ///
    /// The controller answers 503.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /
    ///             pathType: Prefix
    ///             backend:
    ///               service:
    ///                 name: web
    ///                 port:
    ///                   number: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: web
    ///   ports:
    ///     - name: http
    ///       port: 80
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
    /// ```
    NO_ENDPOINT = "ING003", "backend-without-endpoint", Warning, no_endpoint
}

/// Every Service that an Ingress sends to, with the field that says so.
fn backends(ingress: &Ingress) -> Vec<(String, &IngressServiceBackend)> {
    let spec = &ingress.spec;
    let default = spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    let mut found: Vec<(String, &IngressServiceBackend)> =
        default.map(|service| ("spec.defaultBackend.service".to_owned(), service)).into_iter().collect();
    for (rule, paths) in spec.rules.iter().flatten().enumerate() {
        let paths = paths.http.iter().flat_map(|http| http.paths.iter().flatten());
        for (path, entry) in paths.enumerate() {
            if let Some(service) = &entry.backend.service {
                found.push((format!("spec.rules[{rule}].http.paths[{path}].backend.service"), service));
            }
        }
    }
    found
}

/// Shows every backend with its Service, where it is there, and the port, where the Service has it.
fn look(
    engine: &Engine,
    show: &mut dyn FnMut(&ObjectKey, &str, &IngressServiceBackend, &ObjectKey, Option<&Service>, Option<&ServicePort>),
) {
    let cluster = engine.cluster();
    for (key, ingress) in cluster.ingresses.iter() {
        for (field, backend) in backends(ingress) {
            let service_key = ObjectKey::new(key.namespace.as_str(), backend.name.as_str());
            let service = cluster.services.by_key(&service_key);
            let wanted = |port: &&ServicePort| match backend.port.name.as_str() {
                "" => port.port == backend.port.number,
                name => port.name == name,
            };
            let port = service.and_then(|service| service.ports().iter().find(wanted));
            show(key, &field, backend, &service_key, service.map(|service| &**service), port);
        }
    }
}

fn no_service(engine: &Engine, report: &mut Report<'_>) {
    look(engine, &mut |ingress, field, backend, service, stored, _| {
        if stored.is_none() {
            let message = format!("there is no Service {service}");
            let elsewhere = engine.cluster().services.iter().find(|(known, _)| known.name == backend.name);
            let help = match elsewhere {
                Some((known, _)) => {
                    format!("there is one in namespace {}; an Ingress sends only to its own", known.namespace)
                }
                None => "name a Service of the Ingress's namespace".to_owned(),
            };
            report.at(Kind::Ingress, ingress, &format!("{field}.name"), message, &help);
        }
    });
}

fn no_port(engine: &Engine, report: &mut Report<'_>) {
    look(engine, &mut |ingress, field, backend, service, stored, port| {
        let Some(stored) = stored.filter(|stored| port.is_none() && stored.spec.r#type != "ExternalName") else {
            return;
        };
        let (wanted, field) = match backend.port.name.as_str() {
            "" => (backend.port.number.to_string(), format!("{field}.port.number")),
            name => (name.to_owned(), format!("{field}.port.name")),
        };
        let known: Vec<String> = stored
            .ports()
            .iter()
            .map(|port| match port.name.as_str() {
                "" => port.port.to_string(),
                name => format!("{} ({name})", port.port),
            })
            .collect();
        let message = format!("Service {service} has no port {wanted}");
        report.at(Kind::Ingress, ingress, &field, message, &format!("it has {}", known.join(", ")));
        report.and(Kind::Service, service, "spec.ports", "its ports");
    });
}

fn no_endpoint(engine: &Engine, report: &mut Report<'_>) {
    look(engine, &mut |ingress, field, _, service, stored, port| {
        let (Some(stored), Some(port)) = (stored, port) else { return };
        if stored.spec.r#type == "ExternalName" || serves(engine, service, &port.name) {
            return;
        }
        let message = format!("Service {service} has no ready endpoint for port {}", port.port);
        report.at(
            Kind::Ingress,
            ingress,
            &format!("{field}.name"),
            message,
            "see which pods its selector picks, and whether they are ready",
        );
        report.and(Kind::Service, service, "spec.selector", "its selector");
    });
}

/// Whether a slice of the Service has a ready endpoint for the port of that name.
fn serves(engine: &Engine, service: &ObjectKey, port: &str) -> bool {
    engine.endpoints().slices(service).iter().any(|slice| {
        let has_port = slice.ports.iter().flatten().any(|known| known.name.as_deref().unwrap_or_default() == port);
        has_port && slice.endpoints.iter().flatten().any(|endpoint| endpoint.conditions.ready != Some(false))
    })
}
