//! `networkpolicy.jsonl.gz`: whether each connection is allowed, compared with the answers to `verdict`.

use portolan_tests::{Score, answer, engine, lines};
use serde_json::{Value, json};

#[test]
fn every_verdict_is_the_recorded_one() {
    let mut score = Score::new("networkpolicy");
    for (number, cluster) in lines("networkpolicy.jsonl.gz").iter().enumerate() {
        let objects = objects(cluster);
        let engine = engine(&objects);
        for query in cluster["queries"].as_array().unwrap() {
            let mut question = json!({"ask": "verdict", "id": number});
            for field in ["from", "to", "port", "protocol"] {
                question[field] = query[field].clone();
            }
            let given = answer(&engine, &question);
            let right = ["allowed", "egress", "ingress"].iter().all(|field| given[field] == query[field]);
            score.case(right, || format!("cluster {number}: {query}\n{given}"));
            assert!(given["because"].as_array().is_some_and(|steps| steps.len() >= 2), "no reason: {given}");
        }
    }
    score.finish();
}

/// The recording names only what matters: pods with an address and ports, namespaces with labels.
fn objects(cluster: &Value) -> Vec<Value> {
    let namespaces = cluster["namespaces"].as_object().unwrap().iter().map(
        |(name, labels)| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}),
    );
    let pods = cluster["pods"].as_array().unwrap().iter().map(|pod| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod["name"], "namespace": pod["namespace"], "labels": pod["labels"]},
            "spec": {"containers": [{"name": "c", "ports": pod["ports"]}]},
            "status": {"podIP": pod["ip"], "podIPs": [{"ip": pod["ip"]}]},
        })
    });
    let policies = cluster["policies"].as_array().unwrap().iter().cloned();
    namespaces.chain(pods).chain(policies).collect()
}
