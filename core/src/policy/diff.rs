//! What two clusters let through differently, by workload and by range of addresses.

use super::ids::{AlikeId, CellId, ClassId, PortSetId};
use super::index::PolicyIndex;
use super::map::flows::{Between, Cells, Flow, Side};
use super::map::parties::{Parties, Party, given_ranges, pod_ranges};
use super::map::{Row, flows};
use super::ports::PortSet;
use super::ranges::prefixes;
use super::reach::{AddressSpan, PortSets, Reach};
use super::rule::Direction;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::ids::IdVec;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;

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
type Pieces = Vec<(AddressSpan, PortSet)>;

/// One of the two clusters, by workload.
struct Half {
    reach: Reach,
    /// The cells of its classes as sources and as destinations.
    cells: [Cells; 2],
    /// For each class those that may reach it otherwise than by default.
    named: IdVec<ClassId, Vec<ClassId>>,
    /// The classes that the pods of a workload are in.
    classes: BTreeMap<Workload, BTreeSet<ClassId>>,
    holes: Vec<AddressSpan>,
}

impl Half {
    fn new(cluster: &Cluster, index: &PolicyIndex) -> Self {
        let parties = Parties::new(cluster, index);
        let mut classes: BTreeMap<Workload, BTreeSet<ClassId>> = BTreeMap::new();
        for pod in index.pods() {
            let workload = parties.workload_of(pod).and_then(|it| parties.workloads.get(it));
            let class = index.entry(pod).and_then(|entry| entry.class);
            if let (Some(workload), Some(class)) = (workload, class) {
                classes.entry(workload.clone()).or_default().insert(class);
            }
        }
        let reach = Reach::of(index);
        let cells = [Direction::Egress, Direction::Ingress].map(|direction| Cells::of_reach(&reach, direction));
        let named = flows::named_pairs(&reach);
        Half { reach, cells, named, classes, holes: pod_ranges(&given_ranges(cluster), index) }
    }

    fn classes_of(&self, workload: &Workload) -> Vec<ClassId> {
        self.classes.get(workload).into_iter().flatten().copied().collect()
    }

    /// What passes from classes to classes, by default or in truth.
    fn between(&mut self, from: &[ClassId], to: &[ClassId], is_default: bool) -> PortSet {
        let mut found: BTreeSet<PortSetId> = BTreeSet::new();
        for source in from {
            for destination in to {
                found.insert(match is_default {
                    true => Between::default(&mut self.reach, *source, *destination),
                    false => self.reach.pair(*source, *destination),
                });
            }
        }
        found.into_iter().fold(PortSet::none(), |set, ports| set.union(&self.reach.ports.get(ports)))
    }

    /// What the classes' policies let through outside the cluster.
    fn outside(&self, direction: Direction, classes: &[ClassId]) -> Pieces {
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
    old: Vec<ClassId>,
    new: Vec<ClassId>,
    workloads: Vec<Workload>,
}

/// What the new cluster lets through between workloads and the old one does not, or the other way round.
struct Compared<'a> {
    old: &'a mut Half,
    new: &'a mut Half,
    alike: &'a IdVec<AlikeId, Alike>,
    is_added: bool,
    sets: PortSets,
}

impl Compared<'_> {
    fn compare(&mut self, from: AlikeId, to: AlikeId, is_default: bool) -> PortSetId {
        let (Some(from), Some(to)) = (self.alike.get(from), self.alike.get(to)) else {
            return PortSetId::EMPTY;
        };
        let before = self.old.between(&from.old, &to.old, is_default);
        let after = self.new.between(&from.new, &to.new, is_default);
        self.sets.id_of(if self.is_added { after.without(&before) } else { before.without(&after) })
    }
}

impl Between<AlikeId> for Compared<'_> {
    fn pair(&mut self, from: AlikeId, to: AlikeId) -> PortSetId {
        self.compare(from, to, false)
    }

    fn default(&mut self, from: AlikeId, to: AlikeId) -> PortSetId {
        self.compare(from, to, true)
    }

    fn covers(&mut self, one: PortSetId, other: PortSetId) -> bool {
        self.sets.covers(one, other)
    }
}

