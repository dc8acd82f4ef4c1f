//! `portolan rule`: what a rule finds, why that matters, and how it looks.

use super::Outcome;
use crate::terminal::{Style, Terminal};
use portolan::lint::Page;

/// Explains one code, or lists them all.
///
/// # Errors
/// There is no such code, or standard output cannot be written.
pub(crate) fn run(code: Option<&str>, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match code {
        None => {
            let all: Vec<Page> = portolan::lint::pages().collect();
            let width = all.iter().map(|code| code.code.len()).max().unwrap_or_default();
            for code in all {
                let padded = format!("{:<width$}", code.code);
                let shown = terminal.styled(Style::Bold, &padded);
                terminal.line(&format!("{shown}  {:<8} {}", code.severity.name(), code.name))?;
            }
        }
        Some(written) => {
            let code = portolan::lint::page(written)
                .ok_or_else(|| anyhow::anyhow!("unknown rule `{written}`; `portolan rule` lists all of them"))?;
            let title = format!("{} {} ({})", code.code, code.name, code.severity.name());
            let title = terminal.styled(Style::Bold, &title);
            terminal.print(&format!("{title}\n\n{}\n", code.text.trim_end()))?;
        }
    }
    Ok(Outcome::Fine)
}
