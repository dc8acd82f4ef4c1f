//! kube-proxy on one node: a packet in, the endpoints it may be sent on to, or why it goes no further.
//!
//! What comes in is a [`Cluster`] with what its controllers publish ([`EndpointsTable`]); a [`NodeTable`] is compiled from
//! it for a node, and asked with [`NodeTable::decide`], which costs a hash look-up whatever the cluster's size. The rules
//! are those of kube-proxy v1.36.3 in nftables mode. Its flags hold as they stand by default, and without a cluster CIDR:
//! then it cannot tell its node's pods from others.

pub mod decision;
pub mod explain;
pub mod lookup;
pub mod scheduler;
pub mod service_port;
pub mod topology;

use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use crate::endpoints::EndpointsTable;
use crate::net::{Family, parse_cidr_sloppy};
use decision::Destination;
use ipnet::IpNet;
use lookup::{Address, Found, Lookup, NodePort, Table};
use portolan_base::collections::BTreeMap;
use service_port::{Endpoints, ServicePort};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use topology::Place;

/// The rules of kube-proxy on one node.
#[derive(Clone, Debug, Default)]
pub struct NodeTable {
    node: String,
    zone: String,
    /// The node's first address of each family, at which its node ports are open.
    addresses_of_node: Vec<IpAddr>,
    /// The ranges of cluster IPs, as far as they are known.
    service_ranges: Vec<IpNet>,
    services: BTreeMap<Arc<ObjectKey>, Entry>,
    addresses: Lookup<Address>,
    node_ports: Lookup<NodePort>,
    /// How many ports each cluster IP has.
    cluster_ips: Table<IpAddr, usize>,
    health: Table<(Family, u16), Health>,
}

/// What a Service has put into a table.
#[derive(Clone, Debug, Default)]
struct Entry {
    ports: Vec<Arc<ServicePort>>,
    health: Vec<(Family, u16)>,
}

/// What kube-proxy answers at a health check node port, as long as it is healthy itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The Service.
    pub service: Arc<ObjectKey>,
    /// How many ready endpoints the node has, each address counted once.
    pub local_endpoints: usize,
}

impl Health {
    /// The HTTP status: 200 where the node has an endpoint, else 503 (`hcInstance` of `pkg/proxy/healthcheck`).
    pub fn code(&self) -> u16 {
        if self.local_endpoints == 0 { 503 } else { 200 }
    }
}

impl NodeTable {
    /// Compiles the rules for a node. A node that the cluster does not know has no zone and no address.
    pub fn compile(cluster: &Cluster, endpoints: &EndpointsTable, node: &str) -> Self {
        let found = cluster.nodes.get("", node);
        let mut table = NodeTable {
            node: node.to_owned(),
            zone: found.and_then(|node| node.zone()).unwrap_or_default().to_owned(),
            addresses_of_node: found.map(|node| node.host_ips()).unwrap_or_default(),
            service_ranges: service_ranges(cluster),
            ..NodeTable::default()
        };
        for key in cluster.services.iter().map(|(key, _)| key) {
            table.add(cluster, endpoints, key);
        }
        table
    }

    /// Follows a Service, or what is published for it, that came, changed or went; the cluster and the endpoints are as
    /// they are now.
    pub fn service_changed(&mut self, cluster: &Cluster, endpoints: &EndpointsTable, key: &ObjectKey) {
        let before = self.services.remove(key).unwrap_or_default();
        for port in &before.ports {
            for (_, to) in port.destinations() {
                match to {
                    Destination::Address(ip, number) => self.addresses.remove(&(ip, number, port.protocol), port),
                    Destination::NodePort(family, number) => {
                        self.node_ports.remove(&(family, number, port.protocol), port);
                    }
                }
            }
            if let Some(ports) = self.cluster_ips.get_mut(&port.cluster_ip) {
                *ports = ports.saturating_sub(1);
                if *ports == 0 {
                    self.cluster_ips.remove(&port.cluster_ip);
                }
            }
        }
        for port in &before.health {
            self.health.remove(port);
        }
        self.add(cluster, endpoints, key);
    }

