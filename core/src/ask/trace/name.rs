//! From a name to addresses: the pod's resolver, the policies between the pod and its DNS, and what a name outside leads to.

use super::endpoint::Reached;
use super::journey::{Path, Walk};
use super::questions::{Destination, Judged, ProxyVerdict, Resolved};
use super::sender::Sender;
use super::{Door, HopAnswer, Outcome};
use crate::api::meta::IntOrString;
use crate::api::resource::{Kind, ObjectKey};
use crate::dns::Status;
use crate::kubelet::{NodeFiles, resolv};
use crate::net::Protocol;
use std::net::IpAddr;

/// The most addresses of one name that are followed one by one.
const MOST_ADDRESSES: usize = 16;

impl<'e> Walk<'e> {
    /// A request that a pod sends.
    pub(super) fn sent_by_pod(&mut self, path: Path<'e>, sender: &Sender) {
        if let Some(ip) = self.target.address() {
            let to = Door { ip, port: self.target.port };
            return self.connect(path, sender, to);
        }
        let Sender::Pod { key, .. } = sender else { return };
        let key = key.clone();
        let host = self.target.host.clone();
        let Some(pod) = self.engine.cluster().pods.by_key(&key).cloned() else { return };
        let resolver = resolv::of_pod(self.engine.cluster(), &pod, &NodeFiles::default());
        if !resolv::asks_cluster(self.engine.cluster(), &resolver) {
            return self.by_other_dns(path, sender, &key, &resolver);
        }
        let mut path = path;
        let server = resolver.nameservers.first().and_then(|server| server.parse().ok());
        if let Some(server) = server
            && !self.reaches_dns(&mut path, sender, &key, server)
        {
            let sentence = format!("{key} cannot ask the cluster's DNS, so it finds no address for {host}.");
            return self.end(path, Outcome::Unresolved, "dns policy", sentence);
        }
        let resolved = match self.resolve(&host, &key) {
            Ok(resolved) => resolved,
            Err(error) => {
                let because = error.to_string();
                path.hop("dns", Some(HopAnswer::Error(error)), because.clone(), None);
                return self.end(
                    path,
                    Outcome::Unresolved,
                    "no name",
                    format!("{host} cannot be resolved: {because}."),
                );
            }
        };
        if !resolved.addresses.is_empty() {
            return self.try_addresses(path, sender, resolved);
        }
        if let Some((name, canonical)) = resolved.alias.clone() {
            let source = self
                .service_of_name(&name)
                .and_then(|service| self.source(Kind::Service, &service, "spec.externalName"));
            path.hop(
                "dns",
                Some(HopAnswer::Resolve(resolved.answer)),
                format!("{name} is an alias of {canonical}, which is outside the cluster"),
                source,
            );
            return self.ask_outside(path, sender, &canonical, true);
        }
        if resolved.answer.status == Status::NoError {
            path.hop(
                "dns",
                Some(HopAnswer::Resolve(resolved.answer)),
                format!("{host} exists and has no address"),
                None,
            );
            return self.end(path, Outcome::Unresolved, "no address", format!("{host} has no address."));
        }
        if !self.leads_outside(&host) {
            let because = match resolved.tried().join(", ").as_str() {
                "" => format!("the cluster's DNS has no record for {host}"),
                tried => format!("the cluster's DNS has no record for any of {tried}"),
            };
            path.hop("dns", Some(HopAnswer::Resolve(resolved.answer)), because, None);
            return self.end(
                path,
                Outcome::Unresolved,
                "no record",
                format!("DNS has no answer for {host}, so {key} cannot reach it."),
            );
        }
        path.hop(
            "dns",
            Some(HopAnswer::Resolve(resolved.answer)),
            format!("the cluster's DNS does not know {host} and asks the DNS outside"),
            None,
        );
        self.ask_outside(path, sender, &host, false);
    }

    /// A request from outside the cluster.
    pub(super) fn sent_from_outside(&mut self, mut path: Path<'e>, sender: &Sender) {
        if let Some(ip) = self.target.address() {
            let to = Door { ip, port: self.target.port };
            return self.connect(path, sender, to);
        }
        let host = self.target.host.clone();
        if self.is_below_cluster_domain(&host) {
            let because = format!("{host} is a name of the cluster's own DNS, which nobody outside asks");
            path.hop("dns", None, because, None);
            return self.end(
                path,
                Outcome::Unresolved,
                "no record",
                format!("{host} has no address outside the cluster."),
            );
        }
        self.ask_outside(path, sender, &host, false);
    }

