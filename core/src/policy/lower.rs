//! Policies of every kind lowered to one form, as [`super::rule`] has it.

use super::ids::{PortNameId, SetId};
use super::ports::PortMatch;
use super::ranges::Block;
use super::rule::{Action, Peer, PodSet, Policy, Rule, Scope, Scoped, Terms, Tier};
use crate::api::admin_network_policy::{
    AdminNetworkPolicyEgressPeer, AdminNetworkPolicyEgressRule, AdminNetworkPolicyIngressPeer,
    AdminNetworkPolicyIngressRule, AdminNetworkPolicyPort, AdminNetworkPolicySubject, NamespacedPod,
};
use crate::api::cluster_network_policy::{
    ClusterNetworkPolicy, ClusterNetworkPolicyProtocol, ClusterNetworkPolicyProtocolPorts,
};
use crate::api::meta::{IntOrString, LabelSelector};
use crate::api::network_policy::{NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::ids::to_u32;
use crate::net::{Protocol, parse_cidr_sloppy, parse_sloppy};
use portolan_base::sort::SmallSort as _;

/// The kinds of policies.
pub(crate) const KINDS: [Kind; 4] =
    [Kind::NetworkPolicy, Kind::AdminNetworkPolicy, Kind::BaselineAdminNetworkPolicy, Kind::ClusterNetworkPolicy];

/// Every policy of the cluster, by kind and name.
pub(crate) fn all(cluster: &Cluster, terms: &mut Terms) -> Vec<Policy> {
    let mut keys: Vec<(Kind, &ObjectKey)> = Vec::new();
    keys.extend(cluster.network_policies.iter().map(|(key, _)| (Kind::NetworkPolicy, key)));
    keys.extend(cluster.admin_network_policies.iter().map(|(key, _)| (Kind::AdminNetworkPolicy, key)));
    keys.extend(cluster.baseline_admin_network_policies.iter().map(|(key, _)| (Kind::BaselineAdminNetworkPolicy, key)));
    keys.extend(cluster.cluster_network_policies.iter().map(|(key, _)| (Kind::ClusterNetworkPolicy, key)));
    keys.into_iter().filter_map(|(kind, key)| one(cluster, terms, kind, key)).collect()
}

/// The policy of that kind and name, where there is one.
pub(crate) fn one(cluster: &Cluster, terms: &mut Terms, kind: Kind, key: &ObjectKey) -> Option<Policy> {
    let mut lower = Lower { cluster, terms };
    let admin = |tier, priority, subject, rules| Policy {
        kind,
        key: key.clone(),
        tier,
        priority,
        subject,
        isolates: [false, false],
        rules,
    };
    Some(match kind {
        Kind::NetworkPolicy => lower.network_policy(key, cluster.network_policies.by_key(key)?),
        Kind::AdminNetworkPolicy => {
            let spec = &cluster.admin_network_policies.by_key(key)?.spec;
            let (subject, rules) = (lower.subject(&spec.subject), lower.rules(&spec.egress, &spec.ingress));
            admin(Tier::Admin, spec.priority, subject, rules)
        }
        Kind::BaselineAdminNetworkPolicy => {
            let spec = &cluster.baseline_admin_network_policies.by_key(key)?.spec;
            let (subject, rules) = (lower.subject(&spec.subject), lower.rules(&spec.egress, &spec.ingress));
            // Behind every ClusterNetworkPolicy of the tier: nothing is said about which goes first.
            admin(Tier::Baseline, i32::MAX, subject, rules)
        }
        Kind::ClusterNetworkPolicy => {
            let policy = cluster.cluster_network_policies.by_key(key)?;
            let tier = if policy.spec.tier == "Baseline" { Tier::Baseline } else { Tier::Admin };
            let (subject, rules) = (lower.subject(&policy.spec.subject), lower.cluster_rules(policy));
            admin(tier, policy.spec.priority, subject, rules)
        }
        _ => return None,
    })
}

/// A peer of the administrator's policies: those of ingress have the first two fields only.
#[derive(Clone, Copy)]
struct Fields<'a> {
    namespaces: Option<&'a LabelSelector>,
    pods: Option<&'a NamespacedPod>,
    beyond: Option<&'a AdminNetworkPolicyEgressPeer>,
}

