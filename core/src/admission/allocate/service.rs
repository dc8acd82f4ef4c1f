//! What a Service is given when it is created or updated: cluster IPs, node ports, the node port of its health check
//! (`pkg/registry/core/service/storage/alloc.go`, Kubernetes v1.36.3).

use super::families::{init_ip_family_fields, is_matching_prefer_dual_stack_cluster_ip_fields};
use super::{Denied, Reservation, invalid};
use crate::admission::service::needs_health_check;
use crate::admission::status::Status;
use crate::api::codec::Codec;
use crate::api::resource::Kind;
use crate::api::service::{Service, ServicePort};
use crate::field::{Error, Path};
use crate::net::{Family, parse_sloppy};
use crate::release::Gates;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::go::{json_value, quote};

/// Gives a new Service its families, cluster IPs and node ports (`Allocators.allocateCreate`).
///
/// # Errors
/// As the server refuses it, alone. The Service may have been filled in partly then.
pub fn allocate_create(service: &mut Service, gates: &Gates, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    init_ip_family_fields(service, None, gates, reservation)?;
    allocate_cluster_ips(service, reservation)?;
    if has_node_ports(service) {
        init_node_ports(service, reservation)?;
    }
    if needs_health_check(service) {
        allocate_health_check_node_port(service, reservation)?;
    }
    Ok(())
}

/// Gives a changed Service what it newly needs (`Allocators.allocateUpdate`). What it no longer needs is given back when
/// it is stored, by [`super::Allocations::replace`].
///
/// # Errors
/// As the server refuses it.
pub fn allocate_update(
    service: &mut Service,
    old: &Service,
    gates: &Gates,
    reservation: &mut Reservation<'_>,
) -> Result<(), Status> {
    init_ip_family_fields(service, Some(old), gates, reservation)?;
    update_cluster_ips(service, old, reservation)?;
    if has_node_ports(service) {
        update_node_ports(service, old, reservation)?;
    }
    if !needs_health_check(old) && needs_health_check(service) {
        allocate_health_check_node_port(service, reservation)?;
    }
    Ok(())
}

/// `Allocators.allocClusterIPs`
fn allocate_cluster_ips(service: &mut Service, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    let first = service.spec.cluster_ips.as_ref().and_then(|ips| ips.first());
    if service.spec.r#type == "ExternalName" || first.is_some_and(|ip| ip == "None") {
        return Ok(());
    }
    let families = service.spec.ip_families.clone().unwrap_or_default();
    let ips = service.spec.cluster_ips.get_or_insert_default();
    while ips.len() < families.len() {
        ips.push(String::new());
    }
    let wanted: Vec<(usize, String, String)> =
        families.into_iter().zip(ips.clone()).enumerate().map(|(index, (family, ip))| (index, family, ip)).collect();
    let mut allocated = Vec::with_capacity(wanted.len());
    for (index, family, ip) in wanted {
        allocated.push((index, allocate_ip(service, &family, &ip, reservation)?));
    }
    for (index, ip) in allocated {
        if index == 0 {
            service.spec.cluster_ip.clone_from(&ip);
        }
        if let Some(slot) = service.spec.cluster_ips.as_mut().and_then(|ips| ips.get_mut(index)) {
            *slot = ip;
        }
    }
    Ok(())
}

/// One address of a family: the one that the author chose, or the next free one where `ip` is empty
/// (`Allocators.allocIPs`).
fn allocate_ip(service: &Service, family: &str, ip: &str, reservation: &mut Reservation<'_>) -> Result<String, Status> {
    let spec = Path::new("spec");
    let refuse = |text: String| {
        let value = json_value(&service.spec.cluster_ips.encode());
        invalid(service, &[Error::invalid_value(&spec.child("clusterIPs"), value, text)])
    };
    if ip.is_empty() {
        let family = Family::named(family).unwrap_or(Family::V4);
        if !reservation.families_for(service).contains(&family) {
            // A Service that becomes headless on a cluster of one family: upstream has no allocator there to call.
            return Err(Status::unknown("This request caused apiserver to panic. Look in the logs for details."));
        }
        return match reservation.allocate_next_address(family) {
            Ok(address) => Ok(address.to_string()),
            Err(Denied::Full) => Err(Status::internal_error(&format!(
                "failed to allocate a serviceIP for Service {}: {}",
                quote(&service.metadata.name),
                Denied::Full
            ))),
            Err(denied) => Err(refuse(format!("failed to allocate IP: {denied}"))),
        };
    }
    let Some(address) = parse_sloppy(ip) else {
        let text = format!("failed to parse service IP {}", quote(ip));
        return Err(Status::internal_error(&text));
    };
    match reservation.allocate_address(address) {
        Ok(()) => Ok(ip.to_owned()),
        Err(denied) => Err(refuse(format!("failed to allocate IP {ip}: {denied}"))),
    }
}

