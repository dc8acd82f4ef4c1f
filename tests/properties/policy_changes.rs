//! Compiled policies that follow changes, compared with the same cluster compiled again: after every change of a random series the
//! verdicts, the map, the findings and the number of classes are equal.

use portolan::api::resource::{Kind, ObjectKey};
use portolan::cluster::{Cluster, Options};
use portolan::engine::Engine;
use portolan::net::Protocol;
use portolan::policy::verdict::End;
use portolan::policy::{ConnectionMap, PolicyIndex, findings};
use portolan_tests::generate::{Chance, PORTS, odd, odd_crowd};
use portolan_tests::{engine, is_slow, resource};
use serde_json::{Value, json};
use std::net::IpAddr;

/// Where changes come from: objects that the cluster does not have yet, or has with other content.
struct Changes {
    chance: Chance,
    /// Objects of clusters of other seeds.
    store: Vec<Value>,
}

impl Changes {
    fn new(seed: u64) -> Self {
        let mut store = Vec::new();
        for other in 1..4 {
            store.extend(odd(seed.wrapping_mul(31).wrapping_add(other)).objects);
        }
        store.retain(|object| object["kind"] != "Node");
        Changes { chance: Chance::new(seed ^ 0x0C4A), store }
    }

    /// Makes one change and says what it was.
    fn make(&mut self, engine: &mut Engine, objects: &mut Vec<Value>) -> String {
        let chance = &mut self.chance;
        if chance.percent(40) {
            let object = chance.one(&self.store).clone();
            return put(engine, objects, object);
        }
        let changeable: Vec<usize> = (0..objects.len()).filter(|at| objects[*at]["kind"] != "Node").collect();
        if changeable.is_empty() {
            return "nothing is there to change".to_owned();
        }
        let at = *chance.one(&changeable);
        if chance.percent(35) {
            let gone = objects.remove(at);
            let (kind, key) = name(&gone);
            assert!(engine.remove(kind, &key));
            return format!("without {gone}");
        }
        let mut object = objects[at].clone();
        let alike: Vec<&Value> = self.store.iter().filter(|other| other["kind"] == object["kind"]).collect();
        if alike.is_empty() {
            return put(engine, objects, object);
        }
        let other = (*chance.one(&alike)).clone();
        match (object["kind"].as_str(), chance.below(5)) {
            (Some("Pod"), 0) => object["status"] = other["status"].clone(),
            (Some("Pod"), 1) => object["spec"] = other["spec"].clone(),
            (Some("Pod"), 2) => object["status"]["phase"] = json!(chance.one(&["Running", "Succeeded", "Failed"])),
            // An address of nobody's, outside of every range, or none.
            (Some("Pod"), 3) => {
                let range = *chance.one(&["10.243.1", "10.244.1", "192.0.2", "192.0.3"]);
                let ip = format!("{range}.{}", 126 + chance.below(4));
                object["status"] = if chance.percent(30) {
                    json!({})
                } else {
                    json!({"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]})
                };
            }
            (Some("Pod" | "Namespace"), _) => object["metadata"]["labels"] = other["metadata"]["labels"].clone(),
            (_, 0) => object["spec"]["ingress"] = other["spec"]["ingress"].clone(),
            (_, 1) => object["spec"]["egress"] = other["spec"]["egress"].clone(),
            (_, 2) if object["spec"]["priority"].is_number() => object["spec"]["priority"] = json!(chance.below(4)),
            _ => object["spec"] = other["spec"].clone(),
        }
        put(engine, objects, object)
    }
}

fn name(object: &Value) -> (Kind, ObjectKey) {
    let object = resource(object);
    (object.kind(), object.key())
}

fn put(engine: &mut Engine, objects: &mut Vec<Value>, object: Value) -> String {
    let wanted = name(&object);
    objects.retain(|other| name(other) != wanted);
    let said = format!("with {object}");
    engine.insert(resource(&object), None);
    objects.push(object);
    said
}

/// Everything that can be asked of both forms, and every end against every other.
fn compare(engine: &Engine, chance: &mut Chance, what: &str) {
    let (cluster, followed) = (engine.cluster(), engine.policies());
    let fresh = PolicyIndex::compile(cluster);
    assert_eq!(followed.class_count(), fresh.class_count(), "{what}");
    assert_eq!(ConnectionMap::of(cluster, followed), ConnectionMap::of(cluster, &fresh), "{what}");
    assert_eq!(findings::of(cluster, followed), findings::of(cluster, &fresh), "{what}");
    let ends = |index: &PolicyIndex| -> Vec<End> {
        let pods = cluster.pods.iter().map(|(key, _)| End::Pod(index.pod(key).unwrap()));
        let addresses = ["8.8.8.8", "192.0.2.200", "10.9.9.9", "192.168.0.2", "fd77::1", "10.244.1.3", "10.244.1.1"];
        let own = cluster.pods.iter().flat_map(|(_, pod)| pod.ips().filter_map(|ip| ip.parse::<IpAddr>().ok()));
        let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).chain(own);
        pods.chain(addresses.map(End::Address)).collect()
    };
    assert_eq!(followed.pod_count(), cluster.pods.len());
    let (ours, theirs) = (ends(followed), ends(&fresh));
    for _ in 0..200 {
        let (from, to) = (chance.below(ours.len()), chance.below(ours.len()));
        let (port, protocol) = (*chance.one(&PORTS), *chance.one(&Protocol::ALL));
        let given = followed.explain(ours[from], ours[to], port, protocol);
        let wanted = fresh.explain(theirs[from], theirs[to], port, protocol);
        assert_eq!(given, wanted, "{what}: {:?} to {:?} {protocol} {port}", theirs[from], theirs[to]);
        assert_eq!(followed.verdict(ours[from], ours[to], port, protocol), given.0);
    }
}

#[test]
fn what_follows_changes_is_what_is_compiled_anew() {
    let seeds = if is_slow() { 3_000 } else { 120 };
    for seed in 0..seeds {
        let mut objects = odd(seed).objects;
        let mut engine = engine(&objects);
        let mut changes = Changes::new(seed);
        let mut chance = Chance::new(seed);
        compare(&engine, &mut chance, &format!("seed {seed} as it is"));
        for step in 0..12 {
            let change = changes.make(&mut engine, &mut objects);
            compare(&engine, &mut chance, &format!("seed {seed} step {step}, {change}"));
        }
    }
}

#[test]
fn a_crowd_that_follows_changes_is_what_is_compiled_anew() {
    for seed in 0..if is_slow() { 60 } else { 3 } {
        let mut objects = odd_crowd(seed, 120).objects;
        let mut engine = engine(&objects);
        let _ = engine.policies();
        let (mut changes, mut chance) = (Changes::new(seed), Chance::new(seed));
        for step in 0..10 {
            let change = changes.make(&mut engine, &mut objects);
            compare(&engine, &mut chance, &format!("crowd {seed} step {step}, {change}"));
        }
    }
}

#[test]
fn pods_without_addresses_follow_the_range_that_they_would_have_theirs_from() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "ns0"}, "spec": {"containers": []}});
    let block = json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]});
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "ns1"},
        "spec": {"podSelector": {}, "ingress": [block]}});
    let mut cluster = Cluster::new(Options::default());
    let mut other = pod.clone();
    other["metadata"]["namespace"] = json!("ns1");
    cluster.insert(resource(&pod), None);
    cluster.insert(resource(&other), None);
    let mut index = PolicyIndex::compile(&cluster);
    cluster.insert(resource(&policy), None);
    let (kind, key) = name(&policy);
    assert!(index.object_changed(&cluster, kind, &key));
    let number = |of: &Value| End::Pod(index.pod(&name(of).1).unwrap());
    let verdict = index.verdict(number(&pod), number(&other), 80, Protocol::Tcp);
    assert_eq!((verdict.ingress, verdict.egress), (true, true));
    assert_eq!(ConnectionMap::of(&cluster, &index), ConnectionMap::of(&cluster, &PolicyIndex::compile(&cluster)));
}

