//! How `portolan resolve` reads: an answer of DNS comes in; its status, records and the tried names go out as text.

use super::words::{because, plain};
use crate::terminal::{Style, Terminal};
use portolan::ask::resolve::ResolveAnswer;
use portolan::dns::Status;

/// The answer of DNS.
pub(crate) fn resolve(answer: &ResolveAnswer, terminal: &Terminal) -> String {
    let style = if answer.status == Status::NoError { Style::Good } else { Style::Bad };
    let mut out = format!("{}\n", terminal.styled(style, answer.status.name()));
    out.extend(answer.answers.iter().map(|record| format!("  {}\n", plain(record))));
    if let Some(tried) = answer.tried.as_ref().filter(|tried| !tried.is_empty()) {
        out.push_str(&format!("  tried {}\n", plain(tried.join(", "))));
    }
    out + &because(&answer.because, None, terminal)
}
