//! SVC001 `service-selects-nothing`: finds a Service whose selector matches no pod, neither a stored one nor one of a
//! workload.

use crate::api::meta::StringMap;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, namespace_or_default};
use crate::cluster::Cluster;
use crate::edit::Scalar;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use crate::finding::Severity;
use crate::lint::report::Reporter;
use crate::lint::service_pods::{has_pods, is_named_like_a_workload, may_be_elsewhere};
use portolan_base::collections::BTreeMap;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let (cluster, context) = (report.cluster, report.context);
    let mut elsewhere = None;
    for (key, service) in cluster.services.iter() {
        let Some(selector) = selector(service).filter(|_| !has_pods(engine, report, key, service)) else { continue };
        let words: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let misspelt = report.context.misspelt(cluster, &key.namespace, selector);
        let other = other_namespace(cluster, selector, &mut elsewhere);
        let nothing_says_so = misspelt.is_none() && other.is_none() && !is_named_like_a_workload(cluster, key);
        if other.is_none() && may_be_elsewhere(report, key, selector) {
            report.elsewhere += 1;
            continue;
        }
        let message =
            format!("selects no pod: no pod in namespace {} has the labels {}", key.namespace, words.join(","));
        let help = match (&misspelt, other) {
            (Some((name, value)), _) => format!("write `{name}: {value}`, a label of the pods"),
            (None, Some(namespace)) => {
                format!(
                    "pods in namespace {namespace} have these labels, but a Service only selects pods of its own namespace"
                )
            }
            (None, None) => "make the selector equal to labels of the pod template".to_owned(),
        };
        let nothing_known = report.context.labels(cluster, &key.namespace).is_none();
        let severity = if nothing_says_so && nothing_known { Severity::Info } else { Severity::Warning };
        report.at(Kind::Service, key, "spec.selector", message, help).weighing(severity).fix(
            Kind::Service,
            key,
            &|edit| {
                let is_name = |label: &String| selector.get(label).is_some_and(|written| context.is_name(written));
                let (name, value) = misspelt.as_ref().filter(|(label, _)| !is_name(label))?;
                Some(vec![edit.replace(&format!("spec.selector[{name}]"), Scalar::Text(value))?])
            },
        );
    }
}

/// Pairs of labels, each with the pods that have it.
type Pairs<'c> = BTreeMap<(&'c str, &'c str), Vec<&'c Pod>>;

/// A namespace in which pods have all these labels. `by_pair` is computed at the first call.
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
    Some(namespace_or_default(&found.metadata.namespace))
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Severity;
    use crate::load::{File, LoadMode, load};

    const SERVICE: &str =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80}]\n";

    fn found(more: &str) -> Vec<(&'static str, Severity)> {
        let file = File { name: "a.yaml".into(), text: format!("{SERVICE}---\n{more}").into() };
        let loaded = load(&[file], Options::default(), LoadMode::Admitted);
        loaded.check().into_iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn a_workload_that_is_scaled_to_zero_counts_as_pods() {
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
    fn missing_pods_are_reported_only_if_something_suggests_that_they_belong_here() {
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
            let loaded = load(&files, Options::default(), LoadMode::Admitted).checked();
            assert_eq!(loaded.elsewhere, usize::from(loaded.findings.is_empty()), "{text}");
            loaded.findings.into_iter().map(|finding| (finding.code, finding.severity)).collect()
        };
        // Pods without a Service in the same folder or in another one, pods of another Service, pods without ports.
        assert_eq!(check("a", &pod("api", "app: other", port)), warned);
        assert_eq!(check("b", &pod("api", "app: other", port)), []);
        assert_eq!(check("a", &format!("{}{served}", pod("api", "app: other", port))), []);
        assert_eq!(check("a", &pod("api", "app: other", "")), []);
        // Names and labels count across folders.
        assert_eq!(check("b", &pod("web", "app: other", port)), warned);
        assert_eq!(check("b", &pod("api", "app: wbe", port)), warned);
        let elsewhere =
            pod("api", "app: web", port).replace("metadata: {name: api}", "metadata: {name: api, namespace: ops}");
        assert_eq!(check("b", &elsewhere), warned);
    }
}
