//! Answers held against the declarations of their types: a member that is not declared must not be there, a declared one must
//! be there unless it is optional, and every value has the declared shape.

use portolan::api::describe::{FieldDescription, Shape};
use portolan::ask::contract::kinds;
use serde_json::{Map, Value};

/// Where an answer differs from the declaration of its type; nothing where it does not.
pub fn difference(answer: &Value) -> Option<String> {
    let members = answer.as_object()?;
    let Some(kind) = members.get("ask") else { return error_difference(members) };
    let Some(described) = kinds().iter().find(|described| *kind == described.kind) else {
        return Some(format!("{kind} is not declared"));
    };
    let description = described.answer()?;
    let own = |name: &str| name == "ask" || name == "id";
    object_difference(members, description.fields, &own, described.kind)
}

fn error_difference(members: &Map<String, Value>) -> Option<String> {
    let error = members.get("error").and_then(Value::as_object);
    let is_complete = error.is_some_and(|error| error.contains_key("reason") && error.contains_key("message"));
    (!is_complete).then(|| format!("neither an answer nor an error: {members:?}"))
}

fn object_difference(
    members: &Map<String, Value>,
    fields: &[FieldDescription],
    own: &dyn Fn(&str) -> bool,
    at: &str,
) -> Option<String> {
    if let Some(name) = members.keys().find(|name| !own(name) && fields.iter().all(|field| field.name != **name)) {
        return Some(format!("{at} has `{name}`, which is not declared"));
    }
    fields.iter().find_map(|field| {
        let at = format!("{at}.{}", field.name);
        match members.get(field.name) {
            // A list that Go has as nil is null in objects of the API.
            Some(Value::Null) if field.is_optional && matches!((field.shape)(), Shape::List(_)) => None,
            Some(value) => shape_difference(value, &(field.shape)(), &at),
            None if field.is_optional => None,
            None => Some(format!("{at} is missing")),
        }
    })
}

fn shape_difference(value: &Value, shape: &Shape, at: &str) -> Option<String> {
    let is = |fits: bool| (!fits).then(|| format!("{at} is {value}, declared as {shape:?}"));
    match (shape, value) {
        (Shape::Any, _) => None,
        (Shape::String, _) => is(value.is_string()),
        (Shape::Integer, _) => is(value.is_i64() || value.is_u64()),
        (Shape::Boolean, _) => is(value.is_boolean()),
        (Shape::IntegerOrString, _) => is(value.is_i64() || value.is_string()),
        (Shape::AnyObject, _) => is(value.get("kind").is_some()),
        (Shape::Word { known, is_open }, Value::String(text)) => is(*is_open || known.contains(&text.as_str())),
        (Shape::OrNull(_), Value::Null) => None,
        (Shape::OrNull(inside), _) => shape_difference(value, inside, at),
        (Shape::OneOf(shapes), _) => is(shapes.iter().any(|shape| shape_difference(value, shape, at).is_none())),
        (Shape::List(inside), Value::Array(items)) => items.iter().find_map(|item| shape_difference(item, inside, at)),
        (Shape::Map(inside), Value::Object(members)) => {
            members.values().find_map(|member| shape_difference(member, inside, at))
        }
        (Shape::Struct(description), Value::Object(members)) => {
            object_difference(members, description.fields, &|_| false, at)
        }
        _ => is(false),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;
    use serde_json::json;

    #[test]
    fn differences_are_found() {
        let read = |document| difference(&json!({ "ask": "read", "id": null, "documents": [document] }));
        assert_eq!(read(json!({ "value": [1] })), None);
        assert_eq!(read(json!({ "walue": 1 })).as_deref(), Some("read.documents has `walue`, which is not declared"));
        assert!(read(json!({ "line": "1" })).is_some_and(|text| text.starts_with("read.documents.line is \"1\"")));
        assert_eq!(difference(&json!({ "ask": "read" })).as_deref(), Some("read.documents is missing"));
        assert!(difference(&json!({ "id": 1 })).is_some());
        assert_eq!(difference(&json!({ "id": 1, "error": { "reason": "NotFound", "message": "x" } })), None);
    }
}
