//! The compiled form: pods fall into classes by what policies can tell apart, and a question about two pods is one about
//! their two classes.

use super::map::Mapped;
use super::ports::{NamedPort, Protocol};
use super::ranges::{NOWHERE, Regions};
use super::rule::{Direction, Peer, PodSet, Policies, Policy, Scope};
use super::selector::{Selector, Signature, Vocabulary, number};
use crate::api::pod::{ContainerPort, Pod};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::collections::BTreeMap;
use crate::ip::parse_sloppy;
use crate::order::Arrange as _;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// The policies of a cluster, compiled. Asking costs the same in a cluster of ten pods and of a hundred thousand: it
/// looks at the policies that select the two pods and at nothing else.
#[derive(Clone, Debug, Default)]
pub struct PolicyIndex {
    pub(crate) policies: Vec<Policy>,
    pub(crate) sets: Vec<PodSet>,
    pub(crate) blocks: Vec<super::ranges::Block>,
    pub(crate) regions: Regions,
    pub(crate) namespaces: Vec<String>,
    pub(crate) pods: Vec<PodEntry>,
    pub(crate) classes: Vec<Class>,
    port_names: BTreeMap<String, u32>,
    mapped: OnceLock<Mapped>,
    pub(crate) pod_labels: Vocabulary,
    pub(crate) namespace_labels: Vocabulary,
    /// Where a pod that is not there would have its address, and of which families.
    pub(crate) usual_regions: [u32; 2],
    pub(crate) usual_families: Families,
    by_address: HashMap<IpAddr, u32, BuildHasherDefault<Mixer>>,
    node_of_address: BTreeMap<IpAddr, u32>,
    node_numbers: BTreeMap<String, u32>,
}

/// A pod of the cluster, numbered in the order of namespace and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodNumber(pub(crate) u32);

#[derive(Clone, Debug)]
pub(crate) struct PodEntry {
    pub(crate) namespace: u32,
    pub(crate) pod: Arc<Pod>,
    /// None for a pod on its node's network, which no selector of a policy is taken to match.
    pub(crate) class: Option<u32>,
    pub(crate) node: Option<u32>,
    pub(crate) addresses: [Option<IpAddr>; 2],
    pub(crate) families: Families,
}

/// The address families of an end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Families {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    /// Whether its first address is IPv6.
    pub(crate) prefers_ipv6: bool,
}

impl Families {
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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Class {
    /// The sets of pods it belongs to, in order.
    pub(crate) sets: Box<[u32]>,
    /// Its ports whose names rules mention.
    pub(crate) named: Box<[NamedPort]>,
    /// The region of its IPv4 and of its IPv6 address.
    pub(crate) regions: [u32; 2],
    /// The families it has addresses of.
    pub(crate) families: Families,
    /// The policies with something to say on its egress and on its ingress, in the order they are asked.
    pub(crate) policies: [Box<[u32]>; 2],
}

impl Class {
    pub(crate) fn is_in(&self, set: u32) -> bool {
        self.sets.binary_search(&set).is_ok()
    }

    /// Whether both are the same class, whichever policies speak of them.
    fn is_alike(&self, other: &Class) -> bool {
        let key = |class: &Class| (class.regions, class.families);
        self.sets == other.sets && self.named == other.named && key(self) == key(other)
    }

    pub(crate) fn policies(&self, direction: Direction) -> &[u32] {
        let [egress, ingress] = &self.policies;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    pub(crate) fn region(&self, ipv6: bool) -> u32 {
        let [v4, v6] = self.regions;
        if ipv6 { v6 } else { v4 }
    }
}

impl PolicyIndex {
    /// Compiles the policies of a cluster over its pods, namespaces and nodes.
    pub fn compile(cluster: &Cluster) -> Self {
        let lowered = Policies::of(cluster);
        let mut index = PolicyIndex {
            regions: Regions::new(&lowered.blocks),
            policies: lowered.policies,
            sets: lowered.sets,
            blocks: lowered.blocks,
            pod_labels: lowered.pod_labels,
            namespace_labels: lowered.namespace_labels,
            port_names: lowered.port_names,
            ..PolicyIndex::default()
        };
        index.take_nodes(cluster);
        index.take_pods(cluster);
        index
    }

