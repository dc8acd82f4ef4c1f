//! A port of a Service as kube-proxy on one node keeps it: its addresses, its policies and the endpoints for each.
//!
//! Mirrors `k8s.io/kubernetes/pkg/proxy` (`serviceport.go`, `servicechangetracker.go`, `endpointslicecache.go`; v1.36.3).

use super::decision::Destination;
use super::lookup::Via;
use super::topology::{Candidate, Place, Topology, categorize};
use crate::api::endpoint_slice::{Endpoint, EndpointSlice};
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::endpoints::slices::HEADLESS;
use crate::net::{Family, Protocol, parse_cidr_sloppy, parse_sloppy};
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// An address and port that a packet may be sent on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The address.
    pub ip: IpAddr,
    /// The port, 1 to 65535.
    pub port: u16,
}

/// The endpoints of a Service for one family, by the name and protocol of the port that they are behind.
#[derive(Debug)]
pub(super) struct Endpoints<'a>(BTreeMap<(&'a str, Protocol), Vec<Candidate<'a>>>);

impl<'a> Endpoints<'a> {
    /// Reads the slices of the family (`endpointInfoByServicePort`). Endpoints come in the order of their texts `ip:port`;
    /// where one address and port stands twice, one that is not terminating holds. Of several such the last one read
    /// holds in Go, in the order of a map; here one that is ready.
    pub(super) fn read(slices: &'a [Arc<EndpointSlice>], family: Family, place: Place<'_>) -> Self {
        let mut ports: BTreeMap<(&str, Protocol), Vec<(String, Candidate<'a>)>> = BTreeMap::new();
        for slice in usable_slices(slices, family) {
            for port in slice.ports.iter().flatten() {
                let protocol = Protocol::named(port.protocol.as_deref().unwrap_or_default());
                let number = port.port.and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0);
                let (Some(protocol), Some(number)) = (protocol, number) else { continue };
                let behind = ports.entry((port.name.as_deref().unwrap_or_default(), protocol)).or_default();
                for endpoint in slice.endpoints.iter().flatten() {
                    let Some(ip) = first_address(endpoint) else { continue };
                    let text = SocketAddr::new(ip, number).to_string();
                    behind.push((text, candidate(endpoint, ip, number, place)));
                }
            }
        }
        let ports = ports.into_iter().map(|(port, mut behind)| {
            let rank = |of: &Candidate<'_>| (!of.terminating, of.ready);
            behind.small_sort_by(|(text, one), (other, two)| text.cmp(other).then_with(|| rank(two).cmp(&rank(one))));
            behind.dedup_by(|(text, _), (kept, _)| text == kept);
            (port, behind.into_iter().map(|(_, candidate)| candidate).collect())
        });
        Endpoints(ports.collect())
    }

    fn behind(&self, name: &str, protocol: Protocol) -> &[Candidate<'a>] {
        let mut ports = self.0.iter().filter(|((known, of), _)| *known == name && *of == protocol);
        ports.next().map_or(&[], |(_, endpoints)| endpoints)
    }

    /// How many addresses of ready endpoints are on the node, behind whichever port (`LocalReadyEndpoints`).
    pub(super) fn local_ready_addresses(&self) -> usize {
        let ready = self.0.values().flatten().filter(|endpoint| endpoint.ready && endpoint.is_local);
        let mut addresses: Vec<IpAddr> = ready.map(|endpoint| endpoint.backend.ip).collect();
        addresses.small_sort();
        addresses.dedup();
        addresses.len()
    }
}

/// Which endpoints the two traffic policies of a port ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Policies {
    /// `internalTrafficPolicy: Local`
    pub(super) internal_local: bool,
    /// `externalTrafficPolicy: Local`
    pub(super) external_local: bool,
    /// Whether the port can be reached by anything but its cluster IP.
    pub(super) externally_accessible: bool,
}

impl Policies {
    /// `UsesClusterEndpoints`: also with the external policy `Local`, for packets that the node itself sends.
    pub(super) fn uses_cluster(self) -> bool {
        !self.internal_local || self.externally_accessible
    }

    /// `UsesLocalEndpoints`
    pub(super) fn uses_local(self) -> bool {
        self.internal_local || (self.external_local && self.externally_accessible)
    }
}

