//! What annotations ask of a proxy beyond a rule and plain HTTP: what it speaks to a backend, and where it sends clients.

use crate::backends::Backends;
use crate::client::get;
use crate::filter::agrees;
use crate::rendered::{certificate, get_secure, start};
use crate::server::{Server, alone, folder, free_port};
use portolan::engine::Engine;
use portolan_tests::{answer, engine};
use serde_json::{Map, Value, json};
use std::process::Command;

/// Paths whose escapes nginx decodes and writes anew; the other proxies leave them as they were sent.
const ESCAPED: &[&str] =
    &["/bare/a+b%2Bc&d;e%22", "/bare/%c3%bc%26%3C%7b%23", "/bare/a%3fb%41%2b?q=1", "/percent/a", "/same/a%3fb%2b?q=1"];

const PROXIES: [&str; 3] = ["envoy", "nginx", "haproxy"];

fn ingress(name: &str, path: &str, service: &str, annotations: &[(&str, &str)]) -> Value {
    let annotations: Map<String, Value> =
        annotations.iter().map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), json!(value))).collect();
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "h.test", "http": {"paths": [{"path": path, "pathType": "ImplementationSpecific",
            "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]},
    })
}

/// A Service with one endpoint on loopback.
fn service(name: &str, port: u16) -> [Value; 2] {
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
        "spec": {"clusterIP": "10.0.0.50", "ports": [{"port": 80, "protocol": "TCP", "targetPort": port}]},
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": name, "namespace": "default", "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": true}}],
        "ports": [{"port": port, "protocol": "TCP"}],
    });
    [service, slice]
}

/// The configuration of a proxy that goes nginx's ways on a free port, and that port.
fn rendered(engine: &Engine, proxy: &str) -> (u16, Value) {
    let port = free_port();
    let listen = json!({"address": "127.0.0.1", "port": port});
    (port, answer(engine, &json!({"ask": "render", "proxy": proxy, "controller": "nginx", "listen": listen})))
}

