//! What a pod's policies let through, as sets of ports: the verdict for every port and every peer at once.
//!
//! Pods whose policies are the same reach the same, so this is computed once for each [`Group`]. Most peers are alike to
//! it: what it lets through to a peer depends on the peer's [`Profile`] (its regions, named ports and the wide sets it
//! is in), save for the few classes that a narrow set of one of its own rules names. So a group holds a default for each
//! profile and a short list of exceptions, and a map grows with what the rules name and not with the square of the pods.

use super::ids::{ClassId, GroupId, PolicyId, PortSetId, ProfileId, RegionId, SetId};
use super::index::{Class, Families, PolicyIndex};
use super::ports::{NamedPort, PortMatch, PortSet};
use super::ranges::{Block, bounds, last_of, to_address};
use super::rule::{Action, Direction, Peer, Rule, Tier};
use super::store::Interner;
use crate::ids::IdVec;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;

/// Sets of ports by id, and the intersections that were computed.
#[derive(Clone, Debug)]
pub(crate) struct PortSets {
    sets: IdVec<PortSetId, PortSet>,
    ids: BTreeMap<PortSet, PortSetId>,
    common: BTreeMap<(PortSetId, PortSetId), PortSetId>,
}

impl Default for PortSets {
    fn default() -> Self {
        let mut sets = PortSets { sets: IdVec::default(), ids: BTreeMap::new(), common: BTreeMap::new() };
        // `PortSetId::EMPTY` and `PortSetId::ALL`.
        sets.id_of(PortSet::none());
        sets.id_of(PortSet::all());
        sets
    }
}

impl PortSets {
    /// The id of a set.
    pub(crate) fn id_of(&mut self, set: PortSet) -> PortSetId {
        if let Some(known) = self.ids.get(&set) {
            return *known;
        }
        let id = self.sets.push(set.clone());
        self.ids.insert(set, id);
        id
    }

    /// The set of an id.
    pub(crate) fn get(&self, id: PortSetId) -> PortSet {
        self.sets.get(id).cloned().unwrap_or_default()
    }

    /// The intersection of both.
    pub(crate) fn common(&mut self, one: PortSetId, other: PortSetId) -> PortSetId {
        match (one.min(other), one.max(other)) {
            (PortSetId::EMPTY, _) => PortSetId::EMPTY,
            (PortSetId::ALL, other) => other,
            (one, other) if one == other => one,
            pair => {
                if let Some(known) = self.common.get(&pair) {
                    return *known;
                }
                let found = self.id_of(self.get(pair.0).intersection(&self.get(pair.1)));
                self.common.insert(pair, found);
                found
            }
        }
    }

    /// The ports that both sides allow over the same family.
    pub(crate) fn over_a_family(&mut self, one: FamilyPorts, other: FamilyPorts) -> PortSetId {
        let first = self.common(one.first, other.first);
        match self.common(one.second, other.second) {
            second if second == PortSetId::EMPTY || second == first => first,
            second if first == PortSetId::EMPTY => second,
            second => self.id_of(self.get(first).union(&self.get(second))),
        }
    }

    /// Whether one holds every port of the other.
    pub(crate) fn covers(&mut self, one: PortSetId, other: PortSetId) -> bool {
        self.common(one, other) == other
    }
}

/// The ports that one side allows over the family that a connection takes first, and over the other family if both ends
/// have both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FamilyPorts {
    first: PortSetId,
    second: PortSetId,
}

impl FamilyPorts {
    pub(crate) const NONE: FamilyPorts = FamilyPorts { first: PortSetId::EMPTY, second: PortSetId::EMPTY };
    pub(crate) const ALL: FamilyPorts = FamilyPorts { first: PortSetId::ALL, second: PortSetId::ALL };
}

/// What the policies of a group can tell of most peers: stands for a class of pods, as if it were in wide sets only.
pub(crate) type Profile = Class;

/// Pods to which the same policies apply in one direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) key: GroupKey,
    /// The ports that it allows to, or from, a class of each profile.
    pub(crate) defaults: IdVec<ProfileId, FamilyPorts>,
    /// The classes that it treats differently, in order.
    pub(crate) exceptions: Vec<(ClassId, FamilyPorts)>,
    /// What it lets through to, or from, addresses that are no pod's: stretches of addresses that lie side by side.
    pub(crate) outside: Vec<AddressSpan>,
}

impl Group {
    /// What it lets through to, or from, classes of a profile; nothing for a class that is unknown.
    pub(crate) fn by_default(&self, profile: Option<ProfileId>) -> FamilyPorts {
        profile.and_then(|profile| self.defaults.get(profile)).copied().unwrap_or(FamilyPorts::NONE)
    }
}

