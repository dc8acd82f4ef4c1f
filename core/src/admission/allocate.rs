//! Cluster IPs and node ports: who holds which, which are free, and handing out the next.
//!
//! [`Allocations`] is a value that goes in and comes out. It is made from a cluster ([`Allocations::of`]); an
//! [`Reservation`] reserves on top of it for one Service without changing it, so that a refused Service leaves no trace;
//! [`Allocations::replace`] then books what the stored Service holds and gives back what the one before it held.
//!
//! Mirrors `pkg/registry/core/service/{ipallocator,portallocator}` and `pkg/registry/core/service/storage/alloc.go`
//! (Kubernetes v1.36.3). What upstream draws at random is here a hash of the Service's namespace and name, so the same
//! manifests get the same addresses on every run.

pub mod cluster_ip;
pub mod families;
pub mod node_port;
pub mod repair;
mod runs;
pub mod service;

use super::status::Status;
use crate::api::namespace::IPAddress;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::field::Error;
use crate::net::{Family, parse_sloppy};
use cluster_ip::ClusterIPs;
use node_port::NodePorts;
use portolan_base::collections::BTreeSet;
use std::net::IpAddr;

/// Which Service holds which cluster IP and which node port, and the ranges they are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocations {
    /// The cluster IPs.
    pub cluster_ips: ClusterIPs,
    /// The node ports, those of health checks included.
    pub node_ports: NodePorts,
    /// Whether an address or a port that the author chose is taken even where it is outside of the ranges.
    open: bool,
    /// Whether something was to be booked that another holds.
    contested: bool,
}

/// What a Service may hold: a cluster IP or a node port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// A cluster IP.
    Address(IpAddr),
    /// A node port, or that of a health check.
    Port(u16),
}

/// Claims without a gap between the first and the last: what a Service looked at on its way to a free one. However many
/// others hold them, they are kept as one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimRange {
    /// The first claim.
    pub first: Claim,
    /// The last claim, of the same kind and family.
    pub last: Claim,
}

impl ClaimRange {
    /// Whether the claim is one of them.
    pub fn contains(&self, claim: Claim) -> bool {
        (self.first..=self.last).contains(&claim)
    }
}

impl From<Claim> for ClaimRange {
    /// This claim alone.
    fn from(claim: Claim) -> Self {
        ClaimRange { first: claim, last: claim }
    }
}

/// Why an address or a port cannot be had, in the allocators' words.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Denied {
    /// Every one is taken.
    #[error("range is full")]
    Full,
    /// Another Service holds the address.
    #[error("provided IP is already allocated")]
    AddressTaken,
    /// No ServiceCIDR contains the address, or it is a network or a broadcast address.
    #[error("the provided network does not match the current range")]
    MismatchedNetwork,
    /// Another Service, or another port of this one, holds the port.
    #[error("provided port is already allocated")]
    PortTaken,
    /// The port is not in the range of node ports.
    #[error("provided port is not in the valid range. The range of valid ports is {first}-{last}")]
    PortNotInRange {
        /// First port of the range.
        first: u16,
        /// Last port of the range.
        last: u16,
    },
    /// The IPAddress object that books the address would be refused: it names its Service, whose name is not valid.
    #[error("{0}")]
    Reference(String),
}

impl Allocations {
    /// The ranges of a cluster, nothing taken: the options' ranges, or those of the ServiceCIDR objects where one named
    /// `kubernetes` is stored and no range was given.
    pub fn unused(cluster: &Cluster) -> Self {
        Allocations {
            cluster_ips: ClusterIPs::of_ranges(cluster),
            node_ports: NodePorts::new(cluster.options.service_node_port_range),
            open: false,
            contested: false,
        }
    }

    /// What the stored Services and IPAddresses of a cluster hold. Where two hold the same, the first by namespace and
    /// name has it; [`repair`] tells of the other.
    pub fn of(cluster: &Cluster) -> Self {
        let mut allocations = Allocations::unused(cluster);
        for (_, service) in cluster.services.iter() {
            allocations.hold(service);
        }
        for (_, address) in cluster.ip_addresses.iter() {
            allocations.hold_address(address);
        }
        allocations
    }

    /// Books the address that an IPAddress stands for, for the object that it names.
    pub fn hold_address(&mut self, address: &IPAddress) {
        if let Some(ip) = parse_sloppy(&address.metadata.name) {
            let parent = address.spec.parent_ref.as_ref();
            let owner = parent.map(|parent| ObjectKey::new(parent.namespace.as_str(), parent.name.as_str()));
            self.cluster_ips.hold(ip, &owner.unwrap_or_default());
        }
    }

