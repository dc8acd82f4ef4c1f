//! The pool of cluster IPs: ranges, their static and dynamic bands, and who holds which address
//! (`pkg/registry/core/service/ipallocator`, Kubernetes v1.36.3).

use super::runs::Runs;
use super::{Claim, ClaimRange, Denied};
use crate::admission::formats::names::{is_path_segment_name, push};
use crate::admission::status::Status;
use crate::api::namespace::ServiceCIDR;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::field::{Error, Path};
use crate::net::Family;
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range that cluster IPs are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    cidr: IpNet,
}

impl AddressRange {
    /// A range; nothing for an IPv6 one shorter than /64, which upstream makes no allocator for.
    pub fn new(cidr: IpNet) -> Option<Self> {
        let too_wide = matches!(cidr, IpNet::V6(_)) && cidr.prefix_len() < 64;
        (!too_wide).then_some(AddressRange { cidr: cidr.trunc() })
    }

    /// Its family.
    pub fn family(&self) -> Family {
        Family::of(self.cidr.network())
    }

    /// Whether the address may be taken from it: neither the network's own address, nor IPv4's broadcast address
    /// (`servicecidr.PrefixContainsIP`).
    pub fn contains(&self, ip: IpAddr) -> bool {
        let broadcast = ip.is_ipv4() && ip == self.cidr.broadcast();
        self.cidr.contains(&ip) && ip != self.cidr.network() && !broadcast
    }

    /// How many addresses may be taken from it (`hostsPerNetwork`).
    pub fn size(&self) -> u64 {
        let bits = self.cidr.max_prefix_len() - self.cidr.prefix_len();
        let reserved = match self.family() {
            Family::V4 => 2,
            Family::V6 => 1,
        };
        1_u64.checked_shl(u32::from(bits)).map_or(u64::MAX, |all| all.saturating_sub(reserved))
    }

    /// How many of them, from the first, are kept for authors who choose: `min(max(16, size/16), 256)`, none where the
    /// range has 16 addresses or fewer (`calculateRangeOffset`).
    pub fn static_band(&self) -> u64 {
        let bits = self.cidr.max_prefix_len() - self.cidr.prefix_len();
        let addresses = 1_u64.checked_shl(u32::from(bits)).unwrap_or(u64::MAX);
        if addresses <= 16 { 0 } else { (addresses / 16).clamp(16, 256) }
    }

    /// The stretches in which a free address is looked for, in this order, each from its first to its last number: the
    /// dynamic band from a place that the seed gives, then the part of the band before that place, then the static band
    /// likewise.
    fn stretches(&self, seed: u64) -> impl Iterator<Item = (u128, u128)> + use<> {
        let (size, band) = (self.size(), self.static_band());
        let first = number(self.cidr.network()).saturating_add(1);
        let around = move |from: u64, length: u64| {
            let start = seed.checked_rem(length).unwrap_or(0);
            let at = move |place: u64| first.saturating_add(u128::from(from)).saturating_add(u128::from(place));
            let stretch = move |from: u64, end: u64| (from < end).then(|| (at(from), at(end.saturating_sub(1))));
            [stretch(start, length), stretch(0, start)].into_iter().flatten()
        };
        around(band, size.saturating_sub(band)).chain(around(0, band.min(size)))
    }
}

/// The cluster IPs of a cluster: its families, its ranges, and who holds which address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterIPs {
    families: Vec<Family>,
    ranges: Vec<AddressRange>,
    taken: BTreeMap<IpAddr, ObjectKey>,
    /// The same addresses as runs, IPv4 and IPv6.
    runs: (Runs, Runs),
}

impl ClusterIPs {
    /// The ranges of a cluster. The server's flag gives the families; the ServiceCIDR objects give the ranges, and the
    /// one named `kubernetes` stands for the flag. Ones that are being deleted or are not ready give nothing to new
    /// Services.
    pub fn of_ranges(cluster: &Cluster) -> Self {
        let flag = flag_ranges(cluster);
        let mut families: Vec<Family> = Vec::new();
        for cidr in &flag {
            let family = Family::of(cidr.network());
            if !families.contains(&family) {
                families.push(family);
            }
        }
        let mut ranges: Vec<AddressRange> = flag.into_iter().filter_map(AddressRange::new).collect();
        for (key, service_cidr) in cluster.service_cidrs.iter() {
            if key.name == "kubernetes" || !is_ready(service_cidr) {
                continue;
            }
            let more = cidrs(service_cidr).filter_map(AddressRange::new);
            for range in more.filter(|range| families.contains(&range.family())) {
                if !ranges.contains(&range) {
                    ranges.push(range);
                }
            }
        }
        ClusterIPs { families, ranges, ..ClusterIPs::default() }
    }

