//! A Service whose selector picks no pod.

use super::report::Missed;
use super::{Report, rule};
use crate::api::meta::StringMap;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use crate::finding::Severity;
use crate::workload::template_of;
use portolan_base::collections::BTreeMap;

rule! {
    /// Finds a Service whose selector picks no pod, neither a stored one nor one that a workload stands for.
    ///
    /// It has no endpoints, so connections to it are rejected. Mostly a label is spelled differently in the pod template, or
    /// the Service is in another namespace. A workload that is scaled to nothing counts as having its pods. Files are often a part
    /// of what runs: where neither labels, nor names, nor pods with ports in the files of the same folder say that its pods are
    /// here, they may be in others, and nothing is told.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: web
    /// spec:
    ///   selector:
    ///     app: wbe
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
    let cluster = report.cluster;
    let mut elsewhere = None;
    for (key, service) in cluster.services.iter() {
        let Some(selector) = selector(service).filter(|_| !has_pods(engine, report, key, service)) else { continue };
        let words: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let misspelt = report.shared.misspelt(cluster, &key.namespace, selector);
        let other = other_namespace(cluster, selector, &mut elsewhere);
        let nothing_says_so = misspelt.is_none() && other.is_none() && !is_named_like_a_workload(cluster, key);
        if other.is_none() && may_be_elsewhere(report, key, selector) {
            report.elsewhere += 1;
            continue;
        }
        let message = format!("selects no pod: none in namespace {} is labelled {}", key.namespace, words.join(","));
        let help = match (&misspelt, other) {
            (Some((name, value)), _) => format!("write {name}: {value}, as the pods have it"),
            (None, Some(namespace)) => {
                format!("pods of namespace {namespace} have these labels; a Service selects only in its own namespace")
            }
            (None, None) => "make the selector equal to labels of the pod template".to_owned(),
        };
        let nothing_known = report.shared.labels(cluster, &key.namespace).is_none();
        let severity = if nothing_says_so && nothing_known { Severity::Info } else { Severity::Warning };
        report.at(Kind::Service, key, "spec.selector", message, help).weighing(severity).mend(
            Kind::Service,
            key,
            &|edit| {
                let (name, value) = misspelt.as_ref()?;
                Some(vec![edit.replace(&format!("spec.selector[{name}]"), Scalar::Text(value))?])
            },
        );
    }
}

/// Whether the Service selects pods, or would where what makes them were not scaled to nothing.
pub(super) fn has_pods(engine: &Engine, report: &Report<'_>, key: &ObjectKey, service: &Service) -> bool {
    let would = || {
        let labels = report.shared.labels(report.cluster, &key.namespace);
        selector(service).is_some_and(|it| labels.is_some_and(|known| known.iter().any(|one| selects(it, one))))
    };
    !engine.endpoints().pods(key).is_empty() || would()
}

/// Whether nothing here tells that the Service's pods should be here: then they may well stand in other files.
pub(super) fn may_be_elsewhere(report: &Report<'_>, key: &ObjectKey, selector: &StringMap) -> bool {
    let (cluster, shared) = (report.cluster, report.shared);
    // What runs in kube-system came with the cluster.
    let is_far = key.namespace == "kube-system" && shared.has_files()
        || shared.may_be_elsewhere(cluster, (Kind::Service, key), Missed::Unserved);
    is_far && shared.misspelt(cluster, &key.namespace, selector).is_none() && !is_named_like_a_workload(cluster, key)
}

/// Whether a workload of the Service's name is there that no Service selects: its pods are surely meant.
fn is_named_like_a_workload(cluster: &Cluster, key: &ObjectKey) -> bool {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::ReplicationController];
    let mut named = kinds.iter().filter_map(|kind| template_of(cluster.workloads.get(kind)?.by_key(key)?));
    named.any(|template| {
        let mut selectors = cluster.services.in_namespace(&key.namespace).filter_map(|(_, it)| selector(it));
        !selectors.any(|selector| selects(selector, &template.metadata.labels))
    })
}

/// Pairs of labels, each with the pods that have it.
type Pairs<'c> = BTreeMap<(&'c str, &'c str), Vec<&'c Pod>>;

