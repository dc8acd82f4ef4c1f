//! What policies say that they hardly mean: found by what they select, let through and cut off, as plain data with the
//! field of each.

use super::ids::{BlockId, ClassId, PodId, PolicyId, SetId};
use super::index::{Class, PolicyIndex};
use super::ports::PortMatch;
use super::rule::{Action, Direction, Peer, Policy, Rule, Scope, Tier};
use crate::api::meta::{IntOrString, LabelSelector};
use crate::api::network_policy::{NetworkPolicyPeer, NetworkPolicyPort};
use crate::api::pod::Pod;
use crate::api::resource::{Kind, ObjectKey, namespace_or_default};
use crate::api::service::ServicePort;
use crate::cluster::Cluster;
use crate::ids::IdVec;
use crate::net::Protocol;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;
use std::sync::Arc;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PolicyFlaw {
    /// The policy selects no pod.
    SelectsNothing,
    /// The peer matches no pod, though the files hold the namespace it looks in.
    PeerMatchesNothing,
    /// Whatever the rule is for, another rule has decided.
    RuleCovered,
    /// Pods may reach others but not their DNS.
    DnsCutOff,
    /// The port is a Service's, where only the port of its pods can match.
    ServicePort,
    /// Two items of a list, each with one selector, where one item with both was surely meant.
    SplitPeer,
}

/// One thing found in a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyFinding {
    /// What it is.
    pub flaw: PolicyFlaw,
    /// The policy.
    pub policy: (Kind, ObjectKey),
    /// The field: `spec.ingress[0].from[1]`.
    pub field: String,
    /// What is wrong, for people.
    pub message: String,
    /// Another policy and field that it is about, where there is one.
    pub other: Option<(Kind, ObjectKey, String)>,
}

/// Every finding of every policy, by flaw, policy and field.
pub fn of(cluster: &Cluster, index: &PolicyIndex) -> Vec<PolicyFinding> {
    let mut finder = Finder::new(cluster, index);
    if index.pod_count() > 0 {
        finder.selections();
        finder.dns();
        for policy in finder.policies.clone().into_iter().filter(|policy| policy.kind == Kind::NetworkPolicy) {
            finder.lists(policy);
        }
    }
    finder.covered();
    finder.found.small_sort();
    finder.found.dedup();
    finder.found
}

struct Finder<'a> {
    cluster: &'a Cluster,
    index: &'a PolicyIndex,
    /// The policies in the order they are asked.
    policies: Vec<&'a Policy>,
    /// The pods of each class.
    pods: IdVec<ClassId, Vec<PodId>>,
    /// The policies of each subject.
    of_subject: BTreeMap<Option<SetId>, Vec<usize>>,
    found: Vec<PolicyFinding>,
}

impl<'a> Finder<'a> {
    fn new(cluster: &'a Cluster, index: &'a PolicyIndex) -> Self {
        let mut pods = IdVec::filled(Vec::new(), index.classes.width());
        for (at, entry) in index.pods.iter() {
            if let Some(of_class) = entry.class.and_then(|class| pods.get_mut(class)) {
                of_class.push(at);
            }
        }
        let mut of_subject: BTreeMap<Option<SetId>, Vec<usize>> = BTreeMap::new();
        let policies = index.policies_in_order();
        for (at, policy) in policies.iter().enumerate() {
            of_subject.entry(policy.subject).or_default().push(at);
        }
        Finder { cluster, index, policies, pods, of_subject, found: Vec::new() }
    }

    fn add(&mut self, flaw: PolicyFlaw, policy: &Policy, field: impl Into<String>, message: impl Into<String>) {
        let (field, message) = (field.into(), message.into());
        let policy = (policy.kind, policy.key.clone());
        self.found.push(PolicyFinding { flaw, policy, field, message, other: None });
    }

    fn is_without_pods(&self, set: SetId) -> bool {
        self.index.members(set).is_empty()
    }

