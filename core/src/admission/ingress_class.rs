//! IngressClass: `k8s.io/kubernetes/pkg/apis/networking/validation` and `pkg/registry/networking/ingressclass`, v1.36.3.

use super::formats::names::{name_is_dns_label, name_is_dns_subdomain, push, validate_domain_prefixed_path};
use super::ingress::validate_reference;
use super::object_meta::{IMMUTABLE, validate_object_meta, validate_object_meta_update};
use super::semantically_equal;
use crate::api::ingress::{IngressClass, IngressClassParametersReference, IngressClassSpec};
use crate::field::{Error, Path};

const MAX_CONTROLLER_LENGTH: usize = 250;

/// `SetDefaults_IngressClass`
pub(super) fn set_defaults(class: &mut IngressClass) {
    if let Some(parameters) = &mut class.spec.parameters {
        parameters.scope.get_or_insert_with(|| "Cluster".to_owned());
    }
}

/// `PrepareForUpdate`
pub(super) fn prepare_for_update(new: &mut IngressClass, old: &IngressClass) {
    if !semantically_equal(&new.spec, &old.spec) {
        new.metadata.generation = old.metadata.generation.saturating_add(1);
    }
}

/// `ValidateIngressClass`
pub(super) fn validate(class: &IngressClass, errors: &mut Vec<Error>) {
    validate_object_meta(&class.metadata, false, name_is_dns_subdomain, errors);
    validate_spec(&class.spec, errors);
}

/// `ValidateIngressClassUpdate`
pub(super) fn validate_update(new: &IngressClass, old: &IngressClass, errors: &mut Vec<Error>) {
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
    if new.spec.controller != old.spec.controller {
        let spec = Path::new("spec");
        errors.push(Error::invalid(&spec.child("controller"), &new.spec.controller, IMMUTABLE));
    }
    validate(new, errors);
}

fn validate_spec(spec: &IngressClassSpec, errors: &mut Vec<Error>) {
    let path = Path::new("spec");
    let controller = path.child("controller");
    if spec.controller.len() > MAX_CONTROLLER_LENGTH {
        errors.push(Error::too_long(&controller, MAX_CONTROLLER_LENGTH));
    }
    validate_domain_prefixed_path(&controller, &spec.controller, errors);
    if let Some(parameters) = &spec.parameters {
        validate_parameters(parameters, &path.child("parameters"), errors);
    }
}

/// `validateIngressClassParametersReference`
fn validate_parameters(parameters: &IngressClassParametersReference, path: &Path<'_>, errors: &mut Vec<Error>) {
    validate_reference(parameters.api_group.as_deref(), &parameters.kind, &parameters.name, path, errors);
    let namespace = path.child("namespace");
    match (parameters.scope.as_deref(), &parameters.namespace) {
        (None, _) => errors.push(Error::required(&path.child("scope"), "")),
        (Some("Namespace"), None) => {
            errors.push(Error::required(&namespace, "`parameters.scope` is set to 'Namespace'"));
        }
        (Some("Namespace"), Some(name)) => push(errors, &namespace, name, name_is_dns_label(name, false)),
        (Some("Cluster"), Some(_)) => {
            errors.push(Error::forbidden(&namespace, "`parameters.scope` is set to 'Cluster'"));
        }
        (Some("Cluster"), None) => {}
        (Some(other), _) => {
            let shown = portolan_base::go::quote(other);
            errors.push(Error::not_supported(&path.child("scope"), shown, &["Cluster", "Namespace"]));
        }
    }
}
