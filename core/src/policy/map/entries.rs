//! Where Ingresses bring requests in, and whether policies let them.

use super::super::ids::PodId;
use super::super::index::PolicyIndex;
use super::super::reach::{GroupKey, Judge, Other};
use super::super::rule::Direction;
use super::parties::Party;
use crate::api::ingress::{IngressBackend, ServiceBackendPort};
use crate::api::meta::IntOrString;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::{Service, ServicePort};
use crate::cluster::Cluster;
use crate::net::Protocol;
use std::net::{IpAddr, Ipv4Addr};

/// A path of an Ingress and the pods behind it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EntryPoint {
    /// The Ingress.
    pub ingress: ObjectKey,
    /// The host of the rule; empty for any.
    pub host: String,
    /// The path; empty for the default backend.
    pub path: String,
    /// The Service behind it.
    pub service: ObjectKey,
    /// The pods behind it and the port of each that is meant.
    pub pods: Vec<(Party, u16)>,
    /// Whether every one of them takes connections from an address outside the cluster that no policy names.
    pub from_outside: bool,
    /// Whether every one of them takes connections from a pod of any namespace, where a controller of Ingresses may run.
    pub from_any_pod: bool,
}

pub(super) fn of(cluster: &Cluster, index: &PolicyIndex) -> Vec<EntryPoint> {
    let mut entries = Vec::new();
    for (key, ingress) in cluster.ingresses.iter() {
        let mut take = |host: &str, path: &str, backend: &IngressBackend| {
            if let Some(service) = &backend.service {
                let service_key = ObjectKey::new(key.namespace.as_str(), service.name.as_str());
                entries.push(entry(cluster, index, key, (host, path), service_key, &service.port));
            }
        };
        if let Some(backend) = &ingress.spec.default_backend {
            take("", "", backend);
        }
        for rule in ingress.spec.rules.iter().flatten() {
            for path in rule.http.iter().flat_map(|http| http.paths.iter().flatten()) {
                let shown = if path.path.is_empty() { "/" } else { &path.path };
                take(&rule.host, shown, &path.backend);
            }
        }
    }
    entries
}

fn entry(
    cluster: &Cluster,
    index: &PolicyIndex,
    ingress: &ObjectKey,
    (host, path): (&str, &str),
    service: ObjectKey,
    port: &ServiceBackendPort,
) -> EntryPoint {
    let found = cluster.services.by_key(&service);
    let pods = found.map(|found| pods(cluster, index, &service, found, port)).unwrap_or_default();
    let mut entry = EntryPoint {
        ingress: ingress.clone(),
        host: host.to_owned(),
        path: path.to_owned(),
        service,
        from_outside: !pods.is_empty(),
        from_any_pod: !pods.is_empty(),
        pods: Vec::new(),
    };
    let outside = Other::Address(index.regions.find(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    let stranger = super::super::index::Class {
        sets: index.everyone().into(),
        regions: index.usual_regions,
        families: index.usual_families,
        ..Default::default()
    };
    for (key, number, port) in pods {
        let Some(class) = index.entry(number).and_then(|entry| index.class(entry.class?)) else { continue };
        let group = GroupKey {
            policies: class.policies(Direction::Ingress).into(),
            named: class.named.clone(),
            families: class.families,
        };
        let mut judge = Judge::new(index, Direction::Ingress, &group);
        entry.from_outside &= judge.ports(outside).contains(port, Protocol::Tcp);
        entry.from_any_pod &= judge.ports(Other::Pods(&stranger)).contains(port, Protocol::Tcp);
        entry.pods.push((Party::Workload(Kind::Pod, key), port));
    }
    entry
}

/// The pods that the Service selects, by their number, and the port each is reached on.
fn pods(
    cluster: &Cluster,
    index: &PolicyIndex,
    key: &ObjectKey,
    service: &Service,
    wanted: &ServiceBackendPort,
) -> Vec<(ObjectKey, PodId, u16)> {
    let Some(selector) = service.spec.selector.as_ref().filter(|selector| !selector.is_empty()) else {
        return Vec::new();
    };
    let is_wanted = |port: &&ServicePort| {
        if wanted.name.is_empty() { port.port == wanted.number } else { port.name == wanted.name }
    };
    let Some(port) = service.ports().iter().find(is_wanted) else { return Vec::new() };
    let mut found = Vec::new();
    for (pod_key, pod) in cluster.pods.in_namespace(&key.namespace) {
        if !selector.iter().all(|(label, value)| pod.metadata.labels.get(label) == Some(value)) {
            continue;
        }
        let Some(number) = index.pod(pod_key) else { continue };
        let target = match &port.target_port {
            IntOrString::Int(0) => u16::try_from(port.port).ok(),
            IntOrString::Int(number) => u16::try_from(*number).ok(),
            IntOrString::String(name) => index.port_named(number, name, Protocol::Tcp),
        };
        found.extend(target.map(|target| (pod_key.clone(), number, target)));
    }
    found
}
