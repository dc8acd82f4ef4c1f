//! `endpoints`: what would the controllers publish for a Service?

use super::{AskError, part};
use crate::api::endpoint_slice::EndpointSlice;
use crate::api::endpoints::Endpoints;
use crate::api::meta::ObjectMeta;
use crate::api::object::encode_object;
use crate::api::resource::ObjectKey;
use crate::engine::Engine;
use crate::{endpoints, endpoints::pods};
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// `{"service": {"namespace", "name"}}` → `{"endpointSlices": […], "endpoints": {…} | null, "because": […]}`. `because`
/// has an entry for every pod that the selector picks: whether it is published, and why.
///
/// # Errors
/// `BadRequest` where the question names no Service, `NotFound` where there is none of that name.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let key = part::key(question, "service", "name")?;
    let cluster = engine.cluster();
    if cluster.services.by_key(&key).is_none() {
        return Err(AskError::not_found("service", format!("services \"{}\" not found", key.name)));
    }
    let slices: Vec<Json> = engine.endpoints().slices(&key).iter().map(|slice| slice_json(slice)).collect();
    let object = endpoints::endpoints_object(cluster, &key);
    Ok(Json::object()
        .with("endpointSlices", slices)
        .with("endpoints", object.map_or(Json::Null, |object| object_json(&object)))
        .with("because", because(engine, &key)))
}

fn because(engine: &Engine, key: &ObjectKey) -> Vec<Json> {
    let cluster = engine.cluster();
    let Some(service) = cluster.services.by_key(key) else { return Vec::new() };
    let pods = endpoints::selected_pods(cluster, key, service);
    let reason = |pod: &crate::api::pod::Pod| {
        let membership = pods::membership(pod, service, engine.endpoints().nodes());
        let reference = Json::object().with("namespace", key.namespace.clone()).with("name", pod.metadata.name.clone());
        Json::object()
            .with("pod", reference)
            .with("published", membership == pods::Membership::Published)
            .with("because", membership.because())
    };
    pods.iter().map(|pod| reason(pod)).collect()
}

fn slice_json(slice: &EndpointSlice) -> Json {
    let mut slice = slice.clone();
    forget_made_up(&mut slice.metadata);
    for endpoint in slice.endpoints.iter_mut().flatten() {
        if let Some(target) = &mut endpoint.target_ref {
            target.uid.clear();
            target.resource_version.clear();
        }
    }
    encode_object(&slice)
}

fn object_json(object: &Endpoints) -> Json {
    let mut object = object.clone();
    forget_made_up(&mut object.metadata);
    for subset in object.subsets.iter_mut().flatten() {
        let addresses = subset.addresses.iter_mut().chain(&mut subset.not_ready_addresses).flatten();
        for target in addresses.filter_map(|address| address.target_ref.as_mut()) {
            target.uid.clear();
            target.resource_version.clear();
        }
    }
    encode_object(&object)
}

/// Leaves out what the server makes up: UIDs, versions and times.
fn forget_made_up(metadata: &mut ObjectMeta) {
    metadata.uid.clear();
    metadata.resource_version.clear();
    metadata.generation = 0;
    metadata.creation_timestamp.0.clear();
    metadata.managed_fields.clear();
    metadata.owner_references.clear();
    metadata.annotations.remove("endpoints.kubernetes.io/last-change-trigger-time");
}
