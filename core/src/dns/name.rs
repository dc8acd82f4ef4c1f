//! Names of the DNS, and the names that addresses have in the reverse zones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The reverse zone of IPv4.
pub const IN_ADDR: &str = "in-addr.arpa.";
/// The reverse zone of IPv6.
pub const IP6: &str = "ip6.arpa.";

/// A complete name (with its last dot), as it was sent. `None` where it is no name: an empty label, one of more than 63
/// bytes, or more than 253 bytes in all (RFC 1035).
pub fn complete(name: &str) -> Option<String> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let is_right = |label: &str| (1..=63).contains(&label.len());
    if bare.is_empty() {
        return (name == ".").then(|| ".".to_owned());
    }
    (bare.len() <= 253 && bare.split('.').all(is_right)).then(|| format!("{bare}."))
}

/// The labels of a complete name.
pub fn labels(name: &str) -> Vec<&str> {
    name.split('.').filter(|label| !label.is_empty()).collect()
}

/// Whether a complete name is that of the zone or below it, whatever the letter case.
pub fn is_below(zone: &str, name: &str) -> bool {
    if zone == "." {
        return true;
    }
    let Some(start) = name.len().checked_sub(zone.len()) else { return false };
    name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(zone))
        && (start == 0 || name.as_bytes().get(start - 1) == Some(&b'.'))
}

/// The name of an address in its reverse zone: `7.0.244.10.in-addr.arpa.`
pub fn reverse(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.{IN_ADDR}")
        }
        IpAddr::V6(ip) => {
            let mut name = String::with_capacity(73);
            for octet in ip.octets().into_iter().rev() {
                name.push_str(&format!("{:x}.{:x}.", octet & 15, octet >> 4));
            }
            name + IP6
        }
    }
}

/// The address that a name of a reverse zone stands for (`dnsutil.ExtractAddressFromReverse`). The name has to be in
/// small letters.
pub fn address_of(name: &str) -> Option<IpAddr> {
    if let Some(rest) = name.strip_suffix(IN_ADDR).and_then(|rest| rest.strip_suffix('.')) {
        let mut labels: Vec<&str> = rest.split('.').collect();
        labels.reverse();
        return labels.join(".").parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    }
    let rest = name.strip_suffix(IP6)?.strip_suffix('.')?;
    let mut labels: Vec<&str> = rest.split('.').collect();
    labels.reverse();
    let groups: Vec<String> = labels.chunks_exact(4).map(<[&str]>::concat).collect();
    let ip = groups.join(":").parse::<Ipv6Addr>().ok()?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_their_names() {
        for ip in ["10.244.0.7", "fd00:10::5:8e5"] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(address_of(&reverse(ip)), Some(ip));
        }
        assert_eq!(reverse("10.244.0.7".parse().unwrap()), "7.0.244.10.in-addr.arpa.");
        for name in [
            "0.244.10.in-addr.arpa.",
            "x.0.244.10.in-addr.arpa.",
            "07.0.244.10.in-addr.arpa.",
            "a.ip6.arpa.",
            "in-addr.arpa.",
        ] {
            assert_eq!(address_of(name), None, "{name}");
        }
    }

    #[test]
    fn names_are_told_from_what_is_none() {
        assert_eq!(complete("a.b").as_deref(), Some("a.b."));
        assert_eq!(complete("A.b.").as_deref(), Some("A.b."));
        assert_eq!(complete(".").as_deref(), Some("."));
        assert_eq!(complete(""), None);
        assert_eq!(complete("a..b"), None);
        assert_eq!(complete(&"a".repeat(64)), None);
        assert!(is_below("cluster.local.", "x.Cluster.LOCAL."));
        assert!(is_below("cluster.local.", "cluster.local."));
        assert!(!is_below("cluster.local.", "mycluster.local."));
    }
}
