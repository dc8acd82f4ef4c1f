//! What became of real requests in a little cluster of real components, held against `trace`: each ending that was seen has
//! to be among the endings of the answer, and no ending of the answer may be one that was never seen. The hops of the
//! likeliest ending are held against the same facts.
//!
//! What counts as right is in `vectors/JOURNEYS.md`: what listens in a pod, and where a name outside leads, is in no object.

use portolan::cluster::Options;
use portolan::engine::Engine;
use portolan_tests::{Score, answer, files, inputs, list, resource};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An endpoint: address and port.
type Door = (String, u64);

#[test]
fn requests_end_as_recorded() {
    let mut score = Score::new("journeys");
    for (file, recorded) in files("journeys-") {
        let cluster = Cluster::new(&recorded);
        for journey in list(&recorded, "journeys") {
            let question = json!({"ask": "trace", "from": journey["from"], "url": journey["url"]});
            let answered = answer(&cluster.engine, &question);
            let wrong = cluster.wrong(journey, &answered);
            score.case(wrong.is_none(), || {
                format!(
                    "{file} {question}\n  {}\n  seen {}\n  ours {}",
                    wrong.unwrap_or_default(),
                    journey["seen"],
                    brief(&answered)
                )
            });
        }
    }
    score.finish();
}

/// The endings of an answer without their hops.
fn brief(answered: &Value) -> Value {
    let ending = |ending: &Value| json!({"outcome": ending["outcome"], "to": ending["to"], "through": ending["through"], "sentence": ending["sentence"]});
    json!({"outcome": answered["outcome"], "sentence": answered["sentence"], "error": answered["error"],
        "endings": list(answered, "endings").iter().map(ending).collect::<Vec<_>>()})
}

/// A recorded cluster, loaded.
struct Cluster<'r> {
    recorded: &'r Value,
    engine: Engine,
}

impl<'r> Cluster<'r> {
    fn new(recorded: &'r Value) -> Self {
        let range = |name: &str| recorded[name].as_str().and_then(|range| range.parse().ok()).into_iter().collect();
        let options = Options {
            cluster_cidr: range("clusterCIDR"),
            service_cluster_ip_range: range("serviceClusterIPRange"),
            ..Options::default()
        };
        let mut engine = Engine::new(options);
        engine.insert_all(inputs(recorded).map(|object| (resource(object), None)));
        Cluster { recorded, engine }
    }

    /// What is wrong with an answer: `None` where nothing is.
    fn wrong(&self, journey: &Value, answered: &Value) -> Option<String> {
        let endings = list(answered, "endings");
        if endings.is_empty() {
            return Some("no endings".to_owned());
        }
        let affinity = self.has_affinity(answered);
        for seen in list(journey, "seen") {
            if !endings.iter().any(|ending| self.fits(journey, seen, ending)) {
                return Some(format!("no ending is {seen}"));
            }
        }
        for ending in endings.iter().chain([answered]) {
            if !list(journey, "seen").iter().any(|seen| self.fits(journey, seen, ending)) {
                return Some(format!("never seen: {} {}", ending["outcome"], ending["to"]));
            }
            if ending["outcome"] == "delivered" && ending.get("to").is_some() && !affinity {
                let met = self.doors_met(journey);
                let extra: Vec<_> = doors(&ending["to"]).into_iter().filter(|door| !met.contains(door)).collect();
                if !extra.is_empty() {
                    return Some(format!("nobody met {extra:?}"));
                }
            }
        }
        None
    }

