//! `portolan rule`: what a rule finds, why that matters, and how it looks.

use super::Outcome;
use crate::terminal::{Style, Terminal};
use portolan_checking::codes;

/// Explains one code, or lists them all.
///
/// # Errors
/// There is no such code, or standard output cannot be written.
pub(crate) fn run(code: Option<&str>, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match code {
        None => {
            let all = codes::all();
            let width = all.iter().map(|code| code.code.len()).max().unwrap_or_default();
            for code in all {
                let padded = format!("{:<width$}", code.code);
                let shown = terminal.styled(Style::Bold, &padded);
                terminal.line(&format!("{shown}  {:<8} {}", code.severity.name(), code.name))?;
            }
        }
        Some(written) => {
            let code = codes::find(written)
                .ok_or_else(|| anyhow::anyhow!("there is no rule {written}; `portolan rule` lists them"))?;
            let title = format!("{} {} ({})", code.code, code.name, code.severity.name());
            let title = terminal.styled(Style::Bold, &title);
            terminal.print(&format!("{title}\n\n{}\n", code.doc.trim_end()))?;
        }
    }
    Ok(Outcome::Fine)
}