/// For each of what is alike the others that may reach it otherwise than by default, in the old cluster or in the new.
fn named(alike: &IdVec<AlikeId, Alike>, old: &Half, new: &Half) -> IdVec<AlikeId, Vec<AlikeId>> {
    let mut named: IdVec<AlikeId, Vec<AlikeId>> = IdVec::filled(Vec::new(), alike.len());
    for (half, classes) in [(old, (|it| &it.old) as fn(&Alike) -> &Vec<ClassId>), (new, |it| &it.new)] {
        let mut with: IdVec<ClassId, Vec<AlikeId>> = IdVec::filled(Vec::new(), half.named.len());
        for (at, it) in alike.iter() {
            for class in classes(it) {
                if let Some(with) = with.get_mut(*class) {
                    with.push(at);
                }
            }
        }
        for (it, named) in alike.values().zip(named.values_mut()) {
            let sources = classes(it).iter().filter_map(|class| half.named.get(*class)).flatten();
            named.extend(sources.filter_map(|class| with.get(*class)).flatten());
        }
    }
    for of_one in named.values_mut() {
        of_one.small_sort();
        of_one.dedup();
    }
    named
}

impl ConnectionDiff {
    /// What `new` lets through that `old` does not, and the other way round. A workload that one of them lacks has no
    /// connections there. It takes as long as two maps, and longer with what differs.
    pub fn of(old: (&Cluster, &PolicyIndex), new: (&Cluster, &PolicyIndex)) -> Self {
        let (mut old, mut new) = (Half::new(old.0, old.1), Half::new(new.0, new.1));
        let mut alike: BTreeMap<(Vec<ClassId>, Vec<ClassId>), Vec<Workload>> = BTreeMap::new();
        let all: BTreeSet<Workload> = old.classes.keys().chain(new.classes.keys()).cloned().collect();
        for workload in all {
            let key = (old.classes_of(&workload), new.classes_of(&workload));
            alike.entry(key).or_default().push(workload);
        }
        let alike: IdVec<AlikeId, Alike> =
            alike.into_iter().map(|((old, new), workloads)| Alike { old, new, workloads }).collect();
        // Workloads whose classes are in the same cells of both clusters are compared by default once.
        let cells = |which: fn(&[Cells; 2]) -> &Cells| {
            let key = |it: &Alike| {
                let of = |half: &Half, classes: &[ClassId]| {
                    let mut cells: Vec<Option<CellId>> =
                        classes.iter().map(|class| which(&half.cells).of(*class)).collect();
                    cells.small_sort();
                    cells.dedup();
                    cells
                };
                [of(&old, &it.old), of(&new, &it.new)]
            };
            Cells::new(alike.iter().map(|(at, it)| (at, key(it))))
        };
        let cells = [cells(|[from, _]| from), cells(|[_, to]| to)];
        let named = named(&alike, &old, &new);
        let mut sides = [true, false].map(|is_added| {
            let (old, new) = (&mut old, &mut new);
            let mut compared = Compared { old, new, alike: &alike, is_added, sets: PortSets::default() };
            let flows = flows::rows(&cells, &named, &mut compared);
            let row = |flow: Flow<AlikeId>| Row {
                from: parties(&alike, &flow.from),
                to: parties(&alike, &flow.to),
                ports: compared.sets.get(flow.ports),
            };
            flows.into_iter().map(row).collect::<Vec<Row>>()
        });
        let (mut added, mut removed) = (Outside::default(), Outside::default());
        for (at, group) in alike.iter() {
            for direction in [Direction::Egress, Direction::Ingress] {
                let before = old.outside(direction, &group.old);
                let after = new.outside(direction, &group.new);
                let is_same = |((ours, a), (theirs, b)): (&(AddressSpan, PortSet), &(AddressSpan, PortSet))| {
                    (ours.ipv6, ours.first, ours.last, a) == (theirs.ipv6, theirs.first, theirs.last, b)
                };
                if before.len() != after.len() || !before.iter().zip(&after).all(is_same) || old.holes != new.holes {
                    added.take(at, direction, (&after, &before), &new.holes);
                    removed.take(at, direction, (&before, &after), &old.holes);
                }
            }
        }
        let [of_added, of_removed] = &mut sides;
        of_added.extend(added.rows(&alike));
        of_removed.extend(removed.rows(&alike));
        let [added, removed] = sides.map(|mut rows| {
            rows.small_sort_by(|a, b| (&a.to, &a.from, &a.ports).cmp(&(&b.to, &b.from, &b.ports)));
            rows
        });
        ConnectionDiff { added, removed }
    }

