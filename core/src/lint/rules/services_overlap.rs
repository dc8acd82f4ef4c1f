//! SVC008 `services-overlap`: finds two Services that select the same pods by accident.

use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::edit::{Editor, Scalar};
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::lint::container_ports::{declares_port, lacks_port};
use crate::lint::report::Reporter;
use crate::workload::{owner, template_of};
use portolan_base::collections::BTreeMap;
use std::borrow::Cow;
use std::sync::Arc;

/// The object that defines pods: a workload, or the pod itself.
type Maker<'a> = Cow<'a, (Kind, ObjectKey)>;

/// For each Service the makers of its pods, with one pod of each; for each maker the Services that select its pods.
#[derive(Default)]
struct Selections<'a> {
    of_service: BTreeMap<&'a ObjectKey, BTreeMap<Maker<'a>, &'a Arc<Pod>>>,
    of_maker: BTreeMap<Maker<'a>, Vec<&'a ObjectKey>>,
}

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let mut selections = Selections::default();
    for (key, _) in cluster.services.iter() {
        let mut makers: BTreeMap<Maker<'_>, &Arc<Pod>> = BTreeMap::new();
        for pod in engine.endpoints().pods(key) {
            let name = ObjectKey::new(key.namespace.as_str(), pod.metadata.name.as_str());
            let workload = engine.workload_of(&name).map(Cow::Borrowed);
            let maker = workload.unwrap_or_else(|| Cow::Owned(owner_of(engine, pod, name)));
            makers.entry(maker).or_insert(pod);
        }
        for maker in makers.keys() {
            selections.of_maker.entry(maker.clone()).or_default().push(key);
        }
        if !makers.is_empty() {
            selections.of_service.insert(key, makers);
        }
    }
    for (key, makers) in &selections.of_service {
        let Some(service) = cluster.services.by_key(key) else { continue };
        let selected = Selected { cluster, selections: &selections, key, service, makers };
        let Some(overlap) = selected.takes_in_others().or_else(|| selected.selects_others()) else { continue };
        let mut found = report.at(Kind::Service, key, "spec.selector", overlap.message, overlap.help);
        for (kind, key, field, text) in overlap.related {
            found = found.and(kind, &key, field, text);
        }
        let write = |edit: &Editor<'_>, (name, value): &(&str, Option<&str>)| {
            edit.replace(&format!("spec.selector[{name}]"), Scalar::Text((*value)?))
        };
        found.fix(Kind::Service, key, &|edit| overlap.labels.iter().map(|label| write(edit, label)).collect());
    }
}

/// What is wrong with the selector of one Service.
struct Overlap<'a> {
    message: String,
    help: &'static str,
    /// Other places, each with its field and a text that says what it is.
    related: Vec<(Kind, ObjectKey, &'static str, &'static str)>,
    /// The labels that its selector should have instead. There is no fix if one of them has no value.
    labels: Vec<(&'a str, Option<&'a str>)>,
}

/// One Service, and the makers of the pods that it selects.
struct Selected<'a> {
    cluster: &'a Cluster,
    selections: &'a Selections<'a>,
    key: &'a ObjectKey,
    service: &'a Service,
    makers: &'a BTreeMap<Maker<'a>, &'a Arc<Pod>>,
}

/// The workload that owns a stored pod, or the pod itself.
fn owner_of(engine: &Engine, pod: &Pod, key: ObjectKey) -> (Kind, ObjectKey) {
    let Some((kind, name)) = owner(&pod.metadata) else { return (Kind::Pod, key) };
    let over = engine.cluster().workloads.get(&kind).and_then(|store| store.by_key(&name));
    over.and_then(|between| owner(&between.metadata)).unwrap_or((kind, name))
}

