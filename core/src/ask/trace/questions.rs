//! The questions that a journey asks: the same questions that everybody can ask alone, so that a journey cannot disagree
//! with them.

use super::journey::Walk;
use super::{Door, HopAnswer};
use crate::api::resource::{Kind, ObjectKey};
use crate::ask::AskError;
use crate::ask::backends::{
    AddressDestination, BackendsAnswer, BackendsQuestion, NodePortDestination, PacketDestination, Ranges, backends,
};
use crate::ask::part::{Address, ControllerChoice, Destination as ConnectionDestination, End, Location, PodName, Port};
use crate::ask::resolve::{ResolveAnswer, ResolveQuestion, resolve};
use crate::ask::route::{RouteAnswer, RouteQuestion, route};
use crate::ask::verdict::{VerdictAnswer, VerdictQuestion, VerdictReason, verdict};
use crate::dns::{Data, RecordType};
use crate::ingress::Controller;
use crate::net::{Family, Protocol};
use crate::policy::Effect;
pub(super) use crate::proxy::decision::Verdict as ProxyVerdict;
use portolan_base::sort::SmallSort as _;
use std::net::IpAddr;

/// What kube-proxy on a node does with a packet.
#[derive(Clone, Debug)]
pub(super) struct Proxied<'e> {
    /// Its verdict; none where the question has no answer.
    pub(super) verdict: ProxyVerdict,
    /// The Service whose rule decides.
    pub(super) service: Option<ObjectKey>,
    /// Every endpoint that may be chosen, each as likely as the others.
    pub(super) to: Vec<Door>,
    /// Whether the endpoint sees the node's address in place of the client's.
    pub(super) masquerade: bool,
    /// The steps that led there, in words.
    pub(super) steps: Vec<String>,
    /// The whole answer.
    pub(super) answer: HopAnswer<'e>,
}

impl<'e> Proxied<'e> {
    fn of(answered: Result<BackendsAnswer<'e>, AskError>) -> Self {
        match answered {
            Ok(answer) => Proxied {
                verdict: answer.verdict,
                service: answer.service.clone(),
                to: answer.to.iter().map(|backend| Door { ip: backend.ip, port: backend.port }).collect(),
                masquerade: answer.masquerade == Some(true),
                steps: answer.because.iter().map(|step| step.because.clone()).collect(),
                answer: HopAnswer::Backends(answer),
            },
            Err(error) => Proxied {
                verdict: ProxyVerdict::None,
                service: None,
                to: Vec::new(),
                masquerade: false,
                steps: vec![error.to_string()],
                answer: HopAnswer::Error(error),
            },
        }
    }

    /// The steps in one text.
    pub(super) fn because(&self) -> String {
        self.steps.join("; ")
    }
}

/// Where a packet is sent, as kube-proxy sees it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination {
    /// An address and a port.
    Address(Door),
    /// A port of the node itself.
    NodePort(Door),
}

/// Who sends a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// A pod.
    Pod(ObjectKey),
    /// An address: a node's, or one outside the cluster.
    Address(IpAddr),
}

impl Party {
    fn end(&self) -> End<'_> {
        match self {
            Party::Pod(pod) => End::Pod(PodName::of(pod)),
            Party::Address(ip) => End::Address(*ip),
        }
    }
}

/// What NetworkPolicy says of a connection.
#[derive(Clone, Debug)]
pub(super) struct Judged<'e> {
    /// Whether the sender may send it.
    pub(super) egress: bool,
    /// Whether the receiver accepts it.
    pub(super) ingress: bool,
    /// The policies that decided: `NetworkPolicy shop/web`.
    pub(super) policies: Vec<String>,
    /// The line that decided.
    pub(super) source: Option<Location<'e>>,
    /// The whole answer.
    pub(super) answer: HopAnswer<'e>,
}

