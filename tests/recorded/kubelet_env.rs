//! Compares `env` with the variables that the kubelet's `envvars.FromServices` made of the same Services.

use portolan::cluster::Options;
use portolan::engine::Engine;
use portolan_tests::{Score, answer, lines};
use serde_json::json;

#[test]
fn variables_as_recorded() {
    let engine = Engine::new(Options::default());
    let mut score = Score::new("kubelet-env");
    for record in lines("kubelet-env.jsonl.gz") {
        let ours = answer(&engine, &json!({"ask": "env", "services": record["services"]}));
        score.case(ours["env"] == record["env"], || {
            format!("{}\n  recorded {}\n  ours     {}", record["services"], record["env"], ours["env"])
        });
    }
    score.finish();
}
