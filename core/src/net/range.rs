//! The text of a flag, a setting or a member of a question in, the ranges that it names out.

use super::parse_cidr_sloppy;
use ipnet::IpNet;
use thiserror::Error;

/// A text that names no range.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum InvalidRange {
    /// The part of the text that is not a range of addresses.
    #[error("`{0}` is not a range of addresses; expected one such as 10.0.0.0/16")]
    Addresses(String),
    /// The text, which is not a range of ports.
    #[error("`{0}` is not a range of ports; expected one such as 30000-32767")]
    Ports(String),
}

/// Reads one range of addresses as the components' flags do: leading zeros are accepted, and the bits behind the prefix
/// are cleared ([`parse_cidr_sloppy`]).
///
/// # Errors
/// The text is not a range.
pub fn parse_range(text: &str) -> Result<IpNet, InvalidRange> {
    let text = text.trim();
    parse_cidr_sloppy(text).ok_or_else(|| InvalidRange::Addresses(text.to_owned()))
}

/// Reads ranges of addresses with commas between them: `--service-cluster-ip-range` and `--cluster-cidr`.
///
/// # Errors
/// A part is not a range.
pub fn parse_ranges(text: &str) -> Result<Vec<IpNet>, InvalidRange> {
    text.split(',').map(parse_range).collect()
}

/// Reads `FIRST-LAST`: `--service-node-port-range`.
///
/// # Errors
/// The text does not have that form, or the first port is 0 or higher than the last.
pub fn parse_port_range(text: &str) -> Result<(u16, u16), InvalidRange> {
    let ports = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let is_range = |(first, last): &(u16, u16)| *first > 0 && first <= last;
    ports.filter(is_range).ok_or_else(|| InvalidRange::Ports(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_the_part_that_is_none_is_named() {
        assert_eq!(parse_ranges("10.0.0.0/16, fd00::/108").unwrap().len(), 2);
        assert_eq!(parse_ranges("10.0.0.0/16,10"), Err(InvalidRange::Addresses("10".to_owned())));
        assert_eq!(parse_range("010.0.3.1/16").unwrap().to_string(), "10.0.0.0/16");
        assert_eq!(parse_port_range("30000-32767"), Ok((30000, 32767)));
        assert_eq!(parse_port_range("80-80"), Ok((80, 80)));
        for wrong in ["", "80", "0-80", "81-80", "80-65536", "a-b"] {
            assert_eq!(parse_port_range(wrong), Err(InvalidRange::Ports(wrong.to_owned())));
        }
    }
}
