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

/// The admission plugin PodSecurity: a namespace's labels have to name levels and versions that there are, unless an
/// update leaves them as wrong as they were (`pod-security-admission/admission.ValidateNamespace`, v0.36.3).
pub(super) fn validate_pod_security(new: &Namespace, old: Option<&Namespace>, errors: &mut Vec<Error>) {
    let before = errors.len();
    pod_security_errors(new, errors);
    let mut of_old = Vec::new();
    if let Some(old) = old {
        pod_security_errors(old, &mut of_old);
    }
    if errors.get(before..) == Some(of_old.as_slice()) {
        errors.truncate(before);
    }
}

/// `api.PolicyToEvaluate`
fn pod_security_errors(namespace: &Namespace, errors: &mut Vec<Error>) {
    let metadata = Path::new("metadata");
    let labels = metadata.child("labels");
    for mode in ["enforce", "audit", "warn"] {
        let label = format!("pod-security.kubernetes.io/{mode}");
        if let Some(level) = namespace.metadata.labels.get(&label)
            && !matches!(level.as_str(), "privileged" | "baseline" | "restricted")
        {
            let message = "must be one of privileged, baseline, restricted";
            errors.push(Error::invalid(&labels.key(&label), level, message));
        }
        let label = format!("{label}-version");
        if let Some(version) = namespace.metadata.labels.get(&label)
            && version != "latest"
            && !version.strip_prefix("v1.").is_some_and(is_minor)
        {
            errors.push(Error::invalid(&labels.key(&label), version, "must be \"latest\" or \"v1.x\""));
        }
    }
}

/// Whether that is the number of a minor version: digits without a leading zero, that Go's `int` can hold.
fn is_minor(text: &str) -> bool {
    (text == "0" || !text.starts_with('0'))
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_pod_security_labels_are_let_be_where_they_were() {
        let labelled = |level: &str| {
            let mut namespace = Namespace::default();
            namespace.metadata.labels.insert("pod-security.kubernetes.io/enforce".to_owned(), level.to_owned());
            namespace.metadata.labels.insert("pod-security.kubernetes.io/warn-version".to_owned(), "v1.01".to_owned());
            namespace
        };
        let mut errors = Vec::new();
        validate_pod_security(&labelled("x"), Some(&labelled("x")), &mut errors);
        assert!(errors.is_empty());
        validate_pod_security(&labelled("baseline"), Some(&labelled("x")), &mut errors);
        assert_eq!(errors.len(), 1);
        assert_eq!(
            errors.first().map(ToString::to_string).as_deref(),
            Some(
                r#"metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v1.01": must be "latest" or "v1.x""#
            )
        );
    }
}
