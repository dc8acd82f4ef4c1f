//! How `portolan verdict` reads: a verdict comes in; the decision, both directions and the reasons go out as text.

use super::words::{because, plain};
use crate::terminal::{Style, Terminal};
use portolan::ask::verdict::{VerdictAnswer, VerdictReason};
use portolan::net::Protocol;
use portolan::policy::Effect;

/// The verdict on a connection to that port.
pub(crate) fn verdict(answer: &VerdictAnswer<'_>, port: u16, protocol: Protocol, terminal: &Terminal) -> String {
    let word = |is_allowed: bool| if is_allowed { "allowed" } else { "denied" };
    let style = if answer.allowed { Style::Good } else { Style::Bad };
    let mut out = format!("{} on port {port} {protocol}\n", terminal.styled(style, word(answer.allowed)));
    out.push_str(&format!("  egress: {}, ingress: {}\n", word(answer.egress), word(answer.ingress)));
    out.extend(answer.because.iter().map(|reason| because(effect(reason), reason.source.as_ref(), terminal)));
    out
}

/// One reason in words.
fn effect(reason: &VerdictReason<'_>) -> String {
    let direction = reason.direction.name();
    let by = reason.policy.as_ref().map(|policy| format!(" by {policy}")).unwrap_or_default();
    let mut out = match reason.effect {
        Effect::Default => format!("{direction}: no policy isolates the pod"),
        Effect::Isolate => format!("{direction}: the pod is isolated{by}"),
        Effect::Allow => format!("{direction}: allowed{by}"),
        Effect::Deny => format!("{direction}: denied{by}"),
        Effect::Tie => format!("{direction}: not{by}, which has the same priority and would decide otherwise"),
        other => format!("{direction}: {}{by}", other.name()),
    };
    for (part, index) in [("rule", reason.rule), ("peer", reason.peer), ("port", reason.port)] {
        if let Some(index) = index {
            out.push_str(&format!(", {part} {index}"));
        }
    }
    plain(out)
}
