//! Backends of an Ingress that cannot answer.

use super::endpoints::{has_pods, may_be_elsewhere};
use super::report::Missed;
use super::{Report, rule};
use crate::api::ingress::{Ingress, IngressServiceBackend};
use crate::api::meta::IntOrString;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::spelling::nearest;
use portolan_base::collections::BTreeMap;

rule! {
    /// Finds a backend whose Service is not there.
    ///
    /// The controller answers 503. Files are often a part of what runs: it may be in others, and nothing is told, where no other
    /// backend of the Ingress is here, no Service has nearly that name, and no Services stand in its folder with this Ingress alone.
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
    ///                 name: wbe
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
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   labels:
    ///     app: wbe
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

/// A rule and a path in it; none for the default backend.
type PathPlace = Option<(usize, usize)>;

/// Every Service that an Ingress sends to, with the place that says so.
pub(super) fn backends(ingress: &Ingress) -> Vec<(PathPlace, &IngressServiceBackend)> {
    let spec = &ingress.spec;
    let default = spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    let mut found: Vec<(PathPlace, &IngressServiceBackend)> =
        default.map(|service| (None, service)).into_iter().collect();
    for (rule, paths) in spec.rules.iter().flatten().enumerate() {
        let paths = paths.http.iter().flat_map(|http| http.paths.iter().flatten());
        for (path, entry) in paths.enumerate() {
            if let Some(service) = &entry.backend.service {
                found.push((Some((rule, path)), service));
            }
        }
    }
    found
}

/// A backend and what it leads to.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) ingress: &'a ObjectKey,
    pub(super) stored: &'a Ingress,
    place: PathPlace,
    backend: &'a IngressServiceBackend,
    pub(super) key: ObjectKey,
    pub(super) service: Option<&'a Service>,
    pub(super) port: Option<&'a ServicePort>,
}

/// Every backend with its Service, where it is there, and the port, where the Service has it.
pub(super) fn targets(cluster: &Cluster) -> impl Iterator<Item = Target<'_>> {
    cluster.ingresses.iter().flat_map(move |(ingress, stored)| {
        backends(stored).into_iter().map(move |(place, backend)| {
            let key = ObjectKey::new(ingress.namespace.as_str(), backend.name.as_str());
            let service = cluster.services.by_key(&key).map(|service| &**service);
            let wanted = |port: &&ServicePort| match backend.port.name.as_str() {
                "" => port.port == backend.port.number,
                name => port.name == name,
            };
            let port = service.and_then(|service| service.ports().iter().find(wanted));
            Target { ingress, stored, place, backend, key, service, port }
        })
    })
}

impl Target<'_> {
    /// The field that says it.
    pub(super) fn field(&self) -> String {
        match self.place {
            Some((rule, path)) => format!("spec.rules[{rule}].http.paths[{path}].backend.service"),
            None => "spec.defaultBackend.service".to_owned(),
        }
    }
}

fn no_service(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let targets = report.shared.targets();
    let missing: Vec<&Target<'_>> = targets.iter().filter(|target| target.service.is_none()).collect();
    if missing.is_empty() {
        return;
    }
    let by_name: BTreeMap<&str, &ObjectKey> =
        cluster.services.iter().map(|(key, _)| (key.name.as_str(), key)).collect();
    for target in missing {
        let Target { ingress, backend, key, .. } = target;
        let of_namespace = cluster.services.in_namespace(&key.namespace);
        let meant = nearest(&backend.name, &mut of_namespace.map(|(known, _)| known.name.as_str()));
        let of_name = by_name.get(backend.name.as_str());
        let has_others =
            || targets.iter().any(|other| other.ingress == *ingress && other.service.is_some() && other.key != *key);
        let nothing_says_so = of_name.is_none() && meant.is_none() && !has_others();
        if nothing_says_so && report.shared.may_be_elsewhere(report.cluster, (Kind::Ingress, ingress), Missed::Backend)
        {
            report.elsewhere += 1;
            continue;
        }
        let help = match (of_name, meant) {
            (Some(known), _) => {
                format!("there is one in namespace {}; an Ingress sends only to its own", known.namespace)
            }
            (None, Some(meant)) => format!("there is a Service {meant}"),
            (None, None) => "name a Service of the Ingress's namespace".to_owned(),
        };
        let field = format!("{}.name", target.field());
        let message = format!("there is no Service {key}");
        report
            .at(Kind::Ingress, ingress, &field, message, help)
            .mend(Kind::Ingress, ingress, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]));
    }
}

