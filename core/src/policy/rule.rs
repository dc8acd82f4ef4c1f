//! Policies of every kind lowered to one form: a tier, a subject, and rules of peers and ports over numbered sets.

use super::ports::{PortMatch, Protocol};
use super::ranges::Block;
use super::selector::{Selector, Vocabulary, number};
use crate::api::admin_network_policy::{
    AdminNetworkPolicyEgressPeer, AdminNetworkPolicyIngressPeer, AdminNetworkPolicyPort, AdminNetworkPolicySubject,
    NamespacedPod,
};
use crate::api::cluster_network_policy::{ClusterNetworkPolicyProtocol, ClusterNetworkPolicyProtocolPorts};
use crate::api::meta::{IntOrString, LabelSelector};
use crate::api::network_policy::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::ip::{parse_cidr_sloppy, parse_sloppy};
use crate::order::Arrange as _;

/// The direction of a connection as its end sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Out of the source.
    Egress,
    /// Into the destination.
    Ingress,
}

impl Direction {
    /// `egress` or `ingress`, as fields and answers name it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        }
    }

    /// The name of a rule's list of peers in this direction: `to` or `from`.
    pub fn peers(self) -> &'static str {
        match self {
            Direction::Egress => "to",
            Direction::Ingress => "from",
        }
    }
}

/// The tiers, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// AdminNetworkPolicy, and ClusterNetworkPolicy of the tier `Admin`.
    Admin,
    /// NetworkPolicy.
    NetworkPolicy,
    /// BaselineAdminNetworkPolicy, and ClusterNetworkPolicy of the tier `Baseline`.
    Baseline,
}

/// What a rule does with the traffic that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Lets it through: `Allow`, `Accept`, and every rule of a NetworkPolicy.
    Allow,
    /// Stops it.
    Deny,
    /// Leaves it to the next tier.
    Pass,
}

/// Which namespaces a set of pods is looked for in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// The one of that name.
    Namespace(String),
    /// Those that the selector matches.
    Selected(Selector),
}

/// A set of pods by their labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PodSet {
    pub(crate) scope: Scope,
    pub(crate) pods: Selector,
}

/// The other end, as a rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// The pods of that set.
    Pods(u32),
    /// The addresses of that block.
    Block(u32),
    /// Whoever it is: what a rule that cannot be understood denies.
    Anybody,
}

/// One rule. Peers and ports come with their place in the list they stand in.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// None: every peer.
    pub(crate) peers: Option<Vec<(u32, Peer)>>,
    /// None: every port.
    pub(crate) ports: Option<Vec<(u32, PortMatch)>>,
}

/// One policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) kind: Kind,
    pub(crate) key: ObjectKey,
    pub(crate) tier: Tier,
    pub(crate) priority: i32,
    pub(crate) subject: Option<u32>,
    /// Whether it isolates its pods: for a NetworkPolicy as `policyTypes` says, for the others never.
    pub(crate) isolates: [bool; 2],
    /// Its rules of egress and of ingress, as they stand in it.
    pub(crate) rules: [Vec<Rule>; 2],
}

impl Policy {
    pub(crate) fn rules(&self, direction: Direction) -> &[Rule] {
        let [egress, ingress] = &self.rules;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    pub(crate) fn isolates(&self, direction: Direction) -> bool {
        let [egress, ingress] = self.isolates;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }
}

/// The policies of a cluster in the order they are asked, and the sets they speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(crate) policies: Vec<Policy>,
    pub(crate) sets: Vec<PodSet>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) pod_labels: Vocabulary,
    pub(crate) namespace_labels: Vocabulary,
    /// The port names that rules mention.
    pub(crate) port_names: BTreeMap<String, u32>,
}

