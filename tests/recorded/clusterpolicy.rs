//! `clusterpolicy-shared.jsonl.gz`: is this connection allowed under the administrators' policies and NetworkPolicies? A
//! recorded cluster and a connection go in through the question `verdict`, as every host asks it; the recorded verdict of
//! kube-network-policies and the tier that decided come out.

use portolan_tests::{Score, answer, engine, lines};
use serde_json::{Value, json};

const FILE: &str = "clusterpolicy-shared.jsonl.gz";

fn question(query: &Value) -> Value {
    let mut question = json!({"ask": "verdict"});
    for field in ["from", "to", "port", "protocol"] {
        question[field] = query[field].clone();
    }
    question
}

/// The tier of the step that decided a direction; none if no policy did.
fn tier(given: &Value, direction: &str, objects: &[Value]) -> Option<&'static str> {
    let steps = given["because"].as_array().unwrap();
    let of_direction = |step: &&Value| step["direction"] == direction;
    // A NetworkPolicy decides by selecting the pod, the others by a rule. `pass` leaves the decision to later steps.
    let decides = |step: &&Value| matches!(step["effect"].as_str(), Some("allow" | "deny" | "isolate"));
    let step = steps.iter().filter(of_direction).rfind(decides)?;
    match step["policy"]["kind"].as_str()? {
        "NetworkPolicy" => Some("NetworkPolicy"),
        "AdminNetworkPolicy" => Some("Admin"),
        "BaselineAdminNetworkPolicy" => Some("Baseline"),
        kind => {
            let is_it =
                |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == step["policy"]["name"];
            match objects.iter().find(is_it)?["spec"]["tier"].as_str()? {
                "Admin" => Some("Admin"),
                _ => Some("Baseline"),
            }
        }
    }
}

#[test]
fn every_verdict_and_tier_is_the_recorded_one() {
    let mut score = Score::new("clusterpolicy");
    for (number, cluster) in lines(FILE).iter().enumerate() {
        let objects = cluster["objects"].as_array().unwrap();
        let engine = engine(objects);
        for query in cluster["queries"].as_array().unwrap() {
            let given = answer(&engine, &question(query));
            let mut right = ["allowed", "egress", "ingress"].iter().all(|field| given[field] == query[field]);
            for (direction, field) in [("egress", "egressTier"), ("ingress", "ingressTier")] {
                if let Some(wanted) = query.get(field) {
                    right &= tier(&given, direction, objects) == wanted.as_str();
                }
            }
            score.case(right, || format!("cluster {number}: {query}\n{given}"));
        }
    }
    score.finish();
}

#[test]
fn a_disputed_connection_gets_one_of_the_two_answers_and_ties_a_note() {
    let (mut asked, mut ties) = (0, 0);
    for cluster in lines(FILE) {
        let engine = engine(cluster["objects"].as_array().unwrap());
        for query in cluster["disputed"].as_array().unwrap() {
            let given = answer(&engine, &question(query));
            for direction in ["egress", "ingress"] {
                let (engine, reading) = (&query["engine"][direction], &query["reading"][direction]);
                // A direction that the reading leaves out is open: both answers are right.
                let agrees = reading.is_null() || given[direction] == *engine || given[direction] == *reading;
                assert!(agrees, "{query}\n{given}");
            }
            if query["why"] == json!(["tie"]) {
                let steps = given["because"].as_array().unwrap();
                assert!(steps.iter().any(|step| step["effect"] == "tie"), "{query}\n{given}");
                assert!(given["notes"].as_array().is_some_and(|notes| !notes.is_empty()), "{query}\n{given}");
                ties += 1;
            }
            asked += 1;
        }
    }
    assert_eq!((asked, ties), (86, 15));
}
