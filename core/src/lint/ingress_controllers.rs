//! Pods of ingress controllers in the cluster, recognized by their labels.

use crate::api::pod::Pod;
use crate::api::resource::ObjectKey;
use crate::ingress::Controller;
use crate::lint::report::Reporter;

/// Labels that all have to be there.
pub(super) type Labels = &'static [(&'static str, &'static str)];

/// Labels of controllers' pods as their own manifests and charts set them: the pods that send to backends.
pub(super) const CONTROLLERS: &[(Option<Controller>, Labels)] = &[
    (
        Some(Controller::Nginx),
        &[("app.kubernetes.io/name", "ingress-nginx"), ("app.kubernetes.io/component", "controller")],
    ),
    (Some(Controller::Contour), &[("app.kubernetes.io/name", "contour"), ("app.kubernetes.io/component", "envoy")]),
    (Some(Controller::Contour), &[("app", "envoy")]),
    (None, &[("app.kubernetes.io/name", "traefik")]),
    (None, &[("app.kubernetes.io/name", "kubernetes-ingress")]),
    (None, &[("app.kubernetes.io/name", "haproxy-ingress")]),
    (None, &[("app.kubernetes.io/name", "kong")]),
];

/// The controllers' pods that the files hold, but for those on their nodes' networks, of which policies say nothing sure.
pub(super) fn controllers<'a>(report: &Reporter<'a>) -> Vec<(Option<Controller>, &'a ObjectKey)> {
    // None of their labels is one that a workload gives to some of its pods.
    if !report.context.pod_templates().iter().any(|written| is_controller(written.pod)) {
        return Vec::new();
    }
    let pods = report.cluster.pods.iter();
    pods.filter_map(|(key, pod)| controller(pod).map(|controller| (controller, key))).collect()
}

/// The controller that a pod is, by its labels; the inner one where it is one of those that the tables know.
pub(super) fn controller(pod: &Pod) -> Option<Option<Controller>> {
    let named = |label: &str| pod.metadata.labels.get(label);
    if named("app.kubernetes.io/name").is_none() && named("app").is_none_or(|app| app != "envoy") {
        return None;
    }
    let is_labelled = |labels: &[(&str, &str)]| {
        labels.iter().all(|(name, value)| pod.metadata.labels.get(*name).is_some_and(|known| known == value))
    };
    let known = CONTROLLERS.iter().find(|(_, labels)| is_labelled(labels))?.0;
    (!pod.spec.host_network).then_some(known)
}

/// Whether a pod is of an ingress controller that policies can speak of.
pub(crate) fn is_controller(pod: &Pod) -> bool {
    controller(pod).is_some()
}
