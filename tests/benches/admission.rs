//! How many objects a second are decoded strictly, defaulted and validated: the creates of the recorded answers of
//! kube-apiserver, from their text. `tests/reference/run benchmark` measures Kubernetes' own functions on the same ones.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use portolan::admission::check;
use portolan_base::json;
use portolan_tests::lines;
use std::hint::black_box;

fn admission(criterion: &mut Criterion) {
    let creates = |kind: Option<&str>| -> Vec<String> {
        let records = lines("kube-apiserver.jsonl.gz").into_iter().skip(1);
        records
            .filter(|record| record["op"] == "create" && kind.is_none_or(|kind| record["kind"] == kind))
            .map(|record| record["input"].to_string())
            .collect()
    };
    let mut group = criterion.benchmark_group("admission");
    let kinds = ["Service", "Endpoints", "EndpointSlice", "Ingress", "IngressClass", "NetworkPolicy"];
    for kind in [None].into_iter().chain(kinds.map(Some)) {
        let texts = creates(kind);
        group.throughput(Throughput::Elements(texts.len() as u64));
        group.bench_function(kind.unwrap_or("every kind"), |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    let found = json::read(black_box(text)).map(|node| check(&node));
                    drop(black_box(found));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, admission);
criterion_main!(benches);
