//! Policies of every kind lowered to one form: a tier, a subject, and rules of peers and ports over numbered sets.

use super::ids::{BlockId, ClassId, NamespaceId, PolicyId, PortNameId, ScopeId, SetId};
use super::ports::PortMatch;
use super::ranges::Block;
use super::selector::{Selector, Signature, Vocabulary};
use super::store::{HashIndex, Interner, hash_of};
use crate::api::resource::{Kind, ObjectKey};
use portolan_base::sort::SmallSort as _;
use std::hash::{Hash, Hasher};

/// The direction of a connection as its end sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// Out of the source.
    Egress,
    /// Into the destination.
    Ingress,
}

impl Direction {
    /// Both.
    pub const ALL: [Direction; 2] = [Direction::Egress, Direction::Ingress];

    /// `egress` or `ingress`, as fields and answers name it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        }
    }

    /// The name of a rule's list of peers in this direction: `to` or `from`.
    pub fn peers(self) -> &'static str {
        match self {
            Direction::Egress => "to",
            Direction::Ingress => "from",
        }
    }
}

/// The tiers, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// AdminNetworkPolicy, and ClusterNetworkPolicy of the tier `Admin`.
    Admin,
    /// NetworkPolicy.
    NetworkPolicy,
    /// BaselineAdminNetworkPolicy, and ClusterNetworkPolicy of the tier `Baseline`.
    Baseline,
}

/// What a rule does with the traffic that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Lets it through: `Allow`, `Accept`, and every rule of a NetworkPolicy.
    Allow,
    /// Stops it.
    Deny,
    /// Leaves it to the next tier.
    Pass,
}

/// Which namespaces a set of pods is looked for in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    /// The one of that name.
    Namespace(String),
    /// Those that the selector matches.
    Selected(Selector),
}

impl Scope {
    /// Whether it comes to a namespace of that name and those labels.
    pub(crate) fn comes_to(&self, name: &str, labels: &Signature) -> bool {
        match self {
            Scope::Namespace(wanted) => wanted == name,
            Scope::Selected(selector) => selector.matches(labels),
        }
    }

    /// The hash of a name or of a label that a namespace has to have for it, where there is one.
    fn need(&self) -> Option<u32> {
        match self {
            Scope::Namespace(name) => Some(hash_of(name.as_str())),
            Scope::Selected(selector) => selector.needed_label().map(|label| hash_of(&label)),
        }
    }
}

/// A scope that sets of pods have.
#[derive(Clone, Debug)]
pub(crate) struct Scoped {
    pub(crate) scope: Scope,
    /// The namespaces that it comes to, of those with pods.
    pub(crate) namespaces: Vec<NamespaceId>,
    /// The sets that have it.
    pub(crate) sets: Vec<SetId>,
}

/// A set of pods by their labels, in namespaces of a scope.
#[derive(Clone, Debug)]
pub(crate) struct PodSet {
    pub(crate) scope: ScopeId,
    pub(crate) pods: Selector,
    /// The classes that are in it.
    pub(crate) classes: Vec<ClassId>,
    /// The policies whose subject it is.
    pub(crate) subject_of: Vec<PolicyId>,
}

impl PartialEq for Scoped {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope
    }
}

impl Eq for Scoped {}

impl Hash for Scoped {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scope.hash(state);
    }
}

impl PartialEq for PodSet {
    fn eq(&self, other: &Self) -> bool {
        (self.scope, &self.pods) == (other.scope, &other.pods)
    }
}

impl Eq for PodSet {}

impl Hash for PodSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.scope, &self.pods).hash(state);
    }
}

/// The other end, as a rule names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// The pods of that set.
    Pods(SetId),
    /// The addresses of that block.
    Block(BlockId),
    /// Whoever it is: what a rule that cannot be understood denies.
    Anybody,
}

/// One rule. Peers and ports come with their place in the list they stand in.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) action: Action,
    /// None: every peer.
    pub(crate) peers: Option<Vec<(u32, Peer)>>,
    /// None: every port.
    pub(crate) ports: Option<Vec<(u32, PortMatch)>>,
}

