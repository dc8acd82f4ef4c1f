//! The text of an address or a range in, the address or range out, as Go reads it: the lenient parser that accepts leading
//! zeros (`k8s.io/utils/net.ParseIPSloppy` and `ParseCIDRSloppy`, copies of Go 1.16's `net.ParseIP` and `net.ParseCIDR`),
//! and what the strict one (`net/netip`) refuses of that.

use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A range as Go reads it (`net.IPNet`): unlike [`IpNet`] it keeps the address as written, and a range that was written
/// in IPv4-mapped IPv6 form is a range of IPv4 addresses where its network is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address as written, with the bits beyond the prefix. IPv4 in IPv6 form is IPv4.
    pub address: IpAddr,
    /// The address with those bits cleared.
    pub network: IpAddr,
    /// How many bits are fixed, of [`Cidr::bits`].
    pub prefix: u32,
    /// 32 where the address was written as IPv4, else 128, also for an IPv4-mapped one.
    pub bits: u32,
}

/// The bits above an IPv4 address in its IPv6 form (`::ffff:0:0/96`).
const MAPPED: u128 = 0xFFFF_0000_0000;

/// Reads an address (`netutils.ParseIPSloppy`): leading zeros are ignored, zones are refused, and IPv4 in IPv6 form gives
/// the IPv4 address. Displaying the result gives the text that `net.IP.String` gives.
pub fn parse_sloppy(text: &str) -> Option<IpAddr> {
    match text.bytes().find(|byte| matches!(byte, b'.' | b':'))? {
        b'.' => parse_v4(text).map(|v4| IpAddr::V4(v4.into())),
        _ => parse_v6(text).map(address),
    }
}

/// Reads a range (`netutils.ParseCIDRSloppy`), with the bits behind its prefix cleared. A range in IPv4-mapped IPv6 form
/// stays a range of IPv6 addresses.
pub fn parse_cidr_sloppy(text: &str) -> Option<IpNet> {
    let range = Cidr::parse(text)?;
    let address = match range.address {
        IpAddr::V4(v4) if range.bits == 128 => IpAddr::V6(v4.to_ipv6_mapped()),
        address => address,
    };
    IpNet::new(address, u8::try_from(range.prefix).ok()?).ok().map(|net| net.trunc())
}

/// Whether `netip.ParseAddr` accepts an address that [`parse_sloppy`] accepts: it refuses leading zeros in IPv4, and more
/// than four digits a group in IPv6.
pub fn is_strict(text: &str) -> bool {
    let dotted = |text: &str| text.split('.').all(|octet| octet.len() == 1 || !octet.starts_with('0'));
    if !text.contains(':') {
        return dotted(text);
    }
    text.split(':').all(|group| if group.contains('.') { dotted(group) } else { group.len() <= 4 })
}

/// Whether `netip.ParsePrefix` accepts a range that [`Cidr::parse`] accepts.
pub fn is_strict_cidr(text: &str) -> bool {
    let (address, length) = text.rsplit_once('/').unwrap_or((text, ""));
    is_strict(address) && (length.len() == 1 || !length.starts_with('0'))
}

/// Whether the text, which names this address, has it in IPv4-mapped IPv6 form (`netip.Addr.Is4In6`).
pub fn is_mapped(text: &str, address: IpAddr) -> bool {
    text.contains(':') && address.is_ipv4()
}

impl Cidr {
    /// Reads a range (`netutils.ParseCIDRSloppy`).
    pub fn parse(text: &str) -> Option<Cidr> {
        let (written, length) = text.split_once('/')?;
        let (number, bits) = match parse_v4(written) {
            Some(v4) => (MAPPED | u128::from(v4), 32),
            None => (parse_v6(written)?, 128),
        };
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let prefix = digits(length, 10)?.0;
        if prefix > bits {
            return None;
        }
        let network = address(number & mask(128 - bits + prefix));
        Some(Cidr { address: address(number), network, prefix, bits })
    }

    /// Whether the address is in the range (`net.IPNet.Contains`). An address of the other family never is.
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = number(self.network) ^ number(address);
        self.network.is_ipv4() == address.is_ipv4() && differing & mask(self.fixed()) == 0
    }

    /// Whether it is a range of IPv6 addresses (`netutils.IsIPv6CIDR`).
    pub fn is_v6(&self) -> bool {
        self.network.is_ipv6()
    }

    /// How many bits are fixed, of 128, whatever the family.
    fn fixed(&self) -> u32 {
        128 - self.bits + self.prefix
    }
}

impl fmt::Display for Cidr {
    /// `net.IPNet.String`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.is_v6() { self.fixed() } else { self.fixed().saturating_sub(96) };
        write!(formatter, "{}/{shown}", self.network)
    }
}

/// The sixteen bytes of an address, IPv4 in its IPv6 form: Go's `net.IP`.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => MAPPED | u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address of sixteen bytes.
fn address(number: u128) -> IpAddr {
    Ipv6Addr::from_bits(number).to_canonical()
}

fn mask(fixed: u32) -> u128 {
    u128::MAX.checked_shl(128 - fixed.min(128)).unwrap_or(0)
}

