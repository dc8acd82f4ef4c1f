//! Variables of Services that collide.

use super::{Report, rule, template_of};
use crate::api::pod::{Container, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::collections::{BTreeMap, BTreeSet};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::json::Json;
use crate::kubelet::env::{from_services, services_told};
use crate::kubelet::expansion::expand;
use std::sync::Arc;

rule! {
    /// Finds a Service's variable where a container looks for a setting of its own.
    ///
    /// The kubelet sets variables of every Service of the namespace: of a Service `n8n`, `N8N_PORT` is `tcp://address:port`. What the
    /// container sets itself goes before them. They get in its way where its program reads such a variable and the manifest does
    /// not set it: of some programs that is known (actual-server, authelia, gpustack, n8n, neo4j, vllm), of others nobody knows it from
    /// outside. They also get in where a value is made with `$(NAME)` of a variable that is set only behind it, and where a key of a
    /// ConfigMap or Secret may be missing. `enableServiceLinks: false` keeps them out.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: n8n
    /// spec:
    ///   selector:
    ///     app: n8n
    ///   ports:
    ///     - port: 5678
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: n8n
    ///   labels:
    ///     app: n8n
    /// spec:
    ///   containers:
    ///     - name: n8n
    ///       image: docker.n8n.io/n8nio/n8n:1.90.0
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: n8n
    /// spec:
    ///   selector:
    ///     app: n8n
    ///   ports:
    ///     - port: 5678
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: n8n
    ///   labels:
    ///     app: n8n
    /// spec:
    ///   enableServiceLinks: false
    ///   containers:
    ///     - name: n8n
    ///       image: docker.n8n.io/n8nio/n8n:1.90.0
    /// ```
    SERVICE_VARIABLE_SHADOWED = "ENV001", "service-variable-among-settings", Warning, shadowed
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

/// Programs, by the last part of their image's name, and the variable that they read as a setting. With `*`, they read
/// every one that begins so, and stop at one that is none of theirs.
const READERS: &[(&str, &str)] = &[
    ("actual-server", "ACTUAL_PORT"),
    ("authelia", "AUTHELIA_*"),
    ("gpustack", "GPUSTACK_PORT"),
    ("n8n", "N8N_PORT"),
    ("neo4j", "NEO4J_*"),
    ("vllm-openai", "VLLM_PORT"),
];

/// The variable that the program of an image is known to read; with `*`, the beginning of those that it reads.
pub(crate) fn variable_read_by(image: &str) -> Option<&'static str> {
    let program = program(image);
    READERS.iter().find(|(known, _)| *known == program).map(|(_, read)| *read)
}

/// The last part of an image's name: of `registry/group/name:tag@digest`, `name`.
fn program(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// A variable of a Service.
type Told = BTreeMap<String, (String, ObjectKey)>;

fn shadowed(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let mut of_namespace: BTreeMap<&str, Told> = BTreeMap::new();
    for (key, pod) in told(engine) {
        let services = of_namespace.entry(key.namespace.as_str()).or_insert_with(|| {
            let variables = |(key, service): (ObjectKey, Arc<Service>)| {
                let of_service = from_services([&*service]).into_iter();
                of_service.map(move |variable| (variable.name, (variable.value, key.clone())))
            };
            services_told(cluster, pod).into_iter().flat_map(variables).collect()
        });
        if services.is_empty() {
            continue;
        }
        let (kind, object, template) = template_of(engine, key);
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for Clash { name, field, message, severity } in clashes(cluster, key, container, services) {
                let Some((_, service)) = services.get(&name) else { continue };
                let field = format!("{template}spec.containers[{index}].{field}");
                let help = "set enableServiceLinks: false";
                report
                    .at(kind, &object, &field, message, help)
                    .weighing(severity)
                    .and(Kind::Service, service, "metadata.name", "the Service")
                    .mend(kind, &object, &|edit| {
                        let spec = format!("{template}spec");
                        let written = format!("{spec}.enableServiceLinks");
                        Some(vec![match edit.value(&written) {
                            Some(_) => edit.replace(&written, Scalar::Bool(false))?,
                            None => edit.insert(&spec, "enableServiceLinks", Scalar::Bool(false))?,
                        }])
                    });
            }
        }
    }
}

/// A Service's variable where the container finds it and should not.
struct Clash {
    name: String,
    field: String,
    message: String,
    severity: Severity,
}

fn clashes(cluster: &Cluster, pod: &ObjectKey, container: &Container, services: &Told) -> Vec<Clash> {
    let mut found = Vec::new();
    let own = |name: &str| container.env.iter().position(|variable| variable.name == name);
    if let Some(read) = variable_read_by(&container.image) {
        let is_read = |name: &str| read.strip_suffix('*').map_or(read == name, |prefix| name.starts_with(prefix));
        let first = services.iter().find(|(name, _)| is_read(name) && own(name).is_none());
        if let Some((name, (value, service))) = first {
            let message = {
                let program = program(&container.image);
                format!("{program} reads {name}, and finds {value} of Service {service} in it")
            };
            let (name, field) = (name.clone(), "image".to_owned());
            found.push(Clash { name, field, message, severity: Severity::Warning });
        }
    }
    for (at, variable) in container.env.iter().enumerate() {
        expand(&variable.value, |name| {
            let (value, service) = services.get(name)?;
            if own(name).is_some_and(|own| own >= at) {
                let message =
                    format!("$({name}) is {value} of Service {service} here: the container's own stands behind");
                let (name, field) = (name.to_owned(), format!("env[{at}].value"));
                found.push(Clash { name, field, message, severity: Severity::Warning });
            }
            None
        });
        let Some((value, service)) = services.get(&variable.name) else { continue };
        let Some(source) = &variable.value_from else { continue };
        let reference = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|member| source.get(member));
        let is_optional = |reference: &&Json| reference.get("optional") == Some(&Json::Bool(true));
        let Some(reference) = reference.filter(is_optional) else { continue };
        let text = |name: &str| reference.get(name).and_then(Json::as_str).unwrap_or_default();
        let secret = cluster.secrets.get(&pod.namespace, text("name")).filter(|_| source.get("secretKeyRef").is_some());
        if secret
            .is_some_and(|secret| secret.data.contains_key(text("key")) || secret.string_data.contains_key(text("key")))
        {
            continue;
        }
        let message = format!(
            "without key {} of {} it is {value}, of Service {service}, and not unset",
            text("key"),
            text("name")
        );
        let (name, field) = (variable.name.clone(), format!("env[{at}].name"));
        found.push(Clash { name, field, message, severity: Severity::Info });
    }
    found
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

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, Taking, load};

    /// What is found of a container beside Services `web` and `n8n`.
    fn found(container: &str) -> Vec<String> {
        let service = |name: &str| {
            format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: a}}, ports: [{{port: 80}}]}}\n---\n"
            )
        };
        let text = format!(
            "{}{}apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{there: x}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: a, labels: {{app: a}}}}\nspec: {{containers: [{{name: c, {container}}}]}}\n",
            service("web"),
            service("n8n")
        );
        let file = File { name: "a.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
        let told = loaded.check().into_iter().filter(|finding| finding.code == "ENV001");
        told.map(|finding| format!("{} {}", finding.severity.name(), finding.place.field)).collect()
    }

    #[test]
    fn settings_beside_the_variables_of_a_service_are_nobodys_fault() {
        assert_eq!(found("image: web, env: [{name: WEB_LOG, value: debug}, {name: WEB_PORT, value: '80'}]"), [""; 0]);
        assert_eq!(found("image: n8n, env: [{name: N8N_PORT, value: '5678'}]"), [""; 0]);
        let given = "valueFrom: {secretKeyRef: {name: s, key: there, optional: true}}";
        assert_eq!(found(&format!("image: web, env: [{{name: WEB_PORT, {given}}}]")), [""; 0]);
        let behind = "[{name: WEB_PORT, value: '80'}, {name: URL, value: 'http://web:$(WEB_PORT)'}]";
        assert_eq!(found(&format!("image: web, env: {behind}")), [""; 0]);
    }

    #[test]
    fn a_variable_that_changes_what_is_seen_is_found() {
        assert_eq!(found("image: 'n8nio/n8n:1'"), ["warning spec.containers[0].image"]);
        let before = "[{name: URL, value: 'http://web:$(WEB_PORT)'}, {name: WEB_PORT, value: '80'}]";
        assert_eq!(found(&format!("image: web, env: {before}")), ["warning spec.containers[0].env[0].value"]);
        let missing = "valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}";
        assert_eq!(
            found(&format!("image: web, env: [{{name: WEB_PORT, {missing}}}]")),
            ["info spec.containers[0].env[0].name"]
        );
    }
}
