//! Where to begin with a pod: what a question about one needs first, close together, by its number, its name or its
//! address.

use super::index::Families;
use super::selector::number;
use super::table::{Table, hash_of, put_at};
use std::net::{IpAddr, Ipv4Addr};

/// Stands for no class.
pub(super) const NOBODY: u32 = u32::MAX;

/// Of a pod what a verdict needs first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    /// Its class, or [`NOBODY`].
    pub(super) class: u32,
    pub(super) families: Families,
    /// Where its namespace and name stand in the text of all, and where they end.
    name: [u32; 2],
}

// Few to a line of the processor's cache: a cluster's pods should find room in it.
const _: () = assert!(size_of::<Spot>() == 16);

impl Spot {
    pub(super) const NOBODYS: Spot = Spot { class: NOBODY, families: Families::NONE, name: [0; 2] };

    /// The spot of a pod of that class with addresses of those families.
    pub(super) fn new(class: Option<u32>, families: Families) -> Self {
        Spot { class: class.unwrap_or(NOBODY), families, ..Spot::NOBODYS }
    }
}

/// Stands between a namespace and a name; no text contains it.
const BETWEEN: u8 = 0xFF;

/// The spots of all pods, by the pods' numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Spots {
    spots: Vec<Spot>,
    /// Namespaces and names one behind another, so that comparing one costs one look into memory.
    names: Vec<u8>,
    /// How much of the names no pod has any more.
    waste: usize,
    by_name: Table,
    by_ipv4: Table,
    by_ipv6: Table,
}

impl Spots {
    pub(super) fn get(&self, pod: u32) -> Option<&Spot> {
        self.spots.get(pod as usize)
    }

    /// Moves a pod to another class.
    pub(super) fn set_class(&mut self, pod: u32, class: u32) {
        if let Some(spot) = self.spots.get_mut(pod as usize) {
            spot.class = class;
        }
    }

    /// The pod of that namespace and name.
    pub(super) fn named(&self, namespace: &str, name: &str) -> Option<u32> {
        let (first, last) = (namespace.len(), namespace.len() + 1 + name.len());
        self.by_name.find(name_hash(namespace, name), |at| {
            // As long as what is asked for, which is known before the pod's own length has come from memory.
            let start = self.get(at).map(|spot| spot.name[0] as usize).unwrap_or_default();
            let is =
                |part: &str, from: usize, to: usize| self.names.get(start + from..start + to) == Some(part.as_bytes());
            is(namespace, 0, first)
                && is(name, first + 1, last)
                && self.name(at).len() == last
                && self.names.get(start + first) == Some(&BETWEEN)
        })
    }

