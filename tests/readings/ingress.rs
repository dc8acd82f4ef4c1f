//! The compiled tables against naive readings of the API documentation and of the sources of ingress-nginx, which go through lists
//! step by step, for random sets of Ingresses with classes, ages, certificates and annotations.

use portolan::routing::pattern::Pattern;
use portolan_tests::generate::{Chance, requests};
use portolan_tests::{answer, engine};
use serde_json::{Value, json};
use std::cmp::Reverse;

const SEEDS: u64 = 60;
const HOSTS: [&str; 6] = ["foo.bar.com", "*.bar.com", "*.foo.bar.com", "shop.example.com", "www.foo.bar.com", ""];
const PATHS: [&str; 12] =
    ["/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/a", "/a/b", "/ab", "/Foo", "/foo.html", "/bar", "/a/b/c"];
const CLASS: &str = "kubernetes.io/ingress.class";

fn backend(random: &mut Chance) -> Value {
    match random.below(12) {
        0 => json!({"resource": {"apiGroup": "k8s.example.com", "kind": "Bucket", "name": "b1"}}),
        at => json!({"service": {"name": format!("s{}", 1 + at % 8), "port": {"number": 80}}}),
    }
}

/// Ingresses of any age in two namespaces.
fn ingresses(random: &mut Chance) -> Vec<Value> {
    let count = 2 + random.below(5);
    let mut objects = Vec::new();
    for number in 0..count {
        let rules: Vec<Value> = (0..random.below(4))
            .map(|_| {
                let mut rule = json!({"host": random.one(&HOSTS)});
                if random.below(6) > 0 {
                    let paths: Vec<Value> = (0..1 + random.below(4))
                        .map(|_| {
                            let kind = *random.one(&["Exact", "Prefix", "Prefix", "ImplementationSpecific"]);
                            let path = match *random.one(&PATHS) {
                                "/" if kind == "ImplementationSpecific" => "",
                                path => path,
                            };
                            json!({"path": path, "pathType": kind, "backend": backend(random)})
                        })
                        .collect();
                    rule["http"] = json!({"paths": paths});
                }
                rule
            })
            .collect();
        let mut object = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {
                "name": format!("i{}", (number * 7 + 3) % 10), "namespace": random.one(&["default", "prod"]),
                "creationTimestamp": format!("2026-01-0{}T00:00:00Z", 1 + random.below(3)), "annotations": {},
            },
            "spec": {"rules": rules},
        });
        if rules_are_none(&object) || random.below(4) == 0 {
            object["spec"]["defaultBackend"] = backend(random);
        }
        if random.below(3) == 0 {
            let hosts: Vec<&str> = (0..random.below(3)).map(|_| *random.one(&HOSTS[..5])).collect();
            let secret = *random.one(&["t1", "t2", "t3", ""]);
            object["spec"]["tls"] = json!([{"hosts": hosts, "secretName": secret}]);
        }
        objects.push(object);
    }
    objects
}

fn rules_are_none(object: &Value) -> bool {
    object["spec"]["rules"].as_array().is_none_or(Vec::is_empty)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn age(object: &Value) -> (&str, String) {
    (text(object, "/metadata/creationTimestamp"), key(object))
}

fn key(object: &Value) -> String {
    format!("{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}

fn host_of(rule: &Value) -> String {
    text(rule, "/host").to_ascii_lowercase()
}

/// The names under which a host is looked for, the most specific first.
fn candidates(host: &str) -> Vec<String> {
    let host = host.split(':').next().unwrap().to_ascii_lowercase();
    let wildcard = host.split_once('.').map(|(_, suffix)| format!("*.{suffix}"));
    [Some(host), wildcard, Some(String::new())].into_iter().flatten().collect()
}

/// Classes, and Ingresses that name them by the field, the annotation, both or none.
fn with_classes(random: &mut Chance) -> Vec<Value> {
    let mut objects = ingresses(random);
    for object in &mut objects {
        let class = *random.one(&["alpha", "beta"]);
        if random.below(3) == 0 {
            object["spec"]["ingressClassName"] = json!(class);
        }
        if random.below(3) == 0 {
            object["metadata"]["annotations"][CLASS] = json!(random.one(&["alpha", "beta"]));
        }
    }
    for (name, day) in [("alpha", 1), ("beta", 2)] {
        let mut class = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": {"name": name, "creationTimestamp": format!("2026-01-0{day}T00:00:00Z")},
            "spec": {"controller": "example.com/it"},
        });
        if random.below(2) == 0 {
            class["metadata"]["annotations"] = json!({"ingressclass.kubernetes.io/is-default-class": "true"});
        }
        objects.push(class);
    }
    objects
}

/// The Ingresses of a class, the oldest first.
fn served<'o>(objects: &'o [Value], wanted: Option<&str>) -> Vec<&'o Value> {
    let classes = objects.iter().filter(|object| object["kind"] == "IngressClass");
    let defaults = classes.filter(|class| !class["metadata"]["annotations"].is_null());
    // The youngest; no two of them have an age.
    let default = defaults.max_by_key(|class| text(class, "/metadata/creationTimestamp"));
    let mut served: Vec<&Value> = objects.iter().filter(|object| object["kind"] == "Ingress").collect();
    served.retain(|object| {
        let annotation = object["metadata"]["annotations"][CLASS].as_str();
        let class = object["spec"]["ingressClassName"].as_str().or(annotation);
        let class = class.or_else(|| default.map(|class| text(class, "/metadata/name")));
        wanted.is_none() || class == wanted
    });
    served.sort_by_key(|object| age(object));
    served
}

