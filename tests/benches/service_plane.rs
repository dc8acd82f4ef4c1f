//! How long the tables of Services take to build, to ask and to follow a changed Pod, with 1,000 and 10,000 Services of ten
//! endpoints each; and how much memory they take, as the process's resident set tells it.

#![expect(missing_docs, reason = "criterion_group! makes a function without any")]

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group};
use portolan::api::node::{Node, NodeAddress, NodeCondition};
use portolan::api::pod::{Container, ContainerPort, Pod, PodCondition, PodIP};
use portolan::api::resource::{ObjectKey, Resource};
use portolan::api::service::{Service, ServicePort};
use portolan::ask;
use portolan::cluster::Options;
use portolan::dns::{self, RecordType, Zone};
use portolan::endpoints::EndpointsTable;
use portolan::engine::Engine;
use portolan::net::{Family, Protocol};
use portolan::proxy::NodeTable;
use portolan::proxy::decision::{Client, Destination, Packet};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

const SIZES: [usize; 2] = [1_000, 10_000];
const PODS_OF_A_SERVICE: usize = 10;
const NODES: usize = 100;
const NAMESPACES: usize = 50;

fn namespace(service: usize) -> String {
    format!("ns-{}", service % NAMESPACES)
}

fn address(first: u8, number: usize) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(first) << 24) + u32::try_from(number).unwrap_or(0) + 256)
}

