//! From an address to endpoints: kube-proxy on the node where the packet meets it, pods, nodes, and what is outside.

use super::endpoint::Reached;
use super::journey::{Path, Walk};
use super::questions::{Destination, Party, Proxied, ProxyVerdict};
use super::sender::Sender;
use super::{Door, EndpointHop, HopAnswer, Outcome};
use crate::api::resource::{Kind, ObjectKey};
use crate::ask::part::Location;
use std::net::IpAddr;

/// The most nodes of one kind (with endpoints of the Service, without) over which a connection is followed one by one.
const MOST_NODES: usize = 16;

impl<'e> Walk<'e> {
    /// A connection to an address and port.
    pub(super) fn connect(&mut self, path: Path<'e>, sender: &Sender, to: Door) {
        match sender {
            Sender::Pod { .. } => self.connect_from_pod(path, sender, to),
            Sender::Outside(client) => self.connect_from_outside(path, *client, to),
            Sender::Controller => self.at_endpoints(path, sender, &[(to, self.pod_at(to.ip))], &Reached::default()),
        }
    }

    /// A pod's packet meets kube-proxy on the pod's own node first.
    fn connect_from_pod(&mut self, path: Path<'e>, sender: &Sender, to: Door) {
        let Sender::Pod { node, .. } = sender else { return };
        let node = node.clone();
        let at_node = self.node_at(to.ip);
        let destination = match &at_node {
            Some(at) if *at == node => Destination::NodePort(to),
            _ => Destination::Address(to),
        };
        let proxied = self.backends(&node, destination, self.target.protocol(), sender.party().as_ref());
        if proxied.verdict != ProxyVerdict::None {
            let hop = if at_node.is_some() { "node-port" } else { "service" };
            return self.proxied(path, sender, &node, to, proxied, hop);
        }
        if let Some(pod) = self.pod_at(to.ip) {
            let reached = Reached { node, masquerade: false, through: "its own address".to_owned() };
            return self.at_endpoints(path, sender, &[(to, Some(pod))], &reached);
        }
        match at_node {
            Some(other) => self.pod_to_node(path, sender, &node, &other, to),
            None if self.is_service_address(to.ip) => {
                let because = format!("kube-proxy has no rule for {} port {}: {}", to.ip, to.port, proxied.because());
                let source = self.service_at(to.ip).and_then(|key| self.source(Kind::Service, &key, "spec.ports"));
                let mut path = path;
                path.hop("service", Some(proxied.answer), because.clone(), source);
                let sentence = format!("Nothing answers: {because}.");
                self.end(path, Outcome::Dropped, "no rule", sentence);
            }
            None => self.pod_to_outside(path, sender, to),
        }
    }

    /// From a pod to the address of a node: its egress policies see that address, and on another node kube-proxy takes the
    /// packet for one from outside.
    fn pod_to_node(&mut self, mut path: Path<'e>, sender: &Sender, own: &str, node: &str, to: Door) {
        let Some(party) = sender.party() else { return };
        let judged = self.verdict(&party, to, self.target.protocol());
        let what = format!("port {} of node {node}", to.port);
        if !judged.egress || !judged.policies.is_empty() {
            self.policy_hop(&mut path, &judged, &sender.to_string(), &what);
        }
        if !judged.egress {
            let sentence =
                format!("{} does not leave: a NetworkPolicy denies {sender} access to {what}.", self.target.url);
            return self.end(path, Outcome::Refused, format!("egress {}", judged.policies.join(" ")), sentence);
        }
        if own != node {
            // Most network plugins give what leaves the pods' network the address of its node.
            let seen = self.address_of_node(own, to.ip).map_or_else(|| party.clone(), Party::Address);
            if seen != party {
                self.assume(
                    "network",
                    "masquerade",
                    "packets from pods to addresses outside the pods' ranges carry their node's address",
                );
            }
            let proxied = self.backends(node, Destination::NodePort(to), self.target.protocol(), Some(&seen));
            if proxied.verdict != ProxyVerdict::None {
                let as_node = sender.as_seen(&seen);
                return self.proxied(path, &as_node, node, to, proxied, "node-port");
            }
        }
        self.at_node(path, node, to);
    }

