//! The package's options as JSON in, the options of the cluster and how to load its files out.

use crate::refusal;
use portolan::cluster::{OptionTexts, Options};
use portolan::load::LoadMode;
use portolan_base::tree::Node;
use wasm_bindgen::JsValue;

/// Reads `{"serviceClusterIPRange", "serviceNodePortRange", "clusterCIDR", "clusterDomain", "stored"}`, all of it optional.
///
/// # Errors
/// A value that is not a range or not a string: the refusal as JSON text.
pub(crate) fn read(text: &str) -> Result<(Options, LoadMode), JsValue> {
    let node = portolan_base::json::read(text).map_err(|error| refusal("", &error.message))?;
    let texts = OptionTexts {
        service_cluster_ip_range: string(&node, "serviceClusterIPRange")?,
        service_node_port_range: string(&node, "serviceNodePortRange")?,
        cluster_cidr: string(&node, "clusterCIDR")?,
        cluster_domain: string(&node, "clusterDomain")?,
    };
    let options = Options::parse(&texts).map_err(|(flag, error)| refusal(member(flag), &error.to_string()))?;
    let stored = match node.get("stored") {
        Some(stored) => stored.as_bool().ok_or_else(|| refusal("stored", "`stored` must be true or false"))?,
        None => false,
    };
    Ok((options, if stored { LoadMode::Stored } else { LoadMode::Admitted }))
}

/// The member that has the text of a flag.
fn member(flag: &str) -> &'static str {
    match flag {
        "service-cluster-ip-range" => "serviceClusterIPRange",
        "service-node-port-range" => "serviceNodePortRange",
        _ => "clusterCIDR",
    }
}

fn string<'n>(node: &'n Node, name: &str) -> Result<Option<&'n str>, JsValue> {
    match node.get(name) {
        Some(value) if value.is_null() => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or_else(|| refusal(name, &format!("`{name}` must be a string"))),
        None => Ok(None),
    }
}
