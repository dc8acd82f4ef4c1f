//! NetworkPolicy and its tiers read straight from their documentation, object by object and slowly. The compiled engine is compared
//! with this; they share no code.

use serde_json::{Map, Value};
use std::net::IpAddr;

/// The objects of a cluster, as they stand.
#[derive(Clone, Copy, Debug)]
pub struct Cluster<'a>(pub &'a [Value]);

/// An end of a connection.
#[derive(Clone, Copy, Debug)]
struct End<'a> {
    pod: Option<&'a Value>,
    ip: Option<IpAddr>,
}

/// What is asked about, beside the two ends.
#[derive(Clone, Copy, Debug)]
struct Port<'a> {
    number: u64,
    protocol: &'a str,
}

impl<'a> Cluster<'a> {
    /// Whether the connection may leave its source, and whether it may enter its destination.
    pub fn verdict(self, question: &Value) -> (bool, bool) {
        let (from, to) = (self.end(&question["from"]), self.end(&question["to"]));
        if let (Some(one), Some(other)) = (from.pod, to.pod)
            && one["metadata"]["name"] == other["metadata"]["name"]
            && one["metadata"]["namespace"] == other["metadata"]["namespace"]
        {
            return (true, true);
        }
        let port = Port {
            number: question["port"].as_u64().unwrap_or(0),
            protocol: question["protocol"].as_str().unwrap_or("TCP"),
        };
        // A connection has one family: that of an address in the question, else the first that both pods have.
        let ipv6 = match (to.ip, from.ip) {
            (Some(ip), _) => ip.is_ipv6(),
            (None, from_ip) => {
                let has = |ipv6: bool| match from_ip {
                    Some(ip) => ip.is_ipv6() == ipv6,
                    None => ips_of(from.pod).iter().any(|ip| ip.is_ipv6() == ipv6),
                };
                let targets = ips_of(to.pod);
                let both = targets.iter().find(|ip| has(ip.is_ipv6()));
                both.or(targets.first()).is_some_and(IpAddr::is_ipv6)
            }
        };
        let over = |ipv6: bool| {
            let (mut from, mut to) = (from, to);
            for end in [&mut from, &mut to] {
                if end.ip.is_none() {
                    end.ip = ips_of(end.pod).into_iter().find(|ip| ip.is_ipv6() == ipv6);
                }
            }
            (self.direction("egress", from, to, to, port), self.direction("ingress", to, from, to, port))
        };
        // Two pods that have both families may choose: it is enough that one of them passes.
        let is_dual = |end: &End<'a>| {
            let has = |ipv6: bool| ips_of(end.pod).iter().any(|ip| ip.is_ipv6() == ipv6);
            end.ip.is_none() && has(false) && has(true)
        };
        let first = over(ipv6);
        let is_refused_first = first != (true, true);
        if is_refused_first && is_dual(&from) && is_dual(&to) && over(!ipv6) == (true, true) {
            return (true, true);
        }
        first
    }

    fn all(self, kind: &'static str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    fn end(self, end: &Value) -> End<'a> {
        if let Some(ip) = end["ip"].as_str() {
            let ip: IpAddr = ip.parse().expect("an address");
            let pod = self.all("Pod").find(|pod| !on_host(pod) && ips_of(Some(pod)).contains(&ip));
            return End { pod, ip: Some(ip) };
        }
        let named =
            |pod: &&Value| pod["metadata"]["name"] == end["pod"] && pod["metadata"]["namespace"] == end["namespace"];
        End { pod: Some(self.all("Pod").find(named).expect("the pod of the question")), ip: None }
    }

    fn direction(self, direction: &str, subject: End<'a>, peer: End<'a>, destination: End<'a>, port: Port) -> bool {
        let Some(pod) = subject.pod.filter(|pod| !on_host(pod)) else { return true };
        match self.tier("Admin", direction, pod, peer, destination, port) {
            Some("allow") => return true,
            Some("deny") => return false,
            _ => {}
        }
        if let Some(decided) = self.network_policies(direction, pod, peer, destination, port) {
            return decided;
        }
        self.tier("Baseline", direction, pod, peer, destination, port) != Some("deny")
    }

    /// What the rules of a tier come to: `allow`, `deny`, `pass`, or nothing.
    fn tier(
        self,
        tier: &str,
        direction: &str,
        pod: &Value,
        peer: End<'a>,
        destination: End<'a>,
        port: Port,
    ) -> Option<&'static str> {
        let single = if tier == "Admin" { "AdminNetworkPolicy" } else { "BaselineAdminNetworkPolicy" };
        let mut policies: Vec<&Value> = self
            .0
            .iter()
            .filter(|object| {
                object["kind"] == single || object["kind"] == "ClusterNetworkPolicy" && object["spec"]["tier"] == tier
            })
            .filter(|policy| self.selects(&policy["spec"]["subject"], pod))
            .collect();
        policies.sort_by_key(|policy| {
            let baseline = policy["kind"] == "BaselineAdminNetworkPolicy";
            let priority = if baseline { u64::MAX } else { policy["spec"]["priority"].as_u64().unwrap_or(0) };
            let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
            (priority, text(&policy["kind"]), text(&policy["metadata"]["name"]))
        });
        for policy in policies {
            for rule in policy["spec"][direction].as_array().into_iter().flatten() {
                let peers =
                    rule[if direction == "egress" { "to" } else { "from" }].as_array().cloned().unwrap_or_default();
                let allows = rule["action"] == "Allow" || rule["action"] == "Accept";
                let understood = |peer: &Value| {
                    let egress_only = ["nodes", "networks", "domainNames"];
                    let known = peer.get("namespaces").is_some() || peer.get("pods").is_some();
                    known || direction == "egress" && egress_only.iter().any(|field| peer.get(field).is_some())
                };
                if !peers.iter().all(understood) {
                    // An implementation that does not understand a peer fails closed.
                    if allows {
                        continue;
                    }
                    return Some("deny");
                }
                let ports = rule.get("ports").or_else(|| rule.get("protocols")).and_then(Value::as_array);
                if !ports.is_none_or(|ports| ports.iter().any(|entry| admin_port(entry, destination, port))) {
                    continue;
                }
                if peers.iter().any(|entry| self.is_admin_peer(entry, peer)) {
                    return Some(if allows {
                        "allow"
                    } else if rule["action"] == "Deny" {
                        "deny"
                    } else {
                        "pass"
                    });
                }
            }
        }
        None
    }

    fn is_admin_peer(self, entry: &Value, peer: End<'a>) -> bool {
        if let Some(selector) = entry.get("nodes") {
            let nodes = self.all("Node").filter(|node| matches(selector, &node["metadata"]["labels"]));
            let mut addresses = nodes.flat_map(|node| node["status"]["addresses"].as_array().into_iter().flatten());
            return addresses.any(|address| address["address"].as_str().and_then(|text| text.parse().ok()) == peer.ip);
        }
        if let Some(networks) = entry.get("networks").and_then(Value::as_array) {
            return networks.iter().any(|network| peer.ip.is_some_and(|ip| inside(network, ip)));
        }
        peer.pod.is_some_and(|pod| !on_host(pod) && self.selects(entry, pod))
    }

    /// Whether a subject or a peer of an administrator's policy selects the pod.
    fn selects(self, entry: &Value, pod: &Value) -> bool {
        if on_host(pod) {
            return false;
        }
        let namespace = self.namespace_labels(&pod["metadata"]["namespace"]);
        if let Some(namespaces) = entry.get("namespaces") {
            return matches(namespaces, &namespace);
        }
        let Some(pods) = entry.get("pods") else { return false };
        matches(&pods["namespaceSelector"], &namespace) && matches(&pods["podSelector"], &pod["metadata"]["labels"])
    }

    /// None where no NetworkPolicy selects the pod for the direction.
    fn network_policies(
        self,
        direction: &str,
        pod: &Value,
        peer: End<'a>,
        destination: End<'a>,
        port: Port,
    ) -> Option<bool> {
        let selecting: Vec<&Value> = self
            .all("NetworkPolicy")
            .filter(|policy| policy["metadata"]["namespace"] == pod["metadata"]["namespace"])
            .filter(|policy| matches(&policy["spec"]["podSelector"], &pod["metadata"]["labels"]))
            .filter(|policy| applies_to(policy, direction))
            .collect();
        if selecting.is_empty() {
            return None;
        }
        if direction == "ingress" && self.is_own_node(pod, peer) {
            return Some(true);
        }
        let rules = selecting.iter().flat_map(|policy| {
            policy["spec"][direction].as_array().into_iter().flatten().map(move |rule| (policy, rule))
        });
        Some(rules.into_iter().any(|(policy, rule)| {
            let peers = rule[if direction == "egress" { "to" } else { "from" }].as_array();
            let ports = rule["ports"].as_array();
            let peer_fits = peers.is_none_or(|peers| {
                peers.is_empty()
                    || peers.iter().any(|entry| self.is_peer(entry, &policy["metadata"]["namespace"], peer))
            });
            let port_fits = ports.is_none_or(|ports| {
                ports.is_empty() || ports.iter().any(|entry| policy_port(entry, destination, port))
            });
            peer_fits && port_fits
        }))
    }

    fn is_own_node(self, pod: &Value, peer: End<'a>) -> bool {
        match peer.pod {
            Some(other) => on_host(other) && other["spec"]["nodeName"] == pod["spec"]["nodeName"],
            None => self.all("Node").filter(|node| node["metadata"]["name"] == pod["spec"]["nodeName"]).any(|node| {
                let addresses = node["status"]["addresses"].as_array();
                addresses
                    .into_iter()
                    .flatten()
                    .any(|address| address["address"].as_str().and_then(|text| text.parse::<IpAddr>().ok()) == peer.ip)
            }),
        }
    }

    fn is_peer(self, entry: &Value, policy_namespace: &Value, peer: End<'a>) -> bool {
        if let Some(block) = entry.get("ipBlock") {
            let Some(ip) = peer.ip else { return false };
            let excepted = block["except"].as_array().into_iter().flatten().any(|range| inside(range, ip));
            return inside(&block["cidr"], ip) && !excepted;
        }
        let Some(pod) = peer.pod.filter(|pod| !on_host(pod)) else { return false };
        let namespace_fits = match entry.get("namespaceSelector") {
            Some(selector) => matches(selector, &self.namespace_labels(&pod["metadata"]["namespace"])),
            None => pod["metadata"]["namespace"] == *policy_namespace,
        };
        let pod_fits = entry.get("podSelector").is_none_or(|selector| matches(selector, &pod["metadata"]["labels"]));
        namespace_fits && pod_fits
    }

    fn namespace_labels(self, name: &Value) -> Value {
        let stored = self.all("Namespace").find(|namespace| namespace["metadata"]["name"] == *name);
        let mut labels = stored.and_then(|namespace| namespace["metadata"]["labels"].as_object()).cloned();
        let labels = labels.get_or_insert_with(Map::new);
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
        Value::Object(labels.clone())
    }
}

