//! Everything that may reach everything, over classes: a row is a set of sources, a set of destinations and a set of
//! ports, and the rows together are exactly what the policies let through.
//!
//! Nearly all pairs follow from the shapes of their two groups (what the groups let through by default). Only pairs that
//! a narrow rule names are looked at one by one. Destinations whose sources are the same in all make one row.

use super::super::ids::{CellId, ClassId, GroupId, PortSetId, ShapeId};
use super::super::ranges::prefixes;
use super::super::reach::{AddressSpan, FamilyPorts, Reach};
use super::super::rule::Direction;
use super::super::store::Interner;
use crate::ids::{Id, IdVec};
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::hash::Hash;

/// One side of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side<E = ClassId> {
    /// These classes, in order.
    Classes(Vec<E>),
    /// These addresses, which are no pods'.
    Addresses(Vec<IpNet>),
}

/// One row: every source may reach every destination on the ports, whose id is one of [`Reach::ports`]. An
/// end is a class of pods; in a difference, workloads that are alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow<E = ClassId> {
    pub(crate) from: Side<E>,
    pub(crate) to: Side<E>,
    pub(crate) ports: PortSetId,
}

/// The sources of a row while rows are being merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sources<E> {
    /// All classes of these cells.
    Cells(Vec<CellId>),
    Classes(Vec<E>),
}

/// Sources that are not treated by default, and what they may reach.
type Exceptions<E> = Vec<(E, PortSetId)>;

/// Classes that are alike as long as no exception names them.
#[derive(Clone, Debug)]
pub(crate) struct Cells<E = ClassId> {
    /// The cell of each class.
    of: IdVec<E, Option<CellId>>,
    /// The classes of each cell, in order.
    members: IdVec<CellId, Vec<E>>,
}

impl<E: Id> Cells<E> {
    /// The cells of classes, given in order, that have the same key.
    pub(crate) fn new<K: Hash + Eq>(keys: impl Iterator<Item = (E, K)>) -> Self {
        let mut known: Interner<CellId, K> = Interner::default();
        let mut cells = Cells { of: IdVec::default(), members: IdVec::default() };
        for (class, key) in keys {
            let cell = known.take_up(key);
            while cells.of.next_id() < class {
                cells.of.push(None);
            }
            cells.of.push(Some(cell));
            if cells.members.next_id() == cell {
                cells.members.push(Vec::new());
            }
            if let Some(members) = cells.members.get_mut(cell) {
                members.push(class);
            }
        }
        cells
    }

    pub(crate) fn of(&self, class: E) -> Option<CellId> {
        self.of.get(class).copied().flatten()
    }

    fn members(&self, cell: CellId) -> &[E] {
        self.members.get(cell).map(Vec::as_slice).unwrap_or_default()
    }
}

impl Cells {
    /// Classes whose groups let the same through by default, and whom groups treat the same by default.
    pub(crate) fn of_reach(reach: &Reach, direction: Direction) -> Self {
        let mut shapes: Interner<ShapeId, &[FamilyPorts]> = Interner::default();
        let shape_of: IdVec<GroupId, ShapeId> =
            reach.groups(direction).values().map(|group| shapes.take_up(group.defaults.as_slice())).collect();
        let shape = |class| reach.group_of(direction, class).and_then(|group| shape_of.get(group)).copied();
        Cells::new(reach.classes().map(|(class, profile)| (class, (shape(class), profile))))
    }
}

/// The ports that are allowed between classes.
pub(crate) trait Between<E = ClassId> {
    /// From one class to another.
    fn pair(&mut self, from: E, to: E) -> PortSetId;
    /// The same, as far as no exception names them.
    fn default(&mut self, from: E, to: E) -> PortSetId;
    /// Whether the first set holds every port of the second.
    fn covers(&mut self, one: PortSetId, other: PortSetId) -> bool;
}

impl Between for Reach {
    fn pair(&mut self, from: ClassId, to: ClassId) -> PortSetId {
        self.between(from, to)
    }

    fn default(&mut self, from: ClassId, to: ClassId) -> PortSetId {
        let out = default_ports(self, Direction::Egress, from, to);
        let into = default_ports(self, Direction::Ingress, to, from);
        self.ports.over_a_family(out, into)
    }

    fn covers(&mut self, one: PortSetId, other: PortSetId) -> bool {
        self.ports.covers(one, other)
    }
}

/// The rows between pods.
pub(crate) fn between_pods(reach: &mut Reach) -> Vec<Flow> {
    let cells = [Cells::of_reach(reach, Direction::Egress), Cells::of_reach(reach, Direction::Ingress)];
    let named = named_pairs(reach);
    rows(&cells, &named, reach)
}

