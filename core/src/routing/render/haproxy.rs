//! HAProxy 2.6: a whole `haproxy.cfg`. A request first gets a site by its host, then the first rule of the site that takes
//! its path; the rule's number decides the rest.

use super::Settings;
use super::plan::{
    Action, Clients, Elsewhere, Part, Piece, Plan, Protocol, STRICT_LABEL, Shown, Site, SiteHost, Takes, Value,
    Variable,
};
use crate::routing::MatchHost;
use crate::routing::pattern::quoted;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// The scheme of the request.
const SCHEME: &str = "%[ssl_fc,iif(https,http)]";
/// The host of the request, with its port.
const HOST: &str = "%[req.hdr(host)]";

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
    let at = |port: u16| SocketAddr::new(settings.address, port).to_string();
    frontend(&mut out, plan, &plan.sites, "ingress", &at(settings.port));
    if let Some(tls) = &plan.tls {
        let mut bind = format!("{} ssl alpn h2,http/1.1", at(tls.port));
        // Without a certificate for every name, a client that asks for none of those here is not answered.
        let (default, others): (Vec<&Shown>, Vec<&Shown>) =
            tls.certificates.iter().partition(|shown| shown.names.contains(&MatchHost::Any));
        if default.is_empty() {
            bind.push_str(" strict-sni");
        }
        for shown in default.iter().chain(&others) {
            let _ = write!(bind, " crt '{}'", word(&shown.file));
        }
        frontend(&mut out, plan, &tls.sites, "ingress-tls", &bind);
        let report =
            "haproxy shows the certificate in which the name stands that the client asks for, whatever `spec.tls` says";
        plan.reports.push(report.to_owned());
    }
    for backend in &plan.backends {
        let _ = writeln!(out, "\nbackend {}", backend.name);
        let how = match backend.protocol {
            Protocol::Http => "",
            Protocol::Https => " ssl verify none",
            Protocol::Grpc => " proto h2",
            Protocol::Grpcs => " ssl verify none alpn h2",
        };
        for (at, address) in backend.addresses.iter().enumerate() {
            let _ = writeln!(out, "    server e{at} {address}{how}");
        }
    }
    out
}

