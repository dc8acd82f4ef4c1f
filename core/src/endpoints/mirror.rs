//! The slices that mirror hand-written Endpoints of a Service without a selector.
//!
//! Mirrors `k8s.io/kubernetes/pkg/controller/endpointslicemirroring` (`reconciler.go`, `utils.go`; v1.36.3).

use super::fingerprint;
use super::slices::{MANAGED_BY, SERVICE_NAME, name_prefix};
use super::subsets::repack_written;
use crate::api::endpoint_slice::{Endpoint, EndpointConditions, EndpointSlice, SlicePort};
use crate::api::endpoints::{EndpointAddress, EndpointPort, Endpoints};
use crate::api::meta::ObjectMeta;
use crate::api::resource::ObjectKey;
use crate::net::{Family, parse_sloppy};
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// The mirroring controller, as the label `endpointslice.kubernetes.io/managed-by` names it.
pub const MIRRORING_CONTROLLER: &str = "endpointslicemirroring-controller.k8s.io";

/// `--mirroring-max-endpoints-per-subset` of kube-controller-manager.
const MAX_ENDPOINTS_PER_SUBSET: usize = 1000;

/// Whether the object is mirrored at all (`Controller.shouldMirror`): not where a label forbids it, nor where it only
/// holds the record of a leader election.
pub fn should_mirror(endpoints: &Endpoints) -> bool {
    let metadata = &endpoints.metadata;
    metadata.labels.get("endpointslice.kubernetes.io/skip-mirror").is_none_or(|value| value != "true")
        && !metadata.annotations.contains_key("control-plane.alpha.kubernetes.io/leader")
}

/// What an endpoint is known by: its address, hostname, and the namespace and name of what it stands for.
type EndpointKey = (String, String, String, String);

/// The slices of hand-written Endpoints: one for each set of ports and address type that has an address. What is no IP
/// address is not mirrored.
pub(super) fn mirror(key: &ObjectKey, endpoints: &Endpoints) -> Vec<EndpointSlice> {
    let mut groups: Vec<(Family, Vec<SlicePort>, BTreeMap<EndpointKey, Endpoint>)> = Vec::new();
    for subset in repack_written(endpoints.subsets.as_deref().unwrap_or_default()) {
        let ports = slice_ports(subset.ports.as_deref().unwrap_or_default());
        let ready = subset.addresses.iter().flatten().map(|address| (address, true));
        let not_ready = subset.not_ready_addresses.iter().flatten().map(|address| (address, false));
        let readable = ready.chain(not_ready).filter_map(|(address, ready)| endpoint(address, ready));
        for (family, endpoint) in readable.take(MAX_ENDPOINTS_PER_SUBSET) {
            let place = groups.iter().position(|(known, of, _)| *known == family && *of == ports);
            let place = place.unwrap_or_else(|| {
                groups.push((family, ports.clone(), BTreeMap::new()));
                groups.len() - 1
            });
            if let Some((_, _, group)) = groups.get_mut(place) {
                group.insert(endpoint_key(&endpoint), endpoint);
            }
        }
    }
    let slices = groups.into_iter().map(|(family, ports, group)| {
        let mirrored = group.into_values().take(MAX_ENDPOINTS_PER_SUBSET).collect();
        new_slice(key, endpoints, family, ports, mirrored)
    });
    slices.collect()
}

/// `epPortsToEpsPorts`, in the order of `NewPortMapKey`.
fn slice_ports(ports: &[EndpointPort]) -> Vec<SlicePort> {
    let mut ports: Vec<SlicePort> = ports
        .iter()
        .map(|port| SlicePort {
            name: Some(port.name.clone()),
            protocol: Some(super::pods::protocol(&port.protocol).to_owned()),
            port: Some(port.port),
            app_protocol: port.app_protocol.clone(),
        })
        .collect();
    ports.small_sort_by_cached_key(fingerprint::slice_port);
    ports
}

/// `addressToEndpoint`: sets only the condition `ready`, and no zone.
fn endpoint(address: &EndpointAddress, ready: bool) -> Option<(Family, Endpoint)> {
    let ip = parse_sloppy(&address.ip)?;
    let endpoint = Endpoint {
        addresses: Some(vec![ip.to_string()]),
        conditions: EndpointConditions { ready: Some(ready), ..EndpointConditions::default() },
        hostname: (!address.hostname.is_empty()).then(|| address.hostname.clone()),
        target_ref: address.target_ref.clone(),
        node_name: address.node_name.clone(),
        ..Endpoint::default()
    };
    Some((Family::of(ip), endpoint))
}

fn endpoint_key(endpoint: &Endpoint) -> EndpointKey {
    let (namespace, name) = match &endpoint.target_ref {
        Some(target) => (target.namespace.clone(), target.name.clone()),
        None => (String::new(), String::new()),
    };
    let address = endpoint.addresses.iter().flatten().next().cloned().unwrap_or_default();
    (address, endpoint.hostname.clone().unwrap_or_default(), namespace, name)
}

/// `newEndpointSlice` of the mirroring controller: the labels and annotations of the Endpoints object go along.
fn new_slice(
    key: &ObjectKey,
    written: &Endpoints,
    family: Family,
    ports: Vec<SlicePort>,
    endpoints: Vec<Endpoint>,
) -> EndpointSlice {
    let mut labels = written.metadata.labels.clone();
    labels.insert(SERVICE_NAME.to_owned(), key.name.clone());
    labels.insert(MANAGED_BY.to_owned(), MIRRORING_CONTROLLER.to_owned());
    let mut annotations = written.metadata.annotations.clone();
    annotations.remove("endpoints.kubernetes.io/last-change-trigger-time");
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    EndpointSlice {
        api_version: "discovery.k8s.io/v1".to_owned(),
        kind: "EndpointSlice".to_owned(),
        metadata: ObjectMeta {
            generate_name: name_prefix(&key.name),
            namespace: key.namespace.clone(),
            labels,
            annotations,
            ..ObjectMeta::default()
        },
        address_type: family.name().to_owned(),
        endpoints: Some(endpoints),
        ports: (!ports.is_empty()).then_some(ports),
    }
}
