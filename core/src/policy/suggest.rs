//! The tightest NetworkPolicies that let given connections through and nothing else.
//!
//! Policies choose pods by labels, so pods are taken together that lie in one namespace and have the same labels (those
//! that controllers add to single pods or revisions left out). Each such set gets one policy, which isolates it both ways
//! and lists what it may reach and by what it may be reached. What labels cannot tell apart is said to be widened.

use super::ids::{PodId, TeamId};
use super::index::PolicyIndex;
use super::map::Row;
use super::map::parties::{Parties, Party, given_ranges, pod_ranges};
use super::ports::PortSet;
use super::ranges::{bounds, prefixes};
use super::reach::AddressSpan;
use super::rule::Direction;
use crate::api::meta::StringMap;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::Cluster;
use crate::ids::IdVec;
use crate::net::Protocol;
use ipnet::IpNet;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::json::Json;
use portolan_base::sort::SmallSort as _;

/// The policies that let exactly some connections through.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Suggestion {
    /// NetworkPolicies, by namespace and name, as they would be written to a file.
    pub policies: Vec<Json>,
    /// Where the policies let more through than was asked for, because labels cannot tell the pods apart.
    pub widened: Vec<String>,
}

/// Labels that a controller gives to single pods or to revisions: a policy that selects by them is soon out of date.
const PASSING_LABELS: [&str; 10] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
];

/// Pods of one namespace with the same labels.
#[derive(Clone, Debug)]
struct Team {
    namespace: String,
    labels: StringMap,
    /// The workload whose name its policy takes.
    name: String,
    pods: Vec<PodId>,
}

impl Suggestion {
    /// Policies for the connections of `rows`; pods that no row names are isolated as well.
    pub fn of(cluster: &Cluster, index: &PolicyIndex, rows: &[Row]) -> Self {
        let parties = Parties::new(cluster, index);
        let teams = Teams::new(index, &parties);
        let mut suggestion = Suggestion::default();
        let holes = pod_ranges(&given_ranges(cluster), index);
        let mut rules: BTreeMap<(TeamId, Direction), Vec<Json>> = BTreeMap::new();
        for row in rows {
            let (from, to) = (teams.side(&row.from), teams.side(&row.to));
            for end in [&from, &to] {
                suggestion.widened.extend(end.widened.iter().cloned());
            }
            for (direction, own, other) in [(Direction::Ingress, &to, &from), (Direction::Egress, &from, &to)] {
                let mut of_namespace: BTreeMap<&str, Json> = BTreeMap::new();
                for team in &own.teams {
                    let Some(namespace) = teams.get(*team).map(|team| team.namespace.as_str()) else { continue };
                    let rule = of_namespace
                        .entry(namespace)
                        .or_insert_with(|| teams.rule(direction, namespace, other, &row.ports, &holes));
                    rules.entry((*team, direction)).or_default().push(rule.clone());
                }
            }
        }
        for (at, team) in teams.teams.iter() {
            let mut of = |direction| rules.remove(&(at, direction)).unwrap_or_default();
            let (ingress, egress) = (of(Direction::Ingress), of(Direction::Egress));
            suggestion.policies.push(teams.policy(team, ingress, egress));
        }
        suggestion.widened.small_sort();
        suggestion.widened.dedup();
        suggestion
    }
}

