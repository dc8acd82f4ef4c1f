//! The last leg: endpoints, the policies on both ends, the pod.

use super::journey::{Path, Walk};
use super::questions::{Judged, Party};
use super::sender::{ANYBODY, Sender};
use super::{Door, EndpointHop, HopAnswer, Outcome};
use crate::api::resource::ObjectKey;
use crate::net::Protocol;

/// How a connection came to its endpoints.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached {
    /// The node whose kube-proxy sent it on; empty where none did.
    pub(super) node: String,
    /// Whether the endpoints see that node's address in place of the sender's.
    pub(super) masquerade: bool,
    /// What it came through, for people: `Service shop/cart`.
    pub(super) through: String,
}

/// What policies do on both ends of one leg.
#[derive(Clone, Debug)]
struct Leg<'e> {
    door: Door,
    pod: Option<ObjectKey>,
    judged: Judged<'e>,
    /// Who the receiver's policies saw.
    seen: String,
    is_controller: bool,
}

impl<'e> Walk<'e> {
    /// From kube-proxy, or from a controller, to endpoints: those that are treated alike go on together.
    pub(super) fn at_endpoints(
        &mut self,
        path: Path<'e>,
        sender: &Sender,
        doors: &[(Door, Option<ObjectKey>)],
        reached: &Reached,
    ) {
        self.at_alike_endpoints(path, sender, doors, reached, true);
    }

    /// From an ingress controller to the endpoints of a Service, of which none is a controller once more.
    pub(super) fn at_backends(
        &mut self,
        path: Path<'e>,
        sender: &Sender,
        doors: &[(Door, Option<ObjectKey>)],
        reached: &Reached,
    ) {
        self.at_alike_endpoints(path, sender, doors, reached, false);
    }

