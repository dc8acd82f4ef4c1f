//! What is set for the whole cluster, as the package writes it.

use crate::refusal;
use portolan::cluster::Options;
use portolan::load::LoadMode;
use portolan_base::tree::Node;
use wasm_bindgen::JsValue;

/// Reads `{"serviceClusterIPRange", "serviceNodePortRange", "clusterCIDR", "clusterDomain", "stored"}`, all of it optional.
///
/// # Errors
/// A value that cannot be: the refusal as JSON text.
pub(crate) fn read(text: &str) -> Result<(Options, LoadMode), JsValue> {
    let node = portolan_base::json::read(text).map_err(|error| refusal("", &error.message))?;
    let mut options = Options::default();
    if let Some(given) = string(&node, "serviceClusterIPRange")? {
        let ranges: Result<Vec<_>, _> = given.split(',').map(|range| range.trim().parse()).collect();
        options.service_cluster_ip_range = ranges.map_err(|_| no_range("serviceClusterIPRange", given))?;
        options.service_ranges_given = true;
    }
    if let Some(given) = string(&node, "serviceNodePortRange")? {
        let ports = given.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        let ports = ports.filter(|(first, last): &(u16, u16)| *first > 0 && first <= last);
        options.service_node_port_range = ports.ok_or_else(|| {
            refusal("serviceNodePortRange", &format!("`{given}` is no range of ports, such as 30000-32767"))
        })?;
        options.service_ranges_given = true;
    }
    if let Some(given) = string(&node, "clusterCIDR")? {
        let ranges: Result<Vec<_>, _> = given.split(',').map(|range| range.trim().parse()).collect();
        options.cluster_cidr = ranges.map_err(|_| no_range("clusterCIDR", given))?;
    }
    if let Some(given) = string(&node, "clusterDomain")? {
        options.cluster_domain = given.to_owned();
    }
    let stored = match node.get("stored") {
        Some(stored) => stored.as_bool().ok_or_else(|| refusal("stored", "`stored` has to be true or false"))?,
        None => false,
    };
    Ok((options, if stored { LoadMode::Stored } else { LoadMode::Admitted }))
}

fn no_range(field: &str, given: &str) -> JsValue {
    refusal(field, &format!("`{given}` is no range of addresses, such as 10.0.0.0/16"))
}

fn string<'n>(node: &'n Node, name: &str) -> Result<Option<&'n str>, JsValue> {
    match node.get(name) {
        Some(value) if value.is_null() => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| refusal(name, &format!("`{name}` has to be a string"))),
        None => Ok(None),
    }
}
