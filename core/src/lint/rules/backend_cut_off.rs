//! ING009 `backend-cut-off`: finds a backend whose pods the ingress controller cannot reach because of NetworkPolicies.

use crate::api::meta::LabelSelector;
use crate::api::network_policy::NetworkPolicyPeer;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::ServicePort;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::controller_of;
use crate::lint::backends::Target;
use crate::lint::ingress_controllers::controllers;
use crate::lint::report::Reporter;
use crate::net::Protocol;
use crate::policy::{Effect, End, PodId, Reason};
use portolan_base::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// An address outside every cluster (RFC 5737).
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    if cluster.network_policies.is_empty() || cluster.ingresses.is_empty() {
        return;
    }
    let controllers = controllers(report);
    let mut asked: BTreeMap<(&ObjectKey, i32, Controller), Option<Blocked>> = BTreeMap::new();
    for target in report.context.targets() {
        let Target { ingress, stored, key, service: Some(_), port: Some(port), .. } = target else { continue };
        let controller = controller_of(cluster, stored);
        let blocked = asked
            .entry((key, port.port, controller))
            .or_insert_with(|| blocked(engine, &controllers, controller, key, port));
        let Some(Blocked { who, policy }) = blocked else { continue };
        let message = format!("policies do not allow {who} to connect to the pods of Service {key}");
        let help = "allow the controller's pods, by the labels of their namespace";
        let finding = report.at(Kind::Ingress, ingress, &format!("{}.name", target.field()), message, help);
        if let Some((kind, policy)) = policy {
            finding.and(*kind, policy, "spec.podSelector", "the policy that isolates them");
        }
    }
}

/// Who is kept out, and by which policy.
struct Blocked {
    who: String,
    policy: Option<(Kind, ObjectKey)>,
}

/// Who is kept from every pod of the Service, or nothing where some pod takes the controller's connection.
fn blocked(
    engine: &Engine,
    controllers: &[(Controller, &ObjectKey)],
    controller: Controller,
    service: &ObjectKey,
    port: &ServicePort,
) -> Option<Blocked> {
    let policies = engine.policies();
    let senders: Vec<(&ObjectKey, PodId)> = controllers
        .iter()
        .filter(|(known, _)| controller == Controller::Spec || *known == controller)
        .filter_map(|(_, key)| Some((*key, policies.pod(key)?)))
        .collect();
    let protocol = Protocol::named(&port.protocol)?;
    let mut last: Option<Blocked> = None;
    let mut before = None;
    let is_outside = !policies.is_pod_address(OUTSIDE);
    for pod in engine.endpoints().pods(service) {
        let number = u16::try_from(find_port(pod, port)?).ok()?;
        let pod = policies.pod_named(&service.namespace, &pod.metadata.name)?;
        let to = End::Pod(pod);
        match senders.first() {
            Some((first, _)) => {
                if senders.iter().any(|(_, sender)| policies.verdict(End::Pod(*sender), to, number, protocol).allowed())
                {
                    return None;
                }
                let (_, sender) = senders.first()?;
                let (verdict, reasons) = policies.explain(End::Pod(*sender), to, number, protocol);
                let policy = reasons
                    .iter()
                    .find(|reason| {
                        reason.effect == Effect::Isolate && (reason.direction.name() == "ingress") != verdict.ingress
                    })
                    .and_then(|reason| reason.policy);
                let policy = policy.map(|(kind, key)| (kind, key.clone()));
                last = Some(Blocked { who: format!("the controller (Pod {first})"), policy });
            }
            None => {
                let alike = policies.class_and_node(pod).filter(|_| is_outside).map(|alike| (alike, number));
                if alike.is_some() && before == alike {
                    continue;
                }
                before = alike;
                if policies.verdict(End::Address(OUTSIDE), to, number, protocol).allowed() {
                    return None;
                }
                let (_, reasons) = policies.explain(End::Address(OUTSIDE), to, number, protocol);
                if may_let_in(engine, service, &reasons) {
                    return None;
                }
                let policy =
                    reasons.into_iter().find_map(|reason| reason.policy).map(|(kind, key)| (kind, key.clone()));
                let who = format!("an ingress controller outside namespace {}", service.namespace);
                last = Some(Blocked { who, policy });
            }
        }
    }
    last
}

/// Whether one of the policies that isolate the pod lets in some whom the files do not hold: another namespace, a range, or pods of
/// its own that are not there.
fn may_let_in(engine: &Engine, service: &ObjectKey, reasons: &[Reason<'_>]) -> bool {
    let cluster = engine.cluster();
    let open = |peer: &NetworkPolicyPeer, is_known: &dyn Fn() -> bool| {
        let is_here = |pods: &LabelSelector| {
            let mut known = cluster.pods.in_namespace(&service.namespace);
            known.any(|(_, pod)| pods.matches(&pod.metadata.labels))
        };
        peer.namespace_selector.is_some()
            || peer.ip_block.is_some()
            || peer.pod_selector.as_ref().is_some_and(|pods| !is_known() && !is_here(pods))
    };
    reasons.iter().filter_map(|reason| reason.policy.as_ref()).any(|(kind, key)| {
        let Some(policy) = cluster.network_policies.by_key(key).filter(|_| *kind == Kind::NetworkPolicy) else {
            return true;
        };
        policy.spec.ingress.iter().flatten().enumerate().any(|(at, rule)| {
            let mut peers = rule.from.iter().flatten().enumerate();
            let is_for_all = rule.from.as_ref().is_none_or(Vec::is_empty);
            is_for_all || peers.any(|(place, peer)| open(peer, &|| engine.policies().knows_sender(key, at, place)))
        })
    })
}
