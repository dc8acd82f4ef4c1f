//! Baselines, `portolan.toml` and comments that suppress findings, as people use them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};

/// A Service that leads to an address, to which no name can lead.
const IDLE: &str =
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: idle\nspec:\n  type: ExternalName\n  externalName: 192.0.2.1\n";

#[test]
fn what_is_known_is_not_told_again_wherever_it_moves() {
    let folder = Folder::with(&[("a.yaml", IDLE)]);
    let written = folder.portolan(&["check", "--baseline", "known.json", "--write-baseline", "a.yaml"]);
    assert_eq!((written.status, written.out.as_str()), (0, "1 finding written to known.json\n"), "{written:?}");
    assert!(folder.read("known.json").contains("\"object\": \"Service default/idle\""));

    let moved = format!("# a line more\n{SERVICE}---\n{IDLE}");
    folder.write("a.yaml", &moved);
    let answer = folder.portolan(&["check", "--baseline", "known.json", "a.yaml"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, "2 objects loaded: no new problems, 1 known\n"), "{answer:?}");

    folder.write("a.yaml", &format!("{moved}---\n{}", IDLE.replace("idle", "other")));
    let answer = folder.portolan(&["check", "--baseline", "known.json", "a.yaml"]);
    assert_eq!(answer.status, 1);
    assert!(answer.out.contains("default/other") && !answer.out.contains("default/idle"), "{}", answer.out);
    assert!(answer.out.ends_with("3 objects loaded: 1 error, 1 known\n"), "{}", answer.out);

    folder.write("a.yaml", SERVICE);
    let answer = folder.portolan(&["check", "--baseline", "known.json", "a.yaml"]);
    assert_eq!(answer.err, "1 finding of the baseline is gone; --write-baseline removes them from it\n");
    assert_eq!((answer.status, answer.out.as_str()), (0, "1 object loaded: no problems found\n"));
}

#[test]
fn a_baseline_that_cannot_be_read_is_told() {
    let folder = Folder::with(&[
        ("a.yaml", IDLE),
        ("bad.json", "{\n nonsense"),
        ("old.json", "{\"version\": 7}"),
        ("no.json", "{}"),
    ]);
    let said = |file: &str| {
        let answer = folder.portolan(&["check", "--baseline", file, "a.yaml"]);
        assert_eq!((answer.status, answer.out.as_str()), (2, ""), "{answer:?}");
        answer.err
    };
    assert_eq!(said("none.json"), "error: none.json: no such baseline; --write-baseline creates it\n");
    assert!(said("bad.json").starts_with("error: bad.json:2:2: not a baseline: "), "{}", said("bad.json"));
    assert_eq!(said("old.json"), "error: old.json: a baseline of version 7; this portolan reads version 1\n");
    assert_eq!(said("no.json"), "error: no.json: not a baseline: it has no `version`\n");
    let answer = folder.portolan(&["check", "--write-baseline", "a.yaml"]);
    assert_eq!(
        (answer.status, answer.err.as_str()),
        (2, "error: --write-baseline needs a file: add --baseline FILE\n")
    );
}

#[test]
fn settings_are_found_above_the_files_and_flags_go_before_them() {
    let folder = Folder::with(&[("portolan.toml", "ignore = [\"SVC\"]\n"), ("deep/down/a.yaml", IDLE)]);
    assert_eq!(folder.portolan(&["check", "deep/down"]).status, 0);
    assert_eq!(folder.portolan(&["check", "--ignore", "ING", "deep/down"]).status, 1);
    assert_eq!(folder.portolan(&["check", "--config", "none", "deep/down"]).status, 1);
    assert_eq!(folder.portolan_with(&["check", "-"], IDLE).status, 0);
    folder.write("deep/portolan.toml", "select = [\"external-name-is-address\"]\n");
    assert_eq!(folder.portolan(&["check", "deep/down"]).status, 1);
    assert_eq!(folder.portolan(&["check", "--config", "portolan.toml", "deep/down"]).status, 0);
}