/// A rule that names a path: its Ingress, its places, its path and its backend.
struct Row<'o> {
    key: String,
    rule: usize,
    path: usize,
    written: &'o str,
    exact: bool,
    backend: &'o Value,
}

fn rows<'o>(served: &[&'o Value], host: &str) -> Vec<Row<'o>> {
    let mut rows = Vec::new();
    for object in served {
        for (rule_at, rule) in list(&object["spec"]["rules"]).iter().enumerate().filter(|(_, it)| host_of(it) == host) {
            for (path_at, path) in list(&rule["http"]["paths"]).iter().enumerate() {
                let written = if text(path, "/path").is_empty() { "/" } else { text(path, "/path") };
                let exact = path["pathType"] == "Exact";
                rows.push(Row {
                    key: key(object),
                    rule: rule_at,
                    path: path_at,
                    written,
                    exact,
                    backend: &path["backend"],
                });
            }
        }
    }
    rows
}

fn takes(row: &Row<'_>, path: &str) -> bool {
    let elements = |text: &str| text.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    if row.exact { row.written == path } else { elements(path).starts_with(&elements(row.written)) }
}

#[test]
fn the_specification_with_classes_ages_and_certificates() {
    let (mut won, mut duplicates, mut secrets) = (0, 0, 0);
    for seed in 0..SEEDS {
        let objects = with_classes(&mut Chance::new(seed));
        // Two Ingresses of one name are one: the later.
        let objects: Vec<Value> = objects
            .iter()
            .enumerate()
            .filter(|(at, one)| {
                !objects[at + 1..].iter().any(|other| other["kind"] == one["kind"] && key(other) == key(one))
            })
            .map(|(_, one)| one.clone())
            .collect();
        let engine = engine(&objects);
        for wanted in [None, Some("alpha"), Some("beta")] {
            let served = served(&objects, wanted);
            let rules = || served.iter().flat_map(|object| list(&object["spec"]["rules"]));
            let listed = answer(&engine, &json!({"ask": "routes", "ingressClass": wanted}));
            let mut certificates: Vec<(String, &str, String)> = Vec::new();
            for object in &served {
                for tls in list(&object["spec"]["tls"]) {
                    let hosts: Vec<String> =
                        list(&tls["hosts"]).iter().map(|it| it.as_str().unwrap().to_ascii_lowercase()).collect();
                    for host in if hosts.is_empty() { vec![String::new()] } else { hosts } {
                        if !certificates.iter().any(|(known, ..)| *known == host) {
                            certificates.push((host, text(tls, "/secretName"), key(object)));
                        }
                    }
                }
            }
            let serving = |name: &str| {
                candidates(name).iter().find_map(|name| certificates.iter().find(|(host, ..)| host == name))
            };
            for (host, path) in requests() {
                let about = format!("seed {seed}, {wanted:?}, {host}{path}");
                let question = |scheme: &str| json!({"ask": "route", "url": format!("{scheme}://{host}{path}"), "ingressClass": wanted});
                let given = answer(&engine, &question("http"));
                let deciding = candidates(host).into_iter().find(|name| rules().any(|rule| host_of(rule) == *name));
                let asked = path.split('?').next().unwrap();
                let rows = deciding.map(|host| rows(&served, &host)).unwrap_or_default();
                let mut best: Option<&Row<'_>> = None;
                for row in rows.iter().filter(|row| takes(row, asked)) {
                    if best.is_none_or(|best| (row.written.len(), row.exact) > (best.written.len(), best.exact)) {
                        best = Some(row);
                    }
                }
                let default = served.iter().find(|object| !object["spec"]["defaultBackend"].is_null());
                let backend = best.map(|row| row.backend).or(default.map(|object| &object["spec"]["defaultBackend"]));
                let backend = backend.unwrap_or(&Value::Null);
                assert_eq!(given["service"]["name"], backend["service"]["name"], "{about}: {given}");
                assert_eq!(given["resource"]["name"], backend["resource"]["name"], "{about}: {given}");
                if let Some(row) = best {
                    won += 1;
                    let ingress = format!("{}/{}", text(&given, "/ingress/namespace"), text(&given, "/ingress/name"));
                    let place = (ingress, given["rule"].as_u64(), given["path"].as_u64());
                    assert_eq!(
                        place,
                        (row.key.clone(), Some(row.rule as u64), Some(row.path as u64)),
                        "{about}: {given}"
                    );
                }
                let given = answer(&engine, &question("https"));
                let expected = serving(host).map(|(_, secret, _)| *secret);
                secrets += usize::from(expected.is_some());
                assert_eq!(given["tls"]["secret"].as_str(), expected, "{about}: {given}");
            }
            // Of two rules alike, the older serves, and the other is reported.
            let mut names: Vec<String> = rules().map(host_of).collect();
            names.sort();
            names.dedup();
            for host in &names {
                let rows = rows(&served, host);
                for (at, row) in rows.iter().enumerate() {
                    let alike = |other: &Row<'_>| other.exact == row.exact && other.written == row.written;
                    if rows[..at].iter().any(alike) {
                        duplicates += 1;
                        let field = format!("spec.rules[{}].http.paths[{}]", row.rule, row.path);
                        let told = list(&listed["reports"]).iter().any(|report| {
                            let ingress =
                                format!("{}/{}", text(report, "/ingress/namespace"), text(report, "/ingress/name"));
                            report["reason"] == "Shadowed" && ingress == row.key && report["field"] == json!(field)
                        });
                        assert!(told, "seed {seed}, {wanted:?}: {} {field} is not reported: {listed}", row.key);
                    }
                }
            }
            let covered = |host: &String| match host.starts_with('*') {
                true => certificates.iter().any(|(known, ..)| known == host || known.is_empty()),
                false => serving(host).is_some(),
            };
            let uncovered: Vec<&String> = names.iter().filter(|host| !host.is_empty() && !covered(host)).collect();
            assert_eq!(listed["uncovered"], json!(uncovered), "seed {seed}, {wanted:?}");
        }
    }
    assert!(won > 5000 && duplicates > 100 && secrets > 1000, "{won} {duplicates} {secrets}");
}