/// One policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) kind: Kind,
    pub(crate) key: ObjectKey,
    pub(crate) tier: Tier,
    pub(crate) priority: i32,
    pub(crate) subject: Option<SetId>,
    /// Whether it isolates its pods: for a NetworkPolicy as `policyTypes` says, for the others never.
    pub(crate) isolates: [bool; 2],
    /// Its rules of egress and of ingress, as they stand in it.
    pub(crate) rules: [Vec<Rule>; 2],
}

impl Policy {
    /// What says when it is asked: the tier, the priority in it, and where that is the same, kind and name.
    pub(crate) fn order(&self) -> (Tier, i32, Kind, &ObjectKey) {
        (self.tier, self.priority, self.kind, &self.key)
    }

    /// Whether it has something to say on that direction of a pod it selects.
    pub(crate) fn speaks_of(&self, direction: Direction) -> bool {
        self.isolates(direction) || self.tier != Tier::NetworkPolicy && !self.rules(direction).is_empty()
    }

    pub(crate) fn rules(&self, direction: Direction) -> &[Rule] {
        let [egress, ingress] = &self.rules;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    pub(crate) fn isolates(&self, direction: Direction) -> bool {
        let [egress, ingress] = self.isolates;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }
}

/// What policies speak of, numbered, for as long as one does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) scopes: Interner<ScopeId, Scoped>,
    pub(crate) sets: Interner<SetId, PodSet>,
    pub(crate) blocks: Interner<BlockId, Block>,
    /// Scopes by the hash of what a namespace has to have for them, and those that many may have.
    by_need: HashIndex<ScopeId>,
    broad: Vec<ScopeId>,
    /// The port names that rules mention.
    pub(crate) port_names: Interner<PortNameId, String>,
    pub(crate) pod_labels: Vocabulary,
    pub(crate) namespace_labels: Vocabulary,
}

impl Terms {
    /// The number of a port name that some rule mentions.
    pub(crate) fn port_name(&self, name: &str) -> Option<PortNameId> {
        self.port_names.find(hash_of(name), |known| known == name)
    }

    /// Lets a scope be found by namespaces that come.
    pub(crate) fn enter_scope(&mut self, at: ScopeId) {
        match self.scopes.get(at).and_then(|scoped| scoped.scope.need()) {
            Some(need) => self.by_need.insert(need, at),
            None => self.broad.push(at),
        }
    }

    /// Takes a scope that is gone out again.
    pub(crate) fn leave_scope(&mut self, at: ScopeId, scope: &Scope) {
        match scope.need() {
            Some(need) => self.by_need.remove(need, at),
            None => self.broad.retain(|other| *other != at),
        }
    }

    /// The scopes that come to a namespace of that name and those labels, in order.
    pub(crate) fn scopes_of(&self, name: &str, labels: &Signature) -> Vec<ScopeId> {
        let comes = |at: ScopeId| self.scopes.get(at).is_some_and(|scoped| scoped.scope.comes_to(name, labels));
        let mut scopes: Vec<ScopeId> = self.broad.iter().copied().filter(|at| comes(*at)).collect();
        for need in labels.iter().map(hash_of).chain([hash_of(name)]) {
            let _ = self.by_need.find(need, |at| {
                scopes.extend(comes(at).then_some(at));
                false
            });
        }
        scopes.small_sort();
        scopes.dedup();
        scopes
    }

    /// The scope of a set.
    pub(crate) fn scope_of(&self, set: &PodSet) -> Option<&Scope> {
        self.scopes.get(set.scope).map(|scoped| &scoped.scope)
    }

    /// Gives up what a policy speaks of.
    pub(crate) fn give_up(&mut self, policy: &Policy) {
        policy.subject.into_iter().for_each(|set| self.sets.give_up(set));
        for rule in policy.rules.iter().flatten() {
            rule.peers.iter().flatten().for_each(|(_, peer)| self.give_up_peer(*peer));
            rule.ports.iter().flatten().for_each(|(_, port)| self.give_up_port(*port));
        }
    }

    pub(crate) fn give_up_peer(&mut self, peer: Peer) {
        match peer {
            Peer::Pods(set) => self.sets.give_up(set),
            Peer::Block(block) => self.blocks.give_up(block),
            Peer::Anybody => {}
        }
    }

    pub(crate) fn give_up_port(&mut self, port: PortMatch) {
        if let PortMatch::Named(_, name) = port {
            self.port_names.give_up(name);
        }
    }
}