/// What makes a group: policies, and what else of the pods the answer depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct GroupKey {
    pub(crate) policies: Box<[PolicyId]>,
    pub(crate) named: Box<[NamedPort]>,
    pub(crate) families: Families,
}

/// Addresses side by side that a group treats alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AddressSpan {
    pub(crate) ipv6: bool,
    pub(crate) first: u128,
    pub(crate) last: u128,
    pub(crate) ports: PortSetId,
}

/// What every class lets out and lets in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    pub(crate) ports: PortSets,
    /// The profiles, and the one that each class has.
    pub(crate) profiles: IdVec<ProfileId, Profile>,
    pub(crate) profile_of: IdVec<ClassId, Option<ProfileId>>,
    /// The groups of a direction, and the one that each class is in.
    pub(crate) groups: [IdVec<GroupId, Group>; 2],
    pub(crate) group_of: [IdVec<ClassId, Option<GroupId>>; 2],
}

impl Reach {
    /// Computes the reach of every class.
    pub(crate) fn of(index: &PolicyIndex) -> Self {
        let mut reach = Reach::default();
        // A set is wide when listing its classes for each group that names it would cost more than a profile does.
        let limit = (index.classes.len() / 64).max(48);
        let mut wide: IdVec<SetId, bool> = IdVec::filled(false, index.terms.sets.width());
        for (at, set) in index.terms.sets.iter() {
            if let Some(slot) = wide.get_mut(at) {
                *slot = set.classes.len() > limit;
            }
        }
        reach.take_profiles(index, &wide);
        for direction in [Direction::Egress, Direction::Ingress] {
            reach.take_groups(index, direction, &wide);
        }
        reach
    }

    /// The groups of a direction.
    pub(crate) fn groups(&self, direction: Direction) -> &IdVec<GroupId, Group> {
        let [egress, ingress] = &self.groups;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    /// The id of the class's group.
    pub(crate) fn group_of(&self, direction: Direction, class: ClassId) -> Option<GroupId> {
        let [egress, ingress] = &self.group_of;
        let groups = match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        };
        groups.get(class).copied().flatten()
    }

    /// The class's group.
    pub(crate) fn group(&self, direction: Direction, class: ClassId) -> Option<&Group> {
        self.groups(direction).get(self.group_of(direction, class)?)
    }

    /// The classes, each with its profile.
    pub(crate) fn classes(&self) -> impl Iterator<Item = (ClassId, ProfileId)> {
        self.profile_of.iter().filter_map(|(class, profile)| Some((class, (*profile)?)))
    }

    pub(crate) fn profile_of(&self, class: ClassId) -> Option<ProfileId> {
        self.profile_of.get(class).copied().flatten()
    }

    /// The ports that the subject's side allows to, or from, the peer.
    pub(crate) fn one_side(&self, direction: Direction, subject: ClassId, peer: ClassId) -> FamilyPorts {
        let Some(group) = self.group(direction, subject) else { return FamilyPorts::NONE };
        match group.exceptions.binary_search_by_key(&peer, |(class, _)| *class) {
            Ok(at) => group.exceptions.get(at).map_or(FamilyPorts::NONE, |(_, ports)| *ports),
            Err(_) => group.by_default(self.profile_of(peer)),
        }
    }

    /// What both sides let through.
    pub(crate) fn between(&mut self, from: ClassId, to: ClassId) -> PortSetId {
        let out = self.one_side(Direction::Egress, from, to);
        let into = self.one_side(Direction::Ingress, to, from);
        self.ports.over_a_family(out, into)
    }

    fn take_profiles(&mut self, index: &PolicyIndex, wide: &IdVec<SetId, bool>) {
        let mut profiles: Interner<ProfileId, Profile> = Interner::default();
        self.profile_of = IdVec::filled(None, index.classes.width());
        for (at, class) in index.classes.iter() {
            let is_wide = |set: &&SetId| wide.get(**set) == Some(&true);
            let profile = Profile {
                sets: class.sets.iter().filter(is_wide).copied().collect(),
                named: class.named.clone(),
                regions: class.regions,
                families: class.families,
                policies: [Box::default(), Box::default()],
            };
            let profile = profiles.take_up(profile);
            if let Some(slot) = self.profile_of.get_mut(at) {
                *slot = Some(profile);
            }
        }
        self.profiles = profiles.into_list();
    }