/// A `location` as ingress-nginx keeps it.
#[derive(Clone)]
struct Location {
    path: String,
    exact: bool,
    is_default: bool,
    /// `namespace/name` of the Service.
    upstream: Option<String>,
    annotations: Value,
}

struct Server {
    name: String,
    locations: Vec<Location>,
    aliases: Vec<String>,
    certificate: bool,
    www: bool,
}

fn annotation<'v>(annotations: &'v Value, name: &str) -> &'v str {
    annotations[format!("nginx.ingress.kubernetes.io/{name}")].as_str().unwrap_or_default()
}

fn rewrites(location: &Location) -> bool {
    let target = annotation(&location.annotations, "rewrite-target");
    !target.is_empty() && target != location.path
}

fn annotate(random: &mut Chance, object: &mut Value) {
    for _ in 0..random.below(3) {
        let (name, value) = match random.below(12) {
            0 => ("rewrite-target", *random.one(&["/new", "/foo"])),
            1 => ("use-regex", "true"),
            2 => ("app-root", "/foo"),
            3 => ("permanent-redirect", "http://elsewhere.example$request_uri"),
            4 => ("from-to-www-redirect", "true"),
            5 => {
                let names = [
                    "alias.example.com",
                    "alias.example.com,foo.bar.com",
                    "~^re[0-9]+\\.example\\.com$",
                    "*.wild.example.com,~^re.*\\.com$",
                    "www.foo.bar.com",
                ];
                ("server-alias", *random.one(&names))
            }
            6 => ("ssl-redirect", *random.one(&["false", "true"])),
            7 => ("force-ssl-redirect", "true"),
            8 => ("whitelist-source-range", *random.one(&["10.0.0.0/8", "192.0.2.0/24", "10.0.0.0/8,x"])),
            9 => ("temporal-redirect", *random.one(&["https://t.example/", "t.example"])),
            10 => ("canary-weight", "100"),
            _ => ("canary", "true"),
        };
        object["metadata"]["annotations"][format!("nginx.ingress.kubernetes.io/{name}")] = json!(value);
    }
}

