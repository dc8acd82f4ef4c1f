//! Generated clusters with the cases that the shared recordings lack, compared with the results of Kubernetes' own code.
//!
//! `service-plane-code.jsonl.gz` was recorded with the packages of k8s.io/kubernetes v1.36.3 in one process, without a server:
//! the sync functions of the EndpointSlice, Endpoints and mirroring controllers over a fake client, and for every node and
//! family the nftables proxier over a fake nftables, whose rules the packet tracer of its own tests walked. A line is a
//! cluster: `objects`; `endpointSlices` and `endpoints` as they stand afterwards, to be compared for `services`; `packets`,
//! each a question with its answer; `health`, the local endpoints behind health check node ports. Left out is what Go
//! leaves to the order of a map: hints by the topology annotation, and addresses that two endpoints have.

#![expect(clippy::indexing_slicing, reason = "indexing JSON gives null for what is not there")]

use portolan::engine::Engine;
use portolan_tests::published::{object, slices};
use portolan_tests::{Score, answer, engine, lines, list};
use serde_json::{Value, json};

#[test]
fn as_kubernetes_own_code_has_it() {
    let mut score = Score::new("service-plane-code");
    for (number, cluster) in lines("service-plane-code.jsonl.gz").iter().enumerate() {
        let engine = engine(list(cluster, "objects"));
        for service in list(cluster, "services") {
            published(&mut score, &engine, cluster, service, number);
        }
        for packet in list(cluster, "packets") {
            sent_on(&mut score, &engine, packet, number);
        }
        for health in list(cluster, "health") {
            let to = json!({"nodePort": health["nodePort"], "ipFamily": health["ipFamily"]});
            let answered = answer(&engine, &json!({"ask": "backends", "node": health["node"], "to": to}));
            let ours = &answered["healthCheck"]["localEndpoints"];
            score.case(*ours == health["localEndpoints"], || format!("{number}: {health}\n{answered}"));
        }
    }
    score.finish();
}

fn published(score: &mut Score, engine: &Engine, cluster: &Value, service: &Value, number: usize) {
    let answered = answer(engine, &json!({"ask": "endpoints", "service": service}));
    let (namespace, name) = (&service["namespace"], &service["name"]);
    let own = |slice: &&Value| {
        let metadata = &slice["metadata"];
        metadata["namespace"] == *namespace && metadata["labels"]["kubernetes.io/service-name"] == *name
    };
    let recorded = slices(list(cluster, "endpointSlices").iter().filter(own));
    let ours = slices(list(&answered, "endpointSlices"));
    score.case(ours == recorded, || format!("{number} {service}: slices\nours     {ours:#?}\nrecorded {recorded:#?}"));
    let same = |object: &&Value| object["metadata"]["namespace"] == *namespace && object["metadata"]["name"] == *name;
    let recorded = list(cluster, "endpoints").iter().find(same).map(object);
    let ours = Some(&answered["endpoints"]).filter(|object| !object.is_null()).map(object);
    score.case(ours == recorded, || format!("{number} {service}: endpoints\nours     {ours:?}\nrecorded {recorded:?}"));
}

fn sent_on(score: &mut Score, engine: &Engine, packet: &Value, number: usize) {
    let mut question = packet["question"].clone();
    question["ask"] = json!("backends");
    let answered = answer(engine, &question);
    let text = |backend: &Value| {
        let (ip, port) = (backend["ip"].as_str().unwrap_or_default(), &backend["port"]);
        if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
    };
    let mut to: Vec<String> = list(&answered, "to").iter().map(text).collect();
    to.sort();
    let wanted = &packet["answer"];
    let right = answered["verdict"] == wanted["verdict"]
        && json!(to) == wanted["to"]
        && wanted.get("masquerade").is_none_or(|masquerade| answered["masquerade"] == *masquerade);
    score.case(right, || format!("{number}: {question}\nours     {answered}\nrecorded {wanted}"));
}
