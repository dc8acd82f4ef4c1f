//! `portolan rule`: a code comes in; what the rule finds, why that matters and an example go out.

use super::Outcome;
use crate::terminal::{Style, Terminal};
use clap::Args;
use portolan::lint::Page;

/// The rule.
#[derive(Args, Debug)]
pub(crate) struct RuleArguments {
    /// Its code or its name; without it, all rules are listed
    code: Option<String>,
}

/// Explains one code, or lists them all.
///
/// # Errors
/// The code is unknown, or standard output cannot be written.
pub(crate) fn run(arguments: &RuleArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match arguments.code.as_deref() {
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
