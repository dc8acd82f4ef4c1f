//! `trace`: what becomes of this request, end to end?
//!
//! A journey is a chain of the other questions: each hop asks one, carries its answer, and says why in words. So a hop can
//! never differ from what its question answers alone, and a trace knows nothing of its own about DNS, kube-proxy,
//! Ingress or NetworkPolicy.

mod controller;
mod inside;
mod journey;
mod outside;
mod target;

use super::AskError;
use super::declare::{At, Read};
use super::part::{self, End, Location};
use crate::api::describe::{Describe, Shape};
use crate::engine::Engine;
use crate::{answer, names, question};
use journey::Journey;
use portolan_base::json::{Json, ToView, View};
use portolan_base::tree::Node;
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
    /// The way of a request.
    TraceAnswer {
        /// How it ends.
        "outcome" => outcome: Outcome;
        /// The same in one plain sentence.
        "sentence" => sentence: String;
        /// The steps on its way.
        "hops" => hops: Vec<Hop>;
    }

    /// One step of a request's way.
    Hop {
        /// Its name: `dns`, `load-balancer`, `node-port`, `ingress`, `service`, `endpoint`, `policy`, …
        "hop" => hop: &'static str;
        /// The answer of the question that it asks.
        "answer" => answer: Option<Json> [optional];
        /// Why, in a sentence.
        "because" => because: String;
        /// The line that decided.
        "source" => source: Option<HopSource> [optional];
    }
}

/// The location of the line that decided, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct HopSource(pub Json);

impl ToView for HopSource {
    fn view(&self) -> View<'_> {
        self.0.view()
    }
}

impl Describe for HopSource {
    fn shape() -> Shape {
        Location::shape()
    }
}

/// How a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It arrives at a pod.
    Delivered,
    /// kube-proxy rejects it, or a NetworkPolicy denies it.
    Refused,
    /// kube-proxy drops it.
    Dropped,
    /// DNS has no such name.
    Unresolved,
    /// No Ingress rule matches it.
    NotFound,
    /// The client is redirected.
    Redirected,
    /// It leaves the cluster.
    External,
    /// No endpoint is behind the Service.
    NoEndpoint,
    /// The files do not say.
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
pub fn trace(engine: &Engine, question: &TraceQuestion<'_>) -> Result<TraceAnswer, AskError> {
    let target = Target::parse(question.url)?;
    let journey = |target| Journey::new(engine, target);
    let ended = match &question.from {
        Sender::Outside => outside::travel(journey(target), None),
        Sender::End(End::Pod(pod)) => {
            let (key, _) = part::pod(engine, pod, "from")?;
            inside::travel(journey(target), key)
        }
        Sender::End(End::Address(ip)) => {
            let address = ip.to_string();
            let pods = engine.cluster().pods.iter().filter(|(_, pod)| !pod.spec.host_network);
            let owner = pods.filter(|(_, pod)| pod.ips().any(|known| known == address)).map(|(key, _)| key).next();
            match owner {
                Some(key) => inside::travel(journey(target), key),
                None => outside::travel(journey(target), Some(&address)),
            }
        }
    };
    Ok(ended.into_answer())
}
