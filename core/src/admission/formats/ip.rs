//! IP addresses and ranges as the server reads them: the lenient parser that takes leading zeros
//! (`k8s.io/utils/net.ParseIPSloppy`, a copy of Go 1.16's `net.ParseIP`), and the strict one beside it (`net/netip`).

use crate::admission::version::Gates;
use crate::field::{Error, Path};
use portolan_base::go::quote;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// An address in Go's 16-byte form (`net.IP`): an IPv4 address and its IPv4-mapped IPv6 address are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ip(u128);

/// A range as Go reads it (`net.IPNet`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The address as written, with the bits beyond the prefix.
    pub address: Ip,
    /// The address with those bits cleared.
    pub network: Ip,
    /// How many bits are fixed, of [`Cidr::bits`].
    pub prefix: u32,
    /// 32 where the address was written as IPv4, else 128, also for an IPv4-mapped one.
    pub bits: u32,
}

const MAPPED: u128 = 0xFFFF_0000_0000;

impl Ip {
    /// `netutils.ParseIPSloppy`: leading zeros are ignored, zones are refused.
    pub fn parse(text: &str) -> Option<Ip> {
        match text.bytes().find(|byte| matches!(byte, b'.' | b':'))? {
            b'.' => parse_v4(text).map(Ip::from_v4),
            _ => parse_v6(text).map(Ip),
        }
    }

    /// An IPv4 address.
    pub fn from_v4(address: u32) -> Ip {
        Ip(MAPPED | u128::from(address))
    }

    /// The four bytes, where it is an IPv4 address (`net.IP.To4`).
    pub fn to_v4(self) -> Option<u32> {
        if self.0 >> 32 == MAPPED >> 32 { u32::try_from(self.0 & 0xFFFF_FFFF).ok() } else { None }
    }

    /// The sixteen bytes.
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Whether it is an IPv6 address and not an IPv4-mapped one (`netutils.IsIPv6`).
    pub fn is_v6(self) -> bool {
        self.to_v4().is_none()
    }

    /// `net.IP.IsUnspecified`
    pub fn is_unspecified(self) -> bool {
        self.0 == 0 || self.to_v4() == Some(0)
    }

    /// `net.IP.IsLoopback`
    pub fn is_loopback(self) -> bool {
        self.to_v4().map_or(self.0 == 1, |v4| v4 >> 24 == 127)
    }

    /// `net.IP.IsLinkLocalUnicast`
    pub fn is_link_local_unicast(self) -> bool {
        self.to_v4().map_or(self.0 >> 118 == 0xFE80 >> 6, |v4| v4 >> 16 == 0xA9FE)
    }

    /// `net.IP.IsLinkLocalMulticast`
    pub fn is_link_local_multicast(self) -> bool {
        self.to_v4().map_or((self.0 >> 112) & 0xFF0F == 0xFF02, |v4| v4 >> 8 == 0xE0_0000)
    }
}

impl fmt::Display for Ip {
    /// `net.IP.String`: dotted for IPv4, RFC 5952 for IPv6.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_v4() {
            Some(v4) => Ipv4Addr::from(v4).fmt(formatter),
            None => Ipv6Addr::from(self.0).fmt(formatter),
        }
    }
}

impl Cidr {
    /// `netutils.ParseCIDRSloppy`
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, length) = text.split_once('/')?;
        let (address, bits) = match parse_v4(address) {
            Some(v4) => (Ip::from_v4(v4), 32),
            None => (Ip(parse_v6(address)?), 128),
        };
        if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let prefix = decimal(length)?.0;
        if prefix > bits {
            return None;
        }
        let network = Ip(address.0 & mask(128 - bits + prefix));
        Some(Cidr { address, network, prefix, bits })
    }

    /// Whether the address lies in the range (`net.IPNet.Contains`): one of the other family never does.
    pub fn contains(&self, address: Ip) -> bool {
        let (network, fixed) = self.number_and_prefix();
        network.is_v6() == address.is_v6() && (network.0 ^ address.0) & mask(fixed) == 0
    }

    /// Whether it is a range of IPv6 addresses (`netutils.IsIPv6CIDR`).
    pub fn is_v6(&self) -> bool {
        self.network.is_v6()
    }

    /// The network and how many of the 128 bits are fixed (`net.networkNumberAndMask`).
    fn number_and_prefix(&self) -> (Ip, u32) {
        (self.network, 128 - self.bits + self.prefix)
    }
}