/// `Allocators.updateClusterIPs`
fn update_cluster_ips(service: &mut Service, old: &Service, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    if is_matching_prefer_dual_stack_cluster_ip_fields(service, Some(old)) {
        return Ok(());
    }
    let is_external_name = |service: &Service| service.spec.r#type == "ExternalName";
    if is_external_name(old) && !is_external_name(service) {
        return allocate_cluster_ips(service, reservation);
    }
    let old_first = old.spec.cluster_ips.as_ref().and_then(|ips| ips.first());
    if old_first.is_some_and(|ip| ip == "None") || is_external_name(service) {
        return Ok(());
    }
    let before = old.spec.ip_families.as_ref().map_or(0, Vec::len);
    let second = match service.spec.ip_families.as_deref() {
        Some([_, second]) if before == 1 => second.clone(),
        _ => return Ok(()),
    };
    let ips = service.spec.cluster_ips.get_or_insert_default();
    if ips.len() < 2 {
        ips.push(String::new());
    }
    let wanted = ips.get(1).cloned().unwrap_or_default();
    let ip = allocate_ip(service, &second, &wanted, reservation)?;
    if let Some(slot) = service.spec.cluster_ips.as_mut().and_then(|ips| ips.get_mut(1)) {
        *slot = ip;
    }
    Ok(())
}

/// Node ports of a new Service: ports of the same number (TCP and UDP, say) share one (`initNodePorts`).
fn init_node_ports(service: &mut Service, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    let allocating = should_allocate_node_ports(service);
    let name = service.metadata.name.clone();
    // A port further on may say which node port its number is to have; the first that does decides.
    let mut requested = BTreeMap::new();
    for port in service.ports().iter().filter(|port| port.node_port != 0) {
        requested.entry(port.port).or_insert(port.node_port);
    }
    let mut shared: BTreeMap<i32, i32> = BTreeMap::new();
    for (index, port) in service.spec.ports.iter_mut().flatten().enumerate() {
        if port.node_port == 0 && !allocating {
            continue;
        }
        match (shared.get(&port.port), requested.get(&port.port)) {
            (Some(node_port), _) if port.node_port == 0 => port.node_port = *node_port,
            (Some(node_port), _) if port.node_port == *node_port => {}
            (Some(_), _) => allocate_node_port(&name, index, port.node_port, reservation)?,
            (None, wanted) => {
                port.node_port = match wanted {
                    Some(wanted) => {
                        allocate_node_port(&name, index, *wanted, reservation)?;
                        *wanted
                    }
                    None => allocate_next_node_port(port, reservation)?,
                };
                shared.insert(port.port, port.node_port);
            }
        }
    }
    Ok(())
}

/// Node ports of a changed Service: numbers that it had are kept, new ones are allocated one by one
/// (`Allocators.updateNodePorts`).
fn update_node_ports(service: &mut Service, old: &Service, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    let allocating = should_allocate_node_ports(service);
    let name = service.metadata.name.clone();
    let mut known: BTreeSet<i32> = old.ports().iter().map(|port| port.node_port).collect();
    let mut pairs = BTreeSet::new();
    for (index, port) in service.spec.ports.iter_mut().flatten().enumerate() {
        if port.node_port != 0 {
            if known.insert(port.node_port) {
                allocate_node_port(&name, index, port.node_port, reservation)?;
            }
        } else if allocating {
            port.node_port = allocate_next_node_port(port, reservation)?;
        } else {
            continue;
        }
        if !pairs.insert((port.protocol.clone(), port.node_port)) {
            let text = format!("duplicate nodePort: {{{} {}}}", port.protocol, port.node_port);
            return Err(Status::unknown(text));
        }
    }
    Ok(())
}

fn allocate_node_port(
    name: &str,
    index: usize,
    node_port: i32,
    reservation: &mut Reservation<'_>,
) -> Result<(), Status> {
    reservation.allocate_port(node_port).map_err(|denied| {
        let spec = Path::new("spec");
        let ports = spec.child("ports");
        let port = ports.index(index);
        let error = Error::invalid_value(&port.child("nodePort"), node_port.to_string(), denied.to_string());
        Status::invalid(Kind::Service, name, &[error])
    })
}

fn allocate_next_node_port(port: &ServicePort, reservation: &mut Reservation<'_>) -> Result<i32, Status> {
    let next = reservation.allocate_next_port(&format!("port {} {}", port.port, port.protocol));
    next.map_err(|denied| Status::internal_error(&format!("failed to allocate a nodePort: {denied}")))
}

/// `Allocators.allocHealthCheckNodePort`
fn allocate_health_check_node_port(service: &mut Service, reservation: &mut Reservation<'_>) -> Result<(), Status> {
    let wanted = service.spec.health_check_node_port;
    if wanted != 0 {
        return reservation.allocate_port(wanted).map_err(|denied| {
            let text = format!("failed to allocate requested HealthCheck NodePort {wanted}: {denied}");
            Status::internal_error(&text)
        });
    }
    let next = reservation.allocate_next_port("health check");
    service.spec.health_check_node_port = next
        .map_err(|denied| Status::internal_error(&format!("failed to allocate a HealthCheck NodePort 0: {denied}")))?;
    Ok(())
}

fn has_node_ports(service: &Service) -> bool {
    matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer")
}

fn should_allocate_node_ports(service: &Service) -> bool {
    match service.spec.r#type.as_str() {
        "NodePort" => true,
        "LoadBalancer" => service.spec.allocate_load_balancer_node_ports.unwrap_or(true),
        _ => false,
    }
}
