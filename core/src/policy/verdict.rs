//! Whether a connection is let through, and why: one walk over the policies that select an end, which also tells its
//! steps when asked to.
//!
//! What the API leaves open is decided so:
//! - A pod on its node's network is its node: no selector matches it, no policy selects it, and `ipBlock` and `nodes`
//!   match it by the node's addresses. The documentation ("NetworkPolicy and hostNetwork pods") calls this the most
//!   common way.
//! - A node reaches its own pods whatever NetworkPolicies say, because the kubelet's probes must; a pod reaches its own node
//!   only where its egress policies allow it, as kube-router enforces them (recorded). A pod always reaches itself.
//! - Policies of the same tier and priority are evaluated in the order of kind and name. If another order would decide
//!   differently, the reasons say so.
//! - Two pods that both have addresses of both families can choose either. The connection is allowed if the policies
//!   allow it over one of them; if they allow it over only one, the reasons say which.

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
    /// The sender is the pod's own node, which always reaches it.
    Node,
    /// The policies allow the connection over IPv4 only, although both pods have both families.
    OnlyIpv4,
    /// The policies allow the connection over IPv6 only, although both pods have both families.
    OnlyIpv6,
    /// The end is no pod of the cluster, so no policy selects it.
    Outside,
    /// The end is a pod on its node's network, which no policy is taken to select.
    HostNetwork,
}

impl Effect {
    /// All of them.
    pub const ALL: [Effect; 12] = [
        Effect::Isolate,
        Effect::Allow,
        Effect::Deny,
        Effect::Pass,
        Effect::Tie,
        Effect::Default,
        Effect::Itself,
        Effect::Node,
        Effect::OnlyIpv4,
        Effect::OnlyIpv6,
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
            Effect::OnlyIpv4 => "onlyIPv4",
            Effect::OnlyIpv6 => "onlyIPv6",
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
        if from.pod.is_some() && from.pod == to.pod {
            if let Some(trace) = trace {
                trace.push(plain(Direction::Egress, Effect::Itself));
                trace.push(plain(Direction::Ingress, Effect::Itself));
            }
            return Verdict { egress: true, ingress: true };
        }
        let ipv6 = to.known.families.is_ipv6_from(from.known.families);
        let packet = Packet { port, protocol, ipv6 };
        let first = self.walk_both(&from, &to, packet, trace.as_deref_mut());
        let has_choice = from.known.families.is_dual() && to.known.families.is_dual();
        if !has_choice || first.allowed() && trace.is_none() {
            return first;
        }
        let packet = Packet { ipv6: !ipv6, ..packet };
        let Some(trace) = trace else {
            let second = self.walk_both(&from, &to, packet, None);
            return if second.allowed() { second } else { first };
        };
        let mut steps = Vec::new();
        let second = self.walk_both(&from, &to, packet, Some(&mut steps));
        if first.allowed() == second.allowed() {
            return first;
        }
        if second.allowed() {
            *trace = steps;
        }
        let effect = if first.allowed() == ipv6 { Effect::OnlyIpv6 } else { Effect::OnlyIpv4 };
        trace.push(plain(Direction::Egress, effect));
        trace.push(plain(Direction::Ingress, effect));
        if second.allowed() { second } else { first }
    }