    fn add(&mut self, cluster: &Cluster, endpoints: &EndpointsTable, key: &ObjectKey) {
        let Some(service) = cluster.services.by_key(key) else { return };
        if service_port::is_passed_over(service) {
            return;
        }
        let key = Arc::new(key.clone());
        let slices = endpoints.slices(&key);
        let place = Place { node: &self.node, zone: &self.zone };
        let mut entry = Entry::default();
        for family in Family::ALL {
            let behind = Endpoints::read(slices, family, place);
            let ports = service_port::compile(&key, service, &behind, family, place);
            if let (Some(number), false) = (service_port::health_check_node_port(service), ports.is_empty()) {
                let local_endpoints = behind.local_ready_addresses();
                entry.health.push((family, number));
                self.health.insert((family, number), Health { service: Arc::clone(&key), local_endpoints });
            }
            entry.ports.extend(ports);
        }
        for port in &entry.ports {
            for (via, to) in port.destinations() {
                let found = Found { via, port: Arc::clone(port) };
                match to {
                    Destination::Address(ip, number) => self.addresses.insert((ip, number, port.protocol), found),
                    Destination::NodePort(family, number) => {
                        self.node_ports.insert((family, number, port.protocol), found);
                    }
                }
            }
            *self.cluster_ips.entry(port.cluster_ip).or_default() += 1;
        }
        self.services.insert(key, entry);
    }

    /// The name of the node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The node's first address of each family: what node ports are open at, and who the node itself is as a client.
    pub fn addresses_of_node(&self) -> &[IpAddr] {
        &self.addresses_of_node
    }

    /// Every port of every Service that has rules on this node, by Service.
    pub fn ports(&self) -> impl Iterator<Item = &ServicePort> {
        self.services.values().flat_map(|entry| &entry.ports).map(Arc::as_ref)
    }

    /// The node's address of that family as kube-proxy takes it: loopback where the node tells none (`detectNodeIPs`,
    /// `cmd/kube-proxy/app`).
    fn node_ip(&self, family: Family) -> IpAddr {
        let known = self.addresses_of_node.iter().copied().find(|ip| Family::of(*ip) == family);
        known.unwrap_or(match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Family::V6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        })
    }
}

/// The ranges of the ServiceCIDRs; where there is none, those that were given as a flag.
fn service_ranges(cluster: &Cluster) -> Vec<IpNet> {
    let stored = cluster.service_cidrs.iter().flat_map(|(_, cidr)| cidr.spec.cidrs.iter().flatten());
    let stored: Vec<IpNet> = stored.filter_map(|text| parse_cidr_sloppy(text)).collect();
    match stored.is_empty() && cluster.options.service_ranges_given {
        true => cluster.options.service_cluster_ip_range.clone(),
        false => stored,
    }
}

#[cfg(test)]
mod tests {
    use super::decision::{Client, Packet, Step, Verdict};
    use super::lookup::Via;
    use super::*;
    use crate::api::resource::{Kind, read};
    use crate::cluster::Options;
    use crate::net::Protocol;

    fn cluster(objects: &[(Kind, String)]) -> Cluster {
        let mut cluster = Cluster::new(Options::default());
        for (kind, text) in objects {
            let node = portolan_base::json::read(text).unwrap();
            cluster.insert(read(*kind, &node).0, None);
        }
        cluster
    }

