//! The filter in a real Envoy.

use crate::backends::Backends;
use crate::client::{Response, get};
use crate::server::{Server, alone, envoy, folder, free_port, root};
use portolan_tests::generate::requests;
use portolan_tests::random::{Random, ingresses};
use portolan_tests::{answer, engine};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The filter as WebAssembly, built when the first test needs it.
fn filter() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let mut build = Command::new(cargo);
        build.args(["build", "--profile", "wasm", "-p", "portolan-envoy-filter", "--target", "wasm32-unknown-unknown"]);
        let status = build.env("CARGO_TARGET_DIR", &target).current_dir(root()).status().unwrap();
        assert!(
            status.success(),
            "the filter does not build; `rustup target add wasm32-unknown-unknown` may be missing"
        );
        let built = std::fs::read(target.join("wasm32-unknown-unknown/wasm/portolan_envoy_filter.wasm")).unwrap();
        let finished = target.join("portolan_envoy_filter.wasm");
        std::fs::write(&finished, portolan_wasm_tools::envoy::finish(&built).unwrap()).unwrap();
        finished
    })
}

/// A configuration of Envoy: one listener, the filter, and a cluster whose endpoint the filter names.
fn configuration(port: u16, admin: u16, plugin: &Value, listeners: Option<&Path>) -> Value {
    let listener = listener(port, plugin);
    let mut resources = json!({
        "clusters": [{
            "name": "portolan", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED", "connect_timeout": "2s",
            "original_dst_lb_config": {"use_http_header": true},
        }],
    });
    let mut configuration = json!({
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
    });
    match listeners {
        Some(path) => {
            configuration["node"] = json!({"id": "test", "cluster": "test"});
            configuration["dynamic_resources"] = json!({"lds_config": {"path_config_source": {"path": path}}});
        }
        None => resources["listeners"] = json!([listener]),
    }
    configuration["static_resources"] = resources;
    configuration
}

fn listener(port: u16, plugin: &Value) -> Value {
    // Either the filter names the cluster, or the route does.
    let route = if plugin["cluster"] == "" {
        json!({"cluster": "portolan"})
    } else {
        json!({"cluster_header": "x-portolan-cluster"})
    };
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "ingress", "use_remote_address": true,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"],
            "routes": [{"match": {"prefix": "/"}, "route": route}]}]},
        "http_filters": [
            {"name": "portolan", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": "portolan", "root_id": "portolan", "failure_policy": "FAIL_RELOAD",
                    "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": plugin.to_string()},
                    "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": filter()}}},
                },
            }},
            {"name": "router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
        ],
    });
    json!({
        "name": "ingress", "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    })
}

pub fn start(plugin: &Value) -> Server {
    let (port, folder) = (free_port(), folder("filter"));
    let file = folder.join("envoy.json");
    std::fs::write(&file, configuration(port, free_port(), plugin, None).to_string()).unwrap();
    Server::start(envoy(&file), folder, port)
}

/// Whether the response is what the answer promises.
pub fn agrees(given: &Value, target: &str, response: &Response) -> Result<(), String> {
    let (code, location) = match (&given["redirect"], &given["refusal"], &given["matched"]) {
        (Value::Object(redirect), ..) => (redirect["code"].as_u64(), redirect["location"].as_str()),
        (_, Value::Object(refusal), _) => (refusal["code"].as_u64(), None),
        (.., Value::Bool(true)) => (Some(200), None),
        _ => (Some(404), None),
    };
    let fail = || Err(format!("{given}\n{}\n{}", response.head, response.body));
    if code != Some(u64::from(response.code)) || (location.is_some() && location != response.header("location")) {
        return fail();
    }
    if response.code == 200 {
        let query = target.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let seen = given["rewrite"].as_str().map_or_else(|| target.to_owned(), |path| format!("{path}{query}"));
        if response.body != format!("{} {seen}", given["service"]["name"].as_str().unwrap_or_default()) {
            return fail();
        }
    }
    Ok(())
}

#[test]
fn every_request_lands_where_route_says() {
    let _alone = alone();
    let backends = Backends::start();
    for (seed, controller) in
        [(1, "spec"), (2, "contour"), (3, "nginx"), (4, "nginx"), (5, "spec"), (6, "contour"), (7, "nginx")]
    {
        let mut objects = backends.objects();
        objects.extend(ingresses(&mut Random(seed), controller));
        let engine = engine(&objects);
        let cluster = if seed % 2 == 0 { "portolan" } else { "" };
        let server = start(&json!({"controller": controller, "cluster": cluster, "manifests": objects}));
        for (host, path) in requests() {
            let question = json!({"ask": "route", "url": format!("http://{host}{path}"), "controller": controller});
            let given = answer(&engine, &question);
            let response = get(server.port, host, path, &[]).unwrap();
            agrees(&given, path, &response)
                .unwrap_or_else(|wrong| panic!("seed {seed}, {controller}, {host}{path}: {wrong}"));
        }
    }
}

/// One Ingress that sends a host to a Service.
fn ingress(host: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "one", "namespace": "default"},
        "spec": {"rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix",
            "backend": {"service": {"name": service, "port": {"number": 80}}}}]}}]},
    })
}

