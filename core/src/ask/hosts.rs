//! `hosts`: which `/etc/hosts` and `/etc/resolv.conf` would the kubelet write?

use super::{AskError, part};
use crate::api::pod::Pod;
use crate::engine::Engine;
use crate::kubelet::{NodeFiles, hostname, hosts, resolv};
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::sync::Arc;

/// `{"pod": {"namespace", "name"}, "node": {"hosts", "resolvConf"}}` → `{"hosts", "resolvConf", "hostname", "warnings"}`.
/// `node` holds the node's own files, where they are known.
///
/// # Errors
/// There is no such pod.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let cluster = engine.cluster();
    let pod = named_pod(engine, question, "pod", "name")?;
    let files = node_files(question);
    let resolver = resolv::of_pod(cluster, pod, &files);
    let mut warnings = resolver.warnings.clone();
    let answer = Json::object()
        .with("hosts", hosts::of_pod(cluster, pod, &files).unwrap_or_default())
        .with("resolvConf", resolver.text());
    let answer = match hostname::of_pod(cluster, pod).kernel {
        Ok(hostname) if hostname.is_empty() => answer,
        Ok(hostname) => answer.with("hostname", hostname),
        Err(refusal) => {
            warnings.push(refusal);
            answer
        }
    };
    Ok(answer.with("warnings", warnings))
}

/// The node's own files as the question gives them.
pub(super) fn node_files(question: &Node) -> NodeFiles {
    let mut files = NodeFiles::default();
    let given = |name: &str| question.get("node")?.get(name)?.as_str().map(str::to_owned);
    if let Some(hosts) = given("hosts") {
        files.hosts = hosts;
    }
    if let Some(resolv_conf) = given("resolvConf") {
        files.resolv_conf = resolv_conf;
    }
    files
}

/// The pod that a member of the question names, by its own name or that of what makes it.
///
/// # Errors
/// The member is missing or names no pod.
pub(super) fn named_pod<'e>(
    engine: &'e Engine,
    question: &Node,
    name: &str,
    word: &str,
) -> Result<&'e Arc<Pod>, AskError> {
    let key = part::key(question, name, word)?;
    let found = engine.pod_named(&key).map(|(_, pod)| pod);
    found.ok_or_else(|| AskError::not_found(name, format!("pods \"{}\" not found", key.name)))
}
