//! The rules for a Service (`pkg/apis/core/validation/validation.go`, Kubernetes v1.36.3), in the server's order.

use super::cluster_ips::validate_service_cluster_ips_related_fields;
use super::update::validate_load_balancer_class_field;
use super::{externally_accessible, is_headless, needs_health_check};
use crate::admission::endpoints::{PROTOCOLS, validate_endpoint_ip};
use crate::admission::formats::ip::{validate_legacy_cidr, validate_legacy_ip};
use crate::admission::formats::labels::validate_labels;
use crate::admission::formats::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, is_valid_port_name, is_valid_port_num,
    name_is_dns_label, name_is_dns1035_label, push, push_number,
};
use crate::admission::object_meta::validate_object_meta;
use crate::api::meta::IntOrString;
use crate::api::service::{Service, ServicePort, SessionAffinityConfig};
use crate::field::{Error, Path};
use crate::release::Gates;
use portolan_base::collections::BTreeSet;
use portolan_base::go::{json, quote};

pub(super) const TOPOLOGY_AWARE_HINTS: &str = "service.kubernetes.io/topology-aware-hints";
pub(super) const TOPOLOGY_MODE: &str = "service.kubernetes.io/topology-mode";
const LOAD_BALANCER_SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";
const MAX_CLIENT_IP_SERVICE_AFFINITY_SECONDS: i32 = 86_400;
const SPEC: Path<'static> = Path::new("spec");

/// `ValidateServiceCreate`: the metadata, then everything else.
pub fn validate_service_create(service: &Service, gates: &Gates, errors: &mut Vec<Error>) {
    let rule = if gates.relaxed_service_name_validation { name_is_dns_label } else { name_is_dns1035_label };
    validate_object_meta(&service.metadata, true, rule, errors);
    validate_service(service, None, gates, errors);
}

/// `validateService`: everything but the metadata; `old` is the stored Service on an update.
pub fn validate_service(service: &Service, old: Option<&Service>, gates: &Gates, errors: &mut Vec<Error>) {
    validate_topology_annotations(service, errors);
    let ports_path = SPEC.child("ports");
    let headless = is_headless(service);
    if service.ports().is_empty() && !headless && service.spec.r#type != "ExternalName" {
        errors.push(Error::required(&ports_path, ""));
    }
    validate_type_dependent_fields(service, errors);
    let require_name = service.ports().len() > 1;
    let mut names = BTreeSet::new();
    for (index, port) in service.ports().iter().enumerate() {
        validate_service_port(port, require_name, &mut names, &ports_path.index(index), errors);
    }
    if let Some(selector) = &service.spec.selector {
        validate_labels(selector, &SPEC.child("selector"), errors);
    }
    validate_session_affinity(service, errors);
    validate_service_cluster_ips_related_fields(service, old, gates, errors);
    validate_external_ips(service, old, gates, errors);

    const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    required_one_of(&SPEC.child("type"), &service.spec.r#type, TYPES, errors);
    validate_port_numbers(service, errors);
    validate_load_balancer_source_ranges(service, old, gates, errors);

    let allocate = service.spec.allocate_load_balancer_node_ports;
    if service.spec.r#type != "LoadBalancer" && allocate.is_some() {
        let text = "may only be used when `type` is 'LoadBalancer'";
        errors.push(Error::forbidden(&SPEC.child("allocateLoadBalancerNodePorts"), text));
    }
    if service.spec.r#type == "LoadBalancer" && allocate.is_none() {
        errors.push(Error::required(&Path::new("allocateLoadBalancerNodePorts"), ""));
    }
    validate_load_balancer_class_field(None, service, errors);
    validate_service_external_traffic_policy(service, errors);
    validate_service_internal_traffic_fields_value(service, errors);

    // Upstream keeps these in the order in which they came to be.
    const DISTRIBUTIONS: &[&str] = &["PreferClose", "PreferSameZone", "PreferSameNode"];
    if let Some(distribution) = &service.spec.traffic_distribution
        && !DISTRIBUTIONS.contains(&distribution.as_str())
    {
        errors.push(Error::not_supported(&SPEC.child("trafficDistribution"), quote(distribution), DISTRIBUTIONS));
    }
}

fn validate_topology_annotations(service: &Service, errors: &mut Vec<Error>) {
    let annotations = &service.metadata.annotations;
    if let (Some(mode), Some(hints)) = (annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_AWARE_HINTS))
        && mode != hints
    {
        let metadata = Path::new("metadata");
        let path = metadata.child("annotations");
        let text = format!("must match annotations[{TOPOLOGY_AWARE_HINTS}] when both are specified");
        errors.push(Error::invalid(&path.key(TOPOLOGY_MODE), mode, text));
    }
}