#[test]
fn a_client_cannot_choose_its_upstream() {
    let _alone = alone();
    let backends = Backends::start();
    let mut objects = backends.objects();
    objects.push(ingress("h.test", "s1"));
    let elsewhere = format!("127.0.0.1:{}", backends.ports[1]);
    let headers = [("x-envoy-original-dst-host", elsewhere.as_str()), ("x-portolan-cluster", "portolan")];
    let server = start(&json!({"manifests": objects}));
    assert_eq!(get(server.port, "h.test", "/", &headers).unwrap().body, "s1 /");
    assert_eq!(get(server.port, "other.test", "/", &headers).unwrap().code, 404);
    let fixed = start(&json!({"cluster": "", "manifests": objects}));
    assert_eq!(get(fixed.port, "h.test", "/", &headers).unwrap().body, "s1 /");
    assert_eq!(get(fixed.port, "other.test", "/", &headers).unwrap().code, 404);
    // In shadow mode nothing sets the header, and so nothing may be reached with a client's.
    let shadow = start(&json!({"mode": "shadow", "manifests": objects}));
    let response = get(shadow.port, "h.test", "/", &headers).unwrap();
    assert_eq!(response.code, 503, "{}", response.body);
    let would = response.header("x-portolan-shadow").unwrap_or_default();
    assert!(would.starts_with(&format!("forward to 127.0.0.1:{}", backends.ports[0])), "{would}");
}

#[test]
fn network_policy_decides_about_the_address_that_envoy_vouches_for() {
    let _alone = alone();
    let backends = Backends::start();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default", "labels": {"app": "p"}},
        "spec": {"containers": [{"name": "c"}]}, "status": {"podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}]},
    });
    let policy = |range: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "only", "namespace": "default"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"ipBlock": {"cidr": range}}]}]},
        })
    };
    let mut objects = backends.objects();
    for object in &mut objects {
        if object["kind"] == "EndpointSlice" {
            object["endpoints"][0]["targetRef"] = json!({"kind": "Pod", "name": "p", "namespace": "default"});
        }
    }
    // The client of this test is the node itself unless a trusted hop says otherwise.
    objects.extend([pod, ingress("h.test", "s1"), policy("203.0.113.0/24")]);
    let plugin = json!({"networkPolicy": true, "explain": true, "manifests": objects});
    let (port, folder) = (free_port(), folder("policy"));
    let file = folder.join("envoy.json");
    let mut trusting = configuration(port, free_port(), &plugin, None);
    trusting["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]["xff_num_trusted_hops"] =
        json!(1);
    std::fs::write(&file, trusting.to_string()).unwrap();
    let server = Server::start(envoy(&file), folder, port);
    let let_in = get(server.port, "h.test", "/", &[("x-forwarded-for", "203.0.113.7")]).unwrap();
    assert_eq!((let_in.code, let_in.body.as_str()), (200, "s1 /"));
    let kept_out = get(server.port, "h.test", "/", &[("x-forwarded-for", "198.51.100.7")]).unwrap();
    assert_eq!(kept_out.code, 403);
    let because = kept_out.header("x-portolan-because").unwrap_or_default();
    assert!(because.contains("NetworkPolicy default/only"), "{because}");
}

