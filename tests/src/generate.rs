//! Clusters made up from a seed: the same seed gives the same cluster on every machine.

use serde_json::{Map, Value, json};

/// Numbers from a seed (S. Vigna's SplitMix64): good enough to choose by, and the same everywhere.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The numbers of that seed.
    pub fn new(seed: u64) -> Self {
        Chance(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.number() % limit).unwrap_or(0)
    }

    /// True in that many of a hundred cases.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of the items.
    ///
    /// # Panics
    /// When there is none.
    pub fn one<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// A cluster as people have them: namespaces of 25 pods in 5 applications of a Deployment each, with 6 policies: a
/// default deny, the way to DNS, what the front takes from anywhere, application to application, and what the next
/// namespace may do. `pods` is rounded up to whole namespaces.
pub fn namespaces(seed: u64, pods: usize) -> Vec<Value> {
    let mut chance = Chance::new(seed);
    let count = pods.div_ceil(25).max(1);
    let mut objects = Vec::new();
    for number in 0..count {
        objects.extend(namespace(&mut chance, number, count));
    }
    objects
}

/// The same with what leads to the pods: a Service for each application and one Ingress a namespace. 1,000 pods come with
/// 200 Services, 240 policies, 40 Ingresses and 40 namespaces.
pub fn cluster(seed: u64, pods: usize) -> Vec<Value> {
    let mut objects = namespaces(seed, pods);
    for number in 0..pods.div_ceil(25).max(1) {
        let name = format!("team-{number}");
        for app in APPS {
            objects.push(json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": app, "namespace": name},
                "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
            }));
        }
        let path = |path: &str, app: &str| json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": app, "port": {"name": "http"}}}});
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web", "namespace": name},
            "spec": {"rules": [{"host": format!("{name}.example.com"), "http": {"paths": [path("/", "front"), path("/cart", "cart")]}}]},
        }));
    }
    objects
}

const APPS: [&str; 5] = ["front", "cart", "stock", "pay", "store"];

fn namespace(chance: &mut Chance, number: usize, count: usize) -> Vec<Value> {
    let name = format!("team-{number}");
    let mut objects = vec![json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {
            "kubernetes.io/metadata.name": name, "team": name, "env": *chance.one(&["prod", "test"])
        }},
    })];
    for (place, app) in APPS.iter().enumerate() {
        let port = 8000 + place;
        for replica in 0..5 {
            let at = number * 25 + place * 5 + replica;
            let ip = format!("10.{}.{}.{}", 64 + at / 65_536, at / 256 % 256, at % 256);
            objects.push(json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": format!("{app}-7d4b9c6f5-{replica:05}"), "namespace": name,
                    "labels": {"app": *app, "tier": if place == 0 { "web" } else { "inner" }, "pod-template-hash": "7d4b9c6f5"},
                    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-7d4b9c6f5"), "uid": "u", "controller": true}],
                },
                "spec": {"nodeName": format!("node-{}", at % 97), "containers": [
                    {"name": "c", "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}]}
                ]},
                "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]},
            }));
        }
    }
    let mut policy = |policy: &str, spec: Value| {
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": policy, "namespace": name}, "spec": spec,
        }));
    };
    let select = |app: &str| json!({"matchLabels": {"app": app}});
    policy("default-deny", json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}));
    policy(
        "dns",
        json!({
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}],
        }),
    );
    policy(
        "front",
        json!({
            "podSelector": select("front"), "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}], "ports": [{"port": "http"}]}],
        }),
    );
    let (from, to) = (*chance.one(&APPS), *chance.one(&APPS));
    policy(
        "inside-out",
        json!({
            "podSelector": select(from), "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": select(to)}, {"podSelector": {"matchLabels": {"tier": "inner"}}}]}],
        }),
    );
    policy(
        "inside-in",
        json!({
            "podSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": "http"}, {"port": 9000, "endPort": 9100}]}],
        }),
    );
    let neighbour = format!("team-{}", chance.below(count));
    policy(
        "neighbour",
        json!({
            "podSelector": select("pay"), "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"team": neighbour}}, "podSelector": select("cart")}],
                "ports": [{"port": 8003}]}],
            "egress": [{"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": [{"port": 443}]}],
        }),
    );
    objects
}

