//! What two clusters let through differently, by workload and by range of addresses.

use super::index::PolicyIndex;
use super::map::parties::{Parties, Party, given_ranges, pod_ranges};
use super::map::{Row, flows};
use super::ports::PortSet;
use super::ranges::prefixes;
use super::reach::{PortSets, Reach, Stretch};
use super::rule::Direction;
use super::selector::number;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::collections::{BTreeMap, BTreeSet};
use crate::order::Arrange as _;

/// The connections that only one of two clusters lets through.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ConnectionDiff {
    /// Let through by the new cluster only.
    pub added: Vec<Row>,
    /// Let through by the old cluster only.
    pub removed: Vec<Row>,
}

type Workload = (Kind, ObjectKey);

/// Stretches of addresses and what is let through to, or from, each.
type Pieces = Vec<(Stretch, PortSet)>;

/// One of the two clusters, by workload.
struct Half {
    reach: Reach,
    /// The classes that the pods of a workload are in.
    classes: BTreeMap<Workload, BTreeSet<u32>>,
    holes: Vec<Stretch>,
}

impl Half {
    fn new(cluster: &Cluster, index: &PolicyIndex) -> Self {
        let parties = Parties::new(cluster, index);
        let mut classes: BTreeMap<Workload, BTreeSet<u32>> = BTreeMap::new();
        for pod in index.pods() {
            let workload = parties.workload_of(pod.0).and_then(|it| parties.workloads.get(it as usize));
            let class = index.entry(pod.0).and_then(|entry| entry.class);
            if let (Some(workload), Some(class)) = (workload, class) {
                classes.entry(workload.clone()).or_default().insert(class);
            }
        }
        Half { reach: Reach::of(index), classes, holes: pod_ranges(&given_ranges(cluster), index) }
    }

    fn classes_of(&self, workload: &Workload) -> Vec<u32> {
        self.classes.get(workload).into_iter().flatten().copied().collect()
    }

    fn between(&mut self, from: &[u32], to: &[u32]) -> PortSet {
        let mut found: BTreeSet<u32> = BTreeSet::new();
        for source in from {
            for destination in to {
                found.insert(self.reach.between(*source, *destination));
            }
        }
        found.into_iter().fold(PortSet::none(), |set, ports| set.union(&self.reach.ports.get(ports)))
    }

    /// What the classes' policies let through outside the cluster.
    fn outside(&self, direction: Direction, classes: &[u32]) -> Pieces {
        let mut stretches = Vec::new();
        for group in classes.iter().filter_map(|class| self.reach.group(direction, *class)) {
            for stretch in flows::cut(&group.outside, &self.holes) {
                stretches.push((stretch, self.reach.ports.get(stretch.ports)));
            }
        }
        stretches
    }
}

/// Workloads that are in the same classes of the old cluster and of the new one.
struct Alike {
    old: Vec<u32>,
    new: Vec<u32>,
    workloads: Vec<Workload>,
}

impl ConnectionDiff {
    /// What `new` lets through that `old` does not, and the other way round. A workload that one of them lacks has no
    /// connections there.
    pub fn of(old: (&Cluster, &PolicyIndex), new: (&Cluster, &PolicyIndex)) -> Self {
        let (mut old, mut new) = (Half::new(old.0, old.1), Half::new(new.0, new.1));
        let mut alike: BTreeMap<(Vec<u32>, Vec<u32>), Vec<Workload>> = BTreeMap::new();
        let all: BTreeSet<Workload> = old.classes.keys().chain(new.classes.keys()).cloned().collect();
        for workload in all {
            let key = (old.classes_of(&workload), new.classes_of(&workload));
            alike.entry(key).or_default().push(workload);
        }
        let alike: Vec<Alike> =
            alike.into_iter().map(|((old, new), workloads)| Alike { old, new, workloads }).collect();
        let (mut added, mut removed) = (Changes::default(), Changes::default());
        for (to_at, to) in alike.iter().enumerate() {
            for (from_at, from) in alike.iter().enumerate() {
                let before = old.between(&from.old, &to.old);
                let after = new.between(&from.new, &to.new);
                if before != after {
                    added.pair(number(from_at), number(to_at), after.without(&before));
                    removed.pair(number(from_at), number(to_at), before.without(&after));
                }
            }
        }
        for (at, group) in alike.iter().enumerate() {
            for direction in [Direction::Egress, Direction::Ingress] {
                let before = old.outside(direction, &group.old);
                let after = new.outside(direction, &group.new);
                added.outside(number(at), direction, (&after, &before), &new.holes);
                removed.outside(number(at), direction, (&before, &after), &old.holes);
            }
        }
        ConnectionDiff { added: added.rows(&alike), removed: removed.rows(&alike) }
    }

