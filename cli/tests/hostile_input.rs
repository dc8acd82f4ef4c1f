//! Names, paths, links and settings that want to do more than they should.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};

/// A Service with a misspelt field, which `--fix` fixes.
const MISSPELT: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  port:\n    - port: 80\n";

#[test]
fn a_name_moves_no_cursor_and_forges_no_line() {
    // It has a uid, so it counts as stored, and its name is not validated.
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: \"w\\e[31m\\e]0;pwned\\aeb\\n✓ forged\\u202E\", uid: u1}\nspec: {defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    let folder = Folder::with(&[("a.yaml", ingress)]);
    for arguments in [vec!["routes", "a.yaml"], vec!["route", "a.yaml", "http://a.example.com/"]] {
        let answer = folder.portolan(&arguments);
        assert!(answer.out.contains("\\u{1b}[31m") && answer.out.contains("\\n✓ forged\\u{202e}"), "{}", answer.out);
        assert!(!answer.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", answer.out);
        assert!(!answer.out.lines().any(|line| line.starts_with('✓')), "{}", answer.out);
    }
}

#[test]
fn a_file_name_forges_no_command() {
    let folder = Folder::with(&[]);
    std::fs::write(folder.0.join("a\n::error title=x::text.yaml"), b"a: \xe4").unwrap();
    std::fs::write(folder.0.join("b\u{1b}[31m\r\u{202e}.yaml"), MISSPELT).unwrap();
    let answer = folder.portolan(&["check", "."]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.lines().all(|line| line.starts_with("error: ")), "{}", answer.err);
    assert!(answer.err.contains("a\\n::error title=x::text.yaml"), "{}", answer.err);
    assert!(!answer.out.contains(['\u{1b}', '\r', '\u{202e}']), "{}", answer.out);
    assert!(answer.out.contains(", 1 file not read: "), "{}", answer.out);
}

#[test]
fn a_pipe_below_a_folder_is_skipped() {
    let folder = Folder::with(&[("a.yaml", SERVICE)]);
    assert!(std::process::Command::new("mkfifo").arg(folder.0.join("b.yaml")).status().unwrap().success());
    let answer = folder.portolan(&["check", "."]);
    assert_eq!(answer.status, 2);
    assert!(answer.err.contains("b.yaml: not a regular file; skipped"), "{}", answer.err);
}

#[test]
fn a_fix_does_not_leave_the_given_folder() {
    let folder = Folder::with(&[("out/real.yaml", MISSPELT), ("in/a.yaml", SERVICE)]);
    std::os::unix::fs::symlink("../out/real.yaml", folder.0.join("in/link.yaml")).unwrap();
    let answer = folder.portolan(&["check", "--fix", "in"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(answer.err.contains("link.yaml: a link to a file outside of the given paths"), "{}", answer.err);
    assert_eq!(folder.read("out/real.yaml"), MISSPELT);
    let named = folder.portolan(&["check", "--fix", "in/link.yaml"]);
    assert_eq!(named.status, 0, "{named:?}");
    assert_ne!(folder.read("out/real.yaml"), MISSPELT);
}

#[test]
fn a_baseline_replaces_only_baselines_in_its_folder() {
    let folder = Folder::with(&[
        ("in/portolan.toml", "baseline = \"../known.json\"\n"),
        ("in/a.yaml", MISSPELT),
        ("in/notes.txt", "notes"),
    ]);
    let outside = folder.portolan(&["check", "--write-baseline", "in"]);
    assert!(outside.status == 2 && outside.err.contains("outside of the folder of portolan.toml"), "{outside:?}");
    assert!(!folder.0.join("known.json").exists());
    let notes = folder.portolan(&["check", "--write-baseline", "--baseline", "in/notes.txt", "in"]);
    assert!(notes.status == 2 && notes.err.contains("it is not replaced"), "{notes:?}");
    assert_eq!(folder.read("in/notes.txt"), "notes");
    assert_eq!(folder.portolan(&["check", "--write-baseline", "--baseline", "known.json", "in"]).status, 0);
    assert_eq!(folder.portolan(&["check", "--write-baseline", "--baseline", "known.json", "in"]).status, 0);
}

#[test]
fn all_input_together_has_a_limit() {
    let large = format!("a: {}\n", "x".repeat(600 * 1024));
    let folder = Folder::with(&[("portolan.toml", "max-input-mib = 1\n"), ("a.yaml", &large), ("b.yaml", &large)]);
    let answer = folder.portolan(&["check", "."]);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    assert!(
        answer.err.contains("larger than 1 MiB together") && answer.err.contains("max-input-mib"),
        "{}",
        answer.err
    );
}
