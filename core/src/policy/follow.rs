//! Following changes: what a change concerns is compiled again, and nothing else.
//!
//! Whatever has changed, it comes to this: some sets of pods, blocks of addresses and port names are new or spoken of no
//! more, so that some pods are in another class than before; and some classes are spoken of by other policies. What is
//! left then is what compiling the cluster anew would give, but for the numbers of things.

use super::class_records::ClassRecords;
use super::ids::{ClassId, NamespaceId, PodId, PolicyId, SetId};
use super::index::{NamespaceEntry, PodEntry, PolicyIndex, container_ports, policy_hash};
use super::lower;
use super::pod_index::PodRecord;
use super::ranges::Block;
use super::rule::{Direction, Policy};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use portolan_base::sort::SmallSort as _;
use std::net::IpAddr;
use std::sync::Arc;

impl PolicyIndex {
    /// Whether objects of that kind go into the index, so that a change of one makes it stale.
    pub fn is_made_from(kind: Kind) -> bool {
        matches!(kind, Kind::Namespace | Kind::Node | Kind::Pod) || lower::KINDS.contains(&kind)
    }

    /// Follows a change of an object that the index is made from: one that has come, has changed or is gone; `cluster` is
    /// the cluster after it. Tells whether it could. Where nodes change, the index has to be compiled again.
    pub fn object_changed(&mut self, cluster: &Cluster, kind: Kind, key: &ObjectKey) -> bool {
        match kind {
            Kind::Pod => self.pod_changed(cluster, key),
            Kind::Namespace => self.namespace_changed(cluster, &key.name),
            kind if lower::KINDS.contains(&kind) => self.policy_changed(cluster, kind, key),
            _ => return false,
        }
        true
    }

    fn pod_changed(&mut self, cluster: &Cluster, key: &ObjectKey) {
        let before = self.pod(key).and_then(|at| self.take_pod(at));
        let mut addresses = before.map(|entry| entry.addresses).unwrap_or_default().to_vec();
        if let Some(pod) = cluster.pods.by_key(key) {
            let namespace = self.enter_namespace(cluster, &key.namespace);
            let mut entry = self.entry_of(namespace, pod);
            if !pod.spec.host_network {
                let signature = self.terms.pod_labels.signature(&pod.metadata.labels);
                let sets = self.matching(&signature, &self.sets_in(namespace));
                entry.class = Some(self.classes.take_up(self.class_of(&entry, sets)));
            }
            addresses.extend(entry.addresses);
            self.put_pod(entry);
        }
        let same_classes = self.classes.fresh_count() == 0 && self.classes.gone().is_empty();
        let is_usual =
            |mapped: &super::map::Mapped| addresses.iter().flatten().all(|address| mapped.is_usual(*address));
        if !same_classes || !self.mapped.get().is_some_and(is_usual) {
            self.mapped.take();
        }
        self.settle();
    }

    fn namespace_changed(&mut self, cluster: &Cluster, name: &str) {
        let Some(at) = self.namespace(name) else { return };
        let labels = self.terms.namespace_labels.namespace_signature(cluster, name);
        let after = self.terms.scopes_of(name, &labels);
        let Some(entry) = self.namespaces.get_mut(at).filter(|entry| entry.scopes != after) else { return };
        let pods = entry.pods.clone();
        let before = std::mem::replace(&mut entry.scopes, after.clone());
        for scope in before {
            if let Some(scoped) = self.terms.scopes.get_mut(scope) {
                scoped.namespaces.retain(|other| *other != at);
            }
        }
        for scope in after {
            if let Some(scoped) = self.terms.scopes.get_mut(scope) {
                scoped.namespaces.push(at);
            }
        }
        self.class_again(pods);
        self.settle();
        self.mapped.take();
    }

