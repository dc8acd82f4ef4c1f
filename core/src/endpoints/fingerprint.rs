//! The order that Kubernetes puts ports and subsets in: by the FNV-128a hash of a dump of their Go values.
//!
//! `k8s.io/kubernetes/pkg/util/hash.DeepHashObject` (v1.36.3) and its copy in `k8s.io/endpointslice/util` write a value with
//! go-spew's `%#v` and hash the text. The order means nothing, but the published objects have it.

use crate::api::endpoint_slice::SlicePort;
use crate::api::endpoints::{EndpointAddress, EndpointPort, EndpointSubset};
use std::fmt::Write as _;

/// FNV-1a with 128 bits (`hash/fnv.New128a`).
fn fnv_128a(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

/// The sort key of a port of an EndpointSlice (`portsInOrder`).
pub(super) fn slice_port(port: &SlicePort) -> u128 {
    let mut dump = String::with_capacity(96);
    dump.push_str("(v1.EndpointPort){Name:(*string)");
    dump.push_str(port.name.as_deref().unwrap_or(NIL));
    dump.push_str(" Protocol:(*v1.Protocol)");
    dump.push_str(port.protocol.as_deref().unwrap_or(NIL));
    dump.push_str(" Port:(*int32)");
    match port.port {
        Some(number) => drop(write!(dump, "{number}")),
        None => dump.push_str(NIL),
    }
    dump.push_str(" AppProtocol:(*string)");
    dump.push_str(port.app_protocol.as_deref().unwrap_or(NIL));
    dump.push('}');
    fnv_128a(&dump)
}

/// The sort key of a port of an Endpoints object (`portsByHash`).
pub(super) fn endpoint_port(port: &EndpointPort) -> u128 {
    let mut dump = "(v1.EndpointPort)".to_owned();
    dump_port(&mut dump, port);
    fnv_128a(&dump)
}

/// The sort key of a subset of an Endpoints object (`subsetsByHash`).
pub(super) fn subset(subset: &EndpointSubset) -> u128 {
    let mut dump = "(v1.EndpointSubset){Addresses:([]v1.EndpointAddress)".to_owned();
    dump_list(&mut dump, subset.addresses.as_deref(), dump_address);
    dump.push_str(" NotReadyAddresses:([]v1.EndpointAddress)");
    dump_list(&mut dump, subset.not_ready_addresses.as_deref(), dump_address);
    dump.push_str(" Ports:([]v1.EndpointPort)");
    dump_list(&mut dump, subset.ports.as_deref(), dump_port);
    dump.push('}');
    fnv_128a(&dump)
}

const NIL: &str = "<nil>";

fn dump_list<T>(dump: &mut String, list: Option<&[T]>, one: fn(&mut String, &T)) {
    let Some(items) = list else { return dump.push_str(NIL) };
    dump.push('[');
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            dump.push(' ');
        }
        one(dump, item);
    }
    dump.push(']');
}

fn dump_port(dump: &mut String, port: &EndpointPort) {
    let app_protocol = port.app_protocol.as_deref().unwrap_or(NIL);
    let _ = write!(
        dump,
        "{{Name:(string){} Port:(int32){} Protocol:(v1.Protocol){} AppProtocol:(*string){app_protocol}}}",
        port.name, port.port, port.protocol
    );
}

fn dump_address(dump: &mut String, address: &EndpointAddress) {
    let node_name = address.node_name.as_deref().unwrap_or(NIL);
    let _ = write!(
        dump,
        "{{IP:(string){} Hostname:(string){} NodeName:(*string){node_name} TargetRef:(*v1.ObjectReference)",
        address.ip, address.hostname
    );
    match &address.target_ref {
        None => dump.push_str(NIL),
        Some(target) => drop(write!(
            dump,
            "{{Kind:(string){} Namespace:(string){} Name:(string){} UID:(types.UID){} APIVersion:(string){} \
             ResourceVersion:(string){} FieldPath:(string){}}}",
            target.kind,
            target.namespace,
            target.name,
            target.uid,
            target.api_version,
            target.resource_version,
            target.field_path
        )),
    }
    dump.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoints::ObjectReference;

    /// The numbers are what `dump.ForHash` and `fnv.New128a` gave for the same values.
    #[test]
    fn hashes_are_those_of_go() {
        let some = |text: &str| Some(text.to_owned());
        let port = SlicePort { name: some("http"), protocol: some("TCP"), port: Some(80), app_protocol: some("x") };
        assert_eq!(slice_port(&port), 0xe32d_b36f_10b4_d690_3338_4d8a_9659_757a);
        let port = SlicePort { name: some("a\nb\""), ..SlicePort::default() };
        assert_eq!(slice_port(&port), 0x3579_daf9_6704_67e2_35c4_2674_0aa7_f57f);
        let http = EndpointPort { name: "http".into(), port: 80, protocol: "TCP".into(), app_protocol: None };
        assert_eq!(endpoint_port(&http), 0x754b_003f_50f1_33a5_39c6_0d18_cfb3_0a55);
        let h2 = EndpointPort { port: 80, protocol: "TCP".into(), app_protocol: some("h2"), ..EndpointPort::default() };
        assert_eq!(endpoint_port(&h2), 0x37ee_7437_affd_a815_5455_03cd_e56e_a508);
        let pod = ObjectReference {
            kind: "Pod".into(),
            namespace: "d".into(),
            name: "p".into(),
            uid: "u".into(),
            ..ObjectReference::default()
        };
        let first = EndpointAddress {
            ip: "1.2.3.4".into(),
            hostname: "h".into(),
            node_name: some("n1"),
            target_ref: Some(pod),
        };
        let second = EndpointAddress { ip: "1.2.3.5".into(), ..EndpointAddress::default() };
        let both = EndpointSubset {
            addresses: Some(vec![first, second.clone()]),
            not_ready_addresses: None,
            ports: Some(vec![http]),
        };
        assert_eq!(subset(&both), 0x599d_7e21_7090_a3f0_a5c8_c87f_23cf_0b8a);
        let one = EndpointSubset { not_ready_addresses: Some(vec![second]), ..EndpointSubset::default() };
        assert_eq!(subset(&one), 0x8934_03f3_d061_3711_4a72_1651_668d_68bc);
    }
}
