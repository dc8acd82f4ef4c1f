//! Variables of Services that collide.

use super::{Report, rule, template_of};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::collections::{BTreeMap, BTreeSet};
use crate::engine::Engine;
use crate::kubelet::env::{from_services, services_told};

rule! {
    /// Finds a container that has settings of its own under the prefix of a Service (`APP_LOG` beside a Service `app`), and so finds
    /// that Service's `APP_PORT` among them.
    ///
    /// The kubelet sets `APP_PORT` to `tcp://address:port`. A program that reads it as the port to listen on stops with a message
    /// about a number; whether it reads it nobody but its author knows. `enableServiceLinks: false` keeps the variables out.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    ///       env:
    ///         - name: APP_LOG
    ///           value: debug
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    ///       env:
    ///         - name: APP_LOG
    ///           value: debug
    /// ```
    SERVICE_VARIABLE_SHADOWED = "ENV001", "service-variable-among-settings", Info, shadowed
}

rule! {
    /// Finds two Services of a namespace of which the kubelet makes variables of the same name, with different values.
    ///
    /// Which of them a container finds is chance.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - name: a
    ///       port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app-port-80-tcp
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - name: a
    ///       port: 80
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: app-admin
    /// spec:
    ///   selector:
    ///     app: app
    ///   ports:
    ///     - port: 8080
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: app
    ///   labels:
    ///     app: app
    /// spec:
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: app
    ///       image: registry.example.com/app:1
    /// ```
    SERVICE_VARIABLES_COLLIDE = "ENV002", "service-variables-collide", Warning, collide
}

/// The pods that get variables of Services, one of those that a workload makes, which do not differ.
fn told(engine: &Engine) -> impl Iterator<Item = (&ObjectKey, &Pod)> {
    let mut seen = BTreeSet::new();
    engine.cluster().pods.iter().filter_map(move |(key, pod)| {
        let workload = engine.stands_for(key).unwrap_or((Kind::Pod, key.clone()));
        (pod.spec.enable_service_links != Some(false) && seen.insert(workload)).then_some((key, &**pod))
    })
}

fn variable_prefix(service: &ObjectKey) -> String {
    service.name.to_ascii_uppercase().replace('-', "_")
}

fn shadowed(engine: &Engine, report: &mut Report<'_>) {
    let mut by_prefix: BTreeMap<(&str, String), Vec<&ObjectKey>> = BTreeMap::new();
    for (key, service) in engine.cluster().services.iter() {
        if !service.is_headless() && !service.spec.cluster_ip.is_empty() {
            by_prefix.entry((key.namespace.as_str(), variable_prefix(key))).or_default().push(key);
        }
    }
    for (key, pod) in told(engine) {
        for (index, container) in pod.spec.containers.iter().enumerate() {
            let names = || container.env.iter().map(|setting| setting.name.as_str());
            let prefixes = names().flat_map(|name| name.match_indices('_').filter_map(|(at, _)| name.get(..at)));
            for prefix in prefixes.collect::<BTreeSet<&str>>() {
                let Some(services) = by_prefix.get(&(key.namespace.as_str(), prefix.to_owned())) else { continue };
                let Some(setting) = setting(prefix, &names) else { continue };
                let variable = format!("{prefix}_PORT");
                let (kind, object, template) = template_of(engine, key);
                for service in services {
                    let message =
                        format!("finds {variable}=tcp://… of Service {service} among its settings, beside {setting}");
                    let field = format!("{template}spec.containers[{index}].env");
                    let help = format!("set enableServiceLinks: false, or {variable} itself");
                    report.at(kind, &object, &field, message, help).and(
                        Kind::Service,
                        service,
                        "metadata.name",
                        "the Service",
                    );
                }
            }
        }
    }
}

/// A setting of the program's own below that prefix, where there is one and the Service's variable may be read as another.
fn setting<'n, I: Iterator<Item = &'n str>>(prefix: &str, names: &dyn Fn() -> I) -> Option<&'n str> {
    let is_setting = |name: &str| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'));
    // Whoever connects to the Service has settings named after it too: its address, mostly.
    let is_address =
        |name: &str| ["_HOST", "_URL", "_ADDR", "_SERVICE", "_ENDPOINT"].iter().any(|part| name.contains(part));
    let is_set = |name: &str| name.strip_prefix(prefix) == Some("_PORT");
    if names().any(|name| is_setting(name) && (is_set(name) || is_address(name))) {
        return None;
    }
    names().find(|name| is_setting(name))
}

fn collide(engine: &Engine, report: &mut Report<'_>) {
    let mut looked_at = BTreeSet::new();
    let mut said = BTreeSet::new();
    for (key, pod) in told(engine) {
        // Every pod of a namespace is told of the same Services.
        if !looked_at.insert(key.namespace.as_str()) {
            continue;
        }
        let mut known: BTreeMap<String, (String, ObjectKey)> = BTreeMap::new();
        for (key, service) in services_told(engine.cluster(), pod) {
            for variable in from_services([&*service]) {
                match known.get(&variable.name) {
                    Some((value, first)) if *value != variable.value && *first != key => {
                        if said.insert((first.clone(), key.clone())) {
                            let message = format!(
                                "its variable {} is also one of Service {first}, with another value",
                                variable.name
                            );
                            let help = "rename one of the two, or set enableServiceLinks: false";
                            report.at(Kind::Service, &key, "metadata.name", message, help).and(
                                Kind::Service,
                                first,
                                "metadata.name",
                                "the other Service",
                            );
                        }
                    }
                    Some(_) => {}
                    None => {
                        known.insert(variable.name, (variable.value, key.clone()));
                    }
                }
            }
        }
    }
}
