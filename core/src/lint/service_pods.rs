//! The pods of a Service: whether its selector matches some, now or after scaling, and whether they may be defined in
//! other files.

use crate::api::meta::StringMap;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::endpoints::selection::{selector, selects};
use crate::engine::Engine;
use crate::lint::context::AbsenceScope;
use crate::lint::report::Reporter;
use crate::workload::template_of;

/// Whether the Service selects pods, or would select some if no workload were scaled to zero.
pub(super) fn has_pods(engine: &Engine, report: &Reporter<'_>, key: &ObjectKey, service: &Service) -> bool {
    let would = || {
        let labels = report.context.labels(report.cluster, &key.namespace);
        selector(service).is_some_and(|it| labels.is_some_and(|known| known.iter().any(|one| selects(it, one))))
    };
    !engine.endpoints().pods(key).is_empty() || would()
}

/// Whether nothing suggests that the Service's pods belong to these files: they may be defined elsewhere.
pub(super) fn may_be_elsewhere(report: &Reporter<'_>, key: &ObjectKey, selector: &StringMap) -> bool {
    let (cluster, context) = (report.cluster, report.context);
    // The pods of kube-system come with the cluster.
    let is_far = key.namespace == "kube-system" && context.has_files()
        || context.may_be_elsewhere(cluster, (Kind::Service, key), AbsenceScope::Unserved);
    is_far && context.misspelt(cluster, &key.namespace, selector).is_none() && !is_named_like_a_workload(cluster, key)
}

/// Whether there is a workload of the Service's name that no Service selects: the Service was meant for its pods.
pub(super) fn is_named_like_a_workload(cluster: &Cluster, key: &ObjectKey) -> bool {
    let kinds = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::ReplicaSet, Kind::ReplicationController];
    let mut named = kinds.iter().filter_map(|kind| template_of(cluster.workloads.get(kind)?.by_key(key)?));
    named.any(|template| {
        let mut selectors = cluster.services.in_namespace(&key.namespace).filter_map(|(_, it)| selector(it));
        !selectors.any(|selector| selects(selector, &template.metadata.labels))
    })
}
