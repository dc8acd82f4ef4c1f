//! What the kinds' fields mean: descriptions made from the engine's own types.

use portolan::api::describe::{Description, FieldDescription, Shape};
use portolan::api::resource::Kind;

/// Where a path leads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// The fields that may stand there; none before an item of a list has begun.
    pub(crate) fields: &'static [FieldDescription],
    /// The field that the path ends in.
    pub(crate) field: Option<FieldDescription>,
    /// Whether names there are the author's.
    pub(crate) is_map: bool,
}

/// Follows a path (`spec`, `ports`, `-`, `port`) from an object of that kind.
pub(crate) fn follow(kind: Kind, path: &[String]) -> Option<Found> {
    let mut shape = kind.shape();
    let mut field = None;
    for step in path {
        shape = match (shape, step.as_str()) {
            (Shape::List(item), "-") => *item,
            // A name that is the author's: what follows is the map's value.
            (Shape::Map(value), _) => *value,
            (Shape::Struct(object), name) => {
                let found = named(&object, name)?;
                field = Some(found);
                (found.shape)()
            }
            _ => return None,
        };
    }
    Some(Found {
        fields: match &shape {
            Shape::Struct(object) => object.fields,
            _ => &[],
        },
        field,
        is_map: matches!(shape, Shape::Map(_)),
    })
}

fn named(object: &Description, name: &str) -> Option<FieldDescription> {
    object.fields.iter().find(|field| field.name == name).copied()
}

/// A shape in a word or two.
pub(crate) fn words(shape: &Shape) -> String {
    let one = |shape: &Shape| match shape {
        Shape::String | Shape::Word { .. } => "string",
        Shape::Integer => "integer",
        Shape::Boolean => "boolean",
        Shape::IntegerOrString => "integer or string",
        Shape::Any | Shape::AnyObject | Shape::OrNull(_) | Shape::OneOf(_) => "any value",
        Shape::List(_) => "list",
        Shape::Map(_) => "map",
        Shape::Struct(_) => "object",
    };
    match shape {
        Shape::List(item) => format!("list of {}s", one(item)),
        Shape::Map(value) => format!("map of {}s", one(value)),
        other => one(other).to_owned(),
    }
}

/// The values that a field's description names as its choices: `A`, `B` or `C`.
pub(crate) fn choices(field: &FieldDescription) -> Vec<&'static str> {
    let shape = (field.shape)();
    let is_text = match &shape {
        Shape::Boolean => return vec!["true", "false"],
        Shape::List(item) => matches!(**item, Shape::String),
        other => matches!(other, Shape::String),
    };
    if !is_text {
        return Vec::new();
    }
    let is_choice = |word: &&str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    field.doc.split('`').skip(1).step_by(2).filter(is_choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn paths_lead_to_fields() {
        let found = follow(Kind::Service, &path("spec ports - targetPort")).unwrap();
        assert_eq!(words(&(found.field.unwrap().shape)()), "integer or string");
        let found = follow(Kind::Service, &path("spec ports -")).unwrap();
        assert!(found.fields.iter().any(|field| field.name == "nodePort"));
        assert!(follow(Kind::Service, &path("spec ports")).unwrap().fields.is_empty());
        assert!(follow(Kind::Service, &path("spec selector")).unwrap().is_map);
        assert!(follow(Kind::Service, &path("spec nonsense")).is_none());
        let field = follow(Kind::Service, &path("spec ports - protocol")).unwrap().field.unwrap();
        assert_eq!(choices(&field), ["TCP", "UDP", "SCTP"]);
    }
}
