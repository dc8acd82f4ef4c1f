//! NetworkPolicy: `k8s.io/kubernetes/pkg/apis/networking/validation` and `pkg/registry/networking/networkpolicy`, v1.36.3.

use super::formats::ip::{validate_legacy_cidr, warn_of_cidr};
use super::formats::labels::validate_label_selector;
use super::formats::names::{is_valid_port_name, is_valid_port_num, name_is_dns_subdomain, push, push_number};
use super::object_meta::{validate_object_meta, validate_object_meta_update};
use crate::admission::warnings::Warning;
use crate::api::codec::Codec;
use crate::api::meta::IntOrString;
use crate::api::network_policy::{IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec};
use crate::field::{Error, Path};
use crate::net::Cidr;
use crate::release::Gates;
use portolan_base::go::{json, json_value};

/// What is let be because the old object has it (`NetworkPolicyValidationOptions`).
#[derive(Default)]
struct Options<'a> {
    invalid_label_values: bool,
    cidrs: Vec<&'a str>,
}

/// `SetDefaults_NetworkPolicy`, `SetDefaults_NetworkPolicyPort`
pub(super) fn set_defaults(policy: &mut NetworkPolicy) {
    let ingress = policy.spec.ingress.iter_mut().flatten().filter_map(|rule| rule.ports.as_mut());
    let egress = policy.spec.egress.iter_mut().flatten().filter_map(|rule| rule.ports.as_mut());
    for port in ingress.chain(egress).flatten() {
        port.protocol.get_or_insert_with(|| "TCP".to_owned());
    }
    let types = policy.spec.policy_types.get_or_insert_default();
    if types.is_empty() {
        types.push("Ingress".to_owned());
        if policy.spec.egress.as_ref().is_some_and(|rules| !rules.is_empty()) {
            types.push("Egress".to_owned());
        }
    }
}

/// `PrepareForUpdate`. Upstream compares without regard to what storage keeps.
pub(super) fn prepare_for_update(new: &mut NetworkPolicy, old: &NetworkPolicy) {
    if new.spec != old.spec {
        new.metadata.generation = old.metadata.generation.saturating_add(1);
    }
}

/// `networkPolicyWarnings`
pub(super) fn warn(policy: &NetworkPolicy, warnings: &mut Vec<Warning>) {
    let spec = Path::new("spec");
    for (name, peers_name, rules) in directions(&policy.spec) {
        let rules_path = spec.child(name);
        for (rule, (_, peers)) in rules.iter().enumerate() {
            let rule_path = rules_path.index(rule);
            let peers_path = rule_path.child(peers_name);
            for (index, peer) in peers.iter().enumerate() {
                let Some(block) = &peer.ip_block else { continue };
                let peer_path = peers_path.index(index);
                let path = peer_path.child("ipBlock");
                warn_of_cidr(&path.child("cidr"), &block.cidr, warnings);
                let except = path.child("except");
                for (index, value) in block.except.iter().flatten().enumerate() {
                    warn_of_cidr(&except.index(index), value, warnings);
                }
            }
        }
    }
}

/// What the server says of an `except` that is not a part of its `cidr`.
pub(super) const EXCEPT_IS_OUTSIDE: &str = "must be a strict subset of `cidr`";

/// A rule of either direction: its ports and its peers.
type Rule<'a> = (&'a [NetworkPolicyPort], &'a [NetworkPolicyPeer]);

