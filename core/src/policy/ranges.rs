//! Address blocks: which of the policies' `ipBlock`s, networks and nodes an address falls into.
//!
//! The prefixes that policies name cut the address space into regions, and the longest prefix that holds an address
//! decides its region; so the nested prefixes are flattened into stretches side by side, each with its list of blocks, and
//! a look-up is one binary search over them.

use super::ids::{BlockId, RegionId};
use super::store::Interner;
use ipnet::IpNet;
use portolan_base::sort::SmallSort as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses that a peer names: some prefixes, less some others. An empty list of prefixes holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Block {
    pub(crate) prefixes: Vec<IpNet>,
    pub(crate) except: Vec<IpNet>,
}

/// The regions that blocks cut the address space into: all addresses that lie in the same blocks make one.
#[derive(Clone, Debug)]
pub(crate) struct Regions {
    /// For each family where stretches of addresses begin, as a number, and the region of each.
    starts: [Vec<(u128, RegionId)>; 2],
    /// The blocks of each region, in order.
    members: Interner<RegionId, Box<[BlockId]>>,
}

impl Default for Regions {
    fn default() -> Self {
        Regions::new([].into_iter())
    }
}

impl Regions {
    /// Cuts the address space by blocks, given with their numbers in order.
    pub(crate) fn new<'b>(blocks: impl Iterator<Item = (BlockId, &'b Block)> + Clone) -> Self {
        let mut table = Regions { starts: [Vec::new(), Vec::new()], members: Interner::default() };
        for ipv6 in [false, true] {
            let spans: Vec<(BlockId, Span)> = blocks.clone().map(|(at, block)| (at, Span::of(block, ipv6))).collect();
            let mut starts = vec![0];
            spans.iter().for_each(|(_, span)| span.cuts(ipv6, &mut starts));
            starts.small_sort();
            starts.dedup();
            let mut members: Vec<Vec<BlockId>> = vec![Vec::new(); starts.len()];
            for (block, span) in &spans {
                for (first, last) in &span.inside {
                    let begin = starts.partition_point(|start| start < first);
                    for (start, members) in starts.iter().zip(&mut members).skip(begin) {
                        if start > last {
                            break;
                        }
                        if !span.is_excepted(*start) && members.last() != Some(block) {
                            members.push(*block);
                        }
                    }
                }
            }
            let numbered: Vec<(u128, RegionId)> = starts
                .into_iter()
                .zip(members)
                .map(|(first, members)| (first, table.members.take_up(members.into())))
                .collect();
            *table.of_mut(ipv6) = numbered;
            table.join(ipv6);
        }
        table.members.sweep();
        table
    }

    /// Takes a block in, or out again. Regions of addresses that lie in it are others from then on.
    pub(crate) fn change(&mut self, number: BlockId, block: &Block, is_in: bool) {
        for ipv6 in [false, true] {
            let span = Span::of(block, ipv6);
            let mut cuts = Vec::new();
            span.cuts(ipv6, &mut cuts);
            for cut in cuts {
                let starts = self.of_mut(ipv6);
                let at = starts.partition_point(|(start, _)| *start <= cut);
                let Some((start, region)) = at.checked_sub(1).and_then(|before| starts.get(before)).copied() else {
                    continue;
                };
                if start != cut {
                    starts.insert(at, (cut, region));
                    let members = self.members.get(region).cloned().unwrap_or_default();
                    self.members.take_up(members);
                }
            }
            for (first, last) in &span.inside {
                let from = self.of(ipv6).partition_point(|(start, _)| start < first);
                let to = self.of(ipv6).partition_point(|(start, _)| start <= last);
                for at in from..to {
                    let Some((start, region)) = self.of(ipv6).get(at).copied() else { break };
                    let mut members = self.members.get(region).map(|known| known.to_vec()).unwrap_or_default();
                    match (members.binary_search(&number), is_in && !span.is_excepted(start)) {
                        (Err(place), true) => members.insert(place, number),
                        (Ok(place), false) if !is_in => drop(members.remove(place)),
                        _ => continue,
                    }
                    let other = self.members.take_up(members.into());
                    self.members.give_up(region);
                    if let Some(slot) = self.of_mut(ipv6).get_mut(at) {
                        slot.1 = other;
                    }
                }
            }
            self.join(ipv6);
        }
    }

    /// Forgets the regions that no address lies in any more. Until then their numbers are not given again.
    pub(crate) fn sweep(&mut self) {
        self.members.sweep();
    }

    /// Makes one of neighbours that are of the same region.
    fn join(&mut self, ipv6: bool) {
        let mut joined: Vec<(u128, RegionId)> = Vec::new();
        for start in std::mem::take(self.of_mut(ipv6)) {
            match joined.last() {
                Some((_, region)) if *region == start.1 => self.members.give_up(start.1),
                _ => joined.push(start),
            }
        }
        *self.of_mut(ipv6) = joined;
    }

    fn of(&self, ipv6: bool) -> &[(u128, RegionId)] {
        let [v4, v6] = &self.starts;
        if ipv6 { v6 } else { v4 }
    }

    fn of_mut(&mut self, ipv6: bool) -> &mut Vec<(u128, RegionId)> {
        let [v4, v6] = &mut self.starts;
        if ipv6 { v6 } else { v4 }
    }

    /// Every region that some address lies in, or lay in until the last sweep.
    pub(crate) fn ids(&self) -> impl Iterator<Item = RegionId> {
        self.members.iter().map(|(id, _)| id)
    }

    /// The region of an address.
    pub(crate) fn find(&self, address: IpAddr) -> Option<RegionId> {
        let address = address.to_canonical();
        let starts = self.of(address.is_ipv6());
        let wanted = to_number(address);
        let after = starts.partition_point(|(start, _)| *start <= wanted);
        after.checked_sub(1).and_then(|before| starts.get(before)).map(|(_, region)| *region)
    }

    /// Whether the region lies in the block. An unknown address, without a region, lies in none.
    pub(crate) fn is_in(&self, region: Option<RegionId>, block: BlockId) -> bool {
        region.and_then(|region| self.members.get(region)).is_some_and(|members| members.binary_search(&block).is_ok())
    }
}

