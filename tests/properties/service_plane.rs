//! An engine that follows a series of changes gives the same answers as an engine that is made from the resulting objects.
//! `PORTOLAN_SLOW=1` follows 25 times as many changes.

use portolan::api::resource::ObjectKey;
use portolan::engine::Engine;
use portolan_tests::generate::Chance;
use portolan_tests::{answer, engine, files, inputs, is_slow, resource};
use serde_json::{Value, json};

/// How many changes are followed between two comparisons.
const CHANGES: usize = 6;

#[test]
fn following_changes_equals_starting_again() {
    let rounds = if is_slow() { 100 } else { 4 };
    for (number, (file, cluster)) in files("cluster-").into_iter().enumerate() {
        let mut chance = Chance::new(number as u64);
        let mut there: Vec<Value> = inputs(&cluster).cloned().collect();
        let mut gone: Vec<Value> = Vec::new();
        let mut followed = engine(&there);
        let questions = questions(&cluster);
        compare(&followed, &there, &questions, &file);
        for _ in 0..rounds {
            for _ in 0..CHANGES {
                change(&mut chance, &mut followed, &mut there, &mut gone);
            }
            compare(&followed, &there, &questions, &file);
        }
    }
}

/// Takes an object out, brings one back, or alters one.
fn change(chance: &mut Chance, engine: &mut Engine, there: &mut Vec<Value>, gone: &mut Vec<Value>) {
    let place = chance.below(there.len());
    match chance.below(8) {
        0 | 1 => {
            let object = there.swap_remove(place);
            let taken = resource(&object);
            assert!(engine.remove(taken.kind(), &taken.key()));
            gone.push(object);
        }
        2 | 3 if !gone.is_empty() => {
            let object = gone.swap_remove(chance.below(gone.len()));
            engine.insert(resource(&object), None);
            there.push(object);
        }
        _ => {
            let object = &mut there[place];
            alter(chance, object);
            engine.insert(resource(object), None);
        }
    }
}

fn alter(chance: &mut Chance, object: &mut Value) {
    let app = *chance.one(&["web", "api", "db"]);
    match object["kind"].as_str() {
        Some("Pod") => match chance.below(4) {
            0 => object["metadata"]["labels"]["app"] = json!(app),
            1 => object["metadata"]["deletionTimestamp"] = json!("2030-01-01T00:00:00Z"),
            2 => object["spec"]["nodeName"] = json!(chance.one(&["n1", "n2", "n9"])),
            _ => object["status"]["conditions"] = json!([{"type": "Ready", "status": chance.one(&["True", "False"])}]),
        },
        Some("Service") => match chance.below(3) {
            0 => object["spec"]["selector"] = json!({"app": app}),
            1 => object["spec"]["internalTrafficPolicy"] = json!(chance.one(&["Local", "Cluster"])),
            _ => object["spec"]["trafficDistribution"] = json!(chance.one(&["PreferSameNode", "PreferSameZone"])),
        },
        Some("Node") => object["metadata"]["labels"]["topology.kubernetes.io/zone"] = json!(chance.one(&["za", "zc"])),
        Some("EndpointSlice") => object["endpoints"] = json!([{"addresses": ["192.0.2.77"], "conditions": {}}]),
        Some("Endpoints") => object["metadata"]["labels"] = json!({"changed": app}),
        _ => {}
    }
}

/// What publishes and what is sent on, for all that the recording knows.
fn questions(cluster: &Value) -> Vec<Value> {
    let mut questions = Vec::new();
    for service in cluster["objects"].as_array().into_iter().flatten().filter(|object| object["kind"] == "Service") {
        let (namespace, name) = (&service["metadata"]["namespace"], &service["metadata"]["name"]);
        questions.push(json!({"ask": "endpoints", "service": {"namespace": namespace, "name": name}}));
    }
    for (node, families) in cluster["proxy"].as_object().into_iter().flatten() {
        for (family, rows) in families.as_object().into_iter().flatten() {
            for row in rows.as_array().into_iter().flatten() {
                let mut to = row.clone();
                to["ipFamily"] = json!(family);
                questions.push(json!({"ask": "backends", "node": node, "to": to}));
            }
        }
    }
    questions
}

fn compare(followed: &Engine, there: &[Value], questions: &[Value], file: &str) {
    let anew = engine(there);
    for question in questions {
        assert_eq!(answer(followed, question), answer(&anew, question), "{file}: {question}");
    }
    for key in there.iter().filter(|object| object["kind"] == "Service").map(|service| resource(service).key()) {
        let key: &ObjectKey = &key;
        assert_eq!(followed.endpoints().slices(key), anew.endpoints().slices(key), "{file}: {key}");
        let alone = portolan::endpoints::endpoint_slices(anew.cluster(), key);
        assert_eq!(anew.endpoints().slices(key), alone, "{file}: {key}");
    }
}
