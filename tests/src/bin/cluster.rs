//! Writes a generated cluster to a folder, one file for each namespace: `cluster PODS FOLDER [SEED]`. Use it to try commands
//! on clusters of any size: 1,000 pods come with 520 other objects. The same seed gives the same files.

use portolan_tests::{generate, yaml};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (pods, folder) = match arguments.as_slice() {
        [pods, folder, ..] => (pods.parse::<usize>().ok(), Path::new(folder)),
        _ => (None, Path::new("")),
    };
    let Some(pods) = pods else { return ExitCode::from(2) };
    let seed = arguments.get(2).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for object in generate::cluster(seed, pods) {
        let of = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let namespace = of("/metadata/namespace").or_else(|| of("/metadata/name")).unwrap_or_default();
        files.entry(namespace).or_default().push(object);
    }
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        files.iter().try_for_each(|(namespace, objects)| {
            std::fs::write(folder.join(format!("{namespace}.yaml")), yaml::documents(objects))
        })
    });
    if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
