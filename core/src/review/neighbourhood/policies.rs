//! Around policies.

use super::Neighbourhood;
use crate::api::meta::{IntOrString, LabelSelector, StringMap};
use crate::api::network_policy::{NetworkPolicy, NetworkPolicyPeer};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::endpoints::selection::{selector, selects};
use portolan_base::collections::BTreeSet;

/// What of a pod policies can tell apart: its labels, its ports, whether it is on its node's network.
type Look<'c> = (&'c StringMap, Vec<(&'c str, i32, &'c str)>, bool);

/// Whether a policy names one of these ports.
pub(super) fn names_port(policy: &NetworkPolicy, ports: &[i32]) -> bool {
    let spec = &policy.spec;
    let ingress = spec.ingress.iter().flatten().flat_map(|rule| rule.ports.iter().flatten());
    let egress = spec.egress.iter().flatten().flat_map(|rule| rule.ports.iter().flatten());
    let is_one = |port: &Option<IntOrString>| matches!(port, Some(IntOrString::Int(port)) if ports.contains(port));
    ingress.chain(egress).any(|port| is_one(&port.port))
}

/// Policies of a namespace that isolate pods for what comes in: one, and another for the case that the first is taken out.
pub(super) fn isolating<'c>(cluster: &'c Cluster, namespace: &'c str) -> impl Iterator<Item = &'c ObjectKey> {
    let isolates = |policy: &NetworkPolicy| policy.spec.policy_types.iter().flatten().any(|kind| kind == "Ingress");
    let found = cluster.network_policies.in_namespace(namespace).filter(move |(_, policy)| isolates(policy));
    found.take(2).map(|(key, _)| key)
}

/// The one address that a peer is, where it is one.
fn single(peer: &NetworkPolicyPeer) -> Option<&str> {
    let cidr = peer.ip_block.as_ref()?.cidr.as_str();
    cidr.strip_suffix("/32").or_else(|| cidr.strip_suffix("/128"))
}

impl<'c> Neighbourhood<'c> {
    /// Around a policy: the pods that it selects and lets through, one of each look; their Services; its neighbours.
    pub(super) fn policy(&mut self, key: &'c ObjectKey, policy: &NetworkPolicy) {
        if !self.begins((Kind::NetworkPolicy, key)) {
            return;
        }
        let cluster = self.cluster;
        // Where there are no pods at all, nothing is said of what policies select.
        if let Some((pod, _)) = cluster.pods.iter().next() {
            self.pod(pod);
        }
        self.affinities();
        let subjects = self.matching(&key.namespace, Some(&policy.spec.pod_selector), usize::MAX);
        self.services_before(&key.namespace, &subjects);
        for rule in policy.spec.ingress.iter().flatten() {
            self.peers(key, rule.from.as_deref().unwrap_or_default(), 1);
        }
        for rule in policy.spec.egress.iter().flatten() {
            // The ports of a rule are held against all that it leads to.
            let most = if rule.ports.as_ref().is_none_or(Vec::is_empty) { 1 } else { usize::MAX };
            self.peers(key, rule.to.as_deref().unwrap_or_default(), most);
        }
        let alone: Vec<&str> =
            policy.spec.egress.iter().flatten().flat_map(|rule| rule.to.iter().flatten()).filter_map(single).collect();
        for (service, stored) in cluster.services.iter().filter(|_| !alone.is_empty()) {
            if stored.cluster_ips().any(|address| alone.contains(&address)) {
                self.picked.insert((Kind::Service, service));
            }
        }
        self.neighbours(key, policy, &subjects);
        self.picked.extend(isolating(cluster, &key.namespace).map(|key| (Kind::NetworkPolicy, key)));
        let is_dns = |pod: &Pod| pod.metadata.labels.get("k8s-app").is_some_and(|app| app == "kube-dns");
        if policy.spec.egress.is_some() || policy.spec.policy_types.iter().flatten().any(|kind| kind == "Egress") {
            for (pod, _) in cluster.pods.iter().filter(|(_, pod)| is_dns(pod)) {
                self.pod(pod);
            }
        }
    }

    /// The policies that select some of the pods, of every tier.
    pub(super) fn guards(&mut self, namespace: &'c str, labels: &[&StringMap]) {
        for (policy, stored) in self.cluster.network_policies.in_namespace(namespace) {
            let selector = &stored.spec.pod_selector;
            if !labels.iter().any(|labels| selector.matches(labels)) {
                continue;
            }
            self.picked.insert((Kind::NetworkPolicy, policy));
            // Whether those that it lets in are there.
            let peers = stored.spec.ingress.iter().flatten().flat_map(|rule| rule.from.iter().flatten());
            for pods in peers.filter_map(|peer| peer.pod_selector.as_ref()) {
                self.matching(namespace, Some(pods), 1);
            }
        }
        self.tiers();
    }

