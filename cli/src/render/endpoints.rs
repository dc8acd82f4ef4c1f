//! How `portolan endpoints` reads: EndpointSlices come in; a title per slice and a line per endpoint go out.

use super::words::plain;
use crate::terminal::{Style, Terminal};
use portolan::api::endpoint_slice::{Endpoint, EndpointSlice, SlicePort};
use portolan::ask::endpoints::EndpointsAnswer;

/// The slices of a Service.
pub(crate) fn endpoints(answer: &EndpointsAnswer, terminal: &Terminal) -> String {
    let out: String = answer.endpoint_slices.iter().map(|slice| self::slice(slice, terminal)).collect();
    if out.is_empty() { "no EndpointSlice\n".to_owned() } else { out }
}

fn slice(slice: &EndpointSlice, terminal: &Terminal) -> String {
    let metadata = &slice.metadata;
    let name = if metadata.name.is_empty() { format!("{}…", metadata.generate_name) } else { metadata.name.clone() };
    let ports: Vec<String> = slice.ports.iter().flatten().map(port).collect();
    let ports = if ports.is_empty() { "no ports".to_owned() } else { format!("ports {}", ports.join(", ")) };
    let title = plain(format!("EndpointSlice {name} {}", slice.address_type));
    let mut out = format!("{}, {ports}\n", terminal.styled(Style::Bold, &title));
    out.extend(slice.endpoints.iter().flatten().map(|endpoint| line(endpoint, terminal)));
    out
}

fn line(endpoint: &Endpoint, terminal: &Terminal) -> String {
    let addresses = endpoint.addresses.as_ref().map(|addresses| addresses.join(" ")).unwrap_or_default();
    let conditions = &endpoint.conditions;
    let state = match (conditions.ready == Some(true), conditions.terminating == Some(true)) {
        (true, _) => terminal.styled(Style::Good, "ready"),
        (false, true) => terminal.styled(Style::Doubtful, "terminating"),
        (false, false) => terminal.styled(Style::Bad, "not ready"),
    };
    let target = endpoint.target_ref.as_ref().map(|target| plain(&target.name)).unwrap_or_default();
    let node = endpoint.node_name.as_ref().map(|node| format!(" on {}", plain(node))).unwrap_or_default();
    format!("  {} {state} {target}{node}\n", plain(addresses))
}

fn port(port: &SlicePort) -> String {
    let number = port.port.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let protocol = port.protocol.as_deref().unwrap_or_default();
    match port.name.as_deref().unwrap_or_default() {
        "" => plain(format!("{number}/{protocol}")),
        name => plain(format!("{name} {number}/{protocol}")),
    }
}
