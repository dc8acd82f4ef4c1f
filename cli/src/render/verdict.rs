//! How `portolan verdict` reads: a verdict comes in; the decision, both directions and the reasons go out as text.

use super::member::{because, is_true};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The verdict on a connection to that port.
pub(crate) fn verdict(answer: &Json, port: u16, protocol: &str, terminal: &Terminal) -> String {
    let word = match is_true(answer, "allowed") {
        true => terminal.styled(Style::Good, "allowed"),
        false => terminal.styled(Style::Bad, "denied"),
    };
    let side = |name: &str| if is_true(answer, name) { "allowed" } else { "denied" };
    let protocol = crate::terminal::escape(protocol);
    let mut out = format!("{word} on port {port} {protocol}\n");
    out.push_str(&format!("  egress: {}, ingress: {}\n", side("egress"), side("ingress")));
    out + &because(answer, terminal)
}
