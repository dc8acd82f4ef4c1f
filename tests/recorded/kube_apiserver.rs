//! The answers of kube-apiserver to every recorded create and update, with a score for each kind.
//!
//! Not compared, because it is not a decision of the server: the order of errors that come out of a map, that of unknown fields and of several values
//! of a wrong type (the recording has the members of an input sorted, the server had them in another order), the name made
//! from `generateName`, the addresses and node ports that the server drew, in objects and in messages, and whether an
//! update of Endpoints found them there (the recorder took away what was stored, and an update of Endpoints that are gone
//! creates them).

use portolan::cluster::Options;
use portolan::engine::Engine;
use portolan_tests::{Score, answer, lines, resource};
use serde_json::{Map, Value, json};
use std::net::IpAddr;

const KINDS: [(&str, &str); 6] = [
    ("Service", "kube-apiserver-Service"),
    ("Endpoints", "kube-apiserver-Endpoints"),
    ("EndpointSlice", "kube-apiserver-EndpointSlice"),
    ("Ingress", "kube-apiserver-Ingress"),
    ("IngressClass", "kube-apiserver-IngressClass"),
    ("NetworkPolicy", "kube-apiserver-NetworkPolicy"),
];

#[test]
fn answered_as_recorded() {
    let records = lines("kube-apiserver.jsonl.gz");
    let (header, records) = records.split_first().expect("a recording has a first line");
    let server = Server::of(header);
    let mut short = Vec::new();
    for (kind, recording) in KINDS {
        let mut score = Score::new(recording);
        for record in records.iter().filter(|record| record["kind"] == kind) {
            server.hold(record, &mut score);
        }
        if let Err(failure) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| score.finish())) {
            short.push(failure);
        }
    }
    assert!(short.is_empty(), "{} kinds have fewer right answers than noted", short.len());
}

/// Services crossed with each other: changes of type, policy, families, addresses and node ports, on clusters with ranges
/// of both families, of one, and with IPv6 first. A line with a cluster begins the records of that cluster.
#[test]
fn services_are_changed_as_recorded() {
    several_clusters("kube-apiserver-services");
}

/// Corners that no random question came to, found by the coverage of the real server: objects that are being deleted,
/// updates of what is not there, what old servers stored, resource versions, limits, times, addresses and letters.
#[test]
fn corners_are_answered_as_recorded() {
    several_clusters("kube-apiserver-corners");
}

fn several_clusters(recording: &'static str) {
    let mut score = Score::new(recording);
    let mut server = None;
    for line in lines(&format!("{recording}.jsonl.gz")) {
        match &server {
            Some(server) if line.get("cluster").is_none() => Server::hold(server, &line, &mut score),
            _ => server = Some(Server::of(&line)),
        }
    }
    score.finish();
}

/// The server of a recording: its cluster and its ranges.
struct Server {
    engine: Engine,
    ranges: Vec<Range>,
}

impl Server {
    fn of(header: &Value) -> Self {
        let ranges = text(header, "serviceClusterIPRange").split(',');
        let options = Options {
            service_cluster_ip_range: ranges.clone().map(|range| range.parse().expect("a range")).collect(),
            ..Options::default()
        };
        let mut engine = Engine::new(options);
        engine.insert_all(header["cluster"].as_array().into_iter().flatten().map(|object| (resource(object), None)));
        Server { engine, ranges: ranges.map(Range::read).collect() }
    }

    /// Holds our answer against the recorded one.
    fn hold(&self, record: &Value, score: &mut Score) {
        let operation = if record["op"] == "create" { "CREATE" } else { "UPDATE" };
        let question =
            json!({"ask": "admit", "operation": operation, "object": record["input"], "oldObject": record["old"]});
        let asked = |question: &Value| difference(record, &answer(&self.engine, question), &self.ranges);
        let mut difference = asked(&question);
        if difference.is_some() && record["code"] == 400 {
            // Which of several faults is met first depends on the order of the members, which the recording lost.
            let equal = other_orders(&question).find(|question| asked(question).is_none());
            difference = difference.filter(|_| equal.is_none());
        }
        score.case(difference.is_none(), || {
            format!("{} {operation} {}\n{}", text(record, "id"), record["input"], difference.unwrap_or_default())
        });
    }
}

