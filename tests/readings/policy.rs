//! The compiled network policies against a naive reading of the documentation, on clusters that use the whole API.
//! `PORTOLAN_SLOW=1` asks a million questions.

use crate::naive_policy::Cluster;
use portolan_tests::generate::{Chance, odd, question};
use portolan_tests::{answer, engine, is_slow};
use serde_json::json;

#[test]
fn the_compiled_verdict_is_the_naive_one() {
    let clusters: u64 = if is_slow() { 5_000 } else { 100 };
    let mut asked = 0;
    for seed in 0..clusters {
        let odd = odd(seed);
        let engine = engine(&odd.objects);
        let mut chance = Chance::new(seed ^ 0xA5A5);
        for _ in 0..200 {
            let mut asking = question(&mut chance, &odd);
            let (egress, ingress) = Cluster(&odd.objects).verdict(&asking);
            asking["ask"] = json!("verdict");
            let given = answer(&engine, &asking);
            let wanted = json!([egress, ingress, egress && ingress]);
            assert_eq!(
                json!([given["egress"], given["ingress"], given["allowed"]]),
                wanted,
                "seed {seed}: {asking}\n{given}"
            );
            asked += 1;
        }
    }
    assert_eq!(asked, clusters * 200);
}
