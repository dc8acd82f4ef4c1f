//! Rules of Ingresses that never serve, by the tables of the controllers that serve the rest.

use super::{Report, rule};
use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::ingress::Controller;
use crate::ingress::class::{CLASS_ANNOTATION, default_class};
use crate::routing::{Entry, Origin, RouteTable};
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

rule! {
    /// Finds a path of an Ingress that gets no request, because a stronger one of the same host takes them all.
    ///
    /// Which path is stronger is asked of the controller that serves the class, where it is known. Where both lead to the same
    /// Service, it is only worth knowing.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    ///           - {path: /a/, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
    /// ---
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
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: other}
    /// spec:
    ///   selector: {app: other}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: other, labels: {app: other}}
    /// spec:
    ///   containers:
    ///     - name: other
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /a, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    ///           - {path: /b, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
    /// ---
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
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: other}
    /// spec:
    ///   selector: {app: other}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: other, labels: {app: other}}
    /// spec:
    ///   containers:
    ///     - name: other
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    SHADOWED = "ING007", "path-shadowed", Warning, shadowed
}

rule! {
    /// Finds annotations of an Ingress that its controller, ingress-nginx, does not understand and so passes over: paths that are
    /// not absolute, ranges that are none, expressions that cannot be compiled; and canaries of a path that no other Ingress has.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/app-root: "home"
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
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
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: IngressClass
    /// metadata: {name: nginx}
    /// spec: {controller: k8s.io/ingress-nginx}
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/app-root: "/home"
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
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
    NOT_UNDERSTOOD = "ING008", "annotation-not-understood", Warning, not_understood
}

/// The class that an Ingress names, or the default one.
pub(super) fn class_of<'c>(cluster: &'c Cluster, ingress: &'c Ingress) -> Option<&'c str> {
    let annotation = ingress.metadata.annotations.get(CLASS_ANNOTATION);
    let named = ingress.spec.ingress_class_name.as_ref().or(annotation).map(String::as_str);
    named.filter(|class| !class.is_empty()).or_else(|| default_class(cluster).map(|class| class.metadata.name.as_str()))
}

/// The controller of a class, as far as its IngressClass or its name tells.
pub(super) fn controller_of(cluster: &Cluster, class: &str) -> Option<Controller> {
    let is = |text: &str| match text {
        text if text.starts_with("k8s.io/ingress-nginx") => Some(Controller::Nginx),
        text if text.starts_with("projectcontour.io/") => Some(Controller::Contour),
        _ => None,
    };
    match cluster.ingress_classes.get("", class) {
        Some(known) => is(&known.spec.controller),
        None => Controller::named(class).filter(|controller| *controller != Controller::Spec),
    }
}

/// The tables of every class there is. Ingresses without class are looked at only where none has one: who serves them
/// is not known.
fn tables(engine: &Engine) -> Vec<Arc<RouteTable>> {
    let cluster = engine.cluster();
    let classes: BTreeSet<Option<&str>> =
        cluster.ingresses.iter().map(|(_, ingress)| class_of(cluster, ingress)).collect();
    let has_classes = classes.iter().any(Option::is_some);
    let classes = classes.into_iter().filter(|class| class.is_some() || !has_classes);
    let table = |class: Option<&str>| {
        let controller = class.and_then(|class| controller_of(cluster, class)).unwrap_or(Controller::Spec);
        engine.route_table(controller, class)
    };
    classes.map(table).collect()
}

fn shadowed(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for table in tables(engine) {
        // A rule may stand in a table several times; it is shadowed where none of its entries is free.
        let mut winners: BTreeMap<&Origin, Option<(&Entry, &Entry)>> = BTreeMap::new();
        for host in table.hosts() {
            for entry in host.entries().iter().filter(|entry| entry.origin.path.is_some()) {
                let winner = entry.shadowed_by.and_then(|by| host.entries().get(by));
                let by_another = winner.filter(|winner| winner.origin != entry.origin && winner.origin.path.is_some());
                let known = winners.entry(&entry.origin).or_insert(Some((entry, entry)));
                *known = match by_another {
                    Some(winner) if known.is_some() => Some((entry, winner)),
                    None if winner.is_some() => *known,
                    _ => None,
                };
            }
        }
        for (entry, winner) in winners.into_values().flatten().filter(|(entry, winner)| entry.origin != winner.origin) {
            let (origin, by) = (&entry.origin, &winner.origin);
            let is_same =
                origin.ingress != by.ingress && entry.written == winner.written && entry.path_type == winner.path_type;
            // The same path twice is another rule's to tell, and a canary is there to share.
            if is_same || is_canary(cluster, &origin.ingress) || is_canary(cluster, &by.ingress) {
                continue;
            }
            let same_ingress = origin.ingress == by.ingress;
            let whose = if same_ingress { String::new() } else { format!(" of Ingress {}", by.ingress) };
            let message = format!(
                "{} {} gets no request: {} {}{whose} takes them all",
                entry.path_type, entry.written, winner.path_type, winner.written
            );
            let severity = if entry.backend == winner.backend { Severity::Info } else { Severity::Warning };
            report
                .at(
                    Kind::Ingress,
                    &origin.ingress,
                    &format!("{}.path", origin.field()),
                    message,
                    "take one of them out",
                )
                .weighing(severity)
                .and(Kind::Ingress, &by.ingress, &format!("{}.path", by.field()), "the path that takes them");
        }
    }
}

fn is_canary(cluster: &Cluster, ingress: &ObjectKey) -> bool {
    let annotation = |ingress: &Arc<Ingress>| {
        ingress.metadata.annotations.get("nginx.ingress.kubernetes.io/canary").is_some_and(|value| value == "true")
    };
    cluster.ingresses.by_key(ingress).is_some_and(annotation)
}

fn not_understood(engine: &Engine, report: &mut Report<'_>) {
    for table in tables(engine).iter().filter(|table| table.controller() == Controller::Nginx) {
        for told in table.reports() {
            let help = match told.reason {
                "InvalidAnnotation" | "InvalidExpression" => "write it as ingress-nginx reads it",
                "CanaryWithoutMain" => "give the canary the host, path and type of the Ingress that it is one of",
                _ => continue,
            };
            report.at(Kind::Ingress, &told.ingress, &told.field, told.message.as_str(), help);
        }
    }
}