/// One side of a row: pods, or addresses.
#[derive(Clone, Debug, Default)]
struct Side {
    teams: BTreeSet<TeamId>,
    ranges: Vec<IpNet>,
    widened: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Teams {
    teams: IdVec<TeamId, Team>,
    of_namespace: BTreeMap<String, Vec<TeamId>>,
    of_workload: BTreeMap<(Kind, ObjectKey), BTreeSet<TeamId>>,
    of_pod: BTreeMap<ObjectKey, TeamId>,
    /// How many pods of each workload a team has.
    shares: BTreeMap<(TeamId, Kind, ObjectKey), usize>,
}

impl Teams {
    fn new(index: &PolicyIndex, parties: &Parties) -> Self {
        let mut stable: BTreeMap<(String, StringMap), Vec<PodId>> = BTreeMap::new();
        // By name: numbers follow from the order in which pods came.
        let mut pods: Vec<_> = index.pods().collect();
        pods.small_sort_by_cached_key(|pod| index.key_of(*pod));
        for pod in pods {
            let (Some(entry), Some(_)) = (index.entry(pod), parties.workload_of(pod)) else { continue };
            let mut labels = entry.pod.metadata.labels.clone();
            labels.retain(|key, _| !PASSING_LABELS.contains(&key.as_str()));
            let namespace = index.namespace_name(entry.namespace).to_owned();
            stable.entry((namespace, labels)).or_default().push(pod);
        }
        let mut teams = Teams::default();
        for ((namespace, labels), pods) in stable {
            let class = |pod: &PodId| index.entry(*pod).and_then(|entry| entry.class);
            let alike = pods.iter().all(|pod| class(pod) == pods.first().and_then(class));
            if alike {
                teams.add(index, parties, namespace, labels, pods);
                continue;
            }
            // Pods that policies treat differently are distinguished by all their labels.
            let mut by_labels: BTreeMap<StringMap, Vec<PodId>> = BTreeMap::new();
            for pod in pods {
                let labels = index.entry(pod).map(|entry| entry.pod.metadata.labels.clone()).unwrap_or_default();
                by_labels.entry(labels).or_default().push(pod);
            }
            for (labels, pods) in by_labels {
                teams.add(index, parties, namespace.clone(), labels, pods);
            }
        }
        teams
    }

    fn add(&mut self, index: &PolicyIndex, parties: &Parties, namespace: String, labels: StringMap, pods: Vec<PodId>) {
        let at = self.teams.next_id();
        let mut name = None;
        for pod in &pods {
            let workload = parties.workload_of(*pod).and_then(|it| parties.workloads.get(it)).cloned();
            if let Some((kind, key)) = workload {
                name.get_or_insert_with(|| key.name.clone());
                *self.shares.entry((at, kind, key.clone())).or_default() += 1;
                self.of_workload.entry((kind, key)).or_default().insert(at);
            }
            if let Some(key) = index.key_of(*pod) {
                self.of_pod.insert(key, at);
            }
        }
        self.of_namespace.entry(namespace.clone()).or_default().push(at);
        self.teams.push(Team { namespace, labels, name: name.unwrap_or_default(), pods });
    }

    fn get(&self, team: TeamId) -> Option<&Team> {
        self.teams.get(team)
    }

    /// The teams and ranges that the parties come to.
    fn side(&self, parties: &[Party]) -> Side {
        let mut side = Side::default();
        let mut counted: BTreeMap<TeamId, usize> = BTreeMap::new();
        for party in parties {
            match party {
                Party::Everyone => {
                    counted.extend(self.teams.iter().map(|(at, team)| (at, team.pods.len())));
                }
                Party::Namespace(name) => {
                    for team in self.of_namespace.get(name).into_iter().flatten() {
                        counted.insert(*team, self.get(*team).map_or(0, |team| team.pods.len()));
                    }
                }
                Party::Workload(kind, key) => {
                    for team in self.of_workload.get(&(*kind, key.clone())).into_iter().flatten() {
                        let share = self.shares.get(&(*team, *kind, key.clone()));
                        *counted.entry(*team).or_default() += share.copied().unwrap_or(0);
                    }
                }
                Party::Pod(key) => {
                    if let Some(team) = self.of_pod.get(key) {
                        *counted.entry(*team).or_default() += 1;
                    }
                }
                Party::Range(net) => side.ranges.push(*net),
            }
        }
        for (team, count) in counted {
            side.teams.insert(team);
            if let Some(found) = self.get(team).filter(|found| count < found.pods.len()) {
                side.widened.push(format!(
                    "{}/{}: other pods have the same labels, so the policy is for them too",
                    found.namespace, found.name
                ));
            }
        }
        side
    }

    fn rule(
        &self,
        direction: Direction,
        namespace: &str,
        other: &Side,
        ports: &PortSet,
        holes: &[AddressSpan],
    ) -> Json {
        let mut peers = Vec::new();
        let everywhere = |name: &str| Json::object().with("kubernetes.io/metadata.name", name.to_owned());
        let named = |name: &str| Json::object().with("matchLabels", everywhere(name));
        if other.teams.len() == self.teams.len() && self.teams.len() > 0 {
            peers.push(Json::object().with("namespaceSelector", Json::object()));
        } else {
            for (name, all) in &self.of_namespace {
                let meant: Vec<&TeamId> = all.iter().filter(|team| other.teams.contains(team)).collect();
                let here = name == namespace;
                if !meant.is_empty() && meant.len() == all.len() {
                    peers.push(match here {
                        true => Json::object().with("podSelector", Json::object()),
                        false => Json::object().with("namespaceSelector", named(name)),
                    });
                    continue;
                }
                for team in meant.into_iter().filter_map(|team| self.get(*team)) {
                    let pods = self.selector(team);
                    peers.push(match here {
                        true => Json::object().with("podSelector", pods),
                        false => Json::object().with("namespaceSelector", named(name)).with("podSelector", pods),
                    });
                }
            }
        }
        for net in &other.ranges {
            peers.extend(block(net, holes));
        }
        let mut rule = Json::object().with(direction.peers(), Json::Array(peers));
        if !ports.is_all() {
            rule.set("ports", ports_json(ports));
        }
        rule
    }