#[test]
fn a_pod_that_moves_into_a_range_of_its_own_takes_it_from_the_addresses_outside() {
    let pod = |ip: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "ns0"}, "spec": {"containers": []},
            "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}]}})
    };
    let block = json!({"from": [{"ipBlock": {"cidr": "192.0.2.128/25"}}]});
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "ns0"},
        "spec": {"podSelector": {}, "ingress": [block]}});
    let mut engine = engine([&pod("10.244.0.9"), &policy]);
    let ranges = |engine: &Engine| ConnectionMap::of(engine.cluster(), engine.policies()).rows;
    let before = ranges(&engine);
    engine.insert(resource(&pod("192.0.2.1")), None);
    compare(&engine, &mut Chance::new(1), "moved");
    assert_ne!(ranges(&engine), before);
    engine.insert(resource(&pod("10.244.0.9")), None);
    assert_eq!(ranges(&engine), before);
}

#[test]
fn a_series_of_changes_that_ends_where_it_began_leaves_nothing_behind() {
    let objects = odd(11).objects;
    let mut engine = engine(&objects);
    let before = engine.policies().clone();
    for other in 12..40 {
        for object in odd(other).objects.iter().filter(|object| object["kind"] != "Node") {
            engine.insert(resource(object), None);
        }
        let stored: Vec<(Kind, ObjectKey)> = odd(other).objects.iter().map(name).collect();
        for (kind, key) in stored.iter().filter(|(kind, _)| *kind != Kind::Node) {
            engine.remove(*kind, key);
        }
        for object in objects.iter().filter(|object| object["kind"] != "Node") {
            engine.insert(resource(object), None);
        }
        let after = engine.policies();
        assert_eq!(after.class_count(), before.class_count(), "after {other}");
        assert_eq!(after.term_counts(), before.term_counts(), "after {other}");
    }
}
