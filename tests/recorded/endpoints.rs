//! The EndpointSlices and Endpoints that kube-controller-manager published for every Service of the recorded clusters, compared with
//! `endpoints`.
//!
//! Not compared, because it is no decision: generated names, empty annotations, the order of endpoints in slices, of slices and of
//! subsets, and which of several slices with the same ports an endpoint got into.

use portolan_tests::published::{object, slices};
use portolan_tests::{Score, answer, engine, files, inputs, list};
use serde_json::{Value, json};

#[test]
fn published_as_recorded() {
    let mut score = Score::new("cluster-endpoints");
    for (file, cluster) in files("cluster-") {
        let engine = engine(inputs(&cluster));
        for service in list(&cluster, "objects").iter().filter(|object| object["kind"] == "Service") {
            let (namespace, name) = (&service["metadata"]["namespace"], &service["metadata"]["name"]);
            let question = json!({"ask": "endpoints", "service": {"namespace": namespace, "name": name}});
            let answered = answer(&engine, &question);
            let own = |slice: &&Value| {
                slice["metadata"]["namespace"] == *namespace
                    && slice["metadata"]["labels"]["kubernetes.io/service-name"] == *name
            };
            let recorded = slices(list(&cluster, "endpointSlices").iter().filter(own));
            let ours = slices(list(&answered, "endpointSlices"));
            score.case(ours == recorded, || {
                format!("{file} {namespace}/{name}: slices\nours     {ours:#?}\nrecorded {recorded:#?}")
            });
            let same =
                |object: &&Value| object["metadata"]["namespace"] == *namespace && object["metadata"]["name"] == *name;
            let recorded = list(&cluster, "endpoints").iter().find(same).map(object);
            let ours = answered.get("endpoints").filter(|object| !object.is_null()).map(object);
            score.case(ours == recorded, || {
                format!("{file} {namespace}/{name}: endpoints\nours     {ours:#?}\nrecorded {recorded:#?}")
            });
        }
    }
    score.finish();
}