/// The part of a block that is of one family, by first and last addresses.
struct Span {
    inside: Vec<(u128, u128)>,
    except: Vec<(u128, u128)>,
}

impl Span {
    fn of(block: &Block, ipv6: bool) -> Self {
        let of_family = |nets: &[IpNet]| -> Vec<(u128, u128)> {
            nets.iter().filter(|net| matches!(net, IpNet::V6(_)) == ipv6).map(bounds).collect()
        };
        Span { inside: of_family(&block.prefixes), except: of_family(&block.except) }
    }

    /// Where the address space has to be cut for it.
    fn cuts(&self, ipv6: bool, cuts: &mut Vec<u128>) {
        for (first, last) in self.inside.iter().chain(&self.except) {
            cuts.push(*first);
            if *last < last_of(ipv6) {
                cuts.push(*last + 1);
            }
        }
    }

    fn is_excepted(&self, at: u128) -> bool {
        self.except.iter().any(|(first, last)| *first <= at && at <= *last)
    }
}

/// The last address of a family, as a number.
pub(crate) fn last_of(ipv6: bool) -> u128 {
    if ipv6 { u128::MAX } else { u128::from(u32::MAX) }
}

/// An address as a number; IPv4 counts from 0 too.
pub(crate) fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of that number and family.
pub(crate) fn to_address(number: u128, ipv6: bool) -> IpAddr {
    if ipv6 {
        IpAddr::V6(Ipv6Addr::from(number))
    } else {
        IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)))
    }
}

/// The first and last address of a prefix.
pub(crate) fn bounds(net: &IpNet) -> (u128, u128) {
    (to_number(net.network()), to_number(net.broadcast()))
}

/// The fewest prefixes that make up the addresses from `first` to `last`.
pub(crate) fn prefixes(first: u128, last: u128, ipv6: bool) -> Vec<IpNet> {
    let bits: u32 = if ipv6 { 128 } else { 32 };
    let mut found = Vec::new();
    let mut at = first;
    loop {
        // The largest block that begins here and does not go beyond the end.
        let mut size = at.trailing_zeros().min(bits);
        while size > 0 && block_end(at, size) > last {
            size -= 1;
        }
        let length = u8::try_from(bits - size).unwrap_or(u8::MAX);
        if let Ok(net) = IpNet::new(to_address(at, ipv6), length) {
            found.push(net);
        }
        let end = block_end(at, size);
        if end >= last || end == u128::MAX {
            return found;
        }
        at = end + 1;
    }
}