#[test]
fn settings_that_are_not_understood_are_told_with_their_places() {
    let folder = Folder::with(&[("portolan.toml", "selct = []\n[cluster]\nnamespace = 3\n"), ("a.yaml", SERVICE)]);
    let answer = folder.portolan(&["check", "a.yaml"]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    assert_eq!(
        answer.err,
        "error: portolan.toml:1:1: unknown key `selct`: did you mean `select`?\nerror: portolan.toml:3:13: expected a string, found integer\n"
    );
    let answer = folder.portolan(&["check", "--config", "none.toml", "a.yaml"]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.starts_with("error: none.toml: "), "{}", answer.err);
    let answer = folder.portolan(&["check", "--config", "none", "--select", "SVC9", "a.yaml"]);
    assert_eq!(
        (answer.status, answer.err.as_str()),
        (2, "error: unknown code `SVC9`; `portolan rule` lists all rules\n")
    );
}

#[test]
fn a_folder_without_manifests_is_reported() {
    let folder = Folder::with(&[("notes.txt", SERVICE)]);
    let answer = folder.portolan(&["check", "."]);
    assert_eq!((answer.status, answer.out.as_str()), (0, "0 objects loaded: no problems found\n"));
    assert!(answer.err.starts_with("no manifest found; "), "{}", answer.err);
    assert_eq!(folder.portolan(&["check", "notes.txt"]).err, "");
}

#[test]
fn codes_can_be_ignored_in_some_files() {
    let settings =
        "[per-file-ignores]\n\"old\" = [\"SVC\"]\n\"*.test.yaml\" = [\"SVC004\"]\n\"*/x.yaml\" = [\"SVC\"]\n";
    let folder = Folder::with(&[("portolan.toml", settings)]);
    for (file, status) in [("a.yaml", 1), ("old/b/a.yaml", 0), ("b/a.test.yaml", 0), ("b/x.yaml", 0), ("b/c/x.yaml", 1)]
    {
        folder.write(file, IDLE);
        assert_eq!(folder.portolan(&["check", file]).status, status, "{file}");
    }
}

#[test]
fn the_cluster_can_be_set() {
    let settings = "baseline = \"known.json\"\n[cluster]\nservice-cluster-ip-range = \"10.9.0.0/24\"\ncluster-domain = \"corp.example\"\nnamespace = \"shop\"\n";
    let folder = Folder::with(&[("c/portolan.toml", settings), ("c/a.yaml", SERVICE)]);
    let resolved = folder.portolan(&["resolve", "c/a.yaml", "web.shop.svc.corp.example"]);
    assert_eq!(resolved.status, 0, "{resolved:?}");
    assert!(resolved.out.contains(" A 10.9.0."), "{}", resolved.out);
    assert_eq!(folder.portolan(&["endpoints", "c/a.yaml", "web"]).status, 0);
    let other = folder.portolan(&["resolve", "c/a.yaml", "-n", "other", "--cluster-domain", "x", "web.other.svc.x"]);
    assert_eq!(other.status, 0, "{other:?}");
    // A path in the settings starts from their folder.
    assert!(folder.portolan(&["check", "c/a.yaml"]).err.contains("c/known.json: no such baseline"));
    assert_eq!(folder.portolan(&["check", "--write-baseline", "c/a.yaml"]).status, 0);
    assert_eq!(folder.portolan(&["check", "c/a.yaml"]).status, 0);
}

#[test]
fn a_comment_suppresses_and_an_unused_one_is_removed() {
    let suppressed =
        IDLE.replace("  externalName", "  # portolan: ignore[SVC004] our resolver takes it\n  externalName");
    let folder = Folder::with(&[("a.yaml", &suppressed)]);
    assert_eq!(folder.portolan(&["check", "a.yaml"]).out, "1 object loaded: no problems found\n");
    let idle = format!("# portolan: ignore-file[ING]\n{SERVICE}");
    folder.write("a.yaml", &idle);
    let answer = folder.portolan(&["check", "a.yaml"]);
    assert_eq!(answer.status, 0);
    assert!(
        answer.out.starts_with("info[ignore]: no finding of ING here, so this comment suppresses nothing\n"),
        "{}",
        answer.out
    );
    assert!(answer.out.ends_with("1 object loaded: 1 remark (1 fixable with --fix)\n"), "{}", answer.out);
    assert_eq!(folder.portolan(&["check", "--fix", "a.yaml"]).status, 0);
    assert_eq!(folder.read("a.yaml"), SERVICE);
}