fn on_host(pod: &Value) -> bool {
    pod["spec"]["hostNetwork"] == true
}

fn ips_of(pod: Option<&Value>) -> Vec<IpAddr> {
    let ips = pod.and_then(|pod| pod["status"]["podIPs"].as_array()).into_iter().flatten();
    ips.filter_map(|entry| entry["ip"].as_str()?.parse().ok()).collect()
}

fn applies_to(policy: &Value, direction: &str) -> bool {
    match policy["spec"]["policyTypes"].as_array() {
        Some(types) if !types.is_empty() => {
            types.iter().any(|given| given.as_str().is_some_and(|given| given.eq_ignore_ascii_case(direction)))
        }
        _ => direction == "ingress" || policy["spec"]["egress"].as_array().is_some_and(|rules| !rules.is_empty()),
    }
}

fn matches(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object();
    let has_all = wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    let requirements = selector["matchExpressions"].as_array();
    has_all
        && requirements.into_iter().flatten().all(|requirement| {
            let value = labels.get(requirement["key"].as_str().unwrap_or_default());
            let listed = |value: &Value| requirement["values"].as_array().is_some_and(|values| values.contains(value));
            match requirement["operator"].as_str() {
                Some("In") => value.is_some_and(listed),
                Some("NotIn") => !value.is_some_and(listed),
                Some("Exists") => value.is_some(),
                Some("DoesNotExist") => value.is_none(),
                _ => false,
            }
        })
}