    /// A packet that no rule of kube-proxy takes, at a node's address.
    fn at_node(&mut self, mut path: Path<'e>, node: &str, to: Door) {
        let pods = self.host_pods_at(to, self.target.protocol());
        let Some(pod) = pods.first() else {
            let because =
                format!("no node port is {} and no pod of node {node} declares that it listens there", to.port);
            path.hop(
                "node-port",
                None,
                because.clone(),
                self.source(Kind::Node, &ObjectKey::new("", node), "status.addresses"),
            );
            let sentence =
                format!("Whether anything listens on {} port {} is not in these files: {because}.", to.ip, to.port);
            return self.end(path, Outcome::Unknown, "node", sentence);
        };
        let source = self.pod_source(pod, "spec.hostNetwork");
        path.hop(
            "endpoint",
            Some(HopAnswer::Endpoint(EndpointHop { ip: to.ip, port: to.port, to: vec![to] })),
            format!("port {} of node {node} is {pod}, which uses the node's network", to.port),
            source,
        );
        let pod = pod.clone();
        self.at_pod(path, &pod, to, &format!("node {node}"), &[to]);
    }

    /// From a pod to an address outside the cluster.
    fn pod_to_outside(&mut self, mut path: Path<'e>, sender: &Sender, to: Door) {
        let Some(party) = sender.party() else { return };
        let judged = self.verdict(&party, to, self.target.protocol());
        self.policy_hop(&mut path, &judged, &sender.to_string(), &to.ip.to_string());
        if judged.allowed() {
            let sentence =
                format!("{sender} reaches {}, which belongs to no Service, pod or node in these files.", to.ip);
            self.end_at(path, Outcome::External, "outside", sentence, &[to]);
        } else {
            let sentence = format!("A NetworkPolicy denies {sender} the address {}.", to.ip);
            self.end(path, Outcome::Refused, format!("egress {}", judged.policies.join(" ")), sentence);
        }
    }

    /// A client outside meets kube-proxy on the node that it sends to, or on the nodes that a load balancer sends it to.
    fn connect_from_outside(&mut self, path: Path<'e>, client: Option<IpAddr>, to: Door) {
        let sender = Sender::Outside(client);
        if let Some(node) = self.node_at(to.ip) {
            let proxied =
                self.backends(&node, Destination::NodePort(to), self.target.protocol(), sender.party().as_ref());
            if proxied.verdict == ProxyVerdict::None {
                return self.at_node(path, &node, to);
            }
            return self.proxied(path, &sender, &node, to, proxied, "node-port");
        }
        let Some(service) = self.entry_at(to.ip) else {
            return self.not_routed(path, to);
        };
        let nodes = self.balanced_nodes(&service);
        if nodes.is_empty() {
            let proxied = self.backends("", Destination::Address(to), self.target.protocol(), sender.party().as_ref());
            return self.proxied(path, &sender, "", to, proxied, "load-balancer");
        }
        let all = nodes.len();
        for node in &nodes {
            let proxied =
                self.backends(node, Destination::Address(to), self.target.protocol(), sender.party().as_ref());
            let part = path.branch(1, all, (all > 1).then(|| format!("node {node}")));
            self.proxied(part, &sender, node, to, proxied, "load-balancer");
        }
    }

