//! The hints of endpoints: which zones and nodes should use them.
//!
//! Mirrors `k8s.io/endpointslice/trafficdist` and `k8s.io/endpointslice/topologycache` (v0.36.3) for slices that are made
//! from nothing. Where Go takes zones in the order of a map, here they have the order of their names.

use super::topology::{Allocation, ZoneRatios};
use crate::api::endpoint_slice::{Endpoint, EndpointHints, EndpointSlice, ForNode, ForZone};
use crate::api::service::Service;
use portolan_base::collections::BTreeMap;

/// Sets the hints of all slices of one address type of a Service. The topology annotation goes before
/// `trafficDistribution`.
pub(super) fn set(service: &Service, slices: &mut [EndpointSlice], ratios: &ZoneRatios) {
    if topology_annotation(service) {
        add_topology_hints(slices, ratios);
        return;
    }
    let same_node = match service.spec.traffic_distribution.as_deref() {
        Some("PreferClose" | "PreferSameZone") => false,
        Some("PreferSameNode") => true,
        _ => return,
    };
    for endpoint in ready_endpoints(slices) {
        let for_zones = endpoint.zone.clone().map(|name| vec![ForZone { name }]);
        let for_nodes = endpoint.node_name.clone().filter(|_| same_node).map(|name| vec![ForNode { name }]);
        if for_zones.is_some() || for_nodes.is_some() {
            endpoint.hints = Some(EndpointHints { for_zones, for_nodes });
        }
    }
}

/// Whether an annotation asks for hints by the zones' processors (`hintsEnabled`); the older key goes before the newer.
pub fn topology_annotation(service: &Service) -> bool {
    let annotations = &service.metadata.annotations;
    let value = annotations
        .get("service.kubernetes.io/topology-aware-hints")
        .or_else(|| annotations.get("service.kubernetes.io/topology-mode"));
    value.is_some_and(|value| value == "Auto" || value == "auto")
}

/// `TopologyCache.AddHints`: every ready endpoint first serves its own zone, then zones that have more than their share
/// give to those that have less. No hint is set where one endpoint has no zone, or the shares cannot be kept.
fn add_topology_hints(slices: &mut [EndpointSlice], ratios: &ZoneRatios) {
    let total = ready_endpoints(slices).count();
    let Some(allocations) = ratios.allocations(total) else { return };
    let mut allocated: BTreeMap<String, usize> = BTreeMap::new();
    for endpoint in ready_endpoints(slices) {
        match endpoint.zone.as_deref() {
            None | Some("") => return,
            Some(zone) => *allocated.entry(zone.to_owned()).or_default() += 1,
        }
    }
    let (mut giving, mut receiving) = giving_and_receiving(&allocations, &allocated);
    for endpoint in ready_endpoints(slices) {
        let Some(own) = endpoint.zone.clone() else { continue };
        let gives = giving.get(&own).is_some_and(|number| *number > 0);
        let zone = match receiving.keys().next().cloned() {
            Some(receiver) if gives => {
                take_one(&mut giving, &own);
                take_one(&mut receiving, &receiver);
                receiver
            }
            _ => own,
        };
        endpoint.hints = Some(EndpointHints { for_zones: Some(vec![ForZone { name: zone }]), for_nodes: None });
    }
}

/// How many endpoints each zone gives to others, and how many it gets (`getGivingAndReceivingZones`).
fn giving_and_receiving(
    allocations: &BTreeMap<String, Allocation>,
    allocated: &BTreeMap<String, usize>,
) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let mut too_many: BTreeMap<&str, f64> = BTreeMap::new();
    let mut too_few: BTreeMap<&str, f64> = BTreeMap::new();
    for (zone, allocation) in allocations {
        let has = allocated.get(zone).map_or(0.0, |number| count(*number));
        if has > allocation.desired {
            too_many.insert(zone, has - allocation.desired);
        } else if has < allocation.desired {
            too_few.insert(zone, allocation.desired - has);
        }
    }
    let mut giving = BTreeMap::new();
    let mut receiving = BTreeMap::new();
    while let (Some((giver, gives)), Some((receiver, gets))) = (most(&too_many), most(&too_few)) {
        if (gives < 1.0 && gets < 1.0) || gives < 0.5 || gets < 0.5 {
            break;
        }
        *giving.entry(giver.to_owned()).or_default() += 1;
        *receiving.entry(receiver.to_owned()).or_default() += 1;
        too_many.insert(giver, gives - 1.0);
        too_few.insert(receiver, gets - 1.0);
    }
    (giving, receiving)
}

/// The zone with the greatest number above nought (`getMost`).
fn most<'a>(zones: &BTreeMap<&'a str, f64>) -> Option<(&'a str, f64)> {
    let mut found: Option<(&str, f64)> = None;
    for (zone, number) in zones {
        if *number > found.map_or(0.0, |(_, most)| most) {
            found = Some((zone, *number));
        }
    }
    found
}

fn take_one(zones: &mut BTreeMap<String, usize>, zone: &str) {
    if let Some(number) = zones.get_mut(zone) {
        *number = number.saturating_sub(1);
        if *number == 0 {
            zones.remove(zone);
        }
    }
}

fn ready_endpoints(slices: &mut [EndpointSlice]) -> impl Iterator<Item = &mut Endpoint> {
    let endpoints = slices.iter_mut().flat_map(|slice| slice.endpoints.iter_mut().flatten());
    endpoints.filter(|endpoint| endpoint.conditions.ready == Some(true))
}

/// A number of endpoints as the float that the shares are worked out in.
pub(super) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
