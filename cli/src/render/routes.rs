//! How `portolan routes` reads: a table of routes comes in; one line per rule goes out, in the order in which they are tried.

use super::words::{plain, service};
use crate::terminal::{Style, Terminal};
use portolan::ask::routes::{RoutesAnswer, TableRule};

/// The table of routes.
pub(crate) fn routes(answer: &RoutesAnswer<'_>, terminal: &Terminal) -> String {
    let mut out = String::new();
    for host in &answer.hosts {
        let name = if host.host.is_empty() { "every other host".to_owned() } else { plain(&host.host) };
        out.push_str(&format!("{}\n", terminal.styled(Style::Bold, &name)));
        out.extend(host.rules.iter().map(|rule| line(rule, terminal)));
    }
    if let Some(default) = &answer.default {
        out.push_str(&format!("{}\n{}", terminal.styled(Style::Bold, "default backend"), line(default, terminal)));
    }
    for host in &answer.uncovered {
        let note = format!("no certificate covers {}", plain(host));
        out.push_str(&format!("{}\n", terminal.styled(Style::Doubtful, &note)));
    }
    for report in &answer.reports {
        out.push_str(&format!("{}\n", terminal.styled(Style::Doubtful, &plain(&report.message))));
    }
    if out.is_empty() { "no Ingress is served\n".to_owned() } else { out }
}

fn line(rule: &TableRule<'_>, terminal: &Terminal) -> String {
    let target = rule.service.as_ref().map_or_else(|| "resource".to_owned(), |backend| service(backend, ""));
    let (pattern, kind, ingress) = (plain(&rule.pattern), plain(&rule.path_type), plain(&rule.ingress));
    let line = format!("  {pattern:<28} {kind:<10} {target}  by {ingress}");
    match rule.is_unreachable {
        true => format!("{}\n", terminal.styled(Style::Dim, &format!("{line}  (unreachable)"))),
        false => format!("{line}\n"),
    }
}
