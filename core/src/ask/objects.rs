//! `objects`: what is in the cluster? Kinds and a namespace go in, a list of objects comes out: hosts list, complete and show
//! from it.

use super::AskError;
use super::part::{Location, Reference};
use crate::api::codec::encode;
use crate::api::describe::{Describe, Shape};
use crate::api::meta::StringMap;
use crate::api::object::{Object, encode_object, field_named};
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::{answer, question};
use portolan_base::json::{Json, ToView, View};
use std::borrow::Cow;

question! {
    /// What is in the cluster?
    ObjectsQuestion<'q> {
        /// Only objects of these kinds.
        "kinds" => kinds: Option<Vec<Kind>> [optional];
        /// Only objects of this namespace.
        "namespace" => namespace: Option<&'q str> [optional];
        /// Gives the objects themselves too.
        "whole" => is_whole: bool [optional];
    }
}

answer! {
    /// The objects of the cluster.
    ObjectsAnswer<'e> {
        /// The objects, by kind, namespace and name.
        "objects" => objects: Vec<ListedObject<'e>>;
    }

    /// An object in a list.
    ListedObject<'e> {
        /// `Service`, `Ingress`, …
        "kind" => kind: Kind;
        /// Its namespace; absent for kinds of cluster scope.
        "namespace" => namespace: Cow<'e, str> [optional];
        /// Its name.
        "name" => name: Cow<'e, str>;
        /// Its labels.
        "labels" => labels: Option<Labels> [optional];
        /// Where it is, where it comes from a file.
        "source" => source: Option<Location<'e>> [optional];
        /// For a pod that no file has: the workload that makes it.
        "standsFor" => stands_for: Option<Reference<'e>> [optional];
        /// The object itself, where it was asked for.
        "object" => object: Option<AnyObject> [optional];
    }
}

/// The labels of an object, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels(pub Json);

/// An object of any kind, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct AnyObject(pub Json);

impl ToView for Labels {
    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl Describe for Labels {
    fn shape() -> Shape {
        StringMap::shape()
    }
}

impl ToView for AnyObject {
    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl Describe for AnyObject {
    fn shape() -> Shape {
        Shape::AnyObject
    }
}

/// Lists the objects.
///
/// # Errors
/// None.
pub fn objects<'e>(engine: &'e Engine, question: &ObjectsQuestion<'_>) -> Result<ObjectsAnswer<'e>, AskError> {
    let mut objects = Vec::new();
    for kind in question.kinds.as_deref().unwrap_or(Kind::ALL) {
        engine.cluster().each(*kind, &mut |key, object| {
            if question.namespace.is_none_or(|wanted| key.namespace == wanted) {
                objects.push(listed(engine, *kind, key, object, question.is_whole));
            }
        });
    }
    Ok(ObjectsAnswer { objects })
}

fn listed<'e>(
    engine: &'e Engine,
    kind: Kind,
    key: &'e ObjectKey,
    object: &dyn Object,
    is_whole: bool,
) -> ListedObject<'e> {
    let metadata = field_named(object, "metadata").map(encode).unwrap_or_default();
    let source = Location::of_field(engine, kind, key, "metadata.name");
    let owner = if source.is_none() && kind == Kind::Pod { engine.workload_of(key) } else { None };
    ListedObject {
        kind,
        namespace: Cow::Borrowed(&key.namespace),
        name: Cow::Borrowed(&key.name),
        labels: metadata.get("labels").cloned().map(Labels),
        source,
        stands_for: owner.map(|(kind, key)| Reference::of(*kind, key)),
        object: is_whole.then(|| AnyObject(encode_object(object))),
    }
}

#[cfg(test)]
mod tests {
    use crate::ask::answer_text;
    use crate::cluster::Options;
    use crate::engine::Engine;
    use portolan_base::json;

    #[test]
    fn objects_are_listed_by_kind_and_name() {
        let mut engine = Engine::new(Options::default());
        for text in [
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","labels":{"a":"b"}}}"#,
            r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}"#,
        ] {
            let node = json::read(text).unwrap();
            let kind = crate::api::resource::Kind::of("v1", node.get("kind").unwrap().as_str().unwrap()).unwrap();
            engine.insert(crate::api::resource::read(kind, &node).0, None);
        }
        assert_eq!(
            answer_text(&engine, r#"{"ask":"objects","kinds":["Service","Namespace"]}"#),
            r#"{"ask":"objects","id":null,"objects":[{"kind":"Service","namespace":"default","name":"web","labels":{"a":"b"}},{"kind":"Namespace","name":"shop"}]}"#
        );
        assert!(
            answer_text(&engine, r#"{"ask":"objects","kinds":["Weather"]}"#)
                .contains("unknown kind `Weather`; expected one of")
        );
    }
}