    /// An address that nothing outside leads to.
    fn not_routed(&mut self, mut path: Path<'e>, to: Door) {
        let (what, source) = match (self.service_at(to.ip), self.pod_at(to.ip)) {
            (Some(service), _) => {
                (format!("the cluster IP of Service {service}"), self.source(Kind::Service, &service, "spec.clusterIP"))
            }
            (None, Some(pod)) => (format!("the address of pod {pod}"), self.pod_source(&pod, "metadata")),
            (None, None) => {
                let sentence = format!("{} belongs to no Service, pod or node in these files.", to.ip);
                path.hop("load-balancer", None, sentence.clone(), None);
                return self.end(path, Outcome::Unknown, "outside", sentence);
            }
        };
        let because = format!("{} is {what}; clusters do not announce such addresses outside", to.ip);
        path.hop("service", None, because, source);
        self.assume(
            "network",
            "no route",
            "addresses of pods and cluster IPs are not reachable from outside the cluster",
        );
        let sentence = format!("No route leads from outside to {}, {what}.", to.ip);
        self.end(path, Outcome::Unknown, "no route", sentence);
    }

    /// Behind kube-proxy's decision on a node.
    pub(super) fn proxied(
        &mut self,
        mut path: Path<'e>,
        sender: &Sender,
        node: &str,
        to: Door,
        proxied: Proxied<'e>,
        hop: &'static str,
    ) {
        let service = proxied.service.clone();
        let source = service.as_ref().and_then(|service| self.entry_source(service, to, hop));
        let named = service
            .as_ref()
            .map_or_else(|| format!("{} port {}", to.ip, to.port), |service| format!("Service {service}"));
        match proxied.verdict {
            ProxyVerdict::Forward if !proxied.to.is_empty() => {
                let because = self.forward_because(&named, to, node, &proxied, hop);
                path.hop(hop, Some(proxied.answer), because, source);
                let doors: Vec<(Door, Option<ObjectKey>)> = proxied
                    .to
                    .iter()
                    .map(|door| (*door, self.pod_at(door.ip).or_else(|| self.host_pod(*door))))
                    .collect();
                let reached = Reached { node: node.to_owned(), masquerade: proxied.masquerade, through: named };
                self.at_endpoints(path, sender, &doors, &reached);
            }
            verdict => {
                let because = if proxied.steps.is_empty() {
                    format!("no endpoint of {named} is ready")
                } else {
                    proxied.because()
                };
                path.hop(hop, Some(proxied.answer), because.clone(), source);
                let on = if node.is_empty() { String::new() } else { format!(" on node {node}") };
                if verdict == ProxyVerdict::Drop {
                    self.end(
                        path,
                        Outcome::Dropped,
                        format!("proxy {because}"),
                        format!("kube-proxy{on} drops the packet: {because}."),
                    );
                } else {
                    self.end(
                        path,
                        Outcome::Refused,
                        format!("proxy {because}"),
                        format!("kube-proxy{on} rejects the connection: {because}."),
                    );
                }
            }
        }
    }

    /// A pod on the host's network at an endpoint's address.
    fn host_pod(&self, door: Door) -> Option<ObjectKey> {
        self.host_pods_at(door, self.target.protocol()).into_iter().next()
    }

    fn forward_because(&self, named: &str, to: Door, node: &str, proxied: &Proxied, hop: &str) -> String {
        let count = proxied.to.len();
        let endpoints = if count == 1 { "1 endpoint".to_owned() } else { format!("{count} endpoints, evenly") };
        // The first step only says by which address the Service was found, which the hop says itself.
        let steps: Vec<&str> = proxied.steps.iter().skip(1).map(String::as_str).collect();
        let details = if steps.is_empty() { String::new() } else { format!(": {}", steps.join("; ")) };
        let on = if node.is_empty() { String::new() } else { format!(" of node {node}") };
        match hop {
            "node-port" => format!("node port {}{on} belongs to {named} and goes to {endpoints}{details}", to.port),
            "load-balancer" => {
                format!("{} is the load balancer of {named}; port {} goes to {endpoints}{details}", to.ip, to.port)
            }
            _ => format!("port {} of {named} goes to {endpoints}{details}", to.port),
        }
    }