/// What only some types may be or have.
fn validate_type_dependent_fields(service: &Service, errors: &mut Vec<Error>) {
    let spec = &service.spec;
    match spec.r#type.as_str() {
        name @ ("LoadBalancer" | "NodePort") if is_headless(service) => {
            let path = SPEC.child("clusterIPs");
            let text = format!("may not be set to 'None' for {name} services");
            errors.push(Error::invalid(&path.index(0), "None", text));
        }
        "ExternalName" => {
            let text = "may not be set for ExternalName services";
            if spec.cluster_ips.as_ref().is_some_and(|ips| !ips.is_empty()) {
                errors.push(Error::forbidden(&SPEC.child("clusterIPs"), text));
            }
            if spec.ip_families.as_ref().is_some_and(|families| !families.is_empty()) {
                errors.push(Error::forbidden(&SPEC.child("ipFamilies"), text));
            }
            if spec.ip_family_policy.is_some() {
                errors.push(Error::forbidden(&SPEC.child("ipFamilyPolicy"), text));
            }
            let path = SPEC.child("externalName");
            match spec.external_name.strip_suffix('.').unwrap_or(&spec.external_name) {
                "" => errors.push(Error::required(&path, "")),
                name => push(errors, &path, name, is_dns1123_subdomain(name)),
            }
        }
        _ => {}
    }
}

/// `validateServicePort`; `names` are those of the earlier ports.
fn validate_service_port<'a>(
    port: &'a ServicePort,
    require_name: bool,
    names: &mut BTreeSet<&'a str>,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let name = path.child("name");
    if !port.name.is_empty() {
        push(errors, &name, &port.name, is_dns1123_label(&port.name));
        if !names.insert(&port.name) {
            errors.push(Error::duplicate(&name, quote(&port.name)));
        }
    } else if require_name {
        errors.push(Error::required(&name, ""));
    }
    push_number(errors, &path.child("port"), port.port, is_valid_port_num(port.port));
    required_one_of(&path.child("protocol"), &port.protocol, PROTOCOLS, errors);
    let target = path.child("targetPort");
    match &port.target_port {
        IntOrString::Int(number) => push_number(errors, &target, *number, is_valid_port_num(*number)),
        IntOrString::String(name) => push(errors, &target, name, is_valid_port_name(name)),
    }
    if let Some(protocol) = &port.app_protocol {
        push(errors, &path.child("appProtocol"), protocol, is_qualified_name(protocol));
    }
}

fn validate_session_affinity(service: &Service, errors: &mut Vec<Error>) {
    let affinity = service.spec.session_affinity.as_str();
    required_one_of(&SPEC.child("sessionAffinity"), affinity, &["ClientIP", "None"], errors);
    let path = SPEC.child("sessionAffinityConfig");
    let config = service.spec.session_affinity_config.as_ref();
    match affinity {
        "ClientIP" => validate_client_ip_affinity_config(config, &path, errors),
        "None" if config.is_some() => {
            errors.push(Error::forbidden(&path, "must not be set when session affinity is None"));
        }
        _ => {}
    }
}

/// `validateClientIPAffinityConfig`
fn validate_client_ip_affinity_config(
    config: Option<&SessionAffinityConfig>,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    const WHEN: &str = "when session affinity type is ClientIP";
    let client_ip_path = path.child("clientIP");
    let timeout_path = client_ip_path.child("timeoutSeconds");
    let Some(config) = config else {
        return errors.push(Error::required(path, WHEN));
    };
    let Some(client_ip) = &config.client_ip else {
        return errors.push(Error::required(&client_ip_path, WHEN));
    };
    let Some(timeout) = client_ip.timeout_seconds else {
        return errors.push(Error::required(&timeout_path, WHEN));
    };
    if !(1..=MAX_CLIENT_IP_SERVICE_AFFINITY_SECONDS).contains(&timeout) {
        // The limit itself is taken, whatever the text says.
        let text = format!("must be greater than 0 and less than {MAX_CLIENT_IP_SERVICE_AFFINITY_SECONDS}");
        errors.push(Error::invalid_value(&timeout_path, timeout.to_string(), text));
    }
}

fn validate_external_ips(service: &Service, old: Option<&Service>, gates: &Gates, errors: &mut Vec<Error>) {
    let path = SPEC.child("externalIPs");
    let existing = old.and_then(|old| old.spec.external_ips.as_deref()).unwrap_or_default();
    let existing: Vec<&str> = existing.iter().map(String::as_str).collect();
    for (index, ip) in service.spec.external_ips.iter().flatten().enumerate() {
        let before = errors.len();
        validate_legacy_ip(&path.index(index), ip, &existing, gates, errors);
        if errors.len() == before {
            validate_endpoint_ip(ip, &path.index(index), errors);
        }
    }
}

