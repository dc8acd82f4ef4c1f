//! IP families and their policy: what the server fills in, and which wishes the cluster cannot meet.

use super::{Reservation, invalid};
use crate::admission::service::cluster_ips::validate_service_cluster_ips_related_fields;
use crate::admission::status::Status;
use crate::api::codec::Codec;
use crate::api::service::{Service, ServiceSpec};
use crate::field::{Error, Path};
use crate::net::{Family, parse_sloppy};
use crate::release::Gates;
use portolan_base::go::{json, json_value};

const SINGLE_STACK: &str = "SingleStack";
const PREFER_DUAL_STACK: &str = "PreferDualStack";
const REQUIRE_DUAL_STACK: &str = "RequireDualStack";

/// Fills in `ipFamilyPolicy` and `ipFamilies` as the cluster has it (`Allocators.initIPFamilyFields`,
/// `pkg/registry/core/service/storage/alloc.go`). `old` is the stored Service on an update.
///
/// # Errors
/// The related fields are wrong in themselves, or the cluster does not have the families asked for.
pub fn init_ip_family_fields(
    service: &mut Service,
    old: Option<&Service>,
    gates: &Gates,
    reservation: &Reservation<'_>,
) -> Result<(), Status> {
    if service.spec.r#type == "ExternalName" || is_matching_prefer_dual_stack_cluster_ip_fields(service, old) {
        return Ok(());
    }
    let selectorless_headless =
        service.spec.cluster_ip == "None" && service.spec.selector.as_ref().is_none_or(|selector| selector.is_empty());
    if service.spec.ip_family_policy.is_none() {
        let before = old.and_then(|old| old.spec.ip_family_policy.clone());
        let default = if selectorless_headless { REQUIRE_DUAL_STACK } else { SINGLE_STACK };
        service.spec.ip_family_policy = before.or_else(|| Some(default.to_owned()));
    }
    let mut errors = Vec::new();
    validate_service_cluster_ips_related_fields(service, old, gates, &mut errors);
    if !errors.is_empty() {
        return Err(invalid(service, &errors));
    }

    let configured = reservation.families_for(service);
    reduce_to_single_stack(service, old, &mut errors);
    infer_families(service, &configured, &mut errors);
    if !errors.is_empty() {
        return Err(invalid(service, &errors));
    }

    let default = configured.first().map_or("IPv4", |family| family.name());
    let single = service.spec.ip_family_policy.as_deref() == Some(SINGLE_STACK);
    // Headless without a selector: somebody else keeps the endpoints, of whatever family, on any cluster.
    if !selectorless_headless {
        require_configured_families(&service.spec, &configured, &mut errors);
        if !errors.is_empty() {
            return Err(invalid(service, &errors));
        }
    }
    let families = service.spec.ip_families.get_or_insert_default();
    if families.is_empty() {
        families.push(default.to_owned());
    }
    if let ([only], false, true) = (families.as_slice(), single, selectorless_headless || configured.len() == 2) {
        let other = Family::named(only).unwrap_or(Family::V6).other();
        families.push(other.name().to_owned());
    }
    Ok(())
}

/// An update to `SingleStack` that leaves the lists alone means to drop the second of each; any other policy together
/// with shorter lists is an error, and so is `SingleStack` together with two of a kind.
fn reduce_to_single_stack(service: &mut Service, old: Option<&Service>, errors: &mut Vec<Error>) {
    let spec_path = Path::new("spec");
    let path = spec_path.child("ipFamilyPolicy");
    let single = service.spec.ip_family_policy.as_deref() == Some(SINGLE_STACK);
    let policy = json_value(&service.spec.ip_family_policy.encode());
    let mut invalid = |text: &str| errors.push(Error::invalid_value(&path, policy.as_str(), text));
    if let Some(old) = old {
        if single {
            if same(&old.spec.cluster_ips, &service.spec.cluster_ips)
                && let Some(ips) = &mut service.spec.cluster_ips
            {
                ips.truncate(1);
            }
            if same(&old.spec.ip_families, &service.spec.ip_families)
                && let Some(families) = &mut service.spec.ip_families
            {
                families.truncate(1);
            }
        } else {
            if reduced(&old.spec.cluster_ips, &service.spec.cluster_ips) {
                invalid("must be 'SingleStack' to release the secondary cluster IP");
            }
            if reduced(&old.spec.ip_families, &service.spec.ip_families) {
                invalid("must be 'SingleStack' to release the secondary IP family");
            }
        }
    }
    if single {
        if len(&service.spec.cluster_ips) == 2 {
            invalid("must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified");
        }
        if len(&service.spec.ip_families) == 2 {
            invalid("must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified");
        }
    }
}