impl Policies {
    /// Lowers every policy of the cluster.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let mut lower = Lower::new(cluster);
        let mut policies: Vec<Policy> = Vec::new();
        for (key, policy) in cluster.network_policies.iter() {
            policies.push(lower.network_policy(key, policy));
        }
        for (key, policy) in cluster.admin_network_policies.iter() {
            let spec = &policy.spec;
            policies.push(Policy {
                kind: Kind::AdminNetworkPolicy,
                key: key.clone(),
                tier: Tier::Admin,
                priority: spec.priority,
                subject: lower.subject(&spec.subject),
                isolates: [false, false],
                rules: [
                    spec.egress
                        .iter()
                        .map(|rule| lower.egress(&rule.action, &rule.to, rule.ports.as_deref()))
                        .collect(),
                    spec.ingress
                        .iter()
                        .map(|rule| lower.ingress(&rule.action, &rule.from, rule.ports.as_deref()))
                        .collect(),
                ],
            });
        }
        for (key, policy) in cluster.baseline_admin_network_policies.iter() {
            let spec = &policy.spec;
            policies.push(Policy {
                kind: Kind::BaselineAdminNetworkPolicy,
                key: key.clone(),
                tier: Tier::Baseline,
                // Behind every ClusterNetworkPolicy of the tier: nothing is said about which goes first.
                priority: i32::MAX,
                subject: lower.subject(&spec.subject),
                isolates: [false, false],
                rules: [
                    spec.egress
                        .iter()
                        .map(|rule| lower.egress(&rule.action, &rule.to, rule.ports.as_deref()))
                        .collect(),
                    spec.ingress
                        .iter()
                        .map(|rule| lower.ingress(&rule.action, &rule.from, rule.ports.as_deref()))
                        .collect(),
                ],
            });
        }
        for (key, policy) in cluster.cluster_network_policies.iter() {
            let spec = &policy.spec;
            policies.push(Policy {
                kind: Kind::ClusterNetworkPolicy,
                key: key.clone(),
                tier: if spec.tier == "Baseline" { Tier::Baseline } else { Tier::Admin },
                priority: spec.priority,
                subject: lower.subject(&spec.subject),
                isolates: [false, false],
                rules: [
                    spec.egress
                        .iter()
                        .map(|rule| {
                            let ports = lower.protocols(&rule.protocols);
                            lower.egress_with(&rule.action, &rule.to, ports)
                        })
                        .collect(),
                    spec.ingress
                        .iter()
                        .map(|rule| {
                            let ports = lower.protocols(&rule.protocols);
                            lower.ingress_with(&rule.action, &rule.from, ports)
                        })
                        .collect(),
                ],
            });
        }
        policies.arrange_by(|a, b| (a.tier, a.priority, a.kind, &a.key).cmp(&(b.tier, b.priority, b.kind, &b.key)));
        Policies {
            policies,
            sets: lower.sets.list(),
            blocks: lower.blocks.list(),
            pod_labels: lower.pod_labels,
            namespace_labels: lower.namespace_labels,
            port_names: lower.port_names,
        }
    }
}

/// Values with the number each got when it was first met.
#[derive(Clone, Debug)]
struct Interned<T> {
    numbers: BTreeMap<T, u32>,
}

impl<T: Ord + Clone> Interned<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = number(self.numbers.len());
        *self.numbers.entry(value).or_insert(next)
    }

    fn list(&self) -> Vec<T> {
        let mut list: Vec<(&u32, &T)> = self.numbers.iter().map(|(value, number)| (number, value)).collect();
        list.arrange_by_key(|(number, _)| **number);
        list.into_iter().map(|(_, value)| value.clone()).collect()
    }
}

struct Lower<'a> {
    cluster: &'a Cluster,
    sets: Interned<PodSet>,
    blocks: Interned<Block>,
    pod_labels: Vocabulary,
    namespace_labels: Vocabulary,
    port_names: BTreeMap<String, u32>,
}

