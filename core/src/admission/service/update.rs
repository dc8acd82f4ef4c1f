//! The rules for a change of a Service (`pkg/apis/core/validation/validation.go`, Kubernetes v1.36.3).

use super::validate::validate_service;
use super::{is_headless, needs_health_check};
use crate::admission::formats::names::{is_qualified_name, push};
use crate::admission::object_meta::{IMMUTABLE, validate_object_meta_update};
use crate::api::codec::Codec;
use crate::api::service::Service;
use crate::field::{Error, Path};
use crate::release::Gates;
use portolan_base::go::json_value;

const SPEC: Path<'static> = Path::new("spec");
/// What the server says of a field that keeps its first value.
pub const MAY_NOT_CHANGE: &str = "may not change once set";

/// `ValidateServiceUpdate`: what may not change, then the rules of a new Service, with what the old one had excused.
pub fn validate_service_update(service: &Service, old: &Service, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta_update(&service.metadata, &old.metadata, errors);
    validate_upgrade_downgrade_cluster_ips(old, service, errors);
    validate_upgrade_downgrade_ip_families(old, service, errors);
    validate_load_balancer_class_field(Some(old), service, errors);
    if needs_health_check(old)
        && needs_health_check(service)
        && old.spec.health_check_node_port != service.spec.health_check_node_port
    {
        errors.push(Error::forbidden(&SPEC.child("healthCheckNodePort"), IMMUTABLE));
    }
    validate_service(service, Some(old), gates, errors);
}

/// `validateUpgradeDowngradeClusterIPs`: the primary address stays; the secondary one may come, or go with `SingleStack`.
fn validate_upgrade_downgrade_cluster_ips(old: &Service, service: &Service, errors: &mut Vec<Error>) {
    if is_external_name(old) || is_external_name(service) || (is_headless(old) && is_headless(service)) {
        return;
    }
    let before = old.spec.cluster_ips.as_deref().unwrap_or_default();
    let after = service.spec.cluster_ips.as_deref().unwrap_or_default();
    let path = SPEC.child("clusterIPs");
    let value = || json_value(&service.spec.cluster_ips.encode());
    if before.len() == after.len() {
        for (index, _) in before.iter().zip(after).enumerate().filter(|(_, (before, after))| before != after) {
            errors.push(Error::invalid_value(&path.index(index), value(), MAY_NOT_CHANGE));
        }
        return;
    }
    if after.is_empty() {
        errors.push(Error::invalid_value(&path.index(0), value(), "primary clusterIP can not be unset"));
    }
    if primary_changed(before, after) {
        errors.push(Error::invalid_value(&path.index(0), value(), MAY_NOT_CHANGE));
    }
    if before.len() > after.len() && after.len() == 1 {
        let text = "must be set to 'SingleStack' when releasing the secondary clusterIP";
        require_single_stack(service, text, errors);
    }
}

/// `validateUpgradeDowngradeIPFamilies`. Upstream names the first index for every family, and shows the cluster IPs where
/// the lengths differ.
fn validate_upgrade_downgrade_ip_families(old: &Service, service: &Service, errors: &mut Vec<Error>) {
    if is_external_name(old) || is_external_name(service) || is_headless(old) || is_headless(service) {
        return;
    }
    let before = old.spec.ip_families.as_deref().unwrap_or_default();
    let after = service.spec.ip_families.as_deref().unwrap_or_default();
    let families = SPEC.child("ipFamilies");
    let path = families.index(0);
    let value = || json_value(&service.spec.ip_families.encode());
    if before.len() == after.len() {
        for _ in before.iter().zip(after).filter(|(before, after)| before != after) {
            errors.push(Error::invalid_value(&path, value(), MAY_NOT_CHANGE));
        }
        return;
    }
    let downgraded = before.len() > after.len();
    if downgraded && service.spec.cluster_ips.as_ref().is_none_or(Vec::is_empty) {
        errors.push(Error::invalid_value(&path, value(), "primary ipFamily can not be unset"));
    }
    if primary_changed(before, after) {
        let value = json_value(&service.spec.cluster_ips.encode());
        errors.push(Error::invalid_value(&path, value, MAY_NOT_CHANGE));
    }
    if downgraded && after.len() == 1 {
        require_single_stack(service, "must be set to 'SingleStack' when releasing the secondary ipFamily", errors);
    }
}

/// `validateLoadBalancerClassField`: asked twice on an update, with the old Service and without.
pub(super) fn validate_load_balancer_class_field(old: Option<&Service>, service: &Service, errors: &mut Vec<Error>) {
    let path = SPEC.child("loadBalancerClass");
    let is_load_balancer = |service: &Service| service.spec.r#type == "LoadBalancer";
    let class = service.spec.load_balancer_class.as_deref();
    if let Some(old) = old
        && is_load_balancer(old)
        && is_load_balancer(service)
        && old.spec.load_balancer_class.as_deref() != class
    {
        // A pointer to a string is no string: it is shown as JSON.
        let value = json_value(&service.spec.load_balancer_class.encode());
        errors.push(Error::invalid_value(&path, value, MAY_NOT_CHANGE));
    }
    match class {
        Some(class) if is_load_balancer(service) => push(errors, &path, class, is_qualified_name(class)),
        Some(_) => errors.push(Error::forbidden(&path, "may only be used when `type` is 'LoadBalancer'")),
        None => {}
    }
}

fn require_single_stack(service: &Service, text: &str, errors: &mut Vec<Error>) {
    if service.spec.ip_family_policy.as_deref() != Some("SingleStack") {
        let value = json_value(&service.spec.ip_family_policy.encode());
        errors.push(Error::invalid_value(&SPEC.child("ipFamilyPolicy"), value, text));
    }
}

fn primary_changed(before: &[String], after: &[String]) -> bool {
    matches!((before.first(), after.first()), (Some(before), Some(after)) if before != after)
}

fn is_external_name(service: &Service) -> bool {
    service.spec.r#type == "ExternalName"
}
