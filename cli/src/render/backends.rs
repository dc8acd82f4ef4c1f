//! How `portolan backends` reads: the decision of kube-proxy comes in; the verdict and the endpoints go out as text.

use super::member::{because, list, plain, reference, text};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The decision on a packet.
pub(crate) fn backends(answer: &Json, terminal: &Terminal) -> String {
    let verdict = text(answer, "verdict");
    let style = if verdict == "forward" { Style::Good } else { Style::Bad };
    let mut out = terminal.styled(style, &verdict);
    if let Some(service @ Json::Object(_)) = answer.get("service") {
        out.push_str(&format!(" by Service {}", reference(Some(service))));
        if let Some(Json::String(_)) = answer.get("port") {
            out.push_str(&format!(", port {}", text(answer, "port")));
        }
    }
    out.push('\n');
    for endpoint in list(answer, "to") {
        out.push_str(&format!("  {} port {}\n", text(endpoint, "ip"), plain(endpoint.get("port"))));
    }
    if let Some(seconds @ Json::Int(_)) = answer.get("affinitySeconds") {
        out.push_str(&format!("  a client keeps its endpoint for {seconds} s\n"));
    }
    out + &because(answer, terminal)
}
