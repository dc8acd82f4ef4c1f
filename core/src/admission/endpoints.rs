//! Endpoints (`v1`): what the server fills in, refuses, warns of and stores (`pkg/apis/core`, `pkg/registry/core/endpoint`,
//! Kubernetes v1.36.3).

use super::formats::ip::{validate_legacy_ip, warn_of_ip};
use super::formats::names::{
    is_dns1123_label, is_dns1123_subdomain, is_qualified_name, is_valid_port_num, name_is_dns_subdomain, push,
    push_number,
};
use super::object_meta::{validate_object_meta, validate_object_meta_update};
use super::semantically_equal;
use super::service::validate::required_one_of;
use crate::admission::warnings::Warning;
use crate::api::endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints};
use crate::field::{Error, Path};
use crate::net::parse_sloppy;
use crate::release::Gates;
use std::net::IpAddr;

/// The transport protocols, in the order in which messages name them.
pub(crate) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// The label by which the endpoints controller marks its own.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

/// `SetDefaults_Endpoints`
pub fn set_defaults_endpoints(endpoints: &mut Endpoints) {
    for subset in endpoints.subsets.iter_mut().flatten() {
        for port in subset.ports.iter_mut().flatten() {
            if port.protocol.is_empty() {
                "TCP".clone_into(&mut port.protocol);
            }
        }
    }
}

/// `ValidateEndpointsCreate`
pub fn validate_endpoints_create(endpoints: &Endpoints, gates: &Gates, errors: &mut Vec<Error>) {
    validate_endpoints(endpoints, None, gates, errors);
}

/// `ValidateEndpointsUpdate`: what may not change, then the rules of new ones.
pub fn validate_endpoints_update(endpoints: &Endpoints, old: &Endpoints, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta_update(&endpoints.metadata, &old.metadata, errors);
    validate_endpoints(endpoints, Some(old), gates, errors);
}

/// `ValidateEndpoints`: subsets that have not changed are let be, whatever they are.
fn validate_endpoints(endpoints: &Endpoints, old: Option<&Endpoints>, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta(&endpoints.metadata, true, name_is_dns_subdomain, errors);
    let before = errors.len();
    let path = Path::new("subsets");
    for (index, subset) in endpoints.subsets.iter().flatten().enumerate() {
        validate_endpoint_subset(subset, &path.index(index), gates, errors);
    }
    if errors.len() > before && old.is_some_and(|old| semantically_equal(&old.subsets, &endpoints.subsets)) {
        errors.truncate(before);
    }
}

/// `validateEndpointSubsets`, for one
fn validate_endpoint_subset(subset: &EndpointSubset, path: &Path<'_>, gates: &Gates, errors: &mut Vec<Error>) {
    let ready = subset.addresses.as_deref().unwrap_or_default();
    let not_ready = subset.not_ready_addresses.as_deref().unwrap_or_default();
    if ready.is_empty() && not_ready.is_empty() {
        errors.push(Error::required(path, "must specify `addresses` or `notReadyAddresses`"));
    }
    for (name, addresses) in [("addresses", ready), ("notReadyAddresses", not_ready)] {
        let path = path.child(name);
        for (index, address) in addresses.iter().enumerate() {
            validate_endpoint_address(address, &path.index(index), gates, errors);
        }
    }
    let ports = subset.ports.as_deref().unwrap_or_default();
    let path = path.child("ports");
    for (index, port) in ports.iter().enumerate() {
        validate_endpoint_port(port, ports.len() > 1, &path.index(index), errors);
    }
}

/// `validateEndpointAddress`
fn validate_endpoint_address(address: &EndpointAddress, path: &Path<'_>, gates: &Gates, errors: &mut Vec<Error>) {
    let ip = path.child("ip");
    validate_legacy_ip(&ip, &address.ip, &[], gates, errors);
    if !address.hostname.is_empty() {
        push(errors, &path.child("hostname"), &address.hostname, is_dns1123_label(&address.hostname));
    }
    if let Some(node_name) = &address.node_name {
        push(errors, &path.child("nodeName"), node_name, is_dns1123_subdomain(node_name));
    }
    validate_endpoint_ip(&address.ip, &ip, errors);
}

/// `ValidateEndpointIP`: an address that something could be reached at. Asked of Endpoints, EndpointSlices and external
/// IPs.
pub(crate) fn validate_endpoint_ip(value: &str, path: &Path<'_>, errors: &mut Vec<Error>) {
    let Some(ip) = parse_sloppy(value) else {
        return errors.push(Error::invalid(path, value, "must be a valid IP address"));
    };
    if ip.is_unspecified() {
        errors.push(Error::invalid(path, value, format!("may not be unspecified ({value})")));
    }
    if ip.is_loopback() {
        errors.push(Error::invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    if is_link_local_unicast(ip) {
        let text = "may not be in the link-local range (169.254.0.0/16, fe80::/10)";
        errors.push(Error::invalid(path, value, text));
    }
    if is_link_local_multicast(ip) {
        let text = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        errors.push(Error::invalid(path, value, text));
    }
}

/// `net.IP.IsLinkLocalUnicast`
fn is_link_local_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// `net.IP.IsLinkLocalMulticast`
fn is_link_local_multicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.to_bits() >> 8 == 0xE0_0000,
        IpAddr::V6(v6) => (v6.to_bits() >> 112) & 0xFF0F == 0xFF02,
    }
}

/// `validateEndpointPort`
fn validate_endpoint_port(port: &EndpointPort, require_name: bool, path: &Path<'_>, errors: &mut Vec<Error>) {
    let name = path.child("name");
    if !port.name.is_empty() {
        push(errors, &name, &port.name, is_dns1123_label(&port.name));
    } else if require_name {
        errors.push(Error::required(&name, ""));
    }
    push_number(errors, &path.child("port"), port.port, is_valid_port_num(port.port));
    required_one_of(&path.child("protocol"), &port.protocol, PROTOCOLS, errors);
    if let Some(protocol) = &port.app_protocol {
        push(errors, &path.child("appProtocol"), protocol, is_qualified_name(protocol));
    }
}

/// What the server warns of, on a create and on an update (`endpointsWarnings`). That the kind is deprecated is the
/// pipeline's to say.
pub fn endpoints_warnings(endpoints: &Endpoints, warnings: &mut Vec<Warning>) {
    if endpoints.metadata.labels.get(MANAGED_BY).is_some_and(|who| who == "endpoint-controller") {
        return;
    }
    let subsets = Path::new("subsets");
    for (index, subset) in endpoints.subsets.iter().flatten().enumerate() {
        let path = subsets.index(index);
        for (name, addresses) in [("addresses", &subset.addresses), ("notReadyAddresses", &subset.not_ready_addresses)]
        {
            let path = path.child(name);
            for (index, address) in addresses.iter().flatten().enumerate() {
                warn_of_ip(&path.index(index).child("ip"), &address.ip, warnings);
            }
        }
    }
}