    /// Evaluates the policies of both ends, for one family.
    fn walk_both<'p>(
        &'p self,
        from: &Located<'_>,
        to: &Located<'_>,
        packet: Packet,
        mut trace: Option<&mut Vec<Reason<'p>>>,
    ) -> Verdict {
        let regions = [from, to].map(|end| self.region(end, packet.ipv6));
        let [of_source, of_destination] = regions;
        let egress = self.walk(Direction::Egress, from, (to, of_destination), packet, trace.as_deref_mut());
        let ingress = self.walk(Direction::Ingress, to, (from, of_source), packet, trace);
        Verdict { egress, ingress }
    }

    /// Whether the verdict depends on the address of the source, and on that of the destination: whether an `ipBlock`, a
    /// network or a node's address decides it, so another address of the same end could get another verdict. An end that
    /// the question gives as an address is not a choice, so it never counts.
    pub fn address_dependence(&self, from: End, to: End, port: u16, protocol: Protocol) -> [bool; 2] {
        let (source, destination) = (self.locate(from), self.locate(to));
        if source.pod.is_some() && source.pod == destination.pod {
            return [false, false];
        }
        let ipv6 = destination.known.families.is_ipv6_from(source.known.families);
        let packet = Packet { port, protocol, ipv6 };
        let depends = |direction, subject: &Located<'_>, peer: &Located<'_>| {
            let actual = self.walk(direction, subject, (peer, self.region(peer, ipv6)), packet, None);
            let other = |region| self.walk(direction, subject, (peer, Some(region)), packet, None) != actual;
            peer.given.is_none() && subject.record.is_some() && self.regions.ids().any(other)
        };
        [depends(Direction::Ingress, &destination, &source), depends(Direction::Egress, &source, &destination)]
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
        (peer, region): (&Located<'_>, Option<RegionId>),
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
        let is_own_node = direction == Direction::Ingress
            && peer.record.is_none()
            && self.node(peer).is_some_and(|node| self.node(subject) == Some(node));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::resource::read;
    use crate::cluster::Options;
    use crate::engine::Engine;
    use crate::policy::{ConnectionMap, Party};
    use portolan_base::json;

    fn engine(options: Options, objects: &[String]) -> Engine {
        let mut engine = Engine::new(options);
        for text in objects {
            let node = json::read(text).unwrap();
            let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
            let kind = Kind::of(text_of("apiVersion"), text_of("kind")).unwrap();
            engine.insert(read(kind, &node).0, None);
        }
        engine
    }

    fn pod(name: &str, status: &str) -> String {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"default","labels":{{"app":"{name}"}}}},
                "spec":{{"containers":[{{"name":"c"}}]}},"status":{status}}}"#
        )
    }

    fn dual(name: &str, last: u8) -> String {
        let ips = format!(r#"[{{"ip":"10.1.0.{last}"}},{{"ip":"fd00::{last}"}}]"#);
        pod(name, &format!(r#"{{"phase":"Running","podIP":"10.1.0.{last}","podIPs":{ips}}}"#))
    }

    /// A NetworkPolicy on pod b that allows ingress from one block.
    fn from_block(cidr: &str) -> String {
        format!(
            r#"{{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{{"name":"p","namespace":"default"}},
                "spec":{{"podSelector":{{"matchLabels":{{"app":"b"}}}},"ingress":[{{"from":[{{"ipBlock":{{"cidr":"{cidr}"}}}}]}}]}}}}"#
        )
    }

    fn ends(engine: &Engine) -> (End, End) {
        let end = |name: &str| End::Pod(engine.policies().pod_named("default", name).unwrap());
        (end("a"), end("b"))
    }

    #[test]
    fn dual_stack_pods_are_connected_if_one_family_is_allowed() {
        for (cidr, effect) in [("fd00::/16", Effect::OnlyIpv6), ("10.1.0.0/16", Effect::OnlyIpv4)] {
            let engine = engine(Options::default(), &[dual("a", 1), dual("b", 2), from_block(cidr)]);
            let (a, b) = ends(&engine);
            let (verdict, reasons) = engine.policies().explain(a, b, 80, Protocol::Tcp);
            assert!(verdict.allowed(), "{cidr}: {reasons:?}");
            assert_eq!(engine.policies().verdict(a, b, 80, Protocol::Tcp), verdict);
            assert!(reasons.iter().any(|reason| reason.effect == effect), "{cidr}: {reasons:?}");
            let given = |direction| reasons.iter().any(|it| it.direction == direction && it.effect == Effect::Allow);
            assert!(given(Direction::Ingress), "{cidr}: {reasons:?}");
            let map = ConnectionMap::of(engine.cluster(), engine.policies());
            let party = |name: &str| Party::Workload(Kind::Pod, ObjectKey::new("default", name));
            let is_row = |row: &crate::policy::Row| row.from == [party("a")] && row.to == [party("b")];
            assert!(map.rows.iter().any(|row| is_row(row) || row.from == [Party::Everyone]), "{cidr}: {:?}", map.rows);
        }
        let engine = engine(Options::default(), &[dual("a", 1), dual("b", 2), from_block("192.0.2.0/24")]);
        let (a, b) = ends(&engine);
        let (verdict, reasons) = engine.policies().explain(a, b, 80, Protocol::Tcp);
        assert!(!verdict.allowed());
        assert!(!reasons.iter().any(|it| matches!(it.effect, Effect::OnlyIpv4 | Effect::OnlyIpv6)), "{reasons:?}");
    }

    #[test]
    fn a_verdict_that_rests_on_a_generated_address_is_known_to() {
        let bare = |name: &str| pod(name, "{}");
        let engine = engine(Options::default(), &[bare("a"), bare("b"), from_block("10.0.0.0/8")]);
        let (a, b) = ends(&engine);
        let index = engine.policies();
        assert_eq!(index.address_dependence(a, b, 80, Protocol::Tcp), [true, false]);
        assert_eq!(index.address_dependence(b, a, 80, Protocol::Tcp), [false, false]);
        let End::Pod(source) = a else { panic!("a pod") };
        assert!(index.addresses_of(source).all(|address| engine.has_synthetic_address(address)));
        // An address that the question or the files give is not generated.
        let given = End::Address("10.9.9.9".parse().unwrap());
        assert_eq!(index.address_dependence(given, b, 80, Protocol::Tcp), [false, false]);
        let own = super::tests::engine(Options::default(), &[dual("a", 1), bare("b"), from_block("10.0.0.0/8")]);
        assert!(!own.has_synthetic_address("10.1.0.1".parse().unwrap()));
    }
}
