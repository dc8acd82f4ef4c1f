//! Published EndpointSlices and Endpoints in a form in which they can be compared: without what says nothing.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The slices with their endpoints, keyed by the properties that distinguish slices.
pub fn slices<'a>(slices: impl IntoIterator<Item = &'a Value>) -> BTreeMap<String, Vec<String>> {
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

/// The object as text, its subsets sorted.
pub fn object(object: &Value) -> String {
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
