//! ServiceCIDR: `k8s.io/kubernetes/pkg/apis/networking/validation` and `pkg/registry/networking/servicecidr`, v1.36.3.

use super::formats::ip::validate_cidr;
use super::formats::names::name_is_dns_subdomain;
use super::object_meta::{IMMUTABLE, validate_object_meta, validate_object_meta_update};
use crate::api::codec::Codec;
use crate::api::namespace::{ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus};
use crate::field::{Error, Path};
use crate::net::Cidr;
use crate::release::Gates;
use portolan_base::go::json_value;
use portolan_base::json::Json;

/// `PrepareForCreate`
pub(super) fn prepare_for_create(cidr: &mut ServiceCIDR, gates: &Gates) {
    if gates.service_cidr_status_field_wiping {
        cidr.status = ServiceCIDRStatus::default();
    }
}

/// `PrepareForUpdate`
pub(super) fn prepare_for_update(new: &mut ServiceCIDR, old: &ServiceCIDR, gates: &Gates) {
    if gates.service_cidr_status_field_wiping {
        new.status = old.status.clone();
    }
}

/// `ValidateServiceCIDR`
pub(super) fn validate(cidr: &ServiceCIDR, errors: &mut Vec<Error>) {
    validate_object_meta(&cidr.metadata, false, name_is_dns_subdomain, errors);
    validate_spec(&cidr.spec, errors);
}

/// `ValidateServiceCIDRUpdate`: a second range may be added, nothing else may change.
pub(super) fn validate_update(new: &ServiceCIDR, old: &ServiceCIDR, errors: &mut Vec<Error>) {
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
    let spec = Path::new("spec");
    let path = spec.child("cidrs");
    match (ranges(&old.spec), ranges(&new.spec)) {
        (old, new) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                if old != new {
                    errors.push(Error::invalid(&path.index(index), new, IMMUTABLE));
                }
            }
        }
        ([old], [first, _]) => {
            if old != first {
                errors.push(Error::invalid(&path.index(0), first, IMMUTABLE));
            }
            validate_spec(&new.spec, errors);
        }
        _ => errors.push(Error::invalid_value(&path, json_value(&new.spec.cidrs.encode()), IMMUTABLE)),
    }
}

fn ranges(spec: &ServiceCIDRSpec) -> &[String] {
    spec.cidrs.as_deref().unwrap_or_default()
}

/// `validateServiceCIDRSpec`
fn validate_spec(spec: &ServiceCIDRSpec, errors: &mut Vec<Error>) {
    let parent = Path::new("spec");
    let path = parent.child("cidrs");
    let ranges = ranges(spec);
    if ranges.is_empty() {
        errors.push(Error::required(&path, "at least one CIDR required"));
        return;
    }
    if ranges.len() > 2 {
        let shown = Json::object().with("CIDRs", ranges.to_vec());
        errors.push(Error::invalid_value(&path, json_value(&shown), "may only hold up to 2 values"));
        return;
    }
    for (index, range) in ranges.iter().enumerate() {
        validate_cidr(&path.index(index), range, errors);
    }
    if let [one, other] = ranges
        && let (Some(one), Some(other)) = (Cidr::parse(one), Cidr::parse(other))
        && one.address.is_ipv6() == other.address.is_ipv6()
    {
        let message = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.push(Error::invalid_value(&path, json_value(&spec.cidrs.encode()), message));
    }
}
