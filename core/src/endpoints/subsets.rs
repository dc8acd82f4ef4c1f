//! The canonical layout of an Endpoints object's subsets.
//!
//! Mirrors `k8s.io/kubernetes/pkg/api/v1/endpoints.RepackSubsets` (v1.36.3): every port with the addresses that offer it,
//! ports with the same addresses together, addresses by IP and UID, ports and subsets by their hash.

use super::fingerprint;
use crate::api::endpoints::{EndpointAddress, EndpointPort, EndpointSubset};
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// One address behind one port, on its way into a subset.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// The address.
    pub(super) address: EndpointAddress,
    /// What tells two owners of one IP apart: the UID of its pod.
    pub(super) owner: String,
    /// The port, or none where the Service has none.
    pub(super) port: Option<EndpointPort>,
    /// Ports that are equal are one port only where Go's are: those with an `appProtocol` are distinguished by their
    /// position in the file.
    pub(super) port_place: usize,
    /// Whether it stands under `addresses`, not `notReadyAddresses`.
    pub(super) ready: bool,
}

/// A port as a key of Go's map.
type PortKey = (Option<(String, i32, String, Option<String>)>, usize);
/// An address as a key of Go's map.
type AddressKey = (String, String);

/// Repacks offers. Where an address is offered behind a port as ready and as not ready, not ready holds.
pub(super) fn repack(offers: Vec<Offer>) -> Vec<EndpointSubset> {
    let mut addresses: BTreeMap<AddressKey, EndpointAddress> = BTreeMap::new();
    let mut ports: BTreeMap<PortKey, (Option<EndpointPort>, BTreeMap<AddressKey, bool>)> = BTreeMap::new();
    for offer in offers {
        let address_key = (offer.address.ip.clone(), offer.owner);
        let (_, behind) = ports
            .entry(port_key(offer.port.as_ref(), offer.port_place))
            .or_insert_with(|| (offer.port, BTreeMap::new()));
        let ready = behind.entry(address_key.clone()).or_insert(true);
        *ready = *ready && offer.ready;
        addresses.entry(address_key).or_insert(offer.address);
    }
    let mut by_addresses: BTreeMap<Vec<(AddressKey, bool)>, Vec<EndpointPort>> = BTreeMap::new();
    for (port, behind) in ports.into_values() {
        by_addresses.entry(behind.into_iter().collect()).or_default().extend(port);
    }
    let mut subsets: Vec<EndpointSubset> = Vec::with_capacity(by_addresses.len());
    for (behind, mut ports) in by_addresses {
        let of = |wanted: bool| -> Option<Vec<EndpointAddress>> {
            let keys = behind.iter().filter(|(_, ready)| *ready == wanted).map(|(key, _)| key);
            let found: Vec<EndpointAddress> = keys.filter_map(|key| addresses.get(key).cloned()).collect();
            (!found.is_empty()).then_some(found)
        };
        ports.small_sort_by_cached_key(fingerprint::endpoint_port);
        let ports = (!ports.is_empty()).then_some(ports);
        subsets.push(EndpointSubset { addresses: of(true), not_ready_addresses: of(false), ports });
    }
    subsets.small_sort_by_cached_key(fingerprint::subset);
    subsets
}

/// Repacks subsets that somebody wrote. Ports without a number are taken for no port.
pub(super) fn repack_written(subsets: &[EndpointSubset]) -> Vec<EndpointSubset> {
    let mut offers = Vec::new();
    let mut place = 0;
    for subset in subsets {
        let ports = subset.ports.as_deref().unwrap_or_default();
        let behind: Vec<Option<&EndpointPort>> =
            if ports.is_empty() { vec![None] } else { ports.iter().map(Some).collect() };
        for port in behind {
            place += 1;
            let lists = [(&subset.addresses, true), (&subset.not_ready_addresses, false)];
            for (list, ready) in lists {
                for address in list.iter().flatten() {
                    offers.push(Offer {
                        address: address.clone(),
                        owner: address.target_ref.as_ref().map(|target| target.uid.clone()).unwrap_or_default(),
                        port: port.filter(|port| port.port > 0).cloned(),
                        port_place: place,
                        ready,
                    });
                }
            }
        }
    }
    repack(offers)
}

fn port_key(port: Option<&EndpointPort>, place: usize) -> PortKey {
    let key = port.map(|port| (port.name.clone(), port.port, port.protocol.clone(), port.app_protocol.clone()));
    let place = if port.is_some_and(|port| port.app_protocol.is_some()) { place } else { 0 };
    (key, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str) -> EndpointAddress {
        EndpointAddress { ip: ip.to_owned(), ..EndpointAddress::default() }
    }

    fn port(number: i32) -> EndpointPort {
        EndpointPort { port: number, protocol: "TCP".to_owned(), ..EndpointPort::default() }
    }

    #[test]
    fn ports_with_the_same_addresses_come_together() {
        let subset = |ip: &str, number| EndpointSubset {
            addresses: Some(vec![address(ip)]),
            not_ready_addresses: None,
            ports: Some(vec![port(number)]),
        };
        let packed = repack_written(&[subset("1.0.0.2", 1), subset("1.0.0.1", 1), subset("1.0.0.1", 2)]);
        assert_eq!(packed.len(), 2);
        let packed = repack_written(&[subset("1.0.0.2", 1), subset("1.0.0.2", 2), subset("1.0.0.2", 2)]);
        assert_eq!(packed.len(), 1);
        assert_eq!(packed[0].ports.as_ref().unwrap().len(), 2);
    }

    #[test]
    fn not_ready_holds_against_ready() {
        let both = EndpointSubset {
            addresses: Some(vec![address("1.0.0.1"), address("1.0.0.2")]),
            not_ready_addresses: Some(vec![address("1.0.0.1")]),
            ports: None,
        };
        let packed = repack_written(&[both]);
        assert_eq!(packed[0].addresses, Some(vec![address("1.0.0.2")]));
        assert_eq!(packed[0].not_ready_addresses, Some(vec![address("1.0.0.1")]));
        assert_eq!(packed[0].ports, None);
    }
}
