//! Backends that NetworkPolicies keep from the ingress controller.

use super::ingress_backend::Target;
use super::ingress_route::{class_of, controller_of};
use super::{Report, rule};
use crate::api::meta::LabelSelector;
use crate::api::network_policy::NetworkPolicyPeer;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::ServicePort;
use crate::endpoints::pods::find_port;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::policy::{Effect, End, PodNumber, Protocol, Reason};
use portolan_base::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

rule! {
    /// Finds a backend whose pods the ingress controller may not reach, because NetworkPolicies isolate them or it.
    ///
    /// Requests time out, and the controller answers 504. Where the files hold the controller's pods, their connections are asked
    /// for; else a policy counts that lets in nobody from outside of the namespace.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: controller
    ///   namespace: ingress-nginx
    ///   labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/component: controller}
    /// spec:
    ///   containers: [{name: controller, image: registry.example.com/controller:1}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   ingress:
    ///     - from:
    ///         - podSelector: {}
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: controller
    ///   namespace: ingress-nginx
    ///   labels: {app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/component: controller}
    /// spec:
    ///   containers: [{name: controller, image: registry.example.com/controller:1}]
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata: {name: web}
    /// spec:
    ///   ingressClassName: nginx
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ---
    /// apiVersion: networking.k8s.io/v1
    /// kind: NetworkPolicy
    /// metadata: {name: web}
    /// spec:
    ///   podSelector: {matchLabels: {app: web}}
    ///   ingress:
    ///     - from:
    ///         - podSelector: {}
    ///         - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}
    /// ```
    CUT_OFF = "ING009", "backend-cut-off", Warning, cut_off
}

/// An address of nobody in the cluster (RFC 5737).
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Labels that all have to be there.
type Labels = &'static [(&'static str, &'static str)];

/// Labels of controllers' pods as their own manifests and charts set them: the pods that send to backends.
const CONTROLLERS: &[(Option<Controller>, Labels)] = &[
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

fn cut_off(engine: &Engine, report: &mut Report<'_>) {
    let cluster = engine.cluster();
    if cluster.network_policies.is_empty() || cluster.ingresses.is_empty() {
        return;
    }
    let controllers = controllers(report);
    let mut asked: BTreeMap<(&ObjectKey, i32, Option<Controller>), Option<Blocked>> = BTreeMap::new();
    for target in report.shared.targets() {
        let Target { ingress, stored, key, service: Some(_), port: Some(port), .. } = target else { continue };
        let controller = class_of(cluster, stored).and_then(|class| controller_of(cluster, class));
        let blocked = asked
            .entry((key, port.port, controller))
            .or_insert_with(|| blocked(engine, &controllers, controller, key, port));
        let Some(Blocked { who, policy }) = blocked else { continue };
        let message = format!("{who} may not connect to the pods of Service {key}");
        let help = "let the controller's pods in, by the labels of their namespace";
        let told = report.at(Kind::Ingress, ingress, &format!("{}.name", target.field()), message, help);
        if let Some((kind, policy)) = policy {
            told.and(*kind, policy, "spec.podSelector", "the policy that isolates them");
        }
    }
}

/// Who is kept out, and by which policy.
struct Blocked {
    who: String,
    policy: Option<(Kind, ObjectKey)>,
}

/// The controllers' pods that the files hold, but for those on their nodes' networks, of which policies say nothing sure.
fn controllers<'a>(report: &Report<'a>) -> Vec<(Option<Controller>, &'a ObjectKey)> {
    // None of their labels is one that a workload gives to some of its pods.
    if !report.shared.written().iter().any(|written| is_controller(written.pod)) {
        return Vec::new();
    }
    let pods = report.cluster.pods.iter();
    pods.filter_map(|(key, pod)| controller(pod).map(|controller| (controller, key))).collect()
}

/// The controller that a pod is, by its labels; the inner one where it is one of those that the tables know.
fn controller(pod: &Pod) -> Option<Option<Controller>> {
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

/// Who is kept from every pod of the Service, or nothing where some pod takes the controller's connection.
fn blocked(
    engine: &Engine,
    controllers: &[(Option<Controller>, &ObjectKey)],
    controller: Option<Controller>,
    service: &ObjectKey,
    port: &ServicePort,
) -> Option<Blocked> {
    let policies = engine.policies();
    let senders: Vec<(&ObjectKey, PodNumber)> = controllers
        .iter()
        .filter(|(known, _)| controller.is_none() || *known == controller)
        .filter_map(|(_, key)| Some((*key, policies.pod(key)?)))
        .collect();
    let protocol = Protocol::of(&port.protocol)?;
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
                last = Some(Blocked { who: format!("the controller, Pod {first},"), policy });
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
                let who = format!("an ingress controller outside of namespace {}", service.namespace);
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
