//! nginx 1.22: a whole `nginx.conf`. Node ports are a `stream` block, which needs the module of that name.

use super::Settings;
use super::plan::{
    Action, Clients, Elsewhere, Part, Piece, Plan, Protocol, Rule, STRICT_LABEL, Site, SiteHost, Takes, Value, Variable,
};
use crate::routing::MatchHost;
use crate::routing::pattern::quoted;
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
    if plan.backends.iter().any(|backend| backend.protocol.is_grpc()) {
        out.push_str(
            "    grpc_set_header Host $http_host;\n    grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n",
        );
        let report = "nginx takes HTTP/2, which clients of gRPC speak, over TLS alone";
        plan.reports.push(report.to_owned());
    }
    for backend in plan.backends.iter().filter(|backend| !backend.addresses.is_empty()) {
        let _ = writeln!(out, "\n    upstream {} {{", backend.name);
        for address in &backend.addresses {
            let _ = writeln!(out, "        server {address};");
        }
        out.push_str("    }\n");
    }
    let mut variables = Variables::default();
    let mut servers = String::new();
    let port = |port: u16| format!("{}:{port}", host(settings));
    for site in &plan.sites {
        server(&mut servers, &mut variables, plan, site, &port(settings.port), None);
    }
    if let Some(tls) = &plan.tls {
        let served = tls.sites.iter().filter_map(|site| Some((site, tls.file(&site.host)?)));
        for (site, file) in served {
            server(&mut servers, &mut variables, plan, site, &port(tls.port), Some(file));
        }
        // A certificate for a host without rules: all others' are its.
        let others = tls.sites.iter().find(|site| site.host == SiteHost::Any).map(|site| site.rules.clone());
        for (shown, name) in tls.certificates.iter().flat_map(|shown| shown.names.iter().map(move |it| (shown, it))) {
            let host = match name {
                MatchHost::Exact(name) => SiteHost::Exact(name.to_string()),
                MatchHost::Wildcard(suffix) => SiteHost::Wildcard { suffix: suffix.to_string(), strict: false },
                _ => continue,
            };
            let same = |site: &Site| match (&site.host, &host) {
                (SiteHost::Wildcard { suffix, .. }, SiteHost::Wildcard { suffix: other, .. }) => suffix == other,
                (one, other) => one == other,
            };
            if !tls.sites.iter().any(same) {
                let site = Site { host, rules: others.clone().unwrap_or_default() };
                server(&mut servers, &mut variables, plan, &site, &port(tls.port), Some(&shown.file));
            }
        }
        if tls.file(&SiteHost::Any).is_none() {
            let _ = writeln!(servers, "\n    server {{\n        listen {} ssl default_server;", port(tls.port));
            servers.push_str("        ssl_reject_handshake on;\n    }\n");
        }
    }
    variables.write(&mut out);
    out.push_str(&servers);
    out.push_str("}\n");
    out
}

fn host(settings: &Settings) -> String {
    match settings.address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    }
}

fn server(
    out: &mut String,
    variables: &mut Variables,
    plan: &Plan,
    site: &Site,
    listen: &str,
    certificate: Option<&str>,
) {
    let is_default = site.host == SiteHost::Any;
    let default = if is_default { " default_server" } else { "" };
    let speaks_grpc = || plan.backends.iter().any(|backend| backend.protocol.is_grpc());
    let ssl = match certificate {
        Some(_) if speaks_grpc() => " ssl http2",
        Some(_) => " ssl",
        None => "",
    };
    let _ = writeln!(out, "\n    server {{\n        listen {listen}{ssl}{default};");
    if let Some(file) = certificate.map(word) {
        let _ = writeln!(out, "        ssl_certificate {file};\n        ssl_certificate_key {file};");
    }
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
        location(out, variables, plan, rule);
    }
    out.push_str("    }\n");
}

