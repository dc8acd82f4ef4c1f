//! `clusterIP`, `clusterIPs`, `ipFamilies` and `ipFamilyPolicy`: how they have to agree
//! (`pkg/apis/core/validation/validation.go`, Kubernetes v1.36.3).

use super::is_headless;
use crate::admission::formats::ip::validate_legacy_ip;
use crate::api::codec::Codec;
use crate::api::service::Service;
use crate::field::{Error, ErrorType, Path};
use crate::net::{Family, parse_sloppy};
use crate::release::Gates;
use portolan_base::collections::BTreeSet;
use portolan_base::go::{json, json_value};

/// `ValidateServiceClusterIPsRelatedFields`: also asked before anything is allocated.
pub fn validate_service_cluster_ips_related_fields(
    service: &Service,
    old: Option<&Service>,
    gates: &Gates,
    errors: &mut Vec<Error>,
) {
    if service.spec.r#type == "ExternalName" {
        return;
    }
    let spec_path = Path::new("spec");
    let path = spec_path.child("clusterIPs");
    let ips = service.spec.cluster_ips.as_deref().unwrap_or_default();
    let families = service.spec.ip_families.as_deref().unwrap_or_default();
    let mut invalid = |text: &str| {
        let value = json_value(&service.spec.cluster_ips.encode());
        errors.push(Error::invalid_value(&path, value, text));
    };
    match ips.first() {
        Some(_) if service.spec.cluster_ip.is_empty() => invalid("must be empty when `clusterIP` is not specified"),
        Some(first) if *first != service.spec.cluster_ip => invalid("first value must match `clusterIP`"),
        None if !service.spec.cluster_ip.is_empty() => errors.push(Error::required(&path, "")),
        _ => {}
    }
    validate_families(service, errors);
    if !validate_addresses(service, old, gates, errors) {
        return;
    }
    // An old list may hold what is no address behind its first place; `netutils.IsDualStackIPStrings` stumbles over it.
    let stumbles = ips.iter().enumerate().find(|(_, ip)| ips.len() > 1 && parse_sloppy(ip).is_none());
    if let Some((index, ip)) = stumbles {
        let detail = format!("failed to check for dual stack with error:invalid IP[{index}]: {ip}");
        errors.push(Error::new(ErrorType::Internal, &path, "", detail));
    }
    if ips.len() > 1 && (stumbles.is_some() || !is_dual_stack(ips)) {
        let value = json_value(&service.spec.cluster_ips.encode());
        errors.push(Error::invalid_value(&path, value, "may specify no more than one IP for each IP family"));
    }
    if is_headless(service) {
        return;
    }
    for (index, (ip, family)) in ips.iter().zip(families).enumerate() {
        let is_v6 = parse_sloppy(ip).is_some_and(|ip| Family::of(ip) == Family::V6);
        let (expected, wrong) = match family.as_str() {
            "IPv4" => ("an IPv4", is_v6),
            "IPv6" => ("an IPv6", !is_v6),
            _ => continue,
        };
        if wrong {
            let text = format!("expected {expected} value as indicated by `ipFamilies[{index}]`");
            errors.push(Error::invalid(&path.index(index), ip, text));
        }
    }
}

/// The families and the policy, each for itself.
fn validate_families(service: &Service, errors: &mut Vec<Error>) {
    let spec_path = Path::new("spec");
    let path = spec_path.child("ipFamilies");
    let families = service.spec.ip_families.as_deref().unwrap_or_default();
    let mut seen = BTreeSet::new();
    for (index, family) in families.iter().enumerate() {
        if Family::named(family).is_none() {
            errors.push(Error::not_supported(&path.index(index), json(family), &["IPv4", "IPv6"]));
        }
        if !seen.insert(family) {
            errors.push(Error::duplicate(&path.index(index), json(family)));
        }
    }
    const POLICIES: &[&str] = &["PreferDualStack", "RequireDualStack", "SingleStack"];
    if let Some(policy) = &service.spec.ip_family_policy
        && !POLICIES.contains(&policy.as_str())
    {
        errors.push(Error::not_supported(&spec_path.child("ipFamilyPolicy"), json(policy), POLICIES));
    }
}

/// The addresses, each for itself. Tells whether all of them are ones, so that more can be asked of them.
fn validate_addresses(service: &Service, old: Option<&Service>, gates: &Gates, errors: &mut Vec<Error>) -> bool {
    let spec_path = Path::new("spec");
    let path = spec_path.child("clusterIPs");
    let ips = service.spec.cluster_ips.as_deref().unwrap_or_default();
    let existing = old.and_then(|old| old.spec.cluster_ips.as_deref()).unwrap_or_default();
    let existing: Vec<&str> = existing.iter().map(String::as_str).collect();
    let mut all_valid = true;
    for (index, ip) in ips.iter().enumerate() {
        if index == 0 && ip == "None" {
            if ips.len() > 1 {
                all_valid = false;
                let value = json_value(&service.spec.cluster_ips.encode());
                errors.push(Error::invalid_value(&path, value, "'None' must be the first and only value"));
            }
            continue;
        }
        let before = errors.len();
        validate_legacy_ip(&path.index(index), ip, &existing, gates, errors);
        all_valid &= errors.len() == before;
    }
    if ips.len() > 2 {
        let value = json_value(&service.spec.cluster_ips.encode());
        errors.push(Error::invalid_value(&path, value, "may only hold up to 2 values"));
    }
    all_valid
}

/// Whether there is one of each family (`netutils.IsDualStackIPStrings`).
fn is_dual_stack(ips: &[String]) -> bool {
    let has = |family| ips.iter().filter_map(|ip| parse_sloppy(ip)).any(|ip| Family::of(ip) == family);
    has(Family::V4) && has(Family::V6)
}
