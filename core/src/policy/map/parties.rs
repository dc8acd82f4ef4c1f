//! The parties of a map: workloads and namespaces, instead of the pods and classes of the engine.

use super::super::ids::{ClassId, NamespaceId, PodId, PortSetId, WorkloadId};
use super::super::index::{PodEntry, PolicyIndex, has_ended};
use super::super::ranges::{bounds, last_of};
use super::super::reach::AddressSpan;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::ids::IdVec;
use crate::workload;
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::fmt;
use std::net::IpAddr;

/// One party of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// Every pod of the cluster.
    Everyone,
    /// Every pod of a namespace.
    Namespace(String),
    /// Every pod of a workload; a pod that nothing makes is its own workload, of the kind `Pod`.
    Workload(Kind, ObjectKey),
    /// One pod of a workload whose pods are not all alike.
    Pod(ObjectKey),
    /// Addresses that are no pods'.
    Range(IpNet),
}

impl Party {
    /// The namespace, where it is in one.
    pub fn namespace(&self) -> Option<&str> {
        match self {
            Party::Namespace(namespace) => Some(namespace),
            Party::Workload(_, key) | Party::Pod(key) => Some(&key.namespace),
            Party::Everyone | Party::Range(_) => None,
        }
    }

    /// The kind and the name of the workload, where it is one.
    pub fn workload(&self) -> Option<(Kind, &str)> {
        match self {
            Party::Workload(kind, key) => Some((*kind, &key.name)),
            _ => None,
        }
    }

    /// The name of the pod, where it is one pod of a workload.
    pub fn pod(&self) -> Option<&str> {
        match self {
            Party::Pod(key) => Some(&key.name),
            _ => None,
        }
    }

    /// The range of addresses, where it is one.
    pub fn range(&self) -> Option<IpNet> {
        match self {
            Party::Range(range) => Some(*range),
            _ => None,
        }
    }
}

impl fmt::Display for Party {
    /// `*`, `shop/*`, `shop/Deployment/web`, `shop/Pod/web-0`, `203.0.113.0/24`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Everyone => formatter.write_str("*"),
            Party::Namespace(name) => write!(formatter, "{name}/*"),
            Party::Workload(kind, key) => write!(formatter, "{}/{}/{}", key.namespace, kind.name(), key.name),
            Party::Pod(key) => write!(formatter, "{}/Pod/{}", key.namespace, key.name),
            Party::Range(range) => range.fmt(formatter),
        }
    }
}

/// The pods of a cluster by class, workload and namespace. Pods that have ended, and pods on their node's network, are
/// no parties.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parties {
    pub(crate) workloads: IdVec<WorkloadId, (Kind, ObjectKey)>,
    /// The workload of each pod.
    workload_of: IdVec<PodId, Option<WorkloadId>>,
    /// The pods of each class, in order.
    pods: IdVec<ClassId, Vec<PodId>>,
    /// How many pods a workload, a namespace and the cluster have.
    of_workload: IdVec<WorkloadId, u32>,
    of_namespace: IdVec<NamespaceId, u32>,
    pub(crate) all: u32,
    pub(crate) on_host: Vec<ObjectKey>,
}