fn node(number: usize) -> Resource {
    let mut node = Node::default();
    node.metadata.name = format!("n{number}");
    node.metadata.labels.insert("topology.kubernetes.io/zone".to_owned(), format!("z{}", number % 3));
    let ip = format!("192.168.{}.{}", number / 200, number % 200 + 1);
    node.status.addresses.push(NodeAddress { r#type: "InternalIP".to_owned(), address: ip });
    node.status.conditions.push(NodeCondition { r#type: "Ready".to_owned(), status: "True".to_owned() });
    Resource::Node(Box::new(node))
}

fn service(number: usize) -> Resource {
    let mut service = Service::default();
    service.metadata.name = format!("service-{number}");
    service.metadata.namespace = namespace(number);
    let spec = &mut service.spec;
    spec.r#type = "NodePort".to_owned();
    spec.cluster_ip = address(10, number).to_string();
    spec.cluster_ips = Some(vec![spec.cluster_ip.clone()]);
    spec.ip_families = Some(vec!["IPv4".to_owned()]);
    spec.selector = Some([("app".to_owned(), format!("app-{number}"))].into());
    spec.ports = Some(vec![ServicePort {
        name: "http".to_owned(),
        protocol: "TCP".to_owned(),
        port: 80,
        node_port: i32::try_from(30_000 + number).unwrap_or(0),
        target_port: portolan::api::meta::IntOrString::String("http".to_owned()),
        ..ServicePort::default()
    }]);
    Resource::Service(Box::new(service))
}

fn pod(number: usize, ready: bool) -> Resource {
    let mut pod = Pod::default();
    let service = number / PODS_OF_A_SERVICE;
    pod.metadata.name = format!("app-{service}-{}", number % PODS_OF_A_SERVICE);
    pod.metadata.namespace = namespace(service);
    pod.metadata.labels.insert("app".to_owned(), format!("app-{service}"));
    pod.metadata.labels.insert("tier".to_owned(), "backend".to_owned());
    pod.metadata.uid = format!("uid-{number}");
    pod.spec.node_name = format!("n{}", number % NODES);
    let port = ContainerPort {
        name: "http".to_owned(),
        container_port: 8080,
        protocol: "TCP".to_owned(),
        ..ContainerPort::default()
    };
    pod.spec.containers.push(Container { name: "c".to_owned(), ports: vec![port], ..Container::default() });
    pod.status.phase = "Running".to_owned();
    pod.status.pod_ip = address(11, number).to_string();
    pod.status.pod_ips.push(PodIP { ip: pod.status.pod_ip.clone() });
    let status = if ready { "True" } else { "False" };
    pod.status.conditions.push(PodCondition { r#type: "Ready".to_owned(), status: status.to_owned() });
    Resource::Pod(Box::new(pod))
}

fn engine(services: usize) -> Engine {
    let mut engine = Engine::new(Options::default());
    let nodes = (0..NODES).map(node);
    let pods = (0..services * PODS_OF_A_SERVICE).map(|number| pod(number, true));
    engine.insert_all(nodes.chain((0..services).map(service)).chain(pods).map(|resource| (resource, None)));
    engine
}

fn build(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10);
    for services in SIZES {
        let engine = engine(services);
        let endpoints = engine.endpoints();
        group.throughput(Throughput::Elements(services as u64));
        group.bench_function(BenchmarkId::new("endpoints", services), |bencher| {
            bencher.iter(|| black_box(EndpointsTable::compile(engine.cluster())));
        });
        group.bench_function(BenchmarkId::new("node_table", services), |bencher| {
            bencher.iter(|| black_box(NodeTable::compile(engine.cluster(), endpoints, "n1")));
        });
        group.bench_function(BenchmarkId::new("zone", services), |bencher| {
            bencher.iter(|| black_box(Zone::compile(engine.cluster(), endpoints)));
        });
    }
}

fn backends(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("backends");
    for services in SIZES {
        let engine = engine(services);
        let table = engine.node_table("n1");
        let mut number = 0;
        let mut next = || {
            number = (number + 7919) % services;
            number
        };
        group.bench_function(BenchmarkId::new("decide_cluster_ip", services), |bencher| {
            bencher.iter(|| {
                let to = Destination::Address(IpAddr::V4(address(10, next())), 80);
                let packet = Packet { to, protocol: Protocol::Tcp, from: Client::Anybody, cluster_cidr: &[] };
                black_box(table.decide(&packet).to.len())
            });
        });
        group.bench_function(BenchmarkId::new("decide_node_port", services), |bencher| {
            bencher.iter(|| {
                let port = u16::try_from(30_000 + next()).unwrap_or(0);
                let to = Destination::NodePort(Family::V4, port);
                let packet = Packet { to, protocol: Protocol::Tcp, from: Client::Anybody, cluster_cidr: &[] };
                black_box(table.decide(&packet).to.len())
            });
        });
        group.bench_function(BenchmarkId::new("question_as_text", services), |bencher| {
            bencher.iter(|| {
                let ip = address(10, next());
                let question = format!(r#"{{"ask":"backends","node":"n1","to":{{"ip":"{ip}","port":80}}}}"#);
                black_box(ask::answer_text(&engine, &question).len())
            });
        });
    }
}

fn resolve(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resolve");
    for services in SIZES {
        let engine = engine(services);
        let zone = engine.zone();
        let mut number = 0;
        let mut next = || {
            number = (number + 7919) % services;
            number
        };
        group.bench_function(BenchmarkId::new("service", services), |bencher| {
            bencher.iter(|| {
                let number = next();
                let name = format!("service-{number}.{}.svc.cluster.local.", namespace(number));
                black_box(zone.ask(&name, RecordType::A).records.len())
            });
        });
        group.bench_function(BenchmarkId::new("reverse", services), |bencher| {
            bencher.iter(|| {
                let name = dns::name::reverse(IpAddr::V4(address(11, next() * PODS_OF_A_SERVICE)));
                black_box(zone.ask(&name, RecordType::Ptr).records.len())
            });
        });
    }
}

fn changed_pod(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("changed_pod");
    for services in SIZES {
        let mut engine = engine(services);
        let _ = (engine.endpoints(), engine.node_table("n1"));
        let mut number = 0;
        let _ = engine.zone();
        group.bench_function(BenchmarkId::new("endpoints_zone_and_node_table", services), |bencher| {
            bencher.iter_batched(
                || {
                    number += 1;
                    pod(number * 7919 % (services * PODS_OF_A_SERVICE), number % 2 == 0)
                },
                |pod| engine.insert(pod, None),
                BatchSize::SmallInput,
            );
        });
    }
}

/// What the tables take, once each, in the order that they are built in.
fn memory() {
    for services in SIZES {
        let start = resident();
        let began = Instant::now();
        let engine = engine(services);
        let (objects, loading) = (resident(), began.elapsed());
        let key = ObjectKey::new(namespace(0), "service-0");
        assert_eq!(engine.endpoints().slices(&key).len(), 1);
        let endpoints = resident();
        assert!(engine.node_table("n1").ports().next().is_some());
        let table = resident();
        assert_eq!(engine.zone().ask("cluster.local.", RecordType::A).records, []);
        let zone = resident();
        println!(
            "memory/{services}: objects {} MiB (loaded in {loading:?}), endpoints {} MiB, one node's table {} MiB, zone {} MiB",
            objects.saturating_sub(start) >> 20,
            endpoints.saturating_sub(objects) >> 20,
            table.saturating_sub(endpoints) >> 20,
            zone.saturating_sub(table) >> 20,
        );
    }
}

/// The resident set in bytes, where the system tells it (Linux).
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    resident.unwrap_or_default() * 4096
}

criterion_group!(benches, build, backends, resolve, changed_pod);

fn main() {
    memory();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
