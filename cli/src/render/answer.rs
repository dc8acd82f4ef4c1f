//! How an answer reads, a function a kind of question. Whatever a text leaves out, `-o json` has.

use crate::terminal::{Style, Terminal};
use portolan::load::File;
use portolan_base::json::Json;

/// The answer as text, its lines ended.
pub(crate) fn answer(question: &Json, answer: &Json, files: &[File], terminal: &Terminal) -> String {
    if let Some(error) = answer.get("error") {
        let reason = terminal.styled(Style::Bad, text(error, "reason"));
        return format!("{reason}: {}\n", text(error, "message"));
    }
    let mut out = match text(answer, "ask") {
        "trace" => super::trace::trace(answer, files, terminal),
        "route" => route(answer, terminal),
        "resolve" => resolve(answer, terminal),
        "env" => env(answer),
        "hosts" => {
            format!("# /etc/hosts\n{}\n# /etc/resolv.conf\n{}", text(answer, "hosts"), text(answer, "resolvConf"))
        }
        "verdict" => verdict(question, answer, terminal),
        "endpoints" => endpoints(answer, terminal),
        "backends" => backends(answer, terminal),
        "map" | "render" | "nftables" => text(answer, "text").to_owned(),
        "routes" => routes(answer, terminal),
        "suggest" => policies(answer),
        _ => answer.to_pretty(),
    };
    if !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// The text of a string member, or nothing.
pub(crate) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}

fn plain(json: Option<&Json>) -> String {
    match json {
        None | Some(Json::Null) => "–".to_owned(),
        Some(Json::String(text)) => text.to_string(),
        Some(other) => other.to_string(),
    }
}

/// `namespace/name` of a reference.
fn reference(json: Option<&Json>) -> String {
    match json {
        Some(object @ Json::Object(_)) => match text(object, "namespace") {
            "" => text(object, "name").to_owned(),
            namespace => format!("{namespace}/{}", text(object, "name")),
        },
        _ => "–".to_owned(),
    }
}

fn bool_of(json: &Json, name: &str) -> bool {
    json.get(name) == Some(&Json::Bool(true))
}

fn because(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    match answer.get("because") {
        Some(Json::String(reason)) => out.push_str(&format!("  because {reason}\n")),
        Some(Json::Array(reasons)) => {
            for reason in reasons {
                match reason {
                    Json::String(reason) => out.push_str(&format!("  because {reason}\n")),
                    other => {
                        let said = if other.get("because").is_some() {
                            text(other, "because").to_owned()
                        } else {
                            effect(other)
                        };
                        let place = other.get("source").map(place).unwrap_or_default();
                        let place =
                            if place.is_empty() { place } else { format!(" {}", terminal.styled(Style::Dim, &place)) };
                        out.push_str(&format!("  because {said}{place}\n"));
                    }
                }
            }
        }
        _ => {}
    }
    out
}

/// One reason of a verdict in words.
fn effect(reason: &Json) -> String {
    let direction = text(reason, "direction");
    let by = match reason.get("policy") {
        Some(policy @ Json::Object(_)) => format!(" by {} {}", text(policy, "kind"), reference(Some(policy))),
        _ => String::new(),
    };
    let mut out = match text(reason, "effect") {
        "default" => format!("{direction}: no policy isolates the pod"),
        "isolate" => format!("{direction}: the pod is isolated{by}"),
        "allow" => format!("{direction}: allowed{by}"),
        "deny" => format!("{direction}: denied{by}"),
        "tie" => format!("{direction}: not{by}, which has the same priority and would decide otherwise"),
        other => format!("{direction}: {other}{by}"),
    };
    for part in ["rule", "peer", "port"] {
        if let Some(number @ Json::Int(_)) = reason.get(part) {
            out.push_str(&format!(", {part} {number}"));
        }
    }
    out
}

/// `file:line:column` of a source.
pub(crate) fn place(source: &Json) -> String {
    match text(source, "file") {
        "" => String::new(),
        file => format!("{file}:{}:{}", plain(source.get("line")), plain(source.get("column"))),
    }
}

fn route(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    if bool_of(answer, "matched") {
        let target = match answer.get("service") {
            Some(service @ Json::Object(_)) => {
                format!("Service {}, port {}", reference(Some(service)), plain(service.get("port")))
            }
            _ => match answer.get("redirect") {
                Some(redirect @ Json::Object(_)) => format!("redirect {}", redirect),
                _ => format!("resource {}", plain(answer.get("resource"))),
            },
        };
        out.push_str(&format!("{}\n", terminal.styled(Style::Good, &target)));
        let rule = match (answer.get("rule"), answer.get("path")) {
            (Some(Json::Int(rule)), Some(Json::Int(path))) => format!(", rule {rule}, path {path}"),
            _ => ", default backend".to_owned(),
        };
        if answer.get("ingress").is_some_and(|ingress| *ingress != Json::Null) {
            out.push_str(&format!("  by Ingress {}{rule}\n", reference(answer.get("ingress"))));
        }
        for (name, word) in [("rewrite", "path becomes"), ("redirect", "redirected:")] {
            if let Some(value) = answer.get(name).filter(|value| **value != Json::Null) {
                out.push_str(&format!("  {word} {}\n", plain(Some(value))));
            }
        }
        if let Some(tls @ Json::Object(_)) = answer.get("tls") {
            out.push_str(&format!(
                "  certificate of Secret {} for {}\n",
                plain(tls.get("secret")),
                plain(tls.get("host"))
            ));
        }
    } else {
        out.push_str(&format!("{}\n", terminal.styled(Style::Bad, "no rule takes it: the controller answers 404")));
    }
    out + &because(answer, terminal)
}