    /// The Service that has a cluster IP.
    pub(super) fn service_at(&self, ip: IpAddr) -> Option<ObjectKey> {
        let has = |service: &crate::api::service::Service| service.cluster_ips().any(|known| known.parse() == Ok(ip));
        self.engine.cluster().services.iter().find(|(_, service)| has(service)).map(|(key, _)| key.clone())
    }

    fn is_service_address(&self, ip: IpAddr) -> bool {
        let ranges = &self.engine.cluster().options.service_cluster_ip_range;
        ranges.iter().any(|range| range.contains(&ip)) || self.service_at(ip).is_some()
    }

    /// The Service that takes traffic from outside at an address: of its load balancer, or an external one.
    fn entry_at(&self, ip: IpAddr) -> Option<ObjectKey> {
        let has = |service: &crate::api::service::Service| {
            let balancers = service.status.load_balancer.ingress.iter().map(|point| point.ip.as_str());
            let external = service.spec.external_ips.iter().flatten().map(String::as_str);
            balancers.chain(external).any(|known| known.parse() == Ok(ip))
        };
        self.engine.cluster().services.iter().find(|(_, service)| has(service)).map(|(key, _)| key.clone())
    }

    /// The nodes that a load balancer spreads connections over: with `externalTrafficPolicy: Local` those whose health
    /// check says that they have a ready endpoint, otherwise all. Of many nodes that are alike a part stands for all.
    pub(super) fn balanced_nodes(&self, service: &ObjectKey) -> Vec<String> {
        let Some(stored) = self.engine.cluster().services.by_key(service) else { return Vec::new() };
        let (holding, others) = self.nodes_with(service);
        let is_local = stored.spec.external_traffic_policy == "Local";
        if is_local && !holding.is_empty() {
            return holding.into_iter().take(MOST_NODES).collect();
        }
        holding.into_iter().take(MOST_NODES).chain(others.into_iter().take(MOST_NODES)).collect()
    }

    /// Nodes that stand for all: those with endpoints of the Service, and others.
    pub(super) fn some_nodes(&self, service: &ObjectKey) -> Vec<String> {
        let (holding, others) = self.nodes_with(service);
        holding.into_iter().take(MOST_NODES).chain(others.into_iter().take(MOST_NODES)).collect()
    }

    /// The nodes that have a ready endpoint of a Service, and the others.
    fn nodes_with(&self, service: &ObjectKey) -> (Vec<String>, Vec<String>) {
        let slices = self.engine.endpoints().slices(service);
        let with: Vec<&str> = slices
            .iter()
            .flat_map(|slice| slice.endpoints.iter().flatten())
            .filter(|endpoint| endpoint.conditions.ready != Some(false))
            .filter_map(|endpoint| endpoint.node_name.as_deref())
            .collect();
        let nodes = self.engine.cluster().nodes.iter().map(|(key, _)| key.name.clone());
        nodes.partition(|node| with.contains(&node.as_str()))
    }

    /// The field of the Service that opens the way in.
    fn entry_source(&self, service: &ObjectKey, to: Door, hop: &str) -> Option<Location<'e>> {
        let stored = self.engine.cluster().services.by_key(service)?;
        let index = |wanted: &dyn Fn(&crate::api::service::ServicePort) -> bool| {
            stored.ports().iter().position(wanted).unwrap_or(0)
        };
        let field = match hop {
            "node-port" => format!("spec.ports[{}].nodePort", index(&|port| port.node_port == i32::from(to.port))),
            "load-balancer" if stored.status.load_balancer.ingress.is_empty() => "spec.externalIPs".to_owned(),
            "load-balancer" => "status.loadBalancer.ingress[0].ip".to_owned(),
            _ => format!("spec.ports[{}].port", index(&|port| port.port == i32::from(to.port))),
        };
        self.source(Kind::Service, service, &field)
    }
}
