//! The hooks for pre-commit and the examples for CI: what they call is called here.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};
use portolan_base::tree::Node;
use std::path::Path;

fn read(path: &str) -> Node {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap();
    portolan_yaml::read(&text).remove(0).unwrap()
}

/// The words of a shell's line up to where it says what becomes of the output.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take_while(|word| !word.starts_with('>')).collect()
}

#[test]
fn the_hooks_find_and_fix() {
    let hooks = read(".pre-commit-hooks.yaml");
    for hook in hooks.items() {
        let text = |name: &str| hook.get(name).and_then(Node::as_str).unwrap();
        let args = hook.get("args").unwrap().items().iter().map(|word| word.as_str().unwrap());
        let call: Vec<&str> = text("entry").split_whitespace().chain(args).collect();
        let folder = Folder::with(&[("manifests/a.yaml", &SERVICE.replace("ports", "port"))]);
        let (program, arguments) = call.split_first().unwrap();
        assert_eq!(*program, "portolan");
        let answer = folder.portolan(arguments);
        let expected = if text("id") == "portolan-fix" { (0, "1 fixed") } else { (1, "1 error") };
        assert!(answer.status == expected.0 && answer.out.contains(expected.1), "{answer:?}");
    }
    let wanted = read("examples/ci/pre-commit.yaml");
    let id = wanted.at("repos[0].hooks[0].id").and_then(Node::as_str).unwrap();
    assert!(hooks.items().iter().any(|hook| hook.get("id").and_then(Node::as_str) == Some(id)));
}

#[test]
fn the_examples_for_ci_call_what_there_is() {
    let github = read("examples/ci/github.yaml");
    let steps = github.at("jobs.portolan.steps").unwrap().items().iter().filter_map(|step| step.get("run"));
    let gitlab = read("examples/ci/gitlab.yaml");
    let lines: Vec<&str> =
        steps.chain(gitlab.at("portolan.script").unwrap().items()).map(|line| line.as_str().unwrap()).collect();
    let calls: Vec<Vec<&str>> =
        lines.iter().filter(|line| line.starts_with("portolan ")).map(|line| words(line)).collect();
    assert_eq!(calls.len(), 3, "{lines:?}");
    let folder = Folder::with(&[("manifests/a.yaml", SERVICE)]);
    for call in calls {
        let (_, arguments) = call.split_first().unwrap();
        let answer = folder.portolan(arguments);
        assert_eq!((answer.status, answer.err.as_str()), (0, ""), "{call:?}");
    }
}