impl<'a> Selected<'a> {
    /// The Service selects pods of several workloads, and one of them does not declare the port but has its own Service.
    fn takes_in_others(&self) -> Option<Overlap<'a>> {
        if self.makers.len() < 2 {
            return None;
        }
        for (other, pod) in self.makers {
            let port = self.service.ports().iter().find(|port| lacks_port(pod, port))?;
            let right = self.makers.iter().find(|(_, pod)| declares_port(pod, port)).map(|(maker, _)| maker);
            let Some(right) = right else { continue };
            let is_for_these = |known: &&&ObjectKey| {
                let makers = self.selections.of_service.get(**known);
                **known != self.key && makers.is_some_and(|makers| !makers.contains_key(right))
            };
            let of_its_own = self.selections.of_maker.get(other).into_iter().flatten().find(is_for_these);
            let Some(of_its_own) = of_its_own else { continue };
            let (kind, name) = &**other;
            let message = format!(
                "also selects the pods of {} {}, which have their own Service {of_its_own} and do not declare port {}",
                kind.name(),
                name.name,
                port.port
            );
            let service = (*of_its_own).clone();
            return Some(Overlap {
                message,
                help: "add a label to the selector that only the intended pods have",
                related: vec![
                    (Kind::Service, service, "spec.selector", "the Service for these pods"),
                    (*kind, name.clone(), "metadata.name", "the workload of these pods"),
                ],
                labels: Vec::new(),
            });
        }
        None
    }

    /// The Service has the name of a workload that no Service selects, and selects the pods of another Service.
    fn selects_others(&self) -> Option<Overlap<'a>> {
        let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet];
        let named = |kind: &Kind| self.cluster.workloads.get(kind)?.by_key(self.key);
        let (kind, workload) = kinds.iter().find_map(|kind| Some((*kind, named(kind)?)))?;
        let selected = self.makers.keys().filter_map(|maker| self.selections.of_maker.get(maker)).flatten();
        let twin = selected.filter(|known| **known != self.key).min()?;
        let template = template_of(workload)?;
        let has_ports = template.spec.containers.iter().any(|container| !container.ports.is_empty());
        let own = (kind, self.key.clone());
        if self.makers.contains_key(&own) || self.selections.of_maker.contains_key(&own) || !has_ports {
            return None;
        }
        let labels = &template.metadata.labels;
        let differs = selector(self.service)?.iter().filter(|(name, value)| labels.get(*name) != Some(value));
        let message = format!(
            "selects the pods of Service {twin}, but not those of {} {}, which no Service selects",
            kind.name(),
            self.key.name
        );
        Some(Overlap {
            message,
            help: "select the labels of its own pods",
            related: vec![
                (Kind::Service, (*twin).clone(), "spec.selector", "the other Service"),
                (kind, self.key.clone(), "spec.template.metadata.labels", "the labels of its own pods"),
            ],
            labels: differs.map(|(name, _)| (name.as_str(), labels.get(name).map(String::as_str))).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Finding;
    use crate::load::{File, LoadMode, load};

    fn found(text: &str) -> Vec<Finding> {
        let file = File { name: "a.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), LoadMode::Admitted);
        assert_eq!(loaded.findings, []);
        loaded.check().into_iter().filter(|finding| finding.code == "SVC008").collect()
    }

    fn deployment(name: &str, labels: &str, port: u16) -> String {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{{labels}}}}}\n  template:\n    metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{{name: c, image: {name}, ports: [{{containerPort: {port}}}]}}]}}\n"
        )
    }

    fn service(name: &str, labels: &str, port: u16) -> String {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n  selector: {{{labels}}}\n  ports: [{{port: {port}}}]\n"
        )
    }

    #[test]
    fn a_copied_selector_is_found_and_fixed() {
        let text = [
            service("web", "app: web", 8080),
            service("api", "app: web", 8080),
            deployment("web", "app: web", 8080),
            deployment("api", "app: api", 8080),
        ]
        .concat();
        let found = found(&text);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("not those of Deployment api"), "{}", found[0].message);
        let edit = &found[0].fix[0];
        assert_eq!(
            (text.get(edit.range.start as usize..edit.range.end as usize), edit.text.as_str()),
            (Some("web"), "\"api\"")
        );
    }

    #[test]
    fn services_that_share_pods_on_purpose_are_not_reported() {
        let canary = [
            service("web", "app: web", 8080),
            service("web-canary", "app: web, track: canary", 8080),
            service("web-metrics", "app: web", 9090),
            service("web-headless", "app: web", 8080).replace("spec:\n", "spec:\n  clusterIP: None\n"),
            deployment("web", "app: web, track: stable", 8080),
            deployment("web-canary", "app: web, track: canary", 8080),
        ];
        assert_eq!(found(&canary.concat()), []);
    }
}