impl<'e> Judged<'e> {
    fn of(answered: Result<VerdictAnswer<'e>, AskError>) -> Self {
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                let answer = HopAnswer::Error(error);
                return Judged { egress: true, ingress: true, policies: Vec::new(), source: None, answer };
            }
        };
        let allowed = answer.allowed;
        // A rule that allows, or an isolation or a rule that denies.
        let decides = |reason: &&VerdictReason<'e>| match reason.effect {
            Effect::Allow => allowed,
            Effect::Isolate | Effect::Deny => !allowed,
            _ => false,
        };
        let decisive: Vec<&VerdictReason<'e>> = answer.because.iter().filter(decides).collect();
        let source = decisive.iter().find_map(|reason| reason.source.clone());
        let mut policies: Vec<String> =
            decisive.iter().filter_map(|reason| reason.policy.as_ref().map(ToString::to_string)).collect();
        policies.small_sort();
        policies.dedup();
        let (egress, ingress) = (answer.egress, answer.ingress);
        Judged { egress, ingress, policies, source, answer: HopAnswer::Verdict(answer) }
    }

    pub(super) fn allowed(&self) -> bool {
        self.egress && self.ingress
    }
}

/// What the cluster's DNS answers to a pod.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    /// Name and address of each address record.
    pub(super) addresses: Vec<(String, IpAddr)>,
    /// Name and target of the last alias.
    pub(super) alias: Option<(String, String)>,
    /// The whole answer.
    pub(super) answer: ResolveAnswer,
}

impl Resolved {
    fn of(answer: ResolveAnswer) -> Self {
        let trim = |text: &str| text.trim_end_matches('.').to_owned();
        let mut addresses = Vec::new();
        let mut alias = None;
        for record in &answer.answers {
            match &record.data {
                Data::A(ip) => addresses.push((trim(&record.name), IpAddr::V4(*ip))),
                Data::Aaaa(ip) => addresses.push((trim(&record.name), IpAddr::V6(*ip))),
                Data::Cname(target) => alias = Some((trim(&record.name), trim(target))),
                _ => {}
            }
        }
        Resolved { addresses, alias, answer }
    }

    /// The names that were tried.
    pub(super) fn tried(&self) -> Vec<&str> {
        self.answer.tried.iter().flatten().map(|name| name.trim_end_matches('.')).collect()
    }
}

