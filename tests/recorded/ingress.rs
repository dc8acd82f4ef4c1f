//! `ingress-shared-*.json.gz`: the responses of Contour and Envoy to real requests, compared with the answers to `route`.

use portolan_tests::{Score, answer, cases, engine, files, lines};
use serde_json::{Value, json};

#[test]
fn every_request_lands_where_contour_sent_it() {
    replay("ingress", "requests");
}

#[test]
fn odd_paths_are_compared_as_envoy_normalizes_them() {
    replay("ingress-normalization", "normalization");
}

/// `ingress-corners.jsonl.gz`: the same with classes, annotations, Secrets, and Services that Contour serves nothing from, asked
/// over TLS too.
#[test]
fn rarer_ingresses_are_served_as_contour_served_them() {
    let mut score = Score::new("ingress-corners");
    for recording in lines("ingress-corners.jsonl.gz") {
        let engine = engine(recording["objects"].as_array().unwrap());
        for row in recording["requests"].as_array().unwrap() {
            let given = answer(&engine, &json!({"ask": "route", "url": row["url"], "controller": "contour"}));
            let matched = !row["service"].is_null() || !row["location"].is_null();
            let right = given["matched"] == Value::Bool(matched)
                && given["service"]["name"] == row["service"]
                && given["redirect"]["location"] == row["location"];
            score.case(right, || format!("{}: {row}\n{given}", recording["seed"]));
        }
    }
    score.finish();
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
    let scenarios = cases("ingress-conformance.json");
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

/// Contour's rarer rules, as cases of our own taken from its sources (`internal/dag` of v1.33.8). The recordings lack these: classes by name, the least and the greatest TLS version, the certificates' namespace, the default class.
#[test]
fn requests_are_served_as_contour_would() {
    let cases = cases("ingress-contour.json");
    for case in &cases {
        let engine = engine(case["objects"].as_array().unwrap());
        for request in case["requests"].as_array().unwrap() {
            let given = answer(&engine, &json!({"ask": "route", "url": request["url"], "controller": "contour"}));
            let told = format!("{}: {request}: {given}", case["case"]);
            assert_eq!(given["service"]["name"], request["service"], "{told}");
            assert_eq!(given["redirect"]["location"], request["redirect"], "{told}");
            let expected = !request["service"].is_null() || !request["redirect"].is_null();
            assert_eq!(given["matched"], Value::Bool(expected), "{told}");
        }
    }
}

/// ingress-nginx's rules and annotations, as cases of our own taken from its sources.
#[test]
fn requests_are_served_as_ingress_nginx_would() {
    let cases = cases("ingress-nginx.json");
    for case in &cases {
        let engine = engine(case["objects"].as_array().unwrap());
        for request in case["requests"].as_array().unwrap() {
            let mut question = request.clone();
            question["ask"] = json!("route");
            question["controller"] = json!("nginx");
            let given = answer(&engine, &question);
            let expect = &request["expect"];
            let about = format!("{}: {request}\n{given}", case["case"]);
            assert_eq!(given["service"]["name"], expect["service"], "{about}");
            assert_eq!(given["redirect"], expect["redirect"], "{about}");
            assert_eq!(given["refusal"]["code"], expect["refusal"], "{about}");
            assert_eq!(given["rewrite"], expect["rewrite"], "{about}");
            if !expect["canary"].is_null() {
                assert_eq!(given["canary"]["weight"], expect["canary"], "{about}");
            }
            assert_eq!(given["matched"], Value::Bool(expect.as_object().is_some_and(|it| !it.is_empty())), "{about}");
            assert_eq!(given["backendProtocol"], expect["backendProtocol"], "{about}");
            assert_eq!(given["fallback"]["name"], expect["fallback"], "{about}");
            assert_eq!(given["unconsideredAnnotations"], expect["unconsidered"], "{about}");
            if !expect["tls"].is_null() {
                assert_eq!(given["tls"], expect["tls"], "{about}");
            }
        }
    }
}
