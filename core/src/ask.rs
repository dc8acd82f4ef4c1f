//! The questions and answers: the one door that every host uses.
//!
//! Each kind of question has a file below this one, with the type of the question, the type of the answer and the function
//! between them: [`route::route`] takes a [`route::RouteQuestion`] and gives a [`route::RouteAnswer`]. The types are
//! declared once ([`declare`]): how they are read, their JSON and their description come from the declaration. Rust hosts
//! call the functions; all others come through [`json`], where text goes in and text comes out. A question without an
//! answer has an [`AskError`].

pub mod admit;
pub mod backends;
mod choose;
pub mod contract;
pub mod declare;
pub mod diff;
pub mod endpoints;
pub mod env;
pub mod error;
pub mod hosts;
pub mod json;
pub mod map;
pub mod nftables;
pub mod objects;
pub mod part;
pub mod policy_diff;
pub mod read;
pub mod render;
pub mod resolve;
pub mod route;
pub mod routes;
pub mod suggest;
pub mod trace;
pub mod verdict;

pub use error::{AskError, Reason};
pub use json::{answer, answer_json, answer_text};

use crate::api::describe::Describe;
use crate::engine::Engine;
use contract::Described;
use declare::At;
use portolan_base::json::Show;
use portolan_base::tree::Node;

/// A kind of question: its name, and how it is answered.
struct Kind {
    name: &'static str,
    /// Reads the question from its tree, answers it, and hands the answer on.
    ask: fn(&Engine, &Node, Write<'_>) -> Result<(), AskError>,
}

/// What an answer is handed to while it borrows from the engine.
type Write<'w> = &'w mut dyn FnMut(&dyn Show);

/// Calls the function of a kind: with the engine and the question, or with the one that it takes.
macro_rules! answered {
    ([] $function:path, $engine:ident, $question:expr) => {
        $function($engine, $question)
    };
    ([engine] $function:path, $engine:ident, $question:expr) => {
        $function($engine)
    };
    ([question] $function:path, $engine:ident, $question:expr) => {{
        let _: &Engine = $engine;
        $function($question)
    }};
}

/// The kinds of question: name, function, type of the question, type of the answer. A function that takes only the question,
/// or only the engine, says so in brackets.
macro_rules! kinds {
    ($( $name:literal $($function:ident)::+ $([$only:ident])? ($question:ty) -> $answer:ty; )*) => {
        const KINDS: &[Kind] = &[ $( Kind {
            name: $name,
            ask: |engine, node, write| {
                let mut question = <$question>::default();
                declare::fill(&mut question, node, &At::Question)?;
                write(&answered!([$($only)?] $($function)::+, engine, &question)?);
                Ok(())
            },
        }, )* ];

        /// The descriptions stand apart from `KINDS`, so that a build that does not ask for them does not carry their texts.
        const DESCRIBED: &[Described] = &[ $( Described {
            kind: $name,
            question: <$question as Describe>::shape,
            answer: <$answer as Describe>::shape,
        }, )* ];
    };
}

kinds! {
    "read" read::read [question] (read::ReadQuestion<'_>) -> read::ReadAnswer;
    "admit" admit::admit (admit::AdmitQuestion<'_>) -> admit::AdmitAnswer;
    "endpoints" endpoints::endpoints (endpoints::EndpointsQuestion<'_>) -> endpoints::EndpointsAnswer;
    "backends" backends::backends (backends::BackendsQuestion<'_>) -> backends::BackendsAnswer<'_>;
    "resolve" resolve::resolve (resolve::ResolveQuestion<'_>) -> resolve::ResolveAnswer;
    "env" env::env (env::EnvQuestion<'_>) -> env::EnvAnswer;
    "hosts" hosts::hosts (hosts::HostsQuestion<'_>) -> hosts::HostsAnswer;
    "route" route::route (route::RouteQuestion<'_>) -> route::RouteAnswer<'_>;
    "routes" routes::routes (routes::RoutesQuestion<'_>) -> routes::RoutesAnswer<'_>;
    "diff" diff::diff (diff::DiffQuestion<'_>) -> diff::DiffAnswer;
    "render" render::render (render::RenderQuestion<'_>) -> render::RenderAnswer<'_>;
    "verdict" verdict::verdict (verdict::VerdictQuestion<'_>) -> verdict::VerdictAnswer<'_>;
    "map" map::map (map::MapQuestion) -> map::MapAnswer;
    "policyDiff" policy_diff::policy_diff (policy_diff::PolicyDiffQuestion<'_>) -> policy_diff::PolicyDiffAnswer;
    "suggest" suggest::suggest (suggest::SuggestQuestion<'_>) -> suggest::SuggestAnswer;
    "nftables" nftables::nftables [engine] (nftables::NftablesQuestion) -> nftables::NftablesAnswer;
    "trace" trace::trace (trace::TraceQuestion<'_>) -> trace::TraceAnswer;
    "objects" objects::objects (objects::ObjectsQuestion<'_>) -> objects::ObjectsAnswer<'_>;
}
