//! Reads the recorded answers in `tests/vectors/`, asks Portolan the same questions, and counts equal answers.
//!
//! `vectors/floors.txt` has one line for each recording: its name and the number of cases that must be equal. A runner fails
//! when fewer are equal. When more are equal, it prints the new number, which is then raised by hand.

use flate2::read::GzDecoder;
use portolan::api::resource::{Kind, Resource};
use portolan::ask;
use portolan::cluster::Options;
use portolan::engine::Engine;
use serde_json::Value;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

pub mod declared;
pub mod generate;
pub mod published;
pub mod random;
pub mod yaml;

/// Whether the environment asks for the slow suites, with `PORTOLAN_SLOW=1`.
pub fn is_slow() -> bool {
    std::env::var_os("PORTOLAN_SLOW").is_some_and(|value| value == "1")
}

/// The folder with the recordings.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The text of a recording, decompressed.
///
/// # Panics
/// When the file does not exist or is not gzip: a test without its recording has failed.
pub fn text(file: &str) -> String {
    let path = folder().join(file);
    let mut text = String::new();
    let opened = File::open(&path).and_then(|file| GzDecoder::new(file).read_to_string(&mut text));
    match opened {
        Ok(_) => text,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// The lines of a JSON Lines recording.
///
/// # Panics
/// When a line is not JSON.
pub fn lines(file: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{file}: {error}"));
    text(file).lines().map(parse).collect()
}

/// The cases of a file that we wrote by hand: a plain JSON array.
///
/// # Panics
/// When the file cannot be read, is not a JSON array, or has no case.
pub fn cases(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert!(!cases.is_empty(), "{file} has no case");
    cases
}

/// The recordings whose names begin with `prefix`, sorted by name, each as one JSON value.
///
/// # Panics
/// When no recording has that prefix, or one is not JSON.
pub fn files(prefix: &str) -> Vec<(String, Value)> {
    let listed = fs::read_dir(folder()).unwrap_or_else(|error| panic!("tests/vectors: {error}"));
    let mut names: Vec<String> = listed
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no recording begins with {prefix}");
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{prefix}: {error}"));
    names.into_iter().map(|name| (name.clone(), parse(&text(&name)))).collect()
}

/// An engine whose cluster holds these objects as stored.
///
/// # Panics
/// When the kind of an object is unknown.
pub fn engine<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Engine {
    let mut engine = Engine::new(Options::default());
    engine.insert_all(objects.into_iter().map(|object| (resource(object), None)));
    engine
}

/// One object of a recording, read in the way the engine reads stored objects.
///
/// # Panics
/// When the kind of the object is unknown.
pub fn resource(object: &Value) -> Resource {
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let Some(kind) = Kind::of(text("apiVersion"), text("kind")) else { panic!("unknown kind: {object}") };
    let node = portolan_base::json::read(&object.to_string()).unwrap_or_else(|error| panic!("{error}: {object}"));
    portolan::api::resource::read(kind, &node).0
}

/// The input of the components of a recorded cluster: its objects, and the slices and Endpoints that no controller wrote.
pub fn inputs(cluster: &Value) -> impl Iterator<Item = &Value> {
    let managed = |object: &&Value, label: &str| {
        object.get("metadata").and_then(|metadata| metadata.get("labels")?.get(label)).is_some()
    };
    let slices = list(cluster, "endpointSlices").iter();
    let endpoints = list(cluster, "endpoints").iter();
    list(cluster, "objects")
        .iter()
        .chain(slices.filter(move |slice| !managed(slice, "endpointslice.kubernetes.io/managed-by")))
        .chain(endpoints.filter(move |object| !managed(object, "endpoints.kubernetes.io/managed-by")))
}

/// The array of that name; an empty one where the value has none.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Asks the engine one question and returns its answer. Both are passed as text, as every host does.
///
/// # Panics
/// When the answer is not JSON, or is not what its type declares: so every recorded question also tests the declarations.
pub fn answer(engine: &Engine, question: &Value) -> Value {
    let text = ask::answer_text(engine, &question.to_string());
    let answer =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("answer to {question} is not JSON: {error}: {text}"));
    if let Some(difference) = declared::difference(&answer) {
        panic!("answer to {question}: {difference}");
    }
    answer
}

/// Counts the equal answers of one recording.
#[derive(Debug)]
pub struct Score {
    recording: &'static str,
    equal: usize,
    asked: usize,
    shown: usize,
}

impl Score {
    /// How many differences are printed.
    const SHOWN: usize = 12;

    /// A score for the recording of that name in `floors.txt`.
    pub fn new(recording: &'static str) -> Self {
        Score { recording, equal: 0, asked: 0, shown: 0 }
    }

    /// Counts one case, and prints the first differences.
    pub fn case(&mut self, equal: bool, difference: impl FnOnce() -> String) {
        self.asked += 1;
        if equal {
            self.equal += 1;
        } else if self.shown < Self::SHOWN {
            self.shown += 1;
            println!("{}: case {} differs\n{}", self.recording, self.asked, difference());
        }
    }

    /// Prints the score.
    ///
    /// # Panics
    /// When fewer cases are equal than `floors.txt` says, or nothing was asked.
    pub fn finish(self) {
        let floors = fs::read_to_string(folder().join("floors.txt")).unwrap_or_default();
        let floor = floors.lines().find_map(|line| {
            let (name, number) = line.split_once(' ')?;
            (name == self.recording).then(|| number.trim().parse::<usize>().ok())?
        });
        let Some(floor) = floor else { panic!("floors.txt has no line for {}", self.recording) };
        println!("{}: {} of {} equal", self.recording, self.equal, self.asked);
        assert!(self.asked > 0, "{}: nothing was asked", self.recording);
        assert!(self.equal >= floor, "{}: {} equal, fewer than the floor of {floor}", self.recording, self.equal);
        if self.equal > floor {
            println!("{}: raise the floor in floors.txt from {floor} to {}", self.recording, self.equal);
        }
    }
}
