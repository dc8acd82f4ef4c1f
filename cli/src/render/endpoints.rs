//! How `portolan endpoints` reads: EndpointSlices come in; a title per slice and a line per endpoint go out.

use super::member::{list, plain, text};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The slices of a Service.
pub(crate) fn endpoints(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    for slice in list(answer, "endpointSlices") {
        let ports: Vec<String> = list(slice, "ports").iter().map(port).collect();
        let metadata = slice.get("metadata");
        let named = metadata.map(|metadata| text(metadata, "name")).filter(|name| !name.is_empty());
        let generated = metadata.map(|metadata| format!("{}…", text(metadata, "generateName"))).unwrap_or_default();
        let name = named.unwrap_or(generated);
        let ports = if ports.is_empty() { "no ports".to_owned() } else { format!("ports {}", ports.join(", ")) };
        let title = format!("EndpointSlice {name} {}", text(slice, "addressType"));
        out.push_str(&format!("{}, {ports}\n", terminal.styled(Style::Bold, &title)));
        for endpoint in list(slice, "endpoints") {
            let addresses: Vec<String> =
                list(endpoint, "addresses").iter().map(|address| plain(Some(address))).collect();
            let conditions = endpoint.get("conditions");
            let is = |name: &str| conditions.and_then(|conditions| conditions.get(name)) == Some(&Json::Bool(true));
            let state = match (is("ready"), is("terminating")) {
                (true, _) => terminal.styled(Style::Good, "ready"),
                (false, true) => terminal.styled(Style::Doubtful, "terminating"),
                (false, false) => terminal.styled(Style::Bad, "not ready"),
            };
            let target = endpoint.get("targetRef").map(|target| text(target, "name")).unwrap_or_default();
            let node = text(endpoint, "nodeName");
            let node = if node.is_empty() { String::new() } else { format!(" on {node}") };
            out.push_str(&format!("  {} {state} {target}{node}\n", addresses.join(" ")));
        }
    }
    if out.is_empty() { "no EndpointSlice\n".to_owned() } else { out }
}

fn port(port: &Json) -> String {
    let number = plain(port.get("port"));
    match text(port, "name").as_str() {
        "" => format!("{number}/{}", text(port, "protocol")),
        name => format!("{name} {number}/{}", text(port, "protocol")),
    }
}
