//! The Endpoints object of a Service with a selector.
//!
//! Mirrors `k8s.io/kubernetes/pkg/controller/endpoint` (`endpoints_controller.go`; v1.36.3).

use super::slices::{HEADLESS, has_cluster_ip, pod_reference};
use super::subsets::{Offer, repack};
use super::{hints, pods};
use crate::api::endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};
use crate::api::meta::ObjectMeta;
use crate::api::pod::Pod;
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::net::{Family, parse_sloppy};
use std::sync::Arc;

/// The most addresses that the object holds.
const MAX_CAPACITY: usize = 1000;

/// Makes the object from the pods that the Service's selector picks. `before` is the object of that name that is already
/// there: its annotations stay.
pub(super) fn make(key: &ObjectKey, service: &Service, pods: &[Arc<Pod>], before: Option<&Endpoints>) -> Endpoints {
    let mut offers = Vec::new();
    for pod in pods {
        offer(key, service, pod, &mut offers);
    }
    let mut subsets = repack(offers);
    let mut metadata = ObjectMeta {
        name: key.name.clone(),
        namespace: key.namespace.clone(),
        labels: service.metadata.labels.clone(),
        annotations: before.map(|before| before.metadata.annotations.clone()).unwrap_or_default(),
        ..ObjectMeta::default()
    };
    metadata.annotations.remove("endpoints.kubernetes.io/last-change-trigger-time");
    let over_capacity = "endpoints.kubernetes.io/over-capacity";
    if truncate(&mut subsets) {
        metadata.annotations.insert(over_capacity.to_owned(), "truncated".to_owned());
    } else {
        metadata.annotations.remove(over_capacity);
    }
    metadata.labels.remove(HEADLESS);
    if !has_cluster_ip(service) {
        metadata.labels.insert(HEADLESS.to_owned(), String::new());
    }
    metadata.labels.insert("endpoints.kubernetes.io/managed-by".to_owned(), "endpoint-controller".to_owned());
    Endpoints {
        api_version: "v1".to_owned(),
        kind: "Endpoints".to_owned(),
        metadata,
        subsets: (!subsets.is_empty()).then_some(subsets),
    }
}

/// Adds what one pod offers: its address of the Service's first family behind each port it has. Unlike in the slices, a
/// terminating pod is left out unless pods are published that are not ready, and a pod's node need not exist.
fn offer(key: &ObjectKey, service: &Service, pod: &Pod, offers: &mut Vec<Offer>) {
    let not_ready_too = service.spec.publish_not_ready_addresses;
    let terminal = matches!(pod.status.phase.as_str(), "Succeeded" | "Failed");
    if terminal || (pod.metadata.deletion_timestamp.is_some() && !not_ready_too) {
        return;
    }
    let Some(ip) = address(service, pod) else { return };
    let target = pod_reference(key, pod);
    let owner = if target.uid.is_empty() { target.name.clone() } else { target.uid.clone() };
    let address = EndpointAddress {
        ip,
        hostname: if pods::has_hostname(pod, service) { pod.spec.hostname.clone() } else { String::new() },
        node_name: Some(pod.spec.node_name.clone()),
        target_ref: Some(target),
    };
    let ready = not_ready_too || pod.is_ready();
    let mut push = |port: Option<EndpointPort>, port_place: usize| {
        offers.push(Offer { address: address.clone(), owner: owner.clone(), port, port_place, ready });
    };
    if service.ports().is_empty() && service.spec.cluster_ip == "None" {
        push(None, 0);
    }
    for (place, port) in service.ports().iter().enumerate() {
        if let Some(number) = pods::find_port(pod, port) {
            let port = EndpointPort {
                name: port.name.clone(),
                port: number,
                protocol: pods::protocol(&port.protocol).to_owned(),
                app_protocol: port.app_protocol.clone(),
            };
            push(Some(port).filter(|port| port.port > 0), place);
        }
    }
}

/// `podToEndpointAddressForService`: the pod's first address of the Service's first family.
fn address(service: &Service, pod: &Pod) -> Option<String> {
    let family = match service.spec.ip_families.as_deref().unwrap_or_default().first() {
        Some(name) => Family::named(name).unwrap_or(Family::V4),
        None => {
            let telling =
                if has_cluster_ip(service) { Some(service.spec.cluster_ip.as_str()) } else { pod.ips().next() };
            telling.and_then(parse_sloppy).map_or(Family::V4, Family::of)
        }
    };
    pod.ips().filter_map(parse_sloppy).find(|ip| Family::of(*ip) == family).map(|ip| ip.to_string())
}

/// `truncateEndpoints`: keeps at most 1,000 addresses, the ready ones first, each subset in proportion.
fn truncate(subsets: &mut [EndpointSubset]) -> bool {
    let length = |list: &Option<Vec<EndpointAddress>>| list.as_ref().map_or(0, Vec::len);
    let ready: usize = subsets.iter().map(|subset| length(&subset.addresses)).sum();
    let not_ready: usize = subsets.iter().map(|subset| length(&subset.not_ready_addresses)).sum();
    if ready + not_ready <= MAX_CAPACITY {
        return false;
    }
    let truncate_ready = ready > MAX_CAPACITY;
    let (room, total) = if truncate_ready { (MAX_CAPACITY, ready) } else { (MAX_CAPACITY - ready, not_ready) };
    let mut left = room;
    for subset in subsets {
        if truncate_ready {
            subset.not_ready_addresses = None;
        }
        let list = if truncate_ready { &mut subset.addresses } else { &mut subset.not_ready_addresses };
        let share = share_of(length(list), total, room).min(left);
        if let Some(addresses) = list {
            addresses.truncate(share);
            left -= addresses.len();
            if addresses.is_empty() {
                *list = None;
            }
        }
    }
    true
}

/// The part of `room` that so many of `total` get, rounded up.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the room, a whole number")]
fn share_of(number: usize, total: usize, room: usize) -> usize {
    (hints::count(number) / hints::count(total) * hints::count(room)).ceil() as usize
}