/// The rows between classes, whose cells as sources and as destinations are given; `named` are for each class the
/// classes that may not be treated by default when they reach it, in order.
pub(crate) fn rows<E: Id>(
    [from_cells, to_cells]: &[Cells<E>; 2],
    named: &IdVec<E, Vec<E>>,
    between: &mut dyn Between<E>,
) -> Vec<Flow<E>> {
    let defaults = defaults(between, from_cells, to_cells);
    let default_of = |from_cell: Option<CellId>, to_cell: CellId| {
        let row: Option<&IdVec<CellId, PortSetId>> = defaults.get(to_cell);
        row.zip(from_cell).and_then(|(row, from_cell)| row.get(from_cell)).copied().unwrap_or(PortSetId::EMPTY)
    };
    // Destinations by their cell and what is not the default of it.
    let mut alike: BTreeMap<(CellId, Exceptions<E>), Vec<E>> = BTreeMap::new();
    for (to, to_cell) in to_cells.of.iter().filter_map(|(to, cell)| Some((to, (*cell)?))) {
        let mut exceptions = Vec::new();
        for from in named.get(to).into_iter().flatten().copied() {
            let ports = between.pair(from, to);
            if ports != default_of(from_cells.of(from), to_cell) {
                exceptions.push((from, ports));
            }
        }
        alike.entry((to_cell, exceptions)).or_default().push(to);
    }
    let mut rows: BTreeMap<(Sources<E>, PortSetId), Vec<E>> = BTreeMap::new();
    for ((to_cell, exceptions), destinations) in alike {
        for (sources, ports) in sources_of(between, from_cells, |cell| default_of(cell, to_cell), &exceptions) {
            rows.entry((sources, ports)).or_default().extend(&destinations);
        }
    }
    let mut merged: BTreeMap<(Vec<E>, PortSetId), Vec<E>> = BTreeMap::new();
    for ((sources, ports), mut destinations) in rows {
        destinations.small_sort();
        let into = merged.entry((destinations, ports)).or_default();
        match sources {
            Sources::Classes(classes) => into.extend(classes),
            Sources::Cells(cells) => into.extend(cells.iter().flat_map(|cell| from_cells.members(*cell))),
        }
    }
    let flow = |((to, ports), mut from): ((Vec<E>, PortSetId), Vec<E>)| {
        from.small_sort();
        from.dedup();
        Flow { from: Side::Classes(from), to: Side::Classes(to), ports }
    };
    merged.into_iter().map(flow).collect()
}

/// For each cell of destinations and each of sources, what passes by default.
fn defaults<E: Id>(
    between: &mut dyn Between<E>,
    from_cells: &Cells<E>,
    to_cells: &Cells<E>,
) -> IdVec<CellId, IdVec<CellId, PortSetId>> {
    // Every cell has a member, because it is made for one.
    let representative = |members: &Vec<E>| members.first().copied();
    let from: Vec<E> = from_cells.members.values().filter_map(representative).collect();
    let to = to_cells.members.values().filter_map(representative);
    to.map(|to| from.iter().map(|from| between.default(*from, to)).collect()).collect()
}

fn default_ports(reach: &Reach, direction: Direction, subject: ClassId, peer: ClassId) -> FamilyPorts {
    reach.group(direction, subject).map_or(FamilyPorts::NONE, |group| group.by_default(reach.profile_of(peer)))
}

/// For each class the classes that may be treated otherwise than by default when they reach it, in order.
pub(crate) fn named_pairs(reach: &Reach) -> IdVec<ClassId, Vec<ClassId>> {
    let mut sources: IdVec<ClassId, Vec<ClassId>> = IdVec::filled(Vec::new(), reach.profile_of.len());
    for (class, _) in reach.classes() {
        for (to, _) in reach.group(Direction::Egress, class).into_iter().flat_map(|group| &group.exceptions) {
            if let Some(of_destination) = sources.get_mut(*to) {
                of_destination.push(class);
            }
        }
        if let (Some(group), Some(own)) = (reach.group(Direction::Ingress, class), sources.get_mut(class)) {
            own.extend(group.exceptions.iter().map(|(from, _)| *from));
        }
    }
    for of_destination in sources.values_mut() {
        of_destination.small_sort();
        of_destination.dedup();
    }
    sources
}