/// Both directions: the field of the rules, the field of a rule's peers, the rules.
fn directions(spec: &NetworkPolicySpec) -> [(&'static str, &'static str, Vec<Rule<'_>>); 2] {
    let ingress = spec.ingress.iter().flatten();
    let egress = spec.egress.iter().flatten();
    [
        (
            "ingress",
            "from",
            ingress
                .map(|rule| (rule.ports.as_deref().unwrap_or_default(), rule.from.as_deref().unwrap_or_default()))
                .collect(),
        ),
        (
            "egress",
            "to",
            egress
                .map(|rule| (rule.ports.as_deref().unwrap_or_default(), rule.to.as_deref().unwrap_or_default()))
                .collect(),
        ),
    ]
}

/// `ValidateNetworkPolicy`
pub(super) fn validate(policy: &NetworkPolicy, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta(&policy.metadata, true, name_is_dns_subdomain, errors);
    validate_spec(&policy.spec, &Options::default(), gates, errors);
}

/// `ValidateNetworkPolicyUpdate`
pub(super) fn validate_update(new: &NetworkPolicy, old: &NetworkPolicy, gates: &Gates, errors: &mut Vec<Error>) {
    let mut of_old = Vec::new();
    validate_label_selector(&old.spec.pod_selector, false, &Path::ROOT, &mut of_old);
    let blocks = directions(&old.spec);
    let blocks = blocks.iter().flat_map(|(_, _, rules)| rules).flat_map(|(_, peers)| *peers);
    let cidrs = blocks.filter_map(|peer| peer.ip_block.as_ref()).flat_map(|block| {
        std::iter::once(block.cidr.as_str()).chain(block.except.iter().flatten().map(String::as_str))
    });
    let options = Options { invalid_label_values: !of_old.is_empty(), cidrs: cidrs.collect() };
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
    validate_spec(&new.spec, &options, gates, errors);
}

/// `ValidateNetworkPolicySpec`
fn validate_spec(spec: &NetworkPolicySpec, options: &Options<'_>, gates: &Gates, errors: &mut Vec<Error>) {
    let path = Path::new("spec");
    validate_label_selector(&spec.pod_selector, options.invalid_label_values, &path.child("podSelector"), errors);
    for (name, peers_name, rules) in directions(spec) {
        let rules_path = path.child(name);
        for (index, (ports, peers)) in rules.into_iter().enumerate() {
            let rule_path = rules_path.index(index);
            let ports_path = rule_path.child("ports");
            for (index, port) in ports.iter().enumerate() {
                validate_port(port, &ports_path.index(index), errors);
            }
            let peers_path = rule_path.child(peers_name);
            for (index, peer) in peers.iter().enumerate() {
                validate_peer(peer, options, gates, &peers_path.index(index), errors);
            }
        }
    }
    let types_path = path.child("policyTypes");
    let types = spec.policy_types.as_deref().unwrap_or_default();
    if types.len() > 2 {
        let shown = json_value(&spec.policy_types.encode());
        errors.push(Error::invalid_value(&types_path, shown, "may not specify more than two policyTypes"));
        return;
    }
    for (index, policy_type) in types.iter().enumerate() {
        if !matches!(policy_type.as_str(), "Ingress" | "Egress") {
            errors.push(Error::not_supported(&types_path.index(index), json(policy_type), &["Ingress", "Egress"]));
        }
    }
}

/// `ValidateNetworkPolicyPort`
fn validate_port(port: &NetworkPolicyPort, path: &Path<'_>, errors: &mut Vec<Error>) {
    if let Some(protocol) = &port.protocol
        && !matches!(protocol.as_str(), "TCP" | "UDP" | "SCTP")
    {
        errors.push(Error::not_supported(&path.child("protocol"), json(protocol), &["TCP", "UDP", "SCTP"]));
    }
    let port_path = path.child("port");
    let end_path = path.child("endPort");
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(number)), end) => {
            push_number(errors, &port_path, *number, is_valid_port_num(*number));
            if let Some(end) = end {
                if end < *number {
                    // Upstream shows the first port here, not the last.
                    let message = "must be greater than or equal to `port`";
                    errors.push(Error::invalid_value(&end_path, number.to_string(), message));
                }
                push_number(errors, &end_path, end, is_valid_port_num(end));
            }
        }
        (Some(IntOrString::String(name)), end) => {
            if let Some(end) = end {
                let message = "may not be specified when `port` is non-numeric";
                errors.push(Error::invalid_value(&end_path, end.to_string(), message));
            }
            push(errors, &port_path, name, is_valid_port_name(name));
        }
        (None, Some(end)) => {
            let message = "may not be specified when `port` is not specified";
            errors.push(Error::invalid_value(&end_path, end.to_string(), message));
        }
        (None, None) => {}
    }
}

/// `ValidateNetworkPolicyPeer`
fn validate_peer(
    peer: &NetworkPolicyPeer,
    options: &Options<'_>,
    gates: &Gates,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let selectors = [("podSelector", &peer.pod_selector), ("namespaceSelector", &peer.namespace_selector)];
    let mut peers = 0;
    for (name, selector) in selectors {
        if let Some(selector) = selector {
            peers += 1;
            validate_label_selector(selector, options.invalid_label_values, &path.child(name), errors);
        }
    }
    if let Some(block) = &peer.ip_block {
        peers += 1;
        validate_ip_block(block, options, gates, &path.child("ipBlock"), errors);
    }
    if peers == 0 {
        errors.push(Error::required(path, "must specify a peer"));
    } else if peers > 1 && peer.ip_block.is_some() {
        errors.push(Error::forbidden(path, "may not specify both ipBlock and another peer"));
    }
}

/// `ValidateIPBlock`
fn validate_ip_block(block: &IPBlock, options: &Options<'_>, gates: &Gates, path: &Path<'_>, errors: &mut Vec<Error>) {
    let cidr_path = path.child("cidr");
    if block.cidr.is_empty() {
        errors.push(Error::required(&cidr_path, ""));
        return;
    }
    validate_legacy_cidr(&cidr_path, &block.cidr, &options.cidrs, gates, errors);
    let Some(cidr) = Cidr::parse(&block.cidr) else { return };
    let except_path = path.child("except");
    for (index, value) in block.except.iter().flatten().enumerate() {
        let path = except_path.index(index);
        validate_legacy_cidr(&path, value, &options.cidrs, gates, errors);
        let Some(except) = Cidr::parse(value) else { continue };
        if !cidr.contains(except.network) || cidr.prefix >= except.prefix {
            errors.push(Error::invalid(&path, value, EXCEPT_IS_OUTSIDE));
        }
    }
}