fn block_end(at: u128, size: u32) -> u128 {
    if size >= 128 { u128::MAX } else { at | ((1 << size) - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id as _;

    fn net(text: &str) -> IpNet {
        crate::net::parse_cidr_sloppy(text).unwrap()
    }

    #[test]
    fn the_longest_prefix_decides_and_what_is_excepted_is_out() {
        let blocks = [
            Block { prefixes: vec![net("10.0.0.0/8")], except: vec![net("10.1.0.0/16")] },
            Block { prefixes: vec![net("10.1.2.0/24"), net("fd00::/8")], except: vec![] },
            Block { prefixes: vec![net("0.0.0.0/0")], except: vec![] },
        ];
        let regions = Regions::new((0..).map(BlockId::from_index).zip(&blocks));
        let inside = |address: &str| -> Vec<usize> {
            let region = regions.find(address.parse().unwrap());
            (0..3).filter(|block| regions.is_in(region, BlockId::from_index(*block))).collect()
        };
        assert_eq!(inside("10.0.0.1"), [0, 2]);
        assert_eq!(inside("10.1.0.1"), [2]);
        assert_eq!(inside("10.1.2.255"), [1, 2]);
        assert_eq!(inside("255.255.255.255"), [2]);
        assert_eq!(inside("fd12::1"), [1]);
        assert_eq!(inside("fe80::1"), Vec::<usize>::new());
        assert_eq!(inside("::ffff:10.0.0.1"), [0, 2]);
        assert!(!regions.is_in(None, BlockId::from_index(2)));
    }

    #[test]
    fn blocks_that_come_and_go_leave_the_regions_of_those_that_stay() {
        let blocks = [
            Block { prefixes: vec![net("10.0.0.0/8"), net("10.2.0.0/16")], except: vec![net("10.1.0.0/16")] },
            Block { prefixes: vec![net("10.1.2.0/24"), net("fd00::/8")], except: vec![] },
            Block { prefixes: vec![net("0.0.0.0/0"), net("::/0")], except: vec![net("10.0.0.0/9"), net("fd00::/16")] },
            Block { prefixes: vec![net("255.255.255.255/32")], except: vec![] },
        ];
        let numbered = |left_out: usize| {
            (0..)
                .zip(&blocks)
                .filter(move |(at, _)| *at != left_out)
                .map(|(at, block)| (BlockId::from_index(at), block))
        };
        let addresses = [
            "0.0.0.0",
            "10.0.0.1",
            "10.1.0.1",
            "10.1.2.9",
            "10.2.0.1",
            "10.200.0.1",
            "255.255.255.255",
            "fd00::1",
            "fd12::1",
            "fe80::1",
        ];
        let shape = |regions: &Regions| {
            let members = |address: &&str| {
                let region = regions.find(address.parse().unwrap());
                (0..4).filter(|block| regions.is_in(region, BlockId::from_index(*block))).collect::<Vec<usize>>()
            };
            let starts = |ipv6| regions.of(ipv6).iter().map(|(start, _)| *start).collect::<Vec<u128>>();
            (addresses.iter().map(members).collect::<Vec<_>>(), starts(false), starts(true), regions.members.len())
        };
        let all = Regions::new(numbered(9));
        for (number, block) in (0..).zip(&blocks) {
            let without = Regions::new(numbered(number));
            let mut changed = all.clone();
            changed.change(BlockId::from_index(number), block, false);
            changed.sweep();
            assert_eq!(shape(&changed), shape(&without), "without {number}");
            changed.change(BlockId::from_index(number), block, true);
            changed.sweep();
            assert_eq!(shape(&changed), shape(&all), "with {number} again");
        }
    }

    #[test]
    fn a_stretch_of_addresses_is_the_fewest_prefixes() {
        let shown = |first: &str, last: &str| -> Vec<String> {
            let (first, last): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
            prefixes(to_number(first), to_number(last), first.is_ipv6()).iter().map(ToString::to_string).collect()
        };
        assert_eq!(shown("0.0.0.0", "255.255.255.255"), ["0.0.0.0/0"]);
        assert_eq!(shown("10.0.0.1", "10.0.0.6"), ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]);
        assert_eq!(shown("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"]);
        assert_eq!(shown("8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["8000::/1"]);
    }
}
