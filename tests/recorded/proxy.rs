//! The tables of kube-proxy (nftables mode) on every node of the recorded clusters, compared with `backends`: every row is asked about
//! as an outside client would, and Portolan must have no other row.

use portolan::engine::Engine;
use portolan::net::Protocol;
use portolan::proxy::decision::Destination;
use portolan_tests::{Score, answer, engine, files, inputs};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An outside client that is in none of the recordings' source ranges.
const OUTSIDE: [&str; 2] = ["192.0.2.200", "2001:db8:ffff::1"];

#[test]
fn sent_on_as_recorded() {
    let mut score = Score::new("cluster-proxy");
    for (file, cluster) in files("cluster-") {
        let engine = engine(inputs(&cluster));
        for (node, families) in cluster["proxy"].as_object().into_iter().flatten() {
            let mut recorded = BTreeSet::new();
            for (family, rows) in families.as_object().into_iter().flatten() {
                let rows = rows.as_array().map_or(&[][..], Vec::as_slice);
                for row in rows {
                    recorded.insert(address(row, family));
                    for (question, expected) in questions(row, rows, node, family) {
                        let answered = answer(&engine, &question);
                        let ours = seen(&answered, &expected);
                        score.case(ours == expected, || {
                            format!("{file} {question}\nours     {ours}\nrecorded {expected}\n{answered}")
                        });
                    }
                }
            }
            let ours = addresses(&engine, node);
            score.case(ours == recorded, || {
                let difference: Vec<_> = ours.symmetric_difference(&recorded).collect();
                format!("{file} {node}: addresses {difference:?}")
            });
        }
    }
    score.finish();
}

/// What to ask for a row, and the members of the answer that the row tells.
fn questions(row: &Value, rows: &[Value], node: &str, family: &str) -> Vec<(Value, Value)> {
    let mut to = json!({"protocol": row["protocol"]});
    let port = row.get("nodePort").is_some();
    for name in if port { ["nodePort", "ipFamily"] } else { ["ip", "port"] } {
        to[name] = if name == "ipFamily" { json!(family) } else { row[name].clone() };
    }
    let ask = |from: Option<&str>| {
        let mut question = json!({"ask": "backends", "node": node, "to": to});
        if let Some(ip) = from {
            question["from"] = json!({"ip": ip});
        }
        question
    };
    let same = |other: &&Value| address(other, family) == address(row, family);
    let ranges = rows.iter().filter(same).find_map(|other| other.get("sourceRanges"));
    let outside = OUTSIDE[usize::from(family == "IPv6")];
    if let Some(verdict) = row.get("verdict") {
        return vec![(ask(None), json!({"verdict": verdict, "to": []}))];
    }
    if let Some(ranges) = row.get("sourceRanges") {
        return vec![(ask(Some(outside)), json!({"verdict": "drop", "to": [], "sourceRanges": ranges}))];
    }
    let mut expected = if row["to"].as_array().is_none_or(Vec::is_empty) {
        let verdict = rows.iter().filter(same).find_map(|other| other.get("verdict"));
        json!({"verdict": verdict, "to": []})
    } else {
        json!({"verdict": "forward", "to": recorded_endpoints(row, family), "affinitySeconds": row.get("affinitySeconds")})
    };
    if row["client"] == "pod" {
        return vec![(ask(None), expected)];
    }
    let inside = ranges.and_then(|ranges| ranges[0].as_str()?.split('/').next());
    if ranges.is_some() {
        expected["sourceRanges"] = json!(ranges);
    }
    vec![(ask(None), expected.clone()), (ask(Some(inside.unwrap_or(outside))), expected)]
}

/// A row's endpoints. With affinity each has a chain of its own that the recording read it from, and the names of chains
/// have dots for colons.
fn recorded_endpoints(row: &Value, family: &str) -> Value {
    let text = |endpoint: &Value| {
        let text = endpoint.as_str().unwrap_or_default();
        json!(if family == "IPv6" { text.replace('.', ":") } else { text.to_owned() })
    };
    row["to"].as_array().into_iter().flatten().map(text).collect()
}

/// The members of the answer that are expected, the endpoints as the recordings write them.
fn seen(answered: &Value, expected: &Value) -> Value {
    let mut seen = expected.clone();
    for (name, value) in seen.as_object_mut().into_iter().flatten() {
        *value = answered.get(name).cloned().unwrap_or_default();
    }
    let text = |backend: &Value| json!(format!("{}/{}", backend["ip"].as_str().unwrap_or("?"), backend["port"]));
    seen["to"] = answered["to"].as_array().into_iter().flatten().map(text).collect();
    seen
}

/// An address or node port as one text.
fn address(row: &Value, family: &str) -> String {
    match row.get("nodePort") {
        Some(port) => format!("{family} node port {port} {}", row["protocol"]),
        None => format!("{} {} {}", row["ip"], row["port"], row["protocol"]),
    }
}

/// All that the table of a node has rules for.
fn addresses(engine: &Engine, node: &str) -> BTreeSet<String> {
    let table = engine.node_table(node);
    let mut all = BTreeSet::new();
    for port in table.ports() {
        let protocol = match port.protocol {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        };
        for (_, destination) in port.destinations() {
            let (row, family) = match destination {
                Destination::Address(ip, port) => (json!({"ip": ip.to_string(), "port": port}), ""),
                Destination::NodePort(family, port) => (json!({"nodePort": port}), family.name()),
            };
            let mut row = row;
            row["protocol"] = json!(protocol);
            all.insert(address(&row, family));
        }
    }
    all
}
