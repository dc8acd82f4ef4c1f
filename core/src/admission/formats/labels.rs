//! Labels, annotations and label selectors (`k8s.io/apimachinery/pkg/apis/meta/v1/validation` and
//! `pkg/api/validation`, v0.36.3). Upstream walks its maps in random order; here the keys' order is kept.

use super::names::{is_label_value, is_qualified_name, push};
use crate::api::meta::{LabelSelector, LabelSelectorRequirement, StringMap};
use crate::field::{Error, Path, json};

const TOTAL_ANNOTATION_SIZE_LIMIT: usize = 256 * 1024;

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

/// `strings.ToLower`: character by character, so that `İ` becomes a plain `i`.
fn lower(text: &str) -> String {
    text.chars().filter_map(|character| character.to_lowercase().next()).collect()
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
                errors.push(Error::required(&values, "must be specified when `operator` is 'In' or 'NotIn'"));
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