impl<'e> Walk<'e> {
    /// `backends`
    pub(super) fn backends(
        &self,
        node: &str,
        to: Destination,
        protocol: Protocol,
        from: Option<&Party>,
    ) -> Proxied<'e> {
        let protocol = Some(protocol);
        let to = match to {
            Destination::Address(Door { ip, port }) => {
                PacketDestination::Address(AddressDestination { ip, port, protocol })
            }
            Destination::NodePort(Door { ip, port }) => {
                let family = Some(Family::of(ip));
                PacketDestination::NodePort(NodePortDestination { node_port: port, protocol, family })
            }
        };
        let cluster_cidr = Ranges(self.engine.cluster().options.cluster_cidr.clone());
        let from = from.map(Party::end);
        let question = BackendsQuestion { node: Some(node), to, from, choose: None, cluster_cidr };
        Proxied::of(backends(self.engine, &question))
    }

    /// `verdict`, between two ends that are no addresses of Services.
    pub(super) fn verdict(&self, from: &Party, to: Door, protocol: Protocol) -> Judged<'e> {
        let pod = self.pod_at(to.ip);
        let end = match &pod {
            Some(pod) => End::Pod(PodName::of(pod)),
            None => End::Address(to.ip),
        };
        let question = VerdictQuestion {
            from: from.end(),
            to: ConnectionDestination::End(end),
            port: Some(Port::Number(to.port)),
            protocol: Some(protocol),
        };
        Judged::of(verdict(self.engine, &question))
    }

    /// `resolve`, for addresses of both families.
    ///
    /// # Errors
    /// The name is not a domain name.
    pub(super) fn resolve(&self, name: &str, from: &ObjectKey) -> Result<Resolved, AskError> {
        let ask = |record_type| {
            let question =
                ResolveQuestion { name, record_type: Some(record_type), from: Some(PodName::of(from)), node: None };
            resolve(self.engine, &question).map(Resolved::of)
        };
        let narrow = ask(RecordType::A)?;
        if narrow.addresses.is_empty() && narrow.alias.is_none() {
            let wide = ask(RecordType::Aaaa)?;
            if !wide.addresses.is_empty() {
                return Ok(wide);
            }
        }
        Ok(narrow)
    }

    /// `route`
    ///
    /// # Errors
    /// Those of `route`.
    pub(super) fn route(
        &self,
        controller: Controller,
        class: Option<&str>,
        client: Option<IpAddr>,
    ) -> Result<RouteAnswer<'e>, AskError> {
        let question = RouteQuestion {
            url: &self.target.url,
            controller: Some(ControllerChoice::Is(controller)),
            ingress_class: class,
            from: client.map(|ip| Address { ip }),
            ..RouteQuestion::default()
        };
        route(self.engine, &question)
    }

    /// The ready endpoints of a port of a Service, as `endpoints` publishes them.
    pub(super) fn ready_endpoints(&self, service: &ObjectKey, port_name: &str) -> Vec<Door> {
        let mut ready = Vec::new();
        for slice in self.engine.endpoints().slices(service) {
            let ports = slice.ports.iter().flatten();
            let port =
                ports.filter(|port| port.name.as_deref().unwrap_or_default() == port_name).find_map(|port| port.port);
            let Some(port) = port.and_then(|port| u16::try_from(port).ok()) else { continue };
            for endpoint in slice.endpoints.iter().flatten() {
                if endpoint.conditions.ready != Some(false)
                    && let Some(ip) = endpoint.addresses.iter().flatten().next().and_then(|ip| ip.parse().ok())
                {
                    ready.push(Door { ip, port });
                }
            }
        }
        ready.small_sort_by_key(|door| (door.ip, door.port));
        ready.dedup();
        ready
    }

    /// Where a field of an object is, where the object comes from a file.
    pub(super) fn source(&self, kind: Kind, key: &ObjectKey, field: &str) -> Option<Location<'e>> {
        self.engine.cluster().source(kind, key).map(|source| Location::of(source, field.to_owned()))
    }

    /// Where a pod is declared: itself, or a field of the workload that makes it.
    pub(super) fn pod_source(&self, key: &ObjectKey, field: &str) -> Option<Location<'e>> {
        if let Some(location) = self.source(Kind::Pod, key, field) {
            return Some(location);
        }
        let pod = self.engine.cluster().pods.by_key(key)?;
        let owner = crate::workload::owner(&pod.metadata)?;
        let (kind, owner) = self.engine.stands_for(key).unwrap_or(owner);
        let template = if kind == Kind::CronJob { "spec.jobTemplate.spec.template" } else { "spec.template" };
        self.source(kind, &owner, &format!("{template}.{field}"))
    }

    /// The pod that has that address. Pods on the host's network share its address, so none of them is meant.
    pub(super) fn pod_at(&self, ip: IpAddr) -> Option<ObjectKey> {
        let pods = self.engine.cluster().pods.iter();
        let living = pods.filter(|(_, pod)| !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed"));
        let has = |pod: &crate::api::pod::Pod| pod.ips().any(|known| known.parse() == Ok(ip));
        living.filter(|(_, pod)| !pod.spec.host_network).find(|(_, pod)| has(pod)).map(|(key, _)| key.clone())
    }

    /// The pods on the network of the node with that address which say that they listen on that port.
    pub(super) fn host_pods_at(&self, door: Door, protocol: Protocol) -> Vec<ObjectKey> {
        let pods = self.engine.cluster().pods.iter();
        let living = pods.filter(|(_, pod)| !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed"));
        let listens = |pod: &crate::api::pod::Pod| {
            let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
            ports.filter(|port| port.protocol.is_empty() || port.protocol == protocol.name()).any(|port| {
                let number = if pod.spec.host_network { port.container_port } else { port.host_port };
                number == i32::from(door.port)
            })
        };
        let on_node = |pod: &crate::api::pod::Pod| {
            let node = self.engine.cluster().nodes.get("", &pod.spec.node_name);
            let of_node = node.is_some_and(|node| node.host_ips().contains(&door.ip));
            of_node || (pod.spec.host_network && pod.ips().any(|known| known.parse() == Ok(door.ip)))
        };
        living.filter(|(_, pod)| on_node(pod) && listens(pod)).map(|(key, _)| key.clone()).collect()
    }

    /// The node that has that address.
    pub(super) fn node_at(&self, ip: IpAddr) -> Option<String> {
        let nodes = self.engine.cluster().nodes.iter();
        let has =
            |node: &crate::api::node::Node| node.status.addresses.iter().any(|known| known.address.parse() == Ok(ip));
        nodes.filter(|(_, node)| has(node)).map(|(key, _)| key.name.clone()).next()
    }

    /// The first address of a node, of the family of another address.
    pub(super) fn address_of_node(&self, node: &str, like: IpAddr) -> Option<IpAddr> {
        let ips = self.engine.cluster().nodes.get("", node)?.host_ips();
        ips.iter().find(|ip| ip.is_ipv4() == like.is_ipv4()).copied()
    }
}
