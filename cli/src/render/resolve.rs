//! How `portolan resolve` reads: an answer of DNS comes in; its status, records and the tried names go out as text.

use super::member::{because, list, plain, text};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The answer of DNS.
pub(crate) fn resolve(answer: &Json, terminal: &Terminal) -> String {
    let status = text(answer, "status");
    let style = if status == "NOERROR" { Style::Good } else { Style::Bad };
    let mut out = format!("{}\n", terminal.styled(style, &status));
    for record in list(answer, "answers") {
        out.push_str(&format!("  {}\n", plain(Some(record))));
    }
    let tried: Vec<String> = list(answer, "tried").iter().map(|name| plain(Some(name))).collect();
    if !tried.is_empty() {
        out.push_str(&format!("  tried {}\n", tried.join(", ")));
    }
    out + &because(answer, terminal)
}