    /// Follows a change of a stored pod without compiling anew: its labels, its ports. Tells whether it could; where a pod
    /// comes, goes, or changes its address or its network, the index has to be compiled again.
    pub fn pod_changed(&mut self, cluster: &Cluster, key: &ObjectKey) -> bool {
        let (Some(PodNumber(at)), Some(pod)) = (self.pod(key), cluster.pods.by_key(key)) else { return false };
        let Some(before) = self.entry(at) else { return false };
        let mut entry = self.entry_of(before.namespace, pod);
        let same_network = before.pod.spec.host_network == pod.spec.host_network;
        if before.addresses != entry.addresses || !same_network || has_ended(&before.pod) != has_ended(pod) {
            return false;
        }
        if before.class.is_some() {
            let name = std::slice::from_ref(&key.namespace);
            let candidates = candidates(cluster, &self.sets, &self.namespace_labels, name);
            let sets = self.sets_of(pod, candidates.first().map(Vec::as_slice).unwrap_or_default());
            let mut class = self.class_of(&entry, sets);
            let known = self.classes.iter().position(|other| other.is_alike(&class));
            entry.class = Some(number(known.unwrap_or(self.classes.len())));
            if known.is_none() {
                class.policies = policies_of(&class, &self.policies, &selecting(&self.policies));
                self.classes.push(class);
                self.mapped.take();
            }
        }
        if let Some(slot) = self.pods.get_mut(at as usize) {
            *slot = entry;
        }
        true
    }

    /// What the classes may reach, worked out with the first map and kept until it changes.
    pub(crate) fn mapped(&self, cluster: &Cluster) -> &Mapped {
        self.mapped.get_or_init(|| Mapped::of(cluster, self))
    }

    /// The pod of that namespace and name.
    pub fn pod(&self, key: &ObjectKey) -> Option<PodNumber> {
        let namespace = self.namespaces.binary_search(&key.namespace).ok().map(number)?;
        let at = self.pods.binary_search_by(|entry| {
            (entry.namespace, entry.pod.metadata.name.as_str()).cmp(&(namespace, key.name.as_str()))
        });
        at.ok().map(|at| PodNumber(number(at)))
    }

    /// Whether objects of that kind go into the index, so that a change of one makes it stale.
    pub fn is_made_from(kind: Kind) -> bool {
        matches!(
            kind,
            Kind::Namespace
                | Kind::Node
                | Kind::Pod
                | Kind::NetworkPolicy
                | Kind::AdminNetworkPolicy
                | Kind::BaselineAdminNetworkPolicy
                | Kind::ClusterNetworkPolicy
        )
    }

