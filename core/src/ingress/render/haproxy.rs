//! HAProxy 2.6: a whole `haproxy.cfg`. A request first gets a site by its host, then the first rule of the site that takes
//! its path; the rule's number decides the rest.

use super::Settings;
use super::plan::{Action, Elsewhere, Plan, STRICT_LABEL, SiteHost, Takes};
use crate::ingress::pattern::quoted;
use std::fmt::Write as _;

pub(super) fn write(plan: &mut Plan, settings: &Settings) -> String {
    if plan.normalize {
        plan.reports
            .push("haproxy compares a path as sent, without resolving `.`, `..` and doubled slashes".to_owned());
    }
    let mut out = String::from(
        "defaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n",
    );
    for port in &plan.node_ports {
        let _ = writeln!(out, "\nlisten node-port-{}\n    mode tcp", port.name);
        let _ = writeln!(out, "    bind {}:{}", settings.address, port.listen);
        for (at, to) in port.to.iter().enumerate() {
            let _ = writeln!(out, "    server n{at} {to}");
        }
    }
    let _ = writeln!(out, "\nfrontend ingress\n    option forwardfor\n    bind {}:{}", settings.address, settings.port);
    out.push_str("    http-request set-var(txn.host) req.hdr(host),field(1,:),lower\n");
    for (at, site) in plan.sites.iter().enumerate() {
        let unset = "!{ var(txn.site) -m found }";
        let mut set = |name: &str, condition: &str| {
            let _ = writeln!(out, "    http-request set-var(txn.site) str({name}) if {unset}{condition}");
        };
        let name = format!("s{at}");
        match &site.host {
            SiteHost::Exact(host) => set(&name, &format!(" {{ var(txn.host) -m str {host} }}")),
            SiteHost::Wildcard { suffix, strict: false } => {
                set(&name, &format!(" {{ var(txn.host) -m reg '^[^.]+\\.{}$' }}", quoted(suffix)));
            }
            SiteHost::Wildcard { suffix, strict: true } => {
                let label = format!("^{STRICT_LABEL}\\.{}(:[0-9]+)?$", quoted(suffix));
                set(&name, &format!(" {{ req.hdr(host) -m reg '{label}' }}"));
                set("none", &format!(" {{ var(txn.host) -m end .{suffix} }}"));
            }
            SiteHost::Regex { source, ignore_case } => {
                let flag = if *ignore_case { "-i " } else { "" };
                set(&name, &format!(" {{ var(txn.host) -m reg {flag}'{}' }}", word(source)));
            }
            SiteHost::Any => set(&name, ""),
        }
    }
    let mut number = 0_usize;
    let mut actions = String::new();
    let mut backends = String::new();
    for (at, site) in plan.sites.iter().enumerate() {
        for rule in &site.rules {
            let path = match &rule.takes {
                Takes::Exact(path) => format!("path -m str '{}'", word(path)),
                Takes::Prefix(path) => format!("path -m beg '{}'", word(path)),
                Takes::Regex { source, ignore_case, full } => {
                    let flag = if *ignore_case { "-i " } else { "" };
                    format!("path -m reg {flag}'^({}){}'", word(source), if *full { "$" } else { "" })
                }
            };
            let _ = writeln!(
                out,
                "    http-request set-var(txn.rule) str(r{number}) if !{{ var(txn.rule) -m found }} {{ var(txn.site) -m str s{at} }} {{ {path} }}"
            );
            let condition = format!("if {{ var(txn.rule) -m str r{number} }}");
            number += 1;
            match &rule.action {
                Action::Forward { backend, rewrite } => {
                    if let Some((pattern, target)) = rewrite {
                        let _ = writeln!(
                            actions,
                            "    http-request replace-path '^(?i).*?{}.*$' '{}' {condition}",
                            word(pattern),
                            word(&target.replace('$', "\\"))
                        );
                    }
                    if let Some(backend) = plan.backends.get(*backend) {
                        let _ = writeln!(backends, "    use_backend {} {condition}", backend.name);
                    }
                }
                Action::Redirect(to) => {
                    let (code, location) = (to.code, location_of(to));
                    let _ = writeln!(actions, "    http-request redirect code {code} location {location} {condition}");
                }
                Action::Respond(code) => {
                    let _ = writeln!(actions, "    http-request return status {code} {condition}");
                }
            }
        }
    }
    out.push_str(&actions);
    // A host that a wildcard decides for and does not take.
    out.push_str("    http-request return status 404 if !{ var(txn.rule) -m found }\n");
    out.push_str(&backends);
    for backend in &plan.backends {
        let _ = writeln!(out, "\nbackend {}", backend.name);
        for (at, address) in backend.addresses.iter().enumerate() {
            let _ = writeln!(out, "    server e{at} {address}");
        }
    }
    out
}

/// A text within single quotes: there is no way to write a quote in them but to leave them for a moment.
fn word(text: &str) -> String {
    text.replace('\'', "'\\''")
}

fn location_of(to: &Elsewhere) -> String {
    let scheme = to.scheme.as_deref().unwrap_or("http");
    let host = to.host.as_deref().unwrap_or("%[req.hdr(host)]");
    let path = to.path.as_deref().unwrap_or("%[capture.req.uri]");
    format!("{scheme}://{host}{path}")
}
