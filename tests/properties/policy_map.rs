//! The map against the verdicts, pair by pair, on clusters that use everything the API has.

use portolan::api::resource::ObjectKey;
use portolan::engine::Engine;
use portolan::net::Protocol;
use portolan::policy::verdict::End;
use portolan::policy::{ConnectionDiff, PodId};
use portolan_tests::generate::{self, Chance, Odd, PORTS, odd, odd_crowd};
use portolan_tests::{answer, engine, is_slow, resource};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// A party as the test counts it: a pod by namespace and name, or an address.
type Name = (String, String);

const OUTSIDE: [&str; 6] = ["8.8.8.8", "192.0.2.1", "192.0.2.200", "10.9.9.9", "2001:db8::7", "fd77::1"];

/// Whether the map lets a connection through, by (source, destination).
struct Map {
    allowed: BTreeMap<(Name, Name), Vec<Value>>,
}

impl Map {
    /// Spreads the rows of the map over every pod and every address asked about.
    fn new(engine: &Engine, rows: &Value, addresses: &[&str]) -> Self {
        let pods = pods(engine);
        let mut workloads: BTreeMap<(String, String, String), Vec<Name>> = BTreeMap::new();
        for pod in &pods {
            let (kind, name) = maker(engine, pod);
            workloads.entry((pod.0.clone(), kind, name)).or_default().push(pod.clone());
        }
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let spread = |parties: &Value| -> BTreeSet<Name> {
            let mut found = BTreeSet::new();
            for party in parties.as_array().unwrap() {
                if party["everyPod"] == true {
                    found.extend(pods.iter().cloned());
                } else if let Some(range) = party["ip"].as_str() {
                    let inside = addresses.iter().filter(|address| is_inside(range, address));
                    found.extend(inside.map(|address| (String::new(), (*address).to_owned())));
                } else if party.get("pod").is_some() {
                    found.insert((text(&party["namespace"]), text(&party["pod"])));
                } else if party.get("workload").is_some() {
                    let key = (text(&party["namespace"]), text(&party["kind"]), text(&party["workload"]));
                    found.extend(workloads.get(&key).unwrap_or_else(|| panic!("no pod of {party}")).iter().cloned());
                } else {
                    found.extend(pods.iter().filter(|(namespace, _)| party["namespace"] == *namespace).cloned());
                }
            }
            found
        };
        let mut allowed: BTreeMap<(Name, Name), Vec<Value>> = BTreeMap::new();
        for row in rows.as_array().unwrap() {
            let (from, to) = (spread(&row["from"]), spread(&row["to"]));
            for source in &from {
                for destination in &to {
                    allowed
                        .entry((source.clone(), destination.clone()))
                        .or_default()
                        .extend(row["ports"].as_array().unwrap().iter().cloned());
                }
            }
        }
        Map { allowed }
    }

    fn allows(&self, from: &Name, to: &Name, port: u16, protocol: Protocol) -> bool {
        let listed = self.allowed.get(&(from.clone(), to.clone()));
        listed.into_iter().flatten().any(|entry| {
            let first = entry["port"].as_u64().unwrap_or(1);
            let last = entry["endPort"].as_u64().or(entry["port"].as_u64()).unwrap_or(65_535);
            entry["protocol"] == protocol.name() && first <= u64::from(port) && u64::from(port) <= last
        })
    }
}

fn is_inside(range: &str, address: &str) -> bool {
    let range: ipnet::IpNet = range.parse().unwrap();
    range.contains(&address.parse::<IpAddr>().unwrap())
}

/// The pods of the map: not those on their node's network.
fn pods(engine: &Engine) -> Vec<Name> {
    let pods = engine.cluster().pods.iter().filter(|(_, pod)| !pod.spec.host_network);
    pods.map(|(key, _)| (key.namespace.clone(), key.name.clone())).collect()
}

fn maker(engine: &Engine, pod: &Name) -> (String, String) {
    let pod = engine.cluster().pods.get(&pod.0, &pod.1).unwrap();
    match portolan::workload::owner(&pod.metadata) {
        Some((_, key)) => ("Deployment".to_owned(), key.name.rsplit_once('-').unwrap().0.to_owned()),
        None => ("Pod".to_owned(), pod.metadata.name.clone()),
    }
}

fn number(engine: &Engine, pod: &Name) -> PodId {
    engine.policies().pod(&ObjectKey::new(pod.0.as_str(), pod.1.as_str())).unwrap()
}

