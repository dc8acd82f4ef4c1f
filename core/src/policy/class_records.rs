//! What a verdict reads of each class, in one record: a [`Class`] comes in; its regions, its sets, and the positions of
//! the rules that apply to it go out.

use super::ids::{ClassId, PortNameId, RecordStart, RegionId, SetId};
use super::index::Class;
use super::ports::PortMatch;
use super::rule::Direction;
use super::rule_tape::{RuleTape, TapeStart};
use crate::ids::{Id, IdVec, to_u32};
use crate::net::Protocol;

/// The records of classes, by class.
#[derive(Clone, Debug, Default)]
pub(super) struct ClassRecords {
    /// A record is [`HEAD`] words, and then the lists that they count. The words of the head are the regions of both
    /// families (0 for none) and the lengths of four lists: sets, policies of egress, policies of ingress, named ports.
    words: Vec<u32>,
    starts: IdVec<ClassId, Option<RecordStart>>,
    /// How many of the words belong to no class any more.
    waste: usize,
}

const HEAD: usize = 6;

/// What a verdict reads of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClassRecord<'a> {
    regions: [u32; 2],
    /// Words of [`SetId`]s, in order.
    sets: &'a [u32],
    policies: [&'a [u32]; 2],
    /// Words of [`PortNameId`]s and of ports, in turn.
    named: &'a [u32],
}

impl ClassRecord<'_> {
    /// The region of its IPv4 or IPv6 address.
    pub(super) fn region(&self, ipv6: bool) -> Option<RegionId> {
        let [v4, v6] = self.regions;
        RegionId::from_word(if ipv6 { v6 } else { v4 })
    }

    pub(super) fn is_in(&self, set: SetId) -> bool {
        self.sets.binary_search(&set.word()).is_ok()
    }

    /// Whether the entry of a rule matches that port of the class.
    pub(super) fn is_port(&self, entry: PortMatch, protocol: Protocol, port: u16) -> bool {
        match entry {
            PortMatch::Named(wanted, name) => {
                let (pairs, _) = self.named.as_chunks();
                wanted.is_none_or(|wanted| wanted == protocol) && pairs.contains(&named(name, protocol, port))
            }
            entry => entry.matches(port, protocol),
        }
    }

    /// The positions at which the rules of the policies that apply begin, in the order in which they are evaluated.
    pub(super) fn policies(&self, direction: Direction) -> impl Iterator<Item = TapeStart> + Clone {
        let [egress, ingress] = self.policies;
        let words = match direction {
            Direction::Egress => egress,
            Direction::Ingress => ingress,
        };
        words.iter().map(|word| TapeStart(*word))
    }
}

impl ClassRecords {
    pub(super) fn get(&self, class: ClassId) -> Option<ClassRecord<'_>> {
        let start = (*self.starts.get(class)?)?;
        let words = self.words.get(start.index()..)?;
        let ([v4, v6, sets, egress, ingress, named], rest) = words.split_first_chunk::<HEAD>()?;
        let (sets, rest) = rest.split_at_checked(*sets as usize)?;
        let (egress, rest) = rest.split_at_checked(*egress as usize)?;
        let (ingress, rest) = rest.split_at_checked(*ingress as usize)?;
        Some(ClassRecord {
            regions: [*v4, *v6],
            sets,
            policies: [egress, ingress],
            named: rest.get(..*named as usize)?,
        })
    }

    /// Writes the record of a class.
    pub(super) fn set(&mut self, id: ClassId, class: &Class, tape: &RuleTape) {
        self.remove(id);
        let start = RecordStart::from_index(self.words.len());
        let rules = |direction| class.policies(direction).iter().filter_map(move |id| tape.start(*id, direction));
        let [egress, ingress] = [Direction::Egress, Direction::Ingress].map(rules);
        let counts = [class.sets.len(), egress.clone().count(), ingress.clone().count(), class.named.len() * 2];
        self.words.extend(class.regions.iter().map(|region| region.map_or(0, Id::word)));
        self.words.extend(counts.map(to_u32));
        self.words.extend(class.sets.iter().map(|set| set.word()));
        self.words.extend(egress.chain(ingress).map(|TapeStart(word)| word));
        self.words.extend(class.named.iter().flat_map(|(name, protocol, port)| named(*name, *protocol, *port)));
        self.starts.set(id, Some(start));
    }

    /// Removes the record of a class.
    pub(super) fn remove(&mut self, class: ClassId) {
        if let Some(ClassRecord { sets, policies: [egress, ingress], named, .. }) = self.get(class) {
            self.waste += HEAD + sets.len() + egress.len() + ingress.len() + named.len();
        }
        if let Some(slot) = self.starts.get_mut(class) {
            *slot = None;
        }
    }

    /// Whether so many words are unused that all records should be written again.
    pub(super) fn is_wasteful(&self) -> bool {
        self.waste > 10_000 && self.waste * 2 > self.words.len()
    }
}

/// The two words of a named port.
fn named(name: PortNameId, protocol: Protocol, port: u16) -> [u32; 2] {
    let protocol = match protocol {
        Protocol::Tcp => 0,
        Protocol::Udp => 1 << 16,
        Protocol::Sctp => 2 << 16,
    };
    [name.word(), protocol | u32::from(port)]
}
