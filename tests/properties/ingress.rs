//! Properties of every set of Ingresses: the index finds the rule that a plain reading of the rules finds, two tables are equal
//! exactly where their comparison says so, and no request reaches a rule that is called unreachable.

use portolan::ingress::Controller;
use portolan::routing::Request;
use portolan::routing::compare::{Comparison, compare};
use portolan_tests::generate::requests;
use portolan_tests::random::{Random, ingresses};
use portolan_tests::{answer, engine};
use serde_json::{Value, json};

const SEEDS: u64 = 100;

#[test]
fn the_index_finds_the_strongest_rule_that_takes_the_path() {
    for seed in 0..SEEDS {
        for controller in Controller::ALL {
            let objects = ingresses(&mut Random(seed), controller.name());
            let table = engine(&objects).route_table(*controller, None);
            for (host, path) in requests() {
                let url = format!("http://{host}{path}");
                let request = Request::from_url(&url).unwrap();
                let Some(host) = table.host(&request) else { continue };
                let strongest =
                    host.entries().iter().filter(|entry| entry.path.takes(request.path)).max_by_key(|entry| entry.rank);
                let found = host.find(request.path);
                assert_eq!(
                    found.map(|it| &it.origin),
                    strongest.map(|it| &it.origin),
                    "seed {seed}, {controller:?}, {url}"
                );
                assert!(
                    found.is_none_or(|entry| entry.shadowed_by.is_none()),
                    "seed {seed}, {controller:?}, {url}: a shadowed rule was found"
                );
                let unreachable = host.unreachable();
                let place = found.and_then(|entry| {
                    host.entries().iter().position(|it| it.origin == entry.origin && it.path == entry.path)
                });
                assert!(place.is_none_or(|place| !unreachable.contains(&place)), "seed {seed}, {controller:?}, {url}");
            }
        }
    }
}

/// The quick answer is the whole one, and where nothing but the backend decides there is one.
#[test]
fn what_is_forwarded_is_what_route_says() {
    let mut forwarded = [0; 3];
    for seed in 0..SEEDS {
        for (at, controller) in Controller::ALL.iter().enumerate() {
            let objects = ingresses(&mut Random(seed), controller.name());
            let table = engine(&objects).route_table(*controller, None);
            for (host, path) in requests() {
                let url = format!("http://{host}{path}");
                let request = Request::from_url(&url).unwrap();
                let route = table.route(&request);
                let is_plain = route.backend.is_some()
                    && route.rewrite.is_none()
                    && route.redirect.is_none()
                    && route.refusal.is_none()
                    && route.canary.is_none();
                match table.forward(&request) {
                    Some(entry) => {
                        assert!(is_plain, "seed {seed}, {controller:?}, {url}: {route:?}");
                        assert_eq!(route.origin(), Some(&entry.origin), "seed {seed}, {controller:?}, {url}");
                        let numbered =
                            table.hosts().iter().flat_map(|host| host.entries()).chain(table.default_entry());
                        assert_eq!(numbered.map(|it| &it.origin).nth(entry.number), Some(&entry.origin));
                        forwarded[at] += 1;
                    }
                    // Annotations may make a rule more than its backend, whatever they do with this request.
                    None => {
                        assert!(!is_plain || *controller == Controller::Nginx, "seed {seed}, {controller:?}, {url}")
                    }
                }
            }
        }
    }
    assert!(forwarded.iter().all(|count| *count > 1000), "{forwarded:?}");
}

/// A plain reading of the API documentation, without tables: an answer for every request of every random set.
#[test]
fn the_specification_is_what_a_plain_reading_says() {
    for seed in 0..SEEDS {
        let objects = ingresses(&mut Random(seed), "spec");
        let engine = engine(&objects);
        for (host, path) in requests() {
            let given = answer(&engine, &json!({"ask": "route", "url": format!("http://{host}{path}")}));
            let expected = plain(&objects, host, path.split('?').next().unwrap());
            assert_eq!(given["service"]["name"], json!(expected), "seed {seed}, {host}{path}: {given}");
        }
    }
}