    /// Around a policy of the whole cluster: every policy, and every look of a pod.
    pub(super) fn all_policies(&mut self) {
        let cluster = self.cluster;
        for namespace in cluster.pods.namespaces() {
            let pods = self.matching(namespace, None, usize::MAX);
            self.services_before(namespace, &pods);
        }
        self.picked.extend(cluster.network_policies.iter().map(|(key, _)| (Kind::NetworkPolicy, key)));
        self.tiers();
    }

    fn tiers(&mut self) {
        let cluster = self.cluster;
        self.picked.extend(cluster.admin_network_policies.iter().map(|(key, _)| (Kind::AdminNetworkPolicy, key)));
        self.picked.extend(
            cluster.baseline_admin_network_policies.iter().map(|(key, _)| (Kind::BaselineAdminNetworkPolicy, key)),
        );
        self.picked.extend(cluster.cluster_network_policies.iter().map(|(key, _)| (Kind::ClusterNetworkPolicy, key)));
    }

    /// The policies that a policy can be held against: of the same pods, or written for the same selector.
    fn neighbours(&mut self, key: &'c ObjectKey, policy: &NetworkPolicy, subjects: &[&'c StringMap]) {
        for (other, stored) in self.cluster.network_policies.in_namespace(&key.namespace) {
            let selector = &stored.spec.pod_selector;
            if *selector == policy.spec.pod_selector || subjects.iter().any(|labels| selector.matches(labels)) {
                self.picked.insert((Kind::NetworkPolicy, other));
            }
        }
        self.tiers();
    }

    fn peers(&mut self, key: &'c ObjectKey, peers: &[NetworkPolicyPeer], most: usize) {
        for peer in peers.iter().filter(|peer| peer.ip_block.is_none()) {
            self.look_in(key, peer.namespace_selector.as_ref(), peer.pod_selector.as_ref(), most);
        }
        // Two peers that were meant as one.
        for pair in peers.windows(2) {
            let [one, other] = pair else { continue };
            let namespaces = one.namespace_selector.as_ref().or(other.namespace_selector.as_ref());
            let pods = one.pod_selector.as_ref().or(other.pod_selector.as_ref());
            if namespaces.is_some() && pods.is_some() {
                self.look_in(key, namespaces, pods, 1);
            }
        }
    }

    /// The pods that selectors of a policy match, so many looks of each namespace; of a namespace without any, some pod,
    /// so that it is seen to have been looked in.
    fn look_in(
        &mut self,
        key: &'c ObjectKey,
        namespaces: Option<&LabelSelector>,
        pods: Option<&LabelSelector>,
        most: usize,
    ) {
        let cluster = self.cluster;
        let Some(wanted) = namespaces else {
            let found = self.matching(&key.namespace, pods, most);
            self.seen(&key.namespace, found.is_empty());
            self.services_before(&key.namespace, &found);
            return;
        };
        for namespace in cluster.pods.namespaces() {
            if !wanted.matches(&cluster.namespace_labels(namespace)) {
                continue;
            }
            let found = self.matching(namespace, pods, most);
            self.seen(namespace, found.is_empty());
            self.services_before(namespace, if most == 1 { &[] } else { &found });
            // Whether anybody matches is all that is asked.
            if most == 1 && !found.is_empty() {
                return;
            }
        }
    }

    fn seen(&mut self, namespace: &'c str, is_empty: bool) {
        let some = self.cluster.pods.in_namespace(namespace).next().filter(|_| is_empty);
        some.into_iter().for_each(|(pod, _)| self.pod(pod));
    }

    /// Picks pods of a namespace that a selector matches, one of each look, and gives their labels.
    fn matching(&mut self, namespace: &'c str, selector: Option<&LabelSelector>, most: usize) -> Vec<&'c StringMap> {
        let mut looks: BTreeSet<Look<'c>> = BTreeSet::new();
        let mut found = Vec::new();
        for (pod, stored) in self.cluster.pods.in_namespace(namespace) {
            let labels = &stored.metadata.labels;
            if found.len() < most
                && !stored.spec.host_network
                && selector.is_none_or(|selector| selector.matches(labels))
                && looks.insert(look_of(stored))
            {
                self.pod(pod);
                found.push(labels);
            }
        }
        found
    }

    /// The Services that select some of the pods.
    fn services_before(&mut self, namespace: &'c str, labels: &[&StringMap]) {
        for (service, stored) in self.cluster.services.in_namespace(namespace).filter(|_| !labels.is_empty()) {
            if selector(stored).is_some_and(|selector| labels.iter().any(|labels| selects(selector, labels))) {
                self.picked.insert((Kind::Service, service));
            }
        }
    }
}

fn look_of(pod: &Pod) -> Look<'_> {
    let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
    let ports = ports.map(|port| (port.name.as_str(), port.container_port, port.protocol.as_str())).collect();
    (&pod.metadata.labels, ports, pod.spec.host_network)
}