/// The sources of alike destinations, by what they may reach. Where the exceptions only add to the default, the default
/// stands for all of its cell, so that one row serves many destinations; else they are taken out of it.
fn sources_of<E: Id>(
    between: &mut dyn Between<E>,
    cells: &Cells<E>,
    default_of: impl Fn(Option<CellId>) -> PortSetId,
    exceptions: &[(E, PortSetId)],
) -> Vec<(Sources<E>, PortSetId)> {
    let mut found = Vec::new();
    let mut narrowed: Vec<CellId> = Vec::new();
    let mut by_ports: BTreeMap<PortSetId, Vec<E>> = BTreeMap::new();
    for (from, ports) in exceptions {
        let cell = cells.of(*from);
        if !between.covers(*ports, default_of(cell)) {
            narrowed.extend(cell);
        }
        if *ports != PortSetId::EMPTY {
            by_ports.entry(*ports).or_default().push(*from);
        }
    }
    narrowed.small_sort();
    narrowed.dedup();
    let mut whole: BTreeMap<PortSetId, Vec<CellId>> = BTreeMap::new();
    for (cell, _) in cells.members.iter() {
        let ports = default_of(Some(cell));
        if ports == PortSetId::EMPTY {
            continue;
        }
        if narrowed.binary_search(&cell).is_ok() {
            let plain = |class: &&E| exceptions.binary_search_by_key(*class, |(from, _)| *from).is_err();
            by_ports.entry(ports).or_default().extend(cells.members(cell).iter().filter(plain));
        } else {
            whole.entry(ports).or_default().push(cell);
        }
    }
    for (ports, mut classes) in by_ports {
        if !classes.is_empty() {
            classes.small_sort();
            found.push((Sources::Classes(classes), ports));
        }
    }
    found.extend(whole.into_iter().map(|(ports, cells)| (Sources::Cells(cells), ports)));
    found
}

/// The rows between pods and addresses that are no pods'. `holes` are the ranges that pods have their addresses from:
/// whatever is said of those, it is not said of anything outside.
pub(crate) fn with_outside(reach: &Reach, direction: Direction, holes: &[AddressSpan]) -> Vec<Flow> {
    let mut ranges: IdVec<GroupId, BTreeMap<PortSetId, Vec<IpNet>>> = IdVec::default();
    for group in reach.groups(direction).values() {
        let mut by_ports: BTreeMap<PortSetId, Vec<IpNet>> = BTreeMap::new();
        for stretch in bridge(&group.outside, holes) {
            if stretch.ports != PortSetId::EMPTY {
                by_ports.entry(stretch.ports).or_default().extend(prefixes(stretch.first, stretch.last, stretch.ipv6));
            }
        }
        ranges.push(by_ports);
    }
    let mut rows: BTreeMap<(&[IpNet], PortSetId), Vec<ClassId>> = BTreeMap::new();
    for (class, _) in reach.classes() {
        for (ports, nets) in reach.group_of(direction, class).and_then(|group| ranges.get(group)).into_iter().flatten()
        {
            rows.entry((nets, *ports)).or_default().push(class);
        }
    }
    rows.into_iter()
        .map(|((nets, ports), classes)| {
            let (classes, nets) = (Side::Classes(classes), Side::Addresses(nets.to_vec()));
            match direction {
                Direction::Egress => Flow { from: classes, to: nets, ports },
                Direction::Ingress => Flow { from: nets, to: classes, ports },
            }
        })
        .collect()
}

/// Takes the holes out of the stretches.
pub(crate) fn cut(stretches: &[AddressSpan], holes: &[AddressSpan]) -> Vec<AddressSpan> {
    let mut pieces: Vec<AddressSpan> = Vec::new();
    for stretch in stretches {
        let mut rest = Some(*stretch);
        for hole in holes.iter().filter(|hole| hole.ipv6 == stretch.ipv6) {
            let Some(at) = rest else { break };
            if hole.last < at.first || hole.first > at.last {
                continue;
            }
            if hole.first > at.first {
                pieces.push(AddressSpan { last: hole.first - 1, ..at });
            }
            rest = (hole.last < at.last).then(|| AddressSpan { first: hole.last + 1, ..at });
        }
        pieces.extend(rest);
    }
    pieces
}

/// Takes the holes out of the stretches, and lets a stretch run over a hole where both its sides are alike.
pub(crate) fn bridge(stretches: &[AddressSpan], holes: &[AddressSpan]) -> Vec<AddressSpan> {
    let mut bridged: Vec<AddressSpan> = Vec::new();
    for piece in cut(stretches, holes) {
        let is_hole = |first: u128, last: u128| {
            let mut at = first;
            for hole in holes.iter().filter(|hole| hole.ipv6 == piece.ipv6) {
                if hole.first <= at && at <= hole.last {
                    if hole.last >= last {
                        return true;
                    }
                    at = hole.last + 1;
                }
            }
            false
        };
        match bridged.last_mut() {
            Some(before)
                if before.ipv6 == piece.ipv6
                    && before.ports == piece.ports
                    && (before.last + 1 == piece.first || is_hole(before.last + 1, piece.first - 1)) =>
            {
                before.last = piece.last;
            }
            _ => bridged.push(piece),
        }
    }
    // A hole at the very end or beginning of the space belongs to its one neighbour.
    for hole in holes {
        for piece in bridged.iter_mut().filter(|piece| piece.ipv6 == hole.ipv6) {
            if hole.first == 0 && hole.last.checked_add(1) == Some(piece.first) {
                piece.first = 0;
            }
            if hole.last == super::super::ranges::last_of(hole.ipv6) && piece.last.checked_add(1) == Some(hole.first) {
                piece.last = hole.last;
            }
        }
    }
    bridged
}
