//! Variables of Services that collide.

use super::{Report, rule};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::kubelet::env::{from_services, services_told};
use std::collections::{BTreeMap, BTreeSet};

rule! {
    /// Finds a program that is named like a Service of its namespace, and so finds that Service's `NAME_PORT` in its environment.
    ///
    /// The kubelet sets `NAME_PORT` to `tcp://address:port`. A program that reads `NAME_PORT` as the port to listen on stops with a
    /// message about a number. `enableServiceLinks: false` keeps the variables out.
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
    /// ```
    SERVICE_VARIABLE_SHADOWED = "ENV001", "service-variable-named-like-program", Info, shadowed
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

/// The pods that get variables, one for each set of Services and images: made-up pods of a workload do not differ.
fn told(engine: &Engine) -> impl Iterator<Item = (&ObjectKey, &Pod)> {
    let mut seen = BTreeSet::new();
    engine.cluster().pods.iter().filter_map(move |(key, pod)| {
        let workload = engine.stands_for(key).unwrap_or((Kind::Pod, key.clone()));
        seen.insert(workload).then_some((key, &**pod))
    })
}

fn shadowed(engine: &Engine, report: &mut Report<'_>) {
    for (key, pod) in told(engine) {
        if pod.spec.enable_service_links == Some(false) {
            continue;
        }
        for (index, container) in pod.spec.containers.iter().enumerate() {
            let program = program(&container.image);
            let own: BTreeSet<&str> = container.env.iter().map(|variable| variable.name.as_str()).collect();
            for (service, _) in services_told(engine.cluster(), pod) {
                let prefix = service.name.to_ascii_uppercase().replace('-', "_");
                let variable = format!("{prefix}_PORT");
                if program != prefix || own.contains(variable.as_str()) {
                    continue;
                }
                let (kind, object) = engine.stands_for(key).unwrap_or((Kind::Pod, key.clone()));
                let field = match kind {
                    Kind::Pod => format!("spec.containers[{index}].image"),
                    Kind::CronJob => format!("spec.jobTemplate.spec.template.spec.containers[{index}].image"),
                    _ => format!("spec.template.spec.containers[{index}].image"),
                };
                let message = format!(
                    "finds {variable}=tcp://… of Service {service}; a program that reads {variable} as its own setting stops"
                );
                report.at(kind, &object, &field, message, "set enableServiceLinks: false, or the variable itself");
                report.and(Kind::Service, &service, "metadata.name", "named like the program");
            }
        }
    }
}

/// The last part of an image's name, as a variable's prefix: `registry.example.com/team/redis:7` → `REDIS`.
fn program(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split(['@', ':']).next().unwrap_or(name);
    name.to_ascii_uppercase().replace('-', "_")
}

fn collide(engine: &Engine, report: &mut Report<'_>) {
    let mut said = BTreeSet::new();
    for (_, pod) in told(engine) {
        if pod.spec.enable_service_links == Some(false) {
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
                            report.at(
                                Kind::Service,
                                &key,
                                "metadata.name",
                                message,
                                "rename one of the two, or set enableServiceLinks: false",
                            );
                            report.and(Kind::Service, first, "metadata.name", "the other Service");
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