impl<'a> Lower<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        Lower {
            cluster,
            sets: Interned { numbers: BTreeMap::new() },
            blocks: Interned { numbers: BTreeMap::new() },
            pod_labels: Vocabulary::default(),
            namespace_labels: Vocabulary::default(),
            port_names: BTreeMap::new(),
        }
    }

    /// `policyTypes` that are not given default as `SetDefaults_NetworkPolicy` (`pkg/apis/networking/v1`, v1.36.3) does it.
    fn network_policy(&mut self, key: &ObjectKey, policy: &NetworkPolicy) -> Policy {
        let spec = &policy.spec;
        let egress = spec.egress.as_deref().unwrap_or_default();
        let ingress = spec.ingress.as_deref().unwrap_or_default();
        let types = spec.policy_types.as_deref().unwrap_or_default();
        let isolates = if types.is_empty() {
            [!egress.is_empty(), true]
        } else {
            ["Egress", "Ingress"].map(|wanted| types.iter().any(|given| given == wanted))
        };
        let namespace = key.namespace.as_str();
        let subject = Scope::Namespace(namespace.to_owned());
        let subject = Some(self.set(subject, &spec.pod_selector));
        let mut rule = |ports: Option<&[NetworkPolicyPort]>, peers: Option<&[NetworkPolicyPeer]>| {
            let some = |list: Option<&[_]>| list.is_some_and(|list: &[NetworkPolicyPeer]| !list.is_empty());
            let mut listed = Vec::new();
            for (index, peer) in peers.unwrap_or_default().iter().enumerate() {
                listed.extend(self.peer(namespace, peer).map(|peer| (number(index), peer)));
            }
            Rule {
                action: Action::Allow,
                peers: some(peers).then_some(listed),
                ports: self.ports(ports.unwrap_or_default()),
            }
        };
        let rules = [
            egress.iter().map(|item| rule(item.ports.as_deref(), item.to.as_deref())).collect(),
            ingress.iter().map(|item| rule(item.ports.as_deref(), item.from.as_deref())).collect(),
        ];
        Policy {
            kind: Kind::NetworkPolicy,
            key: key.clone(),
            tier: Tier::NetworkPolicy,
            priority: 0,
            subject,
            isolates,
            rules,
        }
    }

    fn peer(&mut self, namespace: &str, peer: &NetworkPolicyPeer) -> Option<Peer> {
        if let Some(block) = &peer.ip_block {
            let except = block.except.as_deref().unwrap_or_default();
            let prefixes = parse_cidr_sloppy(&block.cidr).into_iter().collect();
            return Some(self.block(prefixes, except.iter().filter_map(|text| parse_cidr_sloppy(text)).collect()));
        }
        let everything = LabelSelector::default();
        let (namespaces, pods) = (peer.namespace_selector.as_ref(), peer.pod_selector.as_ref());
        let scope = match (namespaces, pods) {
            (None, None) => return None,
            (None, Some(_)) => Scope::Namespace(namespace.to_owned()),
            (Some(selector), _) => Scope::Selected(self.namespace_labels.selector(selector)),
        };
        Some(Peer::Pods(self.set(scope, pods.unwrap_or(&everything))))
    }

    fn set(&mut self, scope: Scope, pods: &LabelSelector) -> u32 {
        let pods = self.pod_labels.selector(pods);
        self.sets.number(PodSet { scope, pods })
    }

    fn block(&mut self, mut prefixes: Vec<ipnet::IpNet>, except: Vec<ipnet::IpNet>) -> Peer {
        prefixes.arrange();
        prefixes.dedup();
        Peer::Block(self.blocks.number(Block { prefixes, except }))
    }

    fn name(&mut self, name: &str) -> u32 {
        let next = number(self.port_names.len());
        *self.port_names.entry(name.to_owned()).or_insert(next)
    }

    fn ports(&mut self, ports: &[NetworkPolicyPort]) -> Option<Vec<(u32, PortMatch)>> {
        let mut listed = Vec::new();
        for (index, entry) in ports.iter().enumerate() {
            let protocol = Protocol::of(entry.protocol.as_deref().unwrap_or_default());
            let lowered = match (protocol, &entry.port) {
                (None, _) => PortMatch::Nothing,
                (Some(protocol), None) => PortMatch::Range(protocol, 0, u16::MAX),
                (Some(protocol), Some(IntOrString::Int(first))) => {
                    range(protocol, *first, entry.end_port.unwrap_or(*first))
                }
                (Some(protocol), Some(IntOrString::String(name))) => PortMatch::Named(Some(protocol), self.name(name)),
            };
            listed.push((number(index), lowered));
        }
        (!ports.is_empty()).then_some(listed)
    }

    fn subject(&mut self, subject: &AdminNetworkPolicySubject) -> Option<u32> {
        self.pods_of(subject.namespaces.as_ref(), subject.pods.as_ref())
    }

    fn pods_of(&mut self, namespaces: Option<&LabelSelector>, pods: Option<&NamespacedPod>) -> Option<u32> {
        let everything = LabelSelector::default();
        let (namespaces, pods) = match (namespaces, pods) {
            (Some(namespaces), _) => (namespaces, &everything),
            (None, Some(pods)) => (&pods.namespace_selector, &pods.pod_selector),
            (None, None) => return None,
        };
        let scope = Scope::Selected(self.namespace_labels.selector(namespaces));
        Some(self.set(scope, pods))
    }

    fn ingress(
        &mut self,
        action: &str,
        peers: &[AdminNetworkPolicyIngressPeer],
        ports: Option<&[AdminNetworkPolicyPort]>,
    ) -> Rule {
        let ports = self.admin_ports(ports);
        self.ingress_with(action, peers, ports)
    }

    fn egress(
        &mut self,
        action: &str,
        peers: &[AdminNetworkPolicyEgressPeer],
        ports: Option<&[AdminNetworkPolicyPort]>,
    ) -> Rule {
        let ports = self.admin_ports(ports);
        self.egress_with(action, peers, ports)
    }

    fn ingress_with(
        &mut self,
        action: &str,
        peers: &[AdminNetworkPolicyIngressPeer],
        ports: Option<Vec<(u32, PortMatch)>>,
    ) -> Rule {
        let lowered = peers
            .iter()
            .map(|peer| self.pods_of(peer.namespaces.as_ref(), peer.pods.as_ref()).map(Peer::Pods))
            .collect();
        finish(action, lowered, ports)
    }

    fn egress_with(
        &mut self,
        action: &str,
        peers: &[AdminNetworkPolicyEgressPeer],
        ports: Option<Vec<(u32, PortMatch)>>,
    ) -> Rule {
        let mut lowered = Vec::new();
        for peer in peers {
            lowered.push(if let Some(nodes) = &peer.nodes {
                Some(self.nodes(nodes))
            } else if !peer.networks.is_empty() {
                Some(self.block(peer.networks.iter().filter_map(|text| parse_cidr_sloppy(text)).collect(), Vec::new()))
            } else if !peer.domain_names.is_empty() {
                // Which addresses a name has is not in any manifest: such a peer matches no address.
                Some(self.block(Vec::new(), Vec::new()))
            } else {
                self.pods_of(peer.namespaces.as_ref(), peer.pods.as_ref()).map(Peer::Pods)
            });
        }
        finish(action, lowered, ports)
    }

    /// The addresses of the nodes that the selector matches.
    fn nodes(&mut self, selector: &LabelSelector) -> Peer {
        let nodes = self.cluster.nodes.iter().filter(|(_, node)| selector.matches(&node.metadata.labels));
        let addresses = nodes.flat_map(|(_, node)| &node.status.addresses);
        let found = addresses.filter_map(|address| parse_sloppy(&address.address));
        let prefixes = found.map(ipnet::IpNet::from).collect();
        self.block(prefixes, Vec::new())
    }

    fn admin_ports(&mut self, ports: Option<&[AdminNetworkPolicyPort]>) -> Option<Vec<(u32, PortMatch)>> {
        let ports = ports.filter(|ports| !ports.is_empty())?;
        let mut listed = Vec::new();
        for (index, entry) in ports.iter().enumerate() {
            let lowered = if let Some(port) = &entry.port_number {
                Protocol::of(&port.protocol).map(|protocol| range(protocol, port.port, port.port))
            } else if let Some(ports) = &entry.port_range {
                Protocol::of(&ports.protocol).map(|protocol| range(protocol, ports.start, ports.end))
            } else {
                entry.named_port.as_deref().map(|name| PortMatch::Named(None, self.name(name)))
            };
            listed.push((number(index), lowered.unwrap_or(PortMatch::Nothing)));
        }
        Some(listed)
    }

    fn protocols(&mut self, protocols: &[ClusterNetworkPolicyProtocol]) -> Option<Vec<(u32, PortMatch)>> {
        if protocols.is_empty() {
            return None;
        }
        let mut listed = Vec::new();
        for (index, entry) in protocols.iter().enumerate() {
            let of = |protocol: Protocol, ports: &ClusterNetworkPolicyProtocolPorts| {
                let Some(port) = &ports.destination_port else { return PortMatch::Range(protocol, 0, u16::MAX) };
                match &port.range {
                    Some(ports) => range(protocol, ports.start, ports.end),
                    None => range(protocol, port.number, port.number),
                }
            };
            let lowered = match (&entry.tcp, &entry.udp, &entry.sctp) {
                (Some(ports), _, _) => of(Protocol::Tcp, ports),
                (_, Some(ports), _) => of(Protocol::Udp, ports),
                (_, _, Some(ports)) => of(Protocol::Sctp, ports),
                _ if entry.destination_named_port.is_empty() => PortMatch::Nothing,
                _ => PortMatch::Named(None, self.name(&entry.destination_named_port)),
            };
            listed.push((number(index), lowered));
        }
        Some(listed)
    }
}

