//! The compiled form: pods fall into classes by what policies can tell apart, and a question about two pods is one about
//! their two classes.

use super::class_records::ClassRecords;
use super::ids::{ClassId, NamespaceId, NodeId, PodId, PolicyId, RegionId, ScopeId, SetId};
use super::map::Mapped;
use super::pod_index::PodIndex;
use super::ports::NamedPort;
use super::ranges::Regions;
use super::rule::{Direction, Peer, PodSet, Policy, Scope, Terms};
use super::rule_tape::RuleTape;
use super::selector::Signature;
use super::store::{HashIndex, Interner, SlotMap, hash_of};
use crate::api::pod::{ContainerPort, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::ids::Id as _;
use crate::net::{Protocol, parse_sloppy};
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// The policies of a cluster, compiled. Asking costs the same in a cluster of ten pods and of a hundred thousand: it
/// looks at the policies that select the two pods and at nothing else. It follows a changed object at a cost that
/// follows what the change concerns: [`PolicyIndex::object_changed`].
#[derive(Clone, Debug, Default)]
pub struct PolicyIndex {
    pub(crate) terms: Terms,
    pub(crate) policies: SlotMap<PolicyId, Policy>,
    pub(super) policy_ids: HashIndex<PolicyId>,
    pub(super) rule_tape: RuleTape,
    pub(crate) regions: Regions,
    pub(crate) namespaces: Interner<NamespaceId, NamespaceEntry>,
    pub(crate) pods: SlotMap<PodId, PodEntry>,
    /// What a verdict needs to know of each pod, and of each class, close together.
    pub(super) pod_index: PodIndex,
    pub(super) class_records: ClassRecords,
    pub(crate) classes: Interner<ClassId, Class>,
    pub(super) mapped: OnceLock<Mapped>,
    /// Where a pod that is not there would have its address, and of which families.
    pub(crate) usual_regions: [Option<RegionId>; 2],
    pub(crate) usual_families: Families,
    node_of_address: BTreeMap<IpAddr, NodeId>,
    node_ids: BTreeMap<String, NodeId>,
}

/// A namespace with pods.
#[derive(Clone, Debug)]
pub(crate) struct NamespaceEntry {
    pub(crate) name: String,
    /// The scopes that come to it.
    pub(crate) scopes: Vec<ScopeId>,
    /// Its pods.
    pub(crate) pods: Vec<PodId>,
}

impl PartialEq for NamespaceEntry {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamespaceEntry {}

impl Hash for NamespaceEntry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

#[derive(Clone, Debug)]
pub(crate) struct PodEntry {
    pub(crate) namespace: NamespaceId,
    pub(crate) pod: Arc<Pod>,
    /// None for a pod on its node's network, which no selector of a policy is taken to match.
    pub(crate) class: Option<ClassId>,
    pub(crate) node: Option<NodeId>,
    pub(crate) addresses: [Option<IpAddr>; 2],
    pub(crate) families: Families,
}

impl PodEntry {
    /// The addresses that lead to it: not where it has ended, or is on its node's network.
    pub(super) fn own_addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let leads = !self.pod.spec.host_network && !has_ended(&self.pod);
        self.addresses.into_iter().flatten().filter(move |_| leads)
    }
}

/// The address families of an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Families {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    /// Whether its first address is IPv6.
    pub(crate) prefers_ipv6: bool,
}

impl Families {
    pub(crate) const NONE: Families = Families { v4: false, v6: false, prefers_ipv6: false };

    /// Whether it has addresses of both families.
    pub(crate) fn is_dual(self) -> bool {
        self.v4 && self.v6
    }

    fn has(self, ipv6: bool) -> bool {
        if ipv6 { self.v6 } else { self.v4 }
    }

    /// Whether a connection to it is over IPv6: its own first family, if the source has that too.
    pub(crate) fn is_ipv6_from(self, from: Families) -> bool {
        let preferred = self.prefers_ipv6;
        let other = !from.has(preferred) && from.has(!preferred) && self.has(!preferred);
        preferred != other
    }
}

/// Pods that no policy can tell apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    /// The sets of pods it belongs to, in order.
    pub(crate) sets: Box<[SetId]>,
    /// Its ports whose names rules mention.
    pub(crate) named: Box<[NamedPort]>,
    /// The region of its IPv4 and of its IPv6 address.
    pub(crate) regions: [Option<RegionId>; 2],
    /// The families it has addresses of.
    pub(crate) families: Families,
    /// The policies with something to say on its egress and on its ingress, in the order they are asked. They follow
    /// from the sets.
    pub(crate) policies: [Box<[PolicyId]>; 2],
}

