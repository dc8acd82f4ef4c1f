//! What `check -o sarif` writes, against the schema that OASIS publishes, and into the types of another program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The published `sarif-schema-2.1.0.json`, from the package `serde-sarif`, which carries it. Cargo knows where it is.
fn schema() -> Value {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = run("rustc", &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let metadata = run(
        env!("CARGO"),
        &[
            "metadata",
            "--format-version=1",
            "--offline",
            "--locked",
            "--filter-platform",
            host,
            "--manifest-path",
            manifest.to_str().unwrap(),
        ],
    );
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let named = |package: &&Value| package.get("name").is_some_and(|name| name == "serde-sarif");
    let packages = metadata.get("packages").and_then(Value::as_array).unwrap();
    let package = packages.iter().find(named).unwrap();
    let folder = Path::new(package.get("manifest_path").and_then(Value::as_str).unwrap()).parent().unwrap();
    let text = std::fs::read_to_string(folder.join("src/schema.json")).unwrap();
    // As first published, the pattern of a language has a bracket too many; errata 01 puts it right.
    let text = text.replace("^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$", "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    serde_json::from_str(&text).unwrap()
}

/// Findings of every kind: unreadable, refused with a fix, warned of, two places involved, a remark with a fix.
fn everything() -> Folder {
    let misspelt = SERVICE.replace("ports", "port");
    let twice = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: NAME\nspec:\n  rules:\n    - host: a.example.com\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n";
    Folder::with(&[
        ("a b/é.yaml", &format!("# portolan: ignore-file[ING002]\na: [\n---\n{misspelt}")),
        ("one.yaml", &twice.replace("NAME", "one")),
        ("two.yaml", &format!("{}---\n{SERVICE}", twice.replace("NAME", "two"))),
        (
            "old.yaml",
            "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata:\n  name: old\nspec:\n  backend:\n    serviceName: web\n    servicePort: 80\n",
        ),
    ])
}

#[test]
fn sarif_is_what_its_schema_says() {
    let schema = schema();
    assert!(schema["$id"].as_str().unwrap().ends_with("/sarif-schema-2.1.0.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = everything();
    for (arguments, status) in
        [(&["check", "-o", "sarif", "."][..], 1), (&["check", "-o", "sarif", "two.yaml", "none.yaml"], 2)]
    {
        let answer = folder.portolan(arguments);
        assert_eq!((answer.status, answer.err.contains("none.yaml")), (status, status == 2));
        let written: Value = serde_json::from_str(&answer.out).unwrap();
        let faults: Vec<String> =
            validator.iter_errors(&written).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        assert!(faults.is_empty(), "{faults:?}\n{}", answer.out);
        // Another program's types take it too.
        let read: serde_sarif::sarif::Sarif = serde_json::from_str(&answer.out).unwrap();
        assert_eq!(read.runs.len(), 1);
    }
    // A schema that takes everything would prove nothing.
    let mut broken: Value = serde_json::from_str(&folder.portolan(&["check", "-o", "sarif", "."]).out).unwrap();
    broken["runs"][0]["results"][0]["level"] = Value::from("bad");
    assert!(!validator.is_valid(&broken));
}

#[test]
fn results_point_at_their_rules_and_carry_fixes() {
    let folder = everything();
    let written: Value = serde_json::from_str(&folder.portolan(&["check", "-o", "sarif", "."]).out).unwrap();
    let run = &written["runs"][0];
    let results = run["results"].as_array().unwrap();
    let codes: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    for code in ["syntax", "refused", "version", "ING005", "ignore"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert_eq!(result["partialFingerprints"]["portolan/v1"].as_str().unwrap().len(), 16);
    }
    let of = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap();
    assert!(of("ING005")["relatedLocations"].is_array());
    let place = &of("refused")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%A9.yaml");
    let replacement = &of("refused")["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "ports");
    assert_eq!(replacement["deletedRegion"]["startLine"], place["region"]["startLine"]);
    assert_eq!(of("ignore")["fixes"].as_array().unwrap().len(), 1);
}
