//! `diff`: which requests are served differently by another controller, another class, or other manifests?

use super::route::{resource, service, table};
use super::{AskError, part};
use crate::cluster::Options;
use crate::engine::Engine;
use crate::ingress::controller::differences;
use crate::load::{File, load_stored};
use crate::routing::compare::{Change, Outcome, compare};
use crate::routing::{Backend, RouteTable};
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::sync::Arc;

/// Answers `{"before"?: SIDE, "after": SIDE}` with `{"changes", "incomplete", "notes"}`. A side is `{"controller"?, "ingressClass"?,
/// "manifests"?}`: whose ways, which class, and the text of the manifests; without it, the cluster as it is loaded.
pub(super) fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let before = side(engine, question, "before")?;
    let after = side(engine, question, "after")?;
    let comparison = compare(&before, &after);
    let mut notes: Vec<String> =
        differences(before.controller(), after.controller()).into_iter().map(str::to_owned).collect();
    if !comparison.incomplete.is_empty() {
        let hosts = comparison.incomplete.join("`, `");
        notes.push(format!("not every class of requests was looked at: the expressions make too many for `{hosts}`"));
    }
    Ok(Json::object()
        .with("changes", Json::Array(comparison.changes.iter().map(change).collect()))
        .with("incomplete", Json::Array(comparison.incomplete.into_iter().map(Json::from).collect()))
        .with("notes", Json::Array(notes.into_iter().map(Json::from).collect())))
}

fn side(engine: &Engine, question: &Node, name: &str) -> Result<Arc<RouteTable>, AskError> {
    let Some(side) = question.get(name).filter(|side| !side.is_null()) else { return table(engine, question, None) };
    let within = |member: &str, error: AskError| AskError::bad(&format!("{name}.{member}"), error.to_string());
    let of = |engine: &Engine| table(engine, side, None).map_err(|error| within("controller", error));
    if side.get("manifests").is_none_or(Node::is_null) {
        return of(engine);
    }
    let text = part::text(side, "manifests").map_err(|error| within("manifests", error))?;
    let options = Options::clone(&engine.cluster().options);
    of(&load_stored(&[File { name: name.into(), text: text.into() }], options).engine)
}

fn change(change: &Change) -> Json {
    let paths = change.paths.iter().map(|region| match &region.rules {
        Some([before, after]) => {
            let words = if before == after { before.clone() } else { format!("{before} (after: {after})") };
            let rules = Json::object().with("match", "rules").with("path", words);
            rules.with("before", before.clone()).with("after", after.clone())
        }
        None => Json::object()
            .with("match", if region.exact { "exact" } else { "prefix" })
            .with("path", region.path.clone()),
    });
    let mut json = Json::object().with("host", change.host.clone());
    if let Some(scheme) = change.scheme {
        json.set("scheme", scheme);
    }
    json.with("paths", Json::Array(paths.collect()))
        .with("example", change.example.clone())
        .with("before", outcome(&change.before))
        .with("after", outcome(&change.after))
}

fn outcome(outcome: &Outcome) -> Json {
    let backend = |of: fn(&Backend) -> Json| outcome.backend.as_ref().map_or(Json::Null, of);
    let matched = outcome.backend.is_some() || outcome.redirect.is_some() || outcome.refusal.is_some();
    let mut json = Json::object()
        .with("matched", matched)
        .with("service", backend(service))
        .with("resource", backend(resource))
        .with("rewrite", outcome.rewrite.clone().map_or(Json::Null, Json::from))
        .with(
            "redirect",
            outcome.redirect.as_ref().map_or(Json::Null, |redirect| {
                Json::object().with("code", i64::from(redirect.code)).with("location", redirect.location.clone())
            }),
        );
    if let Some(refusal) = &outcome.refusal {
        let refusal = Json::object().with("code", i64::from(refusal.code)).with("because", refusal.because.clone());
        json.set("refusal", refusal);
    }
    if let Some((canary, weight, total)) = &outcome.canary {
        let canary =
            Json::object().with("service", service(canary)).with("weight", *weight).with("weightTotal", *total);
        json.set("canary", canary);
    }
    json
}
