//! `portolan check --fix` and `--diff`, as people call them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};

/// Two misspelt fields, of which the server names both in one refusal.
const MISSPELT: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web # the shop\nspec:\n  port:\n    - port: 80\n      tragetPort: 8080\n";
const FIXED: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web # the shop\nspec:\n  ports:\n    - port: 80\n      targetPort: 8080\n";

/// A Service that leads to an address, to which no name can lead; only its author knows which name is meant.
const ADDRESS: &str =
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  type: ExternalName\n  externalName: 192.0.2.1\n";

#[test]
fn fixes_are_applied_in_as_many_rounds_as_they_need() {
    let folder = Folder::with(&[("a.yaml", MISSPELT), ("b/c.yaml", SERVICE)]);
    let answer = folder.portolan(&["check", "."]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.out.ends_with("(1 fixable with --fix)\n"), "{}", answer.out);

    let answer = folder.portolan(&["check", "--fix", "a.yaml"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(folder.read("a.yaml"), FIXED);
    assert!(
        answer.out.contains("fixed[refused]: Service default/web: ") && answer.out.contains("--> a.yaml:6:3\n"),
        "{}",
        answer.out
    );
    assert!(answer.out.ends_with("1 object loaded: 2 fixed, no problems left\n"), "{}", answer.out);
    assert_eq!(folder.read("b/c.yaml"), SERVICE);
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 2, "nothing is left beside the files");
}

#[test]
fn what_remains_is_told_at_its_new_place() {
    let folder = Folder::with(&[("a.yaml", &format!("{MISSPELT}---\n{ADDRESS}"))]);
    let answer = folder.portolan(&["check", "--fix", "-o", "json", "a.yaml"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(answer.out.contains("\"mended\": [") && answer.out.contains("\"code\": \"SVC004\""), "{}", answer.out);
    assert_eq!(answer.err, "2 findings fixed\n");
}

#[test]
fn a_diff_shows_and_writes_nothing() {
    let folder = Folder::with(&[("a.yaml", MISSPELT)]);
    let answer = folder.portolan(&["check", "--diff", "a.yaml"]);
    assert_eq!((answer.status, answer.err.as_str()), (1, "2 findings would be fixed in 1 file\n"));
    for line in ["--- a.yaml\n", "+++ a.yaml\n", "-  port:\n+  ports:\n", "+      targetPort: 8080\n"] {
        assert!(answer.out.contains(line), "{line} is not in\n{}", answer.out);
    }
    assert_eq!(folder.read("a.yaml"), MISSPELT);
    let piped = folder.portolan_with(&["check", "--diff", "-"], MISSPELT);
    assert!(piped.out.starts_with("--- standard input\n"), "{}", piped.out);
    let answer = folder.portolan_with(&["check", "--diff", "-"], FIXED);
    assert_eq!((answer.status, answer.out.as_str(), answer.err.as_str()), (0, "", "no finding can be fixed\n"));
}

#[test]
fn json_is_fixed_as_json_and_line_ends_stay() {
    let json = "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"web\"},\r\n \"spec\": {\"port\": [{\"port\": 80}]}}\r\n";
    let folder = Folder::with(&[("a.json", json)]);
    assert_eq!(folder.portolan(&["check", "--fix", "a.json"]).status, 0);
    assert_eq!(folder.read("a.json"), json.replace("\"port\": [", "\"ports\": ["));
}

#[test]
fn a_fix_that_would_name_a_field_twice_is_not_made() {
    let twice = FIXED.replace("      targetPort: 8080\n", "      targetPort: 8080\n      targetport: 80\n");
    let folder = Folder::with(&[("a.yaml", &twice)]);
    let answer = folder.portolan(&["check", "--fix", "a.yaml"]);
    assert_eq!((answer.status, folder.read("a.yaml")), (1, twice), "{answer:?}");
    assert!(answer.out.ends_with("0 objects loaded, 1 refused: 1 error\n"), "{}", answer.out);
}

#[test]
fn only_selected_findings_are_fixed() {
    let folder = Folder::with(&[("a.yaml", MISSPELT)]);
    let answer = folder.portolan(&["check", "--fix", "--ignore", "refused", "a.yaml"]);
    assert_eq!((answer.status, folder.read("a.yaml").as_str()), (0, MISSPELT));
}

#[test]
fn what_cannot_be_written_is_refused_clearly() {
    let folder = Folder::with(&[]);
    let answer = folder.portolan_with(&["check", "--fix", "-"], MISSPELT);
    assert_eq!((answer.status, answer.out.as_str()), (2, ""));
    assert_eq!(answer.err, "error: --fix cannot write standard input; use --diff to see what it would change\n");

    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(MISSPELT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    std::fs::write(folder.0.join("wide.yaml"), &wide).unwrap();
    let answer = folder.portolan(&["check", "--fix", "wide.yaml"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    assert!(
        answer.err.starts_with("error: wide.yaml: the file has changed since it was read, or is not UTF-8"),
        "{}",
        answer.err
    );
    assert!(answer.out.contains("1 refused: 1 error"), "{}", answer.out);
    assert_eq!(std::fs::read(folder.0.join("wide.yaml")).unwrap(), wide);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::with(&[("real.yaml", MISSPELT)]);
    let (real, link) = (folder.0.join("real.yaml"), folder.0.join("link.yaml"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    assert_eq!(folder.portolan(&["check", "--fix", "link.yaml"]).status, 0);
    assert!(link.is_symlink());
    assert_eq!(folder.read("real.yaml"), FIXED);
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}
