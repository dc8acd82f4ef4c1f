//! `trace`: what becomes of this request, end to end?
//!
//! A journey is a chain of the other questions: each hop asks one, carries its answer, and says why in words. So a hop can
//! never differ from what its question answers alone, and a trace knows nothing of its own about DNS, kube-proxy,
//! Ingress or NetworkPolicy. It adds order: the pod's resolver and the policies on the way to DNS (`name`), the way in from
//! outside (`entry`), kube-proxy on the node where the packet meets it (`address`), the policies of both ends after
//! kube-proxy's translation (`endpoint`), and an ingress controller's rules (`rule`).
//!
//! Where a client may meet several nodes, addresses or endpoints, every way is followed, and each different ending is
//! reported with those who lead to it (`journey`).

mod address;
mod endpoint;
mod entry;
mod journey;
mod name;
mod questions;
mod rule;
mod sender;
mod target;

use super::AskError;
use super::backends::BackendsAnswer;
use super::declare::{At, Read};
use super::part::{self, End, Location};
use super::resolve::ResolveAnswer;
use super::route::RouteAnswer;
use super::verdict::VerdictAnswer;
use crate::api::describe::{Describe, Shape};
use crate::engine::Engine;
use crate::{answer, names, question};
use journey::{Path, Walk};
use portolan_base::json::{Json, ToView, View, to_json};
use portolan_base::tree::Node;
use std::net::IpAddr;
use target::Target;

question! {
    /// What happens to a request, from end to end?
    TraceQuestion<'q> {
        /// Who sends it; somebody outside the cluster unless given.
        "from" => from: Sender<'q> [optional];
        /// Where to.
        "url" => url: &'q str;
    }
}

answer! {
    /// The way of a request. `outcome`, `sentence` and `hops` are those of the likeliest ending.
    TraceAnswer<'e> {
        /// How it ends.
        "outcome" => outcome: Outcome;
        /// The same in one plain sentence.
        "sentence" => sentence: String;
        /// The steps on its way.
        "hops" => hops: Vec<Hop<'e>>;
        /// Every different ending, the likeliest first.
        "endings" => endings: Vec<Ending<'e>>;
        /// What the answer rests on beside the objects.
        "assumptions" => assumptions: Vec<Assumption>;
    }

    /// One of the different endings of a request.
    Ending<'e> "TraceEnding" {
        /// How it ends.
        "outcome" => outcome: Outcome;
        /// The same in one plain sentence.
        "sentence" => sentence: String;
        /// The endpoints that it reaches.
        "to" => to: Vec<Door>;
        /// The nodes, addresses and endpoints that lead to it, where there are several.
        "through" => through: Vec<String>;
        /// The steps on the way.
        "hops" => hops: Vec<Hop<'e>>;
    }

    /// One step of a request's way.
    Hop<'e> {
        /// Its name: `dns`, `load-balancer`, `node-port`, `ingress`, `service`, `endpoint`, `policy`, `pod`.
        "hop" => hop: &'static str;
        /// The answer of the question that it asks.
        "answer" => answer: Option<HopAnswer<'e>> [optional];
        /// Why, in a sentence.
        "because" => because: String;
        /// The line that decided.
        "source" => source: Option<Location<'e>> [optional];
    }

    /// An address and port that a packet is sent to.
    Door "TraceDoor" {
        /// The address.
        "ip" => ip: IpAddr;
        /// The port.
        "port" => port: u16;
    }

    /// The endpoints that a hop may lead to.
    Doors "TraceDoors" {
        /// Each endpoint.
        "to" => to: Vec<Door>;
    }

    /// The endpoint of a hop, and those that are treated alike.
    EndpointHop "TraceEndpoint" {
        /// The address.
        "ip" => ip: IpAddr;
        /// The port.
        "port" => port: u16;
        /// All endpoints that are treated alike.
        "to" => to: Vec<Door>;
    }

    /// What an answer rests on beside the objects.
    Assumption {
        /// What is assumed: `controller`, `dns`, `network`, `client`.
        "what" => what: &'static str;
        /// The value.
        "value" => value: String;
        /// Why this value.
        "because" => because: String;
    }
}

impl Copy for Door {}