    fn selections(&mut self) {
        for policy in self.policies.clone() {
            let field = if policy.kind == Kind::NetworkPolicy { "spec.podSelector" } else { "spec.subject" };
            if policy.subject.is_none_or(|subject| self.is_without_pods(subject)) {
                self.add(PolicyFlaw::SelectsNothing, policy, field, "the policy selects no pod");
                continue;
            }
            for direction in [Direction::Egress, Direction::Ingress] {
                for (at, rule) in policy.rules(direction).iter().enumerate() {
                    for (peer_at, peer) in rule.peers.iter().flatten() {
                        if let Peer::Pods(set) = peer
                            && self.is_without_pods(*set)
                            && self.looks_where_pods_are(*set)
                        {
                            let field = format!("spec.{}[{at}].{}[{peer_at}]", direction.name(), direction.peers());
                            self.add(PolicyFlaw::PeerMatchesNothing, policy, field, "the peer matches no pod");
                        }
                    }
                }
            }
        }
    }

    /// Whether the namespaces that the set is looked for in are in the files with pods of theirs.
    fn looks_where_pods_are(&self, set: SetId) -> bool {
        let set = self.index.terms.sets.get(set);
        let scoped = set.and_then(|set| self.index.terms.scopes.get(set.scope));
        scoped.is_some_and(|scoped| !scoped.namespaces.is_empty())
    }

    /// Rules that another rule of the same policy, or of one with the same subject, leaves nothing to do.
    fn covered(&mut self) {
        for (policy_at, policy) in self.policies.clone().into_iter().enumerate() {
            for direction in [Direction::Egress, Direction::Ingress] {
                for (at, rule) in policy.rules(direction).iter().enumerate() {
                    let Some((other, other_at)) = self.covering(policy_at, policy, direction, at, rule) else {
                        continue;
                    };
                    let field = |at: usize| format!("spec.{}[{at}]", direction.name());
                    let (kind, key) = (other.kind, other.key.clone());
                    let whose =
                        if kind == policy.kind && key == policy.key { String::new() } else { format!(" of {key}") };
                    let message =
                        format!("rule {other_at}{whose} already decides every connection that this rule matches");
                    self.found.push(PolicyFinding {
                        flaw: PolicyFlaw::RuleCovered,
                        policy: (policy.kind, policy.key.clone()),
                        field: field(at),
                        message,
                        other: Some((kind, key, field(other_at))),
                    });
                }
            }
        }
    }

    fn covering(
        &self,
        policy_at: usize,
        policy: &Policy,
        direction: Direction,
        at: usize,
        rule: &Rule,
    ) -> Option<(&'a Policy, usize)> {
        for other_policy_at in self.of_subject.get(&policy.subject).into_iter().flatten().copied() {
            let Some(other) = self.policies.get(other_policy_at).copied() else { continue };
            let same_place = other_policy_at == policy_at;
            let adds_up = policy.tier == Tier::NetworkPolicy && other.tier == Tier::NetworkPolicy;
            let comparable = same_place || adds_up && other.isolates(direction);
            if !comparable || adds_up && !policy.isolates(direction) {
                continue;
            }
            for (other_at, candidate) in other.rules(direction).iter().enumerate() {
                let earlier = (other_policy_at, other_at) < (policy_at, at);
                if same_place && other_at == at || !earlier && !adds_up {
                    continue;
                }
                // Of two rules that say the same, the later one is too many.
                if self.covers(candidate, rule) && (earlier || !self.covers(rule, candidate)) {
                    return Some((other, other_at));
                }
            }
        }
        None
    }