    fn take_groups(&mut self, index: &PolicyIndex, direction: Direction, wide: &IdVec<SetId, bool>) {
        let mut keys: Interner<GroupId, GroupKey> = Interner::default();
        let mut group_of = IdVec::filled(None, index.classes.width());
        for (at, class) in index.classes.iter() {
            let key = GroupKey {
                policies: class.policies(direction).into(),
                // Named ports are the destination's: the subject's own only on its way in.
                named: if direction == Direction::Ingress { class.named.clone() } else { Box::default() },
                families: class.families,
            };
            if let Some(slot) = group_of.get_mut(at) {
                *slot = Some(keys.take_up(key));
            }
        }
        let mut groups: IdVec<GroupId, Group> =
            keys.into_list().into_items().map(|key| Group { key, ..Group::default() }).collect();
        for group in groups.values_mut() {
            self.fill(index, direction, group, wide);
        }
        let [egress, ingress] = &mut self.groups;
        let [egress_of, ingress_of] = &mut self.group_of;
        match direction {
            Direction::Egress => (*egress, *egress_of) = (groups, group_of),
            Direction::Ingress => (*ingress, *ingress_of) = (groups, group_of),
        }
    }

    fn fill(&mut self, index: &PolicyIndex, direction: Direction, group: &mut Group, wide: &IdVec<SetId, bool>) {
        if group.key.policies.is_empty() {
            group.defaults = IdVec::filled(FamilyPorts::ALL, self.profiles.len());
            group.outside = [false, true]
                .map(|ipv6| AddressSpan { ipv6, first: 0, last: last_of(ipv6), ports: PortSetId::ALL })
                .into();
            return;
        }
        let mut judge = Judge::new(index, direction, &group.key);
        for profile in self.profiles.values() {
            group.defaults.push(judge.over_families(&mut self.ports, profile));
        }
        let mut named: Vec<ClassId> = Vec::new();
        for (_, peer) in judge.rules.iter().flat_map(|meant| meant.rule.peers.iter().flatten()) {
            if let Peer::Pods(set) = peer
                && wide.get(*set) == Some(&false)
            {
                named.extend(index.members(*set));
            }
        }
        named.small_sort();
        named.dedup();
        for class in named {
            let Some(peer) = index.class(class) else { continue };
            let ports = judge.over_families(&mut self.ports, peer);
            if group.by_default(self.profile_of(class)) != ports {
                group.exceptions.push((class, ports));
            }
        }
        group.outside = self.outside(&mut judge);
    }

    /// Cuts the address space by the blocks that the group's own rules name.
    fn outside(&mut self, judge: &mut Judge<'_>) -> Vec<AddressSpan> {
        let index = judge.index;
        let mut cuts: [Vec<u128>; 2] = [vec![0], vec![0]];
        for meant in &judge.rules {
            for (_, peer) in meant.rule.peers.iter().flatten() {
                let Peer::Block(block) = peer else { continue };
                let Some(Block { prefixes, except }) = index.terms.blocks.get(*block) else { continue };
                for net in prefixes.iter().chain(except) {
                    let ipv6 = matches!(net, ipnet::IpNet::V6(_));
                    let [v4, v6] = &mut cuts;
                    let cuts = if ipv6 { v6 } else { v4 };
                    let (first, last) = bounds(net);
                    cuts.push(first);
                    if last < last_of(ipv6) {
                        cuts.push(last + 1);
                    }
                }
            }
        }
        let mut stretches: Vec<AddressSpan> = Vec::new();
        for (ipv6, mut starts) in [false, true].into_iter().zip(cuts) {
            starts.small_sort();
            starts.dedup();
            let ends = starts.iter().skip(1).map(|next| *next - 1).chain([last_of(ipv6)]);
            for (first, last) in starts.iter().copied().zip(ends) {
                let region = index.regions.find(to_address(first, ipv6));
                let ports = judge.id_of(&mut self.ports, Other::Address(region), false);
                match stretches.last_mut() {
                    Some(before) if before.ipv6 == ipv6 && before.ports == ports => before.last = last,
                    _ => stretches.push(AddressSpan { ipv6, first, last, ports }),
                }
            }
        }
        stretches
    }
}

/// The other end, for a whole set of ports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Other<'a> {
    /// Pods of a class.
    Pods(&'a Class),
    /// An address of that region that is no pod's.
    Address(Option<RegionId>),
}

/// The policies of a group, ready to say which ports they let through to or from others: what `PolicyIndex::verdict`
/// decides for one port, for all. Most others are alike in which rules are for them, and that is judged once.
pub(crate) struct Judge<'a> {
    index: &'a PolicyIndex,
    direction: Direction,
    key: &'a GroupKey,
    /// The rules in the order they are asked.
    rules: Vec<Meant<'a>>,
    isolated: bool,
    known: Vec<Judged>,
    /// Whether it counts which ports the other has by name.
    asks_names: bool,
}

/// What has been judged: the places of the rules that are for the other, its named ports where they count, and the ports,
/// with their number once it was asked for.
struct Judged {
    fitting: Vec<u32>,
    named: Box<[NamedPort]>,
    ports: PortSet,
    id: Option<PortSetId>,
}

