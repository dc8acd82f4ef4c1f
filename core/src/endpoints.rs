//! What kube-controller-manager publishes for a Service: EndpointSlices from pods and from hand-written Endpoints, and the
//! Endpoints object.
//!
//! What comes in is a [`Cluster`]; what goes out are objects as the controllers (v1.36.3) store them, without what they
//! make up: names behind the generated prefix, UIDs of their own, times. For one Service ask [`endpoint_slices`] and
//! [`endpoints_object`]; for many compile an [`EndpointsTable`], which also follows changes: a changed pod touches only
//! the Services that select it.

pub mod hints;
pub mod mirror;
pub mod pods;
pub mod selection;
pub mod slices;
pub mod topology;

mod fingerprint;
mod object;
mod subsets;

use crate::api::endpoint_slice::EndpointSlice;
use crate::api::endpoints::Endpoints;
use crate::api::meta::StringMap;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::api::service::Service;
use crate::cluster::Cluster;
use portolan_base::collections::{BTreeMap, BTreeSet};
use selection::{Selection, selector, selects};
use std::sync::Arc;
use topology::Nodes;

/// The slices that belong to a Service: the controllers' in the order of address types and pod names, then those that
/// somebody wrote, by name. None where the Service is not there.
pub fn endpoint_slices(cluster: &Cluster, key: &ObjectKey) -> Vec<Arc<EndpointSlice>> {
    let Some(service) = cluster.services.by_key(key) else { return Vec::new() };
    let written = written_slices(cluster, key);
    publish(cluster, key, service, &selected_pods(cluster, key, service), &written, &Nodes::compile(cluster))
}

/// The Endpoints object of a Service: the controller's where the Service has a selector, else the one that somebody wrote.
pub fn endpoints_object(cluster: &Cluster, key: &ObjectKey) -> Option<Arc<Endpoints>> {
    let written = cluster.endpoints.by_key(key);
    let service = cluster.services.by_key(key)?;
    if selector(service).is_none() {
        return written.cloned();
    }
    let pods = selected_pods(cluster, key, service);
    Some(Arc::new(object::make(key, service, &pods, written.map(Arc::as_ref))))
}

/// The pods that a Service's selector picks, by name; whether they are published is [`pods::membership`]'s to say.
pub fn selected_pods(cluster: &Cluster, key: &ObjectKey, service: &Service) -> Vec<Arc<Pod>> {
    let Some(selector) = selector(service) else { return Vec::new() };
    let pods = cluster.pods.in_namespace(&key.namespace).map(|(_, pod)| pod);
    pods.filter(|pod| selects(selector, &pod.metadata.labels)).cloned().collect()
}

/// Slices by their names.
type Written = BTreeMap<String, Arc<EndpointSlice>>;

fn written_slices(cluster: &Cluster, key: &ObjectKey) -> Written {
    let slices = cluster.endpoint_slices.in_namespace(&key.namespace);
    let own = slices.filter(|(_, slice)| slice.metadata.labels.get(slices::SERVICE_NAME) == Some(&key.name));
    own.map(|(key, slice)| (key.name.clone(), Arc::clone(slice))).collect()
}

/// The controllers' slices and those that somebody wrote. What a controller would take for its own it replaces.
fn publish(
    cluster: &Cluster,
    key: &ObjectKey,
    service: &Service,
    pods: &[Arc<Pod>],
    written: &Written,
    nodes: &Nodes,
) -> Vec<Arc<EndpointSlice>> {
    let by_pods = selector(service).is_some();
    let mut published = if by_pods { slices::pack(key, service, pods, nodes) } else { Vec::new() };
    if service.spec.selector.as_ref().is_none_or(StringMap::is_empty)
        && let Some(endpoints) = cluster.endpoints.by_key(key)
        && mirror::should_mirror(endpoints)
    {
        published.append(&mut mirror::mirror(key, endpoints));
    }
    let stands = |slice: &&Arc<EndpointSlice>| match slice.metadata.labels.get(slices::MANAGED_BY).map(String::as_str) {
        Some(slices::CONTROLLER) => !by_pods,
        Some(mirror::MIRRORING_CONTROLLER) => false,
        _ => true,
    };
    published.into_iter().map(Arc::new).chain(written.values().filter(stands).cloned()).collect()
}