    /// A load balancer's Service that is open to 203.0.113.0/24 and the node, with its address among its external IPs.
    fn service(name: &str, cluster_ip: &str) -> (Kind, String) {
        let text = format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"default"}},"spec":{{"type":"LoadBalancer",
            "clusterIP":"{cluster_ip}","ipFamilies":["IPv4"],"clusterIPs":["{cluster_ip}"],"ports":[{{"port":80}}],
            "externalIPs":["198.51.100.1"],"loadBalancerSourceRanges":["203.0.113.0/24","192.168.50.1/32"]}},
            "status":{{"loadBalancer":{{"ingress":[{{"ip":"198.51.100.1"}}]}}}}}}"#
        );
        (Kind::Service, text)
    }

    fn slice(service: &str) -> (Kind, String) {
        let text = format!(
            r#"{{"metadata":{{"name":"{service}","namespace":"default","labels":{{"kubernetes.io/service-name":"{service}"}}}},
            "addressType":"IPv4","ports":[{{"name":"","port":8080}}],"endpoints":[{{"addresses":["192.0.2.1"]}}]}}"#
        );
        (Kind::EndpointSlice, text)
    }

    fn node() -> (Kind, String) {
        let addresses =
            r#"[{"type":"ExternalIP","address":"192.0.2.9"},{"type":"InternalIP","address":"192.168.50.1"}]"#;
        (Kind::Node, format!(r#"{{"metadata":{{"name":"n1"}},"status":{{"addresses":{addresses}}}}}"#))
    }

    fn ask(table: &NodeTable, to: &str, from: Client) -> (Verdict, Option<String>, Vec<Step>) {
        let to = Destination::Address(to.parse().unwrap(), 80);
        let decision = table.decide(&Packet { to, protocol: Protocol::Tcp, from, cluster_cidr: &[] });
        (decision.verdict, decision.port.map(|port| port.service.name.clone()), decision.steps().collect())
    }

    #[test]
    fn source_ranges_hold_where_the_address_is_an_external_ip_too() {
        let cluster = cluster(&[node(), service("a", "10.0.0.1"), slice("a")]);
        let table = NodeTable::compile(&cluster, &EndpointsTable::compile(&cluster), "n1");
        let client = |ip: &str| Client::Address(ip.parse().unwrap());
        let balanced = Step::Found(Via::LoadBalancer);
        let name = Some("a".to_owned());
        let vip = "198.51.100.1";
        let (verdict, _, steps) = ask(&table, vip, client("203.0.113.7"));
        assert_eq!((verdict, steps), (Verdict::Forward, vec![balanced, Step::SourceRange(0)]));
        assert_eq!(ask(&table, vip, client("192.0.2.1")), (Verdict::Drop, name, vec![balanced, Step::SourceRefused]));
        let (verdict, _, steps) = ask(&table, vip, client(vip));
        assert_eq!((verdict, steps), (Verdict::Forward, vec![balanced, Step::SourceIsVip]));
        assert_eq!(ask(&table, "10.0.0.1", client("192.0.2.1")).0, Verdict::Forward);
    }

    #[test]
    fn a_node_that_tells_no_address_counts_as_loopback() {
        let (kind, text) = service("a", "10.0.0.1");
        let text = text.replace("192.168.50.1/32", "127.0.0.0/8");
        let cluster = cluster(&[(kind, text), slice("a")]);
        let table = NodeTable::compile(&cluster, &EndpointsTable::compile(&cluster), "n1");
        let vip = "198.51.100.1";
        let (verdict, _, steps) = ask(&table, vip, Client::Address(vip.parse().unwrap()));
        assert_eq!((verdict, steps), (Verdict::Forward, vec![Step::Found(Via::LoadBalancer), Step::SourceIsVip]));
    }

    #[test]
    fn an_address_that_two_services_claim_goes_to_the_other_when_one_is_gone() {
        let mut cluster =
            cluster(&[node(), service("b", "10.0.0.2"), service("a", "10.0.0.1"), slice("a"), slice("b")]);
        let mut endpoints = EndpointsTable::compile(&cluster);
        let mut table = NodeTable::compile(&cluster, &endpoints, "n1");
        let whose = |table: &NodeTable| ask(table, "198.51.100.1", Client::Anybody).1;
        assert_eq!(whose(&table).as_deref(), Some("a"));
        let key = ObjectKey::new("default", "a");
        cluster.remove(Kind::Service, &key);
        endpoints.object_changed(&cluster, Kind::Service, &key);
        table.service_changed(&cluster, &endpoints, &key);
        assert_eq!(whose(&table).as_deref(), Some("b"));
        assert_eq!(ask(&table, "10.0.0.1", Client::Anybody).2, [Step::NoRule]);
        let (kind, text) = service("a", "10.0.0.1");
        cluster.insert(read(kind, &portolan_base::json::read(&text).unwrap()).0, None);
        endpoints.object_changed(&cluster, Kind::Service, &key);
        table.service_changed(&cluster, &endpoints, &key);
        assert_eq!(whose(&table).as_deref(), Some("a"));
    }

    #[test]
    fn an_unknown_port_of_a_cluster_ip_is_rejected_and_an_unallocated_one_dropped() {
        let range = r#"{"metadata":{"name":"kubernetes"},"spec":{"cidrs":["10.0.0.0/24"]}}"#;
        let cluster = cluster(&[node(), service("a", "10.0.0.1"), (Kind::ServiceCIDR, range.to_owned())]);
        let table = NodeTable::compile(&cluster, &EndpointsTable::compile(&cluster), "n1");
        let to = |ip: &str, port: u16, protocol: Protocol| {
            let to = Destination::Address(ip.parse().unwrap(), port);
            table.decide(&Packet { to, protocol, from: Client::Anybody, cluster_cidr: &[] }).verdict
        };
        assert_eq!(to("10.0.0.1", 80, Protocol::Tcp), Verdict::Reject, "no endpoints");
        assert_eq!(to("10.0.0.1", 81, Protocol::Tcp), Verdict::Reject);
        assert_eq!(to("10.0.0.1", 80, Protocol::Udp), Verdict::Reject);
        assert_eq!(to("10.0.0.9", 80, Protocol::Tcp), Verdict::Drop);
        assert_eq!(to("10.0.1.9", 80, Protocol::Tcp), Verdict::None);
        assert_eq!(table.addresses_of_node(), ["192.168.50.1".parse::<IpAddr>().unwrap()]);
    }
}