/// The requests to try on generated Ingresses: every host with every path.
pub fn requests() -> Vec<(&'static str, &'static str)> {
    let hosts = [
        "foo.bar.com",
        "FOO.bar.com",
        "x.bar.com",
        "x.y.bar.com",
        "x.foo.bar.com",
        "bar.com",
        "shop.example.com",
        "foo.bar.com:8080",
        "alias.example.com",
        "www.foo.bar.com",
        "www.shop.example.com",
        "re7.example.com",
        "a.b.wild.example.com",
        "other.example.com",
    ];
    let paths = [
        "/",
        "/foo",
        "/foo/",
        "/foo/bar",
        "/foo/bar/",
        "/foo/barbaz",
        "/foobar",
        "/a",
        "/a/b",
        "/a/b/c",
        "/a/b/cd",
        "/ab",
        "/Foo",
        "/FOO/x",
        "/foo.html",
        "/fooxhtml",
        "/bar/x?q=1",
        "/nope",
    ];
    hosts.iter().flat_map(|host| paths.iter().map(move |path| (*host, *path))).collect()
}

/// A small cluster that uses everything the API has, in any combination, odd ones too.
#[derive(Clone, Debug)]
pub struct Odd {
    /// Its objects.
    pub objects: Vec<Value>,
    /// Ends to ask about: pods, and addresses in and out of the cluster.
    pub ends: Vec<Value>,
}

/// The ports that the questions and the rules of odd clusters are about.
pub const PORTS: [u16; 8] = [0, 53, 79, 80, 81, 443, 8080, 65535];

const KEYS: [&str; 3] = ["app", "tier", "env"];
const VALUES: [&str; 3] = ["a", "b", "c"];
const NAMES: [&str; 3] = ["http", "dns", "web"];
const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
const RANGES: [&str; 10] = [
    "0.0.0.0/0",
    "10.244.0.0/16",
    "10.244.1.0/24",
    "10.0.0.0/8",
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.168.0.0/24",
    "::/0",
    "fd00::/8",
    "2001:db8::/32",
];
const OUTSIDE: [&str; 7] = ["8.8.8.8", "192.0.2.1", "192.0.2.200", "10.9.9.9", "2001:db8::7", "fd77::1", "169.254.1.1"];

/// An odd cluster of that seed.
pub fn odd(seed: u64) -> Odd {
    let mut chance = Chance::new(seed);
    let pods = 4 + chance.below(8);
    odd_with(chance, pods)
}

/// An odd cluster of that seed with as many pods (at most 250) as make policies' sets of pods large.
pub fn odd_crowd(seed: u64, pods: usize) -> Odd {
    odd_with(Chance::new(seed), pods)
}

fn odd_with(mut chance: Chance, pods: usize) -> Odd {
    let mut objects = Vec::new();
    let mut ends: Vec<Value> = OUTSIDE.iter().map(|ip| json!({"ip": ip})).collect();
    for number in 0..3 {
        if chance.percent(85) {
            let metadata = json!({"name": format!("ns{number}"), "labels": labels(&mut chance)});
            objects.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}));
        }
        let (v4, v6) = (format!("192.168.0.{}", number + 1), format!("fd01::{}", number + 1));
        let addresses = json!([{"type": "InternalIP", "address": v4}, {"type": "InternalIP", "address": v6}]);
        objects.push(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": format!("n{number}"), "labels": labels(&mut chance)},
            "status": {"addresses": addresses},
        }));
        ends.push(json!({"ip": v4}));
        ends.push(json!({"ip": v6}));
    }
    for number in 0..pods {
        let pod = pod(&mut chance, number);
        ends.push(json!({"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"]}));
        ends.push(json!({"namespace": pod["metadata"]["namespace"], "pod": pod["metadata"]["name"]}));
        for ip in pod["status"]["podIPs"].as_array().into_iter().flatten() {
            ends.push(ip.clone());
        }
        objects.push(pod);
    }
    for number in 0..chance.below(7) {
        objects.push(network_policy(&mut chance, number));
    }
    if chance.percent(50) {
        for number in 0..chance.below(3) {
            objects.push(admin_policy(&mut chance, "AdminNetworkPolicy", &format!("anp{number}")));
        }
        for number in 0..chance.below(4) {
            objects.push(admin_policy(&mut chance, "ClusterNetworkPolicy", &format!("cnp{number}")));
        }
        if chance.percent(40) {
            objects.push(admin_policy(&mut chance, "BaselineAdminNetworkPolicy", "default"));
        }
    }
    Odd { objects, ends }
}

/// A question about an odd cluster, without its `ask`.
pub fn question(chance: &mut Chance, odd: &Odd) -> Value {
    json!({
        "from": chance.one(&odd.ends), "to": chance.one(&odd.ends),
        "port": chance.one(&PORTS), "protocol": chance.one(&PROTOCOLS),
    })
}