    /// Who holds it.
    pub fn holder(&self, claim: Claim) -> Option<&ObjectKey> {
        match claim {
            Claim::Address(ip) => self.cluster_ips.holder(ip),
            Claim::Port(port) => self.node_ports.holder(port),
        }
    }

    /// The same, but open to addresses and ports outside of the ranges, and to the other family, where the author names
    /// them: for files that come from a cluster whose ranges nobody told.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self.cluster_ips.add_other_family();
        self
    }

    /// Whether an address or a port was to be booked that another holds: giving it back does not tell then who is next.
    pub fn is_contested(&self) -> bool {
        self.contested
    }

    /// Begins to reserve for a Service.
    pub fn reservation(&self, owner: ObjectKey) -> Reservation<'_> {
        Reservation { allocations: self, owner, addresses: Vec::new(), node_ports: BTreeSet::new(), wanted: Vec::new() }
    }

    /// Books what a stored Service holds; what another holds already stays with that one.
    pub fn hold(&mut self, service: &Service) {
        let owner = owner_of(service);
        for ip in held_addresses(service) {
            self.contested |= !self.cluster_ips.hold(ip, &owner);
        }
        for port in held_node_ports(service) {
            self.contested |= !self.node_ports.hold(port, &owner);
        }
    }

    /// Gives back what a Service held, as its deletion does (`releaseAllocatedResources`).
    pub fn release(&mut self, service: &Service) {
        let owner = owner_of(service);
        for ip in held_addresses(service) {
            self.cluster_ips.release(ip, &owner);
        }
        for port in held_node_ports(service) {
            self.node_ports.release(port, &owner);
        }
    }

    /// Books a change of one Service: `before` is absent for a new one, `after` for a deleted one.
    pub fn replace(&mut self, before: Option<&Service>, after: Option<&Service>) {
        if let Some(before) = before {
            self.release(before);
        }
        if let Some(after) = after {
            self.hold(after);
        }
    }

    /// The families that a Service may have here: those with a range, the default one first. Open allocations also take
    /// the families that the author asks for, by name, by addresses of them or with `RequireDualStack`.
    pub fn families_for(&self, service: &Service) -> Vec<Family> {
        let mut families = self.cluster_ips.families().to_vec();
        if self.open && families.len() == 1 {
            let spec = &service.spec;
            let named = spec.ip_families.iter().flatten().filter_map(|name| Family::named(name));
            let both = spec.ip_family_policy.as_deref() == Some("RequireDualStack");
            let other = families.iter().map(|only| only.other()).filter(|_| both);
            let asked: Vec<Family> = held_addresses(service).map(Family::of).chain(named).chain(other).collect();
            let more = asked.into_iter().find(|family| !families.contains(family));
            families.extend(more);
        }
        families
    }
}

/// What is being reserved for one Service on top of some [`Allocations`]. Dropping it gives everything back; storing the
/// Service and calling [`Allocations::replace`] keeps it. What an update gives up stays taken until then, as upstream's
/// deferred release has it.
#[derive(Clone, Debug)]
pub struct Reservation<'a> {
    allocations: &'a Allocations,
    owner: ObjectKey,
    addresses: Vec<IpAddr>,
    node_ports: BTreeSet<u16>,
    wanted: Vec<ClaimRange>,
}

