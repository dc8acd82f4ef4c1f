//! Lowers Ingresses: the Ingresses that a controller serves in, a [`RouteTable`] out. Here are the steps that all controllers
//! share; what each does in its own way is in its [`Profile`](super::controller::Profile).

use super::Controller;
use crate::api::ingress::{Ingress, IngressBackend};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::routing::builder::TableBuilder;
use crate::routing::table::{Origin, RouteTable, RuleFields, TableNote};
use crate::routing::tls::Certificate;
use crate::routing::{Backend, BackendPort, MatchHost};
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

/// Where the rules of an Ingress are.
const INGRESS: RuleFields = RuleFields {
    kind: Kind::Ingress,
    rules: "spec.rules",
    paths: "http.paths",
    default_backend: "spec.defaultBackend",
};

/// Compiles the Ingresses that the controller serves: those of `class`, or, without one, those of the classes that it owns and,
/// where the controller serves them, those without a class.
pub fn compile(cluster: &Cluster, controller: Controller, class: Option<&str>) -> RouteTable {
    let profile = controller.profile();
    let mut members: Vec<Arc<Ingress>> = cluster
        .ingresses
        .iter()
        .filter(|(_, ingress)| profile.class.serves(cluster, ingress, class))
        .map(|(_, ingress)| Arc::clone(ingress))
        .collect();
    // The store is in the order of namespace and name, which decides between two of the same age.
    members.small_sort_by(|one, other| one.metadata.creation_timestamp.cmp(&other.metadata.creation_timestamp));
    let mut lowering = Lowering { cluster, members, table: TableBuilder::default() };
    (profile.compile)(&mut lowering);
    lowering.table.finish(&profile.behaviour, class)
}

/// Whether objects of that kind change what [`compile`] makes.
pub fn is_made_from(kind: Kind) -> bool {
    matches!(kind, Kind::Ingress | Kind::IngressClass | Kind::Service | Kind::Secret)
}

/// Where a rule of an Ingress comes from; without a rule, its default backend.
pub(crate) fn origin_of(ingress: &ObjectKey, rule: Option<usize>, path: Option<usize>) -> Origin {
    Origin { fields: &INGRESS, object: ingress.clone(), rule, path }
}

/// A note about a field of an Ingress.
pub(crate) fn note(reason: &'static str, ingress: &ObjectKey, field: String, message: String) -> TableNote {
    TableNote { reason, kind: Kind::Ingress, object: ingress.clone(), field, message }
}

/// A table that a controller compiles from its Ingresses.
pub(crate) struct Lowering<'c> {
    /// The cluster.
    pub(crate) cluster: &'c Cluster,
    /// The Ingresses, the oldest first.
    pub(crate) members: Vec<Arc<Ingress>>,
    /// What has been compiled so far.
    pub(crate) table: TableBuilder,
}

impl<'c> Lowering<'c> {
    /// The key of an Ingress.
    pub(crate) fn key(ingress: &Ingress) -> ObjectKey {
        let namespace = ingress.metadata.namespace.as_str();
        ObjectKey::in_namespace(namespace, ingress.metadata.name.as_str())
    }

    /// Notes something about a field of an Ingress.
    pub(crate) fn report(&mut self, reason: &'static str, ingress: &ObjectKey, field: String, message: String) {
        self.table.reports.push(note(reason, ingress, field, message));
    }

    /// Reads a backend, and reports a Service or port that is not there.
    pub(crate) fn backend(&mut self, origin: &Origin, backend: &IngressBackend) -> (Backend, Found) {
        let (read, found) = backend_of(self.cluster, &origin.object.namespace, backend);
        let message = match found {
            Found::NoService => Some(("ServiceNotFound", format!("there is no {}", read))),
            Found::NoPort => Some(("PortNotFound", format!("the Service has no such port: {}", read))),
            _ => None,
        };
        if let Some((reason, message)) = message {
            let field = origin.field();
            let field =
                if origin.path.is_some() { format!("{field}.backend.service") } else { format!("{field}.service") };
            self.report(reason, &origin.object, field, message);
        }
        (read, found)
    }

    /// The certificates of `spec.tls`, the older Ingress first.
    pub(crate) fn collect_tls(&mut self) {
        for ingress in self.members.clone() {
            let key = Self::key(&ingress);
            for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
                let secret = ObjectKey::new(key.namespace.as_str(), tls.secret_name.as_str());
                let unknown = !tls.secret_name.is_empty()
                    && !self.cluster.secrets.is_empty()
                    && self.cluster.secrets.by_key(&secret).is_none();
                if unknown {
                    let message = format!("there is no Secret {secret}");
                    self.report("SecretNotFound", &key, format!("spec.tls[{index}].secretName"), message);
                }
                let hosts = tls.hosts.as_deref().unwrap_or_default();
                let every = [String::new()];
                let hosts = if hosts.is_empty() { &every } else { hosts };
                self.add_certificate(&Certificate { secret, kind: Kind::Ingress, object: key.clone(), index }, hosts);
            }
        }
    }

    /// Notes the certificate of hosts; reports those that an older Ingress has another one for.
    pub(crate) fn add_certificate(&mut self, certificate: &Certificate, hosts: &[String]) {
        for (at, host) in hosts.iter().enumerate() {
            let taken = self.table.tls.add(MatchHost::of_rule(host), certificate.clone()).cloned();
            if let Some(taken) = taken.filter(|taken| taken.secret != certificate.secret) {
                let message =
                    format!("`{host}` is served with Secret {} of the older Ingress {}", taken.secret, taken.object);
                let field = format!("spec.tls[{}].hosts[{at}]", certificate.index);
                self.report("DuplicateTLSHost", &certificate.object, field, message);
            }
        }
    }
}

/// What a Service says of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The Service has the port.
    Port,
    /// The cluster has no Services at all, so this one is assumed to exist.
    Assumed,
    /// There is no such Service.
    NoService,
    /// The Service has no such port.
    NoPort,
}

/// Reads a backend of an Ingress in that namespace, and looks its Service up.
pub(crate) fn backend_of(cluster: &Cluster, namespace: &str, backend: &IngressBackend) -> (Backend, Found) {
    if let Some(service) = &backend.service {
        let key = ObjectKey::new(namespace, service.name.as_str());
        let wanted = &service.port;
        let mut port = BackendPort { number: (wanted.number != 0).then_some(wanted.number), name: wanted.name.clone() };
        let found = match cluster.services.by_key(&key) {
            // Files often hold Ingresses alone: then nothing is known of any Service.
            None if cluster.services.is_empty() => Found::Assumed,
            None => Found::NoService,
            Some(known) => {
                let by_name = |name: &str| !wanted.name.is_empty() && name == wanted.name;
                let matches = known
                    .ports()
                    .iter()
                    .find(|known| by_name(&known.name) || (wanted.name.is_empty() && known.port == wanted.number));
                match matches {
                    Some(known) => {
                        port = BackendPort { number: Some(known.port), name: known.name.clone() };
                        Found::Port
                    }
                    None => Found::NoPort,
                }
            }
        };
        return (Backend::Service { key, port }, found);
    }
    match &backend.resource {
        Some(resource) => {
            let resource = Backend::Resource {
                namespace: namespace.to_owned(),
                api_group: resource.api_group.clone(),
                kind: resource.kind.clone(),
                name: resource.name.clone(),
            };
            (resource, Found::Assumed)
        }
        None => (Backend::Nothing, Found::Assumed),
    }
}
