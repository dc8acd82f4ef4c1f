//! Where a rule sends its requests.

use crate::api::resource::ObjectKey;
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
