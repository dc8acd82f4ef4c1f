//! The objects that what is said of one object can depend on.
//!
//! From the object the walk goes along the ways that rules look: from an Ingress to its Services and the Ingresses of its
//! hosts, from a Service to its pods, the Services beside it and the Ingresses that send to it, from a policy to the pods it is
//! about. Too much costs time; what is missing would be found missing, so a rule that looks a new way needs it here.

mod policies;
mod services;

use crate::api::meta::StringMap;
use crate::api::pod::PodSpec;
use crate::api::resource::{Kind, ObjectKey, Resource};
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::workload::{owner, template_of};
use portolan_base::collections::BTreeSet;

/// Labels that controllers put on pods beside those of the template.
const ADDED_LABELS: [&str; 9] = [
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
];

/// The neighbourhood of one object.
pub(super) struct Neighbourhood<'c> {
    engine: &'c Engine,
    cluster: &'c Cluster,
    kind: Kind,
    key: &'c ObjectKey,
    picked: BTreeSet<(Kind, &'c ObjectKey)>,
    /// The objects around which the walk has been already.
    walked: BTreeSet<(Kind, &'c ObjectKey)>,
    /// What the object owns and a change of it does away with.
    owned: Vec<(Kind, ObjectKey)>,
}

impl<'c> Neighbourhood<'c> {
    /// The neighbourhood of that object, empty as yet.
    pub(super) fn new(engine: &'c Engine, kind: Kind, key: &'c ObjectKey) -> Self {
        let owned = if kind.is_workload() { owned(engine, kind, key) } else { Vec::new() };
        let (picked, walked) = (BTreeSet::new(), BTreeSet::new());
        Neighbourhood { engine, cluster: engine.cluster(), kind, key, picked, walked, owned }
    }

    /// Walks around the object as it is stored and as it will be.
    pub(super) fn walk(&mut self, new: Option<&Resource>) {
        let (cluster, key) = (self.cluster, self.key);
        match self.kind {
            Kind::Service => {
                let old = cluster.services.by_key(key);
                let new = as_kind(new, |resource| if let Resource::Service(it) = resource { Some(it) } else { None });
                for service in old.map(AsRef::as_ref).into_iter().chain(new) {
                    self.service(key, service);
                    self.before_service(key, service);
                }
            }
            Kind::Ingress => {
                let old = cluster.ingresses.by_key(key);
                let new = as_kind(new, |resource| if let Resource::Ingress(it) = resource { Some(it) } else { None });
                old.map(AsRef::as_ref).into_iter().chain(new).for_each(|ingress| self.ingress(key, ingress));
            }
            Kind::NetworkPolicy => {
                let old = cluster.network_policies.by_key(key);
                let new =
                    as_kind(new, |resource| if let Resource::NetworkPolicy(it) = resource { Some(it) } else { None });
                old.map(AsRef::as_ref).into_iter().chain(new).for_each(|policy| self.policy(key, policy));
            }
            Kind::AdminNetworkPolicy | Kind::BaselineAdminNetworkPolicy | Kind::ClusterNetworkPolicy => {
                self.affinities();
                self.all_policies();
            }
            Kind::Pod => {
                let old = cluster.pods.by_key(key);
                let new = as_kind(new, |resource| if let Resource::Pod(it) = resource { Some(it) } else { None });
                for pod in old.map(AsRef::as_ref).into_iter().chain(new) {
                    self.pods_of(&pod.metadata.labels, &pod.spec);
                }
                self.nodes();
            }
            Kind::Endpoints | Kind::EndpointSlice => self.walk_slice(new),
            Kind::Secret => {
                let names = |ingress: &crate::api::ingress::Ingress| {
                    ingress.spec.tls.iter().flatten().any(|tls| tls.secret_name == key.name)
                };
                for (ingress, stored) in cluster.ingresses.in_namespace(&key.namespace) {
                    if names(stored) {
                        self.picked.insert((Kind::Ingress, ingress));
                        self.ingress(ingress, stored);
                    }
                }
            }
            Kind::IngressClass => {
                // An Ingress without the field may have the class by annotation or by default.
                let of_class = cluster
                    .ingresses
                    .iter()
                    .filter(|(_, it)| it.spec.ingress_class_name.as_ref().is_none_or(|class| *class == key.name));
                for (ingress, stored) in of_class {
                    self.picked.insert((Kind::Ingress, ingress));
                    self.ingress(ingress, stored);
                }
            }
            kind if kind.is_workload() => self.walk_workload(new),
            _ => {}
        }
        self.surroundings();
    }

    /// The neighbourhood as it stands.
    pub(super) fn before(&self) -> Engine {
        let owned = self.owned.iter().map(|(kind, key)| (*kind, key));
        self.engine.part(self.picked.iter().copied().chain(owned).chain([(self.kind, self.key)]))
    }

    /// The neighbourhood without the object and what it owns.
    pub(super) fn without(&self) -> Engine {
        let owned: BTreeSet<(Kind, &ObjectKey)> = self.owned.iter().map(|(kind, key)| (*kind, key)).collect();
        let goes = |one: &(Kind, &ObjectKey)| *one == (self.kind, self.key) || owned.contains(one);
        self.engine.part(self.picked.iter().copied().filter(|one| !goes(one)))
    }

    /// Whether the walk around an object is to begin: around the one under review always, around any other once.
    fn begins(&mut self, object: (Kind, &'c ObjectKey)) -> bool {
        object == (self.kind, self.key) || self.walked.insert(object)
    }

    fn walk_workload(&mut self, new: Option<&Resource>) {
        let (cluster, key) = (self.cluster, self.key);
        let old = cluster.workloads.get(&self.kind).and_then(|store| store.by_key(key)).map(AsRef::as_ref);
        let new = new.and_then(|resource| match resource {
            Resource::Deployment(it)
            | Resource::StatefulSet(it)
            | Resource::DaemonSet(it)
            | Resource::ReplicaSet(it)
            | Resource::ReplicationController(it)
            | Resource::Job(it)
            | Resource::CronJob(it) => Some(&**it),
            _ => None,
        });
        for workload in old.into_iter().chain(new) {
            if let Some(template) = template_of(workload) {
                self.pods_of(&template.metadata.labels, &template.spec);
            }
            self.named_service(&workload.spec.service_name);
        }
        self.nodes();
    }

    /// Around pods with these labels: the objects that select them, and the Services that their containers know.
    fn pods_of(&mut self, labels: &StringMap, spec: &PodSpec) {
        let (cluster, namespace) = (self.cluster, self.key.namespace.as_str());
        if !self.engine.policies().policies_in_order().is_empty() {
            self.affinities();
        }
        let selects = |selector: &StringMap| {
            let has = |(name, value): (&String, &String)| {
                labels.get(name) == Some(value) || ADDED_LABELS.contains(&name.as_str())
            };
            !selector.is_empty() && selector.iter().all(has)
        };
        for (key, service) in cluster.services.in_namespace(namespace) {
            if service.spec.selector.as_ref().is_some_and(selects) {
                self.picked.insert((Kind::Service, key));
                self.service(key, service);
                self.senders(key);
            } else if spec.containers.iter().any(|container| services::may_take_for_setting(container, &key.name)) {
                self.picked.insert((Kind::Service, key));
            }
        }
        for text in services::texts(spec) {
            for (service, namespace) in services::named_in(text, namespace) {
                let found = cluster.services.entry(&ObjectKey::new(namespace, service));
                let any = cluster.services.first_of(namespace);
                let elsewhere = || cluster.services.iter().find(|(key, _)| key.name == service);
                if found.is_none() && text.contains(".svc") {
                    self.picked.extend(elsewhere().map(|(key, _)| (Kind::Service, key)));
                }
                self.picked.extend(found.or(any).map(|(key, _)| (Kind::Service, key)));
            }
        }
        self.guards(namespace, &[labels]);
        // Whether a namespace has policies at all makes a difference to the pods that none selects.
        self.picked.extend(policies::isolating(cluster, namespace).map(|key| (Kind::NetworkPolicy, key)));
        self.named_service(&spec.subdomain);
    }

    /// A Service of the object's namespace that it names, with its pods.
    fn named_service(&mut self, name: &str) {
        let key = ObjectKey::new(self.key.namespace.as_str(), name);
        if let Some((key, service)) = self.cluster.services.entry(&key) {
            self.picked.insert((Kind::Service, key));
            self.endpoints_of(key, service);
        }
    }

    /// A pod, and what makes it.
    fn pod(&mut self, key: &'c ObjectKey) {
        if !self.picked.insert((Kind::Pod, key)) {
            return;
        }
        if let Some((kind, workload)) = self.engine.workload_of(key) {
            self.picked.insert((*kind, workload));
            return;
        }
        let mut made = self.cluster.pods.by_key(key).and_then(|pod| owner(&pod.metadata));
        // A ReplicaSet and its Deployment, a Job and its CronJob: there is no third.
        for _ in 0..2 {
            let Some((kind, name)) = made.take() else { return };
            let Some((name, stored)) = self.cluster.workloads.get(&kind).and_then(|store| store.entry(&name)) else {
                return;
            };
            self.picked.insert((kind, name));
            made = owner(&stored.metadata);
        }
    }

    /// A workload, with its pods.
    fn workload(&mut self, kind: Kind, key: &'c ObjectKey) {
        self.picked.insert((kind, key));
        for pod in self.engine.pods_made_by(kind, key) {
            self.cluster.pods.entry(&pod).into_iter().for_each(|(pod, _)| self.pod(pod));
        }
    }

    /// Adds what tells how much a finding weighs and what was meant instead: one pod of each set of labels, and the
    /// workloads, in every namespace that was come through. Only what has findings is worth it.
    pub(super) fn widen(&mut self) {
        let cluster = self.cluster;
        let namespaces: BTreeSet<&'c str> =
            self.picked.iter().map(|(_, key)| key.namespace.as_str()).chain([self.key.namespace.as_str()]).collect();
        for namespace in namespaces.into_iter().filter(|namespace| !namespace.is_empty()) {
            let mut known: BTreeSet<&StringMap> = BTreeSet::new();
            for (pod, stored) in cluster.pods.in_namespace(namespace) {
                if known.insert(&stored.metadata.labels) {
                    self.pod(pod);
                }
            }
            for (kind, store) in &cluster.workloads {
                self.picked.extend(store.in_namespace(namespace).map(|(key, _)| (*kind, key)));
            }
        }
    }

    fn nodes(&mut self) {
        self.picked.extend(self.cluster.nodes.iter().map(|(key, _)| (Kind::Node, key)));
    }

    /// What stands around everything: the namespaces, the classes of Ingresses, the API server's own Service; of the
    /// object's namespace a Service and a pod, so that it is not taken for one that nothing is known of.
    fn surroundings(&mut self) {
        let cluster = self.cluster;
        let namespace = self.key.namespace.as_str();
        self.picked.extend(cluster.services.in_namespace(namespace).next().map(|(key, _)| (Kind::Service, key)));
        cluster.pods.in_namespace(namespace).next().into_iter().for_each(|(key, _)| self.pod(key));
        let names: BTreeSet<&str> = self.picked.iter().map(|(_, key)| key.namespace.as_str()).collect();
        for name in names.into_iter().chain([self.key.namespace.as_str()]) {
            let found = cluster.namespaces.entry(&ObjectKey::new("", name));
            self.picked.extend(found.map(|(key, _)| (Kind::Namespace, key)));
        }
        self.picked.extend(cluster.ingress_classes.iter().map(|(key, _)| (Kind::IngressClass, key)));
        let master = cluster.services.entry(&ObjectKey::new("default", "kubernetes"));
        self.picked.extend(master.map(|(key, _)| (Kind::Service, key)));
    }
}

/// The object, where it is of the kind that is asked for.
fn as_kind<'a, T>(resource: Option<&'a Resource>, kind: fn(&'a Resource) -> Option<&'a Box<T>>) -> Option<&'a T> {
    resource.and_then(kind).map(|object| &**object)
}

/// The pods of a workload, and what stands between it and them.
fn owned(engine: &Engine, kind: Kind, key: &ObjectKey) -> Vec<(Kind, ObjectKey)> {
    let mut owned: Vec<(Kind, ObjectKey)> =
        engine.pods_made_by(kind, key).into_iter().map(|pod| (Kind::Pod, pod)).collect();
    let between = match kind {
        Kind::Deployment => Kind::ReplicaSet,
        Kind::CronJob => Kind::Job,
        _ => return owned,
    };
    let store = engine.cluster().workloads.get(&between);
    for (name, object) in store.into_iter().flat_map(|store| store.in_namespace(&key.namespace)) {
        if owner(&object.metadata).is_some_and(|owner| owner == (kind, key.clone())) {
            owned.push((between, name.clone()));
        }
    }
    owned
}