/// The table, a line a rule in the order in which they are tried.
fn routes(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    for host in list(answer, "hosts") {
        let name = match text(host, "host") {
            "" => "every other host",
            name => name,
        };
        out.push_str(&format!("{}\n", terminal.styled(Style::Bold, name)));
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
        let said =
            if report.get("message").is_some() { text(report, "message").to_owned() } else { plain(Some(report)) };
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
    if bool_of(rule, "unreachable") {
        format!("{}\n", terminal.styled(Style::Dim, &format!("{line}  (takes no request)")))
    } else {
        format!("{line}\n")
    }
}

/// Manifests for `kubectl apply -f -`.
fn policies(answer: &Json) -> String {
    let list = Json::object()
        .with("apiVersion", "v1")
        .with("kind", "List")
        .with("items", answer.get("policies").cloned().unwrap_or_default());
    list.to_pretty()
}

fn resolve(answer: &Json, terminal: &Terminal) -> String {
    let status = text(answer, "status");
    let style = if status == "NOERROR" { Style::Good } else { Style::Bad };
    let mut out = format!("{}\n", terminal.styled(style, status));
    for record in list(answer, "answers") {
        out.push_str(&format!("  {}\n", plain(Some(record))));
    }
    let tried: Vec<String> = list(answer, "tried").iter().map(|name| plain(Some(name))).collect();
    if !tried.is_empty() {
        out.push_str(&format!("  tried {}\n", tried.join(", ")));
    }
    out + &because(answer, terminal)
}

fn env(answer: &Json) -> String {
    list(answer, "env")
        .iter()
        .map(|variable| format!("{}={}\n", text(variable, "name"), text(variable, "value")))
        .collect()
}

fn verdict(question: &Json, answer: &Json, terminal: &Terminal) -> String {
    let allowed = bool_of(answer, "allowed");
    let word = if allowed { terminal.styled(Style::Good, "allowed") } else { terminal.styled(Style::Bad, "denied") };
    let side = |name: &str| if bool_of(answer, name) { "lets it" } else { "stops it" };
    let port = plain(question.get("port"));
    let mut out = format!("{word} on port {port} {}\n", text(question, "protocol"));
    out.push_str(&format!("  egress {} out, ingress {} in\n", side("egress"), side("ingress")));
    out + &because(answer, terminal)
}

fn endpoints(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    for slice in list(answer, "endpointSlices") {
        let ports: Vec<String> = list(slice, "ports").iter().map(port).collect();
        let metadata = slice.get("metadata");
        let named = metadata.map(|metadata| text(metadata, "name")).filter(|name| !name.is_empty());
        let generated = metadata.map(|metadata| format!("{}…", text(metadata, "generateName"))).unwrap_or_default();
        let name = named.map_or(generated, str::to_owned);
        let ports = if ports.is_empty() { "no ports".to_owned() } else { format!("ports {}", ports.join(", ")) };
        let title = format!("EndpointSlice {name} {}", text(slice, "addressType"));
        out.push_str(&format!("{}, {ports}\n", terminal.styled(Style::Bold, &title)));
        for endpoint in list(slice, "endpoints") {
            let addresses: Vec<String> =
                list(endpoint, "addresses").iter().map(|address| plain(Some(address))).collect();
            let conditions = endpoint.get("conditions");
            let is = |name: &str| conditions.and_then(|conditions| conditions.get(name)) == Some(&Json::Bool(true));
            let state = match (is("ready"), is("terminating")) {
                (true, _) => terminal.styled(Style::Good, "ready"),
                (false, true) => terminal.styled(Style::Doubtful, "terminating"),
                (false, false) => terminal.styled(Style::Bad, "not ready"),
            };
            let target = endpoint.get("targetRef").map(|target| text(target, "name")).unwrap_or_default();
            let node = text(endpoint, "nodeName");
            let node = if node.is_empty() { String::new() } else { format!(" on {node}") };
            out.push_str(&format!("  {} {state} {target}{node}\n", addresses.join(" ")));
        }
    }
    if out.is_empty() { "no EndpointSlice\n".to_owned() } else { out }
}

fn port(port: &Json) -> String {
    let number = plain(port.get("port"));
    match text(port, "name") {
        "" => format!("{number}/{}", text(port, "protocol")),
        name => format!("{name} {number}/{}", text(port, "protocol")),
    }
}

fn backends(answer: &Json, terminal: &Terminal) -> String {
    let verdict = text(answer, "verdict");
    let style = if verdict == "forward" { Style::Good } else { Style::Bad };
    let mut out = terminal.styled(style, verdict);
    if let Some(service @ Json::Object(_)) = answer.get("service") {
        out.push_str(&format!(" by Service {}", reference(Some(service))));
        if let Some(Json::String(port)) = answer.get("port") {
            out.push_str(&format!(", port {port}"));
        }
    }
    out.push('\n');
    for endpoint in list(answer, "to") {
        out.push_str(&format!("  {} port {}\n", text(endpoint, "ip"), plain(endpoint.get("port"))));
    }
    if let Some(seconds @ Json::Int(_)) = answer.get("affinitySeconds") {
        out.push_str(&format!("  a client keeps its endpoint for {seconds} s\n"));
    }
    out + &because(answer, terminal)
}