    /// A selector of exactly the team: its labels, and none of the keys by which others with these labels differ.
    fn selector(&self, team: &Team) -> Json {
        let mut absent: BTreeSet<&str> = BTreeSet::new();
        for other in self.of_namespace.get(&team.namespace).into_iter().flatten().filter_map(|at| self.get(*at)) {
            let has_all = team.labels.iter().all(|(key, value)| other.labels.get(key) == Some(value));
            if has_all && other.labels.len() > team.labels.len() {
                let mut more = other.labels.keys().filter(|key| !team.labels.contains_key(*key));
                if !more.clone().any(|key| absent.contains(key.as_str())) {
                    absent.extend(more.next().map(String::as_str));
                }
            }
        }
        let mut selector = Json::object();
        if !team.labels.is_empty() {
            let labels = team.labels.iter().map(|(key, value)| (key.clone().into(), value.clone().into())).collect();
            selector.set("matchLabels", Json::Object(labels));
        }
        if !absent.is_empty() {
            let without = |key: &&str| Json::object().with("key", (*key).to_owned()).with("operator", "DoesNotExist");
            selector.set("matchExpressions", Json::Array(absent.iter().map(without).collect()));
        }
        selector
    }

    fn policy(&self, team: &Team, ingress: Vec<Json>, egress: Vec<Json>) -> Json {
        let before = self.of_namespace.get(&team.namespace).into_iter().flatten().filter_map(|at| self.get(*at));
        let same =
            before.take_while(|other| other.labels != team.labels).filter(|other| other.name == team.name).count();
        let name = if same == 0 { team.name.clone() } else { format!("{}-{}", team.name, same + 1) };
        let mut spec = Json::object()
            .with("podSelector", self.selector(team))
            .with("policyTypes", vec!["Ingress".to_owned(), "Egress".to_owned()]);
        for (field, rules) in [("ingress", ingress), ("egress", egress)] {
            if !rules.is_empty() {
                spec.set(field, Json::Array(rules));
            }
        }
        Json::object()
            .with("apiVersion", "networking.k8s.io/v1")
            .with("kind", "NetworkPolicy")
            .with("metadata", Json::object().with("name", name).with("namespace", team.namespace.clone()))
            .with("spec", spec)
    }
}

/// The `ipBlock`s of a range, less the ranges that pods have their addresses from: an `ipBlock` would let those pods in.
fn block(net: &IpNet, holes: &[AddressSpan]) -> Vec<Json> {
    let (first, last) = bounds(net);
    let ipv6 = matches!(net, IpNet::V6(_));
    let mut except = Vec::new();
    for hole in holes.iter().filter(|hole| hole.ipv6 == ipv6) {
        if hole.first <= first && last <= hole.last {
            return Vec::new();
        }
        if hole.last >= first && hole.first <= last {
            except.extend(prefixes(hole.first.max(first), hole.last.min(last), ipv6).iter().map(ToString::to_string));
        }
    }
    let mut block = Json::object().with("cidr", net.to_string());
    if !except.is_empty() {
        block.set("except", except);
    }
    vec![Json::object().with("ipBlock", block)]
}

/// The ports of a rule; every port of a protocol is an entry without a port.
fn ports_json(ports: &PortSet) -> Json {
    let mut listed = Vec::new();
    for protocol in Protocol::ALL {
        for (first, last) in ports.of(protocol) {
            let mut entry = Json::object().with("protocol", protocol.name());
            if (*first, *last) != (1, u16::MAX) {
                entry.set("port", *first);
                if first != last {
                    entry.set("endPort", *last);
                }
            }
            listed.push(entry);
        }
    }
    Json::Array(listed)
}