impl PartialEq for Class {
    fn eq(&self, other: &Self) -> bool {
        let key = |class: &Class| (class.regions, class.families);
        self.sets == other.sets && self.named == other.named && key(self) == key(other)
    }
}

impl Eq for Class {}

impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.sets, &self.named, self.regions, self.families).hash(state);
    }
}

impl Class {
    pub(crate) fn is_in(&self, set: SetId) -> bool {
        self.sets.binary_search(&set).is_ok()
    }

    pub(crate) fn policies(&self, direction: Direction) -> &[PolicyId] {
        let [egress, ingress] = &self.policies;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    pub(crate) fn region(&self, ipv6: bool) -> Option<RegionId> {
        let [v4, v6] = self.regions;
        if ipv6 { v6 } else { v4 }
    }
}

impl PolicyIndex {
    /// Compiles the policies of a cluster over its pods, namespaces and nodes.
    pub fn compile(cluster: &Cluster) -> Self {
        let mut index = PolicyIndex::default();
        index.take_nodes(cluster);
        index.take_policies(cluster);
        index.take_pods(cluster);
        index
    }

    /// What the classes may reach, worked out with the first map and kept until it changes.
    pub(crate) fn mapped(&self, cluster: &Cluster) -> &Mapped {
        self.mapped.get_or_init(|| Mapped::of(cluster, self))
    }

    /// The pod of that namespace and name.
    pub fn pod(&self, key: &ObjectKey) -> Option<PodId> {
        self.pod_named(&key.namespace, &key.name)
    }

    /// The same by the two parts of its key.
    pub fn pod_named(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.pod_index.named(namespace, name)
    }

    /// What an address outside of the cluster can tell pods apart by: their class and their node.
    pub(crate) fn class_and_node(&self, pod: PodId) -> Option<(ClassId, Option<NodeId>)> {
        let entry = self.entry(pod)?;
        Some((entry.class?, entry.node))
    }

    /// The number of a pod's port of that name and protocol.
    pub fn port_named(&self, pod: PodId, name: &str, protocol: Protocol) -> Option<u16> {
        let found = container_ports(&self.entry(pod)?.pod)
            .find(|port| port.name == name && Protocol::named(&port.protocol) == Some(protocol));
        u16::try_from(found?.container_port).ok()
    }

    /// How many pods there are.
    pub fn pod_count(&self) -> usize {
        self.pods.len()
    }

    /// How many classes the pods fall into.
    pub fn class_count(&self) -> usize {
        self.classes.len()
    }

    /// How many namespaces' scopes, sets of pods, blocks of addresses and names of ports the policies speak of.
    pub fn term_counts(&self) -> [usize; 4] {
        let Terms { scopes, sets, blocks, port_names, .. } = &self.terms;
        [scopes.len(), sets.len(), blocks.len(), port_names.len()]
    }

    /// The namespace and name of a pod.
    pub fn key_of(&self, pod: PodId) -> Option<ObjectKey> {
        let entry = self.pods.get(pod)?;
        Some(ObjectKey::new(self.namespace_name(entry.namespace), entry.pod.metadata.name.as_str()))
    }

    /// The addresses of a pod, at most one of each family.
    pub fn addresses_of(&self, pod: PodId) -> impl Iterator<Item = IpAddr> {
        self.entry(pod).map(|entry| entry.addresses).unwrap_or_default().into_iter().flatten()
    }

    /// Every pod.
    pub fn pods(&self) -> impl Iterator<Item = PodId> {
        self.pods.iter().map(|(at, _)| at)
    }

    pub(crate) fn entry(&self, pod: PodId) -> Option<&PodEntry> {
        self.pods.get(pod)
    }

    pub(crate) fn class(&self, class: ClassId) -> Option<&Class> {
        self.classes.get(class)
    }

    pub(crate) fn policy(&self, policy: PolicyId) -> Option<&Policy> {
        self.policies.get(policy)
    }

    /// The policies in the order they are asked.
    pub(crate) fn policies_in_order(&self) -> Vec<&Policy> {
        let mut policies: Vec<&Policy> = self.policies.iter().map(|(_, policy)| policy).collect();
        policies.small_sort_by(|a, b| a.order().cmp(&b.order()));
        policies
    }

    /// The number of a namespace with pods.
    pub(crate) fn namespace(&self, name: &str) -> Option<NamespaceId> {
        self.namespaces.find(hash_of(name), |entry| entry.name == name)
    }

