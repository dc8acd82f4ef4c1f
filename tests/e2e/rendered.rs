//! The rendered configurations in the real proxies.

use crate::backends::Backends;
use crate::client::get;
use crate::filter::agrees;
use crate::server::{Server, alone, envoy, folder, free_port};
use portolan_tests::generate::requests;
use portolan_tests::random::{Random, ingresses};
use portolan_tests::{answer, engine};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The command that serves a rendered configuration.
fn command(proxy: &str, file: &Path) -> Command {
    match proxy {
        "envoy" => envoy(file),
        "nginx" => {
            let folder = file.parent().unwrap();
            let mut command = Command::new("nginx");
            let settings = format!("daemon off; pid {}/pid; error_log stderr;", folder.display());
            command.arg("-c").arg(file).args(["-g", &settings, "-e", "stderr"]);
            command
        }
        _ => {
            let mut command = Command::new("haproxy");
            command.arg("-db").arg("-f").arg(file);
            command
        }
    }
}

/// Starts a proxy with a rendered configuration.
pub fn start(proxy: &str, port: u16, text: &str) -> Server {
    let folder = folder(proxy);
    // Envoy tells JSON from the name.
    let file = folder.join(if proxy == "envoy" { "envoy.json" } else { "configuration" });
    std::fs::write(&file, text).unwrap();
    Server::start(command(proxy, &file), folder, port)
}

/// Random Ingress sets in one proxy, for every controller.
fn serves_what_route_says(proxy: &str) {
    let _alone = alone();
    let backends = Backends::start();
    for (seed, controller) in
        [(11, "spec"), (12, "contour"), (13, "nginx"), (14, "nginx"), (15, "spec"), (16, "contour"), (17, "nginx")]
    {
        let mut objects = backends.objects();
        objects.extend(ingresses(&mut Random(seed), controller));
        let engine = engine(&objects);
        let port = free_port();
        let listen = json!({"address": "127.0.0.1", "port": port});
        let rendering =
            answer(&engine, &json!({"ask": "render", "proxy": proxy, "controller": controller, "listen": listen}));
        let text = rendering["text"].as_str().unwrap_or_else(|| panic!("{rendering}"));
        let server = start(proxy, port, text);
        for (host, path) in requests() {
            let question = json!({"ask": "route", "url": format!("http://{host}{path}"), "controller": controller});
            let given = answer(&engine, &question);
            let response = get(server.port, host, path, &[]).unwrap();
            let held = if given["redirect"].is_null() {
                agrees(&given, path, &response)
            } else {
                redirects(&given, &response.code, response.header("location"))
            };
            held.unwrap_or_else(|wrong| panic!("{proxy}, seed {seed}, {controller}, {host}{path}: {wrong}\n{text}"));
        }
    }
}

/// A proxy writes a `Location` in its own way (with or without the port, the slash at the end); code and target have to be
/// the same.
fn redirects(given: &Value, code: &u16, location: Option<&str>) -> Result<(), String> {
    let bare = |location: &str| location.replace(":8080", "").trim_end_matches('/').to_ascii_lowercase();
    let expected = given["redirect"]["location"].as_str().map(bare);
    if given["redirect"]["code"] == *code && location.map(bare) == expected {
        Ok(())
    } else {
        Err(format!("{given}\n{code} {location:?}"))
    }
}

#[test]
fn envoy_serves_what_route_says() {
    serves_what_route_says("envoy");
}

#[test]
fn nginx_serves_what_route_says() {
    serves_what_route_says("nginx");
}

#[test]
fn haproxy_serves_what_route_says() {
    serves_what_route_says("haproxy");
}

