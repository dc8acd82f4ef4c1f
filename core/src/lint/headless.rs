//! Names of pods that DNS does not have.

use super::{Report, rule};
use crate::api::resource::{Kind, ObjectKey};
use crate::endpoints::selected_pods;
use crate::engine::Engine;

rule! {
    /// Finds a StatefulSet whose `serviceName` is no headless Service that selects its pods.
    ///
    /// The names of its pods (`web-0.nginx`) come from that Service; without it they do not resolve.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    /// spec:
    ///   serviceName: database
    ///   selector:
    ///     matchLabels:
    ///       app: db
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: db
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    /// spec:
    ///   clusterIP: None
    ///   selector:
    ///     app: db
    ///   ports:
    ///     - port: 5432
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: apps/v1
    /// kind: StatefulSet
    /// metadata:
    ///   name: db
    /// spec:
    ///   serviceName: db
    ///   selector:
    ///     matchLabels:
    ///       app: db
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: db
    ///     spec:
    ///       containers:
    ///         - name: db
    ///           image: registry.example.com/db:1
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: db
    /// spec:
    ///   clusterIP: None
    ///   selector:
    ///     app: db
    ///   ports:
    ///     - port: 5432
    /// ```
    STATEFUL_SET_SERVICE = "DNS001", "stateful-set-service", Warning, stateful_set_service
}

rule! {
    /// Finds a pod with `hostname` and `subdomain` for which there is no headless Service of the subdomain's name.
    ///
    /// The pod knows itself by a full name that DNS does not have.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: busybox
    /// spec:
    ///   hostname: one
    ///   subdomain: busybox-subdomain
    ///   containers:
    ///     - name: busybox
    ///       image: registry.example.com/busybox:1
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: busybox
    ///   labels:
    ///     name: busybox
    /// spec:
    ///   hostname: one
    ///   subdomain: busybox-subdomain
    ///   containers:
    ///     - name: busybox
    ///       image: registry.example.com/busybox:1
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: busybox-subdomain
    /// spec:
    ///   clusterIP: None
    ///   selector:
    ///     name: busybox
    /// ```
    NO_RECORD = "DNS002", "hostname-without-record", Warning, no_record
}

/// Why a Service gives the pod no name, or nothing where it does.
fn fault(engine: &Engine, service: &ObjectKey, pod: &str) -> Option<String> {
    let cluster = engine.cluster();
    let Some(stored) = cluster.services.by_key(service) else { return Some(format!("there is no Service {service}")) };
    if !stored.is_headless() {
        return Some(format!("Service {service} is not headless"));
    }
    let selected = selected_pods(cluster, service, stored).iter().any(|selected| selected.metadata.name == pod);
    (!selected).then(|| format!("Service {service} does not select the pod"))
}

fn stateful_set_service(engine: &Engine, report: &mut Report<'_>) {
    let Some(sets) = engine.cluster().workloads.get(&Kind::StatefulSet) else { return };
    for (key, set) in sets.iter() {
        let name = &set.spec.service_name;
        let Some(pod) = engine.pods_made_by(Kind::StatefulSet, key).into_iter().next() else { continue };
        let service = ObjectKey::new(key.namespace.as_str(), name.as_str());
        if let Some(fault) = fault(engine, &service, &pod.name).filter(|_| !name.is_empty()) {
            let message = format!("its pods have no names in DNS: {fault}");
            report.at(
                Kind::StatefulSet,
                key,
                "spec.serviceName",
                message,
                "name a headless Service that selects the pods",
            );
            report.and(Kind::Service, &service, "spec.selector", "this Service");
        }
    }
}

fn no_record(engine: &Engine, report: &mut Report<'_>) {
    for (key, pod) in engine.cluster().pods.iter() {
        if pod.spec.hostname.is_empty() || pod.spec.subdomain.is_empty() || engine.stands_for(key).is_some() {
            continue;
        }
        let service = ObjectKey::new(key.namespace.as_str(), pod.spec.subdomain.as_str());
        if let Some(fault) = fault(engine, &service, &key.name) {
            let message = format!("{}.{} is no name in DNS: {fault}", pod.spec.hostname, pod.spec.subdomain);
            report.at(
                Kind::Pod,
                key,
                "spec.subdomain",
                message,
                "add a headless Service of that name that selects the pod",
            );
        }
    }
}