    /// A pod that asks another DNS than the cluster's: its node's, or servers of its own.
    fn by_other_dns(&mut self, mut path: Path<'e>, sender: &Sender, key: &ObjectKey, resolver: &resolv::Resolver) {
        let host = self.target.host.clone();
        let of_node = resolver.nameservers.first().is_none_or(|server| server.starts_with("127."));
        let whose = if of_node { "its node's DNS".to_owned() } else { resolver.nameservers.join(", ") };
        let source = self.pod_source(key, "spec.dnsPolicy").or_else(|| self.pod_source(key, "spec"));
        if !self.leads_outside(&host) {
            let because = format!(
                "{key} asks {whose}, which does not know the names of the cluster; dnsPolicy ClusterFirstWithHostNet makes a pod on its node's network ask the cluster's DNS"
            );
            path.hop("dns", None, because, source);
            return self.end(
                path,
                Outcome::Unresolved,
                "node dns",
                format!("{key} does not ask the cluster's DNS, so it finds no address for {host}."),
            );
        }
        path.hop("dns", None, format!("{key} asks {whose} for {host}"), source);
        self.assume(
            "dns",
            whose,
            "what this DNS answers is not in the files; names are taken to lead where they lead for everybody outside",
        );
        self.ask_outside(path, sender, &host, false);
    }

    /// Whether the pod's questions reach its DNS: kube-proxy, then the policies of both ends, over UDP.
    fn reaches_dns(&mut self, path: &mut Path<'e>, sender: &Sender, key: &ObjectKey, server: IpAddr) -> bool {
        let Sender::Pod { node, .. } = sender else { return true };
        let node = node.clone();
        let to = Door { ip: server, port: 53 };
        let party = super::questions::Party::Pod(key.clone());
        let proxied = self.backends(&node, Destination::Address(to), Protocol::Udp, Some(&party));
        match proxied.verdict {
            ProxyVerdict::Forward if !proxied.to.is_empty() => {
                let through = "the cluster's DNS".to_owned();
                let reached = Reached { node, masquerade: proxied.masquerade, through };
                let mut denied = None;
                for door in &proxied.to {
                    let pod = self.pod_at(door.ip);
                    let (judged, seen) = self.judged(sender, *door, pod.as_ref(), &reached, Protocol::Udp);
                    if judged.allowed() {
                        return true;
                    }
                    denied = denied.or(Some((judged, seen)));
                }
                if let Some((judged, seen)) = denied {
                    let to = format!("the cluster's DNS at {server} port 53 (UDP)");
                    self.policy_hop(path, &judged, &seen, &to);
                }
                false
            }
            ProxyVerdict::Reject | ProxyVerdict::Drop => {
                if self.service_at(server).is_none() {
                    return self.assumed_dns(path, key, &party, to);
                }
                let because = format!("the cluster's DNS at {server} has no ready endpoint");
                path.hop("dns", Some(proxied.answer), because, None);
                false
            }
            _ => self.assumed_dns(path, key, &party, to),
        }
    }

    /// The cluster's DNS is not in the files: it is assumed to answer, unless the policies that isolate the pod allow no
    /// question of DNS to anybody.
    fn assumed_dns(&mut self, path: &mut Path<'e>, key: &ObjectKey, party: &super::questions::Party, to: Door) -> bool {
        self.assume(
            "dns",
            to.ip.to_string(),
            "the pods of the cluster's DNS are not in these files; it is assumed to run and to answer as CoreDNS does",
        );
        let judged = self.verdict(party, to, Protocol::Udp);
        if judged.egress || self.may_ask_some_dns(&judged) {
            return true;
        }
        self.policy_hop(path, &judged, &key.to_string(), &format!("the cluster's DNS at {} port 53 (UDP)", to.ip));
        false
    }

    /// Whether a policy among those that isolate a pod has an egress rule for UDP port 53.
    fn may_ask_some_dns(&self, judged: &Judged<'e>) -> bool {
        let policies = self.engine.cluster().network_policies.iter();
        let mut isolating =
            policies.filter(|(key, _)| judged.policies.iter().any(|name| *name == format!("NetworkPolicy {key}")));
        isolating.any(|(_, policy)| {
            policy.spec.egress.iter().flatten().any(|rule| {
                let ports = rule.ports.as_deref().unwrap_or_default();
                ports.is_empty()
                    || ports.iter().any(|port| {
                        let is_dns = match &port.port {
                            None => true,
                            Some(IntOrString::Int(first)) => {
                                *first <= 53 && port.end_port.map_or(*first == 53, |last| last >= 53)
                            }
                            // A named port is the receiver's, which is not known.
                            Some(IntOrString::String(_)) => true,
                        };
                        port.protocol.as_deref() == Some("UDP") && is_dns
                    })
            })
        })
    }

