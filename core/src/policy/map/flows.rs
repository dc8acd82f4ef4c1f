//! Everything that may reach everything, over classes: a row is a set of sources, a set of destinations and a set of
//! ports, and the rows together are exactly what the policies let through.
//!
//! Nearly all pairs follow from the shapes of their two groups (what the groups let through by default). Only pairs that
//! a narrow rule names are looked at one by one. Destinations whose sources are the same in all make one row.

use super::super::ranges::{NOWHERE, prefixes};
use super::super::reach::{NONE, Reach, Stretch};
use super::super::rule::Direction;
use super::super::selector::number;
use super::super::table::Interned;
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// One side of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// These classes, in order.
    Classes(Vec<u32>),
    /// These addresses, which are no pods'.
    Addresses(Vec<IpNet>),
}

/// One row: every source may reach every destination on the ports, by their number in [`Reach::ports`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow {
    pub(crate) from: Side,
    pub(crate) to: Side,
    pub(crate) ports: u32,
}

/// The sources of a row while rows are being merged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sources {
    /// All classes of these cells.
    Cells(Vec<u32>),
    Classes(Vec<u32>),
}

/// Sources that are not treated by default, and the number of what they may reach.
type Exceptions = Vec<(u32, u32)>;

/// Classes that are alike as long as no exception names them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells {
    /// The cell of each class.
    of: Vec<u32>,
    /// The classes of each cell, in order.
    members: Vec<Vec<u32>>,
}

impl Cells {
    /// The cells of classes, given in order, that have the same key.
    pub(crate) fn new(keys: impl Iterator<Item = (u32, Box<[u32]>)>) -> Self {
        let mut numbers: Interned<Box<[u32]>> = Interned::default();
        let mut cells = Cells::default();
        for (class, key) in keys {
            let cell = numbers.take_up(key);
            cells.of.resize(class as usize, NOWHERE);
            cells.of.push(cell);
            cells.members.resize(numbers.len(), Vec::new());
            if let Some(members) = cells.members.get_mut(cell as usize) {
                members.push(class);
            }
        }
        cells
    }

    /// Classes whose groups let the same through by default, and whom groups treat the same by default.
    pub(crate) fn of_reach(reach: &Reach, direction: Direction) -> Self {
        let mut shapes: Interned<&[u32]> = Interned::default();
        let shape_of: Vec<u32> =
            reach.groups(direction).iter().map(|group| shapes.take_up(group.defaults.as_slice())).collect();
        let shape = |class| shape_of.get(reach.group_of(direction, class) as usize).copied().unwrap_or_default();
        Cells::new(reach.classes().map(|(class, profile)| (class, Box::from([shape(class), profile]))))
    }

    pub(crate) fn of(&self, class: u32) -> u32 {
        self.of.get(class as usize).copied().unwrap_or(NOWHERE)
    }