/// The slices of every Service, kept up to date with the cluster.
#[derive(Clone, Debug, Default)]
pub struct EndpointsTable {
    services: BTreeMap<ObjectKey, Entry>,
    selection: Selection,
    nodes: Nodes,
    /// The slices that somebody wrote, by the Service that their label names.
    written: BTreeMap<ObjectKey, Written>,
    /// Which Service that is, for each of them.
    written_for: BTreeMap<ObjectKey, ObjectKey>,
}

/// What is kept for a Service.
#[derive(Clone, Debug, Default)]
struct Entry {
    selector: Option<StringMap>,
    /// The pods that it selects, by name.
    pods: Vec<Arc<Pod>>,
    slices: Vec<Arc<EndpointSlice>>,
}

impl EndpointsTable {
    /// Compiles the slices of every Service of the cluster.
    pub fn compile(cluster: &Cluster) -> Self {
        let mut table = EndpointsTable { nodes: Nodes::compile(cluster), ..EndpointsTable::default() };
        for (key, slice) in cluster.endpoint_slices.iter() {
            table.add_written(key, slice);
        }
        for (key, service) in cluster.services.iter() {
            let selector = selector(service).cloned();
            if let Some(selector) = &selector {
                table.selection.insert(key, selector);
            }
            table.services.insert(key.clone(), Entry { selector, ..Entry::default() });
        }
        let mut service_key = ObjectKey::default();
        for (key, pod) in cluster.pods.iter() {
            service_key.namespace.clone_from(&key.namespace);
            for name in table.selection.candidates(&key.namespace, &pod.metadata.labels) {
                service_key.name.clear();
                service_key.name.push_str(name);
                if let Some(entry) = table.services.get_mut(&service_key)
                    && entry.selects(&pod.metadata.labels)
                {
                    // Pods come by name, so the list stays sorted.
                    entry.pods.push(Arc::clone(pod));
                }
            }
        }
        table.republish_all(cluster);
        table
    }

    /// The slices that belong to a Service, in the order of [`endpoint_slices`].
    pub fn slices(&self, service: &ObjectKey) -> &[Arc<EndpointSlice>] {
        self.services.get(service).map_or(&[], |entry| &entry.slices)
    }

    /// The pods that the Service's selector picks, by name: what [`selected_pods`] gives, without looking for them.
    pub fn pods(&self, service: &ObjectKey) -> &[Arc<Pod>] {
        self.services.get(service).map_or(&[], |entry| &entry.pods)
    }

    /// Whether a Service of the namespace selects pods with these labels.
    pub(crate) fn selects(&self, namespace: &str, labels: &StringMap) -> bool {
        let entry = |name: &str| self.services.get(&ObjectKey::new(namespace, name));
        self.selection.candidates(namespace, labels).any(|name| entry(name).is_some_and(|it| it.selects(labels)))
    }

