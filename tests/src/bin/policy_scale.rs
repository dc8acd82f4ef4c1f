//! Measures the processor time of the whole map of a generated cluster, and the peak memory: `policy_scale PODS`. Processor
//! time instead of elapsed time, so that a busy machine gives the same numbers as an idle one.

use portolan::api::resource::ObjectKey;
use portolan::engine::Engine;
use portolan::net::Protocol;
use portolan::policy::{ConnectionDiff, ConnectionMap, PodId, PolicyIndex, verdict::End};
use portolan_tests::{engine, generate, resource};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;

/// Questions asked for the time of one verdict: so many at a time, so many times.
const BATCH: usize = 1_000;
const BATCHES: usize = 2_000;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() {
    let pods: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000);
    let objects = generate::namespaces(1, pods);
    let mut engine = engine(&objects);
    let before = memory("VmRSS");
    reset_peak();
    let start = processor_time();
    let index = PolicyIndex::compile(engine.cluster());
    let compiled = processor_time() - start;
    let map = ConnectionMap::of(engine.cluster(), &index);
    let mapped = processor_time() - start;
    let (peak, rows) = (memory("VmHWM"), map.rows.len());
    println!("{pods} pods: compile {compiled:?}, with map {mapped:?}, {} classes, {rows} rows", index.class_count());
    println!("memory: {before} kB with the cluster, {peak} kB at the peak of compiling and mapping");
    verdicts(&index);
    differences(&engine, &objects);
    drop((map, index));
    changes(&mut engine, &objects);
}

/// Questions between pods in random order, so that what one has brought into the processor's caches seldom serves the
/// next. They are put together in batches before the time is taken: who asks has the names and addresses at hand.
fn verdicts(index: &PolicyIndex) {
    let numbers: Vec<PodId> = index.pods().collect();
    let verdict = |from: End, to: End| index.verdict(from, to, 8001, Protocol::Tcp).allowed();
    let count = numbers.len();
    measure("a verdict between two pods", count, |at| numbers[at], |from, to| verdict(End::Pod(*from), End::Pod(*to)));
    let address = |at: usize| index.addresses_of(numbers[at]).next().unwrap();
    let between = |from: &IpAddr, to: &IpAddr| verdict(End::Address(*from), End::Address(*to));
    measure("a verdict between two addresses", count, address, between);
    let name = |at: usize| index.key_of(numbers[at]).unwrap();
    let both = |from: &ObjectKey, to: &ObjectKey| index.pod(from) < index.pod(to);
    measure("finding two pods by namespace and name", count, name, both);
}

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn measure<T>(what: &str, count: usize, draw: impl Fn(usize) -> T, ask: impl Fn(&T, &T) -> bool) {
    let mut chance = generate::Chance::new(9);
    let mut batch = || -> Vec<(T, T)> {
        let mut one = || draw(chance.below(count));
        (0..BATCH).map(|_| (one(), one())).collect()
    };
    let (mut yes, mut time) = (0_usize, Duration::ZERO);
    for _ in 0..BATCHES {
        let pairs = batch();
        let start = processor_time();
        yes += pairs.iter().filter(|(from, to)| ask(from, to)).count();
        time += processor_time() - start;
    }
    let each = time / u32::try_from(BATCHES * BATCH).unwrap();
    println!("{what}: {each:?} each over {} random pairs, {yes} yes", BATCHES * BATCH);
}

/// The connections that the cluster allows differently after a policy is gone, and after one of each namespace is.
#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn differences(engine: &Engine, objects: &[Value]) {
    let _ = engine.policies();
    let policies = objects.iter().filter(|object| object["metadata"]["name"] == "inside-in").map(resource);
    for (what, count) in [("one policy", 1), ("a policy of every namespace", usize::MAX)] {
        let mut changed = engine.fork();
        for object in policies.clone().take(count) {
            changed.remove(object.kind(), &object.key());
        }
        let start = processor_time();
        let (old, new) = ((engine.cluster(), engine.policies()), (changed.cluster(), changed.policies()));
        let diff = ConnectionDiff::of(old, new);
        let (took, added, removed) = (processor_time() - start, diff.added.len(), diff.removed.len());
        println!("difference without {what}: {took:?}, {added} rows more, {removed} fewer");
    }
}

/// Changes, there and back again: how long the compiled policies take to follow, and then the whole map.
#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn changes(engine: &mut Engine, objects: &[Value]) {
    let first = |kind: &str| objects.iter().find(|object| object["kind"] == kind).cloned().unwrap_or_default();
    let pod = |app: &str, tier: &str, ip: &str| {
        let mut pod = first("Pod");
        pod["metadata"]["labels"]["app"] = app.into();
        pod["metadata"]["labels"]["tier"] = tier.into();
        pod["status"]["podIP"] = ip.into();
        pod["status"]["podIPs"][0]["ip"] = ip.into();
        pod
    };
    let policy = |name: &str, to: &str| {
        let mut policy = first("NetworkPolicy");
        policy["metadata"]["name"] = name.into();
        policy["spec"] = json!({"podSelector": {"matchLabels": {"app": "cart"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": {"matchLabels": {"app": to}}}], "ports": [{"port": 7000}]}]});
        policy
    };
    let mut namespace = first("Namespace");
    namespace["metadata"]["labels"]["team"] = "team-of-nobody".into();
    let own = first("Pod")["status"]["podIP"].as_str().unwrap_or_default().to_owned();
    let changes = [
        ("a pod gets labels that others have", Some(first("Pod")), pod("cart", "inner", &own)),
        ("a pod gets labels that no pod has", Some(first("Pod")), pod("nobody-else", "web", &own)),
        ("a pod gets another address", Some(first("Pod")), pod("front", "web", "10.99.9.9")),
        ("a policy comes and goes", None, policy("more", "pay")),
        ("a policy comes with a peer of its own", None, policy("other", "nobody-else")),
        ("a namespace gets other labels", Some(first("Namespace")), namespace),
    ];
    let _ = ConnectionMap::of(engine.cluster(), engine.policies());
    let rounds: u32 = if engine.policies().pod_count() > 10_000 { 10 } else { 100 };
    for (what, before, after) in changes {
        let after = || resource(&after);
        let (kind, key) = (after().kind(), after().key());
        let mut times = [Duration::ZERO; 2];
        for (with_map, time) in times.iter_mut().enumerate() {
            let start = processor_time();
            for round in 0..rounds {
                match &before {
                    Some(before) if round % 2 == 1 => engine.insert(resource(before), None),
                    None if round % 2 == 1 => drop(engine.remove(kind, &key)),
                    _ => engine.insert(after(), None),
                }
                let _ = engine.policies();
                if with_map == 1 {
                    let _ = ConnectionMap::of(engine.cluster(), engine.policies());
                }
            }
            *time = (processor_time() - start) / rounds;
        }
        let [followed, mapped] = times;
        println!("{what}: followed in {followed:?}, with the whole map in {mapped:?}");
    }
}

/// How long this thread has been on a processor. The kernel brings the number up to date when the thread gives way.
fn processor_time() -> Duration {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// A line of /proc/self/status, in kB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Lets the peak count from here on, so that making the cluster does not count.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
