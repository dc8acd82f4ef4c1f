//! The pool of node ports: its range, its static and dynamic band, and who holds which port
//! (`pkg/registry/core/service/portallocator`, Kubernetes v1.36.3). The protocol does not count: a number is held once.

use super::runs::Runs;
use super::{Claim, ClaimRange, Denied};
use crate::api::resource::ObjectKey;
use portolan_base::collections::{BTreeMap, BTreeSet};

/// The node ports of a cluster and who holds which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePorts {
    first: u16,
    last: u16,
    taken: BTreeMap<u16, ObjectKey>,
    /// The same ports as runs.
    runs: Runs,
}

impl NodePorts {
    /// A pool with nothing taken, over first and last port.
    pub fn new((first, last): (u16, u16)) -> Self {
        NodePorts { first, last: last.max(first), taken: BTreeMap::new(), runs: Runs::default() }
    }

    /// Whether the port is in the range.
    pub fn contains(&self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// The range, first to last.
    pub fn range(&self) -> std::ops::RangeInclusive<u16> {
        self.first..=self.last
    }

    /// The error for a port that is not in it.
    pub fn not_in_range(&self) -> Denied {
        Denied::PortNotInRange { first: self.first, last: self.last }
    }

    /// Who holds the port.
    pub fn holder(&self, port: u16) -> Option<&ObjectKey> {
        self.taken.get(&port)
    }

    /// Every port that is taken, with its holder.
    pub fn taken(&self) -> impl Iterator<Item = (u16, &ObjectKey)> {
        self.taken.iter().map(|(port, owner)| (*port, owner))
    }

    /// Books the port, unless another holds it. Tells whether the owner holds it now.
    pub fn hold(&mut self, port: u16, owner: &ObjectKey) -> bool {
        if let Some(holder) = self.taken.get(&port) {
            return holder == owner;
        }
        self.taken.insert(port, owner.clone());
        self.runs.take(u128::from(port));
        true
    }

    /// Gives the port back where the owner holds it.
    pub fn release(&mut self, port: u16, owner: &ObjectKey) {
        if self.holder(port) == Some(owner) {
            self.taken.remove(&port);
            self.runs.give_back(u128::from(port));
        }
    }

    /// How many ports, from the first, are kept for authors who choose: `min(max(16, size/32), 128)`, none where the range
    /// has 16 ports or fewer (`calculateRangeOffset`).
    pub fn static_band(&self) -> u16 {
        match u32::from(self.last - self.first) + 1 {
            0..=16 => 0,
            size => u16::try_from((size / 32).clamp(16, 128)).unwrap_or(128),
        }
    }

    /// The next free port beside those of `reserved`: of the dynamic band from a place that the seed gives, around, then of
    /// the static band likewise (`randomScanStrategyWithOffset`); nothing where the range is full. `passed` gets the runs
    /// of taken ports before it.
    pub(super) fn next_free(&self, seed: u64, reserved: &BTreeSet<u16>, passed: &mut Vec<ClaimRange>) -> Option<u16> {
        let (first, end) = (u32::from(self.first), u32::from(self.last) + 1);
        let split = first + u32::from(self.static_band());
        let around = |from: u32, to: u32| {
            let start = from + u32::try_from(seed.checked_rem(u64::from(to - from)).unwrap_or(0)).unwrap_or(0);
            [(start, to), (from, start)].into_iter().filter(|(from, to)| from < to)
        };
        let port = |number: u128| u16::try_from(number).unwrap_or(u16::MAX);
        let claim = |number: u128| Claim::Port(port(number));
        let is_reserved = |number: u128| reserved.contains(&port(number));
        let free = around(split, end).chain(around(first, split)).find_map(|(from, to)| {
            let mut note = |first, last| passed.push(ClaimRange { first: claim(first), last: claim(last) });
            self.runs.first_free((from.into(), u128::from(to) - 1), &is_reserved, &mut note)
        });
        free.map(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_as_the_enhancement_proposal_3668_tells() {
        assert_eq!(NodePorts::new((30000, 32767)).static_band(), 86);
        assert_eq!(NodePorts::new((30000, 30015)).static_band(), 0);
        assert_eq!(NodePorts::new((30000, 30016)).static_band(), 16);
        assert_eq!(NodePorts::new((1, 65535)).static_band(), 128);
    }

    #[test]
    fn every_port_is_given_once_and_the_dynamic_band_first() {
        for (range, seed) in [((30000, 32767), 12345), ((30000, 30015), 5), ((65000, 65535), u64::MAX)] {
            let mut pool = NodePorts::new(range);
            let mut tried: Vec<u16> = Vec::new();
            let mut passed = Vec::new();
            while let Some(port) = pool.next_free(seed, &BTreeSet::new(), &mut passed) {
                assert!(passed.len() <= 4, "a few runs, not one for each of {} ports", tried.len());
                passed.clear();
                assert!(pool.hold(port, &ObjectKey::new("a", "b")));
                tried.push(port);
            }
            let mut sorted = tried.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (range.0..=range.1).collect::<Vec<u16>>());
            let split = range.0 + pool.static_band();
            let dynamic = range.1 - split + 1;
            assert!(tried[..usize::from(dynamic)].iter().all(|port| *port >= split));
            assert_eq!(tried[0], split + u16::try_from(seed % u64::from(dynamic)).unwrap());
        }
    }
}
