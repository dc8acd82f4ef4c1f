//! A cluster and what has been compiled from it: what a host holds on to between questions.
//!
//! Tables are compiled when the first question needs them and kept until an object they are made from changes.

use crate::admission::allocate::Allocations;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::api::service::Service;
use crate::cluster::{Cluster, Options, Source};
use crate::dns::Zone;
use crate::endpoints::EndpointsTable;
use crate::ingress::{self, Controller};
use crate::policy::PolicyIndex;
use crate::proxy::NodeTable;
use crate::routing::RouteTable;
use crate::workload::SyntheticPods;
use crate::workload::synthetic_pods::Change;
use portolan_base::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Route tables by controller and class.
type RouteTables = BTreeMap<(Controller, Option<String>), Arc<RouteTable>>;

/// A cluster and its compiled tables. Asking needs only `&self`; [`Engine::insert`] and [`Engine::remove`] change it.
#[derive(Debug, Default)]
pub struct Engine {
    cluster: Cluster,
    synthetic_pods: SyntheticPods,
    allocations: OnceLock<Allocations>,
    endpoints: OnceLock<EndpointsTable>,
    zone: OnceLock<Zone>,
    policies: OnceLock<PolicyIndex>,
    routes: Mutex<RouteTables>,
    node_tables: RwLock<BTreeMap<String, Arc<NodeTable>>>,
}

impl Engine {
    /// An engine for a cluster without objects.
    pub fn new(options: Options) -> Self {
        Engine { cluster: Cluster::new(options), ..Engine::default() }
    }

    /// The cluster as it stands.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Which Service holds which cluster IP and node port, made with the first question and kept up to date from then on.
    pub fn allocations(&self) -> &Allocations {
        self.allocations.get_or_init(|| Allocations::of(&self.cluster))
    }

    /// What the controllers publish for every Service, compiled with the first question and kept up to date from then on.
    pub fn endpoints(&self) -> &EndpointsTable {
        self.endpoints.get_or_init(|| EndpointsTable::compile(&self.cluster))
    }

    /// The records of the cluster's DNS, compiled with the first question and kept up to date from then on.
    pub fn zone(&self) -> &Zone {
        self.zone.get_or_init(|| Zone::compile(&self.cluster, self.endpoints()))
    }

    /// The rules of kube-proxy on a node, compiled with the first question about it and kept up to date from then on.
    pub fn node_table(&self, node: &str) -> Arc<NodeTable> {
        if let Some(table) = self.node_tables.read().unwrap_or_else(PoisonError::into_inner).get(node) {
            return Arc::clone(table);
        }
        let table = Arc::new(NodeTable::compile(&self.cluster, self.endpoints(), node));
        let mut tables = self.node_tables.write().unwrap_or_else(PoisonError::into_inner);
        // Names of nodes that are not there are not kept without end.
        if tables.len() <= self.cluster.nodes.len() {
            tables.insert(node.to_owned(), Arc::clone(&table));
        }
        table
    }

    /// Stores an object as it stands, and the pods that follow from it where it is a workload.
    pub fn insert(&mut self, resource: Resource, source: Option<Source>) {
        let (kind, key, metadata) = (resource.kind(), resource.key(), resource.metadata().clone());
        self.insert_object(resource, source);
        let changes = self.synthetic_pods.follow(&self.cluster, kind, &key, Some(&metadata));
        self.apply_changes(changes);
    }

    /// Stores many objects, and then their synthetic pods. Faster than single insertions for a whole cluster.
    pub fn insert_all(&mut self, resources: impl IntoIterator<Item = (Resource, Option<Source>)>) {
        let mut bare = Vec::new();
        for (resource, source) in resources {
            // Bare pods are completed last: which nodes there are is known only then.
            match resource {
                Resource::Pod(pod) if crate::workload::is_bare(&pod) => bare.push((Resource::Pod(pod), source)),
                other => self.insert_object(other, source),
            }
        }
        for (resource, source) in bare {
            self.insert_object(resource, source);
        }
        let changes = self.synthetic_pods.make_all(&self.cluster);
        self.apply_changes(changes);
    }

    /// Removes an object and its synthetic pods. Returns whether the object was there.
    pub fn remove(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        let metadata = match kind {
            Kind::Pod => self.cluster.pods.by_key(key).map(|pod| pod.metadata.clone()),
            _ => self.cluster.workloads.get(&kind).and_then(|store| store.by_key(key)).map(|it| it.metadata.clone()),
        };
        let was_there = self.remove_object(kind, key);
        let changes = self.synthetic_pods.follow(&self.cluster, kind, key, metadata.as_ref());
        self.apply_changes(changes);
        was_there
    }

    /// Shifts every recorded position after byte `behind` of `file` by (lines, bytes). Objects and tables do not change.
    pub fn move_places(&mut self, file: &str, behind: usize, by: (i64, i64)) {
        self.cluster.move_places(file, behind, by);
    }

