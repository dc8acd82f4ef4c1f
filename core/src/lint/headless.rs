//! Names of pods that DNS does not have.

use super::report::Missed;
use super::{Report, rule};
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;

rule! {
    /// Finds a StatefulSet whose `serviceName` is no headless Service that selects its pods.
    ///
    /// The names of its pods (`web-0.nginx`) come from that Service; without it they do not resolve. Of a single pod, and no headless
    /// Service that selects it, nobody misses the name.
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
    let Some(stored) = engine.cluster().services.by_key(service) else {
        return Some(format!("there is no Service {service}"));
    };
    if !stored.is_headless() {
        return Some(format!("Service {service} is not headless"));
    }
    (!selects(engine, service, pod)).then(|| format!("Service {service} does not select the pod"))
}

/// Whether the Service selects the pod of that name in its namespace.
fn selects(engine: &Engine, service: &ObjectKey, pod: &str) -> bool {
    engine.endpoints().pods(service).binary_search_by(|known| known.metadata.name.as_str().cmp(pod)).is_ok()
}

/// The one headless Service that selects the pod.
fn only_headless(engine: &Engine, namespace: &str, pod: &str) -> Option<String> {
    let services = engine.cluster().services.in_namespace(namespace);
    let mut fitting = services.filter(|(key, service)| service.is_headless() && selects(engine, key, pod));
    let (only, _) = fitting.next()?;
    fitting.next().is_none().then(|| only.name.clone())
}

fn stateful_set_service(engine: &Engine, report: &mut Report<'_>) {
    let Some(sets) = engine.cluster().workloads.get(&Kind::StatefulSet) else { return };
    for (key, set) in sets.iter() {
        let name = &set.spec.service_name;
        let pods = engine.pods_made_by(Kind::StatefulSet, key);
        let Some(pod) = pods.first().filter(|_| !name.is_empty()) else { continue };
        let service = ObjectKey::new(key.namespace.as_str(), name.as_str());
        let Some(fault) = fault(engine, &service, &pod.name) else { continue };
        let meant = only_headless(engine, &key.namespace, &pod.name);
        let help = match &meant {
            Some(meant) => format!("name {meant}, which is headless and selects the pods"),
            None => "name a headless Service that selects the pods".to_owned(),
        };
        let is_missing = engine.cluster().services.by_key(&service).is_none();
        // One pod alone, and no Service that was made for names: nobody misses them.
        if meant.is_none() && pods.len() == 1 {
            continue;
        }
        if meant.is_none()
            && is_missing
            && report.shared.may_be_elsewhere(report.cluster, (Kind::StatefulSet, key), Missed::Service)
        {
            report.elsewhere += 1;
            continue;
        }
        let message = format!("its pods have no names in DNS: {fault}");
        report
            .at(Kind::StatefulSet, key, "spec.serviceName", message, help)
            .and(Kind::Service, &service, "spec.selector", "this Service")
            .mend(Kind::StatefulSet, key, &|edit| {
                Some(vec![edit.replace("spec.serviceName", Scalar::Text(meant.as_deref()?))?])
            });
    }
}

fn no_record(engine: &Engine, report: &mut Report<'_>) {
    for (key, pod) in engine.cluster().pods.iter() {
        if pod.spec.hostname.is_empty() || pod.spec.subdomain.is_empty() || engine.stands_for(key).is_some() {
            continue;
        }
        let service = ObjectKey::new(key.namespace.as_str(), pod.spec.subdomain.as_str());
        let Some(fault) = fault(engine, &service, &key.name) else { continue };
        let meant = only_headless(engine, &key.namespace, &key.name);
        let help = match &meant {
            Some(meant) => format!("write {meant}, which is headless and selects the pod"),
            None => "add a headless Service of that name that selects the pod".to_owned(),
        };
        let message = format!("{}.{} is no name in DNS: {fault}", pod.spec.hostname, pod.spec.subdomain);
        report
            .at(Kind::Pod, key, "spec.subdomain", message, help)
            .mend(Kind::Pod, key, &|edit| Some(vec![edit.replace("spec.subdomain", Scalar::Text(meant.as_deref()?))?]));
    }
}
