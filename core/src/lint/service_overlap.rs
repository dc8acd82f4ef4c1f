//! Services that select each other's pods.

use super::target_port::{declares_port, lacks_port};
use super::{Report, rule};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::collections::{BTreeMap, BTreeSet};
use crate::edit::Scalar;
use crate::endpoints::selection::selector;
use crate::engine::Engine;
use crate::workload::{owner, template_of};
use std::sync::Arc;

rule! {
    /// Finds two Services that select the same pods by accident: one takes in the pods of another workload, which has a Service
    /// of its own and does not declare the port; or one named like a workload selects another's pods, and no Service selects its.
    ///
    /// A part of the connections, or all of them, end where nobody expects them. Services that share pods on purpose are left
    /// alone: a headless one beside one with an address, one for metrics, one for a canary.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: shop}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   selector: {app: shop, tier: db}
    ///   ports: [{port: 5432}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: shop, tier: web}}
    /// spec:
    ///   containers: [{name: web, image: registry.example.com/web:1, ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db, labels: {app: shop, tier: db}}
    /// spec:
    ///   containers: [{name: db, image: registry.example.com/db:1, ports: [{containerPort: 5432}]}]
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: shop, tier: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: db}
    /// spec:
    ///   selector: {app: shop, tier: db}
    ///   ports: [{port: 5432}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: shop, tier: web}}
    /// spec:
    ///   containers: [{name: web, image: registry.example.com/web:1, ports: [{containerPort: 8080}]}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: db, labels: {app: shop, tier: db}}
    /// spec:
    ///   containers: [{name: db, image: registry.example.com/db:1, ports: [{containerPort: 5432}]}]
    /// ```
    OVERLAP = "SVC008", "services-overlap", Warning, overlap
}

/// What makes pods: a workload, or the pod itself.
type Maker = (Kind, ObjectKey);

/// The makers of the pods of each Service with one pod of each, and the Services of each maker.
#[derive(Default)]
struct Selections<'a> {
    of_service: BTreeMap<&'a ObjectKey, BTreeMap<Maker, &'a Arc<Pod>>>,
    of_maker: BTreeMap<Maker, Vec<&'a ObjectKey>>,
}

fn overlap(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    let mut selections = Selections::default();
    for (key, _) in cluster.services.iter() {
        let mut makers: BTreeMap<Maker, &Arc<Pod>> = BTreeMap::new();
        for pod in engine.endpoints().pods(key) {
            makers.entry(maker(engine, &key.namespace, pod)).or_insert(pod);
        }
        for maker in makers.keys() {
            selections.of_maker.entry(maker.clone()).or_default().push(key);
        }
        if !makers.is_empty() {
            selections.of_service.insert(key, makers);
        }
    }
    for (key, makers) in &selections.of_service {
        if takes_in_others(cluster, &selections, key, makers, report).is_none() {
            selects_others(cluster, &selections, key, makers, report);
        }
    }
}

fn maker(engine: &Engine, namespace: &str, pod: &Pod) -> Maker {
    let key = ObjectKey::new(namespace, pod.metadata.name.as_str());
    if let Some(workload) = engine.stands_for(&key) {
        return workload;
    }
    let Some((kind, name)) = owner(&pod.metadata) else { return (Kind::Pod, key) };
    let over = engine.cluster().workloads.get(&kind).and_then(|store| store.by_key(&name));
    over.and_then(|between| owner(&between.metadata)).unwrap_or((kind, name))
}

/// The Service has the pods of several makers, and a port that those of one of them lack, which has a Service of its own.
fn takes_in_others(
    cluster: &Cluster,
    selections: &Selections<'_>,
    key: &ObjectKey,
    makers: &BTreeMap<Maker, &Arc<Pod>>,
    report: &mut Report<'_>,
) -> Option<()> {
    let service = cluster.services.by_key(key).filter(|_| makers.len() > 1)?;
    for (other, pod) in makers {
        let port = service.ports().iter().find(|port| lacks_port(pod, port))?;
        let right = makers.iter().find(|(_, pod)| declares_port(pod, port)).map(|(maker, _)| maker);
        let Some(right) = right else { continue };
        let of_its_own = selections.of_maker.get(other).into_iter().flatten().find(|known| {
            **known != key && selections.of_service.get(*known).is_some_and(|makers| !makers.contains_key(right))
        });
        let Some(of_its_own) = of_its_own else { continue };
        let (kind, name) = other;
        let message = format!(
            "also selects the pods of {} {}, which Service {of_its_own} is for: they do not declare port {}",
            kind.name(),
            name.name,
            port.port
        );
        report
            .at(Kind::Service, key, "spec.selector", message, "add a label that only the pods have that are meant")
            .and(Kind::Service, of_its_own, "spec.selector", "the Service for these pods")
            .and(*kind, name, "metadata.name", "what makes these pods");
        return Some(());
    }
    None
}

/// The Service is named like a workload that no Service selects, and selects the pods that another Service is for.
fn selects_others(
    cluster: &Cluster,
    selections: &Selections<'_>,
    key: &ObjectKey,
    makers: &BTreeMap<Maker, &Arc<Pod>>,
    report: &mut Report<'_>,
) -> Option<()> {
    let is_named = |maker: &&Maker| {
        let store = cluster.workloads.get(&maker.0);
        store.is_some_and(|store| store.by_key(key).is_some())
    };
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].map(|kind| (kind, key.clone()));
    let own = kinds.iter().find(is_named)?;
    let selected: BTreeSet<&&ObjectKey> =
        makers.keys().filter_map(|maker| selections.of_maker.get(maker)).flatten().collect();
    let twin = selected.into_iter().find(|known| **known != key)?;
    let workload = cluster.workloads.get(&own.0)?.by_key(key)?;
    let template = template_of(workload)?;
    let has_ports = template.spec.containers.iter().any(|container| !container.ports.is_empty());
    if makers.contains_key(own) || selections.of_maker.contains_key(own) || !has_ports {
        return None;
    }
    let selector = selector(cluster.services.by_key(key)?)?;
    let message = format!(
        "selects the pods that Service {twin} is for, and none of {} {}, which no Service selects",
        own.0.name(),
        key.name
    );
    report
        .at(Kind::Service, key, "spec.selector", message, "select the labels of its own pods")
        .and(Kind::Service, twin, "spec.selector", "the other Service")
        .and(own.0, key, "spec.template.metadata.labels", "the labels of its own pods")
        .mend(Kind::Service, key, &|edit| {
            let labels = &template.metadata.labels;
            let differs = selector.iter().filter(|(name, value)| labels.get(*name) != Some(value));
            let write = |(name, _): (&String, &String)| {
                edit.replace(&format!("spec.selector[{name}]"), Scalar::Text(labels.get(name)?))
            };
            differs.map(write).collect()
        });
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Finding;
    use crate::load::{File, Taking, load};

    fn found(text: &str) -> Vec<Finding> {
        let file = File { name: "a.yaml".into(), text: text.into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
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
    fn a_copied_selector_is_found_and_mended() {
        let text = [
            service("web", "app: web", 8080),
            service("api", "app: web", 8080),
            deployment("web", "app: web", 8080),
            deployment("api", "app: api", 8080),
        ]
        .concat();
        let found = found(&text);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("none of Deployment api"), "{}", found[0].message);
        let edit = &found[0].fix[0];
        assert_eq!(
            (text.get(edit.range.start as usize..edit.range.end as usize), edit.text.as_str()),
            (Some("web"), "\"api\"")
        );
    }

    #[test]
    fn what_shares_pods_on_purpose_is_left_alone() {
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
