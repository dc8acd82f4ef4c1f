//! The rules of all policies one behind another, as a verdict reads them: what it has to look at lies close together,
//! however many policies there are.

use super::ports::PortMatch;
use super::rule::{Action, Direction, Peer, Policy, Tier};
use super::selector::number;

/// The rules of policies, by the policies' numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    spans: Vec<Span>,
    /// How many of the steps no policy has any more.
    waste: usize,
}

/// Where the rules of a policy stand: of egress from the first number to the second, of ingress from there to the third.
#[derive(Clone, Copy, Debug)]
struct Span {
    tier: Tier,
    bounds: [u32; 3],
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A rule, with how many ports and then peers follow; [`EVERY`] where it is for all.
    Rule(Action, u32, u32),
    /// A port, with its place in the rule's list.
    Port(u32, PortMatch),
    /// A peer, with its place in the rule's list.
    Peer(u32, Peer),
}

const EVERY: u32 = u32::MAX;

/// The rules of a policy in one direction, from some rule on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'a> {
    steps: &'a [Step],
    at: u32,
}

/// A rule that fits a connection: its place, what it does, and the places of the peer and of the port that fit, where it
/// lists any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: u32,
    pub(crate) action: Action,
    pub(crate) peer: Option<u32>,
    pub(crate) port: Option<u32>,
}

impl Steps {
    /// Takes up the rules of a policy that has that number.
    pub(crate) fn put(&mut self, at: u32, policy: &Policy) {
        self.drop(at);
        let first = number(self.steps.len());
        let mut bounds = [first; 3];
        for (direction, end) in [Direction::Egress, Direction::Ingress].into_iter().zip(1..) {
            for rule in policy.rules(direction) {
                let count = |list: Option<usize>| list.map_or(EVERY, number);
                let (ports, peers) = (rule.ports.as_ref().map(Vec::len), rule.peers.as_ref().map(Vec::len));
                self.steps.push(Step::Rule(rule.action, count(ports), count(peers)));
                self.steps.extend(rule.ports.iter().flatten().map(|(place, port)| Step::Port(*place, *port)));
                self.steps.extend(rule.peers.iter().flatten().map(|(place, peer)| Step::Peer(*place, *peer)));
            }
            bounds.iter_mut().skip(end).for_each(|bound| *bound = number(self.steps.len()));
        }
        let span = Span { tier: policy.tier, bounds };
        let gap = (at as usize + 1).saturating_sub(self.spans.len());
        self.spans.extend(std::iter::repeat_n(span, gap));
        if let Some(slot) = self.spans.get_mut(at as usize) {
            *slot = span;
        }
    }

    /// Forgets the rules of a policy.
    pub(crate) fn drop(&mut self, at: u32) {
        if let Some(Span { bounds: [first, middle, last], .. }) = self.spans.get_mut(at as usize) {
            self.waste += (*last - *first) as usize;
            (*first, *middle) = (*last, *last);
        }
    }

    /// Whether it would be well to put all policies in anew.
    pub(crate) fn is_wasteful(&self) -> bool {
        self.waste > 1_000 && self.waste * 2 > self.steps.len()
    }

    /// The tier of a policy and its rules in a direction.
    pub(crate) fn of(&self, policy: u32, direction: Direction) -> Option<(Tier, Walk<'_>)> {
        let Span { tier, bounds: [first, middle, last] } = *self.spans.get(policy as usize)?;
        let (from, to) = match direction {
            Direction::Egress => (first, middle),
            Direction::Ingress => (middle, last),
        };
        Some((tier, Walk { steps: self.steps.get(from as usize..to as usize)?, at: 0 }))
    }
}

impl Walk<'_> {
    /// The next rule of which a port and a peer fit.
    pub(crate) fn next(
        &mut self,
        mut is_port: impl FnMut(PortMatch) -> bool,
        mut is_peer: impl FnMut(Peer) -> bool,
    ) -> Option<Hit> {
        while let Some((Step::Rule(action, ports, peers), rest)) = self.steps.split_first() {
            let rule = self.at;
            self.at += 1;
            let list = |count: u32| if count == EVERY { 0 } else { count as usize };
            let (of_ports, rest) = rest.split_at_checked(list(*ports))?;
            let (of_peers, rest) = rest.split_at_checked(list(*peers))?;
            self.steps = rest;
            let port = of_ports.iter().find_map(|step| match step {
                Step::Port(place, port) if is_port(*port) => Some(*place),
                _ => None,
            });
            if *ports != EVERY && port.is_none() {
                continue;
            }
            let peer = of_peers.iter().find_map(|step| match step {
                Step::Peer(place, peer) if is_peer(*peer) => Some(*place),
                _ => None,
            });
            if *peers == EVERY || peer.is_some() {
                return Some(Hit { rule, action: *action, peer, port });
            }
        }
        None
    }
}