    /// The addresses that DNS gives; a client uses one of them.
    fn try_addresses(&mut self, mut path: Path<'e>, sender: &Sender, resolved: Resolved) {
        let host = self.target.host.clone();
        let port = self.target.port;
        let Some((name, first)) = resolved.addresses.first().cloned() else { return };
        let source =
            self.service_of_name(&name).and_then(|service| self.source(Kind::Service, &service, "metadata.name"));
        let count = resolved.addresses.len();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let because = if name == host {
            format!("{host} has the address {first}{more}")
        } else {
            format!("{host} is {name}, which has the address {first}{more}")
        };
        path.hop("dns", Some(HopAnswer::Resolve(resolved.answer)), because, source);
        let doors: Vec<Door> = resolved.addresses.iter().map(|(_, ip)| Door { ip: *ip, port }).collect();
        if count == 1 {
            return self.connect(path, sender, Door { ip: first, port });
        }
        // The pods of a headless Service are reached directly, without kube-proxy.
        let pods: Vec<(Door, Option<ObjectKey>)> = doors.iter().map(|door| (*door, self.pod_at(door.ip))).collect();
        if pods.iter().all(|(_, pod)| pod.is_some()) {
            let node = if let Sender::Pod { node, .. } = sender { node.clone() } else { String::new() };
            let through = self
                .service_of_name(&name)
                .map_or_else(|| name.clone(), |service| format!("headless Service {service}"));
            return self.at_endpoints(path, sender, &pods, &Reached { node, masquerade: false, through });
        }
        for door in doors.iter().take(MOST_ADDRESSES) {
            let part = path.branch(1, count, Some(door.ip.to_string()));
            self.connect(part, sender, *door);
        }
    }

    /// The Service that a name of the cluster's DNS belongs to.
    fn service_of_name(&self, name: &str) -> Option<ObjectKey> {
        let domain = format!(".svc.{}", self.engine.cluster().options.cluster_domain);
        let inside = name.strip_suffix(&domain)?;
        let (before, namespace) = inside.rsplit_once('.')?;
        let service = before.rsplit('.').next()?;
        let key = ObjectKey::new(namespace, service);
        self.engine.cluster().services.by_key(&key).map(|_| key.clone())
    }

