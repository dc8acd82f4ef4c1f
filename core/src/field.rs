//! Field paths and the errors that name them, as `k8s.io/apimachinery/pkg/util/validation/field` writes them.

use portolan_base::go::quote;
use std::fmt::{self, Write as _};

/// The path of a field, from the root of the object: `spec.ports[0].targetPort`.
///
/// A path is a chain of borrowed steps on the stack, so that walking an object costs nothing until an error is written.
/// Mirrors `field.Path` (apimachinery v0.36.3).
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Child(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The object itself. Upstream writes the nil path as `<nil>`; so does this.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    /// A first step: `spec`.
    pub const fn new(name: &'a str) -> Self {
        Path { parent: None, step: Step::Child(name) }
    }

    /// The member of that name: `spec` → `spec.ports`.
    pub fn child<'b>(&'b self, name: &'b str) -> Path<'b> {
        Path { parent: Some(self), step: Step::Child(name) }
    }

    /// The element at that place: `spec.ports` → `spec.ports[0]`.
    pub fn index<'b>(&'b self, index: usize) -> Path<'b> {
        Path { parent: Some(self), step: Step::Index(index) }
    }

    /// The value under that key of a map: `metadata.labels` → `metadata.labels[app]`.
    pub fn key<'b>(&'b self, key: &'b str) -> Path<'b> {
        Path { parent: Some(self), step: Step::Key(key) }
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        let _ = match self.step {
            Step::Root => Ok(()),
            Step::Child(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.write_str(name)
            }
            Step::Index(index) => write!(out, "[{index}]"),
            Step::Key(key) => write!(out, "[{key}]"),
        };
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        if out.is_empty() {
            out.push_str("<nil>");
        }
        formatter.write_str(&out)
    }
}

/// The kinds of field error (`field.ErrorType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorType {
    /// A value that was looked up and is not there.
    NotFound,
    /// A required value is missing.
    Required,
    /// A value that must be unique occurs twice.
    Duplicate,
    /// A value breaks its rule.
    Invalid,
    /// A value is not one of a fixed set.
    NotSupported,
    /// A value may not be given here.
    Forbidden,
    /// A string is too long.
    TooLong,
    /// A string is too short.
    TooShort,
    /// A list has too many items.
    TooMany,
    /// A list has too few items.
    TooFew,
    /// The server failed to judge.
    Internal,
    /// A value has the wrong type.
    TypeInvalid,
}

impl ErrorType {
    /// The reason of the status cause: `FieldValueInvalid` and its like.
    pub fn reason(self) -> &'static str {
        match self {
            ErrorType::NotFound => "FieldValueNotFound",
            ErrorType::Required => "FieldValueRequired",
            ErrorType::Duplicate => "FieldValueDuplicate",
            ErrorType::Invalid => "FieldValueInvalid",
            ErrorType::NotSupported => "FieldValueNotSupported",
            ErrorType::Forbidden => "FieldValueForbidden",
            ErrorType::TooLong => "FieldValueTooLong",
            ErrorType::TooShort => "FieldValueTooShort",
            ErrorType::TooMany => "FieldValueTooMany",
            ErrorType::TooFew => "FieldValueTooFew",
            ErrorType::Internal => "InternalError",
            ErrorType::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    /// The text a message begins with (`ErrorType.String`).
    pub fn text(self) -> &'static str {
        match self {
            ErrorType::NotFound => "Not found",
            ErrorType::Required => "Required value",
            ErrorType::Duplicate => "Duplicate value",
            ErrorType::Invalid | ErrorType::TypeInvalid => "Invalid value",
            ErrorType::NotSupported => "Unsupported value",
            ErrorType::Forbidden => "Forbidden",
            ErrorType::TooLong => "Too long",
            ErrorType::TooShort => "Too short",
            ErrorType::TooMany => "Too many",
            ErrorType::TooFew => "Too few",
            ErrorType::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        !matches!(
            self,
            ErrorType::Required | ErrorType::Forbidden | ErrorType::TooLong | ErrorType::TooShort | ErrorType::Internal
        )
    }
}

/// One error on one field (`field.Error`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of error it is.
    pub kind: ErrorType,
    /// The field's path, as written: `spec.ports[0].port`.
    pub field: String,
    /// The offending value as the message shows it: Go's `%v` for numbers and booleans, `%q` for a plain string, JSON for
    /// everything else. Empty for the kinds that show none.
    pub value: String,
    /// What is wrong with it, or empty.
    pub detail: String,
    /// For [`ErrorType::NotSupported`] the values that are allowed, in the order in which the detail lists them.
    pub supported: Vec<String>,
}