fn ends(engine: &Engine, addresses: &[&str]) -> Vec<(Name, End)> {
    let pods = pods(engine);
    let mut ends: Vec<(Name, End)> = pods.iter().map(|pod| (pod.clone(), End::Pod(number(engine, pod)))).collect();
    for address in addresses {
        ends.push(((String::new(), (*address).to_owned()), End::Address(address.parse().unwrap())));
    }
    ends
}

fn compare(engine: &Engine, addresses: &[&str], what: &str) {
    let map = Map::new(engine, &answer(engine, &json!({"ask": "map"}))["rows"], addresses);
    let ends = ends(engine, addresses);
    for (from_name, from) in &ends {
        for (to_name, to) in &ends {
            let outside = from_name.0.is_empty() && to_name.0.is_empty();
            if outside || from_name == to_name {
                continue;
            }
            for port in PORTS.into_iter().filter(|port| *port > 0) {
                for protocol in Protocol::ALL {
                    let verdict = engine.policies().verdict(*from, *to, port, protocol).allowed();
                    let mapped = map.allows(from_name, to_name, port, protocol);
                    assert_eq!(mapped, verdict, "{what}: {from_name:?} to {to_name:?} {protocol} {port}");
                }
            }
        }
    }
}

#[test]
fn the_map_is_what_the_verdicts_are_pair_by_pair() {
    let seeds = if is_slow() { 3_000 } else { 150 };
    for seed in 0..seeds {
        let Odd { objects, .. } = odd(seed);
        compare(&engine(&objects), &OUTSIDE, &format!("seed {seed}"));
    }
}

#[test]
fn the_map_of_a_crowd_is_what_the_verdicts_are() {
    let seeds = if is_slow() { 100 } else { 3 };
    for seed in 0..seeds {
        let Odd { objects, .. } = odd_crowd(seed, 120);
        compare(&engine(&objects), &["8.8.8.8", "10.9.9.9", "2001:db8::7"], &format!("crowd {seed}"));
    }
}

#[test]
fn the_map_of_many_namespaces_is_what_the_verdicts_are() {
    let objects = generate::namespaces(7, 200);
    compare(&engine(&objects), &["203.0.113.9", "169.254.9.9", "198.51.100.1"], "namespaces");
}

fn is_policy(object: &Value) -> bool {
    object["kind"].as_str().is_some_and(|kind| kind.ends_with("NetworkPolicy"))
}

#[test]
fn the_suggested_policies_give_the_map_back() {
    let seeds = if is_slow() { 3_000 } else { 120 };
    let mut exact = 0;
    for seed in 0..seeds {
        let Odd { objects, .. } = odd(seed);
        let before = engine(&objects);
        let given = answer(&before, &json!({"ask": "suggest"}));
        let kept = objects.iter().filter(|object| !is_policy(object));
        let after = engine(kept.chain(given["policies"].as_array().unwrap()));
        for policy in given["policies"].as_array().unwrap() {
            let admitted = answer(&before, &json!({"ask": "admit", "operation": "CREATE", "object": policy}));
            assert_eq!(admitted["accepted"], true, "seed {seed}: {policy}\n{admitted}");
        }
        let diff = ConnectionDiff::of((before.cluster(), before.policies()), (after.cluster(), after.policies()));
        assert_eq!(diff.removed, [], "seed {seed}: {given}");
        if given["widened"] == json!([]) {
            exact += 1;
            assert_eq!(diff.added, [], "seed {seed}: {given}");
        }
    }
    assert!(exact * 2 > seeds, "only {exact} of {seeds} could be told apart by labels");
}

#[test]
fn suggested_policies_allow_a_list_and_nothing_else() {
    let objects = generate::namespaces(3, 50);
    let cluster = engine(&objects);
    let connections = json!([
        {"from": {"namespace": "team-0", "workload": "front", "kind": "Deployment"}, "to": {"namespace": "team-1", "pod": "pay-7d4b9c6f5-00000"},
            "port": 8003, "protocol": "TCP"},
        {"from": {"ip": "203.0.113.0/24"}, "to": [{"namespace": "team-0", "workload": "front", "kind": "Deployment"}], "ports": [{"protocol": "TCP", "port": 1, "endPort": 99}]},
    ]);
    let given = answer(&cluster, &json!({"ask": "suggest", "connections": connections}));
    assert_eq!(given["policies"].as_array().unwrap().len(), 10, "{given}");
    assert_eq!(given["widened"].as_array().unwrap().len(), 1, "one pod of five was named: {given}");
    let kept = objects.iter().filter(|object| !is_policy(object));
    let after = engine(kept.chain(given["policies"].as_array().unwrap()));
    let map = answer(&after, &json!({"ask": "map"}));
    let front = json!([{"namespace": "team-0", "workload": "front", "kind": "Deployment"}]);
    let pay = json!([{"namespace": "team-1", "workload": "pay", "kind": "Deployment"}]);
    assert_eq!(
        map["rows"],
        json!([
            {"from": [{"ip": "203.0.113.0/24"}], "to": front, "ports": [{"protocol": "TCP", "port": 1, "endPort": 99}]},
            {"from": front, "to": pay, "ports": [{"protocol": "TCP", "port": 8003}]},
        ])
    );
}