/// Node ports where the type has none, and numbers that occur twice with the same protocol.
fn validate_port_numbers(service: &Service, errors: &mut Vec<Error>) {
    let path = SPEC.child("ports");
    let ports = service.ports();
    if service.spec.r#type == "ClusterIP" {
        for (index, _) in ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
            let text = "may not be used when `type` is 'ClusterIP'";
            errors.push(Error::forbidden(&path.index(index).child("nodePort"), text));
        }
    }
    let mut node_ports = BTreeSet::new();
    for (index, port) in ports.iter().enumerate().filter(|(_, port)| port.node_port != 0) {
        if !node_ports.insert((&port.protocol, port.node_port)) {
            errors.push(Error::duplicate(&path.index(index).child("nodePort"), port.node_port.to_string()));
        }
    }
    let mut numbers = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        if !numbers.insert((&port.protocol, port.port)) {
            // Upstream shows the struct that it keeps the pair in.
            let value = format!(
                r#"{{"Name":"","Protocol":{},"AppProtocol":null,"Port":{},"TargetPort":0,"NodePort":0}}"#,
                json(&port.protocol),
                port.port
            );
            errors.push(Error::duplicate(&path.index(index), value));
        }
    }
}

/// The field, or the annotation where the field is not used. The path of the field is spelt with a capital, as upstream
/// has it.
fn validate_load_balancer_source_ranges(
    service: &Service,
    old: Option<&Service>,
    gates: &Gates,
    errors: &mut Vec<Error>,
) {
    let forbidden = "may only be used when `type` is 'LoadBalancer'";
    let is_load_balancer = service.spec.r#type == "LoadBalancer";
    let ranges = service.spec.load_balancer_source_ranges.as_deref().unwrap_or_default();
    if !ranges.is_empty() {
        let path = SPEC.child("LoadBalancerSourceRanges");
        if !is_load_balancer {
            errors.push(Error::forbidden(&path, forbidden));
        }
        let existing = old.and_then(|old| old.spec.load_balancer_source_ranges.as_deref()).unwrap_or_default();
        let existing: Vec<&str> = existing.iter().map(|range| trim_space(range)).collect();
        for (index, range) in ranges.iter().enumerate() {
            validate_legacy_cidr(&path.index(index), trim_space(range), &existing, gates, errors);
        }
        return;
    }
    let Some(annotation) = service.metadata.annotations.get(LOAD_BALANCER_SOURCE_RANGES) else { return };
    let metadata = Path::new("metadata");
    let annotations = metadata.child("annotations");
    let path = annotations.key(LOAD_BALANCER_SOURCE_RANGES);
    if !is_load_balancer {
        errors.push(Error::forbidden(&path, forbidden));
    }
    // On an update, upstream compares with what a missing annotation reads as.
    let before = old.map(|old| old.metadata.annotations.get(LOAD_BALANCER_SOURCE_RANGES).map_or("", String::as_str));
    let value = trim_space(annotation);
    if before != Some(annotation.as_str()) && !value.is_empty() {
        for range in value.split(',') {
            validate_legacy_cidr(&path, trim_space(range), &[], gates, errors);
        }
    }
}

/// `validateServiceExternalTrafficPolicy`
fn validate_service_external_traffic_policy(service: &Service, errors: &mut Vec<Error>) {
    let path = SPEC.child("externalTrafficPolicy");
    let policy = service.spec.external_traffic_policy.as_str();
    if externally_accessible(service) {
        required_one_of(&path, policy, &["Cluster", "Local"], errors);
    } else if !policy.is_empty() {
        let text = "may only be set for externally-accessible services";
        errors.push(Error::invalid_value(&path, json(policy), text));
    }
    let path = SPEC.child("healthCheckNodePort");
    let port = service.spec.health_check_node_port;
    match (needs_health_check(service), port) {
        (true, 0) => errors.push(Error::required(&path, "")),
        (true, _) => push_number(errors, &path, port, is_valid_port_num(port)),
        (false, 0) => {}
        (false, _) => {
            let text = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
            errors.push(Error::invalid_value(&path, port.to_string(), text));
        }
    }
}

/// `validateServiceInternalTrafficFieldsValue`
fn validate_service_internal_traffic_fields_value(service: &Service, errors: &mut Vec<Error>) {
    let path = SPEC.child("internalTrafficPolicy");
    match &service.spec.internal_traffic_policy {
        Some(policy) if !matches!(policy.as_str(), "Cluster" | "Local") => {
            errors.push(Error::not_supported(&path, json(policy), &["Cluster", "Local"]));
        }
        None if matches!(service.spec.r#type.as_str(), "ClusterIP" | "NodePort" | "LoadBalancer") => {
            errors.push(Error::required(&path, ""));
        }
        _ => {}
    }
}

/// A named string that has to be given and has to be one of a set.
pub(crate) fn required_one_of(path: &Path<'_>, value: &str, supported: &[&str], errors: &mut Vec<Error>) {
    if value.is_empty() {
        errors.push(Error::required(path, ""));
    } else if !supported.contains(&value) {
        errors.push(Error::not_supported(path, json(value), supported));
    }
}

/// `strings.TrimSpace`: what Unicode calls white space, which is what Rust trims too.
fn trim_space(text: &str) -> &str {
    text.trim()
}