impl fmt::Display for Cidr {
    /// `net.IPNet.String`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (network, fixed) = self.number_and_prefix();
        let shown = if network.is_v6() { fixed } else { fixed.saturating_sub(96) };
        write!(formatter, "{network}/{shown}")
    }
}

fn mask(fixed: u32) -> u128 {
    u128::MAX.checked_shl(128 - fixed.min(128)).unwrap_or(0)
}

/// Reads decimal digits at the start of a text (`dtoi`): the number and how many bytes it took.
fn decimal(text: &str) -> Option<(u32, usize)> {
    let mut number: u32 = 0;
    let mut length = 0;
    for byte in text.bytes().take_while(u8::is_ascii_digit) {
        number = number * 10 + u32::from(byte - b'0');
        if number >= 0xFF_FFFF {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some((number, length))
}

/// Reads hexadecimal digits at the start of a text (`xtoi`).
fn hexadecimal(text: &str) -> Option<(u32, usize)> {
    let mut number: u32 = 0;
    let mut length = 0;
    for digit in text.chars().map_while(|character| character.to_digit(16)) {
        number = number * 16 + digit;
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
        let (octet, length) = decimal(rest)?;
        if octet > 0xFF {
            return None;
        }
        address = address << 8 | octet;
        rest = rest.get(length..)?;
    }
    rest.is_empty().then_some(address)
}

fn parse_v6(text: &str) -> Option<u128> {
    let mut groups: Vec<u16> = Vec::with_capacity(8);
    let mut ellipsis = None;
    let mut rest = text;
    if let Some(after) = text.strip_prefix("::") {
        ellipsis = Some(0);
        rest = after;
        if rest.is_empty() {
            return Some(0);
        }
    }
    while groups.len() < 8 {
        let (number, length) = hexadecimal(rest)?;
        let group = u16::try_from(number).ok()?;
        if rest.as_bytes().get(length) == Some(&b'.') {
            if (ellipsis.is_none() && groups.len() != 6) || groups.len() > 6 {
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
            if ellipsis.is_some() {
                return None;
            }
            ellipsis = Some(groups.len());
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
    }
    if !rest.is_empty() {
        return None;
    }
    let missing = 8 - groups.len();
    match ellipsis {
        // An ellipsis stands for one group at least, and nothing else may be missing.
        Some(_) if missing == 0 => return None,
        None if missing > 0 => return None,
        Some(position) => {
            for _ in 0..missing {
                groups.insert(position, 0);
            }
        }
        None => {}
    }
    Some(groups.iter().fold(0, |address, group| address << 16 | u128::from(*group)))
}

/// Whether `netip.ParseAddr` takes an address that [`Ip::parse`] takes: it refuses leading zeros in IPv4, and more than
/// four digits a group in IPv6.
fn is_strict(text: &str) -> bool {
    let dotted = |text: &str| text.split('.').all(|octet| octet.len() == 1 || !octet.starts_with('0'));
    if !text.contains(':') {
        return dotted(text);
    }
    text.split(':').all(|group| if group.contains('.') { dotted(group) } else { group.len() <= 4 })
}

/// Whether the text is an IPv4-mapped IPv6 address (`netip.Addr.Is4In6`).
fn is_mapped(text: &str, address: Ip) -> bool {
    text.contains(':') && !address.is_v6()
}

/// Whether `netip.ParsePrefix` takes a range that [`Cidr::parse`] takes.
fn is_strict_cidr(text: &str) -> bool {
    let (address, length) = text.rsplit_once('/').unwrap_or((text, ""));
    is_strict(address) && (length.len() == 1 || !length.starts_with('0'))
}

fn parse_ip(path: &Path<'_>, value: &str, strict: bool, errors: &mut Vec<Error>) -> Option<Ip> {
    let Some(address) = Ip::parse(value) else {
        let message = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        errors.push(Error::invalid(path, value, message));
        return None;
    };
    if !strict {
        return Some(address);
    }
    if !is_strict(value) {
        errors.push(Error::invalid(path, value, "must not have leading 0s"));
    } else if is_mapped(value, address) {
        errors.push(Error::invalid(path, value, "must not be an IPv4-mapped IPv6 address"));
    }
    Some(address)
}

/// `core/validation.IsValidIPForLegacyField`: a value that the old object had already is let be.
pub fn validate_legacy_ip(path: &Path<'_>, value: &str, old: &[&str], gates: &Gates, errors: &mut Vec<Error>) {
    if !old.contains(&value) {
        parse_ip(path, value, gates.strict_ip_cidr_validation, errors);
    }
}

/// `validation.IsValidIP`
pub fn validate_ip(path: &Path<'_>, value: &str, errors: &mut Vec<Error>) {
    let before = errors.len();
    if let Some(address) = parse_ip(path, value, true, errors)
        && errors.len() == before
    {
        must_be_canonical(path, value, &address.to_string(), errors);
    }
}

/// `core/validation.IsValidCIDRForLegacyField`: a value that the old object had already is let be.
pub fn validate_legacy_cidr(path: &Path<'_>, value: &str, old: &[&str], gates: &Gates, errors: &mut Vec<Error>) {
    if !old.contains(&value) {
        parse_cidr(path, value, gates.strict_ip_cidr_validation, errors);
    }
}

/// `validation.IsValidCIDR`
pub fn validate_cidr(path: &Path<'_>, value: &str, errors: &mut Vec<Error>) {
    let before = errors.len();
    if let Some(range) = parse_cidr(path, value, true, errors)
        && errors.len() == before
    {
        must_be_canonical(path, value, &range.to_string(), errors);
    }
}

fn must_be_canonical(path: &Path<'_>, value: &str, canonical: &str, errors: &mut Vec<Error>) {
    if value != canonical {
        errors.push(Error::invalid(path, value, format!("must be in canonical form ({})", quote(canonical))));
    }
}

fn parse_cidr(path: &Path<'_>, value: &str, strict: bool, errors: &mut Vec<Error>) -> Option<Cidr> {
    let Some(range) = Cidr::parse(value) else {
        let message = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
        errors.push(Error::invalid(path, value, message));
        return None;
    };
    if !strict {
        return Some(range);
    }
    if !is_strict_cidr(value) {
        errors.push(Error::invalid(path, value, "must not have leading 0s in IP or prefix length"));
    } else if is_mapped(value, range.address) {
        errors.push(Error::invalid(path, value, "must not have an IPv4-mapped IPv6 address"));
    } else if range.address != range.network {
        errors.push(Error::invalid(path, value, "must not have bits set beyond the prefix length"));
    }
    Some(range)
}

/// `validation.GetWarningsForIP`
pub fn warn_of_ip(path: &Path<'_>, value: &str, warnings: &mut Vec<String>) {
    let Some(address) = Ip::parse(value) else { return };
    if !is_strict(value) || is_mapped(value, address) {
        let (value, canonical) = (quote(value), quote(&address.to_string()));
        warnings.push(format!("{path}: non-standard IP address {value} is invalid: use {canonical}"));
    } else if address.is_v6() && address.to_string() != value {
        let (value, canonical) = (quote(value), quote(&address.to_string()));
        warnings.push(format!("{path}: IPv6 address {value} should be in RFC 5952 canonical format ({canonical})"));
    }
}

/// `validation.GetWarningsForCIDR`
pub fn warn_of_cidr(path: &Path<'_>, value: &str, warnings: &mut Vec<String>) {
    let Some(range) = Cidr::parse(value) else { return };
    let before = warnings.len();
    let shown = quote(value);
    if range.address != range.network {
        let (network, single) = (quote(&range.to_string()), quote(&format!("{}/{}", range.address, range.bits)));
        warnings.push(format!(
            "{path}: CIDR value {shown} is ambiguous in this context (should be {network} or {single}?)"
        ));
    }
    if !is_strict_cidr(value) || is_mapped(value, range.address) {
        let canonical = quote(&range.to_string());
        warnings.push(format!("{path}: non-standard CIDR value {shown} is invalid: use {canonical}"));
    }
    if warnings.len() == before && range.is_v6() {
        let canonical = format!("{}/{}", range.address, range.prefix);
        if canonical != value {
            let canonical = quote(&canonical);
            warnings
                .push(format!("{path}: IPv6 CIDR value {shown} should be in RFC 5952 canonical format ({canonical})"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Option<String> {
        Ip::parse(value).map(|address| address.to_string())
    }

    #[test]
    fn addresses_are_read_as_go_1_16_read_them() {
        for (value, canonical) in [
            ("127.001.002.003", "127.1.2.3"),
            ("::ffff:127.010.020.030", "127.10.20.30"),
            ("0:0:0:0:000000:ffff:127.1.2.3", "127.1.2.3"),
            ("2001:4860:0000:2001:0000:0000:0000:0068", "2001:4860:0:2001::68"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::", "::"),
            ("::1.2.3.4", "::102:304"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ] {
            assert_eq!(text(value).as_deref(), Some(canonical), "{value}");
        }
        for value in [
            "",
            "abc",
            "123:",
            "-0.0.0.0",
            "127.0.0.256",
            "1.2.3",
            "1.2.3.4.5",
            "fe80::1%lo0",
            ":::",
            "a1:a2:a3:a4::b1:b2:b3:b4",
            "1:2:3:4:5:6:7:8:9",
            "1::2::3",
            "1.2.3.4:80",
            " 1.2.3.4",
            "::1.2.3",
        ] {
            assert_eq!(text(value), None, "{value}");
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
        }
        let range = Cidr::parse("10.0.0.0/8").unwrap();
        assert!(range.contains(Ip::parse("10.255.0.1").unwrap()) && !range.contains(Ip::parse("11.0.0.0").unwrap()));
        assert!(!Cidr::parse("::/0").unwrap().contains(Ip::parse("10.0.0.1").unwrap()));
    }

    #[test]
    fn strict_messages() {
        let path = Path::new("ip");
        let say = |value: &str| {
            let mut errors = Vec::new();
            validate_ip(&path, value, &mut errors);
            errors.iter().map(|error| error.detail.clone()).collect::<Vec<_>>()
        };
        assert!(say("1.2.3.4").is_empty());
        assert_eq!(say("01.2.3.4"), ["must not have leading 0s"]);
        assert_eq!(say("::ffff:1.2.3.4"), ["must not be an IPv4-mapped IPv6 address"]);
        assert_eq!(say("::ffff:01.2.3.4"), ["must not have leading 0s"]);
        assert_eq!(say("2001:DB8::1"), ["must be in canonical form (\"2001:db8::1\")"]);
    }

    #[test]
    fn ranges_of_special_addresses() {
        let is = |value: &str, test: fn(Ip) -> bool| test(Ip::parse(value).unwrap());
        assert!(is("0.0.0.0", Ip::is_unspecified) && is("::", Ip::is_unspecified));
        assert!(is("127.1.1.1", Ip::is_loopback) && is("::1", Ip::is_loopback) && !is("::2", Ip::is_loopback));
        assert!(is("169.254.1.1", Ip::is_link_local_unicast) && is("febf::1", Ip::is_link_local_unicast));
        assert!(!is("fec0::1", Ip::is_link_local_unicast));
        assert!(is("224.0.0.9", Ip::is_link_local_multicast) && is("ff02::1", Ip::is_link_local_multicast));
        assert!(!is("224.0.1.9", Ip::is_link_local_multicast) && !is("ff05::1", Ip::is_link_local_multicast));
    }
}