    fn policy_changed(&mut self, cluster: &Cluster, kind: Kind, key: &ObjectKey) {
        let hash = policy_hash(kind, key);
        let is = |at| self.policies.get(at).is_some_and(|policy| policy.kind == kind && policy.key == *key);
        let known = self.policy_ids.find(hash, is);
        let lowered = lower::one(cluster, &mut self.terms, kind, key);
        let mut subjects = Vec::new();
        if let Some(at) = known
            && let Some(before) = self.policies.remove(at)
        {
            self.policy_ids.remove(hash, at);
            self.rule_tape.remove(at);
            self.terms.give_up(&before);
            if let Some(set) = before.subject.and_then(|subject| self.terms.sets.get_mut(subject)) {
                set.subject_of.retain(|other| *other != at);
            }
            subjects.extend(before.subject);
        }
        if let Some(policy) = lowered {
            subjects.extend(policy.subject);
            self.put_policy(policy);
        }
        self.follow_terms(cluster);
        self.settle();
        subjects.dedup();
        for subject in subjects {
            for class in self.members(subject).to_vec() {
                self.say_policies(class);
            }
        }
        if self.rule_tape.is_wasteful() {
            self.rule_tape = super::rule_tape::RuleTape::default();
            for (at, policy) in self.policies.iter() {
                self.rule_tape.set(at, policy);
            }
            self.write_class_records();
        }
        self.mapped.take();
    }

    /// Lets everything follow that policies have begun or ceased to speak of.
    fn follow_terms(&mut self, cluster: &Cluster) {
        self.take_scopes(cluster);
        let mut pods: Vec<PodId> = Vec::new();
        let (fresh, gone) = (self.terms.sets.fresh(), self.terms.sets.gone());
        for at in fresh.iter().chain(&gone) {
            let Some(set) = self.terms.sets.get(*at) else { continue };
            let is_new = !gone.contains(at);
            let namespaces = self.terms.scopes.get(set.scope).map(|scoped| scoped.namespaces.as_slice());
            let entries = namespaces.into_iter().flatten().filter_map(|namespace| self.namespaces.get(*namespace));
            for pod in entries.flat_map(|entry| &entry.pods) {
                let Some(entry) = self.pods.get(*pod) else { continue };
                let Some(class) = entry.class.and_then(|class| self.classes.get(class)) else { continue };
                let concerned = if is_new {
                    set.pods.matches(&self.terms.pod_labels.signature(&entry.pod.metadata.labels))
                } else {
                    class.is_in(*at)
                };
                if concerned {
                    pods.push(*pod);
                }
            }
        }
        self.detach_gone();
        let names = [self.terms.port_names.fresh(), self.terms.port_names.gone()].concat();
        let names: Vec<&String> = names.into_iter().filter_map(|name| self.terms.port_names.get(name)).collect();
        if !names.is_empty() {
            let has = |entry: &PodEntry| container_ports(&entry.pod).any(|port| names.contains(&&port.name));
            pods.extend(self.pods.iter().filter(|(_, entry)| has(entry)).map(|(at, _)| at));
        }
        self.terms.port_names.sweep();
        let gone = self.terms.blocks.gone();
        let mut blocks: Vec<Block> = Vec::new();
        for at in self.terms.blocks.fresh().iter().chain(&gone) {
            let Some(block) = self.terms.blocks.get(*at) else { continue };
            self.regions.change(*at, block, !gone.contains(at));
            blocks.push(block.clone());
        }
        if !blocks.is_empty() {
            let others = self.take_usual(cluster);
            let within =
                |address: &IpAddr| blocks.iter().flat_map(|block| &block.prefixes).any(|net| net.contains(address));
            let moved = |entry: &PodEntry| match entry.addresses {
                [None, None] => others,
                addresses => addresses.iter().flatten().any(within),
            };
            pods.extend(self.pods.iter().filter(|(_, entry)| moved(entry)).map(|(at, _)| at));
        }
        self.class_again(pods);
    }

