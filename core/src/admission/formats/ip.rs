//! The text of an address or a range in a field in, the server's errors and warnings about it out
//! (`k8s.io/apimachinery/pkg/util/validation`, `ip.go`, Kubernetes v1.36.3). [`crate::net`] reads the texts.

use crate::admission::warnings::{Warning, WarningKind};
use crate::field::{Error, Path};
use crate::net::{Cidr, is_mapped, is_strict, is_strict_cidr, parse_sloppy};
use crate::release::Gates;
use portolan_base::go::quote;
use std::net::IpAddr;

fn parse_ip(path: &Path<'_>, value: &str, strict: bool, errors: &mut Vec<Error>) -> Option<IpAddr> {
    let Some(address) = parse_sloppy(value) else {
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
pub fn warn_of_ip(path: &Path<'_>, value: &str, warnings: &mut Vec<Warning>) {
    let Some(address) = parse_sloppy(value) else { return };
    if !is_strict(value) || is_mapped(value, address) {
        let (value, canonical) = (quote(value), quote(&address.to_string()));
        let text = format!("{path}: non-standard IP address {value} is invalid: use {canonical}");
        warnings.push(Warning::new(WarningKind::NonStandardAddress, path, text));
    } else if address.is_ipv6() && address.to_string() != value {
        let (value, canonical) = (quote(value), quote(&address.to_string()));
        let text = format!("{path}: IPv6 address {value} should be in RFC 5952 canonical format ({canonical})");
        warnings.push(Warning::new(WarningKind::NonStandardAddress, path, text));
    }
}

/// `validation.GetWarningsForCIDR`
pub fn warn_of_cidr(path: &Path<'_>, value: &str, warnings: &mut Vec<Warning>) {
    let Some(range) = Cidr::parse(value) else { return };
    let before = warnings.len();
    let shown = quote(value);
    if range.address != range.network {
        let (network, single) = (quote(&range.to_string()), quote(&format!("{}/{}", range.address, range.bits)));
        let text =
            format!("{path}: CIDR value {shown} is ambiguous in this context (should be {network} or {single}?)");
        warnings.push(Warning::new(WarningKind::NonStandardAddress, path, text));
    }
    if !is_strict_cidr(value) || is_mapped(value, range.address) {
        let canonical = quote(&range.to_string());
        let text = format!("{path}: non-standard CIDR value {shown} is invalid: use {canonical}");
        warnings.push(Warning::new(WarningKind::NonStandardAddress, path, text));
    }
    if warnings.len() == before && range.is_v6() {
        let canonical = format!("{}/{}", range.address, range.prefix);
        if canonical != value {
            let canonical = quote(&canonical);
            let text = format!("{path}: IPv6 CIDR value {shown} should be in RFC 5952 canonical format ({canonical})");
            warnings.push(Warning::new(WarningKind::NonStandardAddress, path, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
