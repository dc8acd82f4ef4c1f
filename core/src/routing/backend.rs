//! Where a rule sends its requests.

use crate::api::ingress::IngressBackend;
use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use std::fmt;

/// A backend as a table keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backend {
    /// A port of a Service.
    Service {
        /// Namespace and name.
        key: ObjectKey,
        /// The port.
        port: BackendPort,
    },
    /// An object that the controller knows what to do with.
    Resource {
        /// Its namespace, the Ingress's.
        namespace: String,
        /// Its API group; none for the core group.
        api_group: Option<String>,
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Neither is named: the controller's own answer for requests that nothing serves.
    Nothing,
}

/// A port of a Service as an Ingress names it, and what the Service says of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackendPort {
    /// The number; none where only a name is given that no known Service has.
    pub number: Option<i32>,
    /// The name; empty where the port has none or the Service is not known.
    pub name: String,
}

/// What a Service says of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The Service has the port.
    Port,
    /// No object says anything about Services, so it is taken to be there.
    Assumed,
    /// There is no such Service.
    NoService,
    /// The Service has no such port.
    NoPort,
}

impl Backend {
    /// Reads a backend of an Ingress in that namespace, and looks its Service up.
    pub fn of(cluster: &Cluster, namespace: &str, backend: &IngressBackend) -> (Self, Found) {
        if let Some(service) = &backend.service {
            let key = ObjectKey::new(namespace, service.name.as_str());
            let wanted = &service.port;
            let mut port =
                BackendPort { number: (wanted.number != 0).then_some(wanted.number), name: wanted.name.clone() };
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
}

impl fmt::Display for BackendPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(formatter, "{number}"),
            None => formatter.write_str(&self.name),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Backend::Service { key, port } => write!(formatter, "Service {key} port {port}"),
            Backend::Resource { kind, name, .. } => write!(formatter, "{kind} {name}"),
            Backend::Nothing => formatter.write_str("nothing"),
        }
    }
}
