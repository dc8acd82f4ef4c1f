//! `ingress-shared-*.json.gz`: what Contour and Envoy answered to real requests. Asked through the question, as every host
//! does.

use portolan_tests::{Score, answer, engine, files};
use serde_json::{Value, json};

#[test]
fn every_request_lands_where_contour_sent_it() {
    replay("ingress", "requests");
}

#[test]
fn odd_paths_are_compared_as_envoy_normalizes_them() {
    replay("ingress-normalization", "normalization");
}

fn replay(score: &'static str, rows: &str) {
    let mut score = Score::new(score);
    for (name, recording) in files("ingress-shared-") {
        let engine = engine(recording["objects"].as_array().unwrap());
        for row in recording[rows].as_array().unwrap() {
            let url = format!("http://{}{}", row["host"].as_str().unwrap(), row["path"].as_str().unwrap());
            let given = answer(&engine, &json!({"ask": "route", "method": "GET", "url": url, "controller": "contour"}));
            let service = &given["service"]["name"];
            let matched = row["code"] == 200;
            let right = given["matched"] == Value::Bool(matched) && *service == row["service"];
            score.case(right, || format!("{name}: {row}\n{given}"));
            assert!(given["because"].as_str().is_some_and(|because| !because.is_empty()), "no reason: {given}");
        }
    }
    score.finish();
}

/// The scenarios of the Ingress conformance features, as data of our own: what the API documentation promises.
#[test]
fn the_conformance_scenarios_hold_for_the_specification() {
    let scenarios: Vec<Value> = serde_json::from_str(include_str!("../ingress/conformance.json")).unwrap();
    assert_eq!(scenarios.len(), 25);
    for scenario in &scenarios {
        let engine = engine(scenario["objects"].as_array().unwrap());
        for request in scenario["requests"].as_array().unwrap() {
            let question = json!({"ask": "route", "url": request["url"], "ingressClass": scenario["ingressClass"]});
            let given = answer(&engine, &question);
            assert_eq!(given["service"]["name"], request["service"], "{}: {request}: {given}", scenario["scenario"]);
            assert_eq!(given["matched"], Value::Bool(!request["service"].is_null()), "{given}");
        }
    }
}
