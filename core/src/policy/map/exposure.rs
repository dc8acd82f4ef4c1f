//! What policies open to pods that the cluster does not hold: the namespace somebody makes tomorrow.

use super::super::ids::{ClassId, GroupId, PolicyId, SetId};
use super::super::index::{Class, PolicyIndex};
use super::super::ports::PortSet;
use super::super::reach::{Judge, Other, Reach};
use super::super::rule::{Direction, Peer, Scope, Tier};
use super::parties::{Parties, Party};
use crate::ids::IdVec;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// Ports that stand open between pods of the cluster and pods that are not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// `Ingress`: the pods can be reached; `Egress`: they may reach out.
    pub direction: Direction,
    /// The pods of the cluster.
    pub pods: Vec<Party>,
    /// The namespaces the others would be in: a label selector as `kubectl` writes it, a name, or none for any.
    pub namespaces: Option<String>,
    /// The others' labels, or none for any.
    pub labels: Option<String>,
    /// The ports.
    pub ports: PortSet,
}

/// No set: a pod of any namespace with any labels.
const ANYBODY: Option<SetId> = None;

pub(super) fn of(index: &PolicyIndex, reach: &Reach, parties: &Parties) -> Vec<Exposure> {
    let everyone = index.everyone();
    let stranger = |set: Option<SetId>| {
        let mut sets = everyone.clone();
        sets.extend(set);
        sets.small_sort();
        sets.dedup();
        let region = index.usual_regions;
        Class { sets: sets.into(), regions: region, families: index.usual_families, ..Class::default() }
    };
    let anybody = stranger(ANYBODY);
    let mut found: BTreeMap<(Direction, Option<SetId>, PortSet), Vec<ClassId>> = BTreeMap::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        let mut open: IdVec<GroupId, Vec<(Option<SetId>, PortSet)>> = IdVec::default();
        for group in reach.groups(direction).values() {
            let isolates = |policy: &PolicyId| index.policy(*policy).is_some_and(|it| it.tier == Tier::NetworkPolicy);
            if !group.key.policies.iter().any(isolates) {
                open.push(Vec::new());
                continue;
            }
            let mut judge = Judge::new(index, direction, &group.key);
            let of_anybody = judge.ports(Other::Pods(&anybody));
            let mut named: Vec<SetId> = Vec::new();
            for policy in group.key.policies.iter().filter_map(|policy| index.policy(*policy)) {
                for (_, peer) in policy.rules(direction).iter().flat_map(|rule| rule.peers.iter().flatten()) {
                    if let Peer::Pods(set) = peer
                        && index.members(*set).is_empty()
                    {
                        named.push(*set);
                    }
                }
            }
            named.small_sort();
            named.dedup();
            let mut of_group = Vec::new();
            for set in named {
                let ports = judge.ports(Other::Pods(&stranger(Some(set))));
                let more = ports.without(&of_anybody);
                if !more.is_empty() {
                    of_group.push((Some(set), more));
                }
            }
            if !of_anybody.is_empty() {
                of_group.push((ANYBODY, of_anybody));
            }
            open.push(of_group);
        }
        for (class, _) in index.classes.iter() {
            for (set, ports) in reach.group_of(direction, class).and_then(|group| open.get(group)).into_iter().flatten()
            {
                found.entry((direction, *set, ports.clone())).or_default().push(class);
            }
        }
    }
    let mut exposures: Vec<Exposure> = found
        .into_iter()
        .map(|((direction, set, ports), classes)| {
            let set = set.and_then(|set| index.terms.sets.get(set));
            let (namespaces, labels) = match set {
                None => (None, None),
                Some(set) => {
                    let namespaces = match index.terms.scope_of(set) {
                        Some(Scope::Namespace(name)) => Some(format!("kubernetes.io/metadata.name={name}")),
                        Some(Scope::Selected(selector)) => index.terms.namespace_labels.show(selector),
                        None => None,
                    };
                    (namespaces, index.terms.pod_labels.show(&set.pods))
                }
            };
            Exposure { direction, pods: parties.of(index, &classes), namespaces, labels, ports }
        })
        .filter(|exposure| !exposure.pods.is_empty())
        .collect();
    exposures.small_sort();
    exposures
}