struct Meant<'a> {
    tier: Tier,
    rule: &'a Rule,
    /// The ports it is for; none where that depends on the other's names.
    ports: Option<PortSet>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(index: &'a PolicyIndex, direction: Direction, key: &'a GroupKey) -> Self {
        let mut judge =
            Judge { index, direction, key, rules: Vec::new(), isolated: false, known: Vec::new(), asks_names: false };
        for policy in key.policies.iter().filter_map(|policy| index.policy(*policy)) {
            judge.isolated |= policy.tier == Tier::NetworkPolicy;
            if policy.tier == Tier::Baseline && judge.isolated {
                break;
            }
            for rule in policy.rules(direction) {
                let is_named = |(_, port): &(u32, PortMatch)| matches!(port, PortMatch::Named(..));
                let asks = direction == Direction::Egress && rule.ports.iter().flatten().any(is_named);
                judge.asks_names |= asks;
                let ports = (!asks).then(|| ports_of(rule, &key.named));
                judge.rules.push(Meant { tier: policy.tier, rule, ports });
            }
        }
        judge
    }

    /// The ports let through.
    pub(crate) fn ports(&mut self, other: Other<'_>) -> PortSet {
        let at = self.judge(other, false);
        self.known.get(at).map(|known| known.ports.clone()).unwrap_or_default()
    }

    /// The same to, or from, pods of a class, over each family.
    fn over_families(&mut self, sets: &mut PortSets, class: &Class) -> FamilyPorts {
        let first = self.id_of(sets, Other::Pods(class), false);
        let is_dual = self.key.families.is_dual() && class.families.is_dual();
        let second = if is_dual { self.id_of(sets, Other::Pods(class), true) } else { PortSetId::EMPTY };
        FamilyPorts { first, second }
    }

    /// The same as [`Judge::ports`], as an id; over the family that a connection takes first, or the other one.
    fn id_of(&mut self, sets: &mut PortSets, other: Other<'_>, is_second: bool) -> PortSetId {
        let at = self.judge(other, is_second);
        let Some(Judged { ports, id, .. }) = self.known.get_mut(at) else { return PortSetId::EMPTY };
        *id.get_or_insert_with(|| sets.id_of(ports.clone()))
    }

    fn judge(&mut self, other: Other<'_>, is_second: bool) -> usize {
        let (class, region) = match other {
            Other::Pods(class) => {
                let (from, to) = match self.direction {
                    Direction::Egress => (self.key.families, class.families),
                    Direction::Ingress => (class.families, self.key.families),
                };
                (Some(class), class.region(to.is_ipv6_from(from) != is_second))
            }
            Other::Address(region) => (None, region),
        };
        let named = class.map(|class| &*class.named).filter(|_| self.asks_names).unwrap_or_default();
        let mut fitting = Vec::new();
        for (at, meant) in (0..).zip(&self.rules) {
            let is_peer = |(_, peer): &(u32, Peer)| self.index.is_peer(*peer, class, region);
            if meant.rule.peers.as_ref().is_none_or(|peers| peers.iter().any(is_peer)) {
                fitting.push(at);
            }
        }
        if let Some(known) = self.known.iter().position(|known| known.fitting == fitting && *known.named == *named) {
            return known;
        }
        let ports = self.add_up(&fitting, named);
        self.known.push(Judged { fitting, named: named.into(), ports, id: None });
        self.known.len() - 1
    }

    /// What the rules of these places let through together.
    fn add_up(&self, fitting: &[u32], named: &[NamedPort]) -> PortSet {
        let mut allowed = PortSet::none();
        let mut open = PortSet::all();
        let mut passed = PortSet::none();
        let mut tier = Tier::Admin;
        for meant in fitting.iter().filter_map(|at| self.rules.get(*at as usize)) {
            if meant.tier != tier {
                tier = meant.tier;
                open = open.union(&passed);
                passed = PortSet::none();
            }
            let ports = match &meant.ports {
                Some(ports) => ports.intersection(&open),
                None => ports_of(meant.rule, named).intersection(&open),
            };
            match meant.rule.action {
                Action::Allow => allowed = allowed.union(&ports),
                Action::Deny => {}
                Action::Pass => passed = passed.union(&ports),
            }
            // NetworkPolicies add up; the rules of the other tiers take each port once.
            if tier != Tier::NetworkPolicy {
                open = open.without(&ports);
            }
        }
        if self.isolated { allowed } else { allowed.union(&open).union(&passed) }
    }
}

/// The ports a rule is for.
pub(crate) fn ports_of(rule: &Rule, named: &[NamedPort]) -> PortSet {
    match &rule.ports {
        None => PortSet::all(),
        Some(ports) => ports
            .iter()
            .fold(PortSet::none(), |set, (_, port): &(u32, PortMatch)| set.union(&PortSet::of_match(*port, named))),
    }
}
