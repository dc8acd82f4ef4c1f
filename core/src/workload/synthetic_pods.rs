//! Changes of workloads, nodes and pods in, changes of the synthetic pods out.

use super::addresses::Addresses;
use super::{complete, is_bare, owner, pods};
use crate::api::meta::ObjectMeta;
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use portolan_base::collections::{BTreeMap, BTreeSet};

/// A change of the stored pods that follows from a change of something else.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A pod to be stored.
    Put(Box<Pod>),
    /// A pod to be removed.
    Gone(ObjectKey),
}

/// The synthetic pods of each workload, and the addresses in use.
#[derive(Clone, Debug, Default)]
pub struct SyntheticPods {
    of_workload: BTreeMap<(Kind, ObjectKey), Vec<ObjectKey>>,
    workload_of_pod: BTreeMap<ObjectKey, (Kind, ObjectKey)>,
    addresses: Addresses,
}

impl SyntheticPods {
    /// Prepares a pod that is about to be stored: completes a bare one, and notes its addresses.
    pub fn admit(&mut self, cluster: &Cluster, pod: &mut Pod) {
        if is_bare(pod) {
            complete(cluster, pod, &mut self.addresses);
        } else {
            pod.ips().for_each(|address| self.addresses.note(address));
        }
    }

    /// Whether the address was generated for a pod whose files give none.
    pub fn is_synthetic(&self, address: std::net::IpAddr) -> bool {
        self.addresses.is_synthetic(address)
    }

    /// See [`Addresses::take_disturbance`].
    pub(crate) fn take_disturbance(&mut self) -> bool {
        self.addresses.take_disturbance()
    }

    /// Gives back the addresses of a pod that is about to be replaced or removed.
    pub fn release(&mut self, pod: &Pod) {
        for address in pod.ips() {
            if pod.spec.host_network {
                self.addresses.leave_shared(address);
            } else {
                self.addresses.give_back(address);
            }
        }
    }

    /// The changes that follow from a change of that object: synthetic pods to remove, then synthetic pods to store.
    pub fn follow(
        &mut self,
        cluster: &Cluster,
        kind: Kind,
        key: &ObjectKey,
        metadata: Option<&ObjectMeta>,
    ) -> Vec<Change> {
        let mut touched: BTreeSet<(Kind, ObjectKey)> = metadata.and_then(owner).into_iter().collect();
        if kind.is_workload() {
            touched.insert((kind, key.clone()));
        }
        if kind == Kind::Node {
            touched.extend(all_workloads(cluster));
        }
        touched.into_iter().flat_map(|(kind, key)| self.make(cluster, kind, &key)).collect()
    }

    /// Makes the pods of every workload, after many objects were stored at once.
    pub fn make_all(&mut self, cluster: &Cluster) -> Vec<Change> {
        all_workloads(cluster).into_iter().flat_map(|(kind, key)| self.make(cluster, kind, &key)).collect()
    }

    /// The synthetic pods of one workload.
    pub fn pods_of(&self, kind: Kind, key: &ObjectKey) -> &[ObjectKey] {
        self.of_workload.get(&(kind, key.clone())).map_or(&[], Vec::as_slice)
    }

    /// The workload of a synthetic pod.
    pub fn workload_of(&self, pod: &ObjectKey) -> Option<&(Kind, ObjectKey)> {
        self.workload_of_pod.get(pod)
    }

    /// Copies what `from` knows of an object: the pods of a workload, or the workload of a pod.
    pub(crate) fn share(&mut self, from: &SyntheticPods, kind: Kind, key: &ObjectKey) {
        if kind == Kind::Pod
            && let Some(workload) = from.workload_of_pod.get(key)
        {
            self.workload_of_pod.insert(key.clone(), workload.clone());
        }
        if let Some(pods) = from.of_workload.get(&(kind, key.clone())).filter(|pods| !pods.is_empty()) {
            self.of_workload.insert((kind, key.clone()), pods.clone());
        }
    }

    fn make(&mut self, cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Vec<Change> {
        let mut changes = Vec::new();
        // Asked first, because the answer depends on which pods are synthetic.
        let owns = self.owns_something(cluster, kind, key);
        for old in self.of_workload.remove(&(kind, key.clone())).unwrap_or_default() {
            if let Some(pod) = cluster.pods.by_key(&old) {
                self.release(pod);
            }
            self.workload_of_pod.remove(&old);
            changes.push(Change::Gone(old));
        }
        let workload = cluster.workloads.get(&kind).and_then(|store| store.by_key(key));
        let Some(workload) = workload.filter(|_| !owns) else { return changes };
        let mut synthetic = Vec::new();
        for pod in pods(cluster, kind, key, workload, &mut self.addresses) {
            let pod_key = ObjectKey::new(key.namespace.as_str(), pod.metadata.name.as_str());
            // A pod of that name in the files takes precedence.
            if cluster.pods.by_key(&pod_key).is_some() && !changes.contains(&Change::Gone(pod_key.clone())) {
                self.release(&pod);
                continue;
            }
            self.workload_of_pod.insert(pod_key.clone(), (kind, key.clone()));
            synthetic.push(pod_key);
            changes.push(Change::Put(Box::new(pod)));
        }
        self.of_workload.insert((kind, key.clone()), synthetic);
        changes
    }

    /// Whether the files contain an object that the workload owns, so that it needs no synthetic pods.
    fn owns_something(&self, cluster: &Cluster, kind: Kind, key: &ObjectKey) -> bool {
        let owned = |metadata: &ObjectMeta| owner(metadata).is_some_and(|(owner, name)| owner == kind && name == *key);
        let between = match kind {
            Kind::Deployment => Some(Kind::ReplicaSet),
            Kind::CronJob => Some(Kind::Job),
            _ => None,
        };
        if let Some(between) = between {
            let store = cluster.workloads.get(&between);
            return store
                .is_some_and(|store| store.in_namespace(&key.namespace).any(|(_, object)| owned(&object.metadata)));
        }
        cluster
            .pods
            .in_namespace(&key.namespace)
            .any(|(name, pod)| owned(&pod.metadata) && !self.workload_of_pod.contains_key(name))
    }
}

fn all_workloads(cluster: &Cluster) -> Vec<(Kind, ObjectKey)> {
    let keys = |(kind, store): (&Kind, &crate::cluster::Store<crate::api::workload::Workload>)| {
        store.iter().map(|(key, _)| (*kind, key.clone())).collect::<Vec<_>>()
    };
    cluster.workloads.iter().flat_map(keys).collect()
}
