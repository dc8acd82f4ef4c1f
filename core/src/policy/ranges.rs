//! Address blocks: which of the policies' `ipBlock`s, networks and nodes an address falls into.
//!
//! The prefixes that policies name cut the address space into regions, and the longest prefix that holds an address
//! decides its region; so the nested prefixes are flattened once into regions side by side, each with its list of
//! blocks, and a look-up is one binary search over them.

use super::selector::number;
use crate::order::Arrange as _;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A set of addresses that a peer names: some prefixes, less some others. An empty list of prefixes holds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Block {
    pub(crate) prefixes: Vec<IpNet>,
    pub(crate) except: Vec<IpNet>,
}

/// The regions that blocks cut the address space into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Regions {
    regions: Vec<Region>,
    ipv6_from: usize,
    members: Vec<u32>,
}

/// Neighbouring addresses that lie in the same blocks.
#[derive(Clone, Copy, Debug)]
struct Region {
    /// The first address, as a number; the next region begins behind the last.
    first: u128,
    from: u32,
    to: u32,
}

/// The region of an address that is not known: it lies in no block.
pub(crate) const NOWHERE: u32 = u32::MAX;

impl Regions {
    /// Cuts the address space by the blocks.
    pub(crate) fn new(blocks: &[Block]) -> Self {
        let mut table = Regions::default();
        for ipv6 in [false, true] {
            if ipv6 {
                table.ipv6_from = table.regions.len();
            }
            table.cut(blocks, ipv6);
        }
        table
    }

    fn cut(&mut self, blocks: &[Block], ipv6: bool) {
        let of_family = |nets: &[IpNet]| -> Vec<(u128, u128)> {
            nets.iter().filter(|net| matches!(net, IpNet::V6(_)) == ipv6).map(bounds).collect()
        };
        let spans: Vec<_> = blocks.iter().map(|block| (of_family(&block.prefixes), of_family(&block.except))).collect();
        let end = last_of(ipv6);
        let mut starts = vec![0];
        for (inside, except) in &spans {
            for (first, last) in inside.iter().chain(except) {
                starts.push(*first);
                if *last < end {
                    starts.push(*last + 1);
                }
            }
        }
        starts.arrange();
        starts.dedup();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); starts.len()];
        for (block, (inside, except)) in spans.iter().enumerate() {
            for (first, last) in inside {
                let begin = starts.partition_point(|start| start < first);
                for (start, members) in starts.iter().zip(&mut members).skip(begin) {
                    if start > last {
                        break;
                    }
                    let taken_out = except.iter().any(|(first, last)| first <= start && start <= last);
                    if !taken_out && members.last() != Some(&number(block)) {
                        members.push(number(block));
                    }
                }
            }
        }
        for (first, members) in starts.into_iter().zip(members) {
            let from = number(self.members.len());
            self.members.extend(members);
            self.regions.push(Region { first, from, to: number(self.members.len()) });
        }
    }

    /// The region of an address.
    pub(crate) fn find(&self, address: IpAddr) -> u32 {
        let address = address.to_canonical();
        let (skip, regions) = match address {
            IpAddr::V4(_) => (0, self.regions.get(..self.ipv6_from)),
            IpAddr::V6(_) => (self.ipv6_from, self.regions.get(self.ipv6_from..)),
        };
        let wanted = to_number(address);
        let after = regions.unwrap_or_default().partition_point(|region| region.first <= wanted);
        if after == 0 { NOWHERE } else { number(skip + after - 1) }
    }

    /// Whether the region lies in the block.
    pub(crate) fn is_in(&self, region: u32, block: u32) -> bool {
        let Some(found) = self.regions.get(region as usize) else { return false };
        let members = self.members.get(found.from as usize..found.to as usize).unwrap_or_default();
        members.binary_search(&block).is_ok()
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

    fn net(text: &str) -> IpNet {
        crate::ip::parse_cidr_sloppy(text).unwrap()
    }

    #[test]
    fn the_longest_prefix_decides_and_what_is_excepted_is_out() {
        let blocks = [
            Block { prefixes: vec![net("10.0.0.0/8")], except: vec![net("10.1.0.0/16")] },
            Block { prefixes: vec![net("10.1.2.0/24"), net("fd00::/8")], except: vec![] },
            Block { prefixes: vec![net("0.0.0.0/0")], except: vec![] },
        ];
        let regions = Regions::new(&blocks);
        let inside = |address: &str| -> Vec<u32> {
            let region = regions.find(address.parse().unwrap());
            (0..3).filter(|block| regions.is_in(region, *block)).collect()
        };
        assert_eq!(inside("10.0.0.1"), [0, 2]);
        assert_eq!(inside("10.1.0.1"), [2]);
        assert_eq!(inside("10.1.2.255"), [1, 2]);
        assert_eq!(inside("255.255.255.255"), [2]);
        assert_eq!(inside("fd12::1"), [1]);
        assert_eq!(inside("fe80::1"), Vec::<u32>::new());
        assert_eq!(inside("::ffff:10.0.0.1"), [0, 2]);
        assert!(!regions.is_in(NOWHERE, 2));
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