/// What differs, or nothing.
fn difference(record: &Value, ours: &Value, ranges: &[Range]) -> Option<String> {
    let mut code = record["code"].clone();
    if record["kind"] == "Endpoints" && record["op"] == "update" && code == 201 && record.get("old").is_some() {
        code = json!(200);
    }
    let differs = |what: &str, recorded: &Value, ours: &Value| {
        (recorded != ours).then(|| format!("{what}\nrecorded {recorded}\nours     {ours}"))
    };
    differs("code", &code, &ours["code"])
        .or_else(|| {
            let (mut recorded, mut ours) = (record["status"].clone(), ours["status"].clone());
            if made_up_name(record) {
                give_name(&mut recorded);
                give_name(&mut ours);
            }
            let given = format!("{}{}", record["input"], record["old"]);
            mask_drawn(&mut recorded, &given, ranges);
            mask_drawn(&mut ours, &given, ranges);
            differs("status", &settled(recorded), &settled(ours))
        })
        .or_else(|| {
            let (mut recorded, mut ours) = (record["object"].clone(), ours["object"].clone());
            // A Namespace has it as a label too.
            for name in ["/metadata/name", "/metadata/labels/kubernetes.io~1metadata.name"] {
                if made_up_name(record)
                    && let Some(name) = ours.pointer_mut(name)
                {
                    *name = recorded["metadata"]["name"].clone();
                }
            }
            take_drawn(record, &recorded, &mut ours, ranges);
            drop_empty(&mut recorded);
            drop_empty(&mut ours);
            differs("object", &recorded, &ours)
        })
        .or_else(|| {
            let recorded = record["warnings"].as_array().into_iter().flatten();
            let recorded: Vec<Value> = recorded.map(|header| Value::String(warning(header))).collect();
            differs("warnings", &Value::Array(recorded), &ours["warnings"])
        })
}

/// The text of a `Warning` header: `299 - "…"` without its code and agent, and without the backslashes of its quotes.
fn warning(header: &Value) -> String {
    let quoted = header.as_str().and_then(|header| header.strip_prefix("299 - \"")?.strip_suffix('"'));
    let mut text = String::new();
    let mut escaped = false;
    for character in quoted.expect("a warning header").chars() {
        if character == '\\' && !escaped {
            escaped = true;
        } else {
            text.push(character);
            escaped = false;
        }
    }
    text
}

/// Whether the server made up the name.
fn made_up_name(record: &Value) -> bool {
    let metadata = &record["input"]["metadata"];
    metadata["generateName"].as_str().is_some_and(|prefix| !prefix.is_empty())
        && metadata["name"].as_str().is_none_or(str::is_empty)
}

/// Puts one name in the place of the one that was made up.
fn give_name(status: &mut Value) {
    let Some(name) = status["details"]["name"].as_str().map(str::to_owned).filter(|name| !name.is_empty()) else {
        return;
    };
    let text = status.to_string().replace(&name, "NAME");
    *status = serde_json::from_str(&text).expect("a name has no quotes");
}

/// Puts one word in the place of every address and node port that the server drew: one in its ranges that the request does
/// not name.
fn mask_drawn(status: &mut Value, given: &str, ranges: &[Range]) {
    match status {
        Value::String(text) => {
            let is_drawn =
                |part: &str| ranges.iter().any(|range| range.contains(part)) && !given.contains(&format!("\"{part}\""));
            let parts = text.split('"').map(|part| if is_drawn(part) { "DRAWN" } else { part });
            let parts = parts.collect::<Vec<&str>>().join("\"");
            let is_drawn = |part: &str| {
                part.parse().is_ok_and(|port| (30000..=32767_u32).contains(&port)) && !given.contains(part)
            };
            let between = |character: char| !character.is_ascii_digit();
            let parts = parts.split_inclusive(between).map(|part| match part.trim_end_matches(between) {
                number if is_drawn(number) => part.replace(number, "DRAWN"),
                _ => part.to_owned(),
            });
            *text = parts.collect();
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_drawn(item, given, ranges)),
        Value::Object(members) => members.values_mut().for_each(|member| mask_drawn(member, given, ranges)),
        _ => {}
    }
}

/// The question with one member of the object's specification before all others, for each in turn.
fn other_orders(question: &Value) -> impl Iterator<Item = Value> {
    let spec = question["object"]["spec"].as_object().cloned().unwrap_or_default();
    spec.clone().into_iter().map(move |(name, value)| {
        let mut question = question.clone();
        let rest = spec.clone().into_iter().filter(|(other, _)| *other != name);
        question["object"]["spec"] = std::iter::once((name.clone(), value)).chain(rest).collect();
        question
    })
}