fn inside(range: &Value, ip: IpAddr) -> bool {
    let (network, length) = range.as_str().and_then(|text| text.split_once('/')).expect("a range");
    let network: IpAddr = network.parse().expect("an address");
    let length: u32 = length.parse().expect("a length");
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)) << 96,
        IpAddr::V6(ip) => u128::from(ip),
    };
    network.is_ipv6() == ip.is_ipv6() && (length == 0 || (bits(network) ^ bits(ip)) >> (128 - length) == 0)
}

/// Whether the destination has a port of that name with the number and protocol of the connection.
fn has_named_port(destination: End, name: &Value, port: Port) -> bool {
    let Some(pod) = destination.pod.filter(|pod| !on_host(pod)) else { return false };
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let sidecars = pod["spec"]["initContainers"].as_array().into_iter().flatten();
    let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
    containers.chain(sidecars).flat_map(|container| container["ports"].as_array().into_iter().flatten()).any(|entry| {
        entry["name"] == *name && entry["containerPort"] == port.number && entry["protocol"] == port.protocol
    })
}

fn policy_port(entry: &Value, destination: End, port: Port) -> bool {
    if entry["protocol"].as_str().unwrap_or("TCP") != port.protocol {
        return false;
    }
    match &entry["port"] {
        Value::Null => true,
        Value::String(_) => has_named_port(destination, &entry["port"], port),
        first => {
            let first = first.as_u64().unwrap_or(0);
            first <= port.number && port.number <= entry["endPort"].as_u64().unwrap_or(first)
        }
    }
}

fn admin_port(entry: &Value, destination: End, port: Port) -> bool {
    for field in ["namedPort", "destinationNamedPort"] {
        if entry.get(field).is_some() {
            return has_named_port(destination, &entry[field], port);
        }
    }
    if let Some(one) = entry.get("portNumber") {
        return one["protocol"] == port.protocol && one["port"] == port.number;
    }
    if let Some(range) = entry.get("portRange") {
        let number = port.number;
        let first = range["start"].as_u64().unwrap_or(0);
        return range["protocol"] == port.protocol && first <= number && number <= range["end"].as_u64().unwrap_or(0);
    }
    let Some(ports) = entry.get(port.protocol.to_lowercase()) else { return false };
    let Some(wanted) = ports.get("destinationPort") else { return true };
    match wanted.get("range") {
        Some(range) => {
            let first = range["start"].as_u64().unwrap_or(0);
            first <= port.number && port.number <= range["end"].as_u64().unwrap_or(0)
        }
        None => wanted["number"] == port.number,
    }
}
