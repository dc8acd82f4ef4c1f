//! `endpoints`: what would the controllers publish for a Service? A Service goes in, its EndpointSlices and Endpoints come
//! out, and for every pod that it selects whether it is published, and why.

use super::AskError;
use super::part::ObjectName;
use crate::api::endpoint_slice::EndpointSlice;
use crate::api::endpoints::Endpoints;
use crate::api::meta::ObjectMeta;
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::{answer, question};
use crate::{endpoints as room, endpoints::pods};

question! {
    /// What would the controllers publish for a Service?
    EndpointsQuestion<'q> {
        /// The Service.
        "service" => service: ObjectName<'q>;
    }
}

answer! {
    /// The published objects of a Service.
    EndpointsAnswer {
        /// Every slice that belongs to the Service.
        "endpointSlices" => endpoint_slices: Vec<EndpointSlice>;
        /// Its Endpoints, where there are any.
        "endpoints" => endpoints: Option<Endpoints>;
        /// Every pod that the selector selects: whether it is published, and why.
        "because" => because: Vec<PodReason>;
    }

    /// Whether a pod that a Service selects is published.
    PodReason {
        /// The pod.
        "pod" => pod: ObjectKey;
        /// Whether it is.
        "published" => published: bool;
        /// Why.
        "because" => because: &'static str;
    }
}

/// The slices and the Endpoints of a Service, the controllers' and hand-written ones, without what the server makes up.
///
/// # Errors
/// `NotFound` where there is no such Service.
pub fn endpoints(engine: &Engine, question: &EndpointsQuestion<'_>) -> Result<EndpointsAnswer, AskError> {
    let key = question.service.key();
    let cluster = engine.cluster();
    let Some(service) = cluster.services.by_key(&key) else {
        return Err(AskError::not_found(engine, "service", Kind::Service, &key));
    };
    let reason = |pod: &crate::api::pod::Pod| {
        let membership = pods::membership(pod, service, engine.endpoints().nodes());
        PodReason {
            pod: ObjectKey::new(key.namespace.as_str(), pod.metadata.name.as_str()),
            published: membership == pods::Membership::Published,
            because: membership.because(),
        }
    };
    Ok(EndpointsAnswer {
        endpoint_slices: engine.endpoints().slices(&key).iter().map(|slice| published_slice(slice)).collect(),
        endpoints: room::endpoints_object(cluster, &key).map(|object| published_object(&object)),
        because: room::selected_pods(cluster, &key, service).iter().map(|pod| reason(pod)).collect(),
    })
}

fn published_slice(slice: &EndpointSlice) -> EndpointSlice {
    let mut slice = slice.clone();
    clear_server_fields(&mut slice.metadata);
    for endpoint in slice.endpoints.iter_mut().flatten() {
        if let Some(target) = &mut endpoint.target_ref {
            target.uid.clear();
            target.resource_version.clear();
        }
    }
    slice
}

fn published_object(object: &Endpoints) -> Endpoints {
    let mut object = object.clone();
    clear_server_fields(&mut object.metadata);
    for subset in object.subsets.iter_mut().flatten() {
        let addresses = subset.addresses.iter_mut().chain(&mut subset.not_ready_addresses).flatten();
        for target in addresses.filter_map(|address| address.target_ref.as_mut()) {
            target.uid.clear();
            target.resource_version.clear();
        }
    }
    object
}

/// Clears what the server makes up: UIDs, versions and times.
fn clear_server_fields(metadata: &mut ObjectMeta) {
    metadata.uid.clear();
    metadata.resource_version.clear();
    metadata.generation = 0;
    metadata.creation_timestamp.0.clear();
    metadata.managed_fields.clear();
    metadata.owner_references.clear();
    metadata.annotations.remove("endpoints.kubernetes.io/last-change-trigger-time");
}
