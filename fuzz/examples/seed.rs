//! Writes the first inputs of the fuzz targets: what kube-apiserver was sent, as requests, as questions and as files.

use serde_json::{Value, json};
use std::fs;

fn main() {
    let text = portolan_fuzz::recorded();
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    for target in ["manifest", "admit", "ask"] {
        fs::create_dir_all(format!("{corpus}/{target}")).expect("a folder");
    }
    let write = |target: &str, name: &str, value: &Value| {
        fs::write(format!("{corpus}/{target}/{name}"), value.to_string()).expect("a file");
    };
    for (number, line) in text.lines().skip(1).enumerate().filter(|(number, _)| number % 8 == 0) {
        let record: Value = serde_json::from_str(line).expect("JSON");
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
    let service = json!({"namespace": "default", "name": "np-stored"});
    let pod = json!({"namespace": "default", "pod": "a"});
    let questions = [
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
    ];
    for (number, question) in questions.iter().enumerate() {
        write("ask", &format!("question-{number}"), question);
    }
}