/// A listener and its rules.
fn frontend(out: &mut String, plan: &Plan, sites: &[Site], name: &str, bind: &str) {
    let _ = writeln!(out, "\nfrontend {name}\n    option forwardfor\n    bind {bind}");
    out.push_str("    http-request set-var(txn.host) req.hdr(host),field(1,:),lower\n");
    for (at, site) in sites.iter().enumerate() {
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
    for (at, site) in sites.iter().enumerate() {
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
            if let Some(clients) = &rule.clients {
                limit(&mut actions, number, clients, &condition);
            }
            match &rule.action {
                Action::Forward { backend, rewrite, canary } => {
                    if let Some((pattern, target)) = rewrite {
                        replace_path(&mut actions, pattern, target, &condition);
                    }
                    if let Some((part, other)) =
                        canary.as_ref().and_then(|it| Some((it, plan.backends.get(it.backend)?)))
                    {
                        choose(&mut actions, part, condition.trim_start_matches("if "));
                        let chosen = format!("{condition} {{ var(txn.part) -m str c }}");
                        let _ = writeln!(backends, "    use_backend {} {chosen}", other.name);
                    }
                    if let Some(backend) = plan.backends.get(*backend) {
                        let _ = writeln!(backends, "    use_backend {} {condition}", backend.name);
                    }
                }
                Action::SendRewritten(to) => {
                    replace_path(&mut actions, &to.pattern, &to.path, &condition);
                    let scheme = to.scheme.as_deref().unwrap_or(SCHEME);
                    let host = to.host.as_ref().map_or_else(|| HOST.to_owned(), |host| host.replace('%', "%%"));
                    let path = if to.keeps_query { "%[pathq]" } else { "%[path]" };
                    let location = format!("{scheme}://{}{path}", word(&host));
                    let _ = writeln!(actions, "    http-request redirect code 302 location '{location}' {condition}");
                }
                Action::Redirect(to) => {
                    let (code, location) = (to.code, location_of(to));
                    let _ = writeln!(actions, "    http-request redirect code {code} location {location} {condition}");
                }
                Action::Send(code, pieces) => {
                    let url: String = pieces.iter().map(piece).collect();
                    let _ = writeln!(
                        actions,
                        "    http-request redirect code {code} location '{}' {condition}",
                        word(&url)
                    );
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
}

/// The whole path becomes the target where the pattern is found in it.
fn replace_path(out: &mut String, pattern: &str, target: &str, condition: &str) {
    let target = target.replace('%', "%%").replace('$', "\\");
    let (pattern, target) = (word(pattern), word(&target));
    let _ = writeln!(out, "    http-request replace-path '^(?i).*?{pattern}.*$' '{target}' {condition}");
}

/// A text within single quotes: there is no way to write a quote in them but to leave them for a moment.
fn word(text: &str) -> String {
    text.replace('\'', "'\\''")
}

fn location_of(to: &Elsewhere) -> String {
    let scheme = to.scheme.as_deref().unwrap_or(SCHEME);
    let host = to.host.as_deref().unwrap_or(HOST);
    let path = to.path.as_deref().unwrap_or("%[capture.req.uri]");
    format!("{scheme}://{host}{path}")
}

/// Answers 403 to clients that are not let in. A line takes 64 words, so the ranges are looked at some at a time.
fn limit(out: &mut String, number: usize, clients: &Clients, condition: &str) {
    for (name, ranges) in [("deny", &clients.deny), ("allow", &clients.allow)] {
        let variable = format!("txn.{name}{number}");
        for some in ranges.chunks(32) {
            let some: Vec<String> = some.iter().map(ToString::to_string).collect();
            let source = format!("{{ src {} }}", some.join(" "));
            let _ = writeln!(out, "    http-request set-var({variable}) bool(true) {condition} {source}");
        }
        let unless = if name == "deny" { "" } else { "!" };
        if !ranges.is_empty() {
            let _ = writeln!(
                out,
                "    http-request deny deny_status 403 {condition} {unless}{{ var({variable}) -m found }}"
            );
        }
    }
}

/// Says in `txn.part` whether the other backend (`c`) gets the request, or the main one (`m`): header, cookie and share,
/// the first that decides.
fn choose(out: &mut String, part: &Part, condition: &str) {
    let mut say = |value: &str, when: &str| {
        let _ = writeln!(
            out,
            "    http-request set-var(txn.part) str({value}) if {condition} !{{ var(txn.part) -m found }} {when}"
        );
    };
    if let Some((header, value)) = &part.header {
        match value {
            Value::Always => {
                say("c", &format!("{{ req.fhdr({header}) -m str always }}"));
                say("m", &format!("{{ req.fhdr({header}) -m str never }}"));
            }
            Value::Exact(value) => say("c", &format!("{{ req.fhdr({header}) -m str '{}' }}", word(value))),
            Value::Regex(source) => say("c", &format!("{{ req.fhdr({header}) -m reg '{}' }}", word(source))),
        }
    }
    if let Some(cookie) = &part.cookie {
        say("c", &format!("{{ req.cook({cookie}) -m str always }}"));
        say("m", &format!("{{ req.cook({cookie}) -m str never }}"));
    }
    match part.weight {
        0 => {}
        weight if weight >= part.total => say("c", ""),
        weight => say("c", &format!("{{ rand({}) -m int lt {weight} }}", part.total)),
    }
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.replace('%', "%%"),
        Piece::Variable(variable) => match variable {
            Variable::RequestUri => "%[pathq]",
            Variable::Uri => "%[path]",
            Variable::Host => "%[var(txn.host)]",
            Variable::HttpHost => HOST,
            Variable::Scheme => SCHEME,
            Variable::Args => "%[query]",
            Variable::IsArgs => "%[query,length,bool,iif(?,)]",
            Variable::Method => "%[method]",
        }
        .to_owned(),
    }
}