    /// The number of a pod's port of that name and protocol.
    pub fn port_named(&self, pod: PodNumber, name: &str, protocol: Protocol) -> Option<u16> {
        let found = container_ports(&self.entry(pod.0)?.pod)
            .find(|port| port.name == name && Protocol::of(&port.protocol) == Some(protocol));
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

    /// The namespace and name of a pod.
    pub fn key_of(&self, pod: PodNumber) -> Option<ObjectKey> {
        let entry = self.pods.get(pod.0 as usize)?;
        Some(ObjectKey::new(self.namespaces.get(entry.namespace as usize)?.as_str(), entry.pod.metadata.name.as_str()))
    }

    /// Every pod.
    pub fn pods(&self) -> impl Iterator<Item = PodNumber> + use<> {
        (0..number(self.pods.len())).map(PodNumber)
    }

    pub(crate) fn entry(&self, pod: u32) -> Option<&PodEntry> {
        self.pods.get(pod as usize)
    }

    pub(crate) fn class(&self, class: u32) -> Option<&Class> {
        self.classes.get(class as usize)
    }

    pub(crate) fn policy(&self, policy: u32) -> Option<&Policy> {
        self.policies.get(policy as usize)
    }

    /// Whether the address is that of a pod that is not on its node's network.
    pub fn is_pod_address(&self, address: IpAddr) -> bool {
        self.pod_of_address(address).is_some()
    }

    pub(crate) fn pod_of_address(&self, address: IpAddr) -> Option<u32> {
        self.by_address.get(&address).copied()
    }

    pub(crate) fn node_of_address(&self, address: IpAddr) -> Option<u32> {
        self.node_of_address.get(&address).copied()
    }

    /// The sets that every pod is in, wherever it may come to be.
    pub(crate) fn everyone(&self) -> Vec<u32> {
        let is_all = |set: &PodSet| matches!(&set.scope, Scope::Selected(any) if any.is_empty()) && set.pods.is_empty();
        self.sets.iter().enumerate().filter(|(_, set)| is_all(set)).map(|(at, _)| number(at)).collect()
    }

    /// Whether a pod of that class, or an address of that region, is the peer.
    pub(crate) fn is_peer(&self, peer: Peer, class: Option<&Class>, region: u32) -> bool {
        match peer {
            Peer::Pods(set) => class.is_some_and(|class| class.is_in(set)),
            Peer::Block(block) => self.regions.is_in(region, block),
            Peer::Anybody => true,
        }
    }

    fn take_nodes(&mut self, cluster: &Cluster) {
        for (position, (key, node)) in cluster.nodes.iter().enumerate() {
            self.node_numbers.insert(key.name.clone(), number(position));
            for address in node.status.addresses.iter().filter_map(|address| parse_sloppy(&address.address)) {
                self.node_of_address.entry(address).or_insert(number(position));
            }
        }
    }

    fn take_pods(&mut self, cluster: &Cluster) {
        let mut names: Vec<&str> = cluster.pods.iter().map(|(key, _)| key.namespace.as_str()).collect();
        names.dedup();
        self.namespaces = names.iter().map(|name| (*name).to_owned()).collect();
        let candidates = candidates(cluster, &self.sets, &self.namespace_labels, &self.namespaces);
        // A pod whose address is not known has one out of the cluster's range.
        self.usual_regions = [false, true].map(|ipv6| {
            let ranges = &cluster.options.cluster_cidr;
            let range = ranges.iter().find(|range| matches!(range, ipnet::IpNet::V6(_)) == ipv6);
            range.map_or(NOWHERE, |range| self.regions.find(range.network()))
        });
        let has_ipv4 = self.usual_regions.first() != Some(&NOWHERE);
        self.usual_families = Families { v4: has_ipv4, v6: false, prefers_ipv6: false };
        let mut classes: BTreeMap<Class, u32> = BTreeMap::new();
        let mut known: BTreeMap<Signature, Box<[u32]>> = BTreeMap::new();
        let mut namespace = 0;
        for (key, pod) in cluster.pods.iter() {
            while self.namespaces.get(namespace).is_some_and(|name| *name != key.namespace) {
                namespace += 1;
                known.clear();
            }
            let mut entry = self.entry_of(number(namespace), pod);
            if !pod.spec.host_network {
                let of_namespace = candidates.get(namespace).map(Vec::as_slice).unwrap_or_default();
                let signature = self.pod_labels.signature(&pod.metadata.labels);
                let sets = known.entry(signature).or_insert_with(|| self.sets_of(pod, of_namespace)).clone();
                let next = number(classes.len());
                entry.class = Some(*classes.entry(self.class_of(&entry, sets)).or_insert(next));
                if !has_ended(pod) {
                    for address in entry.addresses.into_iter().flatten() {
                        self.by_address.entry(address).or_insert(number(self.pods.len()));
                    }
                }
            }
            self.pods.push(entry);
        }
        self.classes = vec![Class::default(); classes.len()];
        let selecting = selecting(&self.policies);
        for (mut class, at) in classes {
            class.policies = policies_of(&class, &self.policies, &selecting);
            if let Some(slot) = self.classes.get_mut(at as usize) {
                *slot = class;
            }
        }
    }

    /// The pod's entry, but for its class.
    fn entry_of(&self, namespace: u32, pod: &Arc<Pod>) -> PodEntry {
        let mut entry = PodEntry {
            namespace,
            pod: Arc::clone(pod),
            class: None,
            node: self.node_numbers.get(&pod.spec.node_name).copied(),
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

    /// The sets that a pod is in, of those that pods of its namespace may be in.
    fn sets_of(&self, pod: &Pod, of_namespace: &[u32]) -> Box<[u32]> {
        let signature = self.pod_labels.signature(&pod.metadata.labels);
        let inside = |set: &&u32| self.sets.get(**set as usize).is_some_and(|set| set.pods.matches(&signature));
        of_namespace.iter().filter(inside).copied().collect()
    }

    /// The pod's class, but for the policies that speak of it.
    fn class_of(&self, entry: &PodEntry, sets: Box<[u32]>) -> Class {
        let regions = if entry.addresses == [None, None] {
            self.usual_regions
        } else {
            entry.addresses.map(|address| address.map_or(NOWHERE, |found| self.regions.find(found)))
        };
        let named = named_ports(&entry.pod, &self.port_names);
        Class { sets, named, regions, families: entry.families, policies: [Box::default(), Box::default()] }
    }
}

/// Whether a pod has ended: nothing reaches it any more.
pub(crate) fn has_ended(pod: &Pod) -> bool {
    matches!(pod.status.phase.as_str(), "Succeeded" | "Failed")
}

/// For each namespace the sets that pods of it may be in, in order.
fn candidates(cluster: &Cluster, sets: &[PodSet], vocabulary: &Vocabulary, namespaces: &[String]) -> Vec<Vec<u32>> {
    let signatures: Vec<Signature> =
        namespaces.iter().map(|name| vocabulary.signature(&cluster.namespace_labels(name))).collect();
    let mut with_label: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (at, signature) in signatures.iter().enumerate() {
        for label in signature {
            with_label.entry(*label).or_default().push(at);
        }
    }
    let mut found: Vec<Vec<u32>> = vec![Vec::new(); namespaces.len()];
    let mut of_selector: BTreeMap<&Selector, Vec<usize>> = BTreeMap::new();
    for (set, spoken_of) in sets.iter().enumerate() {
        let mut put = |at: usize| {
            if let Some(sets) = found.get_mut(at) {
                sets.push(number(set));
            }
        };
        match &spoken_of.scope {
            Scope::Namespace(name) => namespaces.binary_search(name).into_iter().for_each(put),
            Scope::Selected(selector) => {
                let matching = of_selector.entry(selector).or_insert_with(|| {
                    let matches = |at: &usize| signatures.get(*at).is_some_and(|labels| selector.matches(labels));
                    match selector.needed_label() {
                        Some(label) => {
                            with_label.get(&label).into_iter().flatten().copied().filter(|at| matches(at)).collect()
                        }
                        None => (0..namespaces.len()).filter(matches).collect(),
                    }
                });
                matching.iter().for_each(|at| put(*at));
            }
        }
    }
    found
}

/// The ports of a pod's containers, sidecars among them.
fn container_ports(pod: &Pod) -> impl Iterator<Item = &ContainerPort> {
    let sidecars = pod.spec.init_containers.iter().filter(|one| one.restart_policy.as_deref() == Some("Always"));
    pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports)
}

/// The ports of the pod whose names rules mention.
fn named_ports(pod: &Pod, names: &BTreeMap<String, u32>) -> Box<[NamedPort]> {
    if names.is_empty() {
        return Box::default();
    }
    let mut named: Vec<NamedPort> = container_ports(pod)
        .filter_map(|port| {
            let name = *names.get(&port.name)?;
            Some((name, Protocol::of(&port.protocol)?, u16::try_from(port.container_port).ok()?))
        })
        .collect();
    named.arrange();
    named.dedup();
    named.into()
}

/// For each set the policies whose subject it is.
fn selecting(policies: &[Policy]) -> BTreeMap<u32, Vec<u32>> {
    let mut selecting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (at, policy) in policies.iter().enumerate() {
        if let Some(subject) = policy.subject {
            selecting.entry(subject).or_default().push(number(at));
        }
    }
    selecting
}

fn policies_of(class: &Class, policies: &[Policy], selecting: &BTreeMap<u32, Vec<u32>>) -> [Box<[u32]>; 2] {
    let mut all: Vec<u32> = class.sets.iter().filter_map(|set| selecting.get(set)).flatten().copied().collect();
    all.arrange();
    [Direction::Egress, Direction::Ingress].map(|direction| {
        let speaks = |policy: &&u32| {
            policies.get(**policy as usize).is_some_and(|policy| {
                policy.isolates(direction)
                    || policy.tier != super::rule::Tier::NetworkPolicy && !policy.rules(direction).is_empty()
            })
        };
        all.iter().filter(speaks).copied().collect()
    })
}

/// A hash for addresses: they are looked up and never listed, so that its order shows nowhere.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.0 ^= self.0 >> 29;
    }
}