    /// The nodes as the table knows them.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Every Service with its slices, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &[Arc<EndpointSlice>])> {
        self.services.iter().map(|(key, entry)| (key, entry.slices.as_slice()))
    }

    /// Follows a pod that came, changed or went: `before` is the pod that was there, the cluster is as it is now. Gives
    /// the Services whose slices were made anew.
    pub fn pod_changed(&mut self, cluster: &Cluster, key: &ObjectKey, before: Option<&Pod>) -> Vec<ObjectKey> {
        let now = cluster.pods.by_key(key);
        let mut touched = BTreeSet::new();
        for labels in before.into_iter().chain(now.map(Arc::as_ref)).map(|pod| &pod.metadata.labels) {
            touched.extend(self.selection.candidates(&key.namespace, labels).map(str::to_owned));
        }
        let mut republished = Vec::new();
        for name in touched {
            let service_key = ObjectKey::new(key.namespace.as_str(), name);
            let Some(entry) = self.services.get_mut(&service_key) else { continue };
            let place = entry.pods.binary_search_by(|pod| pod.metadata.name.cmp(&key.name));
            match (now.filter(|pod| entry.selects(&pod.metadata.labels)), place) {
                (None, Err(_)) => continue,
                (None, Ok(place)) => drop(entry.pods.remove(place)),
                (Some(pod), Err(place)) => entry.pods.insert(place, Arc::clone(pod)),
                (Some(pod), Ok(place)) => {
                    if let Some(slot) = entry.pods.get_mut(place) {
                        *slot = Arc::clone(pod);
                    }
                }
            }
            self.republish(cluster, &service_key);
            republished.push(service_key);
        }
        republished
    }

    /// Follows an object of another kind that came, changed or went; the cluster is as it is now. Gives the Services
    /// whose slices were made anew: all of them where a Node came, went or changed its zone or what it can bear.
    pub fn object_changed(&mut self, cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Vec<ObjectKey> {
        let touched = match kind {
            Kind::Service => {
                self.service_changed(cluster, key);
                vec![key.clone()]
            }
            Kind::Endpoints => vec![key.clone()],
            Kind::EndpointSlice => {
                let before = self.remove_written(key);
                let now = cluster.endpoint_slices.by_key(key).and_then(|slice| self.add_written(key, slice));
                before.into_iter().chain(now).collect()
            }
            Kind::Node if self.nodes_changed(cluster) => {
                self.republish_all(cluster);
                return self.services.keys().cloned().collect();
            }
            _ => Vec::new(),
        };
        for service in &touched {
            self.republish(cluster, service);
        }
        touched
    }

    /// Notes the nodes as they are now. Tells whether that makes a difference: kubelets report every few seconds.
    fn nodes_changed(&mut self, cluster: &Cluster) -> bool {
        let nodes = Nodes::compile(cluster);
        let differ = nodes != self.nodes;
        self.nodes = nodes;
        differ
    }

    fn service_changed(&mut self, cluster: &Cluster, key: &ObjectKey) {
        if let Some(before) = self.services.remove(key)
            && let Some(selector) = &before.selector
        {
            self.selection.remove(key, selector);
        }
        let Some(service) = cluster.services.by_key(key) else { return };
        let selector = selector(service).cloned();
        if let Some(selector) = &selector {
            self.selection.insert(key, selector);
        }
        let pods = selected_pods(cluster, key, service);
        self.services.insert(key.clone(), Entry { selector, pods, slices: Vec::new() });
    }

    fn republish_all(&mut self, cluster: &Cluster) {
        for (key, entry) in &mut self.services {
            entry.publish(cluster, key, self.written.get(key), &self.nodes);
        }
    }

    fn republish(&mut self, cluster: &Cluster, key: &ObjectKey) {
        if let Some(entry) = self.services.get_mut(key) {
            entry.publish(cluster, key, self.written.get(key), &self.nodes);
        }
    }

    fn add_written(&mut self, key: &ObjectKey, slice: &Arc<EndpointSlice>) -> Option<ObjectKey> {
        let name = slice.metadata.labels.get(slices::SERVICE_NAME)?;
        let service = ObjectKey::new(key.namespace.as_str(), name.as_str());
        self.written.entry(service.clone()).or_default().insert(key.name.clone(), Arc::clone(slice));
        self.written_for.insert(key.clone(), service.clone());
        Some(service)
    }

    fn remove_written(&mut self, key: &ObjectKey) -> Option<ObjectKey> {
        let service = self.written_for.remove(key)?;
        if let Some(slices) = self.written.get_mut(&service) {
            slices.remove(&key.name);
        }
        Some(service)
    }
}

impl Entry {
    fn selects(&self, labels: &StringMap) -> bool {
        self.selector.as_ref().is_some_and(|selector| selects(selector, labels))
    }

    fn publish(&mut self, cluster: &Cluster, key: &ObjectKey, written: Option<&Written>, nodes: &Nodes) {
        static NONE: Written = Written::new();
        if let Some(service) = cluster.services.by_key(key) {
            self.slices = publish(cluster, key, service, &self.pods, written.unwrap_or(&NONE), nodes);
        }
    }
}
