//! `hosts`: which `/etc/hosts` and `/etc/resolv.conf` would the kubelet write? A pod goes in, the texts come out.

use super::AskError;
use super::part::{self, NodeFiles, ObjectName, PodName};
use crate::engine::Engine;
use crate::kubelet::{hostname, hosts as room, resolv};
use crate::{answer, question};

question! {
    /// Which `/etc/hosts` and `/etc/resolv.conf` would the kubelet write?
    HostsQuestion<'q> {
        /// The pod.
        "pod" => pod: ObjectName<'q>;
        /// The files of the pod's node, where they are known.
        "node" => node: Option<NodeFiles<'q>> [optional];
    }
}

answer! {
    /// The files of a container.
    HostsAnswer {
        /// The text of `/etc/hosts`.
        "hosts" => hosts: String;
        /// The text of `/etc/resolv.conf`.
        "resolvConf" => resolv_conf: String;
        /// The output of `hostname`; absent where it keeps the pod from starting.
        "hostname" => hostname: String [optional];
        /// The messages that the kubelet reports as events.
        "warnings" => warnings: Vec<String>;
    }
}

/// The files that the kubelet writes for the containers of a pod.
///
/// # Errors
/// `NotFound` where there is no such pod.
pub fn hosts(engine: &Engine, question: &HostsQuestion<'_>) -> Result<HostsAnswer, AskError> {
    let cluster = engine.cluster();
    let (_, pod) = part::pod(engine, &PodName::new(question.pod.namespace, question.pod.name), "pod")?;
    let files = question.node.as_ref().map(NodeFiles::known).unwrap_or_default();
    let resolver = resolv::of_pod(cluster, pod, &files);
    let mut warnings = resolver.warnings.clone();
    let hostname = hostname::of_pod(cluster, pod).kernel.unwrap_or_else(|refusal| {
        warnings.push(refusal);
        String::new()
    });
    Ok(HostsAnswer {
        hosts: room::of_pod(cluster, pod, &files).unwrap_or_default(),
        resolv_conf: resolver.text(),
        hostname,
        warnings,
    })
}