/// One port of a Service for one family of addresses.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// The Service.
    pub service: Arc<ObjectKey>,
    /// The port's place in `spec.ports`.
    pub index: usize,
    /// The port's name; empty where it has none.
    pub name: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its number.
    pub port: u16,
    /// Its node port, or 0.
    pub node_port: u16,
    /// How long a client keeps its endpoint, with `sessionAffinity: ClientIP`, in seconds.
    pub affinity_seconds: Option<u32>,
    /// The clients that a load balancer's address is open to; all of them where there is no range.
    pub source_ranges: Box<[IpNet]>,
    pub(super) cluster_ip: IpAddr,
    pub(super) external_ips: Box<[IpAddr]>,
    pub(super) load_balancer_ips: Box<[IpAddr]>,
    pub(super) policies: Policies,
    pub(super) cluster: Box<[Backend]>,
    pub(super) local: Box<[Backend]>,
    pub(super) any: bool,
    pub(super) topology: Topology,
    pub(super) cluster_terminating: bool,
    pub(super) local_terminating: bool,
}

impl ServicePort {
    /// Everything that packets for this port may be sent to, cluster IP first.
    pub fn destinations(&self) -> impl Iterator<Item = (Via, Destination)> {
        let cluster_ip = std::iter::once((Via::ClusterIP, self.cluster_ip));
        let external = self.external_ips.iter().map(|ip| (Via::ExternalIP, *ip));
        let balanced = self.load_balancer_ips.iter().map(|ip| (Via::LoadBalancer, *ip));
        let addresses = cluster_ip.chain(external).chain(balanced);
        let node_port = Destination::NodePort(Family::of(self.cluster_ip), self.node_port);
        let node_port = (self.node_port != 0).then_some((Via::NodePort, node_port));
        addresses.map(|(via, ip)| (via, Destination::Address(ip, self.port))).chain(node_port)
    }
}

/// The ports of a Service for one family. None for a Service that kube-proxy ignores: one that another proxy serves,
/// one without an address, `ExternalName`, or one without an address of that family.
pub(super) fn compile(
    key: &Arc<ObjectKey>,
    service: &Service,
    endpoints: &Endpoints<'_>,
    family: Family,
    place: Place<'_>,
) -> Vec<Arc<ServicePort>> {
    let Some(cluster_ip) = cluster_ip(service, family) else { return Vec::new() };
    let of_family = |address: &&IpAddr| Family::of(**address) == family;
    let external_ips = service.spec.external_ips.as_deref().unwrap_or_default();
    let external_ips: Vec<IpAddr> = external_ips.iter().filter_map(|text| parse_sloppy(text)).collect();
    let vips: Vec<IpAddr> = load_balancer_vips(service).collect();
    let source_ranges = source_ranges(service, family);
    let is_external = is_externally_accessible(service);
    let mut ports = Vec::with_capacity(service.ports().len());
    for (index, port) in service.ports().iter().enumerate() {
        let (Some(protocol), Ok(number)) = (Protocol::named(&port.protocol), u16::try_from(port.port)) else {
            continue;
        };
        let node_port = u16::try_from(port.node_port).unwrap_or(0);
        let external_ips: Box<[IpAddr]> = external_ips.iter().filter(of_family).copied().collect();
        let load_balancer_ips: Box<[IpAddr]> = vips.iter().filter(of_family).copied().collect();
        let policies = Policies {
            internal_local: service.spec.internal_traffic_policy.as_deref() == Some("Local"),
            external_local: is_external && service.spec.external_traffic_policy == "Local",
            externally_accessible: node_port != 0 || !external_ips.is_empty() || !load_balancer_ips.is_empty(),
        };
        let found = categorize(endpoints.behind(&port.name, protocol), policies, place);
        ports.push(Arc::new(ServicePort {
            service: Arc::clone(key),
            index,
            name: port.name.clone(),
            protocol,
            port: number,
            node_port,
            affinity_seconds: affinity_seconds(service),
            source_ranges: source_ranges.clone(),
            cluster_ip,
            external_ips,
            load_balancer_ips,
            policies,
            cluster: found.cluster.into(),
            local: found.local.into(),
            any: found.any,
            topology: found.topology,
            cluster_terminating: found.cluster_terminating,
            local_terminating: found.local_terminating,
        }));
    }
    ports
}