impl Parties {
    pub(crate) fn new(cluster: &Cluster, index: &PolicyIndex) -> Self {
        let mut parties = Parties {
            pods: IdVec::filled(Vec::new(), index.classes.width()),
            workload_of: IdVec::filled(None, index.pods.width()),
            of_namespace: IdVec::filled(0, index.namespaces.width()),
            ..Parties::default()
        };
        let mut numbers: BTreeMap<(Kind, ObjectKey), WorkloadId> = BTreeMap::new();
        let mut before: Option<(&PodEntry, WorkloadId)> = None;
        for (at, entry) in index.pods.iter() {
            let namespace = index.namespace_name(entry.namespace);
            let (Some(class), false) = (entry.class, has_ended(&entry.pod)) else {
                if entry.class.is_none() {
                    parties.on_host.push(ObjectKey::new(namespace, entry.pod.metadata.name.as_str()));
                }
                continue;
            };
            // Pods of one workload mostly come one behind the other.
            let workload = match before.filter(|(other, _)| is_of_the_same_maker(entry, other)) {
                Some((_, workload)) => workload,
                None => {
                    let owner = maker(cluster, namespace, &entry.pod);
                    let next = parties.workloads.next_id();
                    let workload = *numbers.entry(owner.clone()).or_insert(next);
                    if workload == next {
                        parties.workloads.push(owner);
                        parties.of_workload.push(0);
                    }
                    workload
                }
            };
            before = Some((entry, workload));
            if let Some(slot) = parties.workload_of.get_mut(at) {
                *slot = Some(workload);
            }
            if let Some(pods) = parties.pods.get_mut(class) {
                pods.push(at);
            }
            if let Some(count) = parties.of_workload.get_mut(workload) {
                *count += 1;
            }
            if let Some(count) = parties.of_namespace.get_mut(entry.namespace) {
                *count += 1;
            }
            parties.all += 1;
        }
        parties.on_host.small_sort();
        parties
    }

    /// The pods of a class that are parties.
    pub(crate) fn pods(&self, class: ClassId) -> &[PodId] {
        self.pods.get(class).map(Vec::as_slice).unwrap_or_default()
    }

    /// The workload that a pod belongs to.
    pub(crate) fn workload_of(&self, pod: PodId) -> Option<WorkloadId> {
        self.workload_of.get(pod).copied().flatten()
    }

    /// The fewest parties that stand for exactly the pods of these classes.
    pub(crate) fn of(&self, index: &PolicyIndex, classes: &[ClassId]) -> Vec<Party> {
        let mut pods: Vec<PodId> = classes.iter().flat_map(|class| self.pods(*class)).copied().collect();
        if pods.is_empty() {
            return Vec::new();
        }
        if pods.len() == self.all as usize {
            return vec![Party::Everyone];
        }
        let namespace_of = |pod: &PodId| index.entry(*pod).map(|entry| entry.namespace);
        pods.small_sort_by(|a, b| (namespace_of(a), a).cmp(&(namespace_of(b), b)));
        let mut parties = Vec::new();
        for of_namespace in pods.chunk_by(|a, b| namespace_of(a) == namespace_of(b)) {
            let Some(namespace) = of_namespace.first().and_then(namespace_of) else { continue };
            let name = index.namespace_name(namespace);
            if self.of_namespace.get(namespace).is_some_and(|count| *count as usize == of_namespace.len()) {
                parties.push(Party::Namespace(name.to_owned()));
                continue;
            }
            let mut by_workload: BTreeMap<WorkloadId, Vec<PodId>> = BTreeMap::new();
            for pod in of_namespace {
                if let Some(workload) = self.workload_of(*pod) {
                    by_workload.entry(workload).or_default().push(*pod);
                }
            }
            for (workload, pods) in by_workload {
                let whole = self.of_workload.get(workload).is_some_and(|count| *count as usize == pods.len());
                match self.workloads.get(workload) {
                    Some((kind, key)) if whole => parties.push(Party::Workload(*kind, key.clone())),
                    _ => parties.extend(pods.iter().filter_map(|pod| {
                        Some(Party::Pod(ObjectKey::new(name, index.entry(*pod)?.pod.metadata.name.as_str())))
                    })),
                }
            }
        }
        parties.small_sort();
        parties
    }
}

/// The label that a ReplicaSet's pods have of its template.
const HASH: &str = "pod-template-hash";

/// Whether both pods say the same of who makes them.
fn is_of_the_same_maker(one: &PodEntry, other: &PodEntry) -> bool {
    let (ours, theirs) = (&one.pod.metadata, &other.pod.metadata);
    one.namespace == other.namespace
        && !ours.owner_references.is_empty()
        && ours.owner_references == theirs.owner_references
        && ours.labels.get(HASH) == theirs.labels.get(HASH)
}