fn labels(chance: &mut Chance) -> Value {
    let mut labels = Map::new();
    for key in KEYS {
        if chance.percent(50) {
            labels.insert(key.to_owned(), json!(chance.one(&VALUES)));
        }
    }
    Value::Object(labels)
}

fn pod(chance: &mut Chance, number: usize) -> Value {
    let host = chance.percent(8);
    let node = chance.below(3);
    let (v4, v6) = if host {
        (format!("192.168.0.{}", node + 1), format!("fd01::{}", node + 1))
    } else {
        (format!("10.244.{}.{}", number % 3, number + 2), format!("fd00:10:244::{}", number + 2))
    };
    let ips = match chance.below(6) {
        0 => vec![v6],
        1 => vec![v4, v6],
        2 => vec![v6, v4],
        _ => vec![v4],
    };
    let port = |chance: &mut Chance| json!({"name": chance.one(&NAMES), "containerPort": chance.one(&[80, 8080, 53]), "protocol": chance.one(&PROTOCOLS)});
    let ports: Vec<Value> = (0..chance.below(4)).map(|_| port(chance)).collect();
    let mut init = json!({"name": "i", "ports": [port(chance)]});
    if chance.percent(50) {
        init["restartPolicy"] = json!("Always");
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("p{number}"), "namespace": format!("ns{}", chance.below(3)), "labels": labels(chance)},
        "spec": {
            "hostNetwork": host, "nodeName": format!("n{node}"),
            "containers": [{"name": "c", "ports": ports}],
            "initContainers": if chance.percent(30) { json!([init]) } else { json!([]) },
        },
        "status": {"phase": "Running", "podIP": ips.first(), "podIPs": ips.iter().map(|ip| json!({"ip": ip})).collect::<Vec<_>>()},
    })
}

fn selector(chance: &mut Chance) -> Value {
    if chance.percent(25) {
        return json!({});
    }
    let mut selector = Map::new();
    if chance.percent(60) {
        selector.insert("matchLabels".to_owned(), json!({*chance.one(&KEYS): chance.one(&VALUES)}));
    }
    if chance.percent(50) {
        let operator = *chance.one(&["In", "NotIn", "Exists", "DoesNotExist"]);
        let mut requirement = json!({"key": chance.one(&KEYS), "operator": operator});
        if operator.ends_with("In") {
            let values: Vec<&str> = (0..1 + chance.below(2)).map(|_| *chance.one(&VALUES)).collect();
            requirement["values"] = json!(values);
        }
        selector.insert("matchExpressions".to_owned(), json!([requirement]));
    }
    Value::Object(selector)
}

/// Selectors of namespaces know the label that every namespace has, too.
fn namespace_selector(chance: &mut Chance) -> Value {
    if chance.percent(25) {
        json!({"matchLabels": {"kubernetes.io/metadata.name": format!("ns{}", chance.below(3))}})
    } else {
        selector(chance)
    }
}

fn network_policy(chance: &mut Chance, number: usize) -> Value {
    let mut spec = json!({"podSelector": selector(chance)});
    for (field, peers) in [("ingress", "from"), ("egress", "to")] {
        if chance.percent(70) {
            let rules: Vec<Value> = (0..chance.below(3)).map(|_| rule(chance, peers)).collect();
            spec[field] = json!(rules);
        }
    }
    match chance.below(4) {
        0 => spec["policyTypes"] = json!(["Ingress"]),
        1 => spec["policyTypes"] = json!(["Egress"]),
        2 => spec["policyTypes"] = json!(["Ingress", "Egress"]),
        _ => {}
    }
    let metadata = json!({"name": format!("np{number}"), "namespace": format!("ns{}", chance.below(3))});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec})
}

fn rule(chance: &mut Chance, peers: &str) -> Value {
    let mut rule = json!({});
    if chance.percent(75) {
        let listed: Vec<Value> = (0..chance.below(3)).map(|_| peer(chance)).collect();
        rule[peers] = json!(listed);
    }
    if chance.percent(60) {
        let ports: Vec<Value> = (0..chance.below(3)).map(|_| port(chance)).collect();
        rule["ports"] = json!(ports);
    }
    rule
}

