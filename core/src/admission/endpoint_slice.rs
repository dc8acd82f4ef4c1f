//! EndpointSlice (`discovery.k8s.io/v1`): what the server fills in, refuses, warns of and stores
//! (`pkg/apis/discovery`, `pkg/registry/discovery/endpointslice`, Kubernetes v1.36.3).

use super::endpoints::{PROTOCOLS, validate_endpoint_ip};
use super::formats::ip::{validate_ip, validate_legacy_ip, warn_of_ip};
use super::formats::names::{
    is_dns1123_label, is_dns1123_subdomain, is_label_value, is_qualified_name, name_is_dns_subdomain, push,
    validate_fully_qualified_domain_name,
};
use super::object_meta::{IMMUTABLE, validate_object_meta};
use super::semantically_equal;
use super::service::validate::required_one_of;
use crate::admission::warnings::{Warning, WarningKind};
use crate::api::endpoint_slice::{Endpoint, EndpointHints, EndpointSlice, SlicePort};
use crate::field::{Error, Path};
use crate::net::parse_sloppy;
use crate::release::Gates;
use portolan_base::collections::BTreeSet;
use portolan_base::go::{json, quote};

const MAX_ADDRESSES: usize = 100;
const MAX_PORTS: usize = 20_000;
const MAX_ENDPOINTS: usize = 1_000;
const MAX_HINTS: usize = 8;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// `SetDefaults_EndpointPort`, for every port
pub fn set_defaults_endpoint_slice(slice: &mut EndpointSlice) {
    for port in slice.ports.iter_mut().flatten() {
        port.name.get_or_insert_default();
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
}

/// `PrepareForCreate`
pub fn prepare_for_create(slice: &mut EndpointSlice) {
    slice.metadata.generation = 1;
    drop_topology_on_v1(slice, None);
}

/// `PrepareForUpdate`: anything but the metadata counts as a change, and of the metadata the labels.
pub fn prepare_for_update(slice: &mut EndpointSlice, old: &EndpointSlice) {
    let same = slice.address_type == old.address_type
        && slice.metadata.labels == old.metadata.labels
        && semantically_equal(&slice.endpoints, &old.endpoints)
        && semantically_equal(&slice.ports, &old.ports);
    if !same {
        slice.metadata.generation = old.metadata.generation.saturating_add(1);
    }
    drop_topology_on_v1(slice, Some(old));
}

/// Topology labels of the version before are dropped, unless the endpoints are what they were; a node's name that stood
/// there may move to where it stands now (`dropTopologyOnV1`).
fn drop_topology_on_v1(slice: &mut EndpointSlice, old: Option<&EndpointSlice>) {
    if old.is_some_and(|old| semantically_equal(&old.endpoints, &slice.endpoints)) {
        return;
    }
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for endpoint in old.iter().flat_map(|old| old.endpoints.iter().flatten()) {
        let name = endpoint.deprecated_topology.as_ref().and_then(|topology| topology.get(HOSTNAME));
        known.extend(name.filter(|name| !name.is_empty()).map(String::as_str));
    }
    for endpoint in slice.endpoints.iter_mut().flatten() {
        let name = endpoint.deprecated_topology.take().and_then(|mut topology| topology.remove(HOSTNAME));
        if endpoint.node_name.is_none()
            && let Some(name) = name
            && known.contains(name.as_str())
            && is_dns1123_subdomain(&name).is_empty()
        {
            endpoint.node_name = Some(name);
        }
    }
}

/// `ValidateEndpointSliceCreate`
pub fn validate_endpoint_slice_create(slice: &EndpointSlice, gates: &Gates, errors: &mut Vec<Error>) {
    validate_endpoint_slice(slice, None, gates, errors);
}

/// `ValidateEndpointSliceUpdate`: the rules of a new one, then what may not change. The kind asks nothing of its own of
/// the metadata's change.
pub fn validate_endpoint_slice_update(
    slice: &EndpointSlice,
    old: &EndpointSlice,
    gates: &Gates,
    errors: &mut Vec<Error>,
) {
    validate_endpoint_slice(slice, Some(old), gates, errors);
    if slice.address_type != old.address_type {
        errors.push(Error::invalid_value(&Path::new("addressType"), json(&slice.address_type), IMMUTABLE));
    }
}

/// `ValidateEndpointSlice`: endpoints that have not changed are let be, whatever they are.
fn validate_endpoint_slice(slice: &EndpointSlice, old: Option<&EndpointSlice>, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta(&slice.metadata, true, name_is_dns_subdomain, errors);
    required_one_of(&Path::new("addressType"), &slice.address_type, &["FQDN", "IPv4", "IPv6"], errors);
    validate_ports(slice.ports.as_deref().unwrap_or_default(), errors);
    let before = errors.len();
    validate_endpoints(slice, gates, errors);
    if errors.len() > before && old.is_some_and(|old| semantically_equal(&old.endpoints, &slice.endpoints)) {
        errors.truncate(before);
    }
}

/// `validatePorts`. The number itself is not looked at.
fn validate_ports(ports: &[SlicePort], errors: &mut Vec<Error>) {
    let path = Path::new("ports");
    if ports.len() > MAX_PORTS {
        return errors.push(Error::too_many(&path, ports.len(), MAX_PORTS));
    }
    let mut names = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let path = path.index(index);
        let name = port.name.as_deref().unwrap_or("");
        if !name.is_empty() {
            push(errors, &path.child("name"), name, is_dns1123_label(name));
        }
        if !names.insert(name) {
            // A pointer to a string is no string: it is shown as JSON.
            errors.push(Error::duplicate(&path.child("name"), json(name)));
        }
        let protocol_path = path.child("protocol");
        match port.protocol.as_deref() {
            None => errors.push(Error::required(&protocol_path, "")),
            Some(protocol) if !PROTOCOLS.contains(&protocol) => {
                errors.push(Error::not_supported(&protocol_path, json(protocol), PROTOCOLS));
            }
            Some(_) => {}
        }
        if let Some(protocol) = &port.app_protocol {
            push(errors, &path.child("appProtocol"), protocol, is_qualified_name(protocol));
        }
    }
}