#[test]
fn a_bad_configuration_is_refused_with_its_diagnostics() {
    let _alone = alone();
    let cases = [
        (json!({"manifests": "kind: [\n"}), "manifests:"),
        (json!({"manifests": [], "controler": "spec"}), "unknown field `controler`"),
        (json!({"manifests": [], "controller": "traefik"}), "unknown controller `traefik`"),
        (json!({"manifests": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"}), "no Ingress"),
    ];
    for (plugin, words) in cases {
        let folder = folder("bad");
        let file = folder.join("envoy.json");
        std::fs::write(&file, configuration(free_port(), free_port(), &plugin, None).to_string()).unwrap();
        let output = envoy(&file).args(["--mode", "validate"]).output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && log.contains(words), "{plugin}: {log}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn no_request_is_lost_while_the_configuration_is_replaced() {
    let _alone = alone();
    let backends = Backends::start();
    let plugin = |service: &str| {
        let mut objects = backends.objects();
        objects.push(ingress("h.test", service));
        json!({"manifests": objects})
    };
    let (port, folder) = (free_port(), folder("reload"));
    let listeners = folder.join("listeners.json");
    let publish = |version: usize, plugin: &Value| {
        let mut listener = listener(port, plugin);
        listener["@type"] = json!("type.googleapis.com/envoy.config.listener.v3.Listener");
        let discovery = json!({"version_info": version.to_string(), "resources": [listener]});
        // Envoy looks at the file when another is moved into its place.
        let fresh = folder.join("fresh.json");
        std::fs::write(&fresh, discovery.to_string()).unwrap();
        std::fs::rename(&fresh, &listeners).unwrap();
    };
    publish(0, &plugin("s1"));
    let file = folder.join("envoy.json");
    std::fs::write(&file, configuration(port, free_port(), &json!({}), Some(&listeners)).to_string()).unwrap();
    let mut command = envoy(&file);
    command.args(["--drain-time-s", "2", "--parent-shutdown-time-s", "3"]);
    let server = Server::start(command, folder.clone(), port);
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut seen = [0_usize; 2];
                for number in 0..1250 {
                    let target = format!("/w{worker}/{number}");
                    let response = get(port, "h.test", &target, &[]).unwrap();
                    assert_eq!(response.code, 200, "{target}: {}", response.body);
                    let service = response.body.split(' ').next().unwrap_or_default().to_owned();
                    seen[usize::from(service == "s2")] += 1;
                    assert!(service == "s1" || service == "s2", "{}", response.body);
                }
                seen
            })
        })
        .collect();
    for version in 1..=4 {
        std::thread::sleep(std::time::Duration::from_millis(300));
        publish(version, &plugin(if version % 2 == 1 { "s2" } else { "s1" }));
        if version == 2 {
            // A bad one in between is refused, and the one before goes on serving.
            publish(100, &json!({"manifests": "kind: ["}));
        }
    }
    let seen = workers
        .into_iter()
        .map(|worker| worker.join().unwrap())
        .fold([0, 0], |all, one| [all[0] + one[0], all[1] + one[1]]);
    assert_eq!(seen[0] + seen[1], 5000);
    assert!(seen[0] > 0 && seen[1] > 0, "both configurations served: {seen:?}\n{}", server.log());
}
