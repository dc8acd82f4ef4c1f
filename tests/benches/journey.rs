//! The main journey on a cluster of 1,520 objects: reading them, checking them, and one question of each kind.

#![expect(missing_docs, reason = "criterion_group! makes a function without any")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portolan::ask::answer_text;
use portolan::cluster::Options;
use portolan::load::{File, LoadMode, load};
use portolan_tests::{generate, yaml};
use std::hint::black_box;

/// 1,000 pods, and in the proportion of a real cluster their Services, policies, Ingresses and namespaces.
fn file() -> File {
    File { name: "cluster.yaml".into(), text: yaml::documents(&generate::cluster(1, 1_000)).into() }
}

fn reading(criterion: &mut Criterion) {
    let file = file();
    let objects = portolan_yaml::read(&file.text).len();
    let mut group = criterion.benchmark_group("read");
    group.throughput(Throughput::Elements(objects as u64)).sample_size(20);
    group.bench_function("documents", |bencher| bencher.iter(|| portolan_yaml::read(black_box(&file.text))));
    group.bench_function("stored", |bencher| {
        bencher.iter(|| load(std::slice::from_ref(&file), Options::default(), LoadMode::Stored))
    });
    group.bench_function("admitted", |bencher| {
        bencher.iter(|| load(std::slice::from_ref(&file), Options::default(), LoadMode::Admitted))
    });
    group.bench_function("checked", |bencher| {
        bencher.iter(|| load(std::slice::from_ref(&file), Options::default(), LoadMode::Admitted).check())
    });
    group.finish();
}

fn asking(criterion: &mut Criterion) {
    let loaded = load(&[file()], Options::default(), LoadMode::Admitted);
    let cluster = loaded.engine.cluster();
    let (service_key, service) = cluster.services.iter().next().unwrap_or_else(|| std::process::abort());
    let (pod_key, pod) = cluster.pods.iter().next().unwrap_or_else(|| std::process::abort());
    let pod = (format!(r#"{{"namespace":"{}","pod":"{}"}}"#, pod_key.namespace, pod_key.name), &pod.status.pod_ip);
    let (namespace, name) = (&service_key.namespace, &service_key.name);
    let ip = &service.spec.cluster_ip;
    let port = service.ports().first().map_or(80, |port| port.port);
    let questions = [
        ("endpoints", format!(r#"{{"ask":"endpoints","service":{{"namespace":"{namespace}","name":"{name}"}}}}"#)),
        ("backends", format!(r#"{{"ask":"backends","node":"n1","to":{{"ip":"{ip}","port":{port},"protocol":"TCP"}}}}"#)),
        ("resolve", format!(r#"{{"ask":"resolve","name":"{name}.{namespace}.svc.cluster.local","type":"A"}}"#)),
        ("env", format!(r#"{{"ask":"env","pod":{{"namespace":"{}","name":"{}"}}}}"#, pod_key.namespace, pod_key.name)),
        ("hosts", format!(r#"{{"ask":"hosts","pod":{{"namespace":"{}","name":"{}"}}}}"#, pod_key.namespace, pod_key.name)),
        ("route", r#"{"ask":"route","url":"http://team-0.example.com/cart"}"#.to_owned()),
        ("verdict", format!(r#"{{"ask":"verdict","from":{},"to":{{"ip":"{}"}},"port":80,"protocol":"TCP"}}"#, pod.0, pod.1)),
        ("trace", format!(r#"{{"ask":"trace","from":{},"url":"http://{name}.{namespace}:{port}/"}}"#, pod.0)),
        ("read", r#"{"ask":"read","text":"a: yes\n---\nb: [1, 2]\n"}"#.to_owned()),
        (
            "admit",
            r#"{"ask":"admit","operation":"CREATE","object":{"apiVersion":"v1","kind":"Service","metadata":{"name":"x","namespace":"default"},"spec":{"ports":[{"port":80}]}}}"#
                .to_owned(),
        ),
    ];
    let mut group = criterion.benchmark_group("ask");
    for (kind, question) in questions {
        group.bench_function(kind, |bencher| bencher.iter(|| answer_text(&loaded.engine, black_box(&question))));
    }
    group.finish();
}

criterion_group!(benches, reading, asking);
criterion_main!(benches);