/// The topmost workload that makes the pod.
fn maker(cluster: &Cluster, namespace: &str, pod: &Pod) -> (Kind, ObjectKey) {
    let Some((kind, key)) = workload::owner(&pod.metadata) else {
        return (Kind::Pod, ObjectKey::new(namespace, pod.metadata.name.as_str()));
    };
    let stored = cluster.workloads.get(&kind).and_then(|store| store.by_key(&key));
    if let Some(above) = stored.and_then(|owner| workload::owner(&owner.metadata)) {
        return above;
    }
    if stored.is_none()
        && kind == Kind::ReplicaSet
        && let Some(hash) = pod.metadata.labels.get(HASH)
        && let Some(name) = key.name.strip_suffix(hash.as_str()).and_then(|name| name.strip_suffix('-'))
    {
        return (Kind::Deployment, ObjectKey::new(key.namespace.as_str(), name));
    }
    if stored.is_none()
        && kind == Kind::Job
        && let Some((name, number)) = key.name.rsplit_once('-')
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && cluster.workloads.get(&Kind::CronJob).is_some_and(|store| store.get(&key.namespace, name).is_some())
    {
        return (Kind::CronJob, ObjectKey::new(key.namespace.as_str(), name));
    }
    (kind, key)
}

fn stretch(net: &IpNet) -> AddressSpan {
    let (first, last) = bounds(net);
    AddressSpan { ipv6: matches!(net, IpNet::V6(_)), first, last, ports: PortSetId::EMPTY }
}

/// Whether the address is in one of the ranges, which are in order.
pub(super) fn is_in(ranges: &[AddressSpan], address: IpAddr) -> bool {
    let at = super::super::ranges::to_number(address);
    let before = ranges.partition_point(|range| (range.ipv6, range.first) <= (address.is_ipv6(), at));
    let covering = before.checked_sub(1).and_then(|before| ranges.get(before));
    covering.is_some_and(|range| range.ipv6 == address.is_ipv6() && range.last >= at)
}

/// The ranges that pods are given their addresses from, in order and without overlap: the cluster's, the nodes'.
pub(crate) fn given_ranges(cluster: &Cluster) -> Vec<AddressSpan> {
    let mut ranges: Vec<AddressSpan> = cluster.options.cluster_cidr.iter().map(stretch).collect();
    for (_, node) in cluster.nodes.iter() {
        let given = node.spec.pod_cidrs.iter().chain([&node.spec.pod_cidr]);
        ranges.extend(given.filter_map(|range| crate::net::parse_cidr_sloppy(range)).map(|net| stretch(&net)));
    }
    joined(ranges)
}

/// The ranges that pods have their addresses from: those given, and around a pod that is in none of them its /24 or /64.
pub(crate) fn pod_ranges(given: &[AddressSpan], index: &PolicyIndex) -> Vec<AddressSpan> {
    let mut ranges = given.to_vec();
    let addresses = index.pods.iter().filter(|(_, entry)| entry.class.is_some()).flat_map(|(_, entry)| entry.addresses);
    for address in addresses.flatten().filter(|address| !is_in(given, *address)) {
        let length = if address.is_ipv6() { 64 } else { 24 };
        ranges.extend(IpNet::new(address, length).ok().map(|net| stretch(&net.trunc())));
    }
    joined(ranges)
}

fn joined(mut ranges: Vec<AddressSpan>) -> Vec<AddressSpan> {
    ranges.small_sort();
    ranges.dedup();
    let mut joined: Vec<AddressSpan> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(before)
                if before.ipv6 == range.ipv6
                    && (before.last == last_of(range.ipv6) || range.first <= before.last + 1) =>
            {
                before.last = before.last.max(range.last);
            }
            _ => joined.push(range),
        }
    }
    joined
}
