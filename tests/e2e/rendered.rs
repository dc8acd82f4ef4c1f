//! The rendered configurations in the real proxies.

use crate::backends::Backends;
use crate::client::get;
use crate::filter::agrees;
use crate::random::{Random, ingresses, requests};
use crate::server::{Server, alone, envoy, folder, free_port};
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

fn start(proxy: &str, port: u16, text: &str) -> Server {
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
