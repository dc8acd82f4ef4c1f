//! What a verdict reads of each class, in one piece: which sets it is in, and where the policies that speak of it have
//! their rules.

use super::index::Class;
use super::ports::PortMatch;
use super::ranges::NOWHERE;
use super::rule::Direction;
use super::selector::number;
use super::steps::Steps;
use super::table::put_at;
use crate::net::Protocol;

/// The briefs of classes, by the classes' numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Briefs {
    /// A brief is [`HEAD`] words: two regions, and how many sets, policies of egress, policies of ingress and words of
    /// named ports follow; and those.
    words: Vec<u32>,
    starts: Vec<u32>,
    /// How many of the words no class has any more.
    waste: usize,
}

const HEAD: usize = 6;

/// What a verdict reads of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief<'a> {
    regions: [u32; 2],
    sets: &'a [u32],
    policies: [&'a [u32]; 2],
    /// Names and ports in turn.
    named: &'a [u32],
}

impl Brief<'_> {
    /// The region of its IPv4 or IPv6 address.
    pub(super) fn region(&self, ipv6: bool) -> u32 {
        let [v4, v6] = self.regions;
        if ipv6 { v6 } else { v4 }
    }

    pub(super) fn is_in(&self, set: u32) -> bool {
        self.sets.binary_search(&set).is_ok()
    }

    /// Whether the entry of a rule means that port of it.
    pub(super) fn is_port(&self, entry: PortMatch, protocol: Protocol, port: u16) -> bool {
        match entry {
            PortMatch::Named(wanted, name) => {
                let (pairs, _) = self.named.as_chunks();
                wanted.is_none_or(|wanted| wanted == protocol) && pairs.contains(&[name, word(protocol, port)])
            }
            entry => entry.matches(port, protocol),
        }
    }

    /// Where the rules begin of the policies that are asked, in their order.
    pub(super) fn policies(&self, direction: Direction) -> &[u32] {
        let [egress, ingress] = self.policies;
        match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        }
    }
}

impl Briefs {
    pub(super) fn get(&self, class: u32) -> Option<Brief<'_>> {
        let words = self.words.get(*self.starts.get(class as usize)? as usize..)?;
        let ([v4, v6, sets, egress, ingress, named], rest) = words.split_first_chunk::<HEAD>()?;
        let (sets, rest) = rest.split_at_checked(*sets as usize)?;
        let (egress, rest) = rest.split_at_checked(*egress as usize)?;
        let (ingress, rest) = rest.split_at_checked(*ingress as usize)?;
        Some(Brief { regions: [*v4, *v6], sets, policies: [egress, ingress], named: rest.get(..*named as usize)? })
    }

    /// Writes the brief of a class that has that number.
    pub(super) fn put(&mut self, at: u32, class: &Class, steps: &Steps) {
        self.drop(at);
        let start = number(self.words.len());
        let [v4, v6] = class.regions;
        let [egress, ingress] = &class.policies;
        let counts = [class.sets.len(), egress.len(), ingress.len(), class.named.len() * 2];
        self.words.extend([v4, v6].into_iter().chain(counts.map(number)));
        self.words.extend(&class.sets);
        for direction in [Direction::Egress, Direction::Ingress] {
            self.words.extend(class.policies(direction).iter().map(|policy| steps.start(*policy, direction)));
        }
        self.words.extend(class.named.iter().flat_map(|(name, protocol, port)| [*name, word(*protocol, *port)]));
        put_at(&mut self.starts, at, start);
    }

    /// Forgets the brief of a class.
    pub(super) fn drop(&mut self, at: u32) {
        if let Some(Brief { sets, policies: [egress, ingress], named, .. }) = self.get(at) {
            self.waste += HEAD + sets.len() + egress.len() + ingress.len() + named.len();
        }
        if let Some(slot) = self.starts.get_mut(at as usize) {
            *slot = NOWHERE;
        }
    }

    /// Whether it would be well to write all anew.
    pub(super) fn is_wasteful(&self) -> bool {
        self.waste > 10_000 && self.waste * 2 > self.words.len()
    }
}

fn word(protocol: Protocol, port: u16) -> u32 {
    let protocol = match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1 << 16,
        Protocol::Sctp => 2 << 16,
    };
    protocol | u32::from(port)
}
