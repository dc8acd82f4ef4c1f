//! Networks in Kubernetes' words: the families of addresses, the transport protocols, and addresses and ranges from the
//! texts that name them.
//!
//! Everything here is declared once for the whole project. Two readings of a text exist, because Kubernetes has both:
//! stored fields are read sloppily ([`parse_sloppy`], [`parse_cidr_sloppy`]: leading zeros do not matter, and an IPv4
//! address in IPv6 form is the IPv4 address), new fields are checked strictly ([`is_strict`], [`is_strict_cidr`]).

mod parse;
mod range;

pub use parse::{Cidr, is_mapped, is_strict, is_strict_cidr, parse_cidr_sloppy, parse_sloppy};
pub use range::{InvalidRange, parse_port_range, parse_range, parse_ranges};

use std::fmt;
use std::net::IpAddr;

/// A family of addresses, written `IPv4` and `IPv6` (`v1.IPFamily`, `discovery/v1.AddressType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `IPv4`: addresses of 32 bits.
    V4,
    /// `IPv6`: addresses of 128 bits.
    V6,
}

impl Family {
    /// Both families, in their order.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// The family of an address. An address that [`parse_sloppy`] read is never IPv4 in IPv6 form.
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// `IPv4` or `IPv6`: the value in `spec.ipFamilies` and in an EndpointSlice's `addressType`.
    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    /// The family of that name, or nothing for any other text, `FQDN` included.
    pub fn named(name: &str) -> Option<Self> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }

    /// The other family.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Family::V4 => Family::V6,
            Family::V6 => Family::V4,
        }
    }
}

/// A transport protocol that Services and policies know (`v1.Protocol`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// `TCP`, the default.
    #[default]
    Tcp,
    /// `UDP`
    Udp,
    /// `SCTP`
    Sctp,
}

impl Protocol {
    /// The protocols, in the order in which answers list them.
    pub const ALL: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// The protocol that a field of an object names: exactly `TCP`, `UDP` or `SCTP`; the empty text is TCP.
    pub fn named(name: &str) -> Option<Self> {
        if name.is_empty() { Some(Protocol::Tcp) } else { Protocol::ALL.into_iter().find(|known| known.name() == name) }
    }

    /// `TCP`, `UDP` or `SCTP`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_name_protocols_exactly() {
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::named(protocol.name()), Some(protocol));
            assert_eq!(Protocol::named(&protocol.name().to_lowercase()), None);
        }
        assert_eq!((Protocol::named(""), Protocol::named("ICMP")), (Some(Protocol::Tcp), None));
    }

    #[test]
    fn families_have_the_names_of_the_api() {
        assert_eq!(Family::named("IPv4"), Some(Family::V4));
        assert_eq!(Family::named("IPv6").map(Family::other), Some(Family::V4));
        assert_eq!((Family::named("FQDN"), Family::named("ipv4")), (None, None));
    }
}
