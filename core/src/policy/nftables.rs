//! The compiled policies as a ruleset for nftables: what a network plugin would load on a node that forwards its pods'
//! packets, and what real packets can be tried against.
//!
//! A new connection jumps into the chain of its source's class and then into that of its destination's; each returns
//! where the policies let it through and drops it where they do not. Traffic of a pod with itself and with its own node is
//! not forwarded, so that no chain sees it, as the API wants it.

use super::ids::{ClassId, PortNameId, SetId};
use super::index::{Class, PolicyIndex};
use super::ports::{NamedPort, PortMatch};
use super::rule::{Action, Direction, Peer, Policy, Rule, Tier};
use crate::ids::IdVec;
use crate::net::Protocol;
use portolan_base::collections::BTreeSet;
use portolan_base::sort::SmallSort as _;
use std::fmt::Write as _;
use std::net::IpAddr;

/// Writes the ruleset: the table `inet portolan-policy`, to be loaded with `nft -f`. Loading it again replaces it.
pub fn render(index: &PolicyIndex) -> String {
    let writer = Writer::new(index);
    let mut out =
        String::from("table inet portolan-policy\ndelete table inet portolan-policy\ntable inet portolan-policy {\n");
    writer.sets(&mut out);
    for direction in [Direction::Egress, Direction::Ingress] {
        writer.map(&mut out, direction);
    }
    out.push_str("\tchain forward {\n\t\ttype filter hook forward priority filter; policy accept;\n");
    out.push_str("\t\tct state established,related accept\n");
    for (direction, side) in [(Direction::Egress, "saddr"), (Direction::Ingress, "daddr")] {
        for (family, suffix) in FAMILIES {
            let _ = writeln!(out, "\t\t{family} {side} vmap @{}-{suffix}", direction.name());
        }
    }
    out.push_str("\t}\n");
    for direction in [Direction::Egress, Direction::Ingress] {
        for (at, class) in index.classes.iter() {
            writer.chains(&mut out, direction, at, class);
        }
    }
    out.push_str("}\n");
    out
}

/// nft's word for a family, and the suffix of the sets of its addresses.
const FAMILIES: [(&str, &str); 2] = [("ip", "v4"), ("ip6", "v6")];

struct Writer<'a> {
    index: &'a PolicyIndex,
    /// The addresses of the pods of each class.
    addresses: IdVec<ClassId, Vec<IpAddr>>,
}

impl<'a> Writer<'a> {
    fn new(index: &'a PolicyIndex) -> Self {
        let mut addresses = IdVec::filled(Vec::new(), index.classes.width());
        for (_, entry) in index.pods.iter() {
            if let Some(of_class) = entry.class.and_then(|class| addresses.get_mut(class)) {
                of_class.extend(entry.addresses.into_iter().flatten());
            }
        }
        Writer { index, addresses }
    }

    fn of_class(&self, class: ClassId) -> &[IpAddr] {
        self.addresses.get(class).map(Vec::as_slice).unwrap_or_default()
    }

    /// The sets of pods that rules name as peers.
    fn sets(&self, out: &mut String) {
        let mut used: BTreeSet<SetId> = BTreeSet::new();
        for (_, policy) in self.index.policies.iter() {
            for rule in policy.rules.iter().flatten() {
                for (_, peer) in rule.peers.iter().flatten() {
                    if let Peer::Pods(set) = peer {
                        used.insert(*set);
                    }
                }
            }
        }
        for set in used {
            let mut classes = self.index.members(set).to_vec();
            classes.small_sort();
            let addresses: Vec<IpAddr> = classes.iter().flat_map(|class| self.of_class(*class)).copied().collect();
            for ((_, suffix), ipv6) in FAMILIES.into_iter().zip([false, true]) {
                let kind = if ipv6 { "ipv6_addr" } else { "ipv4_addr" };
                let elements = list(addresses.iter().filter(|address| address.is_ipv6() == ipv6));
                let _ = writeln!(out, "\tset pods-{set}-{suffix} {{\n\t\ttype {kind}{elements}\n\t}}");
            }
        }
    }

