//! What the API server sends, as the tree that the engine reads.

use portolan_base::tree::{Key, Node, Number, Place, Value};

/// The tree of a JSON value that the client's library has read. What servers keep for themselves
/// (`metadata.managedFields`) is left out: it is often most of the object, and nothing looks at it.
pub(crate) fn of(value: serde_json::Value) -> Node {
    let value = match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(value),
        serde_json::Value::Number(number) => Value::Number(match number.as_i64() {
            Some(number) => Number::Int(number),
            None => Number::Literal(number.to_string().into()),
        }),
        serde_json::Value::String(text) => Value::String(text.into()),
        serde_json::Value::Array(items) => Value::Sequence(items.into_iter().map(of).collect()),
        serde_json::Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| name != "managedFields");
            let member = |(name, value): (String, serde_json::Value)| {
                (Key { name: name.into(), place: Place::default() }, of(value))
            };
            Value::Mapping(kept.map(member).collect())
        }
    };
    Node { value, place: Place::default() }
}
