//! The rules of all policies one behind another, as a verdict reads them: what it has to look at lies close together,
//! however many policies there are.

use super::ports::PortMatch;
use super::rule::{Action, Direction, Peer, Policy, Tier};
use super::selector::number;
use super::table::put_at;
use crate::net::Protocol;

/// The rules of policies, by the policies' numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    /// Where a policy's rules of egress begin, those of ingress, and where they end.
    bounds: Vec<[u32; 3]>,
    /// How many of the steps no policy has any more.
    waste: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The rules of a policy in one direction, with how many steps they are.
    Policy(Tier, u32),
    /// A rule, with how many ports follow; [`EVERY`] where it is for all. After them come its peers.
    Rule(Action, u32),
    /// The ports: [`PortMatch`] with its cases beside the others, which takes less room.
    Range(Protocol, u16, u16),
    Named(Option<Protocol>, u32),
    Nothing,
    /// How many peers follow; [`EVERY`] where the rule is for all.
    Peers(u32),
    /// The peers: [`Peer`] in the same way.
    Pods(u32),
    Block(u32),
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

// A verdict's cost is that of reading these.
const _: () = assert!(size_of::<Step>() == 8);

const EVERY: u32 = u32::MAX;

/// The rules of a policy in one direction, from some rule on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk<'a> {
    steps: &'a [Step],
    at: usize,
}

/// A rule that fits a connection: its place among those of the policy, what it does, and which of its peers and ports
/// fits, where it lists any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    pub(crate) rule: usize,
    pub(crate) action: Action,
    pub(crate) peer: Option<usize>,
    pub(crate) port: Option<usize>,
}

impl Steps {
    /// Takes up the rules of a policy that has that number.
    pub(crate) fn put(&mut self, at: u32, policy: &Policy) {
        self.drop(at);
        let mut bounds = [number(self.steps.len()); 3];
        for (direction, end) in [Direction::Egress, Direction::Ingress].into_iter().zip(1..) {
            let head = self.steps.len();
            self.steps.push(Step::Policy(policy.tier, 0));
            for rule in policy.rules(direction) {
                let count = |list: Option<usize>| list.map_or(EVERY, number);
                self.steps.push(Step::Rule(rule.action, count(rule.ports.as_ref().map(Vec::len))));
                self.steps.extend(rule.ports.iter().flatten().map(|(_, port)| Step::of_port(*port)));
                self.steps.push(Step::Peers(count(rule.peers.as_ref().map(Vec::len))));
                self.steps.extend(rule.peers.iter().flatten().map(|(_, peer)| Step::of_peer(*peer)));
            }
            let length = self.steps.len() - head - 1;
            if let Some(Step::Policy(_, steps)) = self.steps.get_mut(head) {
                *steps = number(length);
            }
            bounds.iter_mut().skip(end).for_each(|bound| *bound = number(self.steps.len()));
        }
        put_at(&mut self.bounds, at, bounds);
    }

    /// Forgets the rules of a policy.
    pub(crate) fn drop(&mut self, at: u32) {
        if let Some([first, middle, last]) = self.bounds.get_mut(at as usize) {
            self.waste += (*last - *first) as usize;
            (*first, *middle) = (*last, *last);
        }
    }

    /// Whether it would be well to put all policies in anew.
    pub(crate) fn is_wasteful(&self) -> bool {
        self.waste > 1_000 && self.waste * 2 > self.steps.len()
    }

    /// Where the rules of a policy in a direction begin.
    pub(crate) fn start(&self, policy: u32, direction: Direction) -> u32 {
        let [egress, ingress, _] = self.bounds.get(policy as usize).copied().unwrap_or([EVERY; 3]);
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }

    /// The tier of the policy whose rules begin there, and those rules.
    pub(crate) fn walk(&self, start: u32) -> Option<(Tier, Walk<'_>)> {
        let (Step::Policy(tier, length), rest) = self.steps.get(start as usize..)?.split_first()? else { return None };
        Some((*tier, Walk { steps: rest.get(..*length as usize)?, at: 0 }))
    }
}

impl Walk<'_> {
    /// The next rule of which a port and a peer fit.
    pub(crate) fn next(
        &mut self,
        mut is_port: impl FnMut(PortMatch) -> bool,
        mut is_peer: impl FnMut(Peer) -> bool,
    ) -> Option<Hit> {
        let listed = |count: u32| if count == EVERY { 0 } else { count as usize };
        while let Some((Step::Rule(action, ports), rest)) = self.steps.split_first() {
            let rule = self.at;
            self.at += 1;
            let (of_ports, rest) = rest.split_at_checked(listed(*ports))?;
            let (Step::Peers(peers), rest) = rest.split_first()? else { return None };
            let (of_peers, rest) = rest.split_at_checked(listed(*peers))?;
            self.steps = rest;
            let port = of_ports.iter().position(|step| is_port(step.port()));
            if *ports != EVERY && port.is_none() {
                continue;
            }
            let peer = of_peers.iter().position(|step| step.peer().is_some_and(&mut is_peer));
            if *peers == EVERY || peer.is_some() {
                return Some(Hit { rule, action: *action, peer, port });
            }
        }
        None
    }
}