/// A word of the configuration, in quotes.
fn word(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn location(out: &mut String, variables: &mut Variables, plan: &Plan, rule: &Rule) {
    let matches = match &rule.takes {
        Takes::Exact(path) => format!("= {}", word(path)),
        Takes::Prefix(path) => word(path),
        Takes::Regex { source, ignore_case, full } => {
            let end = if *full { "$" } else { "" };
            format!("{} \"^(?:{}){end}\"", if *ignore_case { "~*" } else { "~" }, source.replace('"', "\\\""))
        }
    };
    let _ = writeln!(out, "        location {matches} {{");
    for outside in rule.clients.iter().flat_map(|clients| outsiders(variables, clients)) {
        let _ = writeln!(out, "            if ({outside}) {{\n                return 403;\n            }}");
    }
    match &rule.action {
        Action::Forward { backend, rewrite, canary } => {
            let name = |backend: usize| match plan.backends.get(backend) {
                Some(backend) if !backend.addresses.is_empty() => backend.name.as_str(),
                _ => "",
            };
            let to = match canary {
                Some(part) => choice(variables, part, name(*backend), name(part.backend)),
                None => name(*backend).to_owned(),
            };
            // What is decided before the rewrite stands before it: behind `break` nothing is looked at.
            match canary {
                Some(_) => {
                    let _ =
                        writeln!(out, "            if ({to} = \"\") {{\n                return 503;\n            }}");
                }
                None if to.is_empty() => out.push_str("            return 503;\n"),
                None => {}
            }
            if let Some((pattern, target)) = rewrite {
                let pattern = pattern.replace('"', "\\\"");
                let _ = writeln!(out, "            rewrite \"(?i){pattern}\" {} break;", word(target));
            }
            if !to.is_empty() {
                let protocol = plan.backends.get(*backend).map_or(Protocol::Http, |backend| backend.protocol);
                let pass = if protocol.is_grpc() { "grpc_pass" } else { "proxy_pass" };
                let _ = writeln!(out, "            {pass} {}://{to};", protocol.scheme());
            }
        }
        Action::SendRewritten(to) => {
            let (pattern, target) = (to.pattern.replace('"', "\\\""), word(&to.target));
            let _ = writeln!(out, "            rewrite \"(?i){pattern}\" {target} redirect;");
        }
        Action::Redirect(to) => {
            let _ = writeln!(out, "            return {} \"{}\";", to.code, location_of(to));
        }
        Action::Send(code, pieces) => {
            let url: String = pieces.iter().map(piece).collect();
            let _ = writeln!(out, "            return {code} \"{}\";", url.replace('"', "\\\""));
        }
        Action::Respond(code) => {
            let _ = writeln!(out, "            return {code};");
        }
    }
    out.push_str("        }\n");
}

/// Blocks that give a variable its value: what kind of block, from which text, and its lines.
#[derive(Default)]
struct Variables(Vec<(&'static str, String, String)>);

impl Variables {
    /// The variable of such a block; the same block is written once.
    fn name(&mut self, kind: &'static str, from: &str, lines: &str) -> String {
        let wanted = (kind, from.to_owned(), lines.to_owned());
        let at = self.0.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.0.push(wanted);
            self.0.len() - 1
        });
        format!("$portolan_{at}")
    }

    fn write(&self, out: &mut String) {
        for (at, (kind, from, lines)) in self.0.iter().enumerate() {
            let _ = write!(out, "\n    {kind} {from} $portolan_{at} {{\n{lines}    }}\n");
        }
    }
}

/// Conditions under which a client is not let in.
fn outsiders(variables: &mut Variables, clients: &Clients) -> Vec<String> {
    let mut conditions = Vec::new();
    for (ranges, inside, outside) in [(&clients.deny, 1, 0), (&clients.allow, 0, 1)] {
        if ranges.is_empty() {
            continue;
        }
        let mut body = format!("        default {outside};\n");
        for range in ranges {
            let _ = writeln!(body, "        {range} {inside};");
        }
        conditions.push(variables.name("geo", "$remote_addr", &body));
    }
    conditions
}

/// The variable that names the chosen backend: what header, cookie and share say, in this order, the first that decides.
fn choice(variables: &mut Variables, part: &Part, main: &str, other: &str) -> String {
    let mut said = String::new();
    let mut ask = |kind: &'static str, from: &str, lines: &str| said.push_str(&variables.name(kind, from, lines));
    if let Some((header, value)) = &part.header {
        let from = format!("$http_{}", header.to_ascii_lowercase().replace('-', "_"));
        let body = match value {
            Value::Always => "        always c;\n        never m;\n".to_owned(),
            Value::Exact(value) => format!("        {} c;\n", word(&format!("~^{}$", quoted(value)))),
            Value::Regex(source) => format!("        {} c;\n", word(&format!("~{source}"))),
        };
        ask("map", &from, &format!("        default \"\";\n{body}"));
    }
    if let Some(cookie) = &part.cookie {
        let is = |value: &str| word(&format!("~(^|; ?){}={value}($|;)", quoted(cookie)));
        let body = format!("        default \"\";\n        {} c;\n        {} m;\n", is("always"), is("never"));
        ask("map", "$http_cookie", &body);
    }
    let share = match part.weight {
        0 => "        * m;\n".to_owned(),
        weight if weight >= part.total => "        * c;\n".to_owned(),
        weight => {
            let hundredths = weight.saturating_mul(10_000) / part.total;
            format!("        {}.{:02}% c;\n        * m;\n", hundredths / 100, hundredths % 100)
        }
    };
    ask("split_clients", "$request_id", &share);
    let body = format!("        ~^c {};\n        default {};\n", word(other), word(main));
    variables.name("map", &format!("\"{said}\""), &body)
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable(variable) => match variable {
            Variable::RequestUri => "${request_uri}",
            Variable::Uri => "${uri}",
            Variable::Host => "${host}",
            Variable::HttpHost => "${http_host}",
            Variable::Scheme => "${scheme}",
            Variable::Args => "${args}",
            Variable::IsArgs => "${is_args}",
            Variable::Method => "${request_method}",
        }
        .to_owned(),
    }
}

fn location_of(to: &Elsewhere) -> String {
    let scheme = to.scheme.as_deref().unwrap_or("$scheme");
    let host = to.host.as_deref().unwrap_or("$http_host");
    let path = to.path.as_deref().map_or("$request_uri", |path| path);
    format!("{scheme}://{host}{path}")
}
