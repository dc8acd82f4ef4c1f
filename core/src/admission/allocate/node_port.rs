//! The pool of node ports: its range, its static and dynamic band, and who holds which port
//! (`pkg/registry/core/service/portallocator`, Kubernetes v1.36.3). The protocol does not count: a number is held once.

use super::Denied;
use crate::api::resource::ObjectKey;
use portolan_base::collections::BTreeMap;

/// The node ports of a cluster and who holds which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePorts {
    first: u16,
    last: u16,
    taken: BTreeMap<u16, ObjectKey>,
}

impl NodePorts {
    /// A pool with nothing taken, over first and last port.
    pub fn new((first, last): (u16, u16)) -> Self {
        NodePorts { first, last: last.max(first), taken: BTreeMap::new() }
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
        self.taken.entry(port).or_insert_with(|| owner.clone()) == owner
    }

    /// Gives the port back where the owner holds it.
    pub fn release(&mut self, port: u16, owner: &ObjectKey) {
        if self.holder(port) == Some(owner) {
            self.taken.remove(&port);
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

    /// The ports in the order in which they are tried: the dynamic band from a place that the seed gives, around, then
    /// the static band likewise (`randomScanStrategyWithOffset`).
    pub fn candidates(&self, seed: u64) -> impl Iterator<Item = u16> + use<> {
        let (first, end) = (u32::from(self.first), u32::from(self.last) + 1);
        let split = first + u32::from(self.static_band());
        let around = move |from: u32, to: u32| {
            let start = from + u32::try_from(seed.checked_rem(u64::from(to - from)).unwrap_or(0)).unwrap_or(0);
            (start..to).chain(from..start)
        };
        around(split, end).chain(around(first, split)).filter_map(|port| u16::try_from(port).ok())
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
    fn every_port_is_tried_once_and_the_dynamic_band_first() {
        for (range, seed) in [((30000, 32767), 12345), ((30000, 30015), 5), ((65000, 65535), u64::MAX)] {
            let pool = NodePorts::new(range);
            let tried: Vec<u16> = pool.candidates(seed).collect();
            let mut sorted = tried.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (range.0..=range.1).collect::<Vec<u16>>());
            let split = range.0 + pool.static_band();
            let dynamic = usize::from(range.1 - split) + 1;
            assert!(tried[..dynamic].iter().all(|port| *port >= split));
        }
    }
}