/// Canaries beside some rules of another Ingress, now and then with one that stands alone.
fn add_canaries(random: &mut Chance, objects: &mut Vec<Value>) {
    for number in 0..random.below(3) {
        let mut canary = random.one(objects).clone();
        canary["metadata"]["name"] = json!(format!("canary{number}"));
        canary["metadata"]["annotations"] = json!({
            "nginx.ingress.kubernetes.io/canary": "true",
            "nginx.ingress.kubernetes.io/canary-weight": random.one(&["0", "100", "100"]),
        });
        for rule in canary["spec"]["rules"].as_array_mut().unwrap() {
            for path in rule["http"]["paths"].as_array_mut().into_iter().flatten() {
                path["backend"] = json!({"service": {"name": format!("c{}", random.below(3)), "port": {"number": 80}}});
                if random.below(8) == 0 {
                    path["path"] = json!("/alone");
                }
            }
        }
        objects.push(canary);
    }
}

/// `getBackendServers` and what it calls, by going through lists.
fn servers(objects: &[Value]) -> (Vec<Server>, Vec<(String, String)>) {
    let mut data: Vec<&Value> = objects.iter().collect();
    data.sort_by_key(|object| (age(object).0, Reverse(key(object))));
    let service = |object: &Value, backend: &Value| {
        let name = backend["service"]["name"].as_str()?;
        Some(format!("{}/{name}", text(object, "/metadata/namespace")))
    };
    let is_canary = |object: &Value| annotation(&object["metadata"]["annotations"], "canary") == "true";
    // createUpstreams
    // Each with the weight of the canary that made it.
    let weight = |object: &Value| {
        let weight = annotation(&object["metadata"]["annotations"], "canary-weight");
        is_canary(object).then(|| weight.parse::<usize>().unwrap_or(0))
    };
    let mut upstreams: Vec<(String, Option<usize>)> = Vec::new();
    for object in &data {
        if let Some(name) = service(object, &object["spec"]["defaultBackend"]) {
            upstreams.retain(|(known, _)| *known != name);
            upstreams.push((name, weight(object)));
        }
        for rule in list(&object["spec"]["rules"]) {
            for path in list(&rule["http"]["paths"]) {
                let Some(name) = service(object, &path["backend"]) else { continue };
                if !upstreams.iter().any(|(known, _)| *known == name) {
                    upstreams.push((name, weight(object)));
                }
            }
        }
    }
    let no_server = |name: &str| upstreams.iter().any(|(known, canary)| known == name && canary.is_some());
    // createServers
    let root = |upstream: Option<String>, annotations: Value| Location {
        path: "/".to_owned(),
        exact: false,
        is_default: true,
        upstream,
        annotations,
    };
    let server = |name: &str, location: Location| Server {
        name: name.to_owned(),
        locations: vec![location],
        aliases: Vec::new(),
        certificate: false,
        www: false,
    };
    let name_of = |rule: &Value| match host_of(rule) {
        host if host.is_empty() => "_".to_owned(),
        host => host,
    };
    let mut servers = vec![server("_", root(None, Value::Null))];
    for object in data.iter().filter(|object| !is_canary(object)) {
        let annotations = &object["metadata"]["annotations"];
        let default = service(object, &object["spec"]["defaultBackend"]);
        if default.is_some() {
            let every = &mut servers[0].locations[0];
            every.upstream.clone_from(&default);
            if every.is_default && rules_are_none(object) {
                every.is_default = false;
                let name = "nginx.ingress.kubernetes.io/whitelist-source-range";
                every.annotations = json!({"nginx.ingress.kubernetes.io/ssl-redirect": "false"});
                if let Some(value) = annotations[name].as_str() {
                    every.annotations[name] = json!(value);
                }
            }
        }
        for rule in list(&object["spec"]["rules"]) {
            if !servers.iter().any(|server| server.name == name_of(rule)) {
                servers.push(server(&name_of(rule), root(default.clone(), annotations.clone())));
            }
        }
    }
    let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
    for object in data.iter().filter(|object| !is_canary(object)) {
        for rule in list(&object["spec"]["rules"]) {
            let server = servers.iter_mut().find(|server| server.name == name_of(rule)).unwrap();
            if server.aliases.is_empty() {
                let written = annotation(&object["metadata"]["annotations"], "server-alias");
                server.aliases = written.split(',').filter(|alias| !alias.is_empty()).map(str::to_owned).collect();
            }
            server.certificate |= !list(&object["spec"]["tls"]).is_empty();
        }
    }
    for server in &mut servers {
        server.aliases.retain(|alias| !names.contains(alias));
    }
    // getBackendServers
    for object in &data {
        let annotations = &object["metadata"]["annotations"];
        for rule in list(&object["spec"]["rules"]) {
            let at = servers.iter().position(|server| server.name == name_of(rule)).unwrap_or(0);
            let server = &mut servers[at];
            for path in list(&rule["http"]["paths"]) {
                let Some(upstream) = service(object, &path["backend"]) else { continue };
                if no_server(&upstream) {
                    continue;
                }
                let written = if text(path, "/path").is_empty() { "/" } else { text(path, "/path") };
                let exact = path["pathType"] == "Exact";
                let same = server.locations.iter().position(|known| known.path == written && known.exact == exact);
                let new = Location {
                    path: written.to_owned(),
                    exact,
                    is_default: false,
                    upstream: Some(upstream),
                    annotations: annotations.clone(),
                };
                match same {
                    Some(at) if !server.locations[at].is_default => continue,
                    Some(at) => server.locations[at] = new,
                    None => server.locations.push(new),
                }
                // `redirect.Parse` gives nothing where the temporal one is wrong.
                let temporal = annotation(annotations, "temporal-redirect");
                let is_right = temporal.is_empty() || temporal.starts_with("http");
                server.www |= annotation(annotations, "from-to-www-redirect") == "true" && is_right;
            }
        }
    }
    // mergeAlternativeBackends
    let mut alternatives: Vec<(String, Vec<String>)> = Vec::new();
    let mut removed: Vec<String> = Vec::new();
    let mut join = |locations: Vec<&Location>, alternative: String| {
        if removed.contains(&alternative) {
            return;
        }
        let mut merged = false;
        for location in locations {
            let Some(primary) = &location.upstream else { continue };
            if *primary == alternative {
                return;
            }
            if no_server(primary) {
                continue;
            }
            merged = true;
            match alternatives.iter_mut().find(|(known, _)| known == primary) {
                Some((_, known)) => known.push(alternative.clone()),
                None => alternatives.push((primary.clone(), vec![alternative.clone()])),
            }
        }
        if !merged {
            removed.push(alternative.clone());
        }
    };
    for object in data.iter().filter(|object| is_canary(object)) {
        if let Some(alternative) = service(object, &object["spec"]["defaultBackend"]) {
            join(servers[0].locations.iter().collect(), alternative);
        }
        for rule in list(&object["spec"]["rules"]) {
            let Some(server) = servers.iter().find(|server| server.name == name_of(rule)) else { continue };
            for path in list(&rule["http"]["paths"]) {
                let Some(alternative) = service(object, &path["backend"]) else { continue };
                let written = if text(path, "/path").is_empty() { "/" } else { text(path, "/path") };
                let exact = path["pathType"] == "Exact";
                let taken = |it: &&Location| it.path == written && it.exact == exact;
                join(server.locations.iter().filter(taken).collect(), alternative);
            }
        }
    }
    let live = |primary: &str| {
        let (_, names) = alternatives.iter().find(|(known, _)| known == primary)?;
        let first = names.first().filter(|name| !removed.contains(name))?;
        upstreams
            .iter()
            .any(|(name, weight)| name == first && weight.is_some_and(|weight| weight >= 100))
            .then(|| first.clone())
    };
    let primaries = upstreams.iter().filter_map(|(name, _)| Some((name.clone(), live(name)?))).collect();
    servers.sort_by(|one, other| one.name.cmp(&other.name));
    for server in &mut servers {
        server.locations.sort_by(|one, other| (other.path.len(), &other.path).cmp(&(one.path.len(), &one.path)));
    }
    (servers, primaries)
}

