//! The repair of the allocation map: rebuilt from the Services that are stored, with a word on everything that did not
//! fit (`pkg/registry/core/service/ipallocator/controller/repairip.go` and `portallocator/controller/repair.go`,
//! Kubernetes v1.36.3; the texts are those of their events and log lines).

use super::{Allocations, held_addresses, owner_of};
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::net::{Family, parse_sloppy};
use portolan_base::collections::BTreeMap;
use std::net::IpAddr;

/// How often a node port that nobody holds is seen before it is given back: a Service may be on its way into the store.
const REPAIRS_BEFORE_LEAK_CLEANUP: u8 = 3;

/// What was wrong with one booking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What kind of thing.
    pub kind: DefectKind,
    /// The Service it is about; for a leak, the one that held it.
    pub service: ObjectKey,
    /// The field of the Service, empty for a leak.
    pub field: String,
    /// What upstream says of it.
    pub message: String,
}

/// The kinds of [`Defect`]. Upstream repairs [`DefectKind::NotAllocated`] and [`DefectKind::Leaked`]. It only
/// reports the others, because the address of a Service does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefectKind {
    /// A Service has it, and the map did not know.
    NotAllocated,
    /// Another Service has it too, and keeps it.
    AlreadyAllocated,
    /// No range contains it.
    OutOfRange,
    /// It is no address.
    NotValid,
    /// The map had it, and no Service does.
    Leaked,
}

/// The repair loops of a cluster: what they remember from one run to the next is which node ports may have leaked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    leaks: BTreeMap<u16, u8>,
}

impl Repair {
    /// One run: `stored` is the map as it stands. Gives the map as it should be, and what was wrong, cluster IPs first, by
    /// Service, leaks last. A node port that nobody holds stays booked for two runs more.
    pub fn run(&mut self, stored: &Allocations, cluster: &Cluster) -> (Allocations, Vec<Defect>) {
        let mut rebuilt = Allocations::unused(cluster);
        let mut defects = Vec::new();
        for (_, service) in cluster.services.iter() {
            repair_addresses(service, cluster, stored, &mut rebuilt, &mut defects);
        }
        for (_, service) in cluster.services.iter() {
            self.repair_node_ports(service, stored, &mut rebuilt, &mut defects);
        }
        for (ip, owner) in stored.cluster_ips.taken().filter(|(ip, _)| rebuilt.cluster_ips.holder(*ip).is_none()) {
            let message = format!("IPAddress: {ip} for Service {owner} appears to have leaked: cleaning up");
            defects.push(Defect::leaked(owner, message));
        }
        let leaked: Vec<(u16, ObjectKey)> = stored
            .node_ports
            .taken()
            .filter(|(port, _)| rebuilt.node_ports.holder(*port).is_none())
            .map(|(port, owner)| (port, owner.clone()))
            .collect();
        for (port, owner) in leaked {
            let left = self.leaks.get(&port).copied().unwrap_or(REPAIRS_BEFORE_LEAK_CLEANUP - 1);
            if left > 0 {
                self.leaks.insert(port, left - 1);
                rebuilt.node_ports.hold(port, &owner);
            } else {
                let message = format!("the node port {port} appears to have leaked: cleaning up");
                defects.push(Defect::leaked(&owner, message));
            }
        }
        (rebuilt, defects)
    }

    fn repair_node_ports(
        &mut self,
        service: &Service,
        stored: &Allocations,
        rebuilt: &mut Allocations,
        defects: &mut Vec<Defect>,
    ) {
        let owner = owner_of(service);
        for (field, port) in collect_service_node_ports(service) {
            let tell = |kind, message| defects.push(Defect { kind, service: owner.clone(), field, message });
            let number = u16::try_from(port).ok().filter(|port| rebuilt.node_ports.contains(*port));
            let Some(number) = number else {
                let range = rebuilt.node_ports.range();
                let text = format!(
                    "Port {port} is not within the port range {}-{}; please recreate service",
                    range.start(),
                    range.end()
                );
                tell(DefectKind::OutOfRange, text);
                continue;
            };
            if rebuilt.node_ports.holder(number).is_some() {
                let text = format!("Port {port} was assigned to multiple services; please recreate service");
                tell(DefectKind::AlreadyAllocated, text);
                continue;
            }
            rebuilt.node_ports.hold(number, &owner);
            self.leaks.remove(&number);
            if stored.node_ports.holder(number).is_none() {
                tell(DefectKind::NotAllocated, format!("Port {port} is not allocated; repairing"));
            }
        }
    }
}

