//! Takes the processor time of the whole map of a made-up cluster and the peak memory: `policy_scale PODS`. Processor
//! time and not the clock's, so that a busy machine measures the same as an idle one.

use portolan::policy::{ConnectionMap, PolicyIndex, Protocol, verdict::End};
use portolan_tests::{engine, generate, resource};
use serde_json::Value;
use std::time::Duration;

/// Questions asked for the time of one verdict.
const QUESTIONS: u32 = 2_000_000;

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
    let numbers: Vec<_> = index.pods().collect();
    let mut chance = generate::Chance::new(9);
    let questions: Vec<_> = (0..QUESTIONS).map(|_| (*chance.one(&numbers), *chance.one(&numbers))).collect();
    let start = processor_time();
    let mut allowed = 0_usize;
    for (from, to) in &questions {
        allowed += usize::from(index.verdict(End::Pod(*from), End::Pod(*to), 8001, Protocol::Tcp).allowed());
    }
    let each = (processor_time() - start) / QUESTIONS;
    println!("verdict: {each:?} each over {QUESTIONS} random pairs, {allowed} let through");
    drop((map, index));
    let _ = ConnectionMap::of(engine.cluster(), engine.policies());
    let known = relabelled(&objects, "cart", "inner");
    let new = relabelled(&objects, "nobody-else", "web");
    for (what, pod) in [("labels that others have", known), ("labels that no pod has", new)] {
        let start = processor_time();
        engine.apply(resource(&pod), None);
        let rows = ConnectionMap::of(engine.cluster(), engine.policies()).rows.len();
        println!("mapped again after {what}: {:?}, {rows} rows", processor_time() - start);
    }
}

/// The first pod of the cluster with other labels.
fn relabelled(objects: &[Value], app: &str, tier: &str) -> Value {
    let mut pod = objects.iter().find(|object| object["kind"] == "Pod").cloned().unwrap_or_default();
    pod["metadata"]["labels"]["app"] = app.into();
    pod["metadata"]["labels"]["tier"] = tier.into();
    pod
}

/// How long this thread has been on a processor.
fn processor_time() -> Duration {
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