/// Whether kube-proxy passes the Service over whatever the family: another proxy serves it, or `ShouldSkipService` says so.
pub(super) fn is_passed_over(service: &Service) -> bool {
    service.metadata.labels.contains_key("service.kubernetes.io/service-proxy-name")
        || matches!(first_cluster_ip(service), "" | "None")
        || service.spec.r#type == "ExternalName"
}

/// The port of the node at which kube-proxy tells load balancers whether the node has endpoints (`NeedsHealthCheck`).
pub(super) fn health_check_node_port(service: &Service) -> Option<u16> {
    let needed = service.spec.r#type == "LoadBalancer" && service.spec.external_traffic_policy == "Local";
    let port = u16::try_from(service.spec.health_check_node_port).ok()?;
    (needed && port != 0).then_some(port)
}

/// `GetClusterIPByFamily`, for a Service that kube-proxy does not ignore.
fn cluster_ip(service: &Service, family: Family) -> Option<IpAddr> {
    if is_passed_over(service) {
        return None;
    }
    let families = service.spec.ip_families.as_deref().unwrap_or_default();
    let text = if families.is_empty() {
        first_cluster_ip(service)
    } else {
        let place = families.iter().position(|name| name == family.name())?;
        service.cluster_ips().nth(place)?
    };
    parse_sloppy(text).filter(|ip| Family::of(*ip) == family)
}

fn first_cluster_ip(service: &Service) -> &str {
    service.cluster_ips().next().unwrap_or_default()
}

/// `ExternallyAccessible` of `pkg/api/v1/service`: by type, or by external IPs.
fn is_externally_accessible(service: &Service) -> bool {
    match service.spec.r#type.as_str() {
        "LoadBalancer" | "NodePort" => true,
        "ClusterIP" | "" => service.spec.external_ips.as_ref().is_some_and(|ips| !ips.is_empty()),
        _ => false,
    }
}

fn load_balancer_vips(service: &Service) -> impl Iterator<Item = IpAddr> {
    let ingress = service.status.load_balancer.ingress.iter();
    let vips = ingress.filter(|ingress| ingress.ip_mode.as_deref().is_none_or(|mode| mode == "VIP"));
    vips.filter_map(|ingress| parse_sloppy(&ingress.ip))
}

/// The ranges of the family; a range that holds every address counts as no range at all.
fn source_ranges(service: &Service, family: Family) -> Box<[IpNet]> {
    let given = service.spec.load_balancer_source_ranges.as_deref().unwrap_or_default();
    let ranges = given.iter().filter_map(|text| parse_cidr_sloppy(text.trim()));
    let ranges: Box<[IpNet]> = ranges.filter(|range| Family::of(range.addr()) == family).collect();
    if ranges.iter().any(|range| range.prefix_len() == 0) { Box::default() } else { ranges }
}

fn affinity_seconds(service: &Service) -> Option<u32> {
    const DEFAULT_SECONDS: u32 = 10_800;
    if service.spec.session_affinity != "ClientIP" {
        return None;
    }
    let config = service.spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref());
    let given = config.and_then(|client_ip| client_ip.timeout_seconds);
    Some(given.and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(DEFAULT_SECONDS))
}

/// The slices of the family that kube-proxy watches: those without the label of headless Services.
fn usable_slices(slices: &[Arc<EndpointSlice>], family: Family) -> impl Iterator<Item = &EndpointSlice> {
    let slices = slices.iter().map(Arc::as_ref).filter(move |slice| slice.address_type == family.name());
    slices.filter(|slice| !slice.metadata.labels.contains_key(HEADLESS))
}

fn first_address(endpoint: &Endpoint) -> Option<IpAddr> {
    parse_sloppy(endpoint.addresses.as_ref()?.first()?)
}

fn candidate<'a>(endpoint: &'a Endpoint, ip: IpAddr, port: u16, place: Place<'_>) -> Candidate<'a> {
    let conditions = &endpoint.conditions;
    Candidate {
        backend: Backend { ip, port },
        is_local: !place.node.is_empty() && endpoint.node_name.as_deref() == Some(place.node),
        ready: conditions.ready.unwrap_or(true),
        serving: conditions.serving.unwrap_or(true),
        terminating: conditions.terminating.unwrap_or(false),
        hints: endpoint.hints.as_ref(),
    }
}
