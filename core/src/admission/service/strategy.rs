//! What of a Service is not the author's to write, and what a change of type takes away
//! (`pkg/registry/core/service/strategy.go`, Kubernetes v1.36.3).

use super::{externally_accessible, needs_cluster_ip, needs_health_check};
use crate::api::service::{LoadBalancerStatus, Service, ServiceStatus};
use portolan_base::collections::BTreeSet;

/// The status is the controllers' (`PrepareForCreate`).
pub fn prepare_for_create(service: &mut Service) {
    service.status = ServiceStatus::default();
}

/// The status stays what it was, and what no longer applies is dropped (`PrepareForUpdate`).
pub fn prepare_for_update(service: &mut Service, old: &Service) {
    service.status.clone_from(&old.status);
    drop_type_dependent_fields(service, old);
}

/// A change of type wipes the values that the new type has no use for, where the author has not changed them too
/// (`dropTypeDependentFields`).
fn drop_type_dependent_fields(service: &mut Service, old: &Service) {
    if needs_cluster_ip(old) && !needs_cluster_ip(service) {
        let plural = |service: &Service| service.spec.cluster_ips.clone().unwrap_or_default();
        if old.spec.cluster_ip == service.spec.cluster_ip && plural(old) == plural(service) {
            service.spec.cluster_ip.clear();
            service.spec.cluster_ips = None;
        }
        if old.spec.ip_families == service.spec.ip_families {
            service.spec.ip_families = None;
        }
        if old.spec.ip_family_policy.as_deref().unwrap_or("") == service.spec.ip_family_policy.as_deref().unwrap_or("")
        {
            service.spec.ip_family_policy = None;
        }
    }
    if has_node_ports(old) && !has_node_ports(service) && no_new_node_ports(old, service) {
        for port in service.spec.ports.iter_mut().flatten() {
            port.node_port = 0;
        }
    }
    if needs_health_check(old)
        && !needs_health_check(service)
        && old.spec.health_check_node_port == service.spec.health_check_node_port
    {
        service.spec.health_check_node_port = 0;
    }
    let is_load_balancer = |service: &Service| service.spec.r#type == "LoadBalancer";
    if is_load_balancer(old) && !is_load_balancer(service) {
        // An absent value in both is left absent all the same.
        if old.spec.allocate_load_balancer_node_ports == service.spec.allocate_load_balancer_node_ports {
            service.spec.allocate_load_balancer_node_ports = None;
        }
        if old.spec.load_balancer_class == service.spec.load_balancer_class {
            service.spec.load_balancer_class = None;
        }
    }
    if externally_accessible(old)
        && !externally_accessible(service)
        && old.spec.external_traffic_policy == service.spec.external_traffic_policy
    {
        service.spec.external_traffic_policy.clear();
    }
    if !is_load_balancer(service) {
        service.status.load_balancer = LoadBalancerStatus::default();
    }
}

/// Any NodePort or LoadBalancer (`needsNodePort` in `strategy.go`; the storage has another of that name).
fn has_node_ports(service: &Service) -> bool {
    matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer")
}

/// Authors may add, remove and change ports, as long as no node port is new (`sameNodePorts`).
fn no_new_node_ports(old: &Service, service: &Service) -> bool {
    let had: BTreeSet<i32> = old.ports().iter().map(|port| port.node_port).collect();
    service.ports().iter().all(|port| port.node_port == 0 || had.contains(&port.node_port))
}
