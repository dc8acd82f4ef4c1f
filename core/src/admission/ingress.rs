//! Ingress: `k8s.io/kubernetes/pkg/apis/networking/validation`, `pkg/registry/networking/ingress` and
//! `plugin/pkg/admission/network/defaultingressclass`, v1.36.3.

use super::formats::Messages;
use super::formats::names::{
    is_dns1123_subdomain, is_path_segment_name, is_valid_port_name, is_valid_port_num, is_wildcard_dns1123_subdomain,
    name_is_dns_label, name_is_dns_subdomain, name_is_dns1035_label, push, push_number,
};
use super::object_meta::{validate_object_meta, validate_object_meta_update};
use super::semantically_equal;
use crate::admission::warnings::{Warning, WarningKind};
use crate::api::codec::Codec;
use crate::api::ingress::{
    HTTPIngressPath, HTTPIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressSpec, IngressStatus,
    IngressTLS, TypedLocalObjectReference,
};
use crate::cluster::Cluster;
use crate::field::{Error, Path};
use crate::net::parse_sloppy;
use crate::release::Gates;
use portolan_base::go::{json, json_value};

/// The annotation that named the class before there was a field for it.
const ANNOTATION_INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// The annotation that makes an IngressClass the default one.
const ANNOTATION_IS_DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// What is let be because the old object has it (`IngressValidationOptions`).
#[derive(Clone, Copy)]
struct Options {
    invalid_secret_name: bool,
    invalid_wildcard_host_rule: bool,
    relaxed_service_name: bool,
}

/// The admission plugin DefaultIngressClass: an Ingress that names no class gets the youngest default one.
pub(super) fn set_default_class(ingress: &mut Ingress, cluster: &Cluster) {
    if ingress.spec.ingress_class_name.is_some() || ingress.metadata.annotations.contains_key(ANNOTATION_INGRESS_CLASS)
    {
        return;
    }
    let is_default = |annotations: &crate::api::meta::StringMap| {
        annotations.get(ANNOTATION_IS_DEFAULT_CLASS).is_some_and(|value| value == "true")
    };
    let classes = cluster.ingress_classes.iter().map(|(_, class)| &class.metadata);
    // Of those created in the same second the first by name; the classes come by name.
    let default = classes
        .filter(|metadata| is_default(&metadata.annotations))
        .reduce(|best, next| if next.creation_timestamp > best.creation_timestamp { next } else { best });
    ingress.spec.ingress_class_name = default.map(|metadata| metadata.name.clone());
}

/// `PrepareForCreate`
pub(super) fn prepare_for_create(ingress: &mut Ingress) {
    ingress.status = IngressStatus::default();
    ingress.metadata.generation = 1;
}

/// `PrepareForUpdate`
pub(super) fn prepare_for_update(new: &mut Ingress, old: &Ingress) {
    new.status = old.status.clone();
    if !semantically_equal(&new.spec, &old.spec) {
        new.metadata.generation = old.metadata.generation.saturating_add(1);
    }
}

/// `WarningsOnCreate`
pub(super) fn warn_on_create(ingress: &Ingress, warnings: &mut Vec<Warning>) {
    let annotated = ingress.metadata.annotations.contains_key(ANNOTATION_INGRESS_CLASS);
    if annotated && ingress.spec.ingress_class_name.is_none() {
        let text = format!(
            "annotation \"{ANNOTATION_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"
        );
        let metadata = Path::new("metadata");
        let annotations = metadata.child("annotations");
        let field = annotations.key(ANNOTATION_INGRESS_CLASS);
        warnings.push(Warning::new(WarningKind::DeprecatedIngressClass, &field, text));
    }
}

/// `ValidateIngressCreate`
pub(super) fn validate(ingress: &Ingress, gates: &Gates, errors: &mut Vec<Error>) {
    let options = Options {
        invalid_secret_name: false,
        invalid_wildcard_host_rule: false,
        relaxed_service_name: gates.relaxed_service_name_validation,
    };
    validate_ingress(ingress, options, errors);
    if let Some(annotation) = ingress.metadata.annotations.get(ANNOTATION_INGRESS_CLASS)
        && let Some(class) = &ingress.spec.ingress_class_name
        && annotation != class
    {
        let annotations = Path::new("annotations");
        let path = annotations.child(ANNOTATION_INGRESS_CLASS);
        errors.push(Error::invalid(&path, annotation, "must match `ingressClassName` when both are specified"));
    }
}

