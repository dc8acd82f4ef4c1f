//! Paths of an Ingress that do not do what they look like.

use super::{Report, rule};
use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

rule! {
    /// Finds characters of a regular expression in a path of type `Prefix` or `Exact`.
    ///
    /// They are taken as they stand, so the path matches only a request that has them. A controller that knows expressions wants
    /// `ImplementationSpecific` and an annotation; with the annotation alone ingress-nginx takes them as expressions, and its
    /// webhook refuses them (`strict-validate-path-type`, on from version 1.12).
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
    ///           - path: /api/(.*)
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
    ///           - path: /api
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
    EXPRESSION_IN_PLAIN_PATH = "ING004", "expression-in-plain-path", Warning, expression
}

rule! {
    /// Finds the same host, path and type in two Ingresses of one class.
    ///
    /// The older Ingress serves it, and the other never does; which that is may change when one is made anew.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: first
    ///   creationTimestamp: "2024-01-01T00:00:00Z"
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
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: second
    ///   creationTimestamp: "2024-02-01T00:00:00Z"
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
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: first
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
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: second
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - path: /second
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
    SAME_HOST_AND_PATH = "ING005", "same-host-and-path", Warning, same_host_and_path
}

/// Shows every path with its host, type and field.
fn look(ingress: &Ingress, show: &mut dyn FnMut(&str, &str, &str, String)) {
    for (rule, paths) in ingress.spec.rules.iter().flatten().enumerate() {
        for (path, entry) in paths.http.iter().flat_map(|http| http.paths.iter().flatten()).enumerate() {
            let kind = entry.path_type.as_deref().unwrap_or_default();
            show(&paths.host, &entry.path, kind, format!("spec.rules[{rule}].http.paths[{path}].path"));
        }
    }
}

fn expression(engine: &Engine, report: &mut Report<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        // Told to take paths as expressions, ingress-nginx takes every path of the host so, whatever its type says.
        let annotation = |name: &str| ingress.metadata.annotations.get(&format!("nginx.ingress.kubernetes.io/{name}"));
        let is_expression = annotation("use-regex").is_some_and(|value| value == "true")
            || annotation("rewrite-target").is_some_and(|target| target.contains('$'));
        look(ingress, &mut |_, path, kind, field| {
            let plain = matches!(kind, "Prefix" | "Exact");
            let looks_like_one = path.contains(['(', ')', '[', ']', '*', '+', '?', '^', '$', '|', '\\']);
            if !plain || !looks_like_one {
                return;
            }
            if !is_expression {
                let message = format!("{path} is taken as it stands: {kind} knows no expressions");
                let help = "write the plain path, or ImplementationSpecific with the controller's annotation";
                report.at(Kind::Ingress, key, &field, message, help);
                return;
            }
            let message = format!("ingress-nginx refuses an expression in a path of type {kind}, from version 1.12 on");
            let field = format!("{field}Type");
            report.at(Kind::Ingress, key, &field, message, "write ImplementationSpecific").mend(
                Kind::Ingress,
                key,
                &|edit| Some(vec![edit.replace(&field, Scalar::Text("ImplementationSpecific"))?]),
            );
        });
    }
}

fn same_host_and_path(engine: &Engine, report: &mut Report<'_>) {
    let mut ingresses: Vec<(&ObjectKey, &Arc<Ingress>)> = engine.cluster().ingresses.iter().collect();
    ingresses
        .small_sort_by(|(_, one), (_, other)| one.metadata.creation_timestamp.cmp(&other.metadata.creation_timestamp));
    let mut first: BTreeMap<[String; 4], (ObjectKey, String)> = BTreeMap::new();
    for (key, ingress) in ingresses {
        // A canary is there to share its host and path.
        let is_canary =
            ingress.metadata.annotations.get("nginx.ingress.kubernetes.io/canary").is_some_and(|value| value == "true");
        if is_canary {
            continue;
        }
        let annotation = ingress.metadata.annotations.get("kubernetes.io/ingress.class");
        let class = ingress.spec.ingress_class_name.as_ref().or(annotation).cloned().unwrap_or_default();
        let mut doubled = Vec::new();
        look(ingress, &mut |host, path, kind, field| {
            let trimmed = if kind == "Prefix" && path.len() > 1 { path.trim_end_matches('/') } else { path };
            let place = [class.clone(), host.to_ascii_lowercase(), trimmed.to_owned(), kind.to_owned()];
            match first.get(&place) {
                Some((older, older_field)) if older != key => {
                    let host = if host.is_empty() { "every host" } else { host };
                    doubled.push((
                        field,
                        format!("{host} {path} is served by Ingress {older} already"),
                        older.clone(),
                        older_field.clone(),
                    ));
                }
                Some(_) => {}
                None => {
                    first.insert(place, (key.clone(), field));
                }
            }
        });
        for (field, message, older, older_field) in doubled {
            report.at(Kind::Ingress, key, &field, message, "take one of them out").and(
                Kind::Ingress,
                &older,
                &older_field,
                "served by this one",
            );
        }
    }
}