impl Reservation<'_> {
    /// What was wanted on the way: what the Service got, and what another holds, so that with that one gone it would get
    /// something else.
    pub fn into_wanted(self) -> Vec<ClaimRange> {
        let mut wanted = self.wanted;
        wanted.extend(self.addresses.into_iter().map(|ip| ClaimRange::from(Claim::Address(ip))));
        wanted.extend(self.node_ports.iter().map(|port| ClaimRange::from(Claim::Port(*port))));
        wanted
    }

    /// Whether another Service holds it; notes that it was wanted then.
    fn is_taken(&mut self, claim: Claim) -> bool {
        let taken = self.allocations.holder(claim).is_some();
        if taken {
            self.wanted.push(claim.into());
        }
        taken
    }

    /// The families that the Service may have, the default one first.
    pub fn families_for(&self, service: &Service) -> Vec<Family> {
        self.allocations.families_for(service)
    }

    /// Reserves the address that the author chose (`MetaAllocator.AllocateService`).
    ///
    /// # Errors
    /// [`Denied::MismatchedNetwork`], [`Denied::Reference`], [`Denied::AddressTaken`].
    pub fn allocate_address(&mut self, ip: IpAddr) -> Result<(), Denied> {
        let pool = &self.allocations.cluster_ips;
        let may_be_had = pool.contains(ip) || (self.allocations.open && cluster_ip::is_usable(ip));
        if !may_be_had {
            return Err(Denied::MismatchedNetwork);
        }
        cluster_ip::validate_reference(ip, &self.owner)?;
        if self.is_taken(Claim::Address(ip)) || self.addresses.contains(&ip) {
            return Err(Denied::AddressTaken);
        }
        self.addresses.push(ip);
        Ok(())
    }

    /// Reserves a free address of the family (`MetaAllocator.AllocateNextService`): the first free one of the dynamic
    /// band from a place that the owner's name gives, around, then of the static band.
    ///
    /// # Errors
    /// [`Denied::Full`], [`Denied::Reference`].
    pub fn allocate_next_address(&mut self, family: Family) -> Result<IpAddr, Denied> {
        let seed = seed(&self.owner, family.name());
        let pool = &self.allocations.cluster_ips;
        let free = pool.next_free(family, seed, &self.addresses, &mut self.wanted);
        let ip = free.ok_or(Denied::Full)?;
        cluster_ip::validate_reference(ip, &self.owner)?;
        self.addresses.push(ip);
        Ok(ip)
    }

    /// Reserves the node port that the author chose (`PortAllocator.Allocate`).
    ///
    /// # Errors
    /// [`Denied::PortNotInRange`], [`Denied::PortTaken`].
    pub fn allocate_port(&mut self, port: i32) -> Result<(), Denied> {
        let pool = &self.allocations.node_ports;
        let number = match u16::try_from(port) {
            Ok(number) if pool.contains(number) || (self.allocations.open && number != 0) => number,
            _ => return Err(pool.not_in_range()),
        };
        if self.is_taken(Claim::Port(number)) || !self.node_ports.insert(number) {
            return Err(Denied::PortTaken);
        }
        Ok(())
    }

    /// Reserves a free node port (`PortAllocator.AllocateNext`), from a place that the owner's name and `purpose` give.
    ///
    /// # Errors
    /// [`Denied::Full`].
    pub fn allocate_next_port(&mut self, purpose: &str) -> Result<i32, Denied> {
        let seed = seed(&self.owner, purpose);
        let pool = &self.allocations.node_ports;
        let free = pool.next_free(seed, &self.node_ports, &mut self.wanted);
        let port = free.ok_or(Denied::Full)?;
        self.node_ports.insert(port);
        Ok(i32::from(port))
    }
}

/// The refusal of a Service with these errors, and nothing else.
fn invalid(service: &Service, errors: &[Error]) -> Status {
    Status::invalid(Kind::Service, &service.metadata.name, errors)
}

/// The Service's namespace and name.
fn owner_of(service: &Service) -> ObjectKey {
    ObjectKey::in_namespace(&service.metadata.namespace, service.metadata.name.as_str())
}

/// What a stored Service holds.
pub(crate) fn held(service: &Service) -> impl Iterator<Item = Claim> + '_ {
    held_addresses(service).map(Claim::Address).chain(held_node_ports(service).map(Claim::Port))
}

/// The cluster IPs that a Service holds: none for ExternalName and headless ones.
fn held_addresses(service: &Service) -> impl Iterator<Item = IpAddr> + '_ {
    let none = service.spec.r#type == "ExternalName" || service.is_headless();
    let ips = service.cluster_ips().filter(move |_| !none);
    ips.filter_map(parse_sloppy)
}

/// The node ports that a Service holds, that of its health check included. The server lets an ExternalName Service name
/// node ports and books none of them.
fn held_node_ports(service: &Service) -> impl Iterator<Item = u16> + '_ {
    let has_node_ports = matches!(service.spec.r#type.as_str(), "NodePort" | "LoadBalancer");
    let ports = service.ports().iter().map(|port| port.node_port);
    let all = ports.chain(std::iter::once(service.spec.health_check_node_port));
    all.filter(move |port| has_node_ports && *port != 0).filter_map(|port| u16::try_from(port).ok())
}

/// A number out of a Service's name and what it is for (64-bit FNV-1a): what upstream's random source is to it.
fn seed(owner: &ObjectKey, purpose: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [owner.namespace.as_str(), owner.name.as_str(), purpose] {
        for byte in part.bytes().chain(std::iter::once(b'/')) {
            hash ^= u64::from(byte);
            hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    // FNV's low bits follow the last bytes closely; ranges take the remainder, so mix the high ones in.
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests;
