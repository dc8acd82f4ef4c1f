//! Which made-up pods stand for which workload, kept in step with the cluster.

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
    /// A pod to be taken out.
    Gone(ObjectKey),
}

/// The pods that workloads stand for, and the addresses that are taken.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    of_workload: BTreeMap<(Kind, ObjectKey), Vec<ObjectKey>>,
    made_up: BTreeMap<ObjectKey, (Kind, ObjectKey)>,
    addresses: Addresses,
}

impl Standing {
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

    /// Gives back the addresses of a pod that is about to be replaced or taken out.
    pub fn release(&mut self, pod: &Pod) {
        for address in pod.ips() {
            if pod.spec.host_network {
                self.addresses.leave_shared(address);
            } else {
                self.addresses.give_back(address);
            }
        }
    }

    /// What follows from a change of that object: the made-up pods to take out and to store, in this order.
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
        touched.into_iter().flat_map(|(kind, key)| self.stand(cluster, kind, &key)).collect()
    }

    /// Makes the pods of every workload, after many objects were stored at once.
    pub fn stand_all(&mut self, cluster: &Cluster) -> Vec<Change> {
        all_workloads(cluster).into_iter().flat_map(|(kind, key)| self.stand(cluster, kind, &key)).collect()
    }

    /// The made-up pods of one workload.
    pub fn pods_of(&self, kind: Kind, key: &ObjectKey) -> &[ObjectKey] {
        self.of_workload.get(&(kind, key.clone())).map_or(&[], Vec::as_slice)
    }

    /// The workload that a made-up pod stands for.
    pub fn workload_of(&self, pod: &ObjectKey) -> Option<&(Kind, ObjectKey)> {
        self.made_up.get(pod)
    }

    /// Takes over what another one knows of an object: of a workload its pods, of a pod its workload.
    pub(crate) fn share(&mut self, from: &Standing, kind: Kind, key: &ObjectKey) {
        if kind == Kind::Pod
            && let Some(workload) = from.made_up.get(key)
        {
            self.made_up.insert(key.clone(), workload.clone());
        }
        if let Some(pods) = from.of_workload.get(&(kind, key.clone())).filter(|pods| !pods.is_empty()) {
            self.of_workload.insert((kind, key.clone()), pods.clone());
        }
    }

    fn stand(&mut self, cluster: &Cluster, kind: Kind, key: &ObjectKey) -> Vec<Change> {
        let mut changes = Vec::new();
        // Asked first: what is made up has to be known as such.
        let owns = self.owns_something(cluster, kind, key);
        for old in self.of_workload.remove(&(kind, key.clone())).unwrap_or_default() {
            if let Some(pod) = cluster.pods.by_key(&old) {
                self.release(pod);
            }
            self.made_up.remove(&old);
            changes.push(Change::Gone(old));
        }
        let workload = cluster.workloads.get(&kind).and_then(|store| store.by_key(key));
        let Some(workload) = workload.filter(|_| !owns) else { return changes };
        let mut standing = Vec::new();
        for pod in pods(cluster, kind, key, workload, &mut self.addresses) {
            let pod_key = ObjectKey::new(key.namespace.as_str(), pod.metadata.name.as_str());
            // A pod of that name which the files hold is the one that is meant.
            if cluster.pods.by_key(&pod_key).is_some() && !changes.contains(&Change::Gone(pod_key.clone())) {
                self.release(&pod);
                continue;
            }
            self.made_up.insert(pod_key.clone(), (kind, key.clone()));
            standing.push(pod_key);
            changes.push(Change::Put(Box::new(pod)));
        }
        self.of_workload.insert((kind, key.clone()), standing);
        changes
    }

    /// Whether the files hold an object that the workload owns, so that nothing is to be made up for it.
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
            .any(|(name, pod)| owned(&pod.metadata) && !self.made_up.contains_key(name))
    }
}

fn all_workloads(cluster: &Cluster) -> Vec<(Kind, ObjectKey)> {
    let keys = |(kind, store): (&Kind, &crate::cluster::Store<crate::api::workload::Workload>)| {
        store.iter().map(|(key, _)| (*kind, key.clone())).collect::<Vec<_>>()
    };
    cluster.workloads.iter().flat_map(keys).collect()
}