    /// Whether synthetic pods competed for an address since the last call. If so, another order of the objects would give
    /// them other addresses.
    pub(crate) fn take_disturbance(&mut self) -> bool {
        self.synthetic_pods.take_disturbance()
    }

    /// The pod that a question names: by its own name, or by the name of the workload that makes it (`web` or
    /// `deployment/web`), of which it is the first.
    pub fn pod_named(&self, key: &ObjectKey) -> Option<(&ObjectKey, &Arc<Pod>)> {
        if let Some(found) = self.cluster.pods.entry(key) {
            return Some(found);
        }
        let of_kind;
        let (wanted, workload) = match key.name.split_once('/') {
            Some((kind, name)) => {
                of_kind = ObjectKey::new(key.namespace.as_str(), name);
                (Some(kind), &of_kind)
            }
            None => (None, key),
        };
        let matches = |kind: &Kind| wanted.is_none_or(|wanted| kind.name().eq_ignore_ascii_case(wanted));
        let kinds =
            self.cluster.workloads.iter().filter(|(kind, store)| matches(kind) && store.by_key(workload).is_some());
        let found = kinds.filter_map(|(kind, _)| self.first_pod_made_by(*kind, workload)).next()?;
        self.cluster.pods.entry(found)
    }

    /// The workload of a synthetic pod; `None` for a pod that is in the files.
    pub fn stands_for(&self, pod: &ObjectKey) -> Option<(Kind, ObjectKey)> {
        self.synthetic_pods.workload_of(pod).cloned()
    }

    /// The same as [`Engine::stands_for`], borrowed.
    pub(crate) fn workload_of(&self, pod: &ObjectKey) -> Option<&(Kind, ObjectKey)> {
        self.synthetic_pods.workload_of(pod)
    }

    /// The pods of a workload: its synthetic pods, or the stored pods that it owns directly or through another
    /// workload.
    pub fn pods_made_by(&self, kind: Kind, key: &ObjectKey) -> Vec<ObjectKey> {
        let synthetic = self.synthetic_pods.pods_of(kind, key);
        if !synthetic.is_empty() {
            return synthetic.to_vec();
        }
        self.stored_pods_of(kind, key).cloned().collect()
    }

    /// The first of them.
    fn first_pod_made_by<'e>(&'e self, kind: Kind, key: &'e ObjectKey) -> Option<&'e ObjectKey> {
        self.synthetic_pods.pods_of(kind, key).first().or_else(|| self.stored_pods_of(kind, key).next())
    }

    fn stored_pods_of<'e>(&'e self, kind: Kind, key: &'e ObjectKey) -> impl Iterator<Item = &'e ObjectKey> {
        let pods = self.cluster.pods.in_namespace(&key.namespace);
        pods.filter(move |(_, pod)| self.is_made_by(pod, kind, key)).map(|(key, _)| key)
    }

    fn is_made_by(&self, pod: &Pod, kind: Kind, key: &ObjectKey) -> bool {
        let is_it = |(known, name): &(Kind, ObjectKey)| *known == kind && name == key;
        let over = |(kind, key): &(Kind, ObjectKey)| {
            let store = self.cluster.workloads.get(kind)?;
            crate::workload::owner(&store.by_key(key)?.metadata)
        };
        let owner = crate::workload::owner(&pod.metadata);
        owner.is_some_and(|owner| is_it(&owner) || over(&owner).is_some_and(|over| is_it(&over)))
    }

    /// A separate engine with the same cluster, to see what a change would do.
    #[must_use]
    pub fn fork(&self) -> Engine {
        let policies = self.policies.clone();
        Engine {
            cluster: self.cluster.clone(),
            synthetic_pods: self.synthetic_pods.clone(),
            policies,
            ..Engine::default()
        }
    }

