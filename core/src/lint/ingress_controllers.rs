//! The pods of ingress controllers that policies can select.

use crate::api::pod::Pod;
use crate::api::resource::ObjectKey;
use crate::ingress::Controller;
use crate::lint::report::Reporter;

/// The controllers' pods in the cluster, except those on their nodes' networks: how policies treat these is not defined.
pub(super) fn controllers<'a>(report: &Reporter<'a>) -> Vec<(Controller, &'a ObjectKey)> {
    // A workload gives the same labels to all of its pods, so its template answers for them.
    if !report.context.pod_templates().iter().any(|written| is_controller(written.pod)) {
        return Vec::new();
    }
    let pods = report.cluster.pods.iter();
    pods.filter_map(|(key, pod)| controller(pod).map(|controller| (controller, key))).collect()
}

/// The ingress controller that runs in a pod, where policies can select the pod.
fn controller(pod: &Pod) -> Option<Controller> {
    if pod.spec.host_network { None } else { Controller::of_pod(pod) }
}

/// Whether a pod belongs to an ingress controller, and policies can select it.
pub(crate) fn is_controller(pod: &Pod) -> bool {
    controller(pod).is_some()
}
