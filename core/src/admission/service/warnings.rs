//! What the server warns of in a Service that it takes (`pkg/api/service/warnings.go`, Kubernetes v1.36.3).

use super::validate::{TOPOLOGY_AWARE_HINTS, TOPOLOGY_MODE};
use crate::admission::formats::ip::{warn_of_cidr, warn_of_ip};
use crate::admission::warnings::{Warning, WarningKind};
use crate::api::service::Service;
use crate::field::Path;

/// `GetWarningsForService`
pub fn get_warnings_for_service(service: &Service, warnings: &mut Vec<Warning>) {
    let spec = &service.spec;
    let spec_path = Path::new("spec");
    let ignored = |field: &str, text: &str| Warning::new(WarningKind::Ignored, &spec_path.child(field), text);
    if service.metadata.annotations.contains_key(TOPOLOGY_AWARE_HINTS) {
        let text = format!("annotation {TOPOLOGY_AWARE_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead");
        let metadata = Path::new("metadata");
        let annotations = metadata.child("annotations");
        warnings.push(Warning::new(WarningKind::DeprecatedField, &annotations.key(TOPOLOGY_AWARE_HINTS), text));
    }
    if !spec.cluster_ip.is_empty() && spec.cluster_ip != "None" {
        let path = spec_path.child("clusterIPs");
        for (index, ip) in spec.cluster_ips.iter().flatten().enumerate() {
            warn_of_ip(&path.index(index), ip, warnings);
        }
    }
    // Not what validation calls headless: the singular field, and of type ClusterIP only.
    let headless = spec.r#type == "ClusterIP" && spec.cluster_ip == "None";
    let external_ips = spec.external_ips.as_deref().unwrap_or_default();
    if headless {
        if !spec.load_balancer_ip.is_empty() {
            warnings.push(ignored("loadBalancerIP", "spec.loadBalancerIP is ignored for headless services"));
        }
        if !external_ips.is_empty() {
            warnings.push(ignored("externalIPs", "spec.externalIPs is ignored for headless services"));
        }
        if spec.session_affinity != "None" {
            // The server spells the field as Go does.
            warnings.push(ignored("sessionAffinity", "spec.SessionAffinity is ignored for headless services"));
        }
    }
    let path = spec_path.child("externalIPs");
    for (index, ip) in external_ips.iter().enumerate() {
        warn_of_ip(&path.index(index), ip, warnings);
    }
    let external_name = spec.r#type == "ExternalName";
    if !external_ips.is_empty() && !headless && !external_name {
        let text = "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
        warnings.push(Warning::new(WarningKind::DeprecatedField, &path, text));
    }
    if !spec.load_balancer_ip.is_empty() {
        warn_of_ip(&spec_path.child("loadBalancerIP"), &spec.load_balancer_ip, warnings);
    }
    let path = spec_path.child("loadBalancerSourceRanges");
    for (index, cidr) in spec.load_balancer_source_ranges.iter().flatten().enumerate() {
        warn_of_cidr(&path.index(index), cidr, warnings);
    }
    if external_name && !external_ips.is_empty() {
        let text = "spec.externalIPs is ignored when spec.type is \"ExternalName\"";
        warnings.push(ignored("externalIPs", text));
    }
    if !external_name && !spec.external_name.is_empty() {
        let text = "spec.externalName is ignored when spec.type is not \"ExternalName\"";
        warnings.push(ignored("externalName", text));
    }
    if spec.traffic_distribution.as_deref() == Some("PreferClose") {
        let text = "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"";
        let field = spec_path.child("trafficDistribution");
        warnings.push(Warning::new(WarningKind::DeprecatedPreferClose, &field, text));
    }
}