/// The answer of the question that a hop asks.
#[derive(Clone, Debug, PartialEq)]
pub enum HopAnswer<'e> {
    /// Of `resolve`.
    Resolve(ResolveAnswer),
    /// Of `backends`.
    Backends(BackendsAnswer<'e>),
    /// Of `verdict`.
    Verdict(VerdictAnswer<'e>),
    /// Of `route`.
    Route(Box<RouteAnswer<'e>>),
    /// The ready endpoints of a Service.
    Endpoints(Doors),
    /// One endpoint.
    Endpoint(EndpointHop),
    /// A question that has no answer.
    Error(AskError),
}

impl ToView for HopAnswer<'_> {
    fn view(&self) -> View<'_> {
        match self {
            HopAnswer::Resolve(answer) => answer.view(),
            HopAnswer::Backends(answer) => answer.view(),
            HopAnswer::Verdict(answer) => answer.view(),
            HopAnswer::Route(answer) => answer.view(),
            HopAnswer::Endpoints(answer) => answer.view(),
            HopAnswer::Endpoint(answer) => answer.view(),
            HopAnswer::Error(error) => View::Made(Json::object().with("error", to_json(error.view()))),
        }
    }
}

impl Describe for HopAnswer<'_> {
    /// Any JSON: the answers of the other questions without `ask` and `id`, which other languages would require.
    fn shape() -> Shape {
        Json::shape()
    }
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It reaches an endpoint; whether something listens there is in no object.
    Delivered,
    /// A rule of kube-proxy, a NetworkPolicy or the ingress controller refuses it.
    Refused,
    /// The packet vanishes.
    Dropped,
    /// DNS gives no address.
    Unresolved,
    /// The ingress controller answers 404, or speaks no TLS for the name.
    NotFound,
    /// The ingress controller redirects the client.
    Redirected,
    /// It leaves the cluster.
    External,
    /// No endpoint of the Service is ready.
    NoEndpoint,
    /// The objects do not say.
    Unknown,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 9] = [
        Outcome::Delivered,
        Outcome::Refused,
        Outcome::Dropped,
        Outcome::Unresolved,
        Outcome::NotFound,
        Outcome::Redirected,
        Outcome::External,
        Outcome::NoEndpoint,
        Outcome::Unknown,
    ];

    /// `delivered`, `refused`, `dropped`, `unresolved`, `not-found`, `redirected`, `external`, `no-endpoint` or `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Refused => "refused",
            Outcome::Dropped => "dropped",
            Outcome::Unresolved => "unresolved",
            Outcome::NotFound => "not-found",
            Outcome::Redirected => "redirected",
            Outcome::External => "external",
            Outcome::NoEndpoint => "no-endpoint",
            Outcome::Unknown => "unknown",
        }
    }
}

names! {
    Outcome, closed, "outcome", Outcome::ALL.into_iter(), Outcome::name;
}

/// Who sends a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sender<'q> {
    /// Somebody outside the cluster, of whom nothing is known.
    #[default]
    Outside,
    /// A pod, or an address.
    End(End<'q>),
}

impl<'q> Read<'q> for Sender<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        *self = if node.as_str() == Some("outside") {
            Sender::Outside
        } else {
            let mut end = End::default();
            end.read(node, at)?;
            Sender::End(end)
        };
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl super::declare::LeaveOut for Sender<'_> {
    fn is_left_out(&self) -> bool {
        *self == Sender::Outside
    }
}

impl ToView for Sender<'_> {
    fn view(&self) -> View<'_> {
        match self {
            Sender::Outside => View::Text("outside"),
            Sender::End(end) => end.view(),
        }
    }
}

impl Describe for Sender<'_> {
    fn shape() -> Shape {
        Shape::OneOf(vec![Shape::Word { known: vec!["outside"], is_open: false }, End::shape()])
    }
}

/// Follows a request from its sender to where it ends.
///
/// # Errors
/// `NotFound` for a pod that the cluster does not have, `BadRequest` where the URL is not one.
pub fn trace<'e>(engine: &'e Engine, question: &TraceQuestion<'_>) -> Result<TraceAnswer<'e>, AskError> {
    let mut walk = Walk::new(engine, Target::parse(question.url)?);
    let sender = match &question.from {
        Sender::Outside => sender::Sender::Outside(None),
        Sender::End(End::Pod(pod)) => {
            let (key, _) = part::pod(engine, pod, "from")?;
            walk.pod_sender(key)
        }
        Sender::End(End::Address(ip)) => match walk.pod_at(*ip) {
            Some(pod) => walk.pod_sender(&pod),
            None => sender::Sender::Outside(Some(*ip)),
        },
    };
    match &sender {
        sender::Sender::Pod { .. } => walk.sent_by_pod(Path::start(), &sender),
        _ => walk.sent_from_outside(Path::start(), &sender),
    }
    walk.into_answer()
}