/// `validateEndpoints`
fn validate_endpoints(slice: &EndpointSlice, gates: &Gates, errors: &mut Vec<Error>) {
    let endpoints = slice.endpoints.as_deref().unwrap_or_default();
    let path = Path::new("endpoints");
    if endpoints.len() > MAX_ENDPOINTS {
        return errors.push(Error::too_many(&path, endpoints.len(), MAX_ENDPOINTS));
    }
    for (index, endpoint) in endpoints.iter().enumerate() {
        let path = path.index(index);
        validate_addresses(endpoint, &slice.address_type, &path.child("addresses"), gates, errors);
        if let Some(node_name) = &endpoint.node_name {
            push(errors, &path.child("nodeName"), node_name, is_dns1123_subdomain(node_name));
        }
        // Topology labels are gone by now, or the endpoints are what they were and nothing of them is an error.
        if let Some(hostname) = &endpoint.hostname {
            push(errors, &path.child("hostname"), hostname, is_dns1123_label(hostname));
        }
        if let Some(hints) = &endpoint.hints {
            validate_hints(hints, &path.child("hints"), errors);
        }
    }
}

/// The addresses of one endpoint. One of the wrong family is reported on the list, as upstream has it; addresses of a type
/// that is none of the three are not looked at.
fn validate_addresses(
    endpoint: &Endpoint,
    address_type: &str,
    path: &Path<'_>,
    gates: &Gates,
    errors: &mut Vec<Error>,
) {
    let addresses = endpoint.addresses.as_deref().unwrap_or_default();
    if addresses.is_empty() {
        errors.push(Error::required(path, "must contain at least 1 address"));
    } else if addresses.len() > MAX_ADDRESSES {
        errors.push(Error::too_many(path, addresses.len(), MAX_ADDRESSES));
    }
    for (index, address) in addresses.iter().enumerate() {
        let at = path.index(index);
        let before = errors.len();
        let (wants_v6, wrong) = match address_type {
            "IPv4" => {
                validate_legacy_ip(&at, address, &[], gates, errors);
                (false, "must be an IPv4 address")
            }
            "IPv6" => {
                validate_ip(&at, address, errors);
                (true, "must be an IPv6 address")
            }
            "FQDN" => {
                validate_fully_qualified_domain_name(&at, address, errors);
                continue;
            }
            _ => continue,
        };
        if errors.len() == before {
            if parse_sloppy(address).is_some_and(|ip| ip.is_ipv6() != wants_v6) {
                errors.push(Error::invalid(path, address, wrong));
            }
            validate_endpoint_ip(address, &at, errors);
        }
    }
}

/// `validateHints`
fn validate_hints(hints: &EndpointHints, path: &Path<'_>, errors: &mut Vec<Error>) {
    let zones = hints.for_zones.as_deref().unwrap_or_default();
    let zones_path = path.child("forZones");
    if zones.len() > MAX_HINTS {
        return errors.push(Error::too_many(&zones_path, zones.len(), MAX_HINTS));
    }
    let mut seen = BTreeSet::new();
    for (index, zone) in zones.iter().enumerate() {
        let path = zones_path.index(index);
        let path = path.child("name");
        if !seen.insert(&zone.name) {
            errors.push(Error::duplicate(&path, quote(&zone.name)));
        }
        push(errors, &path, &zone.name, is_label_value(&zone.name));
    }
    let nodes = hints.for_nodes.as_deref().unwrap_or_default();
    let nodes_path = path.child("forNodes");
    if nodes.len() > MAX_HINTS {
        return errors.push(Error::too_many(&nodes_path, nodes.len(), MAX_HINTS));
    }
    let mut seen = BTreeSet::new();
    for (index, node) in nodes.iter().enumerate() {
        let path = nodes_path.index(index);
        let path = path.child("name");
        if !seen.insert(&node.name) {
            errors.push(Error::duplicate(&path, quote(&node.name)));
        }
        push(errors, &path, &node.name, is_dns1123_subdomain(&node.name));
    }
}

/// What the server warns of when a slice is created (`WarningsOnCreate`).
pub fn warnings_on_create(slice: &EndpointSlice, warnings: &mut Vec<Warning>) {
    if slice.address_type == "FQDN" {
        let text = "spec.addressType: FQDN endpoints are deprecated";
        warnings.push(Warning::new(WarningKind::DeprecatedField, &Path::new("addressType"), text));
    }
    warnings_on_update(slice, warnings);
}

/// What the server warns of when a slice is changed (`WarningsOnUpdate`): addresses that only the older parser takes,
/// unless one of the controllers wrote them.
pub fn warnings_on_update(slice: &EndpointSlice, warnings: &mut Vec<Warning>) {
    let managed_by = slice.metadata.labels.get(MANAGED_BY).map(String::as_str);
    if matches!(managed_by, Some("endpointslice-controller.k8s.io" | "endpointslicemirroring-controller.k8s.io")) {
        return;
    }
    let path = Path::new("endpoints");
    for (index, endpoint) in slice.endpoints.iter().flatten().enumerate() {
        let path = path.index(index);
        let path = path.child("addresses");
        for (index, address) in endpoint.addresses.iter().flatten().enumerate() {
            warn_of_ip(&path.index(index), address, warnings);
        }
    }
}
