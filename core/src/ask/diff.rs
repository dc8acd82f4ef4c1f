//! `diff`: which requests are served differently by another controller, another class, or other manifests? Two sides go in,
//! the classes of requests that change come out, each with an example.

use super::AskError;
use super::part::ControllerChoice;
use super::route::{RouteResource, RouteService, table};
use crate::cluster::Options;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::differences;
use crate::load::{File, load_stored};
use crate::routing::compare::{self as room, Change, Outcome};
use crate::routing::regions::Region;
use crate::routing::{Redirect, Refusal, RouteTable};
use crate::{answer, names, question};
use std::sync::Arc;

question! {
    /// Which requests are served differently by another controller, another class or other manifests?
    DiffQuestion<'q> {
        /// One side; the cluster as loaded unless given.
        "before" => before: Option<RouteSide<'q>> [optional];
        /// The other side; the cluster as loaded unless given.
        "after" => after: Option<RouteSide<'q>> [optional];
        /// The controller of a side that is not given.
        "controller" => controller: Option<ControllerChoice> [optional];
        /// The class of a side that is not given.
        "ingressClass" => ingress_class: Option<&'q str> [optional];
    }

    /// One side of a comparison of routes.
    RouteSide<'q> {
        /// The controller; `auto`: the one that serves each Ingress. Unless given, the one that owns the class, else `spec` (the
        /// API documentation).
        "controller" => controller: Option<ControllerChoice> [optional];
        /// Only Ingresses of this class.
        "ingressClass" => ingress_class: Option<&'q str> [optional];
        /// The text of other manifests than those loaded, taken as stored.
        "manifests" => manifests: Option<&'q str> [optional];
    }
}

answer! {
    /// The requests that are served differently.
    DiffAnswer {
        /// The classes of requests that change, each with an example.
        "changes" => changes: Vec<RouteChange>;
        /// The hosts of which not every class was compared: their expressions make too many.
        "incomplete" => incomplete: Vec<String>;
        /// Other differences between the controllers.
        "notes" => notes: Vec<String>;
    }

    /// A class of requests that is served differently.
    RouteChange {
        /// The hosts: a host, `*.suffix`, `*.*.suffix` (two labels and more), or `*` (every other host).
        "host" => host: String;
        /// `http` or `https`; absent: both.
        "scheme" => scheme: Option<&'static str> [optional];
        /// The paths.
        "paths" => paths: Vec<RoutePaths>;
        /// The URL of a request of the class.
        "example" => example: String;
        /// The response of the one side.
        "before" => before: RouteOutcome;
        /// The response of the other.
        "after" => after: RouteOutcome;
    }

    /// Some paths; where expressions match, those for which these rules win before and after.
    RoutePaths {
        /// How the paths are named: one path, a prefix, or by the rules that match them.
        "match" => match_by: MatchBy;
        /// The path, the prefix, or the rules.
        "path" => path: String;
        /// The rule that wins before.
        "before" => before: Option<String> [optional];
        /// The rule that wins after.
        "after" => after: Option<String> [optional];
    }

    /// The response to a class of requests.
    RouteOutcome {
        /// Whether anything serves it; false is the controller's own 404.
        "matched" => matched: bool;
        /// The Service it goes to.
        "service" => service: Option<RouteService>;
        /// Or the resource it goes to.
        "resource" => resource: Option<RouteResource>;
        /// The path that the backend receives for the example, where it is another.
        "rewrite" => rewrite: Option<String>;
        /// The redirect that the example gets.
        "redirect" => redirect: Option<Redirect>;
        /// The proxy's own response, where it gives one instead.
        "refusal" => refusal: Option<Refusal> [optional];
        /// Another backend that gets a part of the requests.
        "canary" => canary: Option<OutcomeCanary> [optional];
    }

    /// Another backend that gets a part of a class of requests.
    OutcomeCanary {
        /// The Service.
        "service" => service: Option<RouteService>;
        /// How many requests it gets,
        "weight" => weight: i64;
        /// out of so many.
        "weightTotal" => weight_total: i64;
    }
}

/// How some paths are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchBy {
    /// One path.
    Exact,
    /// Everything that begins with a path, and is in no more specific class.
    Prefix,
    /// The paths for which certain rules win.
    Rules,
}

impl MatchBy {
    const ALL: [MatchBy; 3] = [MatchBy::Exact, MatchBy::Prefix, MatchBy::Rules];

    /// `exact`, `prefix` or `rules`.
    pub fn name(self) -> &'static str {
        match self {
            MatchBy::Exact => "exact",
            MatchBy::Prefix => "prefix",
            MatchBy::Rules => "rules",
        }
    }
}

names! {
    MatchBy, closed, "match", MatchBy::ALL.into_iter(), MatchBy::name;
}

/// Compares two sides.
///
/// # Errors
/// None.
pub fn diff(engine: &Engine, question: &DiffQuestion<'_>) -> Result<DiffAnswer, AskError> {
    let side = |side: &Option<RouteSide<'_>>, name| match side {
        None => table(engine, question.controller, question.ingress_class, None),
        Some(side) => table_of(engine, side, name),
    };
    Ok(compare(&side(&question.before, "before"), &side(&question.after, "after")))
}

/// Compares two tables, also of different clusters.
pub fn compare(before: &RouteTable, after: &RouteTable) -> DiffAnswer {
    let comparison = room::compare(before, after);
    let mut notes: Vec<String> =
        differences(Controller::of_table(before), Controller::of_table(after)).into_iter().map(str::to_owned).collect();
    if !comparison.incomplete.is_empty() {
        let hosts = comparison.incomplete.join("`, `");
        notes.push(format!("not every class of requests was compared: the expressions make too many for `{hosts}`"));
    }
    let changes = comparison.changes.into_iter().map(change).collect();
    DiffAnswer { changes, incomplete: comparison.incomplete, notes }
}

fn table_of(engine: &Engine, side: &RouteSide<'_>, name: &str) -> Arc<RouteTable> {
    let of = |engine: &Engine| table(engine, side.controller, side.ingress_class, None);
    let Some(text) = side.manifests else { return of(engine) };
    let options = Options::clone(&engine.cluster().options);
    of(&load_stored(&[File { name: name.into(), text: text.into() }], options).engine)
}

fn change(change: Change) -> RouteChange {
    let Change { host, scheme, paths, example, before, after } = change;
    let paths = paths.into_iter().map(region).collect();
    RouteChange { host, scheme, paths, example, before: outcome(before), after: outcome(after) }
}

fn region(region: Region) -> RoutePaths {
    match region.rules {
        Some([before, after]) => {
            let path = if before == after { before.clone() } else { format!("{before} (after: {after})") };
            RoutePaths { match_by: MatchBy::Rules, path, before: Some(before), after: Some(after) }
        }
        None => {
            let match_by = if region.exact { MatchBy::Exact } else { MatchBy::Prefix };
            RoutePaths { match_by, path: region.path, before: None, after: None }
        }
    }
}

fn outcome(outcome: Outcome) -> RouteOutcome {
    let canary =
        |(backend, weight, weight_total)| OutcomeCanary { service: RouteService::of(&backend), weight, weight_total };
    RouteOutcome {
        matched: outcome.backend.is_some() || outcome.redirect.is_some() || outcome.refusal.is_some(),
        service: outcome.backend.as_ref().and_then(RouteService::of),
        resource: outcome.backend.as_ref().and_then(RouteResource::of),
        rewrite: outcome.rewrite,
        redirect: outcome.redirect,
        refusal: outcome.refusal,
        canary: outcome.canary.map(canary),
    }
}
