//! `env`: which variables would the kubelet put into a container? A pod or Services go in, the variables come out.

use super::AskError;
use super::declare::{At, Read};
use super::part::{self, ObjectName, PodName};
use crate::api::object::{decode_into, encode_object};
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::engine::Engine;
use crate::kubelet::env::{self as room, Collision, Variable};
use crate::{answer, question, view};
use portolan_base::json::{ToView, View};
use portolan_base::tree::Node;

question! {
    /// Which environment would the kubelet give a container for the Services around it?
    EnvQuestion<'q> {
        /// The pod.
        "pod" => pod: Option<ObjectName<'q>> [optional];
        /// Or the Services, in order.
        "services" => services: Option<Vec<Service>> [optional];
        /// The pod's container; the first unless given.
        "container" => container: Option<&'q str> [optional];
    }
}

answer! {
    /// The variables of a container.
    EnvAnswer {
        /// The variables, in order.
        "env" => env: Vec<Variable>;
        /// Of a pod: Services that are younger than it, so that its containers have no variables of them.
        "missed" => missed: Option<Vec<MissedService>> [optional];
        /// Of a pod: variables that several Services set, that the container sets itself, or that its program may read as its own.
        "collisions" => collisions: Option<Vec<Collision>> [optional];
        /// Of a pod: variables whose values are not in the objects.
        "unknown" => unknown: Option<Vec<UnknownVariable>> [optional];
    }

    /// A Service of which a pod has no variables.
    MissedService {
        /// The Service.
        "service" => service: ObjectKey;
        /// Why.
        "because" => because: String;
    }

    /// A variable whose value is not in the objects.
    UnknownVariable {
        /// Its name.
        "name" => name: String;
        /// Why.
        "because" => because: String;
    }
}

view! {
    /// A variable.
    variable: Variable = "Variable" {
        /// Its name.
        "name": String = variable.name;
        /// Its value.
        "value": String = variable.value;
    }

    /// A variable whose value may be another than expected.
    collision: Collision = "VariableCollision" {
        /// The variable.
        "name": String = collision.name;
        /// The Services that set it.
        "services": Vec<ObjectKey> = collision.services;
        /// Why.
        "because": String = collision.because();
    }
}

impl Read<'_> for Service {
    /// Leniently, as a stored object.
    fn read(&mut self, node: &Node, _: &At<'_>) -> Result<(), AskError> {
        decode_into(self, node);
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl ToView for Service {
    fn view(&self) -> View<'_> {
        View::Made(encode_object(self))
    }
}

/// The variables of the pod's container of that name, or of its first; or those that the Services alone would make.
///
/// # Errors
/// `BadRequest` where neither a pod nor Services are given, `NotFound` where there is no such pod or container.
pub fn env(engine: &Engine, question: &EnvQuestion<'_>) -> Result<EnvAnswer, AskError> {
    if let Some(services) = &question.services {
        let env = room::from_services(services);
        return Ok(EnvAnswer { env, missed: None, collisions: None, unknown: None });
    }
    let Some(named) = &question.pod else { return Err(AskError::lacks(&At::Member(&At::Question, "pod"))) };
    let named = PodName::new(named.namespace, named.name);
    let (_, pod) = part::pod(engine, &named, "pod")?;
    let mut containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    let container = match question.container {
        Some(name) => containers.find(|container| container.name == name),
        None => containers.next(),
    };
    let container = container.ok_or_else(|| {
        let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        let known: Vec<&str> = containers.map(|container| container.name.as_str()).collect();
        let name = question.container.unwrap_or_default();
        AskError::no_part("container", "container", name, &format!("pod `{}`", named.key()), &known)
    })?;
    let environment = room::of_container(engine.cluster(), pod, container);
    let missed = |service: ObjectKey| {
        let because = format!("Service {service} is younger than the pod");
        MissedService { service, because }
    };
    let unknown = |(name, because)| UnknownVariable { name, because };
    Ok(EnvAnswer {
        env: environment.variables,
        missed: Some(environment.missed.into_iter().map(missed).collect()),
        collisions: Some(environment.collisions),
        unknown: Some(environment.unknown.into_iter().map(unknown).collect()),
    })
}
