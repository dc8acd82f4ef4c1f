//! `portolan rule`: what a rule finds, why that matters, and how it looks.

use super::Outcome;
use crate::terminal::{Style, Terminal};
use portolan::lint::{RULES, Rule, by_code};

/// Explains one rule, or lists them all.
///
/// # Errors
/// There is no such rule, or standard output cannot be written.
pub(crate) fn run(code: Option<&str>, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match code {
        None => {
            for rule in RULES {
                let line =
                    format!("{}  {:<8} {}", terminal.styled(Style::Bold, rule.code), rule.severity.name(), rule.name);
                terminal.line(&line)?;
            }
        }
        Some(code) => {
            let rule =
                by_code(code).ok_or_else(|| anyhow::anyhow!("there is no rule {code}; `portolan rule` lists them"))?;
            let text = explained(rule, terminal);
            terminal.print(&text)?;
        }
    }
    Ok(Outcome::Fine)
}

fn explained(rule: &Rule, terminal: &Terminal) -> String {
    let title = terminal.styled(Style::Bold, &format!("{} {} ({})", rule.code, rule.name, rule.severity.name()));
    // Doc comments begin every line with a space.
    let lines = rule.doc().lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    format!("{title}\n\n{}\n", lines.collect::<Vec<_>>().join("\n"))
}
