//! A Service on its way into the store and back (`pkg/registry/core/service/storage/storage.go`, Kubernetes v1.36.3).

use super::{needs_cluster_ip, needs_health_check};
use crate::admission::allocate::Reservation;
use crate::admission::allocate::service::{allocate_create, allocate_update};
use crate::admission::status::Status;
use crate::api::service::Service;
use crate::net::{Family, parse_sloppy};
use crate::release::Gates;
use portolan_base::collections::{BTreeMap, BTreeSet};

/// Fills in and allocates what a new Service needs, before it is validated (`beginCreate`).
///
/// # Errors
/// The refusal that the server answers with: alone, nothing else is looked at.
pub fn begin_create(service: &mut Service, gates: &Gates, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    normalize_cluster_ips(service, None);
    allocate_create(service, gates, reservation)
}

/// Fills in and allocates what a changed Service needs, before it is validated (`beginUpdate`). `old` is the stored
/// Service, as [`default_on_read`] has it.
///
/// # Errors
/// The refusal that the server answers with: alone, nothing else is looked at.
pub fn begin_update(
    service: &mut Service,
    old: &Service,
    gates: &Gates,
    reservation: &mut Reservation<'_>,
) -> Result<(), Status> {
    patch_allocated_values(service, old);
    normalize_cluster_ips(service, Some(old));
    allocate_update(service, old, gates, reservation)
}

/// Fills in what Services that were stored long ago lack, and takes off what they should not have
/// (`defaultOnReadService`). `default_family` is the cluster's first.
pub fn default_on_read(service: &mut Service, default_family: Family) {
    normalize_cluster_ips(service, None);
    default_on_read_ip_families(service, default_family);
    if service.spec.r#type == "ExternalName" {
        service.spec.internal_traffic_policy = None;
    }
}

/// `defaultOnReadIPFamilies`
fn default_on_read_ip_families(service: &mut Service, default_family: Family) {
    let spec = &mut service.spec;
    if spec.r#type == "ExternalName" || spec.ip_families.as_ref().is_some_and(|families| !families.is_empty()) {
        return;
    }
    let (families, policy) = if spec.cluster_ip == "None" {
        if spec.selector.as_ref().is_none_or(|selector| selector.is_empty()) {
            (vec![default_family, default_family.other()], Some("RequireDualStack"))
        } else {
            (vec![default_family], Some("SingleStack"))
        }
    } else {
        let ips = spec.cluster_ips.iter().flatten();
        let family = |ip: &String| parse_sloppy(ip).map_or(Family::V4, Family::of);
        let families: Vec<Family> = ips.map(family).collect();
        let policy = match families.len() {
            1 => Some("SingleStack"),
            2 => Some("RequireDualStack"),
            _ => None,
        };
        (families, policy)
    };
    let names: Vec<String> = families.into_iter().map(|family| family.name().to_owned()).collect();
    // Without an address there is no family: an empty list is left out.
    spec.ip_families = (!names.is_empty()).then_some(names);
    if let Some(policy) = policy {
        spec.ip_family_policy = Some(policy.to_owned());
    }
}

/// Guesses what the author meant with `clusterIP` and `clusterIPs` (`normalizeClusterIPs`).
fn normalize_cluster_ips(service: &mut Service, old: Option<&Service>) {
    let len = |service: &Service| service.spec.cluster_ips.as_ref().map_or(0, Vec::len);
    let Some(old) = old else {
        if !service.spec.cluster_ip.is_empty() && len(service) == 0 {
            service.spec.cluster_ips = Some(vec![service.spec.cluster_ip.clone()]);
        }
        return;
    };
    let same_singular = old.spec.cluster_ip == service.spec.cluster_ip;
    if len(old) > 0 && len(service) == 0 && same_singular {
        service.spec.cluster_ips.clone_from(&old.spec.cluster_ips);
    }
    let plural = |service: &Service| service.spec.cluster_ips.clone().unwrap_or_default();
    if !same_singular && plural(old) == plural(service) {
        let cleared = service.spec.cluster_ip.is_empty();
        service.spec.cluster_ips = (!cleared).then(|| vec![service.spec.cluster_ip.clone()]);
    }
}

/// Puts back what the server once allocated and the author left out (`patchAllocatedValues`).
fn patch_allocated_values(service: &mut Service, old: &Service) {
    if needs_cluster_ip(old) && needs_cluster_ip(service) {
        if service.spec.cluster_ip.is_empty() {
            service.spec.cluster_ip.clone_from(&old.spec.cluster_ip);
        }
        if service.spec.cluster_ips.as_ref().is_none_or(Vec::is_empty)
            && old.spec.cluster_ips.as_ref().is_some_and(|ips| !ips.is_empty())
        {
            service.spec.cluster_ips.clone_from(&old.spec.cluster_ips);
        }
    }
    if needs_node_port(old) && needs_node_port(service) {
        patch_node_ports(service, old);
    }
    if needs_health_check(old) && needs_health_check(service) && service.spec.health_check_node_port == 0 {
        service.spec.health_check_node_port = old.spec.health_check_node_port;
    }
}

/// A port without a node port gets the one that the last old port of that name had, unless the new Service uses it.
fn patch_node_ports(service: &mut Service, old: &Service) {
    let used = |service: &Service| -> BTreeSet<i32> {
        service.ports().iter().map(|port| port.node_port).filter(|port| *port != 0).collect()
    };
    let (before, after) = (used(old), used(service));
    let by_name: BTreeMap<&str, i32> = old.ports().iter().map(|port| (port.name.as_str(), port.node_port)).collect();
    for port in service.spec.ports.iter_mut().flatten().filter(|port| port.node_port == 0) {
        let node_port = by_name.get(port.name.as_str()).copied().unwrap_or(0);
        if !(before.contains(&node_port) && after.contains(&node_port)) {
            port.node_port = node_port;
        }
    }
}

/// Whether it gets node ports (`needsNodePort` in `storage.go`; the strategy has another of that name).
fn needs_node_port(service: &Service) -> bool {
    match service.spec.r#type.as_str() {
        "NodePort" => true,
        "LoadBalancer" => service.spec.allocate_load_balancer_node_ports.unwrap_or(true),
        _ => false,
    }
}
