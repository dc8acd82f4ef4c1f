//! A Service whose selector picks no pod.

use super::{Report, rule};
use crate::api::meta::StringMap;
use crate::api::pod::Pod;
use crate::api::resource::Kind;
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::edit::Scalar;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use crate::finding::Severity;

rule! {
    /// Finds a Service whose selector picks no pod, neither a stored one nor one that a workload stands for.
    ///
    /// It has no endpoints, so connections to it are rejected. Mostly a label is spelled differently in the pod template, or
    /// the Service is in another namespace. A workload that is scaled to nothing counts as having its pods; where the files hold
    /// no pods of the namespace at all, it is only worth knowing.
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
        let Some(selector) = selector(service).filter(|_| engine.endpoints().pods(key).is_empty()) else { continue };
        let labels = report.shared.labels(cluster, &key.namespace);
        // Scaled to nothing, or not made yet: the selector is right.
        if labels.is_some_and(|known| known.iter().any(|labels| selects(selector, labels))) {
            continue;
        }
        let words: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let message = format!("selects no pod: none in namespace {} is labelled {}", key.namespace, words.join(","));
        let misspelt = report.shared.misspelt(cluster, &key.namespace, selector);
        let help = match (&misspelt, other_namespace(cluster, selector, &mut elsewhere)) {
            (Some((name, value)), _) => format!("write {name}: {value}, as the pods have it"),
            (None, Some(namespace)) => {
                format!("pods of namespace {namespace} have these labels; a Service selects only in its own namespace")
            }
            (None, None) if labels.is_none() => {
                format!(
                    "the files hold no pods of namespace {}: check them together with what makes them",
                    key.namespace
                )
            }
            (None, None) => "make the selector equal to labels of the pod template".to_owned(),
        };
        let severity = if labels.is_none() { Severity::Info } else { Severity::Warning };
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
        assert_eq!(found(""), [("SVC001", Severity::Info)]);
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
}
