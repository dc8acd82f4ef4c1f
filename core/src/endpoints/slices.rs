//! The EndpointSlices of a Service with a selector, as the EndpointSlice controller packs them from nothing.
//!
//! Mirrors `k8s.io/endpointslice` (`reconciler.go`, `utils.go`; v0.36.3). The controller fills slices in the order of a Go
//! map; here the pods keep the order of their names.

use super::pods::{self, Membership};
use super::topology::Nodes;
use super::{fingerprint, hints};
use crate::api::endpoint_slice::{Endpoint, EndpointConditions, EndpointSlice, SlicePort};
use crate::api::endpoints::ObjectReference;
use crate::api::meta::{ObjectMeta, StringMap};
use crate::api::pod::Pod;
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::net::{Family, parse_sloppy};
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

/// The label that names a slice's Service.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// The label that names who writes a slice.
pub const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
/// The label of what belongs to a Service without an address.
pub const HEADLESS: &str = "service.kubernetes.io/headless";
/// The EndpointSlice controller, as [`MANAGED_BY`] names it.
pub const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// `--max-endpoints-per-slice` of kube-controller-manager.
const MAX_ENDPOINTS_PER_SLICE: usize = 100;

/// Packs the slices of a Service from the pods that its selector picks: for each address type a set of its own, with at
/// least one slice.
pub(super) fn pack(key: &ObjectKey, service: &Service, pods: &[Arc<Pod>], nodes: &Nodes) -> Vec<EndpointSlice> {
    let members: Vec<&Pod> = pods
        .iter()
        .map(Arc::as_ref)
        .filter(|pod| pods::membership(pod, service, nodes) == Membership::Published)
        .collect();
    let groups = group_by_ports(service, &members);
    let mut all = Vec::new();
    for family in address_types(service) {
        let mut slices = Vec::new();
        for (numbers, members) in &groups {
            let endpoints: Vec<Endpoint> =
                members.iter().filter_map(|pod| endpoint(key, service, pod, nodes, family)).collect();
            if endpoints.is_empty() {
                continue;
            }
            let ports = slice_ports(service, numbers);
            let mut rest = endpoints.into_iter().peekable();
            while rest.peek().is_some() {
                let chunk: Vec<Endpoint> = rest.by_ref().take(MAX_ENDPOINTS_PER_SLICE).collect();
                slices.push(new_slice(key, service, family, ports.clone(), chunk));
            }
        }
        if slices.is_empty() {
            slices.push(new_slice(key, service, family, Vec::new(), Vec::new()));
        }
        hints::set(service, &mut slices, &nodes.ratios);
        all.append(&mut slices);
    }
    all
}

/// The address types that the Service has slices of (`getAddressTypesForService`): those of `ipFamilies`, or the family
/// of its address, or both where it has neither.
pub fn address_types(service: &Service) -> Vec<Family> {
    let named = service.spec.ip_families.as_deref().unwrap_or_default();
    let mut families: Vec<Family> = named.iter().filter_map(|name| Family::named(name)).collect();
    families.small_sort();
    families.dedup();
    if !families.is_empty() {
        return families;
    }
    match service.spec.cluster_ip.as_str() {
        "" | "None" => Family::ALL.to_vec(),
        address => vec![parse_sloppy(address).map_or(Family::V4, Family::of)],
    }
}

/// Whether the Service's address is set (`isServiceIPSet`): neither empty nor `None`.
pub(super) fn has_cluster_ip(service: &Service) -> bool {
    !matches!(service.spec.cluster_ip.as_str(), "" | "None")
}

/// The prefix of a generated slice's name (`getEndpointSlicePrefix`).
pub(super) fn name_prefix(service: &str) -> String {
    const LONGEST_SUBDOMAIN: usize = 253;
    if service.len() < LONGEST_SUBDOMAIN { format!("{service}-") } else { service.to_owned() }
}

