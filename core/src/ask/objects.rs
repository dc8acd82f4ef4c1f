//! `objects`: what is in the cluster? What a host lists, offers for completion and shows is read from here.

use super::AskError;
use crate::api::codec::encode;
use crate::api::object::{Object, encode_object, field_named};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Cluster, Store};
use crate::engine::Engine;
use crate::finding::into_reference;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers `{"kinds": ["Service"], "namespace": "default", "whole": true}`, all of it optional, with `{"objects": […]}`:
/// of each object its kind, namespace and name, its labels, its place in a file where it has one, `standsFor` where it is
/// a pod that a workload only stands for, and with `whole` the object itself.
///
/// # Errors
/// A kind that is none, or a member of the wrong type.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let kinds = kinds(question)?;
    let namespace = match question.get("namespace") {
        Some(node) => Some(node.as_str().ok_or_else(|| AskError::bad("namespace", "`namespace` has to be a string"))?),
        None => None,
    };
    let whole = question.get("whole").and_then(Node::as_bool).unwrap_or(false);
    let cluster = engine.cluster();
    let mut objects = Vec::new();
    for kind in kinds {
        visit(cluster, kind, &mut |key, object| {
            if namespace.is_none_or(|wanted| key.namespace == wanted) {
                objects.push(entry(engine, kind, key, object, whole));
            }
        });
    }
    Ok(Json::object().with("objects", Json::Array(objects)))
}

fn kinds(question: &Node) -> Result<Vec<Kind>, AskError> {
    let Some(node) = question.get("kinds") else { return Ok(Kind::ALL.to_vec()) };
    let mut kinds = Vec::new();
    for item in node.items() {
        let name = item.as_str().unwrap_or_default();
        let known = Kind::ALL.iter().find(|kind| kind.name() == name);
        kinds.push(*known.ok_or_else(|| AskError::bad("kinds", format!("`{name}` is no kind that is known")))?);
    }
    Ok(kinds)
}

fn entry(engine: &Engine, kind: Kind, key: &ObjectKey, object: &dyn Object, whole: bool) -> Json {
    let mut json = into_reference(kind, key.clone());
    let metadata = field_named(object, "metadata").map(encode).unwrap_or_default();
    if let Some(labels) = metadata.get("labels") {
        json.set("labels", labels.clone());
    }
    match engine.cluster().source(kind, key) {
        Some(source) => json.set("source", source.place_of("metadata.name").to_json()),
        None if kind == Kind::Pod => {
            if let Some((kind, key)) = engine.stands_for(key) {
                json.set("standsFor", into_reference(kind, key));
            }
        }
        None => {}
    }
    if whole {
        json.set("object", encode_object(object));
    }
    json
}

/// Shows every object of a kind, by namespace and name.
fn visit(cluster: &Cluster, kind: Kind, show: &mut dyn FnMut(&ObjectKey, &dyn Object)) {
    match kind {
        Kind::Namespace => each(&cluster.namespaces, show),
        Kind::Node => each(&cluster.nodes, show),
        Kind::Pod => each(&cluster.pods, show),
        Kind::Service => each(&cluster.services, show),
        Kind::Endpoints => each(&cluster.endpoints, show),
        Kind::EndpointSlice => each(&cluster.endpoint_slices, show),
        Kind::Ingress => each(&cluster.ingresses, show),
        Kind::IngressClass => each(&cluster.ingress_classes, show),
        Kind::NetworkPolicy => each(&cluster.network_policies, show),
        Kind::IPAddress => each(&cluster.ip_addresses, show),
        Kind::ServiceCIDR => each(&cluster.service_cidrs, show),
        Kind::Secret => each(&cluster.secrets, show),
        workload => {
            if let Some(store) = cluster.workloads.get(&workload) {
                each(store, show);
            }
        }
    }
}

fn each<T: Object>(store: &Store<T>, show: &mut dyn FnMut(&ObjectKey, &dyn Object)) {
    for (key, object) in store.iter() {
        show(key, &**object);
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
        assert!(answer_text(&engine, r#"{"ask":"objects","kinds":["Weather"]}"#).contains("`Weather` is no kind"));
    }
}
