//! The metadata that every object has (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`, v0.36.3, and the wrappers
//! in `k8s.io/kubernetes/pkg/apis/core/validation`). `managedFields` is the server's own and is not looked at: what a
//! client sends there and the server cannot read is dropped before validation.

use super::formats::labels::{validate_annotations, validate_labels};
use super::formats::names::{NameRule, is_qualified_name, name_is_dns_label, push};
use crate::api::codec::Codec;
use crate::api::meta::{ObjectMeta, OwnerReference};
use crate::field::{Error, Path};
use portolan_base::go::{json, json_value, quote};
use portolan_base::sort::SmallSort as _;

/// `FieldImmutableErrorMsg`
pub const IMMUTABLE: &str = "field is immutable";

const METADATA: Path<'static> = Path::new("metadata");

/// `core/validation.ValidateObjectMeta`: the metadata of a new object, with the check of finalizers that the kinds add.
pub fn validate_object_meta(metadata: &ObjectMeta, namespaced: bool, rule: NameRule, errors: &mut Vec<Error>) {
    validate_object_meta_accessor(metadata, namespaced, rule, errors);
    validate_kube_finalizers(metadata, errors);
}

/// `core/validation.ValidateObjectMetaUpdate`: what may not change, with the check of finalizers that the kinds add.
pub fn validate_object_meta_update(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<Error>) {
    validate_object_meta_accessor_update(new, old, errors);
    validate_kube_finalizers(new, errors);
}

/// `ValidateObjectMetaAccessor`: the metadata of a new object.
pub fn validate_object_meta_accessor(metadata: &ObjectMeta, namespaced: bool, rule: NameRule, errors: &mut Vec<Error>) {
    if !metadata.generate_name.is_empty() {
        push(errors, &METADATA.child("generateName"), &metadata.generate_name, rule(&metadata.generate_name, true));
    }
    if metadata.name.is_empty() {
        errors.push(Error::required(&METADATA.child("name"), "name or generateName is required"));
    } else {
        push(errors, &METADATA.child("name"), &metadata.name, rule(&metadata.name, false));
    }
    let namespace = METADATA.child("namespace");
    if !namespaced {
        if !metadata.namespace.is_empty() {
            errors.push(Error::forbidden(&namespace, "not allowed on this type"));
        }
    } else if metadata.namespace.is_empty() {
        errors.push(Error::required(&namespace, ""));
    } else {
        push(errors, &namespace, &metadata.namespace, name_is_dns_label(&metadata.namespace, false));
    }
    if metadata.generation < 0 {
        let value = metadata.generation.to_string();
        errors.push(Error::invalid_value(&METADATA.child("generation"), value, "must be greater than or equal to 0"));
    }
    validate_labels(&metadata.labels, &METADATA.child("labels"), errors);
    validate_annotations(&metadata.annotations, &METADATA.child("annotations"), errors);
    validate_owner_references(&metadata.owner_references, errors);
    validate_finalizers(&metadata.finalizers, errors);
}

/// `ValidateObjectMetaAccessorUpdate`: what may not change. The old object has a resource version by then, and the new
/// one has been given it.
pub fn validate_object_meta_accessor_update(new: &ObjectMeta, old: &ObjectMeta, errors: &mut Vec<Error>) {
    if old.deletion_timestamp.is_some() {
        let mut extra: Vec<&String> =
            new.finalizers.iter().filter(|finalizer| !old.finalizers.contains(finalizer)).collect();
        extra.small_sort();
        extra.dedup();
        if !extra.is_empty() {
            let names: Vec<String> = extra.iter().map(|name| quote(name)).collect();
            let message = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                names.join(", ")
            );
            errors.push(Error::forbidden(&METADATA.child("finalizers"), message));
        }
    }
    if new.generation < old.generation {
        let value = new.generation.to_string();
        errors.push(Error::invalid_value(&METADATA.child("generation"), value, "must not be decremented"));
    }
    let immutable = |name: &str, same: bool, shown: String, errors: &mut Vec<Error>| {
        if !same {
            errors.push(Error::invalid_value(&METADATA.child(name), shown, IMMUTABLE));
        }
    };
    immutable("name", new.name == old.name, quote(&new.name), errors);
    immutable("namespace", new.namespace == old.namespace, quote(&new.namespace), errors);
    immutable("uid", new.uid == old.uid, json(&new.uid), errors);
    immutable(
        "creationTimestamp",
        new.creation_timestamp == old.creation_timestamp,
        json_value(&new.creation_timestamp.encode()),
        errors,
    );
    immutable(
        "deletionTimestamp",
        new.deletion_timestamp == old.deletion_timestamp,
        json_value(&new.deletion_timestamp.encode()),
        errors,
    );
    immutable(
        "deletionGracePeriodSeconds",
        new.deletion_grace_period_seconds == old.deletion_grace_period_seconds,
        json_value(&new.deletion_grace_period_seconds.encode()),
        errors,
    );
    validate_labels(&new.labels, &METADATA.child("labels"), errors);
    validate_annotations(&new.annotations, &METADATA.child("annotations"), errors);
    validate_owner_references(&new.owner_references, errors);
}

