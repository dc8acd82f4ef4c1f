//! How long a lookup takes in tables of 10, 1,000 and 100,000 rules: this table, the crate `matchit` (with host and path as
//! one route), and a scan of all rules; and how long the tables take to compile.

#![expect(missing_docs, reason = "criterion_group! makes a function without any")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use portolan::api::ingress::Ingress;
use portolan::api::resource::Resource;
use portolan::cluster::{Cluster, Options};
use portolan::ingress::{Controller, Request, RouteTable};
use std::hint::black_box;

const SIZES: [usize; 3] = [10, 1_000, 100_000];
const PATHS_OF_A_HOST: usize = 5;
const REQUESTS: usize = 512;

fn host(number: usize) -> String {
    format!("app{number}.shop{}.example.com", number % 97)
}

fn path(number: usize) -> String {
    format!("/api/v{}/things", number % PATHS_OF_A_HOST)
}

fn cluster(rules: usize) -> Cluster {
    let mut cluster = Cluster::new(Options::default());
    for number in 0..rules / PATHS_OF_A_HOST {
        let paths: Vec<String> = (0..PATHS_OF_A_HOST)
            .map(|at| {
                format!(
                    r#"{{"path":"{}","pathType":"Prefix","backend":{{"service":{{"name":"s{at}","port":{{"number":80}}}}}}}}"#,
                    path(at)
                )
            })
            .collect();
        let text = format!(
            r#"{{"metadata":{{"name":"i{number}","namespace":"default"}},"spec":{{"rules":[{{"host":"{}","http":{{"paths":[{}]}}}}]}}}}"#,
            host(number),
            paths.join(",")
        );
        let Ok(node) = portolan::manifest::json::read(&text) else { continue };
        let (ingress, _) = portolan::api::object::decode::<Ingress>(&node);
        cluster.insert(Resource::Ingress(Box::new(ingress)), None);
    }
    cluster
}

fn lookup(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lookup");
    for rules in SIZES {
        let cluster = cluster(rules);
        let table = RouteTable::compile(&cluster, Controller::Spec, None);
        let hosts = rules / PATHS_OF_A_HOST;
        // Spread over the whole table, so that a large one is not asked for one corner of it.
        let asked: Vec<(String, String)> =
            (0..REQUESTS).map(|at| (host(at * 7919 % hosts), format!("{}/{at}", path(at)))).collect();
        let requests: Vec<Request<'_>> = asked
            .iter()
            .map(|(host, path)| Request {
                secure: false,
                host,
                path,
                query: None,
                method: "GET",
                headers: &[],
                source: None,
            })
            .collect();
        assert!(requests.iter().all(|request| table.lookup(request).is_some()), "every request is served");
        let mut at = 0;
        group.bench_function(BenchmarkId::new("portolan", rules), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % REQUESTS;
                black_box(table.lookup(black_box(&requests[at])))
            });
        });
        let mut router = matchit::Router::new();
        for number in 0..hosts {
            for path_at in 0..PATHS_OF_A_HOST {
                let route = format!("/{}{}/{{*rest}}", host(number), path(path_at));
                router.insert(route, number).unwrap();
            }
        }
        let joined: Vec<String> = asked.iter().map(|(host, path)| format!("/{host}{path}")).collect();
        assert!(joined.iter().all(|route| router.at(route).is_ok()), "every request is served");
        group.bench_function(BenchmarkId::new("matchit", rules), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % REQUESTS;
                black_box(router.at(black_box(&joined[at])).map(|found| *found.value).ok())
            });
        });
        let scanned: Vec<(String, String)> =
            (0..hosts).flat_map(|number| (0..PATHS_OF_A_HOST).map(move |at| (host(number), path(at)))).collect();
        group.bench_function(BenchmarkId::new("scan", rules), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % REQUESTS;
                let (host, path) = black_box(&asked[at]);
                let takes = |(known, prefix): &&(String, String)| {
                    known == host
                        && path
                            .strip_prefix(prefix.as_str())
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                black_box(scanned.iter().filter(takes).max_by_key(|(_, prefix)| prefix.len()))
            });
        });
    }
    group.finish();
}

/// How long a table takes to compile; a rule's share of it may grow as a sort does, and no more.
fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for rules in SIZES {
        let cluster = cluster(rules);
        group.throughput(Throughput::Elements(u64::try_from(rules).unwrap_or_default()));
        for controller in Controller::ALL {
            group.bench_function(BenchmarkId::new(controller.name(), rules), |bencher| {
                bencher.iter(|| black_box(RouteTable::compile(&cluster, *controller, None)));
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(2)).warm_up_time(std::time::Duration::from_millis(500));
    targets = lookup, compile
}
criterion_main!(benches);