/// `ValidateIngressUpdate`
pub(super) fn validate_update(new: &Ingress, old: &Ingress, gates: &Gates, errors: &mut Vec<Error>) {
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
    let options = Options {
        invalid_secret_name: tls(&old.spec).iter().any(|tls| !tls_secret_name(&tls.secret_name).is_empty()),
        invalid_wildcard_host_rule: rules(&old.spec).iter().any(is_invalid_wildcard_rule),
        relaxed_service_name: gates.relaxed_service_name_validation || has_relaxed_service_name(&old.spec),
    };
    validate_ingress(new, options, errors);
}

fn rules(spec: &IngressSpec) -> &[IngressRule] {
    spec.rules.as_deref().unwrap_or_default()
}

fn tls(spec: &IngressSpec) -> &[IngressTLS] {
    spec.tls.as_deref().unwrap_or_default()
}

/// Upstream asks without any option here, so that a Service name that begins with a digit counts as invalid.
fn is_invalid_wildcard_rule(rule: &IngressRule) -> bool {
    let options =
        Options { invalid_secret_name: false, invalid_wildcard_host_rule: false, relaxed_service_name: false };
    let mut errors = Vec::new();
    if rule.host.contains('*')
        && let Some(http) = &rule.http
    {
        validate_http(http, options, &Path::ROOT, &mut errors);
    }
    !errors.is_empty()
}

/// Whether a Service name of the object begins with a digit (`allowRelaxedServiceNameValidation`).
fn has_relaxed_service_name(spec: &IngressSpec) -> bool {
    let of_rules = rules(spec)
        .iter()
        .filter_map(|rule| rule.http.as_ref()?.paths.as_ref())
        .flatten()
        .filter_map(|path| path.backend.service.as_ref());
    let default = spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    default.into_iter().chain(of_rules).any(|service| {
        name_is_dns_label(&service.name, false).is_empty() && !name_is_dns1035_label(&service.name, false).is_empty()
    })
}

fn validate_ingress(ingress: &Ingress, options: Options, errors: &mut Vec<Error>) {
    validate_object_meta(&ingress.metadata, true, name_is_dns_subdomain, errors);
    validate_spec(&ingress.spec, options, errors);
}

/// What the server says of a host that is an address.
pub(super) const HOST_IS_AN_ADDRESS: &str = "must be a DNS name, not an IP address";
/// What the server says of a path without a type.
pub(super) const NO_PATH_TYPE: &str = "pathType must be specified";
/// What the server says of a path that does not begin with a slash.
pub(super) const PATH_IS_RELATIVE: &str = "must be an absolute path";
/// What the server says of an Ingress without rules and without a default backend.
pub(super) const NOTHING_TO_SERVE: &str = "either `defaultBackend` or `rules` must be specified";

/// `ValidateIngressSpec`
fn validate_spec(spec: &IngressSpec, options: Options, errors: &mut Vec<Error>) {
    let path = Path::new("spec");
    if rules(spec).is_empty() && spec.default_backend.is_none() {
        errors.push(Error::invalid_value(&path, json_value(&spec.rules.encode()), NOTHING_TO_SERVE));
    }
    if let Some(backend) = &spec.default_backend {
        validate_backend(backend, options, &path.child("defaultBackend"), errors);
    }
    let rules_path = path.child("rules");
    for (index, rule) in rules(spec).iter().enumerate() {
        validate_rule(rule, options, &rules_path.index(index), errors);
    }
    let tls_path = path.child("tls");
    for (index, tls) in tls(spec).iter().enumerate() {
        validate_tls(tls, options, &tls_path.index(index), errors);
    }
    if let Some(class) = &spec.ingress_class_name {
        push(errors, &path.child("ingressClassName"), class, name_is_dns_subdomain(class, false));
    }
}

/// `validateIngressRules`, for one of them.
fn validate_rule(rule: &IngressRule, options: Options, path: &Path<'_>, errors: &mut Vec<Error>) {
    let host = path.child("host");
    let wildcard = rule.host.contains('*');
    if !rule.host.is_empty() {
        if parse_sloppy(&rule.host).is_some() {
            errors.push(Error::invalid(&host, &rule.host, HOST_IS_AN_ADDRESS));
        }
        push(errors, &host, &rule.host, host_messages(&rule.host));
    }
    if !(wildcard && options.invalid_wildcard_host_rule)
        && let Some(http) = &rule.http
    {
        validate_http(http, options, &path.child("http"), errors);
    }
}

fn host_messages(host: &str) -> Messages {
    if host.contains('*') { is_wildcard_dns1123_subdomain(host) } else { is_dns1123_subdomain(host) }
}

/// `validateIngressTLS`, for one entry.
fn validate_tls(tls: &IngressTLS, options: Options, path: &Path<'_>, errors: &mut Vec<Error>) {
    let hosts = path.child("hosts");
    for (index, host) in tls.hosts.iter().flatten().enumerate() {
        push(errors, &hosts.index(index), host, host_messages(host));
    }
    if !options.invalid_secret_name {
        push(errors, &path.child("secretName"), &tls.secret_name, tls_secret_name(&tls.secret_name));
    }
}

