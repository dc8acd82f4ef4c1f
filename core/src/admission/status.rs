//! `metav1.Status`: what the server sends when it refuses (`k8s.io/apimachinery/pkg/api/errors`, v0.36.3).

use crate::api::decoder::Problem;
use crate::api::meta::ObjectMeta;
use crate::api::resource::Kind;
use crate::field;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The HTTP code.
    pub code: u16,
    /// One word: `Invalid`, `BadRequest`, …; empty where the server gives none.
    pub reason: &'static str,
    /// What is said, whole.
    pub message: String,
    /// What it is about, where the server says so.
    pub details: Option<Box<Details>>,
    /// What it follows from, as data: for places, fixes and advice. It is not part of the server's answer.
    pub reasons: Reasons,
}

/// What a refusal follows from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reasons {
    /// Something that no field says: a conflict, a full range.
    #[default]
    Other,
    /// The errors of fields, in the order of the causes.
    Fields(Vec<field::Error>),
    /// What could not be decoded: the one problem that the server reports, or, where validation is strict, every unknown
    /// or repeated field.
    Decoding(Vec<Problem>),
}

/// What a refusal is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The object's name.
    pub name: String,
    /// The API group, empty for the core group.
    pub group: &'static str,
    /// The kind; for `NotFound`, `AlreadyExists`, `Conflict` and `Forbidden` the resource (`services`).
    pub kind: String,
    /// The causes, in the server's order, repetitions kept.
    pub causes: Vec<Cause>,
    /// When to try again, in seconds; 0 where the server does not say.
    pub retry_after_seconds: u16,
}

/// One cause of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid` and its like; empty for an internal error.
    pub reason: &'static str,
    /// What is wrong, without the field.
    pub message: String,
    /// The field's path; empty for an internal error.
    pub field: String,
}

impl Status {
    /// `errors.NewInvalid`: 422. The message names every error once, the causes repeat them as they come.
    pub fn invalid(kind: Kind, name: &str, errors: &[field::Error]) -> Self {
        let causes = errors.iter().map(|error| Cause {
            reason: error.kind.reason(),
            message: error.body(),
            field: error.field.clone(),
        });
        let details = Details {
            name: name.to_owned(),
            group: kind.group(),
            kind: kind.name().to_owned(),
            causes: causes.collect(),
            ..Details::default()
        };
        let mut message =
            format!("{} {} is invalid", qualified(kind.name(), kind.group()), portolan_base::go::quote(name));
        let texts = aggregate(errors);
        if let [only] = texts.as_slice() {
            message.push_str(": ");
            message.push_str(only);
        } else if !texts.is_empty() {
            message.push_str(": [");
            message.push_str(&texts.join(", "));
            message.push(']');
        }
        Status {
            code: 422,
            reason: "Invalid",
            message,
            details: Some(Box::new(details)),
            reasons: Reasons::Fields(errors.to_vec()),
        }
    }

    /// `errors.NewBadRequest`: 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Status { code: 400, reason: "BadRequest", message: message.into(), details: None, reasons: Reasons::Other }
    }

    /// `errors.NewInternalError`: 500.
    pub fn internal_error(error: &str) -> Self {
        let causes = vec![Cause { message: error.to_owned(), ..Cause::default() }];
        let details = Details { causes, ..Details::default() };
        let message = format!("Internal error occurred: {error}");
        Status {
            code: 500,
            reason: "InternalError",
            message,
            details: Some(Box::new(details)),
            reasons: Reasons::Other,
        }
    }

    /// An error that is no API error: 500 without a reason (`responsewriters.ErrorToAPIStatus`).
    pub fn unknown(message: impl Into<String>) -> Self {
        Status { code: 500, reason: "", message: message.into(), details: None, reasons: Reasons::Other }
    }

    /// `errors.NewNotFound`: 404.
    pub fn not_found(kind: Kind, name: &str) -> Self {
        let message = format!("{} {} not found", resource_of(kind), portolan_base::go::quote(name));
        Status {
            code: 404,
            reason: "NotFound",
            message,
            details: Some(Box::new(of_resource(kind, name))),
            reasons: Reasons::Other,
        }
    }

    /// The answer to a client when the server has no such resource (`errors.NewGenericServerResponse`): 404.
    pub fn not_served() -> Self {
        let message = "the server could not find the requested resource".to_owned();
        Status { code: 404, reason: "NotFound", message, details: Some(Box::default()), reasons: Reasons::Other }
    }

    /// The answer to a new object whose name is already used: 409 (`errors.NewAlreadyExists`). The name of an object with
    /// a `generateName` counts as generated (`rest.CheckGeneratedNameError`).
    pub fn already_exists(kind: Kind, new: &ObjectMeta, existing: &ObjectMeta) -> Self {
        let deleting = if existing.deletion_timestamp.is_some() { "object is being deleted: " } else { "" };
        let mut message =
            format!("{deleting}{} {} already exists", resource_of(kind), portolan_base::go::quote(&new.name));
        let mut details = of_resource(kind, &new.name);
        if !new.generate_name.is_empty() {
            message.push_str(", the server was not able to generate a unique name for the object");
            details.retry_after_seconds = 1;
        }
        Status {
            code: 409,
            reason: "AlreadyExists",
            message,
            details: Some(Box::new(details)),
            reasons: Reasons::Other,
        }
    }

    /// `errors.NewConflict`: 409.
    pub fn conflict(kind: Kind, name: &str, error: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {}: {error}",
            resource_of(kind),
            portolan_base::go::quote(name)
        );
        Status {
            code: 409,
            reason: "Conflict",
            message,
            details: Some(Box::new(of_resource(kind, name))),
            reasons: Reasons::Other,
        }
    }

    /// `errors.NewForbidden`: 403.
    pub fn forbidden(kind: Kind, name: &str, error: &str) -> Self {
        let message = match name {
            "" => format!("{} is forbidden: {error}", resource_of(kind)),
            name => format!("{} {} is forbidden: {error}", resource_of(kind), portolan_base::go::quote(name)),
        };
        Status {
            code: 403,
            reason: "Forbidden",
            message,
            details: Some(Box::new(of_resource(kind, name))),
            reasons: Reasons::Other,
        }
    }
}

/// The texts of the errors, each once (`ErrorList.ToAggregate`).
fn aggregate(errors: &[field::Error]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    let mut known = portolan_base::collections::BTreeSet::new();
    for error in errors {
        let text = error.to_string();
        if known.insert(text.clone()) {
            texts.push(text);
        }
    }
    texts
}

fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

fn resource_of(kind: Kind) -> String {
    qualified(kind.plural(), kind.group())
}

fn of_resource(kind: Kind, name: &str) -> Details {
    Details { name: name.to_owned(), group: kind.group(), kind: kind.plural().to_owned(), ..Details::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{Error, Path};
    use portolan_base::json::{ToView as _, to_json};

    #[test]
    fn the_message_names_an_error_once_and_the_causes_every_time() {
        let name = Path::new("metadata");
        let errors = [Error::required(&name.child("name"), ""), Error::required(&name.child("name"), "")];
        let status = Status::invalid(Kind::Ingress, "a", &errors);
        assert_eq!(status.message, "Ingress.networking.k8s.io \"a\" is invalid: metadata.name: Required value");
        assert_eq!(status.details.map(|details| details.causes.len()), Some(2));
    }

    #[test]
    fn an_internal_error_names_no_object() {
        assert_eq!(
            to_json(Status::internal_error("x").view()).to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Internal error occurred: x","reason":"InternalError","details":{"causes":[{"message":"x"}]},"code":500}"#
        );
    }
}