/// A rule with a peer that sets no field the project knows fails closed, as the API asks of an implementation: an
/// allowing rule matches no traffic, any other denies all.
fn finish(action: &str, peers: Vec<Option<Peer>>, ports: Option<Vec<(u32, PortMatch)>>) -> Rule {
    let action = match action {
        "Allow" | "Accept" => Action::Allow,
        "Pass" => Action::Pass,
        _ => Action::Deny,
    };
    let unknown = peers.iter().position(Option::is_none);
    let known = || peers.iter().enumerate().filter_map(|(index, peer)| Some((number(index), (*peer)?))).collect();
    match (unknown, action) {
        (None, _) => Rule { action, peers: Some(known()), ports },
        (Some(_), Action::Allow) => Rule { action, peers: Some(Vec::new()), ports },
        (Some(index), _) => {
            Rule { action: Action::Deny, peers: Some(vec![(number(index), Peer::Anybody)]), ports: None }
        }
    }
}

/// A range of ports; one whose ends are no ports, or the wrong way round, matches what is left of it.
fn range(protocol: Protocol, first: i32, last: i32) -> PortMatch {
    let limit = i32::from(u16::MAX);
    if first > last || first > limit || last < 0 {
        return PortMatch::Nothing;
    }
    match (u16::try_from(first.max(0)), u16::try_from(last.min(limit))) {
        (Ok(first), Ok(last)) => PortMatch::Range(protocol, first, last),
        _ => PortMatch::Nothing,
    }
}
