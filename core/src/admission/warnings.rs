//! The `Warning` headers of an answer (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`, v0.36.3).

use crate::field::Path;
use portolan_base::collections::BTreeSet;

/// A warning of the server: its text for the header, and what it is about, for fixes and places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the field, as it is written in the manifest; empty where the warning is about the whole object.
    pub field: String,
    /// What is wrong with the field.
    pub kind: WarningKind,
    /// The text, exactly as the server writes it.
    pub text: String,
}

/// The kinds of [`Warning`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WarningKind {
    /// The version of the kind is deprecated.
    DeprecatedVersion,
    /// The field or annotation is deprecated.
    DeprecatedField,
    /// The annotation `kubernetes.io/ingress.class` is deprecated; `spec.ingressClassName` takes its place.
    DeprecatedIngressClass,
    /// The value `PreferClose` is deprecated; `PreferSameZone` means the same.
    DeprecatedPreferClose,
    /// Nothing reads the field in an object like this.
    Ignored,
    /// The address or range is not in its standard form.
    NonStandardAddress,
    /// The list names an entry twice.
    Duplicate,
}

impl Warning {
    /// A warning about the field at a path.
    pub fn new(kind: WarningKind, field: &Path<'_>, text: impl Into<String>) -> Self {
        Warning { field: field.to_string(), kind, text: text.into() }
    }

    /// A warning about the version of the object.
    pub fn of_version(text: impl Into<String>) -> Self {
        Warning { field: String::new(), kind: WarningKind::DeprecatedVersion, text: text.into() }
    }
}

const TRUNCATE_AT_TOTAL: usize = 4 * 1024;
const TRUNCATE_ITEM: usize = 256;

/// The warnings that reach the client in headers: each text once, none with a control character. Once all texts together
/// have more than 4,096 characters, each is cut to 256, and those behind the limit are left out.
pub fn recorded(mut warnings: Vec<Warning>) -> Vec<Warning> {
    let mut known = BTreeSet::new();
    warnings.retain(|warning| !warning.text.is_empty() && known.insert(warning.text.clone()));
    let has_header = |text: &str| !text.chars().any(char::is_control);
    let length = |text: &str| text.chars().count();
    let texts = warnings.iter().map(|warning| warning.text.as_str());
    let total: usize = texts.filter(|text| has_header(text)).map(length).sum();
    if total <= TRUNCATE_AT_TOTAL {
        warnings.retain(|warning| has_header(&warning.text));
        return warnings;
    }
    // The text that goes over the limit has the ones before it written again, cut, without regard to the limit.
    let mut before = 0;
    let replayed = warnings
        .iter()
        .position(|warning| {
            before += if has_header(&warning.text) { length(&warning.text) } else { 0 };
            before > TRUNCATE_AT_TOTAL
        })
        .unwrap_or_default();
    let mut written = 0;
    let mut cut = Vec::new();
    for (position, warning) in warnings.into_iter().enumerate() {
        if position > replayed && written >= TRUNCATE_AT_TOTAL {
            break;
        }
        if has_header(&warning.text) {
            let text: String = warning.text.chars().take(TRUNCATE_ITEM).collect();
            written += length(&text);
            cut.push(Warning { text, ..warning });
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(texts: Vec<String>) -> Vec<String> {
        let warnings = super::recorded(texts.into_iter().map(Warning::of_version).collect());
        warnings.into_iter().map(|warning| warning.text).collect()
    }

    #[test]
    fn repetitions_and_control_characters_are_left_out() {
        let texts = ["a", "b", "a", "", "c\n"].map(str::to_owned).to_vec();
        assert_eq!(recorded(texts), ["a", "b"]);
    }

    #[test]
    fn too_much_text_is_cut() {
        let texts: Vec<String> = (0..100).map(|number| format!("{number:02}{}", "x".repeat(500))).collect();
        let cut = recorded(texts);
        assert_eq!(cut.len(), 16);
        assert!(cut.iter().all(|text| text.len() == 256));
        assert_eq!(recorded(vec!["x".repeat(4096)]), ["x".repeat(4096)]);
    }
}
