//! `trace`: what becomes of this request, end to end?
//!
//! A journey is a chain of the other questions: each hop asks one, carries its answer, and says why in words. So a hop can
//! never differ from what its question answers alone, and a trace knows nothing of its own about DNS, kube-proxy,
//! Ingress or NetworkPolicy.

mod controller;
mod inside;
mod journey;
mod outside;
mod target;

use super::{AskError, part};
use crate::engine::Engine;
use journey::Journey;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use target::Target;

/// Who sends the request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sender {
    /// Somebody outside the cluster, of whom nothing is known but an address where one is given.
    Outside(Option<String>),
    /// A pod.
    Pod(crate::api::resource::ObjectKey),
}

/// Answers `{"from": …, "url": …}` with `{"outcome", "sentence", "hops"}`.
///
/// Outcomes: `delivered`; `refused` (kube-proxy rejects it, or a NetworkPolicy stops it); `dropped` (kube-proxy drops
/// it); `unresolved` (DNS has no such name); `not-found` (no Ingress rule takes it); `redirected`; `external` (it leaves the
/// cluster); `no-endpoint` (nothing is behind the Service); `unknown` (the files do not say).
///
/// # Errors
/// `from` is neither `"outside"` nor a pod nor an IP, the pod is not there, or `url` is none.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let target = Target::parse(part::text(question, "url")?)?;
    let sender = sender(engine, question)?;
    let journey = Journey::new(engine, target);
    let ended = match &sender {
        Sender::Outside(address) => outside::travel(journey, address.as_deref()),
        Sender::Pod(pod) => inside::travel(journey, pod),
    };
    Ok(ended.into_json())
}

fn sender(engine: &Engine, question: &Node) -> Result<Sender, AskError> {
    let Some(from) = question.get("from") else { return Ok(Sender::Outside(None)) };
    if from.as_str() == Some("outside") {
        return Ok(Sender::Outside(None));
    }
    if let Some(ip) = from.get("ip") {
        let ip = ip.as_str().ok_or_else(|| AskError::bad("from.ip", "`from.ip` has to be a string"))?;
        if ip.parse::<std::net::IpAddr>().is_err() {
            return Err(AskError::bad("from.ip", format!("`{ip}` is no IP address")));
        }
        let pods = engine.cluster().pods.iter();
        let owner = pods.filter(|(_, pod)| !pod.spec.host_network).find(|(_, pod)| pod.ips().any(|known| known == ip));
        return Ok(owner.map_or_else(|| Sender::Outside(Some(ip.to_owned())), |(key, _)| Sender::Pod(key.clone())));
    }
    let key = part::key(question, "from", "pod")?;
    match engine.pod_named(&key) {
        Some((key, _)) => Ok(Sender::Pod(key.clone())),
        None => Err(AskError::not_found("from", format!("there is no pod and no workload {key}"))),
    }
}
