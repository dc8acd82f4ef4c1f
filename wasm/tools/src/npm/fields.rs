//! The objects of the API for an editor: which fields a kind has, what each means and which object its value is.

use portolan::api::describe::{Description, Shape};
use portolan::api::resource::Kind;
use portolan_base::json::Json;

/// Every struct of the API, each once, in the order they are met from the kinds on.
pub(super) fn structs() -> Vec<Description> {
    let mut met = Vec::new();
    for kind in Kind::ALL {
        meet(&kind.shape(), &mut met);
    }
    met
}

/// Adds the structs that a shape is made of, each once, in the order they are met.
pub(crate) fn meet(shape: &Shape, met: &mut Vec<Description>) {
    match shape {
        Shape::List(inside) | Shape::Map(inside) | Shape::OrNull(inside) => meet(inside, met),
        Shape::OneOf(shapes) => shapes.iter().for_each(|shape| meet(shape, met)),
        Shape::Struct(description) if met.iter().all(|known| known.name != description.name) => {
            met.push(*description);
            for field in description.fields {
                meet(&(field.shape)(), met);
            }
        }
        _ => {}
    }
}

/// `{"kinds": {"Service": {"apiVersion": "v1", "struct": "Service"}}, "structs": {"Service": {"doc": …, "fields":
/// {"spec": {"doc": …, "type": "object", "struct": "ServiceSpec"}}}}}`.
///
/// `type` is `string`, `integer`, `boolean`, `integer or string`, `any`, `object`, `list` or `map`; the last two give
/// `of`, the type of what they hold. `struct` names the struct of the object, of the list's items or of the map's values.
pub(super) fn json() -> Json {
    let mut kinds = Json::object();
    for kind in Kind::ALL {
        if let Shape::Struct(shape) = kind.shape() {
            let version = if kind.group().is_empty() { "v1".to_owned() } else { format!("{}/v1", kind.group()) };
            kinds.set(kind.name(), Json::object().with("apiVersion", version).with("struct", shape.name));
        }
    }
    let mut objects = Json::object();
    for description in structs() {
        let mut fields = Json::object();
        for field in description.fields {
            let shape = (field.shape)();
            let mut entry = Json::object().with("doc", field.doc.trim()).with("type", word(&shape));
            if let Shape::List(inside) | Shape::Map(inside) = &shape {
                entry.set("of", word(inside));
            }
            if let Some(name) = struct_in(&shape) {
                entry.set("struct", name);
            }
            fields.set(field.name, entry);
        }
        objects.set(description.name, Json::object().with("doc", description.doc.trim()).with("fields", fields));
    }
    Json::object().with("kinds", kinds).with("structs", objects)
}

fn struct_in(shape: &Shape) -> Option<&'static str> {
    match shape {
        Shape::List(inside) | Shape::Map(inside) => struct_in(inside),
        Shape::Struct(description) => Some(description.name),
        _ => None,
    }
}

fn word(shape: &Shape) -> &'static str {
    match shape {
        Shape::String | Shape::Word { .. } => "string",
        Shape::Integer => "integer",
        Shape::Boolean => "boolean",
        Shape::IntegerOrString => "integer or string",
        Shape::Any | Shape::AnyObject | Shape::OrNull(_) | Shape::OneOf(_) => "any",
        Shape::List(_) => "list",
        Shape::Map(_) => "map",
        Shape::Struct(_) => "object",
    }
}