fn peer(chance: &mut Chance) -> Value {
    match chance.below(4) {
        0 => json!({"podSelector": selector(chance)}),
        1 => json!({"namespaceSelector": namespace_selector(chance)}),
        2 => json!({"podSelector": selector(chance), "namespaceSelector": namespace_selector(chance)}),
        _ => {
            let range = *chance.one(&RANGES);
            let mut block = json!({"cidr": range});
            let inside: &[&str] = match range {
                "0.0.0.0/0" => &["10.0.0.0/8", "192.0.2.0/24"],
                "10.0.0.0/8" | "10.244.0.0/16" => &["10.244.1.0/24", "10.244.0.0/24"],
                "192.0.2.0/24" => &["192.0.2.128/25"],
                "::/0" => &["fd00::/8"],
                _ => &[],
            };
            if !inside.is_empty() && chance.percent(50) {
                block["except"] = json!([chance.one(inside)]);
            }
            json!({"ipBlock": block})
        }
    }
}

fn port(chance: &mut Chance) -> Value {
    let mut port = json!({});
    if chance.percent(60) {
        port["protocol"] = json!(chance.one(&PROTOCOLS));
    }
    match chance.below(5) {
        0 => {}
        1 => port["port"] = json!(chance.one(&NAMES)),
        2 => {
            port["port"] = json!(chance.one(&[53, 79, 80]));
            port["endPort"] = json!(chance.one(&[80, 443, 65535]));
        }
        _ => port["port"] = json!(chance.one(&PORTS)),
    }
    port
}

fn admin_policy(chance: &mut Chance, kind: &str, name: &str) -> Value {
    let version = if kind == "ClusterNetworkPolicy" { "v1alpha2" } else { "v1alpha1" };
    let mut spec = json!({"subject": pods(chance)});
    if kind != "BaselineAdminNetworkPolicy" {
        spec["priority"] = json!(chance.below(4));
    }
    if kind == "ClusterNetworkPolicy" {
        spec["tier"] = json!(chance.one(&["Admin", "Baseline"]));
    }
    for (field, peers) in [("ingress", "from"), ("egress", "to")] {
        let rules: Vec<Value> = (0..chance.below(3)).map(|_| admin_rule(chance, kind, peers)).collect();
        spec[field] = json!(rules);
    }
    let version = format!("policy.networking.k8s.io/{version}");
    json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn pods(chance: &mut Chance) -> Value {
    if chance.percent(50) {
        json!({"namespaces": namespace_selector(chance)})
    } else {
        json!({"pods": {"namespaceSelector": namespace_selector(chance), "podSelector": selector(chance)}})
    }
}

fn admin_rule(chance: &mut Chance, kind: &str, peers: &str) -> Value {
    let actions: &[&str] = match kind {
        "ClusterNetworkPolicy" => &["Accept", "Deny", "Pass"],
        "AdminNetworkPolicy" => &["Allow", "Deny", "Pass"],
        _ => &["Allow", "Deny"],
    };
    let mut rule = json!({"action": chance.one(actions)});
    let listed: Vec<Value> = (0..1 + chance.below(2))
        .map(|_| match chance.below(6) {
            0 if peers == "to" => json!({"networks": [chance.one(&RANGES), chance.one(&RANGES)]}),
            1 if peers == "to" => json!({"nodes": selector(chance)}),
            2 if chance.percent(20) => json!({}),
            3 if peers == "to" && chance.percent(30) => json!({"domainNames": ["example.com"]}),
            _ => pods(chance),
        })
        .collect();
    rule[peers] = json!(listed);
    if chance.percent(60) {
        let cluster = kind == "ClusterNetworkPolicy";
        let ports: Vec<Value> =
            (0..1 + chance.below(2)).map(|_| if cluster { cluster_port(chance) } else { admin_port(chance) }).collect();
        rule[if cluster { "protocols" } else { "ports" }] = json!(ports);
    }
    rule
}

fn admin_port(chance: &mut Chance) -> Value {
    let protocol = chance.one(&PROTOCOLS);
    match chance.below(3) {
        0 => json!({"namedPort": chance.one(&NAMES)}),
        1 => json!({"portRange": {"protocol": protocol, "start": 79, "end": chance.one(&[80, 443])}}),
        _ => json!({"portNumber": {"protocol": protocol, "port": chance.one(&PORTS)}}),
    }
}

fn cluster_port(chance: &mut Chance) -> Value {
    let protocol = chance.one(&["tcp", "udp", "sctp"]);
    match chance.below(4) {
        0 => json!({"destinationNamedPort": chance.one(&NAMES)}),
        1 => json!({*protocol: {"destinationPort": {"range": {"start": 79, "end": chance.one(&[80, 443])}}}}),
        2 => json!({*protocol: {}}),
        _ => json!({*protocol: {"destinationPort": {"number": chance.one(&[53, 80, 443])}}}),
    }
}