    fn is_below_cluster_domain(&self, host: &str) -> bool {
        let domain = &self.engine.cluster().options.cluster_domain;
        host.strip_suffix(domain.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    }

    /// Whether a name that the cluster's DNS does not know may lead anywhere outside. Short names do not, nor do names that
    /// are meant for the cluster: below its domain, with a label `svc`, or ending in
    /// the name of a namespace or a Service.
    fn leads_outside(&self, host: &str) -> bool {
        let labels: Vec<&str> = host.split('.').collect();
        let last = labels.last().copied().unwrap_or_default();
        let cluster = self.engine.cluster();
        let is_node = cluster.nodes.get("", host).is_some();
        let is_namespace =
            cluster.namespaces.get("", last).is_some() || cluster.services.in_namespace(last).next().is_some();
        let is_service = cluster.services.iter().any(|(key, _)| key.name == last);
        is_node
            || (labels.len() > 1
                && !self.is_below_cluster_domain(host)
                && !labels.contains(&"svc")
                && last != "local"
                && !is_namespace
                && !is_service)
    }

    /// A name outside the cluster: of a node, of a load balancer, of an Ingress, or of something that no object knows.
    /// An alias of the cluster's is asked for outside as well, and may not exist there.
    fn ask_outside(&mut self, mut path: Path<'e>, sender: &Sender, name: &str, is_alias: bool) {
        if let Some(addresses) = self.node_named(name) {
            let source = self.source(Kind::Node, &ObjectKey::new("", name), "status.addresses");
            self.assume("dns", name, "the DNS outside is assumed to know the nodes by their names");
            path.hop("dns", None, format!("{name} is a node"), source);
            if let Some(ip) = addresses.first() {
                let to = Door { ip: *ip, port: self.target.port };
                return self.connect(path, sender, to);
            }
        }
        if let Some((service, point)) = self.load_balancer_named(name) {
            let source = self.source(Kind::Service, &service, "status.loadBalancer");
            path.hop("dns", None, format!("{name} is the name of the load balancer of Service {service}"), source);
            return match point {
                Some(ip) => {
                    let to = Door { ip, port: self.target.port };
                    self.connect(path, sender, to);
                }
                None => self.by_node_ports(path, sender, &service),
            };
        }
        if self.is_served(name) {
            return self.enter(path, sender, name);
        }
        self.leave(path, sender, name, is_alias);
    }

    fn node_named(&self, name: &str) -> Option<Vec<IpAddr>> {
        let nodes = self.engine.cluster().nodes.iter();
        let named = |key: &ObjectKey, node: &crate::api::node::Node| {
            key.name == name
                || node.status.addresses.iter().any(|known| known.r#type.ends_with("DNS") && known.address == name)
        };
        nodes.filter(|(key, node)| named(key, node)).map(|(_, node)| node.host_ips()).next()
    }

    /// The Service whose load balancer has that DNS name, and the balancer's address where it reports one.
    fn load_balancer_named(&self, host: &str) -> Option<(ObjectKey, Option<IpAddr>)> {
        let services = self.engine.cluster().services.iter();
        services
            .flat_map(|(key, service)| service.status.load_balancer.ingress.iter().map(move |point| (key, point)))
            .find(|(_, point)| point.hostname.eq_ignore_ascii_case(host) && !host.is_empty())
            .map(|(key, point)| (key.clone(), point.ip.parse().ok()))
    }

    /// Leaves the cluster for a name whose address no object knows.
    fn leave(&mut self, mut path: Path<'e>, sender: &Sender, name: &str, is_alias: bool) {
        let Some(key) = sender.isolated().cloned() else {
            path.hop("dns", None, format!("where {name} leads is not in these files"), None);
            let sentence = format!(
                "No Ingress, load balancer or node in these files has the name {name}, so where it leads is not known."
            );
            return self.end(path, Outcome::Unknown, "outside", sentence);
        };
        if is_alias {
            let judged = self.to_anybody(&key);
            if !judged.egress && !self.allows_some_address(&judged) {
                self.policy_hop(&mut path, &judged, &key.to_string(), name);
                let sentence = format!(
                    "Whether {name} exists is not in these files; if it does, no egress rule of {key} allows any address outside."
                );
                return self.end(path, Outcome::Unknown, "outside", sentence);
            }
        }
        if self.may_leave(&mut path, sender, name) {
            let sentence =
                format!("{key} sends it to {name}, outside the cluster; what answers there is not in these files.");
            self.end(path, Outcome::External, "outside", sentence);
        }
    }

    /// What the policies of a pod say of an address outside: one set aside for examples stands for any.
    fn to_anybody(&self, key: &ObjectKey) -> Judged<'e> {
        let to = Door { ip: super::sender::ANYBODY, port: self.target.port };
        self.verdict(&super::questions::Party::Pod(key.clone()), to, self.target.protocol())
    }

    /// Whether a pod's egress policies let it leave for a name whose address is not known; ends the journey where they do
    /// not, or where they decide by the address.
    pub(super) fn may_leave(&mut self, path: &mut Path<'e>, sender: &Sender, name: &str) -> bool {
        let Some(key) = sender.isolated().cloned() else { return true };
        let judged = self.to_anybody(&key);
        if judged.egress {
            return true;
        }
        self.policy_hop(path, &judged, &key.to_string(), name);
        if self.allows_some_address(&judged) {
            let sentence = format!(
                "{} leaves the cluster for {name}; the egress rules of {key} decide by its address, which is not in these files.",
                self.target.url
            );
            self.end(path.clone(), Outcome::Unknown, "outside", sentence);
        } else {
            let sentence = format!(
                "{} does not leave the cluster: no egress rule of {key} allows any address outside.",
                self.target.url
            );
            self.end(path.clone(), Outcome::Refused, format!("egress {}", judged.policies.join(" ")), sentence);
        }
        false
    }

    /// Whether a policy among those that isolate a pod has an egress rule for ranges of addresses.
    fn allows_some_address(&self, judged: &Judged<'e>) -> bool {
        let policies = self.engine.cluster().network_policies.iter();
        let mut isolating =
            policies.filter(|(key, _)| judged.policies.iter().any(|name| *name == format!("NetworkPolicy {key}")));
        let is_other = judged.policies.iter().any(|name| !name.starts_with("NetworkPolicy "));
        is_other
            || isolating.any(|(_, policy)| {
                let rules = policy.spec.egress.iter().flatten();
                rules.flat_map(|rule| rule.to.iter().flatten()).any(|peer| peer.ip_block.is_some())
            })
    }
}
