//! How `portolan backends` reads: the decision of kube-proxy comes in; the verdict and the endpoints go out as text.

use super::words::{because, plain};
use crate::terminal::{Style, Terminal};
use portolan::ask::backends::BackendsAnswer;
use portolan::proxy::decision::Verdict;

/// The decision on a packet.
pub(crate) fn backends(answer: &BackendsAnswer<'_>, terminal: &Terminal) -> String {
    let style = if answer.verdict == Verdict::Forward { Style::Good } else { Style::Bad };
    let mut out = terminal.styled(style, answer.verdict.name());
    if let Some(service) = &answer.service {
        out.push_str(&format!(" by Service {}", plain(service)));
        if let Some(port) = &answer.port {
            out.push_str(&format!(", port {}", plain(port)));
        }
    }
    out.push('\n');
    out.extend(answer.to.iter().map(|endpoint| format!("  {} port {}\n", endpoint.ip, endpoint.port)));
    if let Some(seconds) = answer.affinity_seconds {
        out.push_str(&format!("  a client keeps its endpoint for {seconds} s\n"));
    }
    out.extend(answer.because.iter().map(|step| because(&step.because, step.source.as_ref(), terminal)));
    out
}