    fn covers(&self, wide: &Rule, narrow: &Rule) -> bool {
        let ports = match (&wide.ports, &narrow.ports) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) => {
                narrow.iter().all(|(_, port)| wide.iter().any(|(_, candidate)| covers_port(*candidate, *port)))
            }
        };
        let peers = match (&wide.peers, &narrow.peers) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wide), Some(narrow)) => {
                !narrow.is_empty()
                    && narrow
                        .iter()
                        .all(|(_, peer)| wide.iter().any(|(_, candidate)| self.covers_peer(*candidate, *peer)))
            }
        };
        ports && peers
    }

    fn covers_peer(&self, wide: Peer, narrow: Peer) -> bool {
        match (wide, narrow) {
            (Peer::Anybody, _) => true,
            (Peer::Pods(wide), Peer::Pods(narrow)) => {
                wide == narrow || {
                    let set = |at: SetId| self.index.terms.sets.get(at);
                    let (Some(wide), Some(narrow)) = (set(wide), set(narrow)) else { return false };
                    let scope = self.index.terms.scope_of(wide);
                    let everywhere = matches!(scope, Some(Scope::Selected(all)) if all.is_empty());
                    (everywhere || wide.scope == narrow.scope) && (wide.pods.is_empty() || wide.pods == narrow.pods)
                }
            }
            (Peer::Block(wide), Peer::Block(narrow)) => {
                wide == narrow || {
                    let block = |at: BlockId| self.index.terms.blocks.get(at);
                    let (Some(wide), Some(narrow)) = (block(wide), block(narrow)) else { return false };
                    let inside = |net: &ipnet::IpNet| wide.prefixes.iter().any(|range| range.contains(net));
                    !narrow.prefixes.is_empty()
                        && narrow.prefixes.iter().all(inside)
                        && wide.except.iter().all(|hole| {
                            narrow.except.iter().any(|other| other.contains(hole))
                                || narrow.prefixes.iter().all(|net| !net.contains(hole) && !hole.contains(net))
                        })
                }
            }
            _ => false,
        }
    }

    /// Pods that NetworkPolicies isolate on their way out, that may reach something, and not their DNS.
    fn dns(&mut self) {
        let dns: Vec<&Class> = self
            .index
            .pods
            .iter()
            .map(|(_, entry)| entry)
            .filter(|entry| entry.pod.metadata.labels.get("k8s-app").is_some_and(|app| app == "kube-dns"))
            .filter_map(|entry| self.index.class(entry.class?))
            .collect();
        let mut cut_off: BTreeSet<PolicyId> = BTreeSet::new();
        for (_, class) in self.index.classes.iter() {
            let policies: Vec<(PolicyId, &Policy)> = class
                .policies(Direction::Egress)
                .iter()
                .filter_map(|at| Some((*at, self.index.policy(*at)?)))
                .collect();
            let Some((isolating, _)) = policies.iter().find(|(_, policy)| policy.tier == Tier::NetworkPolicy) else {
                continue;
            };
            let rules = || {
                let of = |policy: &'a Policy| policy.rules(Direction::Egress).iter();
                policies.iter().flat_map(move |(_, policy)| of(policy)).filter(|rule| rule.action == Action::Allow)
            };
            let opens_something = rules().any(|rule| rule.peers.as_ref().is_none_or(|peers| !peers.is_empty()));
            let reaches_dns = rules().any(|rule| {
                let port = |(_, port): &(u32, PortMatch)| match *port {
                    // A named port is the DNS pods' to give; `dns` is what they call it.
                    PortMatch::Named(protocol, _) => {
                        protocol != Some(Protocol::Tcp) && protocol != Some(Protocol::Sctp)
                    }
                    port => port.matches(53, Protocol::Udp),
                };
                let peer = |(_, peer): &(u32, Peer)| match peer {
                    Peer::Pods(set) if !dns.is_empty() => dns.iter().any(|class| class.is_in(*set)),
                    Peer::Pods(_) | Peer::Block(_) | Peer::Anybody => true,
                };
                rule.ports.as_ref().is_none_or(|ports| ports.iter().any(port))
                    && rule.peers.as_ref().is_none_or(|peers| peers.iter().any(peer))
            });
            if opens_something && !reaches_dns {
                cut_off.insert(*isolating);
            }
        }
        for at in cut_off {
            if let Some(policy) = self.index.policy(at) {
                let field = if policy.rules(Direction::Egress).is_empty() { "spec.policyTypes" } else { "spec.egress" };
                let message = "the selected pods may reach others, but not their DNS: no rule allows UDP port 53";
                self.add(PolicyFlaw::DnsCutOff, policy, field, message);
            }
        }
    }

    /// What only the lists as written show: Service ports, and selectors torn apart.
    fn lists(&mut self, lowered: &'a Policy) {
        let key = &lowered.key;
        let Some(policy) = self.cluster.network_policies.by_key(key).cloned() else { return };
        for (at, rule) in policy.spec.ingress.iter().flatten().enumerate() {
            let field = format!("spec.ingress[{at}]");
            self.ports(key, &field, rule.ports.as_deref().unwrap_or_default(), lowered.subject.as_slice());
            self.split(key, &format!("{field}.from"), rule.from.as_deref().unwrap_or_default());
        }
        for (at, rule) in policy.spec.egress.iter().flatten().enumerate() {
            let field = format!("spec.egress[{at}]");
            let peers = lowered.rules(Direction::Egress).get(at).and_then(|rule| rule.peers.as_ref());
            let set = |(_, peer): &(u32, Peer)| if let Peer::Pods(set) = peer { Some(*set) } else { None };
            let sets: Vec<SetId> = peers.into_iter().flatten().filter_map(set).collect();
            self.ports(key, &field, rule.ports.as_deref().unwrap_or_default(), &sets);
            self.split(key, &format!("{field}.to"), rule.to.as_deref().unwrap_or_default());
        }
    }

    /// The pods of some sets, in no order.
    fn pods_of(&self, sets: &[SetId]) -> Vec<&'a Pod> {
        let classes = sets.iter().flat_map(|set| self.index.members(*set));
        let pods = classes.filter_map(|class| self.pods.get(*class)).flatten();
        pods.filter_map(|pod| self.index.entry(*pod)).map(|entry| &*entry.pod).collect()
    }

    /// The pods that selectors of a policy match; without a selector of namespaces, those of its own.
    fn matching(
        &self,
        key: &ObjectKey,
        namespaces: Option<&LabelSelector>,
        pods: Option<&LabelSelector>,
    ) -> Vec<Arc<Pod>> {
        let mut found = Vec::new();
        let mut names: Vec<&String> = self.index.namespaces.iter().map(|(_, entry)| &entry.name).collect();
        names.small_sort();
        for name in names {
            let looked_in = match namespaces {
                Some(selector) => selector.matches(&self.cluster.namespace_labels(name)),
                None => *name == key.namespace,
            };
            if looked_in {
                let matching = self.cluster.pods.in_namespace(name).filter(|(_, pod)| {
                    !pod.spec.host_network && pods.is_none_or(|selector| selector.matches(&pod.metadata.labels))
                });
                found.extend(matching.map(|(_, pod)| Arc::clone(pod)));
            }
        }
        found
    }

    /// Ports of a rule, for the pods of some sets.
    fn ports(&mut self, key: &ObjectKey, field: &str, ports: &[NetworkPolicyPort], sets: &[SetId]) {
        let pods = if ports.is_empty() { Vec::new() } else { self.pods_of(sets) };
        for (at, entry) in ports.iter().enumerate() {
            let (Some(IntOrString::Int(wanted)), None) = (&entry.port, entry.end_port) else { continue };
            let protocol = entry.protocol.as_deref().unwrap_or("TCP");
            let is_listed = |number: i32| {
                ports.iter().any(|other| match &other.port {
                    Some(IntOrString::Int(first)) => *first <= number && number <= other.end_port.unwrap_or(*first),
                    _ => false,
                })
            };
            let of_pod = |pod: &&Pod| {
                let containers = pod.spec.containers.iter().flat_map(|container| &container.ports);
                containers.into_iter().any(|port| port.container_port == *wanted)
            };
            if pods.is_empty() || pods.iter().any(of_pod) {
                continue;
            }
            let name = |pod: &&Pod| (pod.metadata.namespace.clone(), pod.metadata.name.clone());
            let mut in_order = pods.clone();
            in_order.small_sort_by_cached_key(name);
            let service = in_order.into_iter().find_map(|pod| self.service_with(pod, *wanted, protocol));
            if let Some((service, target)) = service
                && !is_listed(target)
            {
                let message = format!(
                    "{wanted} is the port of Service `{service}`, but policies see the port of its pods, which is {target}"
                );
                self.found.push(PolicyFinding {
                    flaw: PolicyFlaw::ServicePort,
                    policy: (Kind::NetworkPolicy, key.clone()),
                    field: format!("{field}.ports[{at}].port"),
                    message,
                    other: Some((Kind::Service, service, "spec.ports".to_owned())),
                });
            }
        }
    }

    /// A Service before the pod that is reached on the port and sends to another one.
    fn service_with(&self, pod: &Pod, wanted: i32, protocol: &str) -> Option<(ObjectKey, i32)> {
        let namespace = namespace_or_default(&pod.metadata.namespace);
        self.cluster.services.in_namespace(namespace).find_map(|(key, service)| {
            let selector = service.spec.selector.as_ref().filter(|selector| !selector.is_empty())?;
            let selects = selector.iter().all(|(label, value)| pod.metadata.labels.get(label) == Some(value));
            let is_wanted = |port: &&ServicePort| {
                let same = if port.protocol.is_empty() { protocol == "TCP" } else { port.protocol == protocol };
                port.port == wanted && same
            };
            let port = service.ports().iter().filter(|_| selects).find(is_wanted)?;
            let target = match &port.target_port {
                IntOrString::Int(0) => return None,
                IntOrString::Int(number) => *number,
                IntOrString::String(name) => {
                    let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
                    ports.into_iter().find(|port| port.name == *name)?.container_port
                }
            };
            (target != wanted).then(|| (key.clone(), target))
        })
    }

    fn split(&mut self, key: &ObjectKey, field: &str, peers: &[NetworkPolicyPeer]) {
        for (at, pair) in peers.windows(2).enumerate() {
            let [one, other] = pair else { continue };
            let alone = |peer: &NetworkPolicyPeer| match (&peer.namespace_selector, &peer.pod_selector, &peer.ip_block)
            {
                (Some(namespaces), None, None) => (Some(namespaces.clone()), None),
                (None, Some(pods), None) => (None, Some(pods.clone())),
                _ => (None, None),
            };
            let (namespaces, pods) = match (alone(one), alone(other)) {
                ((Some(namespaces), None), (None, Some(pods))) | ((None, Some(pods)), (Some(namespaces), None)) => {
                    (namespaces, pods)
                }
                _ => continue,
            };
            let asks = |selector: &LabelSelector| *selector != LabelSelector::default();
            let here = self.matching(key, None, Some(&pods));
            if asks(&pods) && here.is_empty() && !self.matching(key, Some(&namespaces), Some(&pods)).is_empty() {
                let message = format!(
                    "the two items are two peers: every pod of the selected namespaces, and pods of `{}`, none of which match; one item with both selectors was probably meant",
                    key.namespace
                );
                self.found.push(PolicyFinding {
                    flaw: PolicyFlaw::SplitPeer,
                    policy: (Kind::NetworkPolicy, key.clone()),
                    field: format!("{field}[{at}]"),
                    message,
                    other: None,
                });
            }
        }
    }
}

