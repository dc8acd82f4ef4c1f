//! nginx 1.22: a whole `nginx.conf`. Node ports are a `stream` block, which needs the module of that name.

use super::Settings;
use super::plan::{Action, Elsewhere, Plan, Rule, STRICT_LABEL, Site, SiteHost, Takes};
use crate::ingress::pattern::quoted;
use std::fmt::Write as _;

pub(super) fn write(plan: &mut Plan, settings: &Settings) -> String {
    if !plan.normalize {
        let report = "nginx decodes a path and resolves `.`, `..` and doubled slashes in it before it compares it";
        plan.reports.push(report.to_owned());
    }
    let mut out = String::from("events {\n}\n");
    if !plan.node_ports.is_empty() {
        out.push_str("\nstream {\n");
        for port in &plan.node_ports {
            let _ = writeln!(out, "    upstream {} {{", port.name);
            for to in &port.to {
                let _ = writeln!(out, "        server {to};");
            }
            let _ = writeln!(out, "    }}\n    server {{\n        listen {}:{};", host(settings), port.listen);
            let _ = writeln!(out, "        proxy_pass {};\n    }}", port.name);
        }
        out.push_str("}\n");
    }
    out.push_str("\nhttp {\n    access_log off;\n    server_names_hash_bucket_size 256;\n    server_names_hash_max_size 65536;\n");
    out.push_str(
        "    proxy_http_version 1.1;\n    proxy_set_header Host $http_host;\n    proxy_set_header Connection \"\";\n",
    );
    out.push_str("    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n");
    for backend in plan.backends.iter().filter(|backend| !backend.addresses.is_empty()) {
        let _ = writeln!(out, "\n    upstream {} {{", backend.name);
        for address in &backend.addresses {
            let _ = writeln!(out, "        server {address};");
        }
        out.push_str("    }\n");
    }
    for site in &plan.sites {
        server(&mut out, plan, site, settings);
    }
    out.push_str("}\n");
    out
}

fn host(settings: &Settings) -> String {
    match settings.address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn server(out: &mut String, plan: &Plan, site: &Site, settings: &Settings) {
    let is_default = site.host == SiteHost::Any;
    let default = if is_default { " default_server" } else { "" };
    let _ = writeln!(out, "\n    server {{\n        listen {}:{}{default};", host(settings), settings.port);
    match &site.host {
        SiteHost::Exact(name) => {
            let _ = writeln!(out, "        server_name {name};");
        }
        SiteHost::Wildcard { suffix, strict: false } => {
            let _ = writeln!(out, "        server_name \"~^[^.]+\\.{}$\";", quoted(suffix));
        }
        SiteHost::Wildcard { suffix, strict: true } => {
            let _ = writeln!(out, "        server_name *.{suffix};");
            let _ = writeln!(out, "        if ($http_host !~ \"^{STRICT_LABEL}\\.{}(:[0-9]+)?$\") {{", quoted(suffix));
            out.push_str("            return 404;\n        }\n");
        }
        SiteHost::Regex { source, ignore_case } => {
            let flag = if *ignore_case { "(?i)" } else { "" };
            let _ = writeln!(out, "        server_name \"~{flag}{}\";", source.replace('"', "\\\""));
        }
        SiteHost::Any => out.push_str("        server_name _;\n"),
    }
    for rule in &site.rules {
        location(out, plan, rule);
    }
    out.push_str("    }\n");
}

/// A word of the configuration, in quotes.
fn word(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn location(out: &mut String, plan: &Plan, rule: &Rule) {
    let matches = match &rule.takes {
        Takes::Exact(path) => format!("= {}", word(path)),
        Takes::Prefix(path) => word(path),
        Takes::Regex { source, ignore_case, full } => {
            let end = if *full { "$" } else { "" };
            format!("{} \"^(?:{}){end}\"", if *ignore_case { "~*" } else { "~" }, source.replace('"', "\\\""))
        }
    };
    let _ = writeln!(out, "        location {matches} {{");
    match &rule.action {
        Action::Forward { backend, rewrite } => match plan.backends.get(*backend) {
            Some(backend) if !backend.addresses.is_empty() => {
                if let Some((pattern, target)) = rewrite {
                    let pattern = pattern.replace('"', "\\\"");
                    let _ = writeln!(out, "            rewrite \"(?i){pattern}\" {} break;", word(target));
                }
                let _ = writeln!(out, "            proxy_pass http://{};", backend.name);
            }
            _ => out.push_str("            return 503;\n"),
        },
        Action::Redirect(to) => {
            let _ = writeln!(out, "            return {} \"{}\";", to.code, location_of(to));
        }
        Action::Respond(code) => {
            let _ = writeln!(out, "            return {code};");
        }
    }
    out.push_str("        }\n");
}

fn location_of(to: &Elsewhere) -> String {
    let scheme = to.scheme.as_deref().unwrap_or("$scheme");
    let host = to.host.as_deref().unwrap_or("$http_host");
    let path = to.path.as_deref().map_or("$request_uri", |path| path);
    format!("{scheme}://{host}{path}")
}