fn from(peers: &[AdminNetworkPolicyIngressPeer]) -> Vec<Fields<'_>> {
    let mut fields = Vec::new();
    for AdminNetworkPolicyIngressPeer { namespaces, pods, .. } in peers {
        fields.push(Fields { namespaces: namespaces.as_ref(), pods: pods.as_ref(), beyond: None });
    }
    fields
}

fn to(peers: &[AdminNetworkPolicyEgressPeer]) -> Vec<Fields<'_>> {
    let mut fields = Vec::new();
    for peer in peers {
        fields.push(Fields { namespaces: peer.namespaces.as_ref(), pods: peer.pods.as_ref(), beyond: Some(peer) });
    }
    fields
}

struct Lower<'a> {
    cluster: &'a Cluster,
    terms: &'a mut Terms,
}

impl Lower<'_> {
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
                listed.extend(self.peer(namespace, peer).map(|peer| (to_u32(index), peer)));
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
            (Some(selector), _) => Scope::Selected(self.terms.namespace_labels.selector(selector)),
        };
        Some(Peer::Pods(self.set(scope, pods.unwrap_or(&everything))))
    }

    fn set(&mut self, scope: Scope, pods: &LabelSelector) -> SetId {
        let pods = self.terms.pod_labels.selector(pods);
        let scope = self.terms.scopes.take_up(Scoped { scope, namespaces: Vec::new(), sets: Vec::new() });
        let before = self.terms.sets.fresh_count();
        let set = self.terms.sets.take_up(PodSet { scope, pods, classes: Vec::new(), subject_of: Vec::new() });
        // A set uses its scope once, however many policies speak of it.
        if self.terms.sets.fresh_count() == before {
            self.terms.scopes.give_up(scope);
        } else if let Some(scoped) = self.terms.scopes.get_mut(scope) {
            scoped.sets.push(set);
        }
        set
    }

    fn block(&mut self, mut prefixes: Vec<ipnet::IpNet>, except: Vec<ipnet::IpNet>) -> Peer {
        prefixes.small_sort();
        prefixes.dedup();
        Peer::Block(self.terms.blocks.take_up(Block { prefixes, except }))
    }

    fn name(&mut self, name: &str) -> PortNameId {
        self.terms.port_names.take_up(name.to_owned())
    }

    fn ports(&mut self, ports: &[NetworkPolicyPort]) -> Option<Vec<(u32, PortMatch)>> {
        let mut listed = Vec::new();
        for (index, entry) in ports.iter().enumerate() {
            let protocol = Protocol::named(entry.protocol.as_deref().unwrap_or_default());
            let lowered = match (protocol, &entry.port) {
                (None, _) => PortMatch::Nothing,
                (Some(protocol), None) => PortMatch::Range(protocol, 0, u16::MAX),
                (Some(protocol), Some(IntOrString::Int(first))) => {
                    range(protocol, *first, entry.end_port.unwrap_or(*first))
                }
                (Some(protocol), Some(IntOrString::String(name))) => PortMatch::Named(Some(protocol), self.name(name)),
            };
            listed.push((to_u32(index), lowered));
        }
        (!ports.is_empty()).then_some(listed)
    }

    fn subject(&mut self, subject: &AdminNetworkPolicySubject) -> Option<SetId> {
        self.pods_of(subject.namespaces.as_ref(), subject.pods.as_ref())
    }

    fn pods_of(&mut self, namespaces: Option<&LabelSelector>, pods: Option<&NamespacedPod>) -> Option<SetId> {
        let everything = LabelSelector::default();
        let (namespaces, pods) = match (namespaces, pods) {
            (Some(namespaces), _) => (namespaces, &everything),
            (None, Some(pods)) => (&pods.namespace_selector, &pods.pod_selector),
            (None, None) => return None,
        };
        let scope = Scope::Selected(self.terms.namespace_labels.selector(namespaces));
        Some(self.set(scope, pods))
    }

    fn rules(
        &mut self,
        egress: &[AdminNetworkPolicyEgressRule],
        ingress: &[AdminNetworkPolicyIngressRule],
    ) -> [Vec<Rule>; 2] {
        let mut rules = [Vec::new(), Vec::new()];
        let [out, into] = &mut rules;
        for rule in egress {
            let ports = self.admin_ports(rule.ports.as_deref());
            out.push(self.rule(&rule.action, &to(&rule.to), ports));
        }
        for rule in ingress {
            let ports = self.admin_ports(rule.ports.as_deref());
            into.push(self.rule(&rule.action, &from(&rule.from), ports));
        }
        rules
    }

    fn cluster_rules(&mut self, policy: &ClusterNetworkPolicy) -> [Vec<Rule>; 2] {
        let mut rules = [Vec::new(), Vec::new()];
        let [out, into] = &mut rules;
        for rule in &policy.spec.egress {
            let ports = self.protocols(&rule.protocols);
            out.push(self.rule(&rule.action, &to(&rule.to), ports));
        }
        for rule in &policy.spec.ingress {
            let ports = self.protocols(&rule.protocols);
            into.push(self.rule(&rule.action, &from(&rule.from), ports));
        }
        rules
    }

    /// A rule with a peer that sets no field the project knows fails closed, as the API asks of an implementation: an
    /// allowing rule matches no traffic, any other denies all.
    fn rule(&mut self, action: &str, peers: &[Fields<'_>], ports: Option<Vec<(u32, PortMatch)>>) -> Rule {
        let action = match action {
            "Allow" | "Accept" => Action::Allow,
            "Pass" => Action::Pass,
            _ => Action::Deny,
        };
        let mut known = Vec::new();
        let mut unknown = None;
        for (index, fields) in peers.iter().enumerate() {
            match self.admin_peer(*fields) {
                Some(peer) => known.push((to_u32(index), peer)),
                None => unknown = unknown.or(Some(to_u32(index))),
            }
        }
        let Some(unknown) = unknown else { return Rule { action, peers: Some(known), ports } };
        known.into_iter().for_each(|(_, peer)| self.terms.give_up_peer(peer));
        if action == Action::Allow {
            return Rule { action, peers: Some(Vec::new()), ports };
        }
        ports.into_iter().flatten().for_each(|(_, port)| self.terms.give_up_port(port));
        Rule { action: Action::Deny, peers: Some(vec![(unknown, Peer::Anybody)]), ports: None }
    }

    fn admin_peer(&mut self, fields: Fields<'_>) -> Option<Peer> {
        if let Some(beyond) = fields.beyond {
            if let Some(nodes) = &beyond.nodes {
                return Some(self.nodes(nodes));
            }
            if !beyond.networks.is_empty() {
                let networks = beyond.networks.iter().filter_map(|text| parse_cidr_sloppy(text)).collect();
                return Some(self.block(networks, Vec::new()));
            }
            if !beyond.domain_names.is_empty() {
                // Which addresses a name has is not in any manifest: such a peer matches no address.
                return Some(self.block(Vec::new(), Vec::new()));
            }
        }
        self.pods_of(fields.namespaces, fields.pods).map(Peer::Pods)
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
                Protocol::named(&port.protocol).map(|protocol| range(protocol, port.port, port.port))
            } else if let Some(ports) = &entry.port_range {
                Protocol::named(&ports.protocol).map(|protocol| range(protocol, ports.start, ports.end))
            } else {
                entry.named_port.as_deref().map(|name| PortMatch::Named(None, self.name(name)))
            };
            listed.push((to_u32(index), lowered.unwrap_or(PortMatch::Nothing)));
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
            listed.push((to_u32(index), lowered));
        }
        Some(listed)
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