fn covers_port(wide: PortMatch, narrow: PortMatch) -> bool {
    match (wide, narrow) {
        (PortMatch::Range(a, first, last), PortMatch::Range(b, inner_first, inner_last)) => {
            a == b && first <= inner_first && inner_last <= last
        }
        (PortMatch::Range(a, 0, u16::MAX), PortMatch::Named(b, _)) => b == Some(a),
        (wide, narrow) => wide == narrow,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::resource::read;
    use crate::cluster::Options;
    use crate::engine::Engine;
    use portolan_base::json;

    const WEB: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","labels":{"app":"web"}},
        "spec":{"containers":[{"name":"c","ports":[{"name":"http","containerPort":8080}]}]}}"#;
    const PROBE: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"probe","namespace":"ops","labels":{"app":"probe"}},
        "spec":{"containers":[{"name":"c"}]}}"#;
    const SERVICE: &str = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"},
        "spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":"http"}]}}"#;

    /// The flaws and fields found in a policy of `shop` with that spec.
    #[track_caller]
    fn found(spec: &str) -> Vec<(PolicyFlaw, String)> {
        let policy = format!(
            r#"{{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"p","namespace":"shop"}},"spec":{spec}}}"#
        );
        let mut engine = Engine::new(Options::default());
        for text in [WEB, PROBE, SERVICE, &policy] {
            let node = json::read(text).unwrap();
            let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
            let kind = Kind::of(text_of("apiVersion"), text_of("kind")).unwrap();
            engine.insert(read(kind, &node).0, None);
        }
        of(engine.cluster(), engine.policies()).into_iter().map(|finding| (finding.flaw, finding.field)).collect()
    }

    #[test]
    fn what_matches_nothing_is_found_where_the_files_hold_the_namespace() {
        assert_eq!(
            found(r#"{"podSelector":{"matchLabels":{"app":"wep"}}}"#),
            [(PolicyFlaw::SelectsNothing, "spec.podSelector".to_owned())]
        );
        assert_eq!(
            found(
                r#"{"podSelector":{},"ingress":[{"from":[{"podSelector":{}},{"podSelector":{"matchLabels":{"app":"x"}}}]}]}"#
            ),
            [(PolicyFlaw::PeerMatchesNothing, "spec.ingress[0].from[1]".to_owned()),]
        );
        assert_eq!(
            found(r#"{"podSelector":{},"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"a":"b"}}}]}]}"#),
            []
        );
    }

    #[test]
    fn a_rule_that_another_covers_is_found_once() {
        let rules = r#"{"podSelector":{},"ingress":[{"from":[{"ipBlock":{"cidr":"10.0.0.0/8"}}],"ports":[{"port":81}]},
            {"from":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["192.0.2.0/24"]}}],"ports":[{"port":80,"endPort":90}]}]}"#;
        assert_eq!(found(rules), [(PolicyFlaw::RuleCovered, "spec.ingress[0]".to_owned())]);
        let twice = r#"{"podSelector":{},"ingress":[{"ports":[{"port":8080}]},{"ports":[{"port":8080}]}]}"#;
        assert_eq!(found(twice), [(PolicyFlaw::RuleCovered, "spec.ingress[1]".to_owned())]);
    }

    #[test]
    fn egress_without_dns_is_found_unless_it_is_denied_altogether() {
        let some = r#"{"podSelector":{},"policyTypes":["Egress"],"egress":[{"to":[{"podSelector":{}}],"ports":[{"port":443}]}]}"#;
        assert_eq!(found(some), [(PolicyFlaw::DnsCutOff, "spec.egress".to_owned())]);
        assert_eq!(found(r#"{"podSelector":{},"policyTypes":["Egress"]}"#), []);
        let with = r#"{"podSelector":{},"policyTypes":["Egress"],"egress":[{"ports":[{"protocol":"UDP","port":53}]}]}"#;
        assert_eq!(found(with), []);
    }

    #[test]
    fn the_port_of_a_service_is_found_where_pods_listen_elsewhere() {
        assert_eq!(
            found(r#"{"podSelector":{},"ingress":[{"ports":[{"port":80}]}]}"#),
            [(PolicyFlaw::ServicePort, "spec.ingress[0].ports[0].port".to_owned())]
        );
        assert_eq!(found(r#"{"podSelector":{},"ingress":[{"ports":[{"port":80},{"port":8080}]}]}"#), []);
    }

    #[test]
    fn selectors_torn_apart_are_found_where_one_of_them_matches_nothing() {
        let torn = r#"{"podSelector":{},"ingress":[{"from":[
            {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"ops"}}},{"podSelector":{"matchLabels":{"app":"probe"}}}]}]}"#;
        let flaws = found(torn);
        assert!(flaws.contains(&(PolicyFlaw::SplitPeer, "spec.ingress[0].from[0]".to_owned())), "{flaws:?}");
        let meant = r#"{"podSelector":{},"ingress":[{"from":[
            {"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"ops"}}},{"podSelector":{"matchLabels":{"app":"web"}}}]}]}"#;
        assert_eq!(found(meant), []);
    }
}