/// Orders the causes that come out of a map, the texts of a message that has such, and unknown fields.
fn settled(mut status: Value) -> Value {
    if let Some((start, list)) = text(&status, "message").split_once("strict decoding error: ") {
        let mut parts: Vec<&str> = list.split(", ").collect();
        parts.sort_unstable();
        status["message"] = json!([start, parts]);
        return status;
    }
    let of_map = |cause: &Value| {
        let field = text(cause, "field");
        [".labels", ".annotations", ".selector", ".matchLabels"].iter().any(|suffix| field.ends_with(suffix))
    };
    let Some(causes) = status.pointer_mut("/details/causes").and_then(Value::as_array_mut) else { return status };
    if !causes.iter().any(of_map) {
        return status;
    }
    for run in causes.chunk_by_mut(|one, other| of_map(one) && one["field"] == other["field"]) {
        run.sort_by_key(Value::to_string);
    }
    let message = text(&status, "message");
    let (start, list) = message.split_once(": ").expect("a message with causes");
    let mut parts: Vec<&str> = list.trim_start_matches('[').trim_end_matches(']').split(", ").collect();
    parts.sort_unstable();
    status["message"] = json!([start, parts]);
    status
}

/// Where the server drew an address or a node port, ours has to be one that it could have drawn, and is then made the
/// server's.
fn take_drawn(record: &Value, recorded: &Value, ours: &mut Value, ranges: &[Range]) {
    let Some(ours) = ours.get_mut("spec").filter(|_| record["kind"] == "Service") else { return };
    let recorded = &recorded["spec"];
    let given = [&record["input"]["spec"], &record["old"]["spec"]];
    let given_text = format!("{}{}", given[0], given[1]);
    let range_of = |address: &Value| ranges.iter().find(|range| range.contains(address.as_str().unwrap_or_default()));
    let drawn = |recorded: &Value, ours: &Value| {
        let range = range_of(recorded);
        range.is_some() && !given_text.contains(&recorded.to_string()) && range_of(ours) == range
    };
    if let Some(ours) = ours.get_mut("clusterIP")
        && drawn(&recorded["clusterIP"], ours)
    {
        *ours = recorded["clusterIP"].clone();
    }
    for (recorded, ours) in pairs(recorded, ours, "clusterIPs") {
        if drawn(recorded, ours) {
            *ours = recorded.clone();
        }
    }
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    let given_ports: Vec<i64> = given
        .iter()
        .flat_map(|spec| {
            let of_ports = spec["ports"].as_array().into_iter().flatten().map(|port| number(&port["nodePort"]));
            of_ports.chain([number(&spec["healthCheckNodePort"])])
        })
        .collect();
    let drawn = |recorded: &Value, ours: &Value| {
        let of_range = |port: &Value| (30000..=32767).contains(&number(port));
        of_range(recorded) && of_range(ours) && !given_ports.contains(&number(recorded))
    };
    if let Some(ours) = ours.get_mut("healthCheckNodePort")
        && drawn(&recorded["healthCheckNodePort"], ours)
    {
        *ours = recorded["healthCheckNodePort"].clone();
    }
    for (recorded, ours) in pairs(recorded, ours, "ports") {
        if let Some(ours) = ours.get_mut("nodePort")
            && drawn(&recorded["nodePort"], ours)
        {
            *ours = recorded["nodePort"].clone();
        }
    }
}

/// The elements of a list of both, side by side.
fn pairs<'a>(
    recorded: &'a Value,
    ours: &'a mut Value,
    member: &str,
) -> impl Iterator<Item = (&'a Value, &'a mut Value)> {
    let ours = ours.get_mut(member).and_then(Value::as_array_mut);
    recorded[member].as_array().into_iter().flatten().zip(ours.into_iter().flatten())
}

/// The recorder left out metadata that says nothing.
fn drop_empty(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let kept = |value: &Value| !value.is_null() && value.as_object().is_none_or(|members| !members.is_empty());
        let taken: Map<String, Value> = std::mem::take(metadata);
        metadata.extend(taken.into_iter().filter(|(_, value)| kept(value)));
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// A range of service addresses.
#[derive(PartialEq)]
struct Range {
    first: IpAddr,
    prefix: u32,
}

impl Range {
    fn read(text: &str) -> Self {
        let (first, prefix) = text.split_once('/').expect("a range");
        Range { first: first.parse().expect("an address"), prefix: prefix.parse().expect("a length") }
    }

    fn contains(&self, address: &str) -> bool {
        match (self.first, address.parse()) {
            (IpAddr::V4(first), Ok(IpAddr::V4(address))) => {
                (u32::from(first) ^ u32::from(address)) >> (32 - self.prefix) == 0
            }
            (IpAddr::V6(first), Ok(IpAddr::V6(address))) => {
                (u128::from(first) ^ u128::from(address)) >> (128 - self.prefix) == 0
            }
            _ => false,
        }
    }
}
