//! Compares `resolve` with the answers of CoreDNS in the recorded clusters.

use portolan_tests::{Score, answer, engine, files, inputs, list};
use serde_json::json;

#[test]
fn answers_as_recorded() {
    let mut score = Score::new("cluster-dns");
    for (file, cluster) in files("cluster-") {
        let engine = engine(inputs(&cluster));
        for row in list(&cluster, "dns") {
            // Reverse questions are written with the word before the address.
            let name = row["name"].as_str().unwrap().trim_start_matches("PTR ");
            let ours = answer(&engine, &json!({"ask": "resolve", "name": name, "type": row["type"]}));
            let right = ours["status"] == row["status"] && ours["answers"] == row["answers"];
            score.case(right, || format!("{file}: {row}\n  ours {ours}"));
        }
    }
    score.finish();
}