    /// Finds the class of each of the pods again.
    fn class_again(&mut self, mut pods: Vec<PodId>) {
        let namespace = |at: &PodId| self.pods.get(*at).map(|entry| entry.namespace);
        pods.small_sort_by(|a, b| (namespace(a), a).cmp(&(namespace(b), b)));
        pods.dedup();
        let mut sets: (Option<NamespaceId>, Vec<SetId>) = (None, Vec::new());
        for at in pods {
            let Some(entry) = self.pods.get(at) else { continue };
            let Some(before) = entry.class else { continue };
            if sets.0 != Some(entry.namespace) {
                sets = (Some(entry.namespace), self.sets_in(entry.namespace));
            }
            let signature = self.terms.pod_labels.signature(&entry.pod.metadata.labels);
            let class = self.class_of(entry, self.matching(&signature, &sets.1));
            let after = self.classes.take_up(class);
            self.classes.give_up(before);
            if let Some(entry) = self.pods.get_mut(at) {
                entry.class = Some(after);
            }
            self.pod_index.set_class(at, after);
        }
    }

    /// Lets classes that are new be found, and forgets what nobody uses any more.
    pub(super) fn settle(&mut self) {
        for at in self.classes.fresh() {
            let sets = self.classes.get(at).map(|class| class.sets.clone()).unwrap_or_default();
            for set in sets {
                if let Some(set) = self.terms.sets.get_mut(set) {
                    set.classes.push(at);
                }
            }
            self.say_policies(at);
        }
        for (at, class) in self.classes.sweep() {
            self.class_records.remove(at);
            for set in class.sets {
                if let Some(set) = self.terms.sets.get_mut(set)
                    && let Some(place) = set.classes.iter().position(|class| *class == at)
                {
                    set.classes.swap_remove(place);
                }
            }
        }
        if self.class_records.is_wasteful() {
            self.write_class_records();
        }
        self.regions.sweep();
        self.terms.blocks.sweep();
        self.terms.port_names.sweep();
        for (_, set) in self.terms.sets.sweep() {
            self.terms.scopes.give_up(set.scope);
        }
        for (at, scoped) in self.terms.scopes.sweep() {
            self.terms.leave_scope(at, &scoped.scope);
            for namespace in scoped.namespaces {
                if let Some(entry) = self.namespaces.get_mut(namespace) {
                    entry.scopes.retain(|other| *other != at);
                }
            }
        }
        for (at, entry) in self.namespaces.sweep() {
            for scope in entry.scopes {
                if let Some(scoped) = self.terms.scopes.get_mut(scope) {
                    scoped.namespaces.retain(|other| *other != at);
                }
            }
        }
    }

    /// Finds the policies that speak of a class.
    fn say_policies(&mut self, at: ClassId) {
        let Some(class) = self.classes.get(at) else { return };
        let subjects = class.sets.iter().filter_map(|set| self.terms.sets.get(*set));
        let mut all: Vec<PolicyId> = subjects.flat_map(|set| &set.subject_of).copied().collect();
        let policy = |at: &PolicyId| self.policies.get(*at);
        all.small_sort_by(|a, b| policy(a).map(Policy::order).cmp(&policy(b).map(Policy::order)));
        let policies = [Direction::Egress, Direction::Ingress].map(|direction| {
            let speaks = |at: &&PolicyId| policy(at).is_some_and(|policy| policy.speaks_of(direction));
            all.iter().filter(speaks).copied().collect()
        });
        if let Some(class) = self.classes.get_mut(at) {
            class.policies = policies;
            self.class_records.set(at, class, &self.rule_tape);
        }
    }

    fn write_class_records(&mut self) {
        self.class_records = ClassRecords::default();
        for (at, class) in self.classes.iter() {
            self.class_records.set(at, class, &self.rule_tape);
        }
    }

