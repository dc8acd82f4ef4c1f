//! `admit`: what would kube-apiserver do with this object? A request goes in, the server's response comes out.

use super::AskError;
use crate::admission::status::{Cause, Details, Status};
use crate::admission::{Operation, Request, admit_with};
use crate::api::meta::Time;
use crate::api::resource::Resource;
use crate::engine::Engine;
use crate::{answer, question, view};
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::borrow::Cow;

question! {
    /// What would kube-apiserver do with this object?
    AdmitQuestion<'q> {
        /// What is asked of the server.
        "operation" => operation: Operation;
        /// The object, as it is sent.
        "object" => object: Cow<'q, Node>;
        /// The object as it is stored, for an update; the cluster's unless given.
        "oldObject" => old_object: Option<Cow<'q, Node>> [optional];
    }
}

answer! {
    /// The response of the server.
    AdmitAnswer {
        /// Whether the object is stored.
        "accepted" => accepted: bool;
        /// The HTTP code: 201 for a create, 200 for an update, or the refusal's.
        "code" => code: u16;
        /// The object as it would be stored, defaulted and allocated.
        "object" => object: Option<Resource> [optional];
        /// The `metav1.Status` of a refusal.
        "status" => status: Option<Status> [optional];
        /// The texts of the `Warning` headers.
        "warnings" => warnings: Vec<String>;
        /// The object in the version that is served, where it was sent in one that no server has any more.
        "converted" => converted: Option<Resource> [optional];
    }
}

view! {
    /// `metav1.Status`: why the server refused.
    status: Status = "Status" {
        /// `Status`
        "kind": &str = "Status";
        /// `v1`
        "apiVersion": &str = "v1";
        /// Empty.
        "metadata": Json = Json::object();
        /// `Failure`
        "status": &str = "Failure";
        /// What is wrong, in the server's words.
        "message": String = status.message;
        /// One word: `Invalid`, `BadRequest`, …
        "reason": &str = status.reason, optional;
        /// More about the reason.
        "details": Option<Box<Details>> = status.details, optional;
        /// The HTTP code.
        "code": u16 = status.code;
    }
}

view! {
    /// What a refusal is about.
    details: Details = "StatusDetails" {
        /// The object's name.
        "name": String = details.name, optional;
        /// The API group.
        "group": &str = details.group, optional;
        /// The kind, or the resource.
        "kind": String = details.kind, optional;
        /// The causes, in the server's order.
        "causes": Vec<Cause> = details.causes, optional;
        /// When to try again, in seconds.
        "retryAfterSeconds": Option<u16> = Some(details.retry_after_seconds).filter(|seconds| *seconds > 0), optional;
    }

    /// One mistake of several.
    cause: Cause = "StatusCause" {
        /// One word: `FieldValueRequired`, …
        "reason": &str = cause.reason, optional;
        /// What is wrong.
        "message": String = cause.message, optional;
        /// The field's path.
        "field": String = cause.field, optional;
    }
}

/// Sends the object through admission.
///
/// # Errors
/// The object is of a kind that admission does not know.
pub fn admit(engine: &Engine, question: &AdmitQuestion<'_>) -> Result<AdmitAnswer, AskError> {
    let AdmitQuestion { operation, object, old_object } = question;
    let request = Request { operation: *operation, object, old_object: old_object.as_deref() };
    let answer = admit_with(engine.cluster(), engine.allocations(), &request)
        .map_err(|error| AskError::bad("object", error.to_string()))?;
    let (object, status) = match answer.outcome {
        Ok(resource) => (Some(without_server_fields(resource)), None),
        Err(status) => (None, Some(status)),
    };
    let (code, converted) = (answer.code, answer.converted);
    let warnings = answer.warnings.into_iter().map(|warning| warning.text).collect();
    Ok(AdmitAnswer { accepted: object.is_some(), code, object, status, warnings, converted })
}

/// The stored object without what the server makes up: UID, times, resource version, generation and managed fields.
fn without_server_fields(mut resource: Resource) -> Resource {
    let metadata = resource.metadata_mut();
    metadata.uid.clear();
    metadata.creation_timestamp = Time::default();
    metadata.resource_version.clear();
    metadata.generation = 0;
    metadata.managed_fields.clear();
    resource
}
