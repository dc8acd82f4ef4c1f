//! The ingress controller: which Ingresses it serves, where it takes traffic in, and in whose ways it matches.

use super::journey::Journey;
use crate::api::ingress::{Ingress, IngressClass};
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use std::sync::Arc;

/// An Ingress that names the host, itself or by a wildcard; else one that takes every host.
pub(super) fn ingress_for<'e>(journey: &Journey<'e>, host: &str) -> Option<(&'e ObjectKey, &'e Arc<Ingress>)> {
    let ingresses = || journey.engine.cluster().ingresses.iter();
    let hosts = |ingress: &Arc<Ingress>| -> Vec<String> {
        ingress.spec.rules.iter().flatten().map(|rule| rule.host.to_ascii_lowercase()).collect()
    };
    let host = host.to_ascii_lowercase();
    let wild = host.split_once('.').map(|(_, rest)| format!("*.{rest}")).unwrap_or_default();
    let named = |wanted: &str| ingresses().find(|(_, ingress)| hosts(ingress).iter().any(|known| known == wanted));
    let any =
        |ingress: &Arc<Ingress>| ingress.spec.default_backend.is_some() || hosts(ingress).iter().any(String::is_empty);
    named(&host).or_else(|| named(&wild)).or_else(|| ingresses().find(|(_, ingress)| any(ingress)))
}

/// The class of an Ingress: its own, that of the old annotation, or the default one.
pub(super) fn class_of<'e>(journey: &Journey<'e>, ingress: &Ingress) -> Option<&'e Arc<IngressClass>> {
    let classes = &journey.engine.cluster().ingress_classes;
    let annotation = ingress.metadata.annotations.get("kubernetes.io/ingress.class");
    match ingress.spec.ingress_class_name.as_ref().or(annotation) {
        Some(name) => classes.get("", name),
        None => {
            let is_default = |class: &IngressClass| {
                let annotation = class.metadata.annotations.get("ingressclass.kubernetes.io/is-default-class");
                annotation.is_some_and(|value| value == "true")
            };
            classes.iter().map(|(_, class)| class).find(|class| is_default(class))
        }
    }
}

/// The name under which `route` knows a controller's ways: `nginx`, `contour`, else `spec`.
pub(super) fn ways(class: Option<&IngressClass>, ingress: &Ingress) -> &'static str {
    let controller = class.map(|class| class.spec.controller.as_str()).unwrap_or_default();
    let annotation =
        ingress.metadata.annotations.get("kubernetes.io/ingress.class").map(String::as_str).unwrap_or_default();
    if controller == "k8s.io/ingress-nginx" || annotation == "nginx" {
        "nginx"
    } else if controller.starts_with("projectcontour.io/") || annotation == "contour" {
        "contour"
    } else {
        "spec"
    }
}

/// The Service through which the controller takes traffic in: the one whose load balancer the Ingress's status names,
/// else one of type LoadBalancer or NodePort over pods that carry the labels the controller's own manifests give them.
pub(super) fn entrance<'e>(
    journey: &Journey<'e>,
    ingress: &Ingress,
    ways: &str,
) -> Option<(&'e ObjectKey, &'e Arc<Service>)> {
    let services = || journey.engine.cluster().services.iter().filter(|(_, service)| is_open(service));
    let reported = &ingress.status.load_balancer.ingress;
    let same = |service: &Service| {
        service.status.load_balancer.ingress.iter().any(|point| {
            reported.iter().any(|known| {
                (!point.ip.is_empty() && point.ip == known.ip)
                    || (!point.hostname.is_empty() && point.hostname == known.hostname)
            })
        })
    };
    if let Some(found) = services().find(|(_, service)| same(service)) {
        return Some(found);
    }
    let selects = |service: &Service, values: &[&str]| {
        let selector = service.spec.selector.as_ref();
        selector.is_some_and(|selector| selector.values().any(|value| values.contains(&value.as_str())))
    };
    let known: &[&str] = match ways {
        "nginx" => &["ingress-nginx", "nginx-ingress", "nginx-ingress-controller"],
        "contour" => &["envoy", "contour-envoy"],
        _ => &["traefik", "haproxy-ingress", "kong", "ingress-controller", "ingress-nginx", "envoy", "nginx-ingress"],
    };
    services().find(|(_, service)| selects(service, known))
}

fn is_open(service: &Service) -> bool {
    matches!(service.spec.r#type.as_str(), "LoadBalancer" | "NodePort")
        || !service.spec.external_ips.iter().flatten().count().eq(&0)
}

/// The node whose kube-proxy is asked: the pod's, else the first there is. Without nodes in the files the name is empty.
pub(super) fn node_for(journey: &Journey<'_>, node: &str) -> String {
    if !node.is_empty() {
        return node.to_owned();
    }
    journey.engine.cluster().nodes.iter().next().map(|(key, _)| key.name.clone()).unwrap_or_default()
}
