//! How `portolan routes` reads: a table of routes comes in; one line per rule goes out, in the order in which they are tried.

use super::member::{is_true, list, plain, reference, text};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The table of routes.
pub(crate) fn routes(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    for host in list(answer, "hosts") {
        let name = match text(host, "host").as_str() {
            "" => "every other host".to_owned(),
            name => name.to_owned(),
        };
        out.push_str(&format!("{}\n", terminal.styled(Style::Bold, &name)));
        for rule in list(host, "rules") {
            out.push_str(&route_line(rule, terminal));
        }
    }
    if let Some(default @ Json::Object(_)) = answer.get("default") {
        out.push_str(&format!("{}\n", terminal.styled(Style::Bold, "default backend")));
        out.push_str(&route_line(default, terminal));
    }
    for host in list(answer, "uncovered") {
        out.push_str(&terminal.styled(Style::Doubtful, &format!("no certificate covers {}\n", plain(Some(host)))));
    }
    for report in list(answer, "reports") {
        let said = if report.get("message").is_some() { text(report, "message") } else { plain(Some(report)) };
        out.push_str(&terminal.styled(Style::Doubtful, &format!("{said}\n")));
    }
    if out.is_empty() { "no Ingress is served\n".to_owned() } else { out }
}

fn route_line(rule: &Json, terminal: &Terminal) -> String {
    let target = match rule.get("service") {
        Some(service @ Json::Object(_)) => format!("{} port {}", reference(Some(service)), plain(service.get("port"))),
        _ => "resource".to_owned(),
    };
    let pattern =
        ["pattern", "path"].iter().map(|name| plain(rule.get(name))).find(|text| text != "–").unwrap_or_default();
    let kind = plain(rule.get("pathType").or_else(|| rule.get("match")));
    let line = format!("  {pattern:<28} {kind:<10} {target}  by {}", reference(rule.get("ingress")));
    if is_true(rule, "unreachable") {
        format!("{}\n", terminal.styled(Style::Dim, &format!("{line}  (unreachable)")))
    } else {
        format!("{line}\n")
    }
}
