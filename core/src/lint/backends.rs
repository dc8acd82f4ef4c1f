//! Backends of Ingresses: every Service that an Ingress sends to, with the field that says so, the stored Service and
//! its port.

use crate::api::ingress::{Ingress, IngressServiceBackend};
use crate::api::resource::ObjectKey;
use crate::api::service::{Service, ServicePort};
use crate::cluster::Cluster;

/// A rule and a path in it; none for the default backend.
pub(super) type PathPlace = Option<(usize, usize)>;

/// Every Service that an Ingress sends to, with the place that says so.
pub(super) fn backends(ingress: &Ingress) -> Vec<(PathPlace, &IngressServiceBackend)> {
    let spec = &ingress.spec;
    let default = spec.default_backend.as_ref().and_then(|backend| backend.service.as_ref());
    let mut found: Vec<(PathPlace, &IngressServiceBackend)> =
        default.map(|service| (None, service)).into_iter().collect();
    for (rule, paths) in spec.rules.iter().flatten().enumerate() {
        let paths = paths.http.iter().flat_map(|http| http.paths.iter().flatten());
        for (path, entry) in paths.enumerate() {
            if let Some(service) = &entry.backend.service {
                found.push((Some((rule, path)), service));
            }
        }
    }
    found
}

/// A backend and what it leads to.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) ingress: &'a ObjectKey,
    pub(super) stored: &'a Ingress,
    place: PathPlace,
    pub(super) backend: &'a IngressServiceBackend,
    pub(super) key: ObjectKey,
    pub(super) service: Option<&'a Service>,
    pub(super) port: Option<&'a ServicePort>,
}

/// Every backend with its Service, where it is there, and the port, where the Service has it.
pub(super) fn targets(cluster: &Cluster) -> impl Iterator<Item = Target<'_>> {
    cluster.ingresses.iter().flat_map(move |(ingress, stored)| {
        backends(stored).into_iter().map(move |(place, backend)| {
            let key = ObjectKey::new(ingress.namespace.as_str(), backend.name.as_str());
            let service = cluster.services.by_key(&key).map(|service| &**service);
            let wanted = |port: &&ServicePort| match backend.port.name.as_str() {
                "" => port.port == backend.port.number,
                name => port.name == name,
            };
            let port = service.and_then(|service| service.ports().iter().find(wanted));
            Target { ingress, stored, place, backend, key, service, port }
        })
    })
}

impl Target<'_> {
    /// The field that says it.
    pub(super) fn field(&self) -> String {
        match self.place {
            Some((rule, path)) => format!("spec.rules[{rule}].http.paths[{path}].backend.service"),
            None => "spec.defaultBackend.service".to_owned(),
        }
    }
}