fn plain(objects: &[Value], host: &str, path: &str) -> Option<String> {
    let host = host.split(':').next().unwrap().to_ascii_lowercase();
    let wildcard = host.split_once('.').map(|(_, suffix)| format!("*.{suffix}"));
    let rules = || objects.iter().flat_map(|ingress| ingress["spec"]["rules"].as_array().unwrap());
    let of = |name: &str| rules().filter(|rule| rule["host"] == name).collect::<Vec<_>>();
    let deciding = [Some(host), wildcard, Some(String::new())]
        .into_iter()
        .flatten()
        .map(|name| of(&name))
        .find(|rules| !rules.is_empty());
    let mut best: Option<(usize, bool, String)> = None;
    for rule in deciding.unwrap_or_default() {
        for candidate in rule["http"]["paths"].as_array().unwrap() {
            let written = candidate["path"].as_str().unwrap();
            let exact = candidate["pathType"] == "Exact";
            let elements = |text: &str| text.trim_end_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
            let takes = if exact { written == path } else { elements(path).starts_with(&elements(written)) };
            let beats =
                best.as_ref().is_none_or(|(length, was_exact, _)| (written.len(), exact) > (*length, *was_exact));
            if takes && beats {
                best =
                    Some((written.len(), exact, candidate["backend"]["service"]["name"].as_str().unwrap().to_owned()));
            }
        }
    }
    let default = || objects.iter().find_map(|ingress| ingress["spec"]["defaultBackend"]["service"]["name"].as_str());
    best.map(|(.., name)| name).or_else(|| default().map(str::to_owned))
}

#[test]
fn two_tables_differ_where_their_comparison_says() {
    for seed in 0..SEEDS {
        for (before, after) in [("spec", "contour"), ("spec", "spec"), ("contour", "contour")] {
            let one = engine(&ingresses(&mut Random(seed), before));
            let two = engine(&ingresses(&mut Random(seed + u64::from(before == after)), after));
            let tables = [
                one.route_table(Controller::named(before).unwrap(), None),
                two.route_table(Controller::named(after).unwrap(), None),
            ];
            let changes = compare(&tables[0], &tables[1]).changes;
            for change in &changes {
                let request = Request::from_url(&change.example).unwrap();
                let [was, is] = [0, 1].map(|at: usize| tables[at].route(&request).backend.cloned());
                assert_eq!((&was, &is), (&change.before.backend, &change.after.backend), "seed {seed}: {change:?}");
                assert_ne!(was, is, "seed {seed}: {change:?}");
            }
            for (host, path) in requests() {
                // Letter case in hosts is no class: the comparison's notes tell of it.
                if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    continue;
                }
                let url = format!("http://{host}{path}");
                let request = Request::from_url(&url).unwrap();
                let differs = tables[0].route(&request).backend != tables[1].route(&request).backend;
                let told = changes.iter().any(|change| {
                    takes(&change.host, request.host_name(), &tables) && {
                        let longest = change.paths.iter().filter(|it| {
                            if it.exact { it.path == request.path } else { request.path.starts_with(&it.path) }
                        });
                        longest.count() > 0
                    }
                });
                assert!(
                    !differs || told,
                    "seed {seed}, {before} to {after}: {url} differs, and no class says so: {changes:?}"
                );
            }
        }
    }
}

/// With expressions in paths and hosts: a request is served differently exactly where a class says so, and as it says.
#[test]
fn expressions_differ_where_their_comparison_says() {
    let (mut told, mut silent) = (0, 0);
    for seed in 0..16 {
        for (before, after) in [("nginx", "nginx"), ("nginx", "contour"), ("contour", "spec")] {
            let one = engine(&expressions(&mut Random(seed * 2), before));
            let two = engine(&expressions(&mut Random(seed * 2 + 1), after));
            let tables = [
                one.route_table(Controller::named(before).unwrap(), None),
                two.route_table(Controller::named(after).unwrap(), None),
            ];
            let comparison = compare(&tables[0], &tables[1]);
            assert!(comparison.incomplete.is_empty(), "seed {seed}: {comparison:?}");
            let changes = comparison.changes;
            let random = &mut Random(seed + 1000);
            for _ in 0..400 {
                let host =
                    *random.pick(&["h.test", "www1.test", "wwwx.test", "a.sub.test", "a.b.sub.test", "else.org"]);
                let mut path = String::new();
                for _ in 0..=random.below(4) {
                    path.push_str(
                        random.pick::<&str>(&["/foo", "/v1", "/v12", "/a", "/FOO", "/bar", "x", ".html", "/"]),
                    );
                }
                if !path.starts_with('/') || path.contains("//") || path.contains("/.") {
                    continue;
                }
                let url = format!("http://{host}{path}");
                let place = |url: &str| {
                    let request = Request::from_url(url).unwrap();
                    let hosts = [0, 1].map(|at: usize| tables[at].host(&request).map(|host| host.matches.clone()));
                    let rules = [0, 1].map(|at: usize| {
                        let entry = tables[at].host(&request).and_then(|host| host.find(request.path));
                        entry.map_or_else(|| "no rule".to_owned(), |entry| entry.path.to_string())
                    });
                    (hosts, rules)
                };
                let request = Request::from_url(&url).unwrap();
                let outcome = |at: usize| {
                    let route = tables[at].route(&request);
                    (route.backend.cloned(), route.redirect.map(|redirect| redirect.code))
                };
                let (hosts, rules) = place(&url);
                let holds = |paths: &[portolan::routing::regions::Region]| {
                    paths.iter().any(|region| match &region.rules {
                        Some(known) => *known == rules,
                        None if region.exact => region.path == path,
                        None => path.starts_with(&region.path),
                    })
                };
                let fits = |change: &&portolan::routing::compare::Change| {
                    let is = |outcome: &portolan::routing::compare::Outcome| {
                        (outcome.backend.clone(), outcome.redirect.as_ref().map(|redirect| redirect.code))
                    };
                    place(&change.example).0 == hosts
                        && holds(&change.paths)
                        && [is(&change.before), is(&change.after)] == [outcome(0), outcome(1)]
                };
                if outcome(0) == outcome(1) {
                    silent += 1;
                } else {
                    told += 1;
                    assert!(changes.iter().any(|change| fits(&change)), "seed {seed}, {url}: {changes:?}");
                }
            }
        }
    }
    assert!(told > 1000 && silent > 1000, "{told} {silent}");
}

