//! The way into an ingress controller: which names lead to it, at which addresses, and which pods it is.

use super::journey::{Path, Walk};
use super::questions::{Destination, ProxyVerdict};
use super::sender::Sender;
use super::{Door, Outcome};
use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::ingress::Controller;
use crate::ingress::controller::{entry_point, ingress_naming, served_by};
use std::net::IpAddr;

/// A controller, with the class of the Ingresses it serves and the Service in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The controller.
    pub(super) controller: Controller,
    /// The class of its Ingresses, where they have one.
    pub(super) class: Option<String>,
    /// The Service in front of it, where the files have it.
    pub(super) service: Option<ObjectKey>,
}

impl<'e> Walk<'e> {
    /// Whether an Ingress names the host, itself or by a wildcard.
    pub(super) fn is_served(&self, host: &str) -> bool {
        self.target.is_http() && ingress_naming(self.engine.cluster(), host).is_some()
    }

    /// A name that an Ingress has: the addresses of its controller's Service.
    pub(super) fn enter(&mut self, mut path: Path<'e>, sender: &Sender, host: &str) {
        let found = ingress_naming(self.engine.cluster(), host);
        let Some((key, ingress)) = found.map(|(key, ingress)| (key.clone(), ingress.clone())) else { return };
        let source = self.source(Kind::Ingress, &key, &host_field(&ingress, host));
        let entry = self.entry_of(&ingress);
        let port = self.target.port;
        let Some(service_key) = entry.service.clone() else {
            let because = format!("Ingress {key} serves {host}; its controller's Service is not in these files");
            path.hop("dns", None, because, source);
            if !self.may_leave(&mut path, sender, host) {
                return;
            }
            self.assume(
                "controller",
                entry.controller.name(),
                "the controller's Service is not in these files; the request is assumed to reach the controller",
            );
            return self.by_rule(path, sender, &entry, &[]);
        };
        let Some(service) = self.engine.cluster().services.by_key(&service_key).cloned() else { return };
        let points = &service.status.load_balancer.ingress;
        let balancers: Vec<IpAddr> = points.iter().filter_map(|point| point.ip.parse().ok()).collect();
        let external: Vec<IpAddr> =
            service.spec.external_ips.iter().flatten().filter_map(|ip| ip.parse().ok()).collect();
        let addresses = if balancers.is_empty() { external } else { balancers };
        if !addresses.is_empty() {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let leads = format!(
                "Ingress {key} serves {host}; its DNS record is outside the cluster and must lead to {}",
                list.join(", ")
            );
            path.hop("dns", None, leads, source);
            self.assume("dns", list.join(", "), format!("{host} is assumed to lead to Service {service_key}"));
            let count = addresses.len();
            for ip in addresses {
                let part = path.branch(1, count, (count > 1).then(|| ip.to_string()));
                self.connect(part, sender, Door { ip, port });
            }
            return;
        }
        if let Some(point) = points.first() {
            let leads = format!(
                "Ingress {key} serves {host}; its DNS record is outside the cluster and must lead to {}",
                point.hostname
            );
            path.hop("dns", None, leads, source);
            return self.by_node_ports(path, sender, &service_key);
        }
        let leads =
            format!("Ingress {key} serves {host}; its DNS record is outside the cluster and must lead to the nodes");
        path.hop("dns", None, leads, source);
        self.assume(
            "dns",
            "the nodes",
            format!("{host} is assumed to lead to the nodes, where Service {service_key} has its ports"),
        );
        self.by_node_ports(path, sender, &service_key);
    }