impl Defect {
    fn leaked(owner: &ObjectKey, message: String) -> Self {
        Defect { kind: DefectKind::Leaked, service: owner.clone(), field: String::new(), message }
    }
}

/// `RepairIPAddress.syncService`
fn repair_addresses(
    service: &Service,
    cluster: &Cluster,
    stored: &Allocations,
    rebuilt: &mut Allocations,
    defects: &mut Vec<Defect>,
) {
    let spec = &service.spec;
    if spec.r#type == "ExternalName" || spec.cluster_ip == "None" || service.is_headless() {
        return;
    }
    let owner = owner_of(service);
    for (index, text) in service.cluster_ips().enumerate() {
        let mut tell = |kind, message| {
            let field = format!("spec.clusterIPs[{index}]");
            defects.push(Defect { kind, service: owner.clone(), field, message });
        };
        let Some(ip) = parse_sloppy(text) else {
            let message = format!("Cluster IP {text} is not a valid IP; please recreate Service");
            tell(DefectKind::NotValid, message);
            continue;
        };
        let family = Family::of(ip).name();
        if !rebuilt.cluster_ips.contains(ip) {
            let message = format!(
                "Cluster IP [{family}]: {ip} is not within any configured Service CIDR; please recreate service"
            );
            tell(DefectKind::OutOfRange, message);
            continue;
        }
        if let Some((kind, message)) = book(ip, &owner, cluster, stored, rebuilt) {
            tell(kind, message);
        }
    }
}

/// The address stays with the Service that the map names, if that one still has it; else the first that has it gets it.
fn book(
    ip: IpAddr,
    owner: &ObjectKey,
    cluster: &Cluster,
    stored: &Allocations,
    rebuilt: &mut Allocations,
) -> Option<(DefectKind, String)> {
    let family = Family::of(ip).name();
    let holder = stored.cluster_ips.holder(ip);
    let held_by_another = holder
        .filter(|holder| *holder != owner)
        .and_then(|holder| cluster.services.by_key(holder))
        .is_some_and(|other| held_addresses(other).any(|held| held == ip));
    if held_by_another || !rebuilt.cluster_ips.hold(ip, owner) {
        let message = format!("Cluster IP [{family}]:{ip} was assigned to multiple services; please recreate service");
        return Some((DefectKind::AlreadyAllocated, message));
    }
    match holder {
        Some(holder) if holder == owner => None,
        Some(_) => {
            let text = format!("the ClusterIP [{family}]: {ip} for Service {owner} has a wrong reference; repairing");
            Some((DefectKind::NotAllocated, text))
        }
        None => Some((DefectKind::NotAllocated, format!("Cluster IP [{family}]: {ip} is not allocated; repairing"))),
    }
}

/// The node ports of a Service with their fields: one number with two protocols counts once, one number twice with the
/// same protocol counts twice (`collectServiceNodePorts` of the repair).
fn collect_service_node_ports(service: &Service) -> Vec<(String, i32)> {
    let mut seen: BTreeMap<i32, Vec<&str>> = BTreeMap::new();
    let mut ports = Vec::new();
    for (index, port) in service.ports().iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        let protocols = seen.entry(port.node_port).or_default();
        let doubled = protocols.contains(&port.protocol.as_str());
        if protocols.is_empty() || doubled {
            ports.push((format!("spec.ports[{index}].nodePort"), port.node_port));
        }
        if !doubled {
            protocols.push(&port.protocol);
        }
    }
    let health = service.spec.health_check_node_port;
    if health != 0 && seen.get(&health).is_none_or(|protocols| protocols.contains(&"TCP")) {
        ports.push(("spec.healthCheckNodePort".to_owned(), health));
    }
    ports
}
