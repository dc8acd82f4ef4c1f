//! IPAddress: `k8s.io/kubernetes/pkg/apis/networking/validation` and `pkg/registry/networking/ipaddress`, v1.36.3.

use super::formats::Messages;
use super::formats::ip::validate_ip;
use super::formats::names::{is_dns1123_subdomain, is_path_segment_name, push};
use super::object_meta::{IMMUTABLE, validate_object_meta, validate_object_meta_update};
use crate::api::namespace::{IPAddress, ParentReference};
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::field::{Error, Path};
use crate::net::{Family, parse_sloppy};
use portolan_base::go::json_value;
use portolan_base::json::Json;

/// The IPAddress that the allocator keeps for a cluster IP, where a Service holds the address of that name
/// (`pkg/registry/core/service/ipallocator`, `cidrallocator.go`).
pub(super) fn of_service(cluster: &Cluster, name: &str) -> Option<IPAddress> {
    let address = parse_sloppy(name).filter(|address| address.to_string() == name)?;
    let holds = |service: &Service| service.cluster_ips().any(|held| parse_sloppy(held) == Some(address));
    let (key, _) = cluster.services.iter().find(|(_, service)| holds(service))?;
    let family = Family::of(address).name();
    let mut object = IPAddress::default();
    object.metadata.name.push_str(name);
    let labels = [("ip-family", family), ("managed-by", "ipallocator.k8s.io")];
    let labels = labels.map(|(label, value)| (format!("ipaddress.kubernetes.io/{label}"), value.to_owned()));
    object.metadata.labels = labels.into();
    object.spec.parent_ref = Some(ParentReference {
        group: String::new(),
        resource: "services".to_owned(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    });
    Some(object)
}

/// `ValidateIPAddress`
pub(super) fn validate(address: &IPAddress, errors: &mut Vec<Error>) {
    validate_object_meta(&address.metadata, false, validate_name, errors);
    let spec = Path::new("spec");
    let path = spec.child("parentRef");
    match &address.spec.parent_ref {
        None => errors.push(Error::required(&path, "")),
        Some(parent) => validate_parent(parent, &path, errors),
    }
}

/// `ValidateIPAddress` and `ValidateIPAddressUpdate`
pub(super) fn validate_update(new: &IPAddress, old: &IPAddress, errors: &mut Vec<Error>) {
    validate(new, errors);
    validate_object_meta_update(&new.metadata, &old.metadata, errors);
    if new.spec.parent_ref != old.spec.parent_ref {
        let spec = Path::new("spec");
        let shown = new.spec.parent_ref.as_ref().map_or(Json::Null, show_parent);
        errors.push(Error::invalid_value(&spec.child("parentRef"), json_value(&shown), IMMUTABLE));
    }
}

/// `ValidateIPAddressName`: the address in canonical form.
fn validate_name(name: &str, _prefix: bool) -> Messages {
    let mut errors = Vec::new();
    validate_ip(&Path::ROOT, name, &mut errors);
    errors.into_iter().map(|error| error.detail.into()).collect()
}

fn validate_parent(parent: &ParentReference, path: &Path<'_>, errors: &mut Vec<Error>) {
    if !parent.group.is_empty() {
        push(errors, &path.child("group"), &parent.group, is_dns1123_subdomain(&parent.group));
    }
    for (member, value) in [("resource", &parent.resource), ("name", &parent.name)] {
        if value.is_empty() {
            errors.push(Error::required(&path.child(member), ""));
        } else {
            push(errors, &path.child(member), value, is_path_segment_name(value));
        }
    }
    if !parent.namespace.is_empty() {
        push(errors, &path.child("namespace"), &parent.namespace, is_path_segment_name(&parent.namespace));
    }
}

/// The reference as upstream shows it: the internal type, whose fields have no JSON names.
fn show_parent(parent: &ParentReference) -> Json {
    Json::object()
        .with("Group", parent.group.clone())
        .with("Resource", parent.resource.clone())
        .with("Namespace", parent.namespace.clone())
        .with("Name", parent.name.clone())
}