    fn members(&self, cell: u32) -> &[u32] {
        self.members.get(cell as usize).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What passes between classes, as numbers of sets of ports.
pub(crate) trait Between {
    /// From one class to another.
    fn pair(&mut self, from: u32, to: u32) -> u32;
    /// The same, as far as no exception names them.
    fn default(&mut self, from: u32, to: u32) -> u32;
    /// Whether the first set holds every port of the second.
    fn covers(&mut self, one: u32, other: u32) -> bool;
}

impl Between for Reach {
    fn pair(&mut self, from: u32, to: u32) -> u32 {
        self.between(from, to)
    }

    fn default(&mut self, from: u32, to: u32) -> u32 {
        let out = default_ports(self, Direction::Egress, from, to);
        let into = default_ports(self, Direction::Ingress, to, from);
        self.ports.common(out, into)
    }

    fn covers(&mut self, one: u32, other: u32) -> bool {
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
pub(crate) fn rows([from_cells, to_cells]: &[Cells; 2], named: &[Vec<u32>], between: &mut dyn Between) -> Vec<Flow> {
    let defaults = defaults(between, from_cells, to_cells);
    let default_of = |from_cell: u32, to_cell: u32| {
        defaults.get(to_cell as usize).and_then(|row: &Vec<u32>| row.get(from_cell as usize)).copied().unwrap_or(NONE)
    };
    // Destinations by their cell and what is not the default of it.
    let mut alike: BTreeMap<(u32, Exceptions), Vec<u32>> = BTreeMap::new();
    for (to, to_cell) in (0..).zip(to_cells.of.iter().copied()).filter(|(_, cell)| *cell != NOWHERE) {
        let mut exceptions = Vec::new();
        for from in named.get(to as usize).into_iter().flatten().copied() {
            let ports = between.pair(from, to);
            if ports != default_of(from_cells.of(from), to_cell) {
                exceptions.push((from, ports));
            }
        }
        alike.entry((to_cell, exceptions)).or_default().push(to);
    }
    let mut rows: BTreeMap<(Sources, u32), Vec<u32>> = BTreeMap::new();
    for ((to_cell, exceptions), destinations) in alike {
        for (sources, ports) in sources_of(between, from_cells, |cell| default_of(cell, to_cell), &exceptions) {
            rows.entry((sources, ports)).or_default().extend(&destinations);
        }
    }
    let mut merged: BTreeMap<(Vec<u32>, u32), Vec<u32>> = BTreeMap::new();
    for ((sources, ports), mut destinations) in rows {
        destinations.small_sort();
        let into = merged.entry((destinations, ports)).or_default();
        match sources {
            Sources::Classes(classes) => into.extend(classes),
            Sources::Cells(cells) => into.extend(cells.iter().flat_map(|cell| from_cells.members(*cell))),
        }
    }
    let flow = |((to, ports), mut from): ((Vec<u32>, u32), Vec<u32>)| {
        from.small_sort();
        from.dedup();
        Flow { from: Side::Classes(from), to: Side::Classes(to), ports }
    };
    merged.into_iter().map(flow).collect()
}

/// For each cell of destinations and each of sources, what passes by default.
fn defaults(between: &mut dyn Between, from_cells: &Cells, to_cells: &Cells) -> Vec<Vec<u32>> {
    let representative = |members: &Vec<u32>| members.first().copied().unwrap_or_default();
    let from: Vec<u32> = from_cells.members.iter().map(representative).collect();
    let to = to_cells.members.iter().map(representative);
    to.map(|to| from.iter().map(|from| between.default(*from, to)).collect()).collect()
}

fn default_ports(reach: &Reach, direction: Direction, subject: u32, peer: u32) -> u32 {
    let profile = reach.profile_of(peer) as usize;
    reach.group(direction, subject).and_then(|group| group.defaults.get(profile)).copied().unwrap_or(NONE)
}

/// For each class the classes that may be treated otherwise than by default when they reach it, in order.
pub(crate) fn named_pairs(reach: &Reach) -> Vec<Vec<u32>> {
    let mut sources: Vec<Vec<u32>> = vec![Vec::new(); reach.profile_of.len()];
    for (class, _) in reach.classes() {
        for (to, _) in reach.group(Direction::Egress, class).into_iter().flat_map(|group| &group.exceptions) {
            if let Some(of_destination) = sources.get_mut(*to as usize) {
                of_destination.push(class);
            }
        }
        if let (Some(group), Some(own)) = (reach.group(Direction::Ingress, class), sources.get_mut(class as usize)) {
            own.extend(group.exceptions.iter().map(|(from, _)| *from));
        }
    }
    for of_destination in &mut sources {
        of_destination.small_sort();
        of_destination.dedup();
    }
    sources
}

/// The sources of alike destinations, by what they may reach. Where the exceptions only add to the default, the default
/// stands for all of its cell, so that one row serves many destinations; else they are taken out of it.
fn sources_of(
    between: &mut dyn Between,
    cells: &Cells,
    default_of: impl Fn(u32) -> u32,
    exceptions: &[(u32, u32)],
) -> Vec<(Sources, u32)> {
    let mut found = Vec::new();
    let mut narrowed: Vec<u32> = Vec::new();
    let mut by_ports: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (from, ports) in exceptions {
        let cell = cells.of(*from);
        if !between.covers(*ports, default_of(cell)) {
            narrowed.push(cell);
        }
        if *ports != NONE {
            by_ports.entry(*ports).or_default().push(*from);
        }
    }
    narrowed.small_sort();
    narrowed.dedup();
    let mut whole: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for cell in (0..cells.members.len()).map(number) {
        let ports = default_of(cell);
        if ports == NONE {
            continue;
        }
        if narrowed.binary_search(&cell).is_ok() {
            let plain = |class: &&u32| exceptions.binary_search_by_key(*class, |(from, _)| *from).is_err();
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
pub(crate) fn with_outside(reach: &Reach, direction: Direction, holes: &[Stretch]) -> Vec<Flow> {
    let mut ranges: Vec<BTreeMap<u32, Vec<IpNet>>> = Vec::new();
    for group in reach.groups(direction) {
        let mut by_ports: BTreeMap<u32, Vec<IpNet>> = BTreeMap::new();
        for stretch in bridge(&group.outside, holes) {
            if stretch.ports != NONE {
                by_ports.entry(stretch.ports).or_default().extend(prefixes(stretch.first, stretch.last, stretch.ipv6));
            }
        }
        ranges.push(by_ports);
    }
    let mut rows: BTreeMap<(&[IpNet], u32), Vec<u32>> = BTreeMap::new();
    for (class, _) in reach.classes() {
        for (ports, nets) in ranges.get(reach.group_of(direction, class) as usize).into_iter().flatten() {
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
pub(crate) fn cut(stretches: &[Stretch], holes: &[Stretch]) -> Vec<Stretch> {
    let mut pieces: Vec<Stretch> = Vec::new();
    for stretch in stretches {
        let mut rest = Some(*stretch);
        for hole in holes.iter().filter(|hole| hole.ipv6 == stretch.ipv6) {
            let Some(at) = rest else { break };
            if hole.last < at.first || hole.first > at.last {
                continue;
            }
            if hole.first > at.first {
                pieces.push(Stretch { last: hole.first - 1, ..at });
            }
            rest = (hole.last < at.last).then(|| Stretch { first: hole.last + 1, ..at });
        }
        pieces.extend(rest);
    }
    pieces
}

/// Takes the holes out of the stretches, and lets a stretch run over a hole where both its sides are alike.
pub(crate) fn bridge(stretches: &[Stretch], holes: &[Stretch]) -> Vec<Stretch> {
    let mut bridged: Vec<Stretch> = Vec::new();
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
