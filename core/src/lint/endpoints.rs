//! A Service whose selector picks no pod.

use super::{Report, rule};
use crate::api::resource::Kind;
use crate::engine::Engine;

rule! {
    /// Finds a Service whose selector picks no pod, neither a stored one nor one that a workload stands for.
    ///
    /// It has no endpoints, so connections to it are rejected. Mostly a label is spelled differently in the pod template, or
    /// the Service is in another namespace.
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
    SELECTS_NOTHING = "SVC001", "service-selects-nothing", Warning, selects_nothing
}

fn selects_nothing(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    for (key, service) in cluster.services.iter() {
        let selector = service.spec.selector.as_ref().filter(|selector| !selector.is_empty());
        let Some(selector) = selector.filter(|_| service.spec.r#type != "ExternalName") else { continue };
        if !engine.endpoints().pods(key).is_empty() {
            continue;
        }
        let words: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let message = format!("selects no pod: none in namespace {} is labelled {}", key.namespace, words.join(","));
        let elsewhere = cluster
            .pods
            .iter()
            .find(|(_, pod)| selector.iter().all(|(name, value)| pod.metadata.labels.get(name) == Some(value)));
        let help = match elsewhere {
            Some((pod, _)) => format!(
                "pods of namespace {} have these labels; a Service selects only in its own namespace",
                pod.namespace
            ),
            None => "make the selector equal to labels of the pod template".to_owned(),
        };
        report.at(Kind::Service, key, "spec.selector", message, &help);
    }
}