    fn at_alike_endpoints(
        &mut self,
        path: Path<'e>,
        sender: &Sender,
        doors: &[(Door, Option<ObjectKey>)],
        reached: &Reached,
        may_be_controllers: bool,
    ) {
        let mut groups: Vec<Vec<Leg<'e>>> = Vec::new();
        for (door, pod) in doors {
            let leg = self.leg(sender, *door, pod.clone(), reached, may_be_controllers);
            let alike = |group: &Vec<Leg<'e>>| {
                group.first().is_some_and(|first| {
                    (first.judged.egress, first.judged.ingress, first.is_controller, first.pod.is_some())
                        == (leg.judged.egress, leg.judged.ingress, leg.is_controller, leg.pod.is_some())
                        && (leg.judged.allowed() || first.judged.policies == leg.judged.policies)
                })
            };
            match groups.iter_mut().find(|group| alike(group)) {
                Some(group) => group.push(leg),
                None => groups.push(vec![leg]),
            }
        }
        let several = groups.len() > 1;
        for group in groups {
            let Some(first) = group.first() else { continue };
            let names =
                group.iter().map(|leg| leg.pod.as_ref().map_or_else(|| leg.door.ip.to_string(), ToString::to_string));
            let name = several.then(|| names.collect::<Vec<_>>().join(", "));
            let mut part = path.branch(group.len(), doors.len(), name);
            let all: Vec<Door> = group.iter().map(|leg| leg.door).collect();
            let Door { ip, port } = first.door;
            let source = first.pod.as_ref().and_then(|pod| self.pod_source(pod, "metadata.labels"));
            let what = match &first.pod {
                Some(pod) => format!("{ip} port {port} is {pod}, which is ready"),
                None => format!("{ip} port {port} is not a pod in these files"),
            };
            part.hop("endpoint", Some(HopAnswer::Endpoint(EndpointHop { ip, port, to: all.clone() })), what, source);
            let to =
                first.pod.as_ref().map_or_else(|| format!("{ip} port {port}"), |pod| format!("{pod} on port {port}"));
            self.policy_hop(&mut part, &first.judged, &first.seen, &to);
            if !first.judged.allowed() {
                let (who, direction) =
                    if first.judged.egress { (&first.seen, "ingress") } else { (&first.seen, "egress") };
                let sentence =
                    format!("{} does not arrive: a NetworkPolicy denies {who} access to {to}.", self.target.url);
                self.end(part, Outcome::Refused, format!("{direction} {}", first.judged.policies.join(" ")), sentence);
                continue;
            }
            match (&first.pod, first.is_controller) {
                (Some(_), true) => {
                    let pods: Vec<(Door, ObjectKey)> =
                        group.iter().filter_map(|leg| Some((leg.door, leg.pod.clone()?))).collect();
                    self.at_controllers(part, sender, &pods);
                }
                (Some(pod), false) => {
                    let pod = pod.clone();
                    self.at_pod(part, &pod, first.door, &reached.through, &all);
                }
                (None, _) => {
                    let sentence = format!(
                        "{} goes through {} to {ip} port {port}, which is not a pod in these files.",
                        self.target.url, reached.through
                    );
                    self.end_at(part, Outcome::Delivered, "endpoint", sentence, &all);
                }
            }
        }
    }

    /// One endpoint, with what policies say of it, and whether it is an ingress controller.
    fn leg(
        &mut self,
        sender: &Sender,
        door: Door,
        pod: Option<ObjectKey>,
        reached: &Reached,
        may_be_controller: bool,
    ) -> Leg<'e> {
        let is_http = may_be_controller && self.target.is_http();
        let is_controller = is_http && pod.as_ref().is_some_and(|pod| self.is_controller(pod, door.port));
        let (judged, seen) = self.judged(sender, door, pod.as_ref(), reached, self.target.protocol());
        Leg { door, pod, judged, seen, is_controller }
    }

    /// What policies say of a connection to one endpoint, and whom the receiver's policies see. The sender's own policies see
    /// the sender; the receiver's see the node where kube-proxy puts the node's address in place of the sender's.
    pub(super) fn judged(
        &self,
        sender: &Sender,
        door: Door,
        pod: Option<&ObjectKey>,
        reached: &Reached,
        protocol: Protocol,
    ) -> (Judged<'e>, String) {
        let own = self.verdict(&sender.party().unwrap_or(Party::Address(ANYBODY)), door, protocol);
        // The node replaces the client's address on the way out: policies of its own pods still see the client.
        let is_local = pod.is_some_and(|pod| self.node_of(pod) == reached.node);
        let hides = reached.masquerade && !is_local;
        let hidden = hides.then(|| self.address_of_node(&reached.node, door.ip)).flatten();
        // Where the sender's own rules deny, nothing arrives.
        match hidden {
            Some(node) if own.egress || sender.isolated().is_none() => {
                let seen = format!("node {} ({node}), whose address hides {sender},", reached.node);
                (self.verdict(&Party::Address(node), door, protocol), seen)
            }
            _ => (own, sender.to_string()),
        }
    }

    /// The node that a pod runs on; empty where none is known.
    fn node_of(&self, pod: &ObjectKey) -> String {
        self.engine.cluster().pods.by_key(pod).map(|pod| pod.spec.node_name.clone()).unwrap_or_default()
    }

    /// A pod that accepts the connection, as far as its objects say.
    pub(super) fn at_pod(&mut self, mut path: Path<'e>, pod: &ObjectKey, door: Door, through: &str, all: &[Door]) {
        let (listens, field) = self.listening(pod, door.port);
        let source = self.pod_source(pod, &field);
        path.hop("pod", None, listens, source);
        let sentence = format!("{} reaches {pod} on port {} through {through}.", self.target.url, door.port);
        self.end_at(path, Outcome::Delivered, "endpoint", sentence, all);
    }

    /// Which container declares that it listens on the port. Declaring it is informative only, so a port that no container
    /// declares is no refusal.
    fn listening(&self, pod: &ObjectKey, number: u16) -> (String, String) {
        let stored = self.engine.cluster().pods.by_key(pod);
        let containers = stored.map(|pod| pod.spec.containers.as_slice()).unwrap_or_default();
        for (index, container) in containers.iter().enumerate() {
            for (place, known) in container.ports.iter().enumerate() {
                if known.container_port == i32::from(number) {
                    let field = format!("spec.containers[{index}].ports[{place}].containerPort");
                    return (format!("container {} of {pod} declares port {number}", container.name), field);
                }
            }
        }
        let declared: Vec<String> = containers
            .iter()
            .flat_map(|container| &container.ports)
            .map(|port| port.container_port.to_string())
            .collect();
        let others =
            if declared.is_empty() { String::new() } else { format!(" (they declare {})", declared.join(", ")) };
        let words = format!(
            "no container of {pod} declares port {number}{others}; whether one listens there is not in these files"
        );
        (words, "spec.containers".to_owned())
    }

    /// Adds the verdict of the policies on `from` reaching `to`.
    pub(super) fn policy_hop(&self, path: &mut Path<'e>, judged: &Judged<'e>, from: &str, to: &str) {
        let policies = judged.policies.join(" and ");
        let words = match (judged.policies.is_empty(), judged.allowed()) {
            (true, true) => format!("no NetworkPolicy isolates either end: {from} may reach {to}"),
            (true, false) => format!("a NetworkPolicy denies {from} access to {to}"),
            (false, true) => format!("{policies} allows {from} to reach {to}"),
            (false, false) => {
                let isolates = if judged.policies.len() == 1 { "isolates" } else { "isolate" };
                let end = if judged.egress { "the receiver" } else { "the sender" };
                format!("{policies} {isolates} {end}, and no rule allows {from} to reach {to}")
            }
        };
        path.hop("policy", Some(judged.answer.clone()), words, judged.source.clone());
    }
}
