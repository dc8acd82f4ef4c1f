//! ENV001 `service-variable-among-settings`: finds a container in which a variable of a Service takes the place of a
//! setting.

use crate::api::pod::{Container, EnvVar};
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::kubelet::env::{from_services, services_told};
use crate::kubelet::expansion::expand;
use crate::kubelet::program_variables::{program, variable_read_by};
use crate::lint::context::PodTemplate;
use crate::lint::report::Reporter;
use crate::lint::service_variables::with_service_links;
use portolan_base::collections::BTreeMap;
use portolan_base::json::Json;
use std::sync::Arc;

/// Variables of Services: their names, their values, and the Services.
type Variables = BTreeMap<String, (String, ObjectKey)>;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let mut of_namespace: BTreeMap<&str, Variables> = BTreeMap::new();
    for &PodTemplate { kind, object, template, pod } in with_service_links(report.context) {
        if !pod.spec.containers.iter().any(may_clash) {
            continue;
        }
        let services = of_namespace.entry(object.namespace.as_str()).or_insert_with(|| {
            let variables = |(key, service): (ObjectKey, Arc<Service>)| {
                let of_service = from_services([&*service]).into_iter();
                of_service.map(move |variable| (variable.name, (variable.value, key.clone())))
            };
            services_told(cluster, pod).into_iter().flat_map(variables).collect()
        });
        for (index, container) in pod.spec.containers.iter().enumerate() {
            for Clash { name, field, message, severity } in clashes(cluster, &object.namespace, container, services) {
                let Some((_, service)) = services.get(&name) else { continue };
                let field = format!("{template}spec.containers[{index}].{field}");
                let help = "set `enableServiceLinks: false`";
                report
                    .at(kind, object, &field, message, help)
                    .weighing(severity)
                    .and(Kind::Service, service, "metadata.name", "the Service")
                    .fix(kind, object, &|edit| {
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

/// A variable of a Service that takes the place of a setting.
struct Clash {
    name: String,
    field: String,
    message: String,
    severity: Severity,
}

/// Whether a variable of a Service could change anything in the container.
fn may_clash(container: &Container) -> bool {
    let is_open = |variable: &EnvVar| variable.value.contains("$(") || optional(variable).is_some();
    variable_read_by(&container.image).is_some() || container.env.iter().any(is_open)
}

/// The optional key of a ConfigMap or Secret that the variable gets its value from.
fn optional(variable: &EnvVar) -> Option<&Json> {
    let source = variable.value_from.as_ref()?;
    let reference = ["configMapKeyRef", "secretKeyRef"].iter().find_map(|member| source.get(member))?;
    Some(reference).filter(|reference| reference.get("optional") == Some(&Json::Bool(true)))
}

fn clashes(cluster: &Cluster, namespace: &str, container: &Container, services: &Variables) -> Vec<Clash> {
    let mut found = Vec::new();
    let own = |name: &str| container.env.iter().position(|variable| variable.name == name);
    if let Some(read) = variable_read_by(&container.image) {
        let is_read = |name: &str| read.strip_suffix('*').map_or(read == name, |prefix| name.starts_with(prefix));
        let first = services.iter().find(|(name, _)| is_read(name) && own(name).is_none());
        if let Some((name, (value, service))) = first {
            let message = {
                let program = program(&container.image);
                format!("{program} reads {name}, which Service {service} sets to {value}")
            };
            let (name, field) = (name.clone(), "image".to_owned());
            found.push(Clash { name, field, message, severity: Severity::Warning });
        }
    }
    for (at, variable) in container.env.iter().enumerate() {
        expand(&variable.value, |name| {
            let (value, service) = services.get(name)?;
            if own(name).is_some_and(|own| own >= at) {
                let message = format!(
                    "$({name}) is {value}, from Service {service}: the container sets its own value later in the list"
                );
                let (name, field) = (name.to_owned(), format!("env[{at}].value"));
                found.push(Clash { name, field, message, severity: Severity::Warning });
            }
            None
        });
        let Some((value, service)) = services.get(&variable.name) else { continue };
        let Some(reference) = optional(variable) else { continue };
        let text = |name: &str| reference.get(name).and_then(Json::as_str).unwrap_or_default();
        let is_secret = variable.value_from.as_ref().is_some_and(|source| source.get("secretKeyRef").is_some());
        let secret = cluster.secrets.get(namespace, text("name")).filter(|_| is_secret);
        if secret
            .is_some_and(|secret| secret.data.contains_key(text("key")) || secret.string_data.contains_key(text("key")))
        {
            continue;
        }
        let message = format!(
            "if key {} of {} is missing, the value is {value}, from Service {service}",
            text("key"),
            text("name")
        );
        let (name, field) = (variable.name.clone(), format!("env[{at}].name"));
        found.push(Clash { name, field, message, severity: Severity::Info });
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, LoadMode, load};

    /// The findings about a container in a namespace with Services `web` and `n8n`.
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
        let loaded = load(&[file], Options::default(), LoadMode::Admitted);
        let found = loaded.check().into_iter().filter(|finding| finding.code == "ENV001");
        found.map(|finding| format!("{} {}", finding.severity.name(), finding.place.field)).collect()
    }

    #[test]
    fn settings_that_the_container_makes_itself_are_not_reported() {
        assert_eq!(found("image: web, env: [{name: WEB_LOG, value: debug}, {name: WEB_PORT, value: '80'}]"), [""; 0]);
        assert_eq!(found("image: n8n, env: [{name: N8N_PORT, value: '5678'}]"), [""; 0]);
        let given = "valueFrom: {secretKeyRef: {name: s, key: there, optional: true}}";
        assert_eq!(found(&format!("image: web, env: [{{name: WEB_PORT, {given}}}]")), [""; 0]);
        let behind = "[{name: WEB_PORT, value: '80'}, {name: URL, value: 'http://web:$(WEB_PORT)'}]";
        assert_eq!(found(&format!("image: web, env: {behind}")), [""; 0]);
    }

    #[test]
    fn a_variable_that_takes_the_place_of_a_setting_is_reported() {
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
