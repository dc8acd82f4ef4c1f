//! The pods by id, name and address: a question names an end, and the class and the address families of its pod go out.

use super::ids::{ClassId, PodId};
use super::index::Families;
use super::store::{HashIndex, hash_of};
use crate::ids::{IdVec, to_u32};
use std::net::{IpAddr, Ipv4Addr};

/// What a verdict reads of a pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodRecord {
    /// None for a pod on its node's network.
    pub(super) class: Option<ClassId>,
    pub(super) families: Families,
    /// The positions at which its namespace and name begin and end in the names of all pods.
    name: [u32; 2],
}

// Four fit a cache line: the records of a cluster's pods should fit the processor's cache.
const _: () = assert!(size_of::<PodRecord>() == 16);

impl PodRecord {
    pub(super) const UNKNOWN: PodRecord = PodRecord { class: None, families: Families::NONE, name: [0; 2] };

    /// The record of a pod of that class with addresses of those families.
    pub(super) fn new(class: Option<ClassId>, families: Families) -> Self {
        PodRecord { class, families, ..PodRecord::UNKNOWN }
    }
}

/// Separates a namespace from a name; no UTF-8 text contains it.
const BETWEEN: u8 = 0xFF;

/// The records of all pods, by pod.
#[derive(Clone, Debug, Default)]
pub(super) struct PodIndex {
    records: IdVec<PodId, PodRecord>,
    /// Namespaces and names one behind another, so comparing one costs one access to memory.
    names: Vec<u8>,
    /// How many bytes of the names belong to no pod any more.
    waste: usize,
    by_name: HashIndex<PodId>,
    by_ipv4: HashIndex<PodId>,
    by_ipv6: HashIndex<PodId>,
}

impl PodIndex {
    pub(super) fn get(&self, pod: PodId) -> Option<&PodRecord> {
        self.records.get(pod)
    }

    /// Moves a pod to another class.
    pub(super) fn set_class(&mut self, pod: PodId, class: ClassId) {
        if let Some(record) = self.records.get_mut(pod) {
            record.class = Some(class);
        }
    }

    /// The pod of that namespace and name.
    pub(super) fn named(&self, namespace: &str, name: &str) -> Option<PodId> {
        let (first, last) = (namespace.len(), namespace.len() + 1 + name.len());
        self.by_name.find(name_hash(namespace, name), |at| {
            // Comparing by the wanted length does not wait until the pod's own length has come from memory.
            let start = self.get(at).map(|record| record.name[0] as usize).unwrap_or_default();
            let is =
                |part: &str, from: usize, to: usize| self.names.get(start + from..start + to) == Some(part.as_bytes());
            is(namespace, 0, first)
                && is(name, first + 1, last)
                && self.name(at).len() == last
                && self.names.get(start + first) == Some(&BETWEEN)
        })
    }

