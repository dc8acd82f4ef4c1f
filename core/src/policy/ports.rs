//! Protocols and ports: what a rule lists, and sets of ports as intervals.

use super::ids::PortNameId;
use crate::net::Protocol;
use portolan_base::sort::SmallSort as _;
use std::fmt;

/// One entry of a rule's list of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PortMatch {
    /// These ports of one protocol, both ends included.
    Range(Protocol, u16, u16),
    /// The ports of the destination pod with that name; of one protocol, or of whichever the pod declares.
    Named(Option<Protocol>, PortNameId),
    /// An entry that says nothing a port could match.
    Nothing,
}

/// A port of a pod whose name some rule mentions: (name, protocol, number).
pub(crate) type NamedPort = (PortNameId, Protocol, u16);

impl PortMatch {
    /// Whether the port is meant by its number.
    pub(crate) fn matches(self, port: u16, protocol: Protocol) -> bool {
        matches!(self, PortMatch::Range(wanted, first, last) if wanted == protocol && first <= port && port <= last)
    }
}

/// A set of ports: for each protocol, intervals in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortSet {
    intervals: [Vec<(u16, u16)>; 3],
}

/// Every port of a protocol: 0 is none that anything listens on.
pub(crate) const EVERY: (u16, u16) = (1, u16::MAX);

impl PortSet {
    /// Every port of every protocol.
    pub fn all() -> Self {
        PortSet { intervals: [vec![EVERY], vec![EVERY], vec![EVERY]] }
    }

    /// No port.
    pub fn none() -> Self {
        PortSet::default()
    }

    /// Ports of one protocol, both ends included.
    pub fn range(protocol: Protocol, first: u16, last: u16) -> Self {
        let mut set = PortSet::none();
        let first = first.max(1);
        if first <= last {
            set.of_mut(protocol).push((first, last));
        }
        set
    }

    /// The set of an entry of a rule; `named` are the destination pod's named ports.
    pub(crate) fn of_match(entry: PortMatch, named: &[NamedPort]) -> Self {
        match entry {
            PortMatch::Range(protocol, first, last) => PortSet::range(protocol, first, last),
            PortMatch::Named(wanted, name) => named
                .iter()
                .filter(|(known, protocol, _)| *known == name && wanted.is_none_or(|wanted| wanted == *protocol))
                .fold(PortSet::none(), |set, (_, protocol, port)| set.union(&PortSet::range(*protocol, *port, *port))),
            PortMatch::Nothing => PortSet::none(),
        }
    }

    /// Its intervals of one protocol.
    pub fn of(&self, protocol: Protocol) -> &[(u16, u16)] {
        let [tcp, udp, sctp] = &self.intervals;
        match protocol {
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
            Protocol::Sctp => sctp,
        }
    }

    fn of_mut(&mut self, protocol: Protocol) -> &mut Vec<(u16, u16)> {
        let [tcp, udp, sctp] = &mut self.intervals;
        match protocol {
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
            Protocol::Sctp => sctp,
        }
    }

    /// Whether no port is in it.
    pub fn is_empty(&self) -> bool {
        self.intervals.iter().all(Vec::is_empty)
    }

    /// Whether every port of every protocol is in it.
    pub fn is_all(&self) -> bool {
        self.intervals.iter().all(|intervals| intervals.as_slice() == [EVERY])
    }

    /// Whether the port is in it.
    pub fn contains(&self, port: u16, protocol: Protocol) -> bool {
        self.of(protocol).iter().any(|(first, last)| *first <= port && port <= *last)
    }

