//! Namespace: `k8s.io/kubernetes/pkg/registry/core/namespace`, `pkg/apis/core/validation` and `pkg/apis/core/v1`, v1.36.3.

use super::formats::names::{is_qualified_name, name_is_dns_label, push};
use super::object_meta::{validate_kube_finalizer, validate_object_meta, validate_object_meta_update};
use crate::api::namespace::{Namespace, NamespaceStatus};
use crate::field::{Error, Path};

/// The label that always carries the name.
const LABEL_METADATA_NAME: &str = "kubernetes.io/metadata.name";

/// `SetDefaults_Namespace`, `SetDefaults_NamespaceStatus`
pub(super) fn set_defaults(namespace: &mut Namespace) {
    if !namespace.metadata.name.is_empty() {
        set_name_label(namespace);
    }
    if namespace.status.phase.is_empty() {
        namespace.status.phase = "Active".to_owned();
    }
}

/// `PrepareForCreate`
pub(super) fn prepare_for_create(namespace: &mut Namespace) {
    namespace.status = NamespaceStatus { phase: "Active".to_owned(), ..NamespaceStatus::default() };
    let finalizers = namespace.spec.finalizers.get_or_insert_default();
    if !finalizers.iter().any(|finalizer| finalizer == "kubernetes") {
        finalizers.push("kubernetes".to_owned());
    }
}

/// `PrepareForUpdate`
pub(super) fn prepare_for_update(new: &mut Namespace, old: &Namespace) {
    new.spec.finalizers.clone_from(&old.spec.finalizers);
    new.status = old.status.clone();
}

/// `Canonicalize`: a name that was made up is known only now.
pub(super) fn set_name_label(namespace: &mut Namespace) {
    let name = namespace.metadata.name.clone();
    namespace.metadata.labels.insert(LABEL_METADATA_NAME.to_owned(), name);
}

/// `ValidateNamespace`
pub(super) fn validate(namespace: &Namespace, errors: &mut Vec<Error>) {
    validate_object_meta(&namespace.metadata, false, name_is_dns_label, errors);
    let spec = Path::new("spec");
    let path = spec.child("finalizers");
    for finalizer in namespace.spec.finalizers.iter().flatten() {
        push(errors, &path, finalizer, is_qualified_name(finalizer));
        validate_kube_finalizer(finalizer, &path, errors);
    }
}

/// `ValidateNamespace` and `ValidateNamespaceUpdate`
pub(super) fn validate_update(new: &Namespace, old: &Namespace, errors: &mut Vec<Error>) {
    validate(new, errors);
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
}