    /// Whether a Service with session affinity is on the way: then which of its endpoints a client meets is chance.
    fn has_affinity(&self, answered: &Value) -> bool {
        let text = answered.to_string();
        list(self.recorded, "objects").iter().any(|object| {
            object["kind"] == "Service"
                && object["spec"]["sessionAffinity"] == "ClientIP"
                && text.contains(&format!(r#""name":{}"#, object["metadata"]["name"]))
        })
    }

    /// All doors that a journey's attempts came to, open or closed.
    fn doors_met(&self, journey: &Value) -> BTreeSet<Door> {
        let seen = list(journey, "seen").iter().filter_map(|seen| self.answering(seen));
        seen.chain(self.closed(journey)).collect()
    }

    /// Who answered.
    fn answering(&self, seen: &Value) -> Option<Door> {
        if seen["outcome"] != "answered" {
            return None;
        }
        match seen["pod"].as_str() {
            Some("outside-server") => {
                Some((self.recorded["outside"]["server"].as_str()?.to_owned(), seen["port"].as_u64()?))
            }
            Some(pod) => Some((self.address(pod)?, seen["port"].as_u64()?)),
            None => Some((self.recorded["apiserver"].as_str()?.to_owned(), 6443)),
        }
    }

    /// The doors at which an attempt knocked that the pod itself did not open.
    fn closed(&self, journey: &Value) -> BTreeSet<Door> {
        let knocked = list(journey, "failed").iter().flat_map(|failed| list(failed, "knocked"));
        let door = |knocked: &Value| {
            let (pod, port) = knocked.as_str()?.rsplit_once(':')?;
            let port: u64 = port.parse().ok()?;
            let open = list(&self.recorded["listening"], pod).iter().any(|open| open.as_u64() == Some(port));
            (!open).then(|| Some((self.address(pod)?, port)))?
        };
        knocked.filter_map(door).collect()
    }

    /// The address of a pod `NAMESPACE/NAME`.
    fn address(&self, pod: &str) -> Option<String> {
        let is = |object: &&Value| {
            let metadata = &object["metadata"];
            object["kind"] == "Pod"
                && pod.split_once('/') == metadata["namespace"].as_str().zip(metadata["name"].as_str())
        };
        let found = list(self.recorded, "objects").iter().find(is)?;
        Some(found["status"]["podIP"].as_str()?.to_owned())
    }

    /// Whether an ending says what was seen.
    fn fits(&self, journey: &Value, seen: &Value, ending: &Value) -> bool {
        let outcome = ending["outcome"].as_str().unwrap_or_default();
        let hops = list(ending, "hops");
        let behind_ingress = hops.iter().any(|hop| hop["hop"] == "ingress");
        let stopped = matches!(outcome, "refused" | "dropped" | "no-endpoint");
        let to = ending_doors(ending);
        let delivered = |door: &Door| outcome == "delivered" && to.contains(door);
        let closed = self.closed(journey);
        let host = host(journey);
        if self.is_outside_name(journey, hops) && seen["dns"] != "no-answer" {
            let isolated = hops.iter().any(|hop| hop["hop"] == "policy");
            if outcome == "unknown" || (outcome == "external" && !isolated) {
                return true;
            }
        }
        match seen["outcome"].as_str().unwrap_or_default() {
            "answered" if seen["pod"] == "outside-server" => {
                outcome == "external" || self.answering(seen).is_some_and(|door| delivered(&door))
            }
            "answered" => self.answering(seen).is_some_and(|door| delivered(&door)),
            "unresolved" => outcome == "unresolved" || (outcome == "unknown" && self.asks_the_node(journey)),
            "no-route" => (stopped && !behind_ingress) || outcome == "unknown",
            "controller" if seen["code"] == 404 => outcome == "not-found",
            "controller" if seen["code"] == 503 => {
                (behind_ingress && stopped) || (outcome == "delivered" && closed.iter().any(&delivered))
            }
            "controller" => outcome == "redirected",
            "tls-failure" | "reset" => outcome == "not-found" || (stopped && !behind_ingress),
            // The pod's port is closed, which no object says.
            "refused" if closed.iter().any(&delivered) => true,
            // The kernel says only so often that there is no route.
            "timeout" if list(journey, "seen").iter().any(|other| other["outcome"] == "no-route") => {
                (stopped && !behind_ingress) || outcome == "unknown"
            }
            "refused" | "timeout" => (stopped && !behind_ingress) || (outcome == "unknown" && self.is_node(&host)),
            other => panic!("an outcome nobody described: {other}"),
        }
    }

    /// Whether the name leads outside, where no object says what it is.
    fn is_outside_name(&self, journey: &Value, hops: &[Value]) -> bool {
        let host = host(journey);
        let external = |name: &str| {
            let name = name.trim_end_matches('.');
            (name.ends_with(".com") || name.ends_with(".net"))
                && !list(self.recorded, "objects").iter().any(|object| {
                    object["kind"] == "Ingress"
                        && list(&object["spec"], "rules").iter().any(|rule| {
                            let known = rule["host"].as_str().unwrap_or_default();
                            known == name || known.strip_prefix('*').is_some_and(|rest| name.ends_with(rest))
                        })
                })
        };
        let alias = hops.iter().any(|hop| {
            hop["hop"] == "dns"
                && list(&hop["answer"], "answers").iter().any(|record| {
                    let words: Vec<&str> = record.as_str().unwrap_or_default().split(' ').collect();
                    matches!(words[..], [_, "CNAME", name] if external(name))
                })
        });
        external(&host) || alias
    }

    /// Whether the pod asks its node's DNS, of which no object tells.
    fn asks_the_node(&self, journey: &Value) -> bool {
        let from = &journey["from"];
        list(self.recorded, "objects").iter().any(|object| {
            object["kind"] == "Pod"
                && object["metadata"]["name"] == from["pod"]
                && object["metadata"]["namespace"] == from["namespace"]
                && (object["spec"]["dnsPolicy"] == "Default"
                    || (object["spec"]["hostNetwork"] == true && object["spec"]["dnsPolicy"] == "ClusterFirst"))
        })
    }

    fn is_node(&self, host: &str) -> bool {
        host.starts_with("192.168.50.") || host.starts_with("192-168-50-")
    }
}

/// The host of a journey's URL.
fn host(journey: &Value) -> String {
    let url = journey["url"].as_str().unwrap_or_default();
    let authority = url.split("://").nth(1).unwrap_or(url).split('/').next().unwrap_or_default();
    authority.split(':').next().unwrap_or_default().to_owned()
}

/// The doors that an ending names: its own `to`, or what its hops name.
fn ending_doors(ending: &Value) -> BTreeSet<Door> {
    if ending.get("to").is_some() {
        return doors(&ending["to"]);
    }
    let hops = list(ending, "hops");
    let behind = hops.iter().rposition(|hop| hop["hop"] == "ingress").map_or(hops, |at| &hops[at + 1..]);
    let named = behind.iter().rev().find(|hop| hop["answer"].get("to").is_some());
    if let Some(hop) = named {
        return doors(&hop["answer"]["to"]);
    }
    let endpoint = behind.iter().find(|hop| hop["hop"] == "endpoint");
    endpoint.map(|hop| doors(&json!([hop["answer"]]))).unwrap_or_default()
}

fn doors(to: &Value) -> BTreeSet<Door> {
    let door = |one: &Value| Some((one["ip"].as_str()?.to_owned(), one["port"].as_u64()?));
    to.as_array().into_iter().flatten().filter_map(door).collect()
}