    /// Adds a range of the family that has none; the families stay what they are.
    pub(super) fn add_other_family(&mut self) {
        let cidr = match self.families.as_slice() {
            [Family::V4] => IpNet::new(Ipv6Addr::from(0xfd00_0010_0096_u128 << 80).into(), 112),
            [Family::V6] => IpNet::new(Ipv4Addr::new(10, 0, 0, 0).into(), 16),
            _ => return,
        };
        self.ranges.extend(cidr.ok().and_then(AddressRange::new));
    }

    /// The families, the default one first.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Whether a range contains the address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(ip))
    }

    /// Who holds the address.
    pub fn holder(&self, ip: IpAddr) -> Option<&ObjectKey> {
        self.taken.get(&ip)
    }

    /// Every address that is taken, with its holder.
    pub fn taken(&self) -> impl Iterator<Item = (IpAddr, &ObjectKey)> {
        self.taken.iter().map(|(ip, owner)| (*ip, owner))
    }

    /// Books the address, unless another holds it. Tells whether the owner holds it now.
    pub fn hold(&mut self, ip: IpAddr, owner: &ObjectKey) -> bool {
        if let Some(holder) = self.taken.get(&ip) {
            return holder == owner;
        }
        self.taken.insert(ip, owner.clone());
        self.runs_mut(Family::of(ip)).take(number(ip));
        true
    }

    /// Gives the address back where the owner holds it.
    pub fn release(&mut self, ip: IpAddr, owner: &ObjectKey) {
        if self.holder(ip) == Some(owner) {
            self.taken.remove(&ip);
            self.runs_mut(Family::of(ip)).give_back(number(ip));
        }
    }

    /// The next free address of a family, from a place that the seed gives, beside the addresses of `reserved`; nothing
    /// where its ranges are full. `passed` gets the runs of taken addresses before it: a few, however many addresses are
    /// taken.
    pub(super) fn next_free(
        &self,
        family: Family,
        seed: u64,
        reserved: &[IpAddr],
        passed: &mut Vec<ClaimRange>,
    ) -> Option<IpAddr> {
        let runs = match family {
            Family::V4 => &self.runs.0,
            Family::V6 => &self.runs.1,
        };
        let claim = |number: u128| Claim::Address(address(family, number));
        let is_reserved = |number: u128| reserved.contains(&address(family, number));
        let ranges = self.ranges.iter().filter(|range| range.family() == family);
        let free = ranges.flat_map(|range| range.stretches(seed)).find_map(|stretch| {
            let mut note = |first, last| passed.push(ClaimRange { first: claim(first), last: claim(last) });
            runs.first_free(stretch, &is_reserved, &mut note)
        });
        free.map(|number| address(family, number))
    }

    fn runs_mut(&mut self, family: Family) -> &mut Runs {
        match family {
            Family::V4 => &mut self.runs.0,
            Family::V6 => &mut self.runs.1,
        }
    }
}

/// The ranges of the server's flag: those of the options, or, where none was given, those of the ServiceCIDR that a server
/// makes of its flag.
fn flag_ranges(cluster: &Cluster) -> Vec<IpNet> {
    let made = cluster.service_cidrs.get("", "kubernetes").filter(|_| !cluster.options.service_ranges_given);
    let made: Vec<IpNet> = made.into_iter().flat_map(|made| cidrs(made)).collect();
    if made.is_empty() { cluster.options.service_cluster_ip_range.clone() } else { made }
}

/// The family that a Service has where nobody says.
pub fn default_family(cluster: &Cluster) -> Family {
    flag_ranges(cluster).first().map_or(Family::V4, |range| Family::of(range.network()))
}

/// Whether an address outside of every known range could be a cluster IP of another cluster.
pub fn is_usable(ip: IpAddr) -> bool {
    let broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    !(ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || broadcast)
}

