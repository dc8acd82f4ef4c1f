//! The rules of all policies one behind another: a [`Policy`] comes in, and a verdict walks its rules without leaving a
//! few cache lines, however many policies there are.

use super::ids::{BlockId, ListLength, PolicyId, PortNameId, SetId};
use super::ports::PortMatch;
use super::rule::{Action, Direction, Peer, Policy, Tier};
use crate::ids::{Id, IdVec, to_u32};
use crate::net::Protocol;

/// The rules of policies, by policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleTape {
    steps: Vec<Step>,
    /// The positions at which a policy's rules of egress begin, those of ingress begin, and those of ingress end.
    bounds: IdVec<PolicyId, [TapeStart; 3]>,
    /// How many of the steps belong to no policy any more.
    waste: usize,
}

/// A position at which the rules of a policy in one direction begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TapeStart(pub(super) u32);

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The rules of a policy in one direction, and the number of steps that they take.
    Policy(Tier, u32),
    /// A rule, and how many ports follow; none if it applies to all ports. Its peers come after the ports.
    Rule(Action, Option<ListLength>),
    /// The ports: the cases of [`PortMatch`], flattened because nested enums would take more space.
    Range(Protocol, u16, u16),
    Named(Option<Protocol>, PortNameId),
    Nothing,
    /// How many peers follow; none if the rule applies to all peers.
    Peers(Option<ListLength>),
    /// The peers: the cases of [`Peer`], flattened for the same reason.
    Pods(SetId),
    Block(BlockId),
    Anybody,
}

impl Step {
    fn of_port(port: PortMatch) -> Self {
        match port {
            PortMatch::Range(protocol, first, last) => Step::Range(protocol, first, last),
            PortMatch::Named(protocol, name) => Step::Named(protocol, name),
            PortMatch::Nothing => Step::Nothing,
        }
    }

    fn port(self) -> PortMatch {
        match self {
            Step::Range(protocol, first, last) => PortMatch::Range(protocol, first, last),
            Step::Named(protocol, name) => PortMatch::Named(protocol, name),
            _ => PortMatch::Nothing,
        }
    }

    fn of_peer(peer: Peer) -> Self {
        match peer {
            Peer::Pods(set) => Step::Pods(set),
            Peer::Block(block) => Step::Block(block),
            Peer::Anybody => Step::Anybody,
        }
    }

    fn peer(self) -> Option<Peer> {
        match self {
            Step::Pods(set) => Some(Peer::Pods(set)),
            Step::Block(block) => Some(Peer::Block(block)),
            Step::Anybody => Some(Peer::Anybody),
            _ => None,
        }
    }
}

// Reading the steps is most of the cost of a verdict.
const _: () = assert!(size_of::<Step>() == 8);

/// The rules of a policy in one direction that are not yet evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'a> {
    steps: &'a [Step],
    at: usize,
}

/// A rule that matches a connection: its index in the policy, its action, and the indexes of the peer and the port that
/// match, if it lists any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: usize,
    pub(crate) action: Action,
    pub(crate) peer: Option<usize>,
    pub(crate) port: Option<usize>,
}

impl RuleTape {
    /// Writes the rules of a policy.
    pub(crate) fn set(&mut self, id: PolicyId, policy: &Policy) {
        self.remove(id);
        let mut bounds = [TapeStart(to_u32(self.steps.len())); 3];
        for (direction, end) in [Direction::Egress, Direction::Ingress].into_iter().zip(1..) {
            let head = self.steps.len();
            self.steps.push(Step::Policy(policy.tier, 0));
            for rule in policy.rules(direction) {
                let count = |list: Option<usize>| list.map(ListLength::from_index);
                self.steps.push(Step::Rule(rule.action, count(rule.ports.as_ref().map(Vec::len))));
                self.steps.extend(rule.ports.iter().flatten().map(|(_, port)| Step::of_port(*port)));
                self.steps.push(Step::Peers(count(rule.peers.as_ref().map(Vec::len))));
                self.steps.extend(rule.peers.iter().flatten().map(|(_, peer)| Step::of_peer(*peer)));
            }
            let length = self.steps.len() - head - 1;
            if let Some(Step::Policy(_, steps)) = self.steps.get_mut(head) {
                *steps = to_u32(length);
            }
            bounds.iter_mut().skip(end).for_each(|bound| *bound = TapeStart(to_u32(self.steps.len())));
        }
        self.bounds.set(id, bounds);
    }

    /// Removes the rules of a policy.
    pub(crate) fn remove(&mut self, policy: PolicyId) {
        if let Some([first, middle, last]) = self.bounds.get_mut(policy) {
            self.waste += (last.0 - first.0) as usize;
            (*first, *middle) = (*last, *last);
        }
    }

    /// Whether so many steps are unused that all policies should be written again.
    pub(crate) fn is_wasteful(&self) -> bool {
        self.waste > 1_000 && self.waste * 2 > self.steps.len()
    }

    /// The position at which the rules of a policy in a direction begin.
    pub(super) fn start(&self, policy: PolicyId, direction: Direction) -> Option<TapeStart> {
        let [egress, ingress, _] = self.bounds.get(policy).copied()?;
        Some(match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        })
    }

    /// The tier of the policy whose rules begin at that position, and those rules.
    pub(super) fn walk(&self, start: TapeStart) -> Option<(Tier, Walk<'_>)> {
        let (Step::Policy(tier, length), rest) = self.steps.get(start.0 as usize..)?.split_first()? else {
            return None;
        };
        Some((*tier, Walk { steps: rest.get(..*length as usize)?, at: 0 }))
    }
}

impl Walk<'_> {
    /// The next rule of which a port and a peer match.
    pub(crate) fn next(
        &mut self,
        mut is_port: impl FnMut(PortMatch) -> bool,
        mut is_peer: impl FnMut(Peer) -> bool,
    ) -> Option<Hit> {
        let listed = |count: Option<ListLength>| count.map_or(0, ListLength::index);
        while let Some((Step::Rule(action, ports), rest)) = self.steps.split_first() {
            let rule = self.at;
            self.at += 1;
            let (of_ports, rest) = rest.split_at_checked(listed(*ports))?;
            let (Step::Peers(peers), rest) = rest.split_first()? else { return None };
            let (of_peers, rest) = rest.split_at_checked(listed(*peers))?;
            self.steps = rest;
            let port = of_ports.iter().position(|step| is_port(step.port()));
            if ports.is_some() && port.is_none() {
                continue;
            }
            let peer = of_peers.iter().position(|step| step.peer().is_some_and(&mut is_peer));
            if peers.is_none() || peer.is_some() {
                return Some(Hit { rule, action: *action, peer, port });
            }
        }
        None
    }
}