/// What annotations add beside rules: client ranges, redirects made from the request, canaries.
#[test]
fn annotations_are_rendered() {
    let _alone = alone();
    let backends = Backends::start();
    let mut objects = backends.objects();
    let mut add = |name: &str, path: &str, service: &str, annotations: &[(&str, &str)]| {
        let annotations: serde_json::Map<String, Value> = annotations
            .iter()
            .map(|(name, value)| (format!("nginx.ingress.kubernetes.io/{name}"), json!(value)))
            .collect();
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "namespace": "default", "annotations": annotations},
            "spec": {"ingressClassName": "nginx", "rules": [{"host": "h.test", "http": {"paths": [{"path": path, "pathType": "Prefix",
                "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]},
        }));
    };
    let many = (0..100).map(|number| format!("198.51.100.{number}/32")).collect::<Vec<String>>().join(",");
    add("in", "/in", "s1", &[("whitelist-source-range", "203.0.113.0/24,127.0.0.0/8")]);
    add("out", "/out", "s1", &[("whitelist-source-range", &many)]);
    add("not", "/not", "s1", &[("denylist-source-range", "127.0.0.1")]);
    add("but", "/but", "s1", &[("whitelist-source-range", "127.0.0.0/8"), ("denylist-source-range", "127.0.0.1/32")]);
    add("moved", "/moved", "s1", &[("permanent-redirect", "https://new.test/from/$host$request_uri")]);
    add(
        "away",
        "/away",
        "s1",
        &[("permanent-redirect", "$scheme://${host}:81$uri/100%/x"), ("permanent-redirect-code", "307")],
    );
    add("main", "/main", "s1", &[]);
    add(
        "canary",
        "/main",
        "s2",
        &[("canary", "true"), ("canary-by-header", "X-Canary"), ("canary-by-cookie", "my-canary")],
    );
    add("value", "/value", "s3", &[]);
    let exact = [
        ("canary", "true"),
        ("canary-by-header", "X-Canary"),
        ("canary-by-header-value", "a.b"),
        ("canary-weight", "100"),
    ];
    add("value-canary", "/value", "s4", &exact[..3]);
    add("all", "/all", "s5", &[]);
    add("all-canary", "/all", "s6", &[exact[0], exact[3]]);
    add("some", "/some", "s7", &[]);
    add("some-canary", "/some", "s8", &[("canary", "true"), ("canary-weight", "250"), ("canary-weight-total", "1000")]);
    let engine = engine(&objects);
    let requests: &[(&str, &[(&str, &str)])] = &[
        ("/in/x", &[]),
        ("/out", &[]),
        ("/not", &[]),
        ("/but", &[]),
        ("/moved/x?q=1", &[]),
        ("/away/x?q=1", &[]),
        ("/main", &[]),
        ("/main", &[("X-Canary", "always")]),
        ("/main", &[("X-Canary", "never"), ("Cookie", "my-canary=always")]),
        ("/main", &[("X-Canary", "maybe"), ("Cookie", "my-canary=always")]),
        ("/main", &[("Cookie", "a=1; my-canary=always; b=2")]),
        ("/main", &[("Cookie", "my-canary=never")]),
        ("/main", &[("Cookie", "not-my-canary=always")]),
        ("/value", &[("X-Canary", "a.b")]),
        ("/value", &[("X-Canary", "axb")]),
        ("/all", &[]),
    ];
    for proxy in ["envoy", "nginx", "haproxy"] {
        let port = free_port();
        let listen = json!({"address": "127.0.0.1", "port": port});
        let rendering =
            answer(&engine, &json!({"ask": "render", "proxy": proxy, "controller": "nginx", "listen": listen}));
        let text = rendering["text"].as_str().unwrap_or_else(|| panic!("{rendering}"));
        let left_out = rendering["notRendered"].as_array().unwrap();
        assert!(left_out.iter().all(|it| it.as_str().unwrap().contains("compares")), "{proxy}: {left_out:?}");
        let server = start(proxy, port, text);
        for (path, headers) in requests {
            let named: serde_json::Map<String, Value> =
                headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
            let question = json!({"ask": "route", "url": format!("http://h.test{path}"), "controller": "nginx",
                "headers": named, "from": {"ip": "127.0.0.1"}});
            let given = answer(&engine, &question);
            let response = get(server.port, "h.test", path, headers).unwrap();
            agrees(&given, path, &response).unwrap_or_else(|wrong| panic!("{proxy}, {path} {headers:?}: {wrong}"));
        }
        let answers: Vec<String> = (0..200).map(|_| get(server.port, "h.test", "/some", &[]).unwrap().body).collect();
        let canary = answers.iter().filter(|body| *body == "s8 /some").count();
        // 50 of 200 are its share; less than 20 or more than 90 come up once in millions of runs.
        assert!((20..90).contains(&canary), "{proxy}: {canary} of 200 requests went to the canary");
        assert!(answers.iter().all(|body| body == "s7 /some" || body == "s8 /some"), "{proxy}");
    }
}

/// Makes a certificate that signs itself, with its key behind it, as a Secret's file is.
pub fn certificate(folder: &Path, secret: &str, names: &[&str]) {
    let (key, file) = (folder.join(format!("{secret}.key")), folder.join(format!("default-{secret}.pem")));
    let names: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", &format!("/CN={secret}"), "-addext", &format!("subjectAltName={}", names.join(","))]);
    let output = openssl.arg("-keyout").arg(&key).arg("-out").arg(&file).output();
    let output = output.unwrap_or_else(|error| panic!("openssl cannot be started ({error})"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let whole = std::fs::read_to_string(&file).unwrap() + &std::fs::read_to_string(&key).unwrap();
    std::fs::write(&file, whole).unwrap();
}

/// Asks over TLS and believes that one certificate: the code and the body, or none where there is no connection.
pub fn get_secure(port: u16, host: &str, path: &str, trusted: &Path) -> Option<(u16, String)> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--max-time", "10", "--noproxy", "*", "--write-out", "\n%{http_code}", "--cacert"])
        .arg(trusted);
    curl.args(["--connect-to", &format!("{host}:443:127.0.0.1:{port}"), &format!("https://{host}{path}")]);
    let output = curl.output().unwrap_or_else(|error| panic!("curl cannot be started ({error})"));
    let text = String::from_utf8(output.stdout).unwrap();
    let (body, code) = text.rsplit_once('\n')?;
    output.status.success().then(|| (code.parse().unwrap(), body.to_owned()))
}

/// TLS ends at the proxy, with the certificate of the Secret that `spec.tls` names for the host.
#[test]
fn tls_is_served_with_the_certificate_of_the_name() {
    let _alone = alone();
    let backends = Backends::start();
    let certificates = folder("certificates");
    certificate(&certificates, "one", &["one.test"]);
    certificate(&certificates, "wild", &["*.wild.test"]);
    let ingress = |name: &str, host: &str, service: &str, secret: Option<&str>| {
        let tls = secret.map(|secret| json!([{"hosts": [host], "secretName": secret}]));
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name, "namespace": "default"},
            "spec": {"ingressClassName": "any", "tls": tls, "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix",
                "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]},
        })
    };
    let mut objects = backends.objects();
    objects.push(ingress("one", "one.test", "s1", Some("one")));
    objects.push(ingress("wild", "*.wild.test", "s2", Some("wild")));
    objects.push(ingress("bare", "bare.test", "s3", None));
    let engine = engine(&objects);
    for (proxy, controller) in
        ["envoy", "nginx", "haproxy"].into_iter().flat_map(|it| [(it, "spec"), (it, "nginx"), (it, "contour")])
    {
        let (port, secure) = (free_port(), free_port());
        let rendering = answer(
            &engine,
            &json!({"ask": "render", "proxy": proxy, "controller": controller, "ingressClass": "any",
            "listen": {"address": "127.0.0.1", "port": port}, "tls": {"port": secure, "certificates": certificates}}),
        );
        let text = rendering["text"].as_str().unwrap_or_else(|| panic!("{rendering}"));
        let server = start(proxy, port, text);
        let (one, wild) = (certificates.join("default-one.pem"), certificates.join("default-wild.pem"));
        let asked = [
            ("one.test", &one, Some((200, "s1 /x"))),
            ("one.test", &wild, None),
            ("a.wild.test", &wild, Some((200, "s2 /x"))),
            ("a.wild.test", &one, None),
            ("bare.test", &one, None),
            ("bare.test", &wild, None),
        ];
        for (host, trusted, expected) in asked {
            let given = get_secure(secure, host, "/x", trusted);
            let expected = expected.map(|(code, body)| (code, body.to_owned()));
            assert_eq!(given, expected, "{proxy}, {controller}, {host}: {}\n{text}", server.log());
            let question = json!({"ask": "route", "url": format!("https://{host}/x"), "controller": controller, "ingressClass": "any"});
            let route = answer(&engine, &question);
            let serves =
                route["tls"]["secret"].as_str().map(|secret| trusted.ends_with(format!("default-{secret}.pem")));
            assert_eq!(given.is_some(), serves == Some(true), "{proxy}, {controller}, {host}: {route}");
        }
        // A plain request goes where `route` says: nginx's ways lead it to https.
        let response = get(port, "one.test", "/x", &[]).unwrap();
        let given = answer(
            &engine,
            &json!({"ask": "route", "url": "http://one.test/x", "controller": controller, "ingressClass": "any"}),
        );
        let held = if given["redirect"].is_null() {
            agrees(&given, "/x", &response)
        } else {
            redirects(&given, &response.code, response.header("location"))
        };
        held.unwrap_or_else(|wrong| panic!("{proxy}, {controller}: {wrong}"));
    }
    std::fs::remove_dir_all(certificates).unwrap();
}

/// The load balancer of one's own: the Service's port on the proxy, the node port behind it.
#[test]
fn node_ports_are_mapped() {
    let _alone = alone();
    let backends = Backends::start();
    let engine = engine(&backends.objects());
    for proxy in ["envoy", "haproxy", "nginx"] {
        let (port, listen) = (free_port(), free_port());
        let question = json!({
            "ask": "render", "proxy": proxy, "listen": {"address": "127.0.0.1", "port": port}, "nodes": ["127.0.0.1"],
            "nodePorts": [{"listen": listen, "service": "s3", "port": 80}],
        });
        let rendering = answer(&engine, &question);
        let mut text = rendering["text"].as_str().unwrap_or_else(|| panic!("{rendering}")).to_owned();
        if proxy == "nginx" {
            let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
            assert!(Path::new(module).exists(), "install Debian's package libnginx-mod-stream");
            text = format!("load_module {module};\n{text}");
        }
        let server = start(proxy, port, &text);
        assert_eq!(get(listen, "any.test", "/x", &[]).unwrap().body, "s3 /x", "{proxy}: {}", server.log());
    }
}