fn no_port(_: &Engine, report: &mut Report<'_>) {
    for target in report.shared.targets() {
        let Target { ingress, backend, key, service, port, .. } = target;
        let Some(stored) = service.filter(|stored| port.is_none() && stored.spec.r#type != "ExternalName") else {
            continue;
        };
        let (wanted, field) = match backend.port.name.as_str() {
            "" => (backend.port.number.to_string(), format!("{}.port.number", target.field())),
            name => (name.to_owned(), format!("{}.port.name", target.field())),
        };
        let named = |port: &ServicePort| match port.name.as_str() {
            "" => port.port.to_string(),
            name => format!("{} ({name})", port.port),
        };
        let known: Vec<String> = stored.ports().iter().map(named).collect();
        let message = format!("Service {key} has no port {wanted}");
        let help = format!("it has {}", known.join(", "));
        report
            .at(Kind::Ingress, ingress, &field, message, help)
            .and(Kind::Service, key, "spec.ports", "its ports")
            .mend(Kind::Ingress, ingress, &|edit| {
                let meant = match meant(backend, stored)? {
                    port if backend.port.name.is_empty() => Scalar::Number(i64::from(port.port)),
                    port => Scalar::Text(Some(port.name.as_str()).filter(|name| !name.is_empty())?),
                };
                Some(vec![edit.replace(&field, meant)?])
            });
    }
}

/// The port of the Service that was surely meant: the only one, the one of a name near by, or the one that leads to the
/// port of the pods which is named instead.
fn meant<'s>(backend: &IngressServiceBackend, service: &'s Service) -> Option<&'s ServicePort> {
    let ports = service.ports();
    if let [only] = ports {
        return Some(only);
    }
    let name = backend.port.name.as_str();
    if name.is_empty() {
        let mut leading = ports.iter().filter(|port| port.target_port == IntOrString::Int(backend.port.number));
        return leading.next().filter(|_| leading.next().is_none());
    }
    let near = nearest(name, &mut ports.iter().map(|port| port.name.as_str()))?;
    ports.iter().find(|port| port.name == near)
}

fn no_endpoint(engine: &Engine, report: &mut Report<'_>) {
    for target in report.shared.targets() {
        let Target { ingress, key, service: Some(stored), port: Some(port), .. } = target else { continue };
        if stored.spec.r#type == "ExternalName" || serves(engine, key, &port.name) {
            continue;
        }
        let message = format!("Service {key} has no ready endpoint for port {}", port.port);
        let help = "see which pods its selector picks, and whether they are ready";
        let is_selecting = selector(stored).is_some();
        let is_far = selector(stored).is_some_and(|selector| may_be_elsewhere(report, key, selector));
        if is_far && !has_pods(engine, report, key, stored) {
            continue;
        }
        // Slices may be anybody's to write, and what is scaled to nothing may be scaled up: it is only worth knowing.
        let is_empty = engine.endpoints().pods(key).is_empty();
        let nothing_known = report.shared.labels(report.cluster, &key.namespace).is_none();
        let may_come = !is_selecting || is_empty && (nothing_known || has_pods(engine, report, key, stored));
        let severity = if may_come { Severity::Info } else { Severity::Warning };
        report.at(Kind::Ingress, ingress, &format!("{}.name", target.field()), message, help).weighing(severity).and(
            Kind::Service,
            key,
            "spec.selector",
            "its selector",
        );
    }
}

/// Whether a slice of the Service has a ready endpoint for the port of that name.
fn serves(engine: &Engine, service: &ObjectKey, port: &str) -> bool {
    engine.endpoints().slices(service).iter().any(|slice| {
        let has_port = slice.ports.iter().flatten().any(|known| known.name.as_deref().unwrap_or_default() == port);
        has_port && slice.endpoints.iter().flatten().any(|endpoint| endpoint.conditions.ready != Some(false))
    })
}