/// A namespace in which pods have all these labels. `by_pair` is made with the first question.
fn other_namespace<'c>(cluster: &'c Cluster, selector: &StringMap, by_pair: &mut Option<Pairs<'c>>) -> Option<&'c str> {
    let by_pair = by_pair.get_or_insert_with(|| {
        let mut pairs = Pairs::new();
        for (_, pod) in cluster.pods.iter() {
            for (name, value) in &pod.metadata.labels {
                pairs.entry((name, value)).or_default().push(pod);
            }
        }
        pairs
    });
    let candidates = selector.iter().map(|(name, value)| by_pair.get(&(name.as_str(), value.as_str())));
    let fewest = candidates.min_by_key(|pods| pods.map_or(0, Vec::len))??;
    let found = fewest.iter().find(|pod| selects(selector, &pod.metadata.labels))?;
    Some(if found.metadata.namespace.is_empty() { "default" } else { &found.metadata.namespace })
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Severity;
    use crate::load::{File, Taking, load};

    const SERVICE: &str =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80}]\n";

    fn found(more: &str) -> Vec<(&'static str, Severity)> {
        let file = File { name: "a.yaml".into(), text: format!("{SERVICE}---\n{more}").into() };
        let loaded = load(&[file], Options::default(), Taking::Admitted);
        loaded.check().into_iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn what_would_have_pods_is_not_nothing() {
        let made = |kind: &str, spec: &str| format!("apiVersion: {kind}\nmetadata: {{name: web}}\nspec: {spec}\n");
        let template = |labels: &str| {
            format!(
                "{{replicas: 0, template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: c}}]}}}}}}"
            )
        };
        assert_eq!(found(""), []);
        assert_eq!(found(&made("apps/v1\nkind: Deployment", &template("app: web"))), []);
        assert_eq!(found(&made("argoproj.io/v1alpha1\nkind: Rollout", &template("app: web"))), []);
        let prometheus =
            made("monitoring.coreos.com/v1\nkind: Prometheus", "{podMetadata: {labels: {app: web, more: x}}}");
        assert_eq!(found(&prometheus), []);
        assert_eq!(
            found(&made("argoproj.io/v1alpha1\nkind: Rollout", &template("app: other"))),
            [("SVC001", Severity::Warning)]
        );
    }

    #[test]
    fn pods_of_other_files_are_missed_only_where_something_says_that_they_should_be_here() {
        let pod = |name: &str, labels: &str, ports: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{selector: {{matchLabels: {{{labels}}}}}, \
                 template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: c, image: i, ports: [{ports}]}}]}}}}}}\n"
            )
        };
        let served = "---\napiVersion: v1\nkind: Service\nmetadata: {name: other}\nspec:\n  selector: {app: other}\n  ports: [{port: 80}]\n";
        let port = "{containerPort: 80}";
        let warned = [("SVC001", Severity::Warning)];
        let check = |folder: &str, text: &str| -> Vec<(&'static str, Severity)> {
            let file = |name: String, text: &str| File { name: name.into(), text: text.into() };
            let files = [file("a/service.yaml".to_owned(), SERVICE), file(format!("{folder}/pods.yaml"), text)];
            let loaded = load(&files, Options::default(), Taking::Admitted).checked();
            assert_eq!(loaded.elsewhere, usize::from(loaded.findings.is_empty()), "{text}");
            loaded.findings.into_iter().map(|finding| (finding.code, finding.severity)).collect()
        };
        // Pods that nobody serves stand beside it, or in another folder; they are served by another, or serve nothing.
        assert_eq!(check("a", &pod("api", "app: other", port)), warned);
        assert_eq!(check("b", &pod("api", "app: other", port)), []);
        assert_eq!(check("a", &format!("{}{served}", pod("api", "app: other", port))), []);
        assert_eq!(check("a", &pod("api", "app: other", "")), []);
        // Names and labels tell across folders.
        assert_eq!(check("b", &pod("web", "app: other", port)), warned);
        assert_eq!(check("b", &pod("api", "app: wbe", port)), warned);
        let elsewhere =
            pod("api", "app: web", port).replace("metadata: {name: api}", "metadata: {name: api, namespace: ops}");
        assert_eq!(check("b", &elsewhere), warned);
    }
}