/// Ingresses whose paths, and for nginx other names, are expressions.
fn expressions(random: &mut Random, controller: &str) -> Vec<Value> {
    let paths = ["/v[0-9]+/x", "/foo(/|$)(.*)", "/a.*", "/(foo|bar)/.*", "/foo", "/[a-z]+\\.html", "/bar/?", "/"];
    let mut objects = Vec::new();
    for number in 0..=random.below(3) {
        let rules: Vec<Value> = (0..=random.below(2))
            .map(|_| {
                let host = *random.pick(&["h.test", "*.sub.test", "www1.test", ""]);
                let paths: Vec<Value> = (0..=random.below(3))
                    .map(|_| {
                        let name = format!("s{}", 1 + random.below(3));
                        let path_type = *random.pick(&["ImplementationSpecific", "Prefix", "Exact"]);
                        let path = if path_type == "ImplementationSpecific" { *random.pick(&paths) } else { "/foo" };
                        json!({"path": path, "pathType": path_type,
                            "backend": {"service": {"name": name, "port": {"number": 80}}}})
                    })
                    .collect();
                json!({"host": host, "http": {"paths": paths}})
            })
            .collect();
        let mut annotations = json!({});
        if controller == "nginx" {
            annotations["nginx.ingress.kubernetes.io/use-regex"] = json!("true");
            let alias = *random.pick(&["~^www[0-9]+\\.test$", "~^w.*", "*.sub.test", "~sub", ""]);
            annotations["nginx.ingress.kubernetes.io/server-alias"] = json!(alias);
        }
        objects.push(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": format!("i{number}"), "namespace": "default", "annotations": annotations},
            "spec": {"rules": rules, "ingressClassName": (controller == "nginx").then_some("nginx")},
        }));
    }
    objects
}

/// Whether a class of hosts holds the host, whichever classes are more specific.
fn takes(class: &str, host: &str, tables: &[std::sync::Arc<portolan::routing::RouteTable>; 2]) -> bool {
    let named = tables.iter().flat_map(|table| table.hosts()).any(|it| it.matches.to_string() == host);
    match class.strip_prefix("*.") {
        _ if named => class == host,
        Some(suffix) => host.ends_with(&format!(".{}", suffix.trim_start_matches("*."))),
        None => class == "*" || class == host,
    }
}

#[test]
fn the_same_manifests_under_the_same_controller_do_not_differ() {
    for seed in 0..SEEDS {
        for controller in Controller::ALL {
            let table = engine(&ingresses(&mut Random(seed), controller.name())).route_table(*controller, None);
            assert_eq!(compare(&table, &table), Comparison::default(), "seed {seed}, {controller:?}");
        }
    }
}

#[test]
fn a_migration_is_told_class_by_class() {
    let manifest = |class: &str, service: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web, namespace: default}}\nspec:\n  ingressClassName: {class}\n  rules:\n  - host: '*.h.test'\n    http:\n      paths:\n      - {{path: /foo, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}\n"
        )
    };
    let question = json!({
        "ask": "diff",
        "before": {"controller": "nginx", "manifests": manifest("nginx", "one")},
        "after": {"controller": "contour", "manifests": manifest("contour", "two")},
    });
    let given = answer(&engine(&[]), &question);
    let changes = given["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{given}");
    assert_eq!(changes[0]["host"], "*.h.test");
    assert_eq!(changes[0]["paths"], json!([{"match": "exact", "path": "/foo"}, {"match": "prefix", "path": "/foo/"}]));
    assert_eq!(changes[0]["example"], "http://any.h.test/foo");
    assert_eq!(
        (&changes[0]["before"]["service"]["name"], &changes[0]["after"]["service"]["name"]),
        (&json!("one"), &json!("two"))
    );
}
