//! What kube-controller-manager published for every Service of the recorded clusters, held against `endpoints`.
//!
//! Left aside is what says nothing: generated names, empty annotations, the order of endpoints in slices, of slices and of
//! subsets, and which of several slices with the same ports an endpoint got into.

use portolan_tests::{Score, answer, engine, files, inputs, list};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

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

/// The slices with their endpoints by what slices are told apart by.
fn slices<'a>(slices: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Vec<String>> {
    let mut by_shape: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for slice in slices {
        let mut shape = slice.as_object().cloned().unwrap_or_default();
        let endpoints = shape.remove("endpoints").unwrap_or_default();
        shape.insert("metadata".to_owned(), metadata(slice));
        let group = by_shape.entry(text(&Value::Object(shape))).or_default();
        group.extend(endpoints.as_array().into_iter().flatten().map(text));
        group.sort();
    }
    by_shape
}

fn object(object: &Value) -> String {
    let mut members = object.as_object().cloned().unwrap_or_default();
    members.insert("metadata".to_owned(), metadata(object));
    if let Some(Value::Array(subsets)) = members.get_mut("subsets") {
        subsets.sort_by_cached_key(text);
    }
    text(&Value::Object(members))
}

fn metadata(object: &Value) -> Value {
    let mut members = object.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default();
    if members.contains_key("generateName") {
        members.remove("name");
    }
    if members.get("annotations").and_then(Value::as_object).is_some_and(Map::is_empty) {
        members.remove("annotations");
    }
    Value::Object(members)
}

/// The value as JSON with the members of every object by name.
fn text(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let by_name: BTreeMap<&String, &Value> = members.iter().collect();
                Value::Object(by_name.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}