    /// Whether every port of the other is in it.
    pub fn covers(&self, other: &PortSet) -> bool {
        other.without(self).is_empty()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &PortSet) -> PortSet {
        self.merge(other, |ours, theirs| ours || theirs)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &PortSet) -> PortSet {
        self.merge(other, |ours, theirs| ours && theirs)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn without(&self, other: &PortSet) -> PortSet {
        self.merge(other, |ours, theirs| ours && !theirs)
    }

    fn merge(&self, other: &PortSet, keep: fn(bool, bool) -> bool) -> PortSet {
        let mut merged = PortSet::none();
        for protocol in Protocol::ALL {
            *merged.of_mut(protocol) = merge(self.of(protocol), other.of(protocol), keep);
        }
        merged
    }
}

impl fmt::Display for PortSet {
    /// `all`, `none`, or `TCP 80,443,8000-8999; UDP all`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return formatter.write_str("all");
        }
        if self.is_empty() {
            return formatter.write_str("none");
        }
        let mut separator = "";
        for protocol in Protocol::ALL {
            let intervals = self.of(protocol);
            if intervals.is_empty() {
                continue;
            }
            write!(formatter, "{separator}{protocol} ")?;
            separator = "; ";
            for (position, (first, last)) in intervals.iter().enumerate() {
                let comma = if position == 0 { "" } else { "," };
                match (*first, *last) {
                    EVERY => write!(formatter, "{comma}all")?,
                    (first, last) if first == last => write!(formatter, "{comma}{first}")?,
                    (first, last) => write!(formatter, "{comma}{first}-{last}")?,
                }
            }
        }
        Ok(())
    }
}

/// Walks over the ends of both lists of intervals and keeps the stretches that `keep` wants.
fn merge(ours: &[(u16, u16)], theirs: &[(u16, u16)], keep: fn(bool, bool) -> bool) -> Vec<(u16, u16)> {
    // Most sets are of no port or of all, or both are the same: then nothing has to be cut.
    let is_even = |set: &[(u16, u16)]| set.is_empty() || set == [EVERY];
    let whole = |wanted: bool| if wanted { vec![EVERY] } else { Vec::new() };
    let (first, second) = (!ours.is_empty(), !theirs.is_empty());
    match (is_even(ours), is_even(theirs)) {
        (true, true) => return whole(keep(first, second)),
        (_, true) => match (keep(true, second), keep(false, second)) {
            (true, false) => return ours.to_vec(),
            (true, true) | (false, false) => return whole(keep(true, second)),
            (false, true) => {}
        },
        (true, _) => match (keep(first, true), keep(first, false)) {
            (true, false) => return theirs.to_vec(),
            (true, true) | (false, false) => return whole(keep(first, true)),
            (false, true) => {}
        },
        (false, false) if ours == theirs && !keep(false, false) => {
            return if keep(true, true) { ours.to_vec() } else { Vec::new() };
        }
        (false, false) => {}
    }
    let mut cuts: Vec<u32> = ours
        .iter()
        .chain(theirs)
        .flat_map(|(first, last)| [u32::from(*first), u32::from(*last) + 1])
        .chain([1, 0x1_0000])
        .collect();
    cuts.small_sort();
    cuts.dedup();
    let inside = |intervals: &[(u16, u16)], at: u32| {
        intervals.iter().any(|(first, last)| u32::from(*first) <= at && at <= u32::from(*last))
    };
    let mut kept: Vec<(u16, u16)> = Vec::new();
    for (start, end) in cuts.iter().zip(cuts.iter().skip(1)) {
        if !keep(inside(ours, *start), inside(theirs, *start)) {
            continue;
        }
        let (Ok(first), Ok(last)) = (u16::try_from(*start), u16::try_from(*end - 1)) else { continue };
        match kept.last_mut() {
            Some((_, before)) if u32::from(*before) + 1 == *start => *before = last,
            _ => kept.push((first, last)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_ports_follow_set_algebra() {
        let web = PortSet::range(Protocol::Tcp, 80, 90).union(&PortSet::range(Protocol::Tcp, 91, 91));
        assert_eq!(web.of(Protocol::Tcp), [(80, 91)]);
        let rest = PortSet::all().without(&web);
        assert_eq!(rest.of(Protocol::Tcp), [(1, 79), (92, 65535)]);
        assert!(rest.union(&web).is_all());
        assert!(rest.intersection(&web).is_empty());
        assert!(PortSet::all().covers(&web) && !web.covers(&PortSet::all()));
        assert_eq!(rest.to_string(), "TCP 1-79,92-65535; UDP all; SCTP all");
    }
}
