//! Addresses of synthetic pods: from the node's or the cluster's pod ranges, each used once, the same on every run.

use super::names::hash;
use crate::api::node::Node;
use crate::api::resource::ObjectKey;
use crate::cluster::Options;
use ipnet::IpNet;
use portolan_base::collections::BTreeSet;
use std::net::IpAddr;

/// How many places are tried before a pod goes without an address: enough for a range that is nearly full.
const TRIES: u128 = 70_000;

/// The addresses that pods have.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    taken: BTreeSet<IpAddr>,
    /// Those of the taken ones that were generated.
    synthetic: BTreeSet<IpAddr>,
    /// What was tried for a pod and another had.
    wanted: BTreeSet<IpAddr>,
    disturbed: bool,
}

impl Addresses {
    /// Notes an address that a pod has already.
    pub fn note(&mut self, address: &str) {
        if let Ok(address) = address.parse() {
            self.disturbed |= !self.taken.insert(address);
        }
    }

    /// Says that a pod has gone from an address that it had with others, a node's: it stays taken.
    pub fn leave_shared(&mut self, address: &str) {
        self.disturbed |= address.parse().is_ok_and(|address: IpAddr| self.wanted.contains(&address));
    }

    /// Whether since this was asked last two pods met: they would have other addresses had they come in another order.
    pub(crate) fn take_disturbance(&mut self) -> bool {
        std::mem::take(&mut self.disturbed)
    }

    /// Whether the address was generated, by [`Addresses::take`].
    pub(crate) fn is_synthetic(&self, address: IpAddr) -> bool {
        self.synthetic.contains(&address)
    }

    /// Gives an address back.
    pub fn give_back(&mut self, address: &str) {
        if let Ok(address) = address.parse() {
            self.taken.remove(&address);
            self.synthetic.remove(&address);
            self.disturbed |= self.wanted.contains(&address);
        }
    }

    /// Takes one address of each family for the pod: out of its node's ranges where it has any, else out of the
    /// cluster's. IPv6 only where Services have it too.
    pub fn take(&mut self, options: &Options, node: Option<&Node>, pod: &ObjectKey) -> Vec<String> {
        let of_node: Vec<IpNet> = node.map(ranges_of).unwrap_or_default();
        let families: BTreeSet<bool> =
            options.service_cluster_ip_range.iter().map(|range| matches!(range, IpNet::V6(_))).collect();
        let ranges = if of_node.is_empty() { &options.cluster_cidr } else { &of_node };
        let wanted = ranges.iter().filter(|range| families.contains(&matches!(range, IpNet::V6(_))));
        wanted.filter_map(|range| self.take_from(range, pod)).map(|address| address.to_string()).collect()
    }

    fn take_from(&mut self, range: &IpNet, pod: &ObjectKey) -> Option<IpAddr> {
        let bits = u32::from(range.max_prefix_len() - range.prefix_len());
        // The first address is the network's, the second mostly the node's bridge, the last the broadcast's.
        let usable = 1_u128.checked_shl(bits).unwrap_or(u128::MAX).checked_sub(3).filter(|usable| *usable > 0)?;
        let start = u128::from(hash(&pod.to_string())) % usable;
        (0..usable.min(TRIES)).find_map(|step| {
            let address = offset(range.network(), 2 + (start + step) % usable)?;
            let is_free = self.taken.insert(address);
            if is_free {
                self.synthetic.insert(address);
            } else {
                self.wanted.insert(address);
                self.disturbed = true;
            }
            is_free.then_some(address)
        })
    }
}

fn ranges_of(node: &Node) -> Vec<IpNet> {
    let single = node.spec.pod_cidrs.is_empty().then_some(&node.spec.pod_cidr);
    node.spec.pod_cidrs.iter().chain(single).filter_map(|range| range.parse().ok()).collect()
}

fn offset(network: IpAddr, by: u128) -> Option<IpAddr> {
    match network {
        IpAddr::V4(address) => Some(IpAddr::V4(u32::from(address).checked_add(u32::try_from(by).ok()?)?.into())),
        IpAddr::V6(address) => Some(IpAddr::V6(u128::from(address).checked_add(by)?.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pod_gets_its_own_address_until_the_range_is_full() {
        let options = Options { cluster_cidr: vec!["10.1.0.0/29".parse().unwrap()], ..Options::default() };
        let mut addresses = Addresses::default();
        addresses.note("10.1.0.2");
        let mut seen = BTreeSet::new();
        for number in 0..6 {
            seen.extend(addresses.take(&options, None, &ObjectKey::new("default", format!("p{number}"))));
        }
        let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
        assert_eq!(seen, ["10.1.0.3", "10.1.0.4", "10.1.0.5", "10.1.0.6"]);
        addresses.give_back("10.1.0.4");
        assert_eq!(addresses.take(&options, None, &ObjectKey::new("default", "late")), ["10.1.0.4"]);
    }
}