/// Families that are not given follow from the cluster IPs that are.
fn infer_families(service: &mut Service, configured: &[Family], errors: &mut Vec<Error>) {
    let spec_path = Path::new("spec");
    let path = spec_path.child("clusterIPs");
    let ips = service.spec.cluster_ips.clone().unwrap_or_default();
    for (index, ip) in ips.iter().enumerate().take_while(|(_, ip)| *ip != "None") {
        if index < len(&service.spec.ip_families) {
            continue;
        }
        let family = parse_sloppy(ip).map_or(Family::V6, Family::of);
        if configured.contains(&family) {
            service.spec.ip_families.get_or_insert_default().push(family.name().to_owned());
        } else {
            let text = format!("{} is not configured on this cluster", family.name());
            let value = json_value(&service.spec.cluster_ips.encode());
            errors.push(Error::invalid_value(&path.index(index), value, text));
        }
    }
}

fn require_configured_families(spec: &ServiceSpec, configured: &[Family], errors: &mut Vec<Error>) {
    let spec_path = Path::new("spec");
    if spec.ip_family_policy.as_deref() == Some(REQUIRE_DUAL_STACK) && configured.len() < 2 {
        let policy = json_value(&spec.ip_family_policy.encode());
        let text = "this cluster is not configured for dual-stack services";
        errors.push(Error::invalid_value(&spec_path.child("ipFamilyPolicy"), policy, text));
    }
    for (index, family) in spec.ip_families.iter().flatten().enumerate() {
        if !Family::named(family).is_some_and(|family| configured.contains(&family)) {
            let path = spec_path.child("ipFamilies");
            errors.push(Error::invalid_value(&path.index(index), json(family), "not configured on this cluster"));
        }
    }
}

/// A `PreferDualStack` Service is neither upgraded nor downgraded just because the cluster has changed
/// (`isMatchingPreferDualStackClusterIPFields`).
pub(super) fn is_matching_prefer_dual_stack_cluster_ip_fields(service: &Service, old: Option<&Service>) -> bool {
    let Some(old) = old else { return false };
    let prefers = |policy: &Option<String>| policy.as_deref() == Some(PREFER_DUAL_STACK);
    old.spec.r#type == service.spec.r#type
        && matches!(service.spec.r#type.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer")
        && prefers(&service.spec.ip_family_policy)
        && (old.spec.ip_family_policy.is_none() || prefers(&old.spec.ip_family_policy))
        && same(&old.spec.cluster_ips, &service.spec.cluster_ips)
        && same(&old.spec.ip_families, &service.spec.ip_families)
}

/// Whether two lists have the same elements; an absent list is an empty one.
pub(super) fn same(left: &Option<Vec<String>>, right: &Option<Vec<String>>) -> bool {
    left.as_deref().unwrap_or_default() == right.as_deref().unwrap_or_default()
}

fn reduced(before: &Option<Vec<String>>, after: &Option<Vec<String>>) -> bool {
    len(after) > 0 && len(after) < len(before)
}

fn len(list: &Option<Vec<String>>) -> usize {
    list.as_ref().map_or(0, Vec::len)
}
