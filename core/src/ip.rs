//! IP addresses as Kubernetes' components read those that are already stored: leading zeros count for nothing, and an
//! IPv4 address in IPv6 form is an IPv4 address.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One of the two families of addresses, written `IPv4` and `IPv6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `IPv4`
    V4,
    /// `IPv6`
    V6,
}

impl Family {
    /// Both, in their order.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// The family of an address.
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// `IPv4` or `IPv6`: the word of `spec.ipFamilies` and of an EndpointSlice's `addressType`.
    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    /// The family of that name; any other word (`FQDN`) is none.
    pub fn named(name: &str) -> Option<Self> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }
}

/// Reads an address (`k8s.io/utils/net.ParseIPSloppy`). Displaying the result gives the form that `net.IP.String` gives.
pub fn parse_sloppy(text: &str) -> Option<IpAddr> {
    match text.bytes().find(|byte| matches!(byte, b'.' | b':'))? {
        b'.' => parse_v4(text).map(IpAddr::V4),
        _ => Some(text.parse::<Ipv6Addr>().ok()?.to_canonical()),
    }
}

/// Reads a range (`k8s.io/utils/net.ParseCIDRSloppy`), with the bits behind its prefix cleared.
pub fn parse_cidr_sloppy(text: &str) -> Option<IpNet> {
    let (address, prefix) = text.split_once('/')?;
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let prefix = prefix.parse::<u8>().ok()?;
    let ip = match parse_v4(address) {
        Some(ip) => IpAddr::V4(ip),
        None => IpAddr::V6(address.parse().ok()?),
    };
    IpNet::new(ip, prefix).ok().map(|range| range.trunc())
}

fn parse_v4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digits = part.trim_start_matches('0');
        *octet = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_addresses_are_read_leniently() {
        let read = |text: &str| parse_sloppy(text).map(|ip| ip.to_string());
        assert_eq!(read("010.0.00.001").as_deref(), Some("10.0.0.1"));
        assert_eq!(read("::ffff:1.2.3.4").as_deref(), Some("1.2.3.4"));
        assert_eq!(read("FD00:0:0::1").as_deref(), Some("fd00::1"));
        for wrong in ["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.+4", "host", "fe80::1%eth0"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ranges_lose_their_host_bits() {
        assert_eq!(parse_cidr_sloppy("10.01.2.3/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(parse_cidr_sloppy("fd00::1/64").unwrap().to_string(), "fd00::/64");
        assert_eq!(parse_cidr_sloppy("10.0.0.0/33"), None);
        assert_eq!(parse_cidr_sloppy("10.0.0.0"), None);
    }
}