fn validate_kube_finalizers(metadata: &ObjectMeta, errors: &mut Vec<Error>) {
    let path = METADATA.child("finalizers");
    for (index, finalizer) in metadata.finalizers.iter().enumerate() {
        validate_kube_finalizer(finalizer, &path.index(index), errors);
    }
}

/// `core/validation.validateKubeFinalizerName`
pub fn validate_kube_finalizer(finalizer: &str, path: &Path<'_>, errors: &mut Vec<Error>) {
    let standard = matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion");
    if !finalizer.contains('/') && !standard {
        let message = "name is neither a standard finalizer name nor is it fully qualified";
        errors.push(Error::invalid(path, finalizer, message));
    }
}

/// `ValidateOwnerReferences`. Upstream gives every reference the path of the list.
fn validate_owner_references(references: &[OwnerReference], errors: &mut Vec<Error>) {
    let path = METADATA.child("ownerReferences");
    let mut controller: Option<String> = None;
    for reference in references {
        validate_owner_reference(reference, &path, errors);
        if reference.controller == Some(true) {
            let current = format!("{}/{}", reference.kind, reference.name);
            match &controller {
                None => controller = Some(current),
                Some(first) => {
                    let message = format!(
                        "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {current}"
                    );
                    let shown = portolan_base::json::Json::Array(references.iter().map(Codec::encode).collect());
                    errors.push(Error::invalid_value(&path, json_value(&shown), message));
                }
            }
        }
    }
}

fn validate_owner_reference(reference: &OwnerReference, path: &Path<'_>, errors: &mut Vec<Error>) {
    // A version that cannot be read, with two slashes, leaves group, version and kind empty but for the kind.
    let (group, version) = match reference.api_version.split_once('/') {
        None => ("", reference.api_version.as_str()),
        Some((_, version)) if version.contains('/') => ("", ""),
        Some((group, version)) => (group, version),
    };
    if version.is_empty() {
        errors.push(Error::invalid(&path.child("apiVersion"), &reference.api_version, "version must not be empty"));
    }
    if reference.kind.is_empty() {
        errors.push(Error::invalid(&path.child("kind"), &reference.kind, "must not be empty"));
    }
    if reference.name.is_empty() {
        errors.push(Error::invalid(&path.child("name"), &reference.name, "must not be empty"));
    }
    if reference.uid.is_empty() {
        errors.push(Error::invalid_value(&path.child("uid"), json(&reference.uid), "must not be empty"));
    }
    if group.is_empty() && version == "v1" && reference.kind == "Event" {
        let shown = json_value(&reference.encode());
        errors.push(Error::invalid_value(path, shown, "/v1, Kind=Event is disallowed from being an owner"));
    }
}

/// `ValidateFinalizers`. Upstream gives every finalizer the path of the list.
fn validate_finalizers(finalizers: &[String], errors: &mut Vec<Error>) {
    let path = METADATA.child("finalizers");
    for finalizer in finalizers {
        push(errors, &path, finalizer, is_qualified_name(finalizer));
    }
    let has = |name: &str| finalizers.iter().any(|finalizer| finalizer == name);
    if has("orphan") && has("foregroundDeletion") {
        let shown = portolan_base::json::Json::from(finalizers.to_vec());
        let message = "finalizer orphan and foregroundDeletion cannot be both set";
        errors.push(Error::invalid_value(&path, json_value(&shown), message));
    }
}
