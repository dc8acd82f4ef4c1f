//! Whether a connection is let through, and why: one walk over the policies that select an end, which also tells its
//! steps when asked to.
//!
//! What the API leaves open is decided so:
//! - A pod on its node's network is its node: no selector matches it, no policy selects it, and `ipBlock` and `nodes`
//!   match it by the node's addresses. The documentation ("NetworkPolicy and hostNetwork pods") calls this the most
//!   common way.
//! - Traffic between a pod and its own node passes every NetworkPolicy, and a pod always reaches itself, as the
//!   documentation says ("The two sorts of pod isolation").
//! - Policies of the same tier and priority are asked in the order of kind and name; where another would have decided
//!   otherwise, the reasons say so.

use super::class_records::ClassRecord;
use super::ids::{NodeId, PodId, PolicyId, RegionId};
use super::index::{Families, PolicyIndex};
use super::pod_index::PodRecord;
use super::ports::PortMatch;
use super::rule::{Action, Direction, Peer, Tier};
use super::rule_tape::Hit;
use crate::api::resource::{Kind, ObjectKey};
use crate::ids::to_u32;
use crate::net::Protocol;
use portolan_base::text::{Digits, joined};
use std::net::IpAddr;

/// An end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// A pod of the cluster.
    Pod(PodId),
    /// An address: of a pod, of a node, or outside the cluster.
    Address(IpAddr),
}

/// The answer: a connection passes where both ends let it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the source may send it.
    pub egress: bool,
    /// Whether the destination takes it.
    pub ingress: bool,
}

impl Verdict {
    /// Whether the connection is let through.
    pub fn allowed(self) -> bool {
        self.egress && self.ingress
    }
}

/// What one step of the walk did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Effect {
    /// The NetworkPolicy selects the pod: what no rule lets through is stopped.
    Isolate,
    /// The rule lets it through.
    Allow,
    /// The rule stops it.
    Deny,
    /// The rule leaves it to the next tier.
    Pass,
    /// The rule would have decided otherwise, in a policy of the same priority as the one that did. The API leaves open
    /// which of them is asked first.
    Tie,
    /// No policy decides on this end, so it passes.
    Default,
    /// The pod talks to itself.
    Itself,
    /// The other end is the pod's own node.
    Node,
    /// The end is no pod of the cluster, so no policy selects it.
    Outside,
    /// The end is a pod on its node's network, which no policy is taken to select.
    HostNetwork,
}

impl Effect {
    /// All of them.
    pub const ALL: [Effect; 10] = [
        Effect::Isolate,
        Effect::Allow,
        Effect::Deny,
        Effect::Pass,
        Effect::Tie,
        Effect::Default,
        Effect::Itself,
        Effect::Node,
        Effect::Outside,
        Effect::HostNetwork,
    ];

    /// The word for it in answers.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Isolate => "isolate",
            Effect::Allow => "allow",
            Effect::Deny => "deny",
            Effect::Pass => "pass",
            Effect::Tie => "tie",
            Effect::Default => "default",
            Effect::Itself => "self",
            Effect::Node => "node",
            Effect::Outside => "outside",
            Effect::HostNetwork => "hostNetwork",
        }
    }
}

/// One step to a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'p> {
    /// Which end.
    pub direction: Direction,
    /// What happened.
    pub effect: Effect,
    /// The policy, where it is one's doing.
    pub policy: Option<(Kind, &'p ObjectKey)>,
    /// The rule's place in the policy's list.
    pub rule: Option<u32>,
    /// The peer's place in the rule's list; none where the rule is for every peer.
    pub peer: Option<u32>,
    /// The port's place in the rule's list; none where the rule is for every port.
    pub port: Option<u32>,
}

impl Reason<'_> {
    /// The field of the policy that it is about: `spec.ingress[0].from[1]`, `spec.podSelector`.
    pub fn field(&self) -> Option<String> {
        let (kind, _) = self.policy?;
        let Some(rule) = self.rule else {
            return Some(if kind == Kind::NetworkPolicy { "spec.podSelector" } else { "spec.subject" }.to_owned());
        };
        let (list, place) = match (self.peer, self.port) {
            (Some(peer), _) => (self.direction.peers(), Some(peer)),
            (None, Some(port)) if kind == Kind::ClusterNetworkPolicy => ("protocols", Some(port)),
            (None, port) => ("ports", port),
        };
        let (rule, at) = (Digits::of(rule.into()), place.map(|place| Digits::of(place.into())));
        let (direction, rule) = (self.direction.name(), rule.as_str());
        Some(match &at {
            Some(at) => joined(&["spec.", direction, "[", rule, "].", list, "[", at.as_str(), "]"]),
            None => joined(&["spec.", direction, "[", rule, "]"]),
        })
    }
}

