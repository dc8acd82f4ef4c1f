//! A cluster and what has been compiled from it: what a host holds on to between questions.
//!
//! Tables are compiled when the first question needs them and kept until an object they are made from changes.

use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::cluster::{Cluster, Options, Source};

/// A cluster and its compiled tables. Asking needs only `&self`; [`Engine::apply`] and [`Engine::remove`] change it.
#[derive(Debug, Default)]
pub struct Engine {
    cluster: Cluster,
}

impl Engine {
    /// An engine for a cluster without objects.
    pub fn new(options: Options) -> Self {
        Engine { cluster: Cluster::new(options) }
    }

    /// The cluster as it stands.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Stores an object as it stands, and forgets the tables that are made from its kind.
    pub fn apply(&mut self, resource: Resource, source: Option<Source>) {
        self.forget(resource.kind());
        self.cluster.insert(resource, source);
    }

    /// Takes an object out. Tells whether it was there.
    pub fn remove(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        self.forget(kind);
        self.cluster.remove(kind, key)
    }

    /// Drops the tables that are made from objects of that kind.
    fn forget(&mut self, _kind: Kind) {}
}