    /// From the address of a pod to the chain of its class.
    fn map(&self, out: &mut String, direction: Direction) {
        for ((_, suffix), ipv6) in FAMILIES.into_iter().zip([false, true]) {
            let kind = if ipv6 { "ipv6_addr" } else { "ipv4_addr" };
            let mut elements: BTreeSet<(IpAddr, ClassId)> = BTreeSet::new();
            for (at, class) in self.index.classes.iter() {
                if !class.policies(direction).is_empty() {
                    let of_family = self.of_class(at).iter().filter(|address| address.is_ipv6() == ipv6);
                    elements.extend(of_family.map(|address| (*address, at)));
                }
            }
            let word = direction.name();
            let shown = elements.iter().map(|(address, class)| format!("{address} : jump {word}-{class}"));
            let _ = writeln!(out, "\tmap {word}-{suffix} {{\n\t\ttype {kind} : verdict{}\n\t}}", list(shown));
        }
    }

    /// The chains of a class: the administrator's rules, the NetworkPolicies, and the baseline behind them.
    fn chains(&self, out: &mut String, direction: Direction, at: ClassId, class: &Class) {
        let policies: Vec<&Policy> =
            class.policies(direction).iter().filter_map(|policy| self.index.policy(*policy)).collect();
        if policies.is_empty() {
            return;
        }
        let name = format!("{}-{at}", direction.name());
        let isolated = policies.iter().any(|policy| policy.tier == Tier::NetworkPolicy);
        let _ = writeln!(out, "\tchain {name} {{");
        for policy in policies.iter().filter(|policy| policy.tier == Tier::Admin) {
            self.rules(out, direction, class, policy, &format!("goto {name}-next"));
        }
        let _ = writeln!(out, "\t\tgoto {name}-next\n\t}}\n\tchain {name}-next {{");
        let behind = if isolated { Tier::NetworkPolicy } else { Tier::Baseline };
        for policy in policies.iter().filter(|policy| policy.tier == behind) {
            self.rules(out, direction, class, policy, "return");
        }
        out.push_str(if isolated { "\t\tdrop\n\t}\n" } else { "\t}\n" });
    }

    fn rules(&self, out: &mut String, direction: Direction, class: &Class, policy: &Policy, pass: &str) {
        for (at, rule) in policy.rules(direction).iter().enumerate() {
            let verdict = match rule.action {
                Action::Allow => "return",
                Action::Deny => "drop",
                Action::Pass => pass,
            };
            let comment = format!("comment \"{} {} {}[{at}]\"", policy.kind.name(), policy.key, direction.name());
            for line in self.matches(direction, class, rule) {
                let space = if line.is_empty() { "" } else { " " };
                let _ = writeln!(out, "\t\t{line}{space}{verdict} {comment}");
            }
        }
    }

    /// What a packet has to be for the rule: any one of the lines.
    fn matches(&self, direction: Direction, class: &Class, rule: &Rule) -> Vec<String> {
        let mut lines = Vec::new();
        let peers: Vec<Option<Peer>> = match &rule.peers {
            None => vec![None],
            Some(peers) => peers.iter().map(|(_, peer)| Some(*peer)).collect(),
        };
        for peer in peers {
            for (family, address) in self.addresses_of(direction, peer) {
                let Some(ports) = &rule.ports else {
                    lines.push(address);
                    continue;
                };
                for (_, port) in ports {
                    for (of_port, port) in self.ports(direction, class, *port, peer) {
                        // One line is of one family.
                        if family.is_none() || of_port.is_none() || family == of_port {
                            lines.push(format!("{address}{}{port}", if address.is_empty() { "" } else { " " }));
                        }
                    }
                }
            }
        }
        lines
    }