    /// The namespace and name of a pod, as they are ordered.
    fn name(&self, pod: u32) -> &[u8] {
        let [start, end] = self.get(pod).map(|spot| spot.name).unwrap_or_default();
        self.names.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The pod of an address: of several, the first by namespace and name. `has` says whether a pod has that address; it
    /// is asked about few.
    pub(super) fn addressed(&self, address: IpAddr, has: impl Fn(u32) -> bool) -> Option<u32> {
        let parts = |at| self.name(at).split(|byte| *byte == BETWEEN);
        let mut first: Option<u32> = None;
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

    fn by_address(&self, address: IpAddr) -> (&Table, u32) {
        match address {
            IpAddr::V4(address) => (&self.by_ipv4, ipv4_hash(address)),
            IpAddr::V6(_) => (&self.by_ipv6, hash_of(&address)),
        }
    }

    fn by_address_mut(&mut self, address: IpAddr) -> (&mut Table, u32) {
        match address {
            IpAddr::V4(address) => (&mut self.by_ipv4, ipv4_hash(address)),
            IpAddr::V6(_) => (&mut self.by_ipv6, hash_of(&address)),
        }
    }

    /// Puts a pod in that has that number, and is led to by those addresses.
    pub(super) fn put(
        &mut self,
        at: u32,
        spot: Spot,
        (namespace, name): (&str, &str),
        addresses: impl Iterator<Item = IpAddr>,
    ) {
        let start = number(self.names.len());
        self.names.extend_from_slice(namespace.as_bytes());
        self.names.push(BETWEEN);
        self.names.extend_from_slice(name.as_bytes());
        let spot = Spot { name: [start, number(self.names.len())], ..spot };
        put_at(&mut self.spots, at, spot);
        self.by_name.insert(name_hash(namespace, name), at);
        for address in addresses {
            let (table, hash) = self.by_address_mut(address);
            table.insert(hash, at);
        }
    }

    /// Forgets a pod of that namespace and name that was led to by those addresses.
    pub(super) fn drop(&mut self, at: u32, (namespace, name): (&str, &str), addresses: impl Iterator<Item = IpAddr>) {
        self.waste += self.name(at).len();
        self.by_name.remove(name_hash(namespace, name), at);
        for address in addresses {
            let (table, hash) = self.by_address_mut(address);
            table.remove(hash, at);
        }
        put_at(&mut self.spots, at, Spot::NOBODYS);
        if self.waste > 10_000 && self.waste * 2 > self.names.len() {
            self.pack_names();
        }
    }

    fn pack_names(&mut self) {
        let before = std::mem::take(&mut self.names);
        self.waste = 0;
        for spot in &mut self.spots {
            let [start, end] = spot.name;
            let moved = number(self.names.len());
            self.names.extend_from_slice(before.get(start as usize..end as usize).unwrap_or_default());
            spot.name = [moved, number(self.names.len())];
        }
    }
}

/// The hash of a pod's namespace and name.
fn name_hash(namespace: &str, name: &str) -> u32 {
    hash_of(&(namespace, name))
}

/// A hash that no other IPv4 address has, so that the pods of an address need not be looked at to be known: each step can
/// be undone.
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

    fn spots(count: u32) -> Spots {
        let mut spots = Spots::default();
        for at in 0..count {
            spots.put(at, Spot::new(Some(at), Families::NONE), ("default", &format!("pod-{at}")), addresses(at));
        }
        spots
    }

    /// Every address is that of two pods.
    fn addresses(at: u32) -> impl Iterator<Item = IpAddr> {
        [IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + at / 2)), IpAddr::V6(u128::from(at / 2).into())].into_iter()
    }

    #[test]
    fn a_pod_is_found_by_its_name_and_the_first_of_several_by_an_address() {
        let spots = spots(100);
        for at in 0..100 {
            assert_eq!(spots.named("default", &format!("pod-{at}")), Some(at));
            for address in addresses(at) {
                // `pod-10` comes before `pod-11`, as `pod-8` before `pod-9`.
                assert_eq!(spots.addressed(address, |other| other / 2 == at / 2), Some(at / 2 * 2));
            }
        }
        assert_eq!(spots.named("defaultp", "od-1"), None);
        assert_eq!(spots.addressed(IpAddr::V4(Ipv4Addr::LOCALHOST), |_| true), None);
    }

    #[test]
    fn namespaces_come_before_names_in_order() {
        let mut spots = Spots::default();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for (at, key) in [("ab", "a"), ("a", "z")].into_iter().enumerate() {
            spots.put(number(at), Spot::new(None, Families::NONE), key, std::iter::once(address));
        }
        assert_eq!(spots.addressed(address, |_| false), Some(1));
    }

    #[test]
    fn what_is_left_is_found_after_others_have_gone() {
        let mut spots = spots(4_000);
        for at in (0..4_000).filter(|at| at % 8 != 1) {
            spots.drop(at, ("default", &format!("pod-{at}")), addresses(at));
        }
        assert!(spots.waste < 10_000 && spots.names.len() < 20_000, "{} of {}", spots.waste, spots.names.len());
        for at in 0..4_000 {
            let found = (at % 8 == 1).then_some(at);
            assert_eq!(spots.named("default", &format!("pod-{at}")), found);
            let v4 = addresses(at).next().unwrap();
            assert_eq!(spots.addressed(v4, |_| false), (at % 8 < 2).then_some(at / 2 * 2 + 1));
        }
        spots.put(0, Spot::new(None, Families::NONE), ("default", "again"), addresses(0));
        assert_eq!((spots.named("default", "again"), spots.name(0)), (Some(0), b"default\xFFagain".as_slice()));
    }

    #[test]
    fn no_two_addresses_have_the_same_hash() {
        let mut hashes: Vec<u32> = (0..200_000).map(|at| ipv4_hash(Ipv4Addr::from_bits(at * 21_000))).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200_000);
    }
}