    /// The name of a namespace.
    pub(crate) fn namespace_name(&self, namespace: NamespaceId) -> &str {
        self.namespaces.get(namespace).map(|entry| entry.name.as_str()).unwrap_or_default()
    }

    /// Whether the address is that of a pod that is not on its node's network.
    pub fn is_pod_address(&self, address: IpAddr) -> bool {
        self.pod_of_address(address).is_some()
    }

    /// The pod of an address: of several, the first by namespace and name.
    pub(crate) fn pod_of_address(&self, address: IpAddr) -> Option<PodId> {
        let has = |at| self.entry(at).is_some_and(|entry| entry.addresses.contains(&Some(address)));
        self.pod_index.addressed(address, has)
    }

    pub(crate) fn node_of_address(&self, address: IpAddr) -> Option<NodeId> {
        self.node_of_address.get(&address).copied()
    }

    /// The sets that every pod is in, wherever it may come to be.
    pub(crate) fn everyone(&self) -> Vec<SetId> {
        let is_all = |set: &PodSet| {
            matches!(self.terms.scope_of(set), Some(Scope::Selected(any)) if any.is_empty()) && set.pods.is_empty()
        };
        self.terms.sets.iter().filter(|(_, set)| is_all(set)).map(|(at, _)| at).collect()
    }

    /// The classes of a set, in no order.
    pub(crate) fn members(&self, set: SetId) -> &[ClassId] {
        self.terms.sets.get(set).map(|set| set.classes.as_slice()).unwrap_or_default()
    }

    /// Whether some pod is known that a NetworkPolicy lets in by that rule and peer of it, given by their places.
    pub(crate) fn knows_sender(&self, key: &ObjectKey, rule: usize, peer: usize) -> bool {
        let is = |policy: &Policy| policy.kind == Kind::NetworkPolicy && policy.key == *key;
        let hash = policy_hash(Kind::NetworkPolicy, key);
        let found = self.policy_ids.find(hash, |at| self.policy(at).is_some_and(is));
        let rule = found.and_then(|at| self.policy(at)?.rules(Direction::Ingress).get(rule)?.peers.as_deref());
        let is_known = |set: SetId| !self.members(set).is_empty();
        let is_meant = |(place, it): &(u32, Peer)| {
            *place as usize == peer && if let Peer::Pods(set) = it { is_known(*set) } else { false }
        };
        rule.is_some_and(|peers| peers.iter().any(is_meant))
    }

    /// Whether a pod of that class, or an address of that region, is the peer.
    pub(crate) fn is_peer(&self, peer: Peer, class: Option<&Class>, region: Option<RegionId>) -> bool {
        match peer {
            Peer::Pods(set) => class.is_some_and(|class| class.is_in(set)),
            Peer::Block(block) => self.regions.is_in(region, block),
            Peer::Anybody => true,
        }
    }

    fn take_nodes(&mut self, cluster: &Cluster) {
        for (position, (key, node)) in cluster.nodes.iter().enumerate().map(|(at, node)| (NodeId::from_index(at), node))
        {
            self.node_ids.insert(key.name.clone(), position);
            for address in node.status.addresses.iter().filter_map(|address| parse_sloppy(&address.address)) {
                self.node_of_address.entry(address).or_insert(position);
            }
        }
    }

    fn take_policies(&mut self, cluster: &Cluster) {
        let mut policies = super::lower::all(cluster, &mut self.terms);
        policies.small_sort_by(|a, b| a.order().cmp(&b.order()));
        policies.into_iter().for_each(|policy| self.put_policy(policy));
        self.detach_gone();
        self.take_scopes(cluster);
        self.terms.blocks.sweep();
        self.terms.port_names.sweep();
        self.regions = Regions::new(self.terms.blocks.iter());
        self.take_usual(cluster);
    }

    fn take_pods(&mut self, cluster: &Cluster) {
        let mut known: Vec<(Signature, Box<[SetId]>)> = Vec::new();
        let mut sets: Vec<SetId> = Vec::new();
        let mut namespace: Option<(NamespaceId, &str)> = None;
        for (key, pod) in cluster.pods.iter() {
            let at = match namespace {
                Some((at, name)) if name == key.namespace => {
                    self.namespaces.again(at);
                    at
                }
                _ => {
                    let at = self.enter_namespace(cluster, &key.namespace);
                    namespace = Some((at, &key.namespace));
                    known.clear();
                    sets = self.sets_in(at);
                    at
                }
            };
            let mut entry = self.entry_of(at, pod);
            if !pod.spec.host_network {
                let signature = self.terms.pod_labels.signature(&pod.metadata.labels);
                let of_pod = match known.iter().find(|(other, _)| *other == signature) {
                    Some((_, of_pod)) => of_pod.clone(),
                    None => {
                        let of_pod = self.matching(&signature, &sets);
                        known.push((signature, of_pod.clone()));
                        of_pod
                    }
                };
                entry.class = Some(self.classes.take_up(self.class_of(&entry, of_pod)));
            }
            self.put_pod(entry);
        }
        self.settle();
    }

