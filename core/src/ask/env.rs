//! `env`: which variables would the kubelet put into a container?

use super::{AskError, hosts};
use crate::api::object::decode_into;
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::engine::Engine;
use crate::kubelet::env::{self, Variable};
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// `{"pod": {"namespace", "name"}, "container": …}` or `{"services": […]}` → `{"env": [{"name", "value"}]}`. Of a pod it is
/// the container of that name, or the first; with it come `missed`, `collisions` and `unknown`.
///
/// # Errors
/// Neither a pod nor Services are given, or there is no such pod or container.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    if let Some(services) = question.get("services") {
        let services: Vec<Service> = services.items().iter().map(read).collect();
        return Ok(Json::object().with("env", variables(&env::from_services(&services))));
    }
    let pod = hosts::named_pod(engine, question, "pod", "name")?;
    let wanted = question.get("container").and_then(Node::as_str);
    let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    let container = match wanted {
        Some(name) => containers.find(|container| container.name == name),
        None => containers.next(),
    };
    let container = container.ok_or_else(|| AskError::not_found("container", "the pod has no such container"))?;
    let environment = env::of_container(engine.cluster(), pod, container);
    let missed = environment.missed.iter().map(|service| {
        let because = format!("Service {service} is younger than the pod");
        Json::object().with("service", reference(service)).with("because", because)
    });
    let collisions = environment.collisions.iter().map(|collision| {
        let services: Vec<Json> = collision.services.iter().map(reference).collect();
        Json::object()
            .with("name", collision.name.clone())
            .with("services", services)
            .with("because", collision.because())
    });
    let unknown = environment
        .unknown
        .iter()
        .map(|(name, because)| Json::object().with("name", name.clone()).with("because", because.clone()));
    Ok(Json::object()
        .with("env", variables(&environment.variables))
        .with("missed", Json::Array(missed.collect()))
        .with("collisions", Json::Array(collisions.collect()))
        .with("unknown", Json::Array(unknown.collect())))
}

/// A Service as it stands in the question, read as leniently as what is stored.
fn read(node: &Node) -> Service {
    let mut service = Service::default();
    decode_into(&mut service, node);
    service
}

fn reference(key: &ObjectKey) -> Json {
    Json::object().with("namespace", key.namespace.clone()).with("name", key.name.clone())
}

fn variables(variables: &[Variable]) -> Json {
    let variable =
        |variable: &Variable| Json::object().with("name", variable.name.clone()).with("value", variable.value.clone());
    Json::Array(variables.iter().map(variable).collect())
}