/// The pods by the numbers that the ports of the Service lead to in them: a named port may have another number in another
/// pod, and none in a third.
fn group_by_ports<'a>(service: &Service, members: &[&'a Pod]) -> Vec<(Vec<Option<i32>>, Vec<&'a Pod>)> {
    let mut groups: Vec<(Vec<Option<i32>>, Vec<&Pod>)> = Vec::new();
    for pod in members {
        let numbers: Vec<Option<i32>> = service.ports().iter().map(|port| pods::find_port(pod, port)).collect();
        match groups.iter_mut().find(|(known, _)| *known == numbers) {
            Some((_, group)) => group.push(pod),
            None => groups.push((numbers, vec![pod])),
        }
    }
    groups
}

/// The ports of a slice, in the order of their hashes.
fn slice_ports(service: &Service, numbers: &[Option<i32>]) -> Vec<SlicePort> {
    let found = service.ports().iter().zip(numbers).filter_map(|(port, number)| {
        number.map(|number| SlicePort {
            name: Some(port.name.clone()),
            protocol: Some(pods::protocol(&port.protocol).to_owned()),
            port: Some(number),
            app_protocol: port.app_protocol.clone(),
        })
    });
    let mut ports: Vec<SlicePort> = found.collect();
    ports.small_sort_by_cached_key(fingerprint::slice_port);
    ports
}

/// `podToEndpoint`
fn endpoint(key: &ObjectKey, service: &Service, pod: &Pod, nodes: &Nodes, family: Family) -> Option<Endpoint> {
    let addresses = pods::addresses(pod, family);
    if addresses.is_empty() {
        return None;
    }
    let serving = pod.is_ready();
    let terminating = pod.metadata.deletion_timestamp.is_some();
    let ready = service.spec.publish_not_ready_addresses || (serving && !terminating);
    Some(Endpoint {
        addresses: Some(addresses),
        conditions: EndpointConditions { ready: Some(ready), serving: Some(serving), terminating: Some(terminating) },
        hostname: pods::has_hostname(pod, service).then(|| pod.spec.hostname.clone()),
        target_ref: Some(pod_reference(key, pod)),
        node_name: (!pod.spec.node_name.is_empty()).then(|| pod.spec.node_name.clone()),
        zone: nodes.zone(&pod.spec.node_name).map(str::to_owned),
        ..Endpoint::default()
    })
}

/// A reference to a pod of the Service's namespace.
pub(super) fn pod_reference(service: &ObjectKey, pod: &Pod) -> ObjectReference {
    ObjectReference {
        kind: "Pod".to_owned(),
        namespace: service.namespace.clone(),
        name: pod.metadata.name.clone(),
        uid: pod.metadata.uid.clone(),
        ..ObjectReference::default()
    }
}

/// `newEndpointSlice`. Empty lists are stored as none.
fn new_slice(
    key: &ObjectKey,
    service: &Service,
    family: Family,
    ports: Vec<SlicePort>,
    endpoints: Vec<Endpoint>,
) -> EndpointSlice {
    EndpointSlice {
        api_version: "discovery.k8s.io/v1".to_owned(),
        kind: "EndpointSlice".to_owned(),
        metadata: ObjectMeta {
            generate_name: name_prefix(&key.name),
            namespace: key.namespace.clone(),
            labels: labels(key, service),
            ..ObjectMeta::default()
        },
        address_type: family.name().to_owned(),
        endpoints: (!endpoints.is_empty()).then_some(endpoints),
        ports: (!ports.is_empty()).then_some(ports),
    }
}

/// `setEndpointSliceLabels`: the Service's, without those that the controller keeps for itself.
fn labels(key: &ObjectKey, service: &Service) -> StringMap {
    let mut labels = service.metadata.labels.clone();
    labels.remove(HEADLESS);
    if !has_cluster_ip(service) {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels.insert(SERVICE_NAME.to_owned(), key.name.clone());
    labels.insert(MANAGED_BY.to_owned(), CONTROLLER.to_owned());
    labels
}