/// The server that takes the name, by its number, and where it redirects to.
fn server_of(servers: &[Server], name: &str) -> (usize, Option<String>) {
    let redirects = servers.iter().enumerate().filter(|(_, server)| server.www && !server.name.starts_with(['*', '_']));
    let mut exact: Vec<(String, usize, Option<String>)> = Vec::new();
    for (at, server) in redirects {
        let from = server.name.strip_prefix("www.").map_or(format!("www.{}", server.name), str::to_owned);
        if !servers.iter().any(|other| other.name == from) {
            exact.push((from, at, Some(server.name.clone())));
        }
    }
    let mut wild: Vec<(String, usize)> = Vec::new();
    let mut expressions: Vec<(Pattern, usize)> = Vec::new();
    for (at, server) in servers.iter().enumerate() {
        match server.name.strip_prefix("*.") {
            Some(suffix) => {
                let source = format!("^[\\w-]+\\.{}$", suffix.replace('.', "\\."));
                expressions.push((Pattern::new(&source, false).unwrap(), at));
            }
            None => exact.push((server.name.clone(), at, None)),
        }
        let mut aliases = server.aliases.clone();
        aliases.sort();
        for alias in aliases {
            match (alias.strip_prefix('~'), alias.strip_prefix("*.")) {
                (Some(source), _) => expressions.push((Pattern::new(source, false).unwrap(), at)),
                (_, Some(suffix)) => wild.push((format!(".{suffix}"), at)),
                _ => exact.push((alias, at, None)),
            }
        }
    }
    if let Some((_, at, to)) = exact.iter().find(|(known, ..)| known == name) {
        return (*at, to.clone());
    }
    wild.sort_by_key(|(suffix, _)| Reverse(suffix.len()));
    if let Some((_, at)) = wild.iter().find(|(suffix, _)| name.ends_with(suffix)) {
        return (*at, None);
    }
    let found = expressions.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, at)| *at);
    (found.unwrap_or_else(|| servers.iter().position(|server| server.name == "_").unwrap()), None)
}

