//! Every example gives the answers that its `examples/*/questions.json` expects, and so does every situation that was
//! rebuilt from a report, in `tests/situations/*`.

use portolan::cluster::Options;
use portolan::load::{File, LoadMode, load};
use portolan_tests::answer;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = [here.join("../examples"), here.join("situations")];
    let mut folders: Vec<PathBuf> = all
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("questions.json").is_file())
        .collect();
    folders.sort();
    folders
}

fn files(folder: &Path) -> Vec<File> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    let file = |path: &PathBuf| File {
        name: path.file_name().unwrap().to_str().unwrap().into(),
        text: fs::read_to_string(path).unwrap().into(),
    };
    paths.iter().map(file).collect()
}

/// Whether the answer has all that is expected: objects may have more members; a list has as many elements as expected;
/// `{"contains": TEXT}` and `{"length": N}` say less of a text or a list.
fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(wanted), Value::String(text)) if wanted.len() == 1 => {
            wanted.get("contains").and_then(Value::as_str).is_some_and(|part| text.contains(part))
        }
        (Value::Object(wanted), Value::Array(items)) if wanted.len() == 1 => {
            wanted.get("length").and_then(Value::as_u64) == Some(items.len() as u64)
        }
        (Value::Object(wanted), Value::Object(members)) => {
            wanted.iter().all(|(name, value)| matches(value, members.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(wanted), Value::Array(items)) => {
            wanted.len() == items.len() && wanted.iter().zip(items).all(|(wanted, item)| matches(wanted, item))
        }
        (wanted, found) => wanted == found,
    }
}

#[test]
fn every_example_answers_as_it_says() {
    let folders = folders();
    assert!(folders.len() >= 20, "only {} examples", folders.len());
    let mut asked = 0;
    let mut wrong = Vec::new();
    for folder in folders {
        let loaded = load(&files(&folder), Options::default(), LoadMode::Admitted);
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        if loaded.refused > 0 {
            wrong.push(format!("{name}: refused: {:?}", loaded.findings));
        }
        let text = fs::read_to_string(folder.join("questions.json")).unwrap();
        let data: Value = serde_json::from_str(&text).unwrap();
        for case in data["questions"].as_array().unwrap() {
            asked += 1;
            let found = answer(&loaded.engine, &case["question"]);
            if !matches(&case["expect"], &found) {
                wrong.push(format!(
                    "{name}\n  asked    {}\n  expected {}\n  found    {found}",
                    case["question"], case["expect"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("examples: {asked} of {asked} right");
}

#[test]
fn what_is_expected_is_compared() {
    let value = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    assert!(matches(&value(r#"{"a":1}"#), &value(r#"{"a":1,"b":2}"#)));
    assert!(!matches(&value(r#"{"a":1}"#), &value(r#"{"a":2}"#)));
    assert!(!matches(&value(r#"{"a":[1]}"#), &value(r#"{"a":[1,2]}"#)));
    assert!(
        matches(&value(r#"{"length":2}"#), &value("[1,2]")) && !matches(&value(r#"{"length":1}"#), &value("[1,2]"))
    );
    assert!(
        matches(&value(r#"{"contains":"b"}"#), &value(r#""abc""#))
            && !matches(&value(r#"{"contains":"x"}"#), &value(r#""abc""#))
    );
}
