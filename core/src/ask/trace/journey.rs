//! The hops made so far, and how a journey ends.

use super::target::Target;
use super::{Hop, HopSource, Outcome, TraceAnswer};
use crate::api::resource::{Kind, ObjectKey};
use crate::ask;
use crate::ask::part::Location;
use crate::engine::Engine;
use portolan_base::json::{Json, ToView as _, to_json};
use portolan_base::sort::SmallSort as _;

/// A request on its way.
#[derive(Debug)]
pub(super) struct Journey<'e> {
    /// Whom the questions are put to.
    pub(super) engine: &'e Engine,
    /// Where it is going.
    pub(super) target: Target,
    hops: Vec<Hop>,
}

/// A journey that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    outcome: &'static str,
    sentence: String,
    hops: Vec<Hop>,
}

impl<'e> Journey<'e> {
    /// A request that has not left yet.
    pub(super) fn new(engine: &'e Engine, target: Target) -> Self {
        Journey { engine, target, hops: Vec::new() }
    }

    /// Asks one of the other questions.
    pub(super) fn ask(&self, kind: &'static str, members: Vec<(&'static str, Json)>) -> Json {
        let mut question = Json::object().with("ask", kind);
        for (name, value) in members {
            question.set(name, value);
        }
        let mut answer = ask::answer_json(self.engine, &question);
        if let Json::Object(members) = &mut answer {
            members.retain(|(name, _)| name != "id" && name != "ask");
        }
        answer
    }

    /// Adds a hop. `because` says in words why; `source` points at the line that decided.
    pub(super) fn hop(&mut self, name: &'static str, answer: Json, because: impl Into<String>, source: Option<Json>) {
        let answer = Some(answer).filter(|answer| *answer != Json::Null);
        let hop = Hop { hop: name, answer, because: because.into(), source: source.map(HopSource) };
        self.hops.push(hop);
    }

    /// Ends the journey with one plain sentence.
    pub(super) fn end(self, outcome: &'static str, sentence: impl Into<String>) -> Ended {
        Ended { outcome, sentence: sentence.into(), hops: self.hops }
    }

    /// Where a field of an object stands, where the object comes from a file.
    pub(super) fn source(&self, kind: Kind, key: &ObjectKey, field: &str) -> Option<Json> {
        self.engine.cluster().source(kind, key).map(|source| to_json(Location::of(source, field.to_owned()).view()))
    }

    /// Where a pod stands: itself, or a field of the workload that it was made by.
    pub(super) fn pod_source(&self, key: &ObjectKey, field: &str) -> Option<Json> {
        if let Some(place) = self.source(Kind::Pod, key, field) {
            return Some(place);
        }
        let pod = self.engine.cluster().pods.by_key(key)?;
        let (mut kind, mut owner) = crate::workload::owner(&pod.metadata)?;
        let (standing_kind, standing_key) = self.engine.stands_for(key).unwrap_or((kind, owner.clone()));
        (kind, owner) = (standing_kind, standing_key);
        let template = if kind == Kind::CronJob { "spec.jobTemplate.spec.template" } else { "spec.template" };
        self.source(kind, &owner, &format!("{template}.{field}"))
    }

    /// The pod that has that address.
    pub(super) fn pod_at(&self, ip: &str) -> Option<ObjectKey> {
        let pods = self.engine.cluster().pods.iter();
        let living = pods.filter(|(_, pod)| !matches!(pod.status.phase.as_str(), "Succeeded" | "Failed"));
        let mut at: Vec<_> = living.filter(|(_, pod)| pod.ips().any(|known| known == ip)).collect();
        // Pods on the host's network share its address: an ordinary pod comes first.
        at.small_sort_by_key(|(_, pod)| pod.spec.host_network);
        at.first().map(|(key, _)| (*key).clone())
    }
}

impl Ended {
    /// The answer of `trace`.
    pub(super) fn into_answer(self) -> TraceAnswer {
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == self.outcome);
        TraceAnswer { outcome: outcome.unwrap_or(Outcome::Unknown), sentence: self.sentence, hops: self.hops }
    }
}

/// The text of a string member, or nothing.
pub(super) fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::as_str).unwrap_or_default()
}

/// The elements of an array member.
pub(super) fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json.get(name).and_then(Json::as_array).unwrap_or_default()
}

/// The key that a `{"namespace", "name"}` member names.
pub(super) fn key(json: &Json, name: &str) -> Option<ObjectKey> {
    let reference = json.get(name)?;
    let named = text(reference, "name");
    (!named.is_empty()).then(|| ObjectKey::new(text(reference, "namespace"), named))
}

/// A port of an endpoint.
pub(super) fn port(json: &Json) -> Option<u16> {
    match json.get("port") {
        Some(Json::Int(port)) => u16::try_from(*port).ok(),
        _ => None,
    }
}

/// The `because` of an answer in words; where there is no answer, why not.
pub(super) fn because(answer: &Json) -> String {
    if let Some(error) = answer.get("error") {
        return text(error, "message").to_owned();
    }
    match answer.get("because") {
        Some(Json::String(reason)) => reason.to_string(),
        Some(Json::Array(reasons)) => {
            let said = |reason: &Json| match reason {
                Json::String(reason) => reason.to_string(),
                other => text(other, "because").to_owned(),
            };
            reasons.iter().map(said).filter(|said| !said.is_empty()).collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    }
}