    /// Whether both let the same through.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// Connections on one side of a difference, while they are being merged into rows.
#[derive(Default)]
struct Changes {
    /// By destination and ports, the sources.
    pairs: BTreeMap<(u32, PortSet), Vec<u32>>,
    /// By direction, addresses and ports, the pods.
    outside: BTreeMap<(Direction, Vec<ipnet::IpNet>, PortSet), Vec<u32>>,
}

impl Changes {
    fn pair(&mut self, from: u32, to: u32, ports: PortSet) {
        if !ports.is_empty() {
            self.pairs.entry((to, ports)).or_default().push(from);
        }
    }

    /// Takes up what `ours` lets through and `theirs` does not.
    fn outside(&mut self, at: u32, direction: Direction, (ours, theirs): (&Pieces, &Pieces), holes: &[Stretch]) {
        let mut sets = PortSets::default();
        let mut found: Vec<Stretch> = Vec::new();
        for ipv6 in [false, true] {
            let mut cuts: Vec<u128> = Vec::new();
            for (stretch, _) in ours.iter().chain(theirs).filter(|(stretch, _)| stretch.ipv6 == ipv6) {
                cuts.push(stretch.first);
                cuts.extend(stretch.last.checked_add(1));
            }
            cuts.arrange();
            cuts.dedup();
            let at_start = |list: &Pieces, start: u128| {
                let here = |stretch: &Stretch| stretch.ipv6 == ipv6 && stretch.first <= start && start <= stretch.last;
                list.iter().filter(|(it, _)| here(it)).fold(PortSet::none(), |set, (_, ports)| set.union(ports))
            };
            let last = super::ranges::last_of(ipv6);
            for (position, start) in cuts.iter().enumerate() {
                let ports = at_start(ours, *start).without(&at_start(theirs, *start));
                let end = cuts.get(position + 1).map_or(last, |next| *next - 1);
                if !ports.is_empty() && *start <= end {
                    found.push(Stretch { ipv6, first: *start, last: end, ports: sets.number(ports) });
                }
            }
        }
        let mut by_ports: BTreeMap<u32, Vec<ipnet::IpNet>> = BTreeMap::new();
        for stretch in flows::bridge(&found, holes) {
            let nets = prefixes(stretch.first, stretch.last, stretch.ipv6);
            by_ports.entry(stretch.ports).or_default().extend(nets);
        }
        for (ports, nets) in by_ports {
            self.outside.entry((direction, nets, sets.get(ports))).or_default().push(at);
        }
    }

    fn rows(self, alike: &[Alike]) -> Vec<Row> {
        let parties = |numbers: &[u32]| {
            let mut parties: Vec<Party> = numbers
                .iter()
                .filter_map(|at| alike.get(*at as usize))
                .flat_map(|group| group.workloads.iter().map(|(kind, key)| Party::Workload(*kind, key.clone())))
                .collect();
            parties.arrange();
            parties
        };
        let mut merged: BTreeMap<(Vec<u32>, PortSet), Vec<u32>> = BTreeMap::new();
        for ((to, ports), from) in self.pairs {
            merged.entry((from, ports)).or_default().push(to);
        }
        let mut rows: Vec<Row> = merged
            .into_iter()
            .map(|((from, ports), to)| Row { from: parties(&from), to: parties(&to), ports })
            .collect();
        for ((direction, nets, ports), pods) in self.outside {
            let ranges = nets.into_iter().map(Party::Range).collect();
            rows.push(match direction {
                Direction::Egress => Row { from: parties(&pods), to: ranges, ports },
                Direction::Ingress => Row { from: ranges, to: parties(&pods), ports },
            });
        }
        rows.arrange_by(|a, b| (&a.to, &a.from, &a.ports).cmp(&(&b.to, &b.from, &b.ports)));
        rows
    }
}
