//! What a scalar's text stands for: the words and numbers of YAML 1.1 as go-yaml v2.4 reads them (`resolve.go`).

use super::parser::Tag;
use super::timestamp::is_timestamp;
use crate::number::{is_decimal_float, parse_float, parse_int, parse_uint};

/// The value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond `i64`.
    UInt(u64),
    Float(f64),
    /// The text itself.
    Text,
}

impl Scalar {
    /// The tag of such a value, in short.
    fn tag(self) -> Tag {
        match self {
            Scalar::Null => Tag::Null,
            Scalar::Bool(_) => Tag::Bool,
            Scalar::Int(_) | Scalar::UInt(_) => Tag::Int,
            Scalar::Float(_) => Tag::Float,
            Scalar::Text => Tag::Str,
        }
    }
}

/// What the text stands for under that tag.
///
/// # Errors
/// The text cannot be what the tag says.
pub(super) fn resolve(tag: Tag, text: &str) -> Result<Scalar, String> {
    match tag {
        Tag::Str | Tag::Binary | Tag::Merge | Tag::Other => return Ok(Scalar::Text),
        Tag::Timestamp if is_timestamp(text) => return Ok(Scalar::Text),
        _ => {}
    }
    let value = untagged(text);
    match (tag, value) {
        (Tag::Absent, _) => Ok(value),
        (Tag::Float, Scalar::Int(int)) => {
            #[expect(clippy::cast_precision_loss, reason = "Go converts so too")]
            let float = int as f64;
            Ok(Scalar::Float(float))
        }
        _ if tag == value.tag() => Ok(value),
        _ => Err(format!("cannot decode {} `{text}` as a {}", name(value.tag()), name(tag))),
    }
}

fn name(tag: Tag) -> &'static str {
    match tag {
        Tag::Bool => "!!bool",
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Null => "!!null",
        Tag::Timestamp => "!!timestamp",
        _ => "!!str",
    }
}

fn untagged(text: &str) -> Scalar {
    match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(b'.') => match text {
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            _ => parse_float(text).map_or(Scalar::Text, Scalar::Float),
        },
        Some(b'+' | b'-' | b'0'..=b'9') => match text {
            "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
            _ if text.contains('_') => number(&text.replace('_', "")),
            _ => number(text),
        },
        Some(_) => Scalar::Text,
    }
}

fn word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

/// What begins with a digit or a sign, its underscores taken out.
fn number(text: &str) -> Scalar {
    if let Some(int) = parse_int(text, 0) {
        return Scalar::Int(int);
    }
    if let Some(uint) = parse_uint(text, 0) {
        return Scalar::UInt(uint);
    }
    if is_decimal_float(text)
        && let Some(float) = parse_float(text)
    {
        return Scalar::Float(float);
    }
    // go-yaml reads what stands behind `0b` as a number of its own, sign and all.
    if let Some(digits) = text.strip_prefix("0b") {
        let int = parse_int(digits, 2).map(Scalar::Int);
        return int.or_else(|| parse_uint(digits, 2).map(Scalar::UInt)).unwrap_or(Scalar::Text);
    }
    if let Some(digits) = text.strip_prefix("-0b") {
        return parse_int(&format!("-{digits}"), 2).map_or(Scalar::Text, Scalar::Int);
    }
    Scalar::Text
}
