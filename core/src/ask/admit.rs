//! `admit`: what would kube-apiserver do with this object?

use super::AskError;
use crate::admission::{Answer, Operation, Request, admit_with};
use crate::api::meta::Time;
use crate::api::resource::Resource;
use crate::engine::Engine;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers `{"ask":"admit","operation":"CREATE"|"UPDATE","object":{…},"oldObject":{…}}`.
///
/// # Errors
/// The question lacks a part, or its object is of a kind that admission does not know.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let operation = match super::part::text(question, "operation")? {
        "CREATE" => Operation::Create,
        "UPDATE" => Operation::Update,
        other => {
            return Err(AskError::bad("operation", format!("`{other}` is no operation; there are CREATE and UPDATE")));
        }
    };
    let object = question.get("object").ok_or_else(|| AskError::bad("object", "the question has no `object` field"))?;
    let old_object = question.get("oldObject").filter(|node| !node.is_null());
    let request = Request { operation, object, old_object };
    let answer = admit_with(engine.cluster(), engine.allocations(), &request)
        .map_err(|error| AskError::bad("object", error.to_string()))?;
    Ok(to_json(answer))
}

fn to_json(answer: Answer) -> Json {
    let json = Json::object().with("accepted", answer.outcome.is_ok()).with("code", answer.code);
    let json = match answer.outcome {
        Ok(resource) => json.with("object", object(resource)),
        Err(status) => json.with("status", status.to_json()),
    };
    let json = json.with("warnings", answer.warnings);
    match answer.converted {
        Some(resource) => json.with("converted", resource.to_json()),
        None => json,
    }
}

/// The stored object without what the server makes up: UID, times, resource version, generation and managed fields.
fn object(mut resource: Resource) -> Json {
    let metadata = resource.metadata_mut();
    metadata.uid.clear();
    metadata.creation_timestamp = Time::default();
    metadata.resource_version.clear();
    metadata.generation = 0;
    metadata.managed_fields.clear();
    resource.to_json()
}
