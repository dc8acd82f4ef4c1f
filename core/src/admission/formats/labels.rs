//! Labels, annotations and label selectors (`k8s.io/apimachinery/pkg/apis/meta/v1/validation` and
//! `pkg/api/validation`, v0.36.3). Upstream walks its maps in random order; here the keys' order is kept.

use super::names::{is_label_value, is_qualified_name, push};
use crate::api::meta::{LabelSelector, LabelSelectorRequirement, StringMap};
use crate::field::{Error, Path};
use portolan_base::go::json;

const TOTAL_ANNOTATION_SIZE_LIMIT: usize = 256 * 1024;

/// What the server says of `In` and `NotIn` without values.
pub const NEEDS_VALUES: &str = "must be specified when `operator` is 'In' or 'NotIn'";

/// `ValidateLabelName`
pub fn validate_label_name(name: &str, path: &Path<'_>, errors: &mut Vec<Error>) {
    push(errors, path, name, is_qualified_name(name));
}

/// `ValidateLabels`
pub fn validate_labels(labels: &StringMap, path: &Path<'_>, errors: &mut Vec<Error>) {
    for (key, value) in labels {
        validate_label_name(key, path, errors);
        push(errors, path, value, is_label_value(value));
    }
}

/// `ValidateAnnotations`: the letter case of a key does not matter, all of them together are at most 256 KiB.
pub fn validate_annotations(annotations: &StringMap, path: &Path<'_>, errors: &mut Vec<Error>) {
    let mut size: usize = 0;
    for (key, value) in annotations {
        push(errors, path, key, is_qualified_name(&lower(key)));
        size = size.saturating_add(key.len()).saturating_add(value.len());
    }
    if size > TOTAL_ANNOTATION_SIZE_LIMIT {
        errors.push(Error::too_long(path, TOTAL_ANNOTATION_SIZE_LIMIT));
    }
}

/// `strings.ToLower` as far as the rules for names can tell: which letters are ASCII's then, and how long the others are.
/// The whole of Unicode's letters would be a table of 25 KB.
fn lower(text: &str) -> String {
    let lower = |character: char| match character {
        'İ' => 'i',
        '\u{212a}' => 'k',
        'Ⱥ' | 'Ⱦ' => 'ⱥ',
        '\u{1e9e}'
        | '\u{2126}'
        | '\u{212b}'
        | '\u{2c62}'
        | '\u{2c64}'
        | '\u{2c6d}'..='\u{2c70}'
        | '\u{2c7e}'..='\u{2c7f}' => 'ß',
        '\u{a78d}' | '\u{a7aa}'..='\u{a7ae}' | '\u{a7b0}'..='\u{a7b2}' | '\u{a7c5}' => 'ß',
        other => other.to_ascii_lowercase(),
    };
    text.chars().map(lower).collect()
}

/// `ValidateLabelSelector`; values that are no label values may be let be, where the old object had such ones.
pub fn validate_label_selector(
    selector: &LabelSelector,
    allow_invalid_values: bool,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    validate_labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let expressions = path.child("matchExpressions");
    for (index, requirement) in selector.match_expressions.iter().enumerate() {
        validate_requirement(requirement, allow_invalid_values, &expressions.index(index), errors);
    }
}

fn validate_requirement(
    requirement: &LabelSelectorRequirement,
    allow_invalid_values: bool,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    let values = path.child("values");
    match requirement.operator.as_str() {
        "In" | "NotIn" => {
            if requirement.values.is_empty() {
                errors.push(Error::required(&values, NEEDS_VALUES));
            }
        }
        "Exists" | "DoesNotExist" => {
            if !requirement.values.is_empty() {
                let message = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errors.push(Error::forbidden(&values, message));
            }
        }
        other => {
            errors.push(Error::invalid_value(&path.child("operator"), json(other), "not a valid selector operator"));
        }
    }
    validate_label_name(&requirement.key, &path.child("key"), errors);
    if !allow_invalid_values {
        for (index, value) in requirement.values.iter().enumerate() {
            push(errors, &values.index(index), value, is_label_value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lower;

    #[test]
    fn lower_case_is_as_long_and_as_plain_as_unicodes() {
        // Go knows Unicode 15, which does not have these two.
        for character in ('\0'..=char::MAX).filter(|character| !matches!(character, '\u{a7cb}' | '\u{a7dc}')) {
            let expected: String = character.to_lowercase().take(1).collect();
            let found = lower(&character.to_string());
            assert_eq!((found.len(), found.is_ascii()), (expected.len(), expected.is_ascii()), "{character:?}");
            assert!(!found.is_ascii() || found == expected, "{character:?}");
        }
    }
}