    /// A separate engine with a part of the cluster: these objects, shared and not copied. Synthetic pods among them keep
    /// their workloads.
    #[must_use]
    pub fn part<'k>(&self, objects: impl IntoIterator<Item = (Kind, &'k ObjectKey)>) -> Engine {
        let mut part = Engine::new(self.cluster.options.clone());
        for (kind, key) in objects {
            if part.cluster.share(&self.cluster, kind, key) {
                part.synthetic_pods.share(&self.synthetic_pods, kind, key);
            }
        }
        part
    }

    /// The compiled network policies, compiled with the first question and kept up to date from then on.
    pub fn policies(&self) -> &PolicyIndex {
        self.policies.get_or_init(|| PolicyIndex::compile(&self.cluster))
    }

    /// The compiled Ingresses of a class (or, without one, those that the controller serves as it comes).
    pub fn route_table(&self, controller: Controller, class: Option<&str>) -> Arc<RouteTable> {
        // A table is put in whole, so what another thread left behind is good even if that thread failed.
        let mut tables = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (controller, class.map(str::to_owned));
        Arc::clone(tables.entry(key).or_insert_with(|| Arc::new(ingress::compile(&self.cluster, controller, class))))
    }

    /// Whether Portolan generated the address, because the files give none for the pod.
    pub fn has_synthetic_address(&self, address: std::net::IpAddr) -> bool {
        self.synthetic_pods.is_synthetic(address)
    }

    fn apply_changes(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put(pod) => self.replace(Resource::Pod(pod), None),
                Change::Gone(key) => drop(self.delete(Kind::Pod, &key)),
            }
        }
    }

    /// Stores one object; every way in comes through here or through [`Engine::apply_changes`].
    fn insert_object(&mut self, mut resource: Resource, source: Option<Source>) {
        if let Resource::Pod(pod) = &mut resource {
            let key = ObjectKey::in_namespace(&pod.metadata.namespace, &pod.metadata.name);
            if let Some(old) = self.cluster.pods.by_key(&key) {
                self.synthetic_pods.release(old);
            }
            self.synthetic_pods.admit(&self.cluster, pod);
        }
        self.replace(resource, source);
    }

    fn remove_object(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        if kind == Kind::Pod
            && let Some(pod) = self.cluster.pods.by_key(key)
        {
            self.synthetic_pods.release(pod);
        }
        self.delete(kind, key)
    }

    /// Puts an object into the cluster, and lets the tables follow.
    fn replace(&mut self, resource: Resource, source: Option<Source>) {
        let (kind, key) = (resource.kind(), resource.key());
        let before = self.pod_at(kind, &key);
        let service = self.service_at(kind, &key);
        self.invalidate(kind);
        self.cluster.insert(resource, source);
        self.update_allocations(kind, &key, service);
        self.update_tables(kind, &key, before.as_deref());
    }

    /// Takes an object out of the cluster, and lets the tables follow.
    fn delete(&mut self, kind: Kind, key: &ObjectKey) -> bool {
        let before = self.pod_at(kind, key);
        let service = self.service_at(kind, key);
        self.invalidate(kind);
        let was_there = self.cluster.remove(kind, key);
        self.update_allocations(kind, key, service);
        self.update_tables(kind, key, before.as_deref());
        was_there
    }

    fn pod_at(&self, kind: Kind, key: &ObjectKey) -> Option<Arc<Pod>> {
        if kind == Kind::Pod { self.cluster.pods.by_key(key).cloned() } else { None }
    }

    fn service_at(&self, kind: Kind, key: &ObjectKey) -> Option<Arc<Service>> {
        if kind == Kind::Service { self.cluster.services.by_key(key).cloned() } else { None }
    }

    /// Lets the allocations follow a change; `before` is the Service that was there.
    fn update_allocations(&mut self, kind: Kind, key: &ObjectKey, before: Option<Arc<Service>>) {
        if matches!(kind, Kind::ServiceCIDR | Kind::IPAddress) {
            self.allocations.take();
        }
        if kind == Kind::Service
            && let Some(allocations) = self.allocations.get_mut()
        {
            allocations.replace(before.as_deref(), self.cluster.services.by_key(key).map(|service| &**service));
            // Who is next in line for what two Services name is known only from all of them.
            if allocations.is_contested() {
                self.allocations.take();
            }
        }
    }

    /// Lets the tables that keep themselves up to date follow a change; `before` is the pod that was there.
    fn update_tables(&mut self, kind: Kind, key: &ObjectKey, before: Option<&Pod>) {
        if PolicyIndex::is_made_from(kind)
            && let Some(policies) = self.policies.get_mut()
            && !policies.object_changed(&self.cluster, kind, key)
        {
            self.policies.take();
        }
        let tables = self.node_tables.get_mut().unwrap_or_else(PoisonError::into_inner);
        match kind {
            Kind::Node => drop(tables.remove(&key.name)),
            Kind::ServiceCIDR => tables.clear(),
            _ => {}
        }
        let Some(endpoints) = self.endpoints.get_mut() else { return };
        let touched = match kind {
            Kind::Pod => endpoints.pod_changed(&self.cluster, key, before),
            _ => endpoints.object_changed(&self.cluster, kind, key),
        };
        if kind == Kind::EndpointSlice {
            // A slice may name a Service that is not there, and no longer do so.
            self.zone.take();
        }
        if let Some(zone) = self.zone.get_mut() {
            let after = if kind == Kind::Pod { self.cluster.pods.by_key(key).map(Arc::as_ref) } else { None };
            zone.object_changed(&self.cluster, kind, key, before, after);
            for service in &touched {
                zone.service_changed(&self.cluster, endpoints, service);
            }
        }
        for table in tables.values_mut().map(Arc::make_mut) {
            for service in &touched {
                table.service_changed(&self.cluster, endpoints, service);
            }
        }
    }

    /// Drops the tables that are made from objects of that kind.
    fn invalidate(&mut self, kind: Kind) {
        if ingress::is_made_from(kind) {
            self.routes.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