    /// To a Service through the nodes: at the node port that the URL names, at the node port of the Service's port that the
    /// URL names (something outside forwards it), or at the URL's port itself.
    pub(super) fn by_node_ports(&mut self, mut path: Path<'e>, sender: &Sender, key: &ObjectKey) {
        let Some(service) = self.engine.cluster().services.by_key(key).cloned() else { return };
        let wanted = i32::from(self.target.port);
        let is_node_port = service.ports().iter().any(|port| port.node_port == wanted);
        let behind = service.ports().iter().find(|port| port.port == wanted && port.node_port > 0);
        let port = match behind {
            Some(port) if !is_node_port => {
                self.assume(
                    "network",
                    format!("port {wanted} → node port {}", port.node_port),
                    "something in front of the nodes, such as a load balancer, forwards the Service's port to its node port",
                );
                u16::try_from(port.node_port).unwrap_or(self.target.port)
            }
            _ => self.target.port,
        };
        let nodes = self.balanced_for_nodes(key, is_node_port);
        let addresses: Vec<(String, IpAddr)> = nodes
            .into_iter()
            .filter_map(|node| {
                let ip = self.engine.cluster().nodes.get("", &node)?.host_ips().first().copied()?;
                Some((node, ip))
            })
            .collect();
        if addresses.is_empty() {
            let unspecified = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
            let to = Destination::NodePort(Door { ip: unspecified, port });
            let proxied = self.backends("", to, self.target.protocol(), sender.party().as_ref());
            self.assume(
                "network",
                "a node",
                "no Node is in these files; kube-proxy is asked on a node of which nothing is known",
            );
            if proxied.verdict == ProxyVerdict::None {
                path.hop(
                    "node-port",
                    Some(proxied.answer),
                    format!("no node port {port} belongs to Service {key}"),
                    None,
                );
                let sentence = format!("Service {key} takes no traffic at port {port} of the nodes.");
                return self.end(path, Outcome::Unknown, "node", sentence);
            }
            return self.proxied(path, sender, "", Door { ip: unspecified, port }, proxied, "node-port");
        }
        let count = addresses.len();
        for (node, ip) in addresses {
            let part = path.branch(1, count, (count > 1).then(|| format!("node {node}")));
            self.connect(part, sender, Door { ip, port });
        }
    }

    /// The nodes that lead to a Service: all of them where DNS names them, those that pass health checks behind a balancer.
    fn balanced_for_nodes(&self, service: &ObjectKey, is_named: bool) -> Vec<String> {
        if is_named { self.some_nodes(service) } else { self.balanced_nodes(service) }
    }

    /// What serves an Ingress: its controller, its class, the Service in front.
    fn entry_of(&self, ingress: &Ingress) -> Entry {
        let cluster = self.engine.cluster();
        let (controller, class) = served_by(cluster, ingress);
        let service = entry_point(cluster, controller, ingress).map(|(key, _)| key.clone());
        Entry { controller, class: class.map(str::to_owned), service }
    }

    /// The entries of all Ingresses, each once.
    pub(super) fn entries(&mut self) -> Vec<Entry> {
        if let Some(known) = &self.entries {
            return known.clone();
        }
        let mut entries: Vec<Entry> = Vec::new();
        let ingresses: Vec<_> = self.engine.cluster().ingresses.iter().map(|(_, ingress)| ingress.clone()).collect();
        for ingress in ingresses {
            let entry = self.entry_of(&ingress);
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        self.entries = Some(entries.clone());
        entries
    }

    /// The controller that a pod is, where it takes traffic at that port: it is behind the Service of an entry.
    pub(super) fn controller_at(&mut self, pod: &ObjectKey, port: u16) -> Option<Entry> {
        let entries = self.entries();
        entries.into_iter().find(|entry| {
            let Some(service) = &entry.service else { return false };
            let slices = self.engine.endpoints().slices(service);
            slices.iter().any(|slice| {
                let has_port = slice.ports.iter().flatten().any(|known| known.port == Some(i32::from(port)));
                let is_pod = |endpoint: &crate::api::endpoint_slice::Endpoint| {
                    endpoint
                        .target_ref
                        .as_ref()
                        .is_some_and(|target| target.name == pod.name && target.namespace == pod.namespace)
                };
                has_port && slice.endpoints.iter().flatten().any(is_pod)
            })
        })
    }

    /// Whether a pod is an ingress controller that takes traffic at that port.
    pub(super) fn is_controller(&mut self, pod: &ObjectKey, port: u16) -> bool {
        self.controller_at(pod, port).is_some()
    }
}

/// The field of the Ingress that names the host.
fn host_field(ingress: &Ingress, host: &str) -> String {
    let matches = |known: &str| {
        known.eq_ignore_ascii_case(host) || known.strip_prefix('*').is_some_and(|rest| host.ends_with(rest))
    };
    let rule = ingress.spec.rules.iter().flatten().position(|rule| !rule.host.is_empty() && matches(&rule.host));
    rule.map_or_else(|| "spec".to_owned(), |index| format!("spec.rules[{index}].host"))
}
