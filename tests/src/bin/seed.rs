//! Writes the first inputs of the fuzz targets into `fuzz/corpus`: the recorded requests to kube-apiserver as requests, as
//! questions and as files, and one question of each kind.

use portolan_tests::lines;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn main() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for target in ["manifest", "admit", "ask"] {
        fs::create_dir_all(corpus.join(target)).expect("the folder can be made");
    }
    let write = |target: &str, name: &str, value: &Value| {
        fs::write(corpus.join(target).join(name), value.to_string()).expect("the file can be written");
    };
    // The first line describes the cluster; one request in eight is enough to begin with.
    for (number, record) in lines("kube-apiserver.jsonl.gz").iter().skip(1).enumerate().step_by(8) {
        let operation = if record["op"] == "create" { "CREATE" } else { "UPDATE" };
        let mut question = json!({"ask": "admit", "operation": operation, "object": record["input"]});
        if operation == "UPDATE" {
            question["oldObject"] = record["old"].clone();
        }
        let name = format!("recorded-{number}");
        write("admit", &name, &question);
        write("ask", &name, &question);
        write("manifest", &name, &record["input"]);
    }
    for (number, question) in questions().iter().enumerate() {
        write("ask", &format!("question-{number}"), question);
    }
}

/// A question of each kind about the cluster of `fuzz/src/lib.rs`.
fn questions() -> Vec<Value> {
    let service = json!({"namespace": "default", "name": "np-stored"});
    let pod = json!({"namespace": "default", "pod": "a"});
    vec![
        json!({"ask": "read", "text": "a: yes\n---\n- &x {b: [1, 0x2, .inf]}\n- *x\n"}),
        json!({"ask": "endpoints", "service": service}),
        json!({"ask": "backends", "node": "n1", "to": {"ip": "10.0.3.99", "port": 80, "protocol": "TCP"}, "from": pod,
            "choose": {"scheduler": "mh", "seed": 7, "count": 10}}),
        json!({"ask": "backends", "node": "n1", "to": {"nodePort": 30099, "protocol": "TCP", "ipFamily": "IPv4"}}),
        json!({"ask": "resolve", "name": "np-stored.default.svc.cluster.local", "type": "A", "from": pod}),
        json!({"ask": "env", "pod": {"namespace": "default", "name": "a"}}),
        json!({"ask": "hosts", "pod": {"namespace": "default", "name": "a"}}),
        json!({"ask": "route", "method": "GET", "url": "http://foo.bar.com/foo?x=1", "headers": {"Host": "a"}, "controller": "nginx"}),
        json!({"ask": "verdict", "from": pod, "to": {"ip": "10.0.3.99"}, "port": 80, "protocol": "TCP"}),
        json!({"ask": "trace", "from": "outside", "url": "https://foo.bar.com/cart"}),
        json!({"ask": "map"}),
        json!({"ask": "lint"}),
        json!({"ask": "objects"}),
    ]
}