    /// The namespace and name of a pod, as they are ordered.
    fn name(&self, pod: PodId) -> &[u8] {
        let [start, end] = self.get(pod).map(|record| record.name).unwrap_or_default();
        self.names.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The pod of an address: of several, the first by namespace and name. `has` says whether a pod has that address; it
    /// is called for few pods.
    pub(super) fn addressed(&self, address: IpAddr, has: impl Fn(PodId) -> bool) -> Option<PodId> {
        let parts = |at| self.name(at).split(|byte| *byte == BETWEEN);
        let mut first: Option<PodId> = None;
        let (table, hash) = self.by_address(address);
        let _ = table.find(hash, |at| {
            let is_its = address.is_ipv4() || has(at);
            if is_its && first.is_none_or(|other| parts(at).lt(parts(other))) {
                first = Some(at);
            }
            false
        });
        first
    }

    fn by_address(&self, address: IpAddr) -> (&HashIndex<PodId>, u32) {
        match address {
            IpAddr::V4(address) => (&self.by_ipv4, ipv4_hash(address)),
            IpAddr::V6(_) => (&self.by_ipv6, hash_of(&address)),
        }
    }

    fn by_address_mut(&mut self, address: IpAddr) -> (&mut HashIndex<PodId>, u32) {
        match address {
            IpAddr::V4(address) => (&mut self.by_ipv4, ipv4_hash(address)),
            IpAddr::V6(_) => (&mut self.by_ipv6, hash_of(&address)),
        }
    }

    /// Adds a pod, which the addresses find from now on.
    pub(super) fn set(
        &mut self,
        at: PodId,
        record: PodRecord,
        (namespace, name): (&str, &str),
        addresses: impl Iterator<Item = IpAddr>,
    ) {
        let start = to_u32(self.names.len());
        self.names.extend_from_slice(namespace.as_bytes());
        self.names.push(BETWEEN);
        self.names.extend_from_slice(name.as_bytes());
        let record = PodRecord { name: [start, to_u32(self.names.len())], ..record };
        self.records.set(at, record);
        self.by_name.insert(name_hash(namespace, name), at);
        for address in addresses {
            let (table, hash) = self.by_address_mut(address);
            table.insert(hash, at);
        }
    }

    /// Removes a pod of that namespace and name, and the addresses that find it.
    pub(super) fn remove(
        &mut self,
        at: PodId,
        (namespace, name): (&str, &str),
        addresses: impl Iterator<Item = IpAddr>,
    ) {
        self.waste += self.name(at).len();
        self.by_name.remove(name_hash(namespace, name), at);
        for address in addresses {
            let (table, hash) = self.by_address_mut(address);
            table.remove(hash, at);
        }
        self.records.set(at, PodRecord::UNKNOWN);
        if self.waste > 10_000 && self.waste * 2 > self.names.len() {
            self.pack_names();
        }
    }

    fn pack_names(&mut self) {
        let before = std::mem::take(&mut self.names);
        self.waste = 0;
        for record in self.records.values_mut() {
            let [start, end] = record.name;
            let moved = to_u32(self.names.len());
            self.names.extend_from_slice(before.get(start as usize..end as usize).unwrap_or_default());
            record.name = [moved, to_u32(self.names.len())];
        }
    }
}

/// The hash of a pod's namespace and name.
fn name_hash(namespace: &str, name: &str) -> u32 {
    hash_of(&(namespace, name))
}

/// A hash that no other IPv4 address has, because each of its steps can be inverted. So a pod is known to have an address
/// without a look at the pod.
fn ipv4_hash(address: Ipv4Addr) -> u32 {
    let mut mixed = address.to_bits();
    // The multiplier is 2^32 divided by the golden ratio, as in D. Knuth's multiplicative hashing, and odd.
    for shift in [16, 15, 16] {
        mixed = (mixed ^ (mixed >> shift)).wrapping_mul(0x9E37_79B1);
    }
    mixed ^ (mixed >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id as _;

    fn pod(at: u32) -> PodId {
        PodId::from_index(at as usize)
    }

    fn records(count: u32) -> PodIndex {
        let mut records = PodIndex::default();
        for at in 0..count {
            let record = PodRecord::new(Some(ClassId::from_index(at as usize)), Families::NONE);
            records.set(pod(at), record, ("default", &format!("pod-{at}")), addresses(at));
        }
        records
    }

    /// Every address is that of two pods.
    fn addresses(at: u32) -> impl Iterator<Item = IpAddr> {
        [IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + at / 2)), IpAddr::V6(u128::from(at / 2).into())].into_iter()
    }

    #[test]
    fn a_pod_is_found_by_its_name_and_the_first_of_several_by_an_address() {
        let records = records(100);
        for at in 0..100 {
            assert_eq!(records.named("default", &format!("pod-{at}")), Some(pod(at)));
            for address in addresses(at) {
                // `pod-10` comes before `pod-11`, as `pod-8` before `pod-9`.
                assert_eq!(
                    records.addressed(address, |other| other.index() / 2 == at as usize / 2),
                    Some(pod(at / 2 * 2))
                );
            }
        }
        assert_eq!(records.named("defaultp", "od-1"), None);
        assert_eq!(records.addressed(IpAddr::V4(Ipv4Addr::LOCALHOST), |_| true), None);
    }

    #[test]
    fn namespaces_come_before_names_in_order() {
        let mut records = PodIndex::default();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for (at, key) in [("ab", "a"), ("a", "z")].into_iter().enumerate() {
            records.set(PodId::from_index(at), PodRecord::new(None, Families::NONE), key, std::iter::once(address));
        }
        assert_eq!(records.addressed(address, |_| false), Some(pod(1)));
    }

    #[test]
    fn what_is_left_is_found_after_others_have_gone() {
        let mut records = records(4_000);
        for at in (0..4_000).filter(|at| at % 8 != 1) {
            records.remove(pod(at), ("default", &format!("pod-{at}")), addresses(at));
        }
        assert!(records.waste < 10_000 && records.names.len() < 20_000, "{} of {}", records.waste, records.names.len());
        for at in 0..4_000 {
            let found = (at % 8 == 1).then_some(pod(at));
            assert_eq!(records.named("default", &format!("pod-{at}")), found);
            let v4 = addresses(at).next().unwrap();
            assert_eq!(records.addressed(v4, |_| false), (at % 8 < 2).then_some(pod(at / 2 * 2 + 1)));
        }
        records.set(pod(0), PodRecord::new(None, Families::NONE), ("default", "again"), addresses(0));
        assert_eq!(
            (records.named("default", "again"), records.name(pod(0))),
            (Some(pod(0)), b"default\xFFagain".as_slice())
        );
    }

    #[test]
    fn no_two_addresses_have_the_same_hash() {
        let mut hashes: Vec<u32> = (0..200_000).map(|at| ipv4_hash(Ipv4Addr::from_bits(at * 21_000))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200_000);
    }
}
