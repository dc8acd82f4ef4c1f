//! `portolan version`: the versions of this program, and of the Kubernetes that it answers for, go out.

use super::Outcome;
use crate::terminal::Terminal;

/// Prints both versions.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    terminal.line(&format!("portolan {}", env!("CARGO_PKG_VERSION")))?;
    terminal.line(&format!("answers for Kubernetes {}", portolan::KUBERNETES_VERSION))?;
    Ok(Outcome::Fine)
}