    /// What the other end's address has to be, with the family that this is about.
    fn addresses_of(&self, direction: Direction, peer: Option<Peer>) -> Vec<(Option<&'static str>, String)> {
        let side = if direction == Direction::Egress { "daddr" } else { "saddr" };
        match peer {
            None | Some(Peer::Anybody) => vec![(None, String::new())],
            Some(Peer::Pods(set)) => {
                let line = |(family, suffix)| (Some(family), format!("{family} {side} @pods-{set}-{suffix}"));
                FAMILIES.into_iter().map(line).collect()
            }
            Some(Peer::Block(block)) => {
                let Some(block) = self.index.terms.blocks.get(block) else { return Vec::new() };
                let mut lines = Vec::new();
                for net in &block.prefixes {
                    let family = if net.addr().is_ipv6() { "ip6" } else { "ip" };
                    // nft refuses a range of length 0 as an address; the family alone says as much.
                    let mut line = match net.prefix_len() {
                        0 => format!("meta nfproto {}", if net.addr().is_ipv6() { "ipv6" } else { "ipv4" }),
                        _ => format!("{family} {side} {net}"),
                    };
                    for hole in block.except.iter().filter(|hole| hole.addr().is_ipv6() == net.addr().is_ipv6()) {
                        let _ = write!(line, " {family} {side} != {hole}");
                    }
                    lines.push((Some(family), line));
                }
                lines
            }
        }
    }

    fn ports(
        &self,
        direction: Direction,
        class: &Class,
        port: PortMatch,
        peer: Option<Peer>,
    ) -> Vec<(Option<&'static str>, String)> {
        match port {
            PortMatch::Nothing => Vec::new(),
            PortMatch::Range(protocol, first, last) => {
                let protocol = word(protocol);
                let line = match (first, last) {
                    (0 | 1, u16::MAX) => format!("meta l4proto {protocol}"),
                    (first, last) if first == last => format!("{protocol} dport {first}"),
                    (first, last) => format!("{protocol} dport {first}-{last}"),
                };
                vec![(None, line)]
            }
            PortMatch::Named(protocol, name) if direction == Direction::Ingress => named(&class.named, protocol, name)
                .map(|(_, protocol, port)| (None, format!("{} dport {port}", word(*protocol))))
                .collect(),
            PortMatch::Named(protocol, name) => self.named_at_peers(protocol, name, peer),
        }
    }

    /// A named port on the way out: which number it is depends on the destination.
    fn named_at_peers(
        &self,
        protocol: Option<Protocol>,
        name: PortNameId,
        peer: Option<Peer>,
    ) -> Vec<(Option<&'static str>, String)> {
        let mut lines = Vec::new();
        for (at, class) in self.index.classes.iter() {
            if let Some(Peer::Pods(set)) = peer
                && !class.is_in(set)
            {
                continue;
            }
            for (_, protocol, port) in named(&class.named, protocol, name) {
                for ((family, _), ipv6) in FAMILIES.into_iter().zip([false, true]) {
                    let of_family: BTreeSet<&IpAddr> =
                        self.of_class(at).iter().filter(|address| address.is_ipv6() == ipv6).collect();
                    if !of_family.is_empty() {
                        let shown: Vec<String> = of_family.iter().map(ToString::to_string).collect();
                        let addresses = shown.join(", ");
                        let line = format!("{family} daddr {{ {addresses} }} {} dport {port}", word(*protocol));
                        lines.push((Some(family), line));
                    }
                }
            }
        }
        lines
    }
}

fn named(ports: &[NamedPort], protocol: Option<Protocol>, name: PortNameId) -> impl Iterator<Item = &NamedPort> {
    ports.iter().filter(move |(known, of, _)| *known == name && protocol.is_none_or(|wanted| wanted == *of))
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

/// The elements of a set or a map, or nothing for none: nft takes no empty list.
fn list<T: std::fmt::Display>(elements: impl Iterator<Item = T>) -> String {
    let mut out = String::new();
    for (at, element) in elements.enumerate() {
        let before = if at == 0 { "\n\t\telements = { " } else { ", " };
        let _ = write!(out, "{before}{element}");
    }
    if !out.is_empty() {
        out.push_str(" }");
    }
    out
}