/// What nginx answers: the Service, or a code and a `Location`.
fn nginx(
    servers: &[Server],
    primaries: &[(String, String)],
    host: &str,
    target: &str,
) -> (Option<String>, Option<(u16, String)>) {
    let name = host.split(':').next().unwrap();
    let lower = name.to_ascii_lowercase();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let bare = target.strip_suffix('/').unwrap_or(target);
    let (at, to) = server_of(servers, &lower);
    if let Some(to) = to {
        return (None, Some((308, format!("http://{to}{bare}"))));
    }
    let server = &servers[at];
    let roots = server.locations.iter().map(|location| annotation(&location.annotations, "app-root"));
    if let Some(root) = roots.clone().find(|root| !root.is_empty())
        && path == "/"
    {
        return (None, Some((302, format!("http://{host}{root}"))));
    }
    // updateServerLocations
    let uses = |location: &Location| rewrites(location) || annotation(&location.annotations, "use-regex") == "true";
    let mut blocks: Vec<Location> = Vec::new();
    for location in &server.locations {
        if location.path == "/" || location.exact || uses(location) {
            blocks.push(location.clone());
            continue;
        }
        let has_exact = server.locations.iter().any(|other| other.exact && other.path == location.path);
        let slashed = format!("{}/", location.path.trim_end_matches('/'));
        blocks.push(Location { path: slashed, ..location.clone() });
        if !has_exact {
            blocks.push(Location { exact: true, ..location.clone() });
        }
    }
    let block = if blocks.iter().any(uses) {
        blocks.iter().find(|it| Pattern::new(&format!("^{}", it.path), true).unwrap().is_match(path))
    } else {
        let exact = blocks.iter().find(|it| it.exact && it.path == path);
        let prefixes = blocks.iter().filter(|it| !it.exact);
        // Of two that became the same, which nginx refuses, the first.
        let longest = prefixes.rev().filter(|it| path.starts_with(&it.path)).max_by_key(|it| it.path.len());
        // A location of either kind that the path lacks the slash of, and that passes requests on.
        let slashed = format!("{path}/");
        let lacking = blocks.iter().find(|it| it.path == slashed);
        if exact.is_none()
            && let Some(lacking) = lacking
            && !annotation(&lacking.annotations, "whitelist-source-range").contains('x')
        {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            return (None, Some((301, format!("http://{name}{slashed}{query}"))));
        }
        exact.or(longest)
    };
    let Some(block) = block else { return (None, None) };
    let get = |name: &str| annotation(&block.annotations, name);
    if get("whitelist-source-range").contains('x') {
        return (None, Some((503, String::new())));
    }
    match (get("temporal-redirect"), get("permanent-redirect")) {
        ("", "") | ("t.example", _) => {}
        ("", url) => return (None, Some((301, url.replace("$request_uri", target)))),
        (url, _) => return (None, Some((302, url.to_owned()))),
    }
    let wildcard = lower.split_once('.').map(|(_, suffix)| format!("*.{suffix}"));
    let certified =
        |name: &str| servers.iter().any(|server| server.certificate && server.name != "_" && server.name == name);
    let own = server.certificate && server.name != "_";
    let certificate = own || wildcard.is_some_and(|name| certified(&name));
    let is_told = !block.annotations.is_null() && get("ssl-redirect") != "false" && certificate;
    if get("force-ssl-redirect") == "true" || is_told {
        return (None, Some((308, format!("https://{name}{bare}"))));
    }
    if !matches!(get("whitelist-source-range"), "" | "10.0.0.0/8") {
        return (None, Some((403, String::new())));
    }
    let canary = block.upstream.as_ref().and_then(|name| primaries.iter().find(|(known, _)| known == name));
    let upstream = canary.map(|(_, canary)| canary).or(block.upstream.as_ref());
    (upstream.cloned(), None)
}