    /// Whether both let the same through.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// The workloads of a side of a row.
fn parties(alike: &IdVec<AlikeId, Alike>, side: &Side<AlikeId>) -> Vec<Party> {
    let Side::Classes(numbers) = side else { return Vec::new() };
    let groups = numbers.iter().filter_map(|at| alike.get(*at));
    let mut parties: Vec<Party> =
        groups.flat_map(|group| &group.workloads).map(|(kind, key)| Party::Workload(*kind, key.clone())).collect();
    parties.small_sort();
    parties
}

/// Connections with addresses outside on one side of a difference: by direction, addresses and ports, the pods.
#[derive(Default)]
struct Outside(BTreeMap<(Direction, Vec<ipnet::IpNet>, PortSet), Vec<AlikeId>>);

impl Outside {
    /// Takes up what `ours` lets through and `theirs` does not.
    fn take(&mut self, at: AlikeId, direction: Direction, (ours, theirs): (&Pieces, &Pieces), holes: &[AddressSpan]) {
        let mut sets = PortSets::default();
        let mut found: Vec<AddressSpan> = Vec::new();
        for ipv6 in [false, true] {
            let mut cuts: Vec<u128> = Vec::new();
            for (stretch, _) in ours.iter().chain(theirs).filter(|(stretch, _)| stretch.ipv6 == ipv6) {
                cuts.push(stretch.first);
                cuts.extend(stretch.last.checked_add(1));
            }
            cuts.small_sort();
            cuts.dedup();
            let at_start = |list: &Pieces, start: u128| {
                let here =
                    |stretch: &AddressSpan| stretch.ipv6 == ipv6 && stretch.first <= start && start <= stretch.last;
                list.iter().filter(|(it, _)| here(it)).fold(PortSet::none(), |set, (_, ports)| set.union(ports))
            };
            let last = super::ranges::last_of(ipv6);
            for (position, start) in cuts.iter().enumerate() {
                let ports = at_start(ours, *start).without(&at_start(theirs, *start));
                let end = cuts.get(position + 1).map_or(last, |next| *next - 1);
                if !ports.is_empty() && *start <= end {
                    found.push(AddressSpan { ipv6, first: *start, last: end, ports: sets.id_of(ports) });
                }
            }
        }
        let mut by_ports: BTreeMap<PortSetId, Vec<ipnet::IpNet>> = BTreeMap::new();
        for stretch in flows::bridge(&found, holes) {
            let nets = prefixes(stretch.first, stretch.last, stretch.ipv6);
            by_ports.entry(stretch.ports).or_default().extend(nets);
        }
        for (ports, nets) in by_ports {
            self.0.entry((direction, nets, sets.get(ports))).or_default().push(at);
        }
    }

    fn rows(self, alike: &IdVec<AlikeId, Alike>) -> Vec<Row> {
        let row = |((direction, nets, ports), pods): ((Direction, Vec<ipnet::IpNet>, PortSet), Vec<AlikeId>)| {
            let ranges = nets.into_iter().map(Party::Range).collect();
            let pods = parties(alike, &Side::Classes(pods));
            match direction {
                Direction::Egress => Row { from: pods, to: ranges, ports },
                Direction::Ingress => Row { from: ranges, to: pods, ports },
            }
        };
        self.0.into_iter().map(row).collect()
    }
}
