//! Compares `read` with the results of apimachinery's and sigs.k8s.io/yaml's readers for the same texts.

use portolan::cluster::Options;
use portolan::engine::Engine;
use portolan_tests::{Score, answer, lines};
use serde_json::{Value, json};

/// The value of a document, or that it is refused. The wording of a refusal is not compared.
fn facts(documents: &Value) -> Vec<Value> {
    let fact = |document: &Value| match document.get("error") {
        Some(_) => json!({"error": true}),
        None => document.clone(),
    };
    documents.as_array().map(|documents| documents.iter().map(fact).collect()).unwrap_or_default()
}

/// Whether two values are equal: members in any order, numbers by value.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            a.to_string() == b.to_string() || (a.is_f64() && b.is_f64() && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

#[test]
fn yaml() {
    let engine = Engine::new(Options::default());
    let mut score = Score::new("yaml");
    for record in lines("yaml.jsonl.gz") {
        let given = answer(&engine, &json!({"ask": "read", "text": record["text"]}));
        let (wanted, got) = (facts(&record["documents"]), facts(&given["documents"]));
        let right = wanted.len() == got.len() && wanted.iter().zip(&got).all(|(wanted, got)| same(wanted, got));
        score.case(right, || {
            format!("{}\n  wanted {}\n  got    {}", record["text"], record["documents"], given["documents"])
        });
    }
    score.finish();
}