/// An end as policies see it.
#[derive(Clone, Copy, Debug)]
struct Located<'a> {
    pod: Option<PodId>,
    known: PodRecord,
    /// None for an end that no selector matches.
    record: Option<ClassRecord<'a>>,
    /// The address that the question gave: then the end is judged by that one.
    given: Option<IpAddr>,
}

/// What a connection is judged by, beside its two ends.
#[derive(Clone, Copy)]
struct Packet {
    port: u16,
    protocol: Protocol,
    ipv6: bool,
}

impl PolicyIndex {
    /// Whether the connection is let through. `port` is the destination's own port, behind any Service.
    pub fn verdict(&self, from: End, to: End, port: u16, protocol: Protocol) -> Verdict {
        self.judge(from, to, port, protocol, None)
    }

    /// The same, with every step of the walk: which policies select each end, and which of their rules decided.
    pub fn explain(&self, from: End, to: End, port: u16, protocol: Protocol) -> (Verdict, Vec<Reason<'_>>) {
        let mut reasons = Vec::new();
        let verdict = self.judge(from, to, port, protocol, Some(&mut reasons));
        (verdict, reasons)
    }

    fn judge<'p>(
        &'p self,
        from: End,
        to: End,
        port: u16,
        protocol: Protocol,
        mut trace: Option<&mut Vec<Reason<'p>>>,
    ) -> Verdict {
        let (from, to) = (self.locate(from), self.locate(to));
        let packet = Packet { port, protocol, ipv6: to.known.families.is_ipv6_from(from.known.families) };
        if from.pod.is_some() && from.pod == to.pod {
            if let Some(trace) = trace {
                trace.push(plain(Direction::Egress, Effect::Itself));
                trace.push(plain(Direction::Ingress, Effect::Itself));
            }
            return Verdict { egress: true, ingress: true };
        }
        let egress = self.walk(Direction::Egress, &from, &to, packet, trace.as_deref_mut());
        let ingress = self.walk(Direction::Ingress, &to, &from, packet, trace);
        Verdict { egress, ingress }
    }

    fn locate(&self, end: End) -> Located<'_> {
        let (pod, known, given) = match end {
            End::Pod(at) => {
                let known = self.pod_index.get(at);
                (known.map(|_| at), known.copied().unwrap_or(PodRecord::UNKNOWN), None)
            }
            End::Address(address) => {
                let address = address.to_canonical();
                let ipv6 = address.is_ipv6();
                let families = Families { v4: !ipv6, v6: ipv6, prefers_ipv6: ipv6 };
                let pod = self.pod_of_address(address);
                let mut known = match pod.and_then(|at| self.pod_index.get(at)) {
                    Some(known) => *known,
                    None => PodRecord::UNKNOWN,
                };
                known.families = families;
                (pod, known, Some(address))
            }
        };
        let record = known.class.and_then(|class| self.class_records.get(class));
        Located { pod, known, record, given }
    }

    /// The node that it is, or is on.
    fn node(&self, end: &Located<'_>) -> Option<NodeId> {
        match end.pod {
            Some(pod) => self.entry(pod)?.node,
            None => self.node_of_address(end.given?),
        }
    }

    fn region(&self, end: &Located<'_>, ipv6: bool) -> Option<RegionId> {
        let ipv6 = end.given.map_or(ipv6, |address| address.is_ipv6());
        if let Some(record) = end.record {
            return record.region(ipv6);
        }
        let addresses = end.pod.and_then(|pod| self.entry(pod)).map(|entry| entry.addresses).unwrap_or_default();
        let of_family = |address: &IpAddr| address.is_ipv6() == ipv6;
        let address = end.given.or_else(|| addresses.into_iter().flatten().find(of_family));
        address.and_then(|address| self.regions.find(address))
    }

    /// Asks the policies that select the subject, tier by tier.
    fn walk<'p>(
        &'p self,
        direction: Direction,
        subject: &Located<'_>,
        peer: &Located<'_>,
        packet: Packet,
        mut trace: Option<&mut Vec<Reason<'p>>>,
    ) -> bool {
        let Some(record) = subject.record else {
            if let Some(trace) = trace {
                let effect = if subject.pod.is_some() { Effect::HostNetwork } else { Effect::Outside };
                trace.push(plain(direction, effect));
            }
            return true;
        };
        let region = self.region(peer, packet.ipv6);
        let destination = match direction {
            Direction::Egress => peer.record.as_ref(),
            Direction::Ingress => Some(&record),
        };
        let is_port = |port: PortMatch| match destination {
            Some(destination) => destination.is_port(port, packet.protocol, packet.port),
            None => port.matches(packet.port, packet.protocol),
        };
        let is_peer = |asked| match asked {
            Peer::Pods(set) => peer.record.is_some_and(|record| record.is_in(set)),
            Peer::Block(block) => self.regions.is_in(region, block),
            Peer::Anybody => true,
        };
        let is_own_node = peer.record.is_none() && self.node(peer).is_some_and(|node| self.node(subject) == Some(node));
        // The policies by number, for their names.
        let policies = subject
            .known
            .class
            .filter(|_| trace.is_some())
            .and_then(|class| self.class(class))
            .map(|class| class.policies(direction));
        let policies = policies.unwrap_or_default();
        let named = |place: usize| self.policy(*policies.get(place)?).map(|policy| (policy.kind, &policy.key));
        // A NetworkPolicy's decision stands until the last of them is asked.
        let mut decided: Option<bool> = None;
        let mut passed = false;
        for (place, start) in record.policies(direction).enumerate() {
            let Some((tier, mut rules)) = self.rule_tape.walk(start) else { continue };
            match tier {
                Tier::Admin if passed => continue,
                Tier::NetworkPolicy => {
                    if let Some(trace) = trace.as_deref_mut() {
                        trace.push(Reason { policy: named(place), ..plain(direction, Effect::Isolate) });
                    }
                    if decided.is_none() && is_own_node {
                        if let Some(trace) = trace.as_deref_mut() {
                            trace.push(plain(direction, Effect::Node));
                        }
                        decided = Some(true);
                    }
                    decided = decided.or(Some(false));
                }
                Tier::Baseline if decided.is_some() => break,
                Tier::Admin | Tier::Baseline => {}
            }
            let Some(hit) = rules.next(is_port, is_peer) else { continue };
            if let Some(trace) = trace.as_deref_mut() {
                let effect = match hit.action {
                    Action::Allow => Effect::Allow,
                    Action::Deny => Effect::Deny,
                    Action::Pass => Effect::Pass,
                };
                trace.push(self.hit(direction, effect, policies.get(place), hit));
                // Of the same tier and priority, and asked in vain.
                let order = |at: &PolicyId| self.policy(*at).map(|policy| (policy.tier, policy.priority));
                let order_of = |place: usize| policies.get(place).and_then(order);
                let rivals = (place + 1..policies.len()).take_while(|other| order_of(*other) == order_of(place));
                for other in rivals.filter(|_| tier != Tier::NetworkPolicy) {
                    let rules = record.policies(direction).nth(other).and_then(|start| self.rule_tape.walk(start));
                    let rival = rules.and_then(|(_, mut rules)| rules.next(is_port, is_peer));
                    if let Some(rival) = rival.filter(|rival| rival.action != hit.action) {
                        trace.push(self.hit(direction, Effect::Tie, policies.get(other), rival));
                    }
                }
            }
            match (tier, hit.action) {
                (Tier::NetworkPolicy, _) if trace.is_some() => decided = Some(true),
                (_, Action::Allow) => return true,
                (_, Action::Deny) => return false,
                (Tier::Baseline, Action::Pass) => return true,
                (_, Action::Pass) => passed = true,
            }
        }
        if decided.is_none()
            && let Some(trace) = trace
        {
            trace.push(plain(direction, Effect::Default));
        }
        decided.unwrap_or(true)
    }

    /// The step of a rule that fits.
    fn hit(&self, direction: Direction, effect: Effect, policy: Option<&PolicyId>, hit: Hit) -> Reason<'_> {
        let policy = policy.and_then(|at| self.policy(*at));
        let rule = policy.and_then(|policy| policy.rules(direction).get(hit.rule));
        let peers = rule.and_then(|rule| rule.peers.as_ref());
        let ports = rule.and_then(|rule| rule.ports.as_ref());
        Reason {
            direction,
            effect,
            policy: policy.map(|policy| (policy.kind, &policy.key)),
            rule: rule.map(|_| to_u32(hit.rule)),
            peer: hit.peer.and_then(|at| peers?.get(at)).map(|(place, _)| *place),
            port: hit.port.and_then(|at| ports?.get(at)).map(|(place, _)| *place),
        }
    }
}

fn plain<'p>(direction: Direction, effect: Effect) -> Reason<'p> {
    Reason { direction, effect, policy: None, rule: None, peer: None, port: None }
}
