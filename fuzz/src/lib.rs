//! The cluster that the fuzz targets ask about: the cluster of the recorded answers of kube-apiserver, with pods and a node.

use flate2::read::GzDecoder;
use portolan::api::resource::{Kind, read};
use portolan::cluster::Options;
use portolan::engine::Engine;
use portolan::manifest::objects;
use portolan_base::json;
use portolan_base::tree::Node;
use std::io::Read as _;

/// The recorded answers of kube-apiserver.
const RECORDED: &[u8] = include_bytes!("../../tests/vectors/kube-apiserver.jsonl.gz");

/// Objects that the recording's cluster lacks: a node, and pods behind its Services.
const MORE: &str = r#"
{apiVersion: v1, kind: Node, metadata: {name: n1, labels: {topology.kubernetes.io/zone: a}}, status: {addresses: [{type: InternalIP, address: 192.168.50.11}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default, labels: {app: a, role: db}}, spec: {nodeName: n1, containers: [{name: c, image: i, ports: [{name: http, containerPort: 8080}]}]}, status: {phase: Running, podIP: 10.244.0.7, podIPs: [{ip: 10.244.0.7}, {ip: "fd00::7"}], conditions: [{type: Ready, status: "True"}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default}, spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}
"#;

/// The text of the recording, a JSON value a line.
pub fn recorded() -> String {
    let mut text = String::new();
    GzDecoder::new(RECORDED).read_to_string(&mut text).expect("the recording is gzip");
    text
}

/// An engine with the cluster.
pub fn engine() -> Engine {
    let ranges = "10.0.0.0/16,fd00:10::/108".split(',').map(|range| range.parse().expect("a range"));
    let mut engine = Engine::new(Options { service_cluster_ip_range: ranges.collect(), ..Options::default() });
    let text = recorded();
    let header = json::read(text.lines().next().expect("a first line")).expect("JSON");
    let stored = header.get("cluster").map(Node::items).unwrap_or_default().to_vec();
    let all = stored.into_iter().chain(objects(MORE).into_iter().flatten());
    let word = |node: &Node, name: &str| node.get(name).and_then(Node::as_str).unwrap_or_default().to_owned();
    engine.insert_all(all.filter_map(|node| {
        let kind = Kind::of(&word(&node, "apiVersion"), &word(&node, "kind"))?;
        Some((read(kind, &node).0, None))
    }));
    engine
}
