//! How long network policies take to compile, to follow a change, to ask and to map, with namespaces of 25 pods, 5
//! applications and 6 policies each.

#![expect(missing_docs, reason = "criterion_group! makes a function without any")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use portolan::api::resource::Kind;
use portolan::net::Protocol;
use portolan::policy::{ConnectionMap, PodId, PolicyIndex, verdict::End};
use portolan_tests::{engine, generate};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

fn policies(criterion: &mut Criterion) {
    for pods in SIZES {
        let engine = engine(&generate::namespaces(1, pods));
        let cluster = engine.cluster();
        let index = PolicyIndex::compile(cluster);
        let mut group = criterion.benchmark_group("policies");
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("compile", pods), |bench| bench.iter(|| PolicyIndex::compile(cluster)));
        group.bench_function(BenchmarkId::new("map", pods), |bench| bench.iter(|| ConnectionMap::of(cluster, &index)));
        group.bench_function(BenchmarkId::new("follow a changed policy", pods), |bench| {
            let mut index = index.clone();
            let (key, policy) = cluster.network_policies.iter().next().expect("every namespace has policies");
            let mut without = cluster.clone();
            without.remove(Kind::NetworkPolicy, key);
            let mut with = without.clone();
            with.network_policies.insert(key.clone(), Arc::clone(policy));
            bench.iter(|| {
                index.object_changed(&without, Kind::NetworkPolicy, key)
                    && index.object_changed(&with, Kind::NetworkPolicy, key)
            });
        });
        group.finish();
        let numbers: Vec<PodId> = index.pods().collect();
        let mut chance = generate::Chance::new(9);
        let mut group = criterion.benchmark_group("verdict");
        group.bench_function(BenchmarkId::new("between pods", pods), |bench| {
            bench.iter_batched(
                || (End::Pod(*chance.one(&numbers)), End::Pod(*chance.one(&numbers))),
                |(from, to)| index.verdict(from, to, 8001, Protocol::Tcp),
                criterion::BatchSize::SmallInput,
            );
        });
        let outside = End::Address(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9)));
        group.bench_function(BenchmarkId::new("from outside", pods), |bench| {
            bench.iter_batched(
                || End::Pod(*chance.one(&numbers)),
                |to| index.verdict(black_box(outside), to, 8000, Protocol::Tcp),
                criterion::BatchSize::SmallInput,
            );
        });
        group.finish();
    }
}

criterion_group!(benches, policies);
criterion_main!(benches);
