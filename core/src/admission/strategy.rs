//! What differs by kind in the way of an object through the server: a function a stage, and in it a line a kind.
//! Mirrors the `RESTCreateStrategy` and `RESTUpdateStrategy` of `k8s.io/kubernetes/pkg/registry`.

use super::allocate::cluster_ip::default_family;
use super::allocate::{Allocations, ClaimRange};
use super::status::Status;
use super::{
    endpoint_slice, endpoints, ingress, ingress_class, ip_address, namespace, network_policy, service, service_cidr,
};
use crate::admission::warnings::Warning;
use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::cluster::Cluster;
use crate::field::Error;
use crate::release::Gates;

/// Whether admission knows the kind.
pub(super) fn is_known(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Namespace
            | Kind::Service
            | Kind::Endpoints
            | Kind::EndpointSlice
            | Kind::Ingress
            | Kind::IngressClass
            | Kind::NetworkPolicy
            | Kind::IPAddress
            | Kind::ServiceCIDR
    )
}

/// The object of that kind and key, where the cluster has it.
pub(super) fn get(cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Option<Resource> {
    let stored = cluster.get(kind, key);
    match kind {
        Kind::IPAddress => stored.or_else(|| {
            ip_address::of_service(cluster, &key.name).map(|address| Resource::IPAddress(Box::new(address)))
        }),
        _ => stored,
    }
}

/// Whether an update of an object that is not there creates it (`AllowCreateOnUpdate`).
pub(super) fn allows_create_on_update(kind: Kind) -> bool {
    matches!(kind, Kind::Service | Kind::Endpoints)
}

/// The warning that the version of the kind is deprecated (`deprecation.WarningMessage`), which every request gets. Of
/// the versions that no server has any more, those that people still have files of.
pub(super) fn deprecation(kind: Kind, api_version: &str) -> Option<&'static str> {
    match (kind, api_version) {
        (Kind::Endpoints, "v1") => Some("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
        (Kind::Ingress, "extensions/v1beta1") => Some(
            "extensions/v1beta1 Ingress is deprecated in v1.14+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        ),
        (Kind::Ingress, "networking.k8s.io/v1beta1") => Some(
            "networking.k8s.io/v1beta1 Ingress is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 Ingress",
        ),
        (Kind::IngressClass, "networking.k8s.io/v1beta1") => Some(
            "networking.k8s.io/v1beta1 IngressClass is deprecated in v1.19+, unavailable in v1.22+; use networking.k8s.io/v1 IngressClassList",
        ),
        (Kind::NetworkPolicy, "extensions/v1beta1") => Some(
            "extensions/v1beta1 NetworkPolicy is deprecated in v1.9+, unavailable in v1.16+; use networking.k8s.io/v1 NetworkPolicy",
        ),
        (Kind::EndpointSlice, "discovery.k8s.io/v1beta1") => Some(
            "discovery.k8s.io/v1beta1 EndpointSlice is deprecated in v1.21+, unavailable in v1.25+; use discovery.k8s.io/v1 EndpointSlice",
        ),
        _ => None,
    }
}

/// The versioned defaults (`SetDefaults_…`).
pub(super) fn set_defaults(resource: &mut Resource) {
    match resource {
        Resource::Namespace(namespace) => namespace::set_defaults(namespace),
        Resource::Service(service) => service::defaults::set_defaults_service(service),
        Resource::Endpoints(endpoints) => endpoints::set_defaults_endpoints(endpoints),
        Resource::EndpointSlice(slice) => endpoint_slice::set_defaults_endpoint_slice(slice),
        Resource::IngressClass(class) => ingress_class::set_defaults(class),
        Resource::NetworkPolicy(policy) => network_policy::set_defaults(policy),
        _ => {}
    }
}

/// The admission plugins that change a new object.
pub(super) fn admit_on_create(resource: &mut Resource, cluster: &Cluster) {
    if let Resource::Ingress(ingress) = resource {
        ingress::set_default_class(ingress, cluster);
    }
}

/// `BeginCreate`: what is allocated before anything else is looked at.
pub(super) fn begin_create(
    resource: &mut Resource,
    cluster: &Cluster,
    allocations: Option<&Allocations>,
    gates: &Gates,
    wanted: &mut Vec<ClaimRange>,
) -> Result<(), Status> {
    let key = resource.key();
    let Resource::Service(service) = resource else { return Ok(()) };
    let made;
    let allocations = match allocations {
        Some(allocations) => allocations,
        None => {
            made = Allocations::of(cluster);
            &made
        }
    };
    let mut reservation = allocations.reservation(key);
    let begun = service::storage::begin_create(service, gates, &mut reservation);
    wanted.extend(reservation.into_wanted());
    begun
}

/// `PrepareForCreate`
pub(super) fn prepare_for_create(resource: &mut Resource, gates: &Gates) {
    match resource {
        Resource::Namespace(namespace) => namespace::prepare_for_create(namespace),
        Resource::Service(service) => service::strategy::prepare_for_create(service),
        Resource::EndpointSlice(slice) => endpoint_slice::prepare_for_create(slice),
        Resource::Ingress(ingress) => ingress::prepare_for_create(ingress),
        Resource::IngressClass(_) | Resource::NetworkPolicy(_) => resource.metadata_mut().generation = 1,
        Resource::ServiceCIDR(cidr) => service_cidr::prepare_for_create(cidr, gates),
        _ => {}
    }
}

/// `Validate`
pub(super) fn validate(resource: &Resource, gates: &Gates, errors: &mut Vec<Error>) {
    match resource {
        Resource::Namespace(namespace) => namespace::validate(namespace, errors),
        Resource::Service(service) => service::validate::validate_service_create(service, gates, errors),
        Resource::Endpoints(endpoints) => endpoints::validate_endpoints_create(endpoints, gates, errors),
        Resource::EndpointSlice(slice) => endpoint_slice::validate_endpoint_slice_create(slice, gates, errors),
        Resource::Ingress(ingress) => ingress::validate(ingress, gates, errors),
        Resource::IngressClass(class) => ingress_class::validate(class, errors),
        Resource::NetworkPolicy(policy) => network_policy::validate(policy, gates, errors),
        Resource::IPAddress(address) => ip_address::validate(address, errors),
        Resource::ServiceCIDR(cidr) => service_cidr::validate(cidr, errors),
        _ => {}
    }
}

/// `WarningsOnCreate`
pub(super) fn warn_on_create(resource: &Resource, warnings: &mut Vec<Warning>) {
    match resource {
        Resource::Service(service) => service::warnings::get_warnings_for_service(service, warnings),
        Resource::Endpoints(endpoints) => endpoints::endpoints_warnings(endpoints, warnings),
        Resource::EndpointSlice(slice) => endpoint_slice::warnings_on_create(slice, warnings),
        Resource::Ingress(ingress) => ingress::warn_on_create(ingress, warnings),
        Resource::NetworkPolicy(policy) => network_policy::warn(policy, warnings),
        _ => {}
    }
}

/// `Canonicalize`: what is made regular once the object is found right.
pub(super) fn canonicalize(resource: &mut Resource) {
    if let Resource::Namespace(namespace) = resource {
        namespace::set_name_label(namespace);
    }
}

/// The admission plugins that have the last word.
pub(super) fn validate_admission(resource: &Resource, old: Option<&Resource>, errors: &mut Vec<Error>) {
    if let Resource::Namespace(namespace) = resource {
        let old = match old {
            Some(Resource::Namespace(old)) => Some(&**old),
            _ => None,
        };
        namespace::validate_pod_security(namespace, old, errors);
    }
}

/// `BeginUpdate`: what is allocated, and taken over from the old object, before anything else is looked at.
pub(super) fn begin_update(
    new: &mut Resource,
    old: &Resource,
    cluster: &Cluster,
    allocations: Option<&Allocations>,
    gates: &Gates,
) -> Result<(), Status> {
    let key = old.key();
    let (Resource::Service(new), Resource::Service(old)) = (new, old) else { return Ok(()) };
    let stored = cluster.services.by_key(&key);
    let made;
    let allocations = match allocations {
        Some(allocations) if stored.is_some_and(|stored| **stored == **old) => allocations,
        // The old object need not be the one that the cluster has: it holds what it says all the same.
        _ => {
            let mut held = allocations.cloned().unwrap_or_else(|| Allocations::of(cluster));
            held.replace(stored.map(|stored| &**stored), Some(old));
            made = held;
            &made
        }
    };
    service::storage::begin_update(new, old, gates, &mut allocations.reservation(key))
}

/// `PrepareForUpdate`
pub(super) fn prepare_for_update(new: &mut Resource, old: &Resource, gates: &Gates) {
    match (new, old) {
        (Resource::Namespace(new), Resource::Namespace(old)) => namespace::prepare_for_update(new, old),
        (Resource::Service(new), Resource::Service(old)) => service::strategy::prepare_for_update(new, old),
        (Resource::EndpointSlice(new), Resource::EndpointSlice(old)) => endpoint_slice::prepare_for_update(new, old),
        (Resource::Ingress(new), Resource::Ingress(old)) => ingress::prepare_for_update(new, old),
        (Resource::IngressClass(new), Resource::IngressClass(old)) => ingress_class::prepare_for_update(new, old),
        (Resource::NetworkPolicy(new), Resource::NetworkPolicy(old)) => network_policy::prepare_for_update(new, old),
        (Resource::ServiceCIDR(new), Resource::ServiceCIDR(old)) => service_cidr::prepare_for_update(new, old, gates),
        _ => {}
    }
}

/// `ValidateUpdate`
pub(super) fn validate_update(new: &Resource, old: &Resource, gates: &Gates, errors: &mut Vec<Error>) {
    match (new, old) {
        (Resource::Namespace(new), Resource::Namespace(old)) => namespace::validate_update(new, old, errors),
        (Resource::Service(new), Resource::Service(old)) => {
            service::update::validate_service_update(new, old, gates, errors);
        }
        (Resource::Endpoints(new), Resource::Endpoints(old)) => {
            endpoints::validate_endpoints_update(new, old, gates, errors);
        }
        (Resource::EndpointSlice(new), Resource::EndpointSlice(old)) => {
            endpoint_slice::validate_endpoint_slice_update(new, old, gates, errors);
        }
        (Resource::Ingress(new), Resource::Ingress(old)) => ingress::validate_update(new, old, gates, errors),
        (Resource::IngressClass(new), Resource::IngressClass(old)) => ingress_class::validate_update(new, old, errors),
        (Resource::NetworkPolicy(new), Resource::NetworkPolicy(old)) => {
            network_policy::validate_update(new, old, gates, errors);
        }
        (Resource::IPAddress(new), Resource::IPAddress(old)) => ip_address::validate_update(new, old, errors),
        (Resource::ServiceCIDR(new), Resource::ServiceCIDR(old)) => service_cidr::validate_update(new, old, errors),
        _ => {}
    }
}

/// `WarningsOnUpdate`
pub(super) fn warn_on_update(new: &Resource, warnings: &mut Vec<Warning>) {
    match new {
        Resource::Service(service) => service::warnings::get_warnings_for_service(service, warnings),
        Resource::Endpoints(endpoints) => endpoints::endpoints_warnings(endpoints, warnings),
        Resource::EndpointSlice(slice) => endpoint_slice::warnings_on_update(slice, warnings),
        Resource::NetworkPolicy(policy) => network_policy::warn(policy, warnings),
        _ => {}
    }
}

/// Whether something else than the finalizers of its metadata keeps an object that is being deleted
/// (`ShouldDeleteDuringUpdate` of a store).
pub(super) fn is_kept(resource: &Resource) -> bool {
    let Resource::Namespace(namespace) = resource else { return false };
    namespace.spec.finalizers.as_ref().is_some_and(|finalizers| !finalizers.is_empty())
}

/// The store's `Decorator`: what is added to an object that is read.
pub(super) fn decorate(resource: &mut Resource, cluster: &Cluster) {
    if let Resource::Service(service) = resource {
        service::storage::default_on_read(service, default_family(cluster));
    }
}