/// Reads the digits at the start of a text (`dtoi` and `xtoi` of Go's package `net`): the number and how many bytes it
/// took. A number that is too large is nothing.
fn digits(text: &str, base: u32) -> Option<(u32, usize)> {
    let mut number: u32 = 0;
    let mut length = 0;
    for digit in text.chars().map_while(|character| character.to_digit(base)) {
        number = number * base + digit;
        if number >= 0xFF_FFFF {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some((number, length))
}

fn parse_v4(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut address: u32 = 0;
    for position in 0..4 {
        if position > 0 {
            rest = rest.strip_prefix('.')?;
        }
        let (octet, length) = digits(rest, 10)?;
        if octet > 0xFF {
            return None;
        }
        address = address << 8 | octet;
        rest = rest.get(length..)?;
    }
    rest.is_empty().then_some(address)
}

/// The groups before `::` and those after it, as they are read.
#[derive(Default)]
struct Groups {
    /// The groups that were read, 16 bits each.
    bits: u128,
    /// How many they are.
    count: u32,
    /// How many came before `::`.
    before: Option<u32>,
}

impl Groups {
    fn push(&mut self, group: u16) {
        self.bits = self.bits << 16 | u128::from(group);
        self.count += 1;
    }

    /// The address: `::` stands for one group at least, and nothing else may be missing.
    fn address(self) -> Option<u128> {
        match self.before {
            None => (self.count == 8).then_some(self.bits),
            Some(before) => {
                let after = 16 * (self.count - before);
                let low = if after == 0 { 0 } else { self.bits & (u128::MAX >> (128 - after)) };
                let high = self.bits.checked_shr(after).unwrap_or(0);
                (self.count < 8).then(|| high.checked_shl(16 * (8 - before)).unwrap_or(0) | low)
            }
        }
    }
}

fn parse_v6(text: &str) -> Option<u128> {
    let mut groups = Groups::default();
    let mut rest = text;
    if let Some(after) = text.strip_prefix("::") {
        groups.before = Some(0);
        rest = after;
        if rest.is_empty() {
            return Some(0);
        }
    }
    while groups.count < 8 {
        let (number, length) = digits(rest, 16)?;
        let group = u16::try_from(number).ok()?;
        if rest.as_bytes().get(length) == Some(&b'.') {
            if (groups.before.is_none() && groups.count != 6) || groups.count > 6 {
                return None;
            }
            let v4 = parse_v4(rest)?;
            groups.push((v4 >> 16) as u16);
            groups.push((v4 & 0xFFFF) as u16);
            rest = "";
            break;
        }
        groups.push(group);
        rest = rest.get(length..)?;
        if rest.is_empty() {
            break;
        }
        rest = rest.strip_prefix(':').filter(|after| !after.is_empty())?;
        if let Some(after) = rest.strip_prefix(':') {
            if groups.before.is_some() {
                return None;
            }
            groups.before = Some(groups.count);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if rest.is_empty() { groups.address() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Option<String> {
        parse_sloppy(value).map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_read_as_go_1_16_read_them() {
        for (value, canonical) in [
            ("010.0.00.001", "10.0.0.1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("FD00:0:0::1", "fd00::1"),
            ("127.001.002.003", "127.1.2.3"),
            ("::ffff:127.010.020.030", "127.10.20.30"),
            ("0:0:0:0:000000:ffff:127.1.2.3", "127.1.2.3"),
            ("2001:4860:0000:2001:0000:0000:0000:0068", "2001:4860:0:2001::68"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::", "::"),
            ("::1.2.3.4", "::102:304"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("1::", "1::"),
            ("1::8", "1::8"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ] {
            assert_eq!(text(value).as_deref(), Some(canonical), "{value}");
        }
        for value in [
            "",
            "abc",
            "host",
            "123:",
            "-0.0.0.0",
            "127.0.0.256",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "1.2.3.+4",
            "fe80::1%lo0",
            ":::",
            "a1:a2:a3:a4::b1:b2:b3:b4",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "1::2::3",
            "1.2.3.4:80",
            " 1.2.3.4",
            "::1.2.3",
        ] {
            assert_eq!(text(value), None, "{value}");
        }
    }

    /// Rust's own parser reads strictly: what it accepts, the sloppy one reads as the same address.
    #[test]
    fn every_place_of_the_ellipsis_is_read_as_the_standard_library_reads_it() {
        for before in 0..8 {
            for after in 0..(8 - before) {
                let groups = |count: usize| vec!["a"; count].join(":");
                let value = format!("{}::{}", groups(before), groups(after));
                assert_eq!(parse_sloppy(&value), value.parse().ok(), "{value}");
            }
        }
    }

    #[test]
    fn ranges_are_read_and_written_as_go_does() {
        let show = |value: &str| Cidr::parse(value).map(|range| range.to_string());
        assert_eq!(show("10.0.0.7/24").as_deref(), Some("10.0.0.0/24"));
        assert_eq!(show("::ffff:1.2.3.4/120").as_deref(), Some("1.2.3.0/24"));
        assert_eq!(show("::ffff:1.2.3.4/64").as_deref(), Some("::/64"));
        assert_eq!(show("2001:DB8::/032").as_deref(), Some("2001:db8::/32"));
        for value in ["10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "x/8"] {
            assert_eq!(show(value), None, "{value}");
            assert_eq!(parse_cidr_sloppy(value), None, "{value}");
        }
        let address = |value: &str| parse_sloppy(value).unwrap();
        let range = Cidr::parse("10.0.0.0/8").unwrap();
        assert!(range.contains(address("10.255.0.1")) && !range.contains(address("11.0.0.0")));
        assert!(!Cidr::parse("::/0").unwrap().contains(address("10.0.0.1")));
    }

    #[test]
    fn ranges_lose_their_host_bits() {
        let show = |value: &str| parse_cidr_sloppy(value).unwrap().to_string();
        assert_eq!(show("10.01.2.3/8"), "10.0.0.0/8");
        assert_eq!(show("fd00::1/64"), "fd00::/64");
        assert_eq!(show("0.0.0.0/0"), "0.0.0.0/0");
        assert!(matches!(parse_cidr_sloppy("::ffff:1.2.3.4/120"), Some(IpNet::V6(_))));
    }
}