impl Error {
    /// An error of any kind; `value` is the rendered value (see [`quote`] and [`json`]).
    pub fn new(kind: ErrorType, path: &Path<'_>, value: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut field = String::with_capacity(48);
        path.write(&mut field);
        if field.is_empty() {
            field.push_str("<nil>");
        }
        Error { kind, field, value: value.into(), detail: detail.into(), supported: Vec::new() }
    }

    /// `field.Required`
    pub fn required(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Error::new(ErrorType::Required, path, "", detail)
    }

    /// `field.Forbidden`
    pub fn forbidden(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Error::new(ErrorType::Forbidden, path, "", detail)
    }

    /// `field.Invalid` with a value of Go's type `string`, shown as `%q`.
    pub fn invalid(path: &Path<'_>, value: &str, detail: impl Into<String>) -> Self {
        Error::new(ErrorType::Invalid, path, quote(value), detail)
    }

    /// `field.Invalid` with a value of any other type, already rendered.
    pub fn invalid_value(path: &Path<'_>, rendered: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::new(ErrorType::Invalid, path, rendered, detail)
    }

    /// `field.Duplicate` with a rendered value.
    pub fn duplicate(path: &Path<'_>, rendered: impl Into<String>) -> Self {
        Error::new(ErrorType::Duplicate, path, rendered, "")
    }

    /// `field.NotSupported` with a rendered value and the values allowed, in the order to be shown.
    pub fn not_supported(path: &Path<'_>, rendered: impl Into<String>, supported: &[&str]) -> Self {
        let mut detail = String::new();
        for (position, value) in supported.iter().enumerate() {
            detail.push_str(if position == 0 { "supported values: " } else { ", " });
            detail.push_str(&quote(value));
        }
        let supported = supported.iter().map(|value| (*value).to_owned()).collect();
        Error { supported, ..Error::new(ErrorType::NotSupported, path, rendered, detail) }
    }

    /// `field.TooLong`: `limit` in bytes.
    pub fn too_long(path: &Path<'_>, limit: usize) -> Self {
        let unit = if limit == 1 { "byte" } else { "bytes" };
        Error::new(ErrorType::TooLong, path, "", format!("may not be more than {limit} {unit}"))
    }

    /// `field.TooMany`: `actual` items where at most `limit` are allowed.
    pub fn too_many(path: &Path<'_>, actual: usize, limit: usize) -> Self {
        let unit = if limit == 1 { "item" } else { "items" };
        Error::new(ErrorType::TooMany, path, actual.to_string(), format!("must have at most {limit} {unit}"))
    }

    /// The message without the field (`Error.ErrorBody`), as in a status cause.
    pub fn body(&self) -> String {
        let mut out = self.kind.text().to_owned();
        if self.kind.shows_value() {
            out.push_str(": ");
            out.push_str(&self.value);
        }
        if !self.detail.is_empty() {
            out.push_str(": ");
            out.push_str(&self.detail);
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.body())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan_base::go::json;

    #[test]
    fn a_path_is_written_as_upstream_writes_it() {
        let spec = Path::new("spec");
        assert_eq!(spec.child("ports").index(0).child("port").to_string(), "spec.ports[0].port");
        assert_eq!(Path::new("metadata").child("labels").key("a/b").to_string(), "metadata.labels[a/b]");
        assert_eq!(Path::ROOT.to_string(), "<nil>");
        assert_eq!(Path::ROOT.child("spec").to_string(), "spec");
    }

    #[test]
    fn messages_show_the_value_where_upstream_does() {
        let spec = Path::new("spec");
        let path = spec.child("type");
        let error = Error::not_supported(&path, json("Bogus"), &["ClusterIP", "ExternalName"]);
        assert_eq!(
            error.to_string(),
            r#"spec.type: Unsupported value: "Bogus": supported values: "ClusterIP", "ExternalName""#
        );
        assert_eq!(Error::required(&path, "").to_string(), "spec.type: Required value");
        assert_eq!(Error::too_many(&path, 3, 2).body(), "Too many: 3: must have at most 2 items");
    }
}