    /// Where pods without an address would have theirs: in the cluster's range. Tells whether that is another region
    /// than before.
    pub(super) fn take_usual(&mut self, cluster: &Cluster) -> bool {
        let before = self.usual_regions;
        self.usual_regions = [false, true].map(|ipv6| {
            let ranges = &cluster.options.cluster_cidr;
            let range = ranges.iter().find(|range| matches!(range, ipnet::IpNet::V6(_)) == ipv6);
            range.and_then(|range| self.regions.find(range.network()))
        });
        let has_ipv4 = self.usual_regions.first().is_some_and(Option::is_some);
        self.usual_families = Families { v4: has_ipv4, v6: false, prefers_ipv6: false };
        before != self.usual_regions
    }

    /// The pod's entry, but for its class.
    pub(super) fn entry_of(&self, namespace: NamespaceId, pod: &Arc<Pod>) -> PodEntry {
        let mut entry = PodEntry {
            namespace,
            pod: Arc::clone(pod),
            class: None,
            node: self.node_ids.get(&pod.spec.node_name).copied(),
            addresses: [None, None],
            families: Families::default(),
        };
        for (position, address) in pod.ips().filter_map(parse_sloppy).enumerate() {
            let [v4, v6] = &mut entry.addresses;
            let slot = if address.is_ipv6() { v6 } else { v4 };
            slot.get_or_insert(address);
            entry.families.prefers_ipv6 |= position == 0 && address.is_ipv6();
        }
        let [v4, v6] = entry.addresses.map(|address| address.is_some());
        (entry.families.v4, entry.families.v6) = (v4, v6);
        entry
    }

    /// The sets that pods of the namespace may be in, in order.
    pub(super) fn sets_in(&self, namespace: NamespaceId) -> Vec<SetId> {
        let scopes = self.namespaces.get(namespace).map(|entry| entry.scopes.as_slice()).unwrap_or_default();
        let of_scope = |scope: &ScopeId| self.terms.scopes.get(*scope).map(|scoped| scoped.sets.as_slice());
        let mut sets: Vec<SetId> = scopes.iter().filter_map(of_scope).flatten().copied().collect();
        sets.small_sort();
        sets
    }

    /// The sets that a pod of those labels is in, of those that it may be in.
    pub(super) fn matching(&self, signature: &Signature, sets: &[SetId]) -> Box<[SetId]> {
        let inside = |set: &&SetId| self.terms.sets.get(**set).is_some_and(|set| set.pods.matches(signature));
        sets.iter().filter(inside).copied().collect()
    }

    /// The pod's class, but for the policies that speak of it.
    pub(super) fn class_of(&self, entry: &PodEntry, sets: Box<[SetId]>) -> Class {
        let regions = if entry.addresses == [None, None] {
            self.usual_regions
        } else {
            entry.addresses.map(|address| address.and_then(|found| self.regions.find(found)))
        };
        let named = named_ports(&entry.pod, &self.terms);
        Class { sets, named, regions, families: entry.families, policies: [Box::default(), Box::default()] }
    }
}

/// Whether a pod has ended: nothing reaches it any more.
pub(crate) fn has_ended(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// The hash of a policy by its kind and name.
pub(super) fn policy_hash(kind: Kind, key: &ObjectKey) -> u32 {
    hash_of(&(kind.name(), key.namespace.as_str(), key.name.as_str()))
}

/// The ports of a pod's containers, sidecars among them.
pub(super) fn container_ports(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    let sidecars = pod.spec.init_containers.iter().filter(|one| one.restart_policy.as_deref() == Some("Always"));
    pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports)
}

/// The ports of the pod whose names rules mention.
fn named_ports(pod: &Pod, terms: &Terms) -> Box<[NamedPort]> {
    if terms.port_names.len() == 0 {
        return Box::default();
    }
    let mut named: Vec<NamedPort> = container_ports(pod)
        .filter_map(|port| {
            let name = terms.port_name(&port.name)?;
            Some((name, Protocol::named(&port.protocol)?, u16::try_from(port.container_port).ok()?))
        })
        .collect();
    named.small_sort();
    named.dedup();
    named.into()
}