    /// Finds the namespaces of the scopes that are new.
    pub(super) fn take_scopes(&mut self, cluster: &Cluster) {
        for at in self.terms.scopes.fresh() {
            self.terms.enter_scope(at);
            let Some(scoped) = self.terms.scopes.get(at) else { continue };
            let mut found = Vec::new();
            for (namespace, entry) in self.namespaces.iter() {
                let labels = self.terms.namespace_labels.namespace_signature(cluster, &entry.name);
                if scoped.scope.comes_to(&entry.name, &labels) {
                    found.push(namespace);
                }
            }
            for namespace in &found {
                if let Some(entry) = self.namespaces.get_mut(*namespace) {
                    entry.scopes.push(at);
                    entry.scopes.small_sort();
                }
            }
            if let Some(scoped) = self.terms.scopes.get_mut(at) {
                scoped.namespaces = found;
            }
        }
    }

    /// Takes the sets that no policy speaks of out of their scopes, so that no pod is found to be in them.
    pub(super) fn detach_gone(&mut self) {
        for at in self.terms.sets.gone() {
            let scope = self.terms.sets.get(at).map(|set| set.scope);
            if let Some(scoped) = scope.and_then(|scope| self.terms.scopes.get_mut(scope)) {
                scoped.sets.retain(|other| *other != at);
            }
        }
    }

    /// Takes up one more use of a namespace, and gives its number.
    pub(super) fn enter_namespace(&mut self, cluster: &Cluster, name: &str) -> NamespaceId {
        if let Some(known) = self.namespace(name) {
            self.namespaces.again(known);
            return known;
        }
        let labels = self.terms.namespace_labels.namespace_signature(cluster, name);
        let scopes = self.terms.scopes_of(name, &labels);
        let entry = NamespaceEntry { name: name.to_owned(), scopes: scopes.clone(), pods: Vec::new() };
        let at = self.namespaces.take_up(entry);
        for scope in scopes {
            if let Some(scoped) = self.terms.scopes.get_mut(scope) {
                scoped.namespaces.push(at);
            }
        }
        at
    }

    /// Puts a policy in. The classes it speaks of have yet to hear of it.
    pub(super) fn put_policy(&mut self, policy: Policy) {
        let (hash, subject) = (policy_hash(policy.kind, &policy.key), policy.subject);
        let at = self.policies.insert(policy);
        if let Some(policy) = self.policies.get(at) {
            self.rule_tape.set(at, policy);
        }
        self.policy_ids.insert(hash, at);
        if let Some(set) = subject.and_then(|subject| self.terms.sets.get_mut(subject)) {
            set.subject_of.push(at);
        }
    }

    /// Puts a pod in whose class and namespace have been taken up.
    pub(super) fn put_pod(&mut self, entry: PodEntry) {
        let record = PodRecord::new(entry.class, entry.families);
        let (addresses, namespace, pod) = (entry.own_addresses(), entry.namespace, Arc::clone(&entry.pod));
        let at = self.pods.insert(entry);
        let Some(entry) = self.namespaces.get_mut(namespace) else { return };
        entry.pods.push(at);
        self.pod_index.set(at, record, (&entry.name, &pod.metadata.name), addresses);
    }

    /// Takes a pod out, and gives its class and namespace up.
    fn take_pod(&mut self, at: PodId) -> Option<PodEntry> {
        let entry = self.pods.remove(at)?;
        let namespace = self.namespaces.get(entry.namespace).map(|entry| entry.name.as_str()).unwrap_or_default();
        self.pod_index.remove(at, (namespace, &entry.pod.metadata.name), entry.own_addresses());
        if let Some(namespace) = self.namespaces.get_mut(entry.namespace)
            && let Some(place) = namespace.pods.iter().position(|pod| *pod == at)
        {
            namespace.pods.swap_remove(place);
        }
        self.namespaces.give_up(entry.namespace);
        entry.class.into_iter().for_each(|class| self.classes.give_up(class));
        Some(entry)
    }
}