/// One nginx that plays a backend for each protocol and answers what was spoken to it.
fn speakers() -> (Server, Vec<(&'static str, u16)>) {
    let folder = folder("speakers");
    certificate(&folder, "backend", &["backend.test"]);
    let file = folder.join("default-backend.pem");
    let file = file.display();
    let ports = [("HTTP", ""), ("HTTPS", "ssl http2"), ("GRPC", "http2"), ("GRPCS", "ssl http2")]
        .map(|(protocol, listen)| (protocol, listen, free_port()));
    let servers: String = ports
        .iter()
        .map(|(_, listen, port)| {
            let secrets = if listen.starts_with("ssl") {
                format!("ssl_certificate {file}; ssl_certificate_key {file};")
            } else {
                String::new()
            };
            format!(
                "server {{ listen 127.0.0.1:{port} {listen}; {secrets} return 200 \"$scheme $server_protocol $http_host $request_uri\"; }}\n"
            )
        })
        .collect();
    let configuration = folder.join("configuration");
    let text = format!("events {{\n}}\nhttp {{\naccess_log off;\n{servers}}}\n");
    std::fs::write(&configuration, text).unwrap();
    let mut command = Command::new("nginx");
    let settings = format!("daemon off; pid {}/pid; error_log stderr;", folder.display());
    command.arg("-c").arg(&configuration).args(["-g", &settings, "-e", "stderr"]);
    let server = Server::start(command, folder, ports[3].2);
    (server, ports.iter().map(|(protocol, _, port)| (*protocol, *port)).collect())
}

#[test]
fn backends_are_spoken_to_in_their_protocol() {
    let _alone = alone();
    let (_speakers, ports) = speakers();
    let mut objects = Vec::new();
    for (protocol, port) in &ports {
        let name = protocol.to_ascii_lowercase();
        objects.extend(service(&name, *port));
        objects.push(ingress(&name, &format!("/{name}"), &name, &[("backend-protocol", protocol)]));
    }
    // Over a plain connection, this is HTTP.
    objects.push(ingress("auto", "/auto", "http", &[("backend-protocol", "AUTO_HTTP")]));
    // The same backend in another protocol is another for the proxy.
    objects.push(ingress("again", "/again", "https", &[("backend-protocol", "GRPCS")]));
    // A canary is spoken to as its main backend is.
    objects.extend(service("first", ports[0].1));
    objects.push(ingress("main", "/main", "first", &[("backend-protocol", "HTTPS")]));
    let canary = [("canary", "true"), ("canary-weight", "100")];
    objects.extend(service("next", ports[1].1));
    objects.push(ingress("canary", "/main", "next", &canary));
    objects.push(ingress("other", "/other", "http", &[("backend-protocol", "FCGI")]));
    let engine = engine(&objects);
    for proxy in PROXIES {
        let (port, rendering) = rendered(&engine, proxy);
        let left_out: Vec<&str> =
            rendering["notRendered"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let protocols: Vec<&&str> = left_out.iter().filter(|it| it.contains("protocol")).collect();
        assert!(!protocols.is_empty() && protocols.iter().all(|it| it.contains("FCGI")), "{proxy}: {left_out:?}");
        assert_eq!(left_out.iter().any(|it| it.contains("gRPC")), proxy == "nginx", "{left_out:?}");
        let server = start(proxy, port, rendering["text"].as_str().unwrap());
        for (path, spoken) in [
            ("/http/x?q=1", "http HTTP/1.1"),
            ("/https/x?q=1", "https HTTP/1.1"),
            ("/grpc/x?q=1", "http HTTP/2.0"),
            ("/grpcs/x?q=1", "https HTTP/2.0"),
            ("/auto", "http HTTP/1.1"),
            ("/again", "https HTTP/2.0"),
            ("/main", "https HTTP/1.1"),
        ] {
            let response = get(server.port, "h.test", path, &[]).unwrap();
            let body = format!("{spoken} h.test {path}");
            assert_eq!((response.code, response.body), (200, body), "{proxy} {path}\n{}", server.log());
        }
    }
}

/// Over TLS, clients may speak HTTP/2 to the proxy.
#[test]
fn backends_are_spoken_to_in_their_protocol_over_tls() {
    let _alone = alone();
    let (_speakers, ports) = speakers();
    let certificates = folder("certificates");
    certificate(&certificates, "h", &["h.test"]);
    let mut objects = Vec::new();
    for ((_, port), (name, protocol)) in
        ports[1..].iter().zip([("auto", "AUTO_HTTP"), ("grpc", "GRPC"), ("grpcs", "GRPCS")])
    {
        objects.extend(service(name, *port));
        let mut ingress = ingress(name, &format!("/{name}"), name, &[("backend-protocol", protocol)]);
        ingress["spec"]["tls"] = json!([{"hosts": ["h.test"], "secretName": "h"}]);
        objects.push(ingress);
    }
    let engine = engine(&objects);
    for proxy in PROXIES {
        let (port, secure) = (free_port(), free_port());
        let rendering = answer(
            &engine,
            &json!({"ask": "render", "proxy": proxy, "controller": "nginx",
            "listen": {"address": "127.0.0.1", "port": port}, "tls": {"port": secure, "certificates": certificates}}),
        );
        let server = start(proxy, port, rendering["text"].as_str().unwrap());
        for (path, spoken) in [("/auto", "https HTTP/1.1"), ("/grpc", "http HTTP/2.0"), ("/grpcs", "https HTTP/2.0")] {
            let given = get_secure(secure, "h.test", path, &certificates.join("default-h.pem"));
            assert_eq!(given, Some((200, format!("{spoken} h.test {path}"))), "{proxy} {path}\n{}", server.log());
        }
    }
    std::fs::remove_dir_all(&certificates).unwrap();
}

/// nginx rewrites the decoded path, and escapes it again for the backend; the filter has to name the same path.
#[test]
fn rewritten_paths_are_escaped() {
    let _alone = alone();
    let backends = Backends::start();
    let mut objects = backends.objects();
    objects.push(ingress("cut", "/cut(/|$)(.*)", "s1", &[("rewrite-target", "/$2")]));
    objects.push(ingress("ask", "/ask/(.*)", "s2", &[("rewrite-target", "/to?a=$1")]));
    objects.push(ingress("bare", "/bare/(.*)", "s3", &[("rewrite-target", "/$1?")]));
    let asked = [
        ("/cut/a/b", "s1 /a/b"),
        ("/cut/a%20b%25%3f%3B+%2b%c3%bc?q=%20", "s1 /a%20b%25%3F;++%C3%BC?q=%20"),
        ("/cut/a;b|c?", "s1 /a;b%7Cc"),
        ("/ask/x", "s2 /to?a=x"),
        ("/ask/x%20%26%2b%3b?q=1", "s2 /to?a=x%20%26%2B%3B&q=1"),
        ("/ask/x+y&z", "s2 /to?a=x%2By%26z"),
        ("/bare/%7e?q=1", "s3 /~"),
    ];
    let engine = engine(&objects);
    let port = free_port();
    let rendering = answer(
        &engine,
        &json!({"ask": "render", "proxy": "nginx", "controller": "nginx", "listen": {"address": "127.0.0.1", "port": port}}),
    );
    let nginx = start("nginx", port, rendering["text"].as_str().unwrap());
    let filter = crate::filter::start(&json!({"controller": "nginx", "manifests": objects}));
    for server in [nginx, filter] {
        for (path, seen) in asked {
            assert_eq!(get(server.port, "h.test", path, &[]).unwrap().body, seen, "{path}\n{}", server.log());
        }
    }
}

#[test]
fn clients_are_sent_to_urls_that_are_made_from_their_request() {
    let _alone = alone();
    let backends = Backends::start();
    let mut objects = backends.objects();
    let mut add = |name: &str, path: &str, annotation: (&str, &str)| {
        objects.push(ingress(name, path, "s1", &[annotation]));
    };
    add("whole", "/whole/(.*)/(x|y)", ("rewrite-target", "https://new.test:8443/to/$2/and/$1"));
    add("bare", "/bare(/.*)", ("rewrite-target", "http://new.test/all$1?"));
    add("percent", "/percent/(.*)", ("rewrite-target", "http://new.test/100%/%41%20/$1"));
    add("same", "/same(/.*)", ("rewrite-target", "$scheme://$http_host/other$1"));
    add("query", "/query", ("permanent-redirect", "https://new.test$uri$is_args$args"));
    add("more", "/more", ("temporal-redirect", "https://new.test/?a=b&$args"));
    let engine = engine(&objects);
    for proxy in PROXIES {
        let (port, rendering) = rendered(&engine, proxy);
        let left_out = rendering["notRendered"].as_array().unwrap();
        assert!(left_out.iter().all(|it| it.as_str().unwrap().contains("compares")), "{proxy}: {left_out:?}");
        let server = start(proxy, port, rendering["text"].as_str().unwrap());
        for path in [
            "/whole/a%20b%25/x?q=%20",
            "/whole/a/x",
            "/WHOLE/a/b/y?q=1",
            "/bare/",
            "/bare/a?q=1",
            "/same/a",
            "/same/a?q=1&r=%20",
            "/query",
            "/query?q=1&r=%20",
            "/more",
            "/more?q=1",
        ]
        .iter()
        .chain(if proxy == "nginx" { ESCAPED } else { &[] })
        {
            let question = json!({"ask": "route", "url": format!("http://h.test{path}"), "controller": "nginx"});
            let given = answer(&engine, &question);
            assert!(given["redirect"].is_object(), "{given}");
            let response = get(server.port, "h.test", path, &[]).unwrap();
            agrees(&given, path, &response).unwrap_or_else(|wrong| panic!("{proxy}, {path}: {wrong}"));
        }
    }
}