#[test]
fn the_difference_of_two_clusters_is_that_of_their_verdicts() {
    let seeds = if is_slow() { 2_000 } else { 80 };
    let mut differing = 0;
    for seed in 0..seeds {
        let Odd { objects, .. } = odd(seed);
        let before = engine(&objects);
        let Some(policy) = objects.iter().find(|object| is_policy(object)) else { continue };
        let metadata = &policy["metadata"];
        let gone = json!([{"kind": policy["kind"], "namespace": metadata["namespace"], "name": metadata["name"]}]);
        let diff = answer(&before, &json!({"ask": "policyDiff", "remove": gone}));
        let after = engine(objects.iter().filter(|object| *object != policy));
        let (added, removed) =
            (Map::new(&before, &diff["added"], &OUTSIDE), Map::new(&before, &diff["removed"], &OUTSIDE));
        let ends = ends(&before, &OUTSIDE);
        for (from_name, from) in &ends {
            for (to_name, to) in ends.iter().filter(|(name, _)| name != from_name) {
                if from_name.0.is_empty() && to_name.0.is_empty() {
                    continue;
                }
                for port in PORTS.into_iter().filter(|port| *port > 0) {
                    for protocol in Protocol::ALL {
                        let was = before.policies().verdict(*from, *to, port, protocol).allowed();
                        let is = after.policies().verdict(*from, *to, port, protocol).allowed();
                        let told = (
                            added.allows(from_name, to_name, port, protocol),
                            removed.allows(from_name, to_name, port, protocol),
                        );
                        assert_eq!(
                            told,
                            (is && !was, was && !is),
                            "seed {seed}: {from_name:?} to {to_name:?} {protocol} {port}\n{diff}"
                        );
                        differing += usize::from(was != is);
                    }
                }
            }
        }
    }
    assert!(differing > 1_000, "{differing}");
}

#[test]
fn an_allowing_rule_more_closes_nothing() {
    let seeds = if is_slow() { 3_000 } else { 120 };
    let mut opened = 0;
    for seed in 0..seeds {
        let Odd { mut objects, .. } = odd(seed);
        let before = engine(&objects);
        let Some(policy) = objects.iter_mut().find(|object| object["kind"] == "NetworkPolicy") else { continue };
        let mut rules = policy["spec"]["ingress"].as_array().cloned().unwrap_or_default();
        rules.push(json!({"from": [{"namespaceSelector": {}}], "ports": [{"port": 1, "endPort": 65535}]}));
        policy["spec"]["ingress"] = json!(rules);
        let after = engine(&objects);
        let diff = ConnectionDiff::of((before.cluster(), before.policies()), (after.cluster(), after.policies()));
        assert_eq!(diff.removed, [], "seed {seed}");
        opened += usize::from(!diff.added.is_empty());
    }
    assert!(opened > 10, "{opened}");
}

#[test]
fn a_changed_pod_is_followed_without_starting_over() {
    let seeds = if is_slow() { 2_000 } else { 60 };
    let mut followed = 0;
    for seed in 0..seeds {
        let Odd { mut objects, .. } = odd(seed);
        let mut changed = engine(&objects);
        let _ = answer(&changed, &json!({"ask": "map"}));
        let mut chance = Chance::new(seed);
        for _ in 0..3 {
            let pods: Vec<usize> = (0..objects.len()).filter(|at| objects[*at]["kind"] == "Pod").collect();
            let at = *chance.one(&pods);
            let labels = objects[*chance.one(&pods)]["metadata"]["labels"].clone();
            objects[at]["metadata"]["labels"] =
                if chance.percent(50) { labels } else { json!({"app": "a", "env": "c"}) };
            changed.insert(resource(&objects[at]), None);
            followed += 1;
        }
        let fresh = engine(&objects);
        let diff = ConnectionDiff::of((changed.cluster(), changed.policies()), (fresh.cluster(), fresh.policies()));
        assert!(diff.is_empty(), "seed {seed}: {diff:?}");
        compare(&changed, &OUTSIDE[..2], &format!("seed {seed} followed"));
    }
    assert_eq!(followed, seeds * 3);
}
