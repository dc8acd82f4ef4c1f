//! Decoding as `fieldValidation=Strict` does it (`k8s.io/apimachinery/pkg/runtime/serializer/json`, v0.36.3, over
//! `sigs.k8s.io/json`): the first value that cannot be read is what is said; where all can be read, every field that is
//! unknown or named twice is.

use super::status::{Reasons, Status};
use crate::api::decoder::{Problem, ProblemKind};
use crate::api::resource::{self, Kind, Resource};
use portolan_base::collections::BTreeSet;
use portolan_base::tree::Node;

/// The most unknown and repeated fields that the server reports.
const MAX_STRICT_ERRORS: usize = 100;

/// Decodes an object of that kind, in the version that the server serves.
///
/// # Errors
/// The 400 that the server sends.
pub fn decode(kind: Kind, node: &Node) -> Result<Resource, Status> {
    let (resource, problems) = resource::read(kind, node);
    let Some(error) = refusal(&problems) else { return Ok(resource) };
    let (name, version) = (kind.name(), portolan_base::go::quote(kind.version()));
    let status = Status::bad_request(format!("{name} in version {version} cannot be handled as a {name}: {error}"));
    let reasons = match first(&problems).cloned() {
        Some(problem) => vec![problem],
        None => problems,
    };
    Err(Status { reasons: Reasons::Decoding(reasons), ..status })
}

/// The problem that hides all others: a value that its type refuses, or else one of the wrong type.
fn first(problems: &[Problem]) -> Option<&Problem> {
    let of_kind = |kind: ProblemKind| problems.iter().find(|problem| problem.kind == kind);
    of_kind(ProblemKind::Refused).or_else(|| of_kind(ProblemKind::Type))
}

/// The error that the server makes of those problems, or nothing where there are none.
pub fn refusal(problems: &[Problem]) -> Option<String> {
    if let Some(problem) = first(problems) {
        return Some(problem.message.clone());
    }
    let mut known = BTreeSet::new();
    let messages: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .filter(|message| known.insert(*message))
        .take(MAX_STRICT_ERRORS)
        .collect();
    (!messages.is_empty()).then(|| format!("strict decoding error: {}", messages.join(", ")))
}