/// The IPAddress object that books an address names its Service; a Service whose name could not be a part of a path
/// makes it invalid, and that refusal is what the author is shown (`validateIPAddressParentReference`,
/// `pkg/apis/networking/validation`).
///
/// # Errors
/// [`Denied::Reference`] with the text of the IPAddress's refusal.
pub fn validate_reference(ip: IpAddr, owner: &ObjectKey) -> Result<(), Denied> {
    let spec = Path::new("spec");
    let parent = spec.child("parentRef");
    let mut errors = Vec::new();
    if owner.name.is_empty() {
        errors.push(Error::required(&parent.child("name"), ""));
    }
    push(&mut errors, &parent.child("name"), &owner.name, is_path_segment_name(&owner.name));
    push(&mut errors, &parent.child("namespace"), &owner.namespace, is_path_segment_name(&owner.namespace));
    if errors.is_empty() {
        return Ok(());
    }
    Err(Denied::Reference(Status::invalid(Kind::IPAddress, &ip.to_string(), &errors).message))
}

/// The ranges that a ServiceCIDR names.
fn cidrs(service_cidr: &ServiceCIDR) -> impl Iterator<Item = IpNet> + '_ {
    service_cidr.spec.cidrs.iter().flatten().filter_map(|text| text.parse().ok())
}

/// Whether new Services may take from it: not being deleted, and ready unless a condition says otherwise.
fn is_ready(service_cidr: &ServiceCIDR) -> bool {
    let ready = service_cidr.status.conditions.iter().find(|condition| condition.r#type == "Ready");
    service_cidr.metadata.deletion_timestamp.is_none() && ready.is_none_or(|condition| condition.status == "True")
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        AddressRange::new(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn bands_are_as_the_enhancement_proposal_3070_tells() {
        let bands = |text| (range(text).size(), range(text).static_band());
        assert_eq!(bands("10.96.0.0/24"), (254, 16));
        assert_eq!(bands("10.96.0.0/20"), (4094, 256));
        assert_eq!(bands("10.96.0.0/12"), (1_048_574, 256));
        assert_eq!(bands("10.96.0.0/28"), (14, 0));
        assert_eq!(bands("10.96.0.0/32"), (0, 0));
        assert_eq!(bands("fd00::/120"), (255, 16));
        assert_eq!(bands("fd00::/64"), (u64::MAX, 256));
        assert_eq!(AddressRange::new("fd00::/48".parse().unwrap()), None);
    }

    #[test]
    fn every_address_is_given_once_and_the_dynamic_band_first() {
        for (text, seed) in [("10.96.0.0/24", 7), ("10.96.0.0/28", 99), ("fd00::/120", u64::MAX)] {
            let range = range(text);
            let mut pool = ClusterIPs { ranges: vec![range], ..ClusterIPs::default() };
            let mut tried: Vec<IpAddr> = Vec::new();
            let mut passed = Vec::new();
            while let Some(ip) = pool.next_free(range.family(), seed, &[], &mut passed) {
                assert!(passed.len() <= 4, "a few runs, not one for each of {} addresses", tried.len());
                passed.clear();
                assert!(pool.hold(ip, &ObjectKey::new("a", "b")));
                tried.push(ip);
            }
            let mut sorted = tried.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!(u64::try_from(tried.len()).unwrap(), range.size());
            assert_eq!(sorted.len(), tried.len());
            assert!(sorted.iter().all(|ip| range.contains(*ip)));
            let band = usize::try_from(range.static_band()).unwrap();
            let last_dynamic = &sorted[band..];
            assert!(tried[..tried.len() - band].iter().all(|ip| last_dynamic.contains(ip)));
            let start = usize::try_from(seed % (range.size() - range.static_band())).unwrap();
            assert_eq!(tried[0], last_dynamic[start]);
        }
    }

    #[test]
    fn network_and_broadcast_addresses_are_in_no_range() {
        let range = range("10.96.0.0/24");
        let contains = |text: &str| range.contains(text.parse().unwrap());
        assert!(
            !contains("10.96.0.0") && !contains("10.96.0.255") && contains("10.96.0.254") && !contains("10.97.0.1")
        );
        let v6 = AddressRange::new("fd00::/120".parse().unwrap()).unwrap();
        assert!(v6.contains("fd00::ff".parse().unwrap()) && !v6.contains("fd00::".parse().unwrap()));
    }
}