#[test]
fn ingress_nginx_step_by_step() {
    let (mut sent, mut redirected, mut canaries) = (0, 0, 0);
    for seed in 0..4 * SEEDS {
        let random = &mut Chance::new(seed + 500);
        let mut objects = ingresses(random);
        objects.iter_mut().for_each(|object| annotate(random, object));
        add_canaries(random, &mut objects);
        let objects: Vec<Value> = objects
            .iter()
            .enumerate()
            .filter(|(at, one)| !objects[at + 1..].iter().any(|other| key(other) == key(one)))
            .map(|(_, one)| one.clone())
            .collect();
        let classed = objects.iter().map(|object| {
            // The controller ignores Ingresses without a class.
            let mut object = object.clone();
            object["spec"]["ingressClassName"] = json!("nginx");
            object
        });
        let engine = engine(&classed.collect::<Vec<Value>>());
        let (servers, primaries) = servers(&objects);
        canaries += primaries.len();
        for (host, target) in requests() {
            let url = format!("http://{host}{target}");
            let from = json!({"ip": "10.0.0.1"});
            let given = answer(&engine, &json!({"ask": "route", "url": url, "controller": "nginx", "from": from}));
            let service = given["service"]["name"].as_str();
            let service = service.map(|name| format!("{}/{name}", text(&given, "/service/namespace")));
            let code = |value: &Value| value["code"].as_u64().and_then(|code| u16::try_from(code).ok());
            let redirect = code(&given["redirect"]).map(|code| (code, text(&given, "/redirect/location").to_owned()));
            let elsewhere = redirect.or_else(|| code(&given["refusal"]).map(|code| (code, String::new())));
            let expected = nginx(&servers, &primaries, host, target);
            sent += usize::from(expected.0.is_some());
            redirected += usize::from(expected.1.is_some());
            let shown = || serde_json::to_string_pretty(&objects).unwrap();
            assert_eq!((service, elsewhere), expected, "seed {seed}, {url}: {given}\n{}", shown());
        }
    }
    assert!(sent > 5000 && redirected > 5000 && canaries > 100, "{sent} {redirected} {canaries}");
}