fn tls_secret_name(name: &str) -> Messages {
    if name.is_empty() { Messages::new() } else { name_is_dns_subdomain(name, false) }
}

/// `validateHTTPIngressRuleValue`
fn validate_http(http: &HTTPIngressRuleValue, options: Options, path: &Path<'_>, errors: &mut Vec<Error>) {
    let paths_path = path.child("paths");
    let paths = http.paths.as_deref().unwrap_or_default();
    if paths.is_empty() {
        errors.push(Error::required(&paths_path, ""));
    }
    for (index, path) in paths.iter().enumerate() {
        validate_path(path, options, &paths_path.index(index), errors);
    }
}

/// `validateHTTPIngressPath`
fn validate_path(rule: &HTTPIngressPath, options: Options, at: &Path<'_>, errors: &mut Vec<Error>) {
    let path = at.child("path");
    let Some(path_type) = &rule.path_type else {
        errors.push(Error::required(&at.child("pathType"), NO_PATH_TYPE));
        return;
    };
    let must_be_absolute = |errors: &mut Vec<Error>| {
        if !rule.path.starts_with('/') {
            errors.push(Error::invalid(&path, &rule.path, PATH_IS_RELATIVE));
        }
    };
    match path_type.as_str() {
        "Exact" | "Prefix" => {
            must_be_absolute(errors);
            for sequence in ["//", "/./", "/../", "%2f", "%2F"] {
                if rule.path.contains(sequence) {
                    errors.push(Error::invalid(&path, &rule.path, format!("must not contain '{sequence}'")));
                }
            }
            for suffix in ["/..", "/."] {
                if rule.path.ends_with(suffix) {
                    errors.push(Error::invalid(&path, &rule.path, format!("cannot end with '{suffix}'")));
                }
            }
        }
        "ImplementationSpecific" => {
            if !rule.path.is_empty() {
                must_be_absolute(errors);
            }
        }
        other => {
            let supported = ["Exact", "ImplementationSpecific", "Prefix"];
            errors.push(Error::not_supported(&at.child("pathType"), json(other), &supported));
        }
    }
    validate_backend(&rule.backend, options, &at.child("backend"), errors);
}

/// `validateIngressBackend`
fn validate_backend(backend: &IngressBackend, options: Options, path: &Path<'_>, errors: &mut Vec<Error>) {
    let service = match (&backend.resource, &backend.service) {
        (Some(_), Some(_)) => {
            errors.push(Error::invalid(path, "", "cannot set both resource and service backends"));
            return;
        }
        (Some(resource), None) => {
            validate_resource(resource, &path.child("resource"), errors);
            return;
        }
        (None, None) => {
            errors.push(Error::invalid(path, "", "resource or service backend is required"));
            return;
        }
        (None, Some(service)) => service,
    };
    let service_path = path.child("service");
    let name = service_path.child("name");
    if service.name.is_empty() {
        errors.push(Error::required(&name, ""));
    } else if options.relaxed_service_name {
        push(errors, &name, &service.name, name_is_dns_label(&service.name, false));
    } else {
        push(errors, &name, &service.name, name_is_dns1035_label(&service.name, false));
    }
    let port = service_path.child("port");
    match (service.port.name.as_str(), service.port.number) {
        ("", 0) => errors.push(Error::required(path, "port name or number is required")),
        ("", number) => push_number(errors, &port.child("number"), number, is_valid_port_num(number)),
        (name, 0) => push(errors, &port.child("name"), name, is_valid_port_name(name)),
        _ => errors.push(Error::invalid(path, "", "cannot set both port name & port number")),
    }
}

/// `validateIngressTypedLocalObjectReference`
fn validate_resource(resource: &TypedLocalObjectReference, path: &Path<'_>, errors: &mut Vec<Error>) {
    validate_reference(resource.api_group.as_deref(), &resource.kind, &resource.name, path, errors);
}

/// What a reference by group, kind and name has to be.
pub(super) fn validate_reference(
    api_group: Option<&str>,
    kind: &str,
    name: &str,
    path: &Path<'_>,
    errors: &mut Vec<Error>,
) {
    if let Some(group) = api_group {
        push(errors, &path.child("apiGroup"), group, is_dns1123_subdomain(group));
    }
    for (member, value) in [("kind", kind), ("name", name)] {
        if value.is_empty() {
            errors.push(Error::required(&path.child(member), ""));
        } else {
            push(errors, &path.child(member), value, is_path_segment_name(value));
        }
    }
}
