//! The binary as people and programs call it: what it prints, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE, call};
use std::path::{Path, PathBuf};
use std::process::Output;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn portolan(arguments: &[&str], input: &str) -> Output {
    call(&root(), arguments, input)
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file of its own for a test, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("portolan-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Scratch(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let output = portolan(&["trace", "examples/shop", "https://shop.example.com/cart"], "");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(readme.contains(&stdout(&output)), "README.md shows something else than\n{}", stdout(&output));
}

#[test]
fn a_refusal_is_shown_in_the_servers_words_with_its_line() {
    let text = SERVICE.replace("80", "70000");
    let output = portolan(&["check", "-"], &text);
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(
        shown.contains("spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"),
        "{shown}"
    );
    assert!(shown.contains("standard input:7:13") && shown.contains("- port: 70000"), "{shown}");
    assert!(shown.contains("1 refused"), "{shown}");
}

#[test]
fn what_is_fine_ends_with_zero_and_no_colour() {
    let output = portolan(&["check", "-"], SERVICE);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_eq!(stdout(&output), "1 object loaded: no problems found\n");
    let colored = portolan(&["--color", "always", "check", "-"], SERVICE);
    assert!(stdout(&colored).contains('\u{1b}'));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_answered() {
    let binary = Scratch::new("binary.yaml", b"a: 1\0\x01");
    let latin = Scratch::new("latin.yaml", b"a: \xe4");
    let good = Scratch::new("good.yaml", SERVICE.as_bytes());
    let output = portolan(&["check", binary.path(), latin.path(), "no/such/file.yaml", good.path()], "");
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("binary.yaml: not text: a NUL byte at offset 4"), "{said}");
    assert!(said.contains("latin.yaml: not text: invalid UTF-8 at byte 3"), "{said}");
    assert!(said.contains("no/such/file.yaml: "), "{said}");
    assert!(stdout(&output).contains("1 object loaded"), "{}", stdout(&output));
}

#[test]
fn a_file_that_is_no_manifest_by_its_size_is_left_out() {
    let large = Scratch::new("large.yaml", b"");
    std::fs::OpenOptions::new().write(true).open(large.path()).unwrap().set_len(100 * 1024 * 1024).unwrap();
    let output = portolan(&["check", large.path(), "-"], SERVICE);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("large.yaml: larger than 64 MiB"), "{}", stderr(&output));
    assert!(stdout(&output).contains("1 object loaded"));
}

#[test]
fn a_yaml_bomb_is_refused_at_its_line_and_the_next_document_is_read() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, of) in
        ["b", "c", "d", "e", "f", "g", "h", "i", "j"].iter().zip(["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", ")));
    }
    let output = portolan(&["check", "-"], &format!("{bomb}---\n{SERVICE}"));
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("error[syntax]") && shown.contains("1 object loaded"), "{shown}");
}

#[test]
fn questions_are_answered_a_line_each_in_their_order() {
    let file = Scratch::new("stored.yaml", SERVICE.as_bytes());
    let questions = "{\"ask\":\"endpoints\",\"id\":1,\"service\":{\"name\":\"web\"}}\nnonsense\n\n\
                     {\"ask\":\"endpoints\",\"id\":3}\n{\"ask\":\"env\",\"id\":4,\"pod\":{\"name\":\"nobody\"}}\n";
    let output = portolan(&["ask", "-f", file.path()], questions);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answers: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), 4, "{answers:?}");
    assert!(answers[0].starts_with(r#"{"ask":"endpoints","id":1,"#), "{}", answers[0]);
    assert!(answers[1].contains(r#""error":{"reason":"BadRequest""#), "{}", answers[1]);
    assert!(
        answers[2].starts_with(r#"{"id":3,"error":"#) && answers[2].contains(r#""field":"service""#),
        "{}",
        answers[2]
    );
    assert!(answers[3].contains(r#""reason":"NotFound""#), "{}", answers[3]);
}

#[test]
fn usage_that_cannot_be_worked_with_ends_with_two() {
    for arguments in
        [&["trace", "examples/shop"][..], &["check"], &["nonsense"], &["trace", "examples/shop", "ftp://x/"]]
    {
        let output = portolan(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
    }
    let output =
        portolan(&["verdict", "examples/shop", "--from", "shop/nobody", "--to", "shop/redis", "--port", "1"], "");
    assert_eq!(output.status.code(), Some(2));
    assert!(stdout(&output).contains("NotFound") && stdout(&output).contains("nobody"), "{}", stdout(&output));
}

#[test]
fn options_may_stand_anywhere() {
    let output = portolan(&["trace", "examples/shop", "--from", "shop/frontend", "tcp://redis:6379"], "");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("✗ tcp://redis:6379 does not arrive: a NetworkPolicy"), "{}", stdout(&output));
}

#[test]
fn programs_get_the_whole_answer() {
    let output = portolan(&["check", "-o", "json", "-"], &SERVICE.replace("80", "0"));
    assert_eq!(output.status.code(), Some(1));
    let shown = stdout(&output);
    assert!(
        shown.contains("\"code\": \"refused\"") && shown.contains("\"line\": 7") && shown.contains("\"refused\": 1"),
        "{shown}"
    );
    let version = stdout(&portolan(&["version"], ""));
    assert!(version.contains("answers for Kubernetes 1.36"), "{version}");
}

#[test]
fn every_form_of_findings_is_written() {
    let text = SERVICE.replace("80", "0");
    for (form, expected) in [
        ("sarif", "\"ruleId\": \"refused\""),
        ("junit", "<failure type=\"error\""),
        ("github", "::error file=standard input,line=7,col=13,title=refused::"),
        ("markdown", "| error | refused | standard input:7 |"),
    ] {
        let output = portolan(&["check", "-o", form, "-"], &text);
        assert_eq!(output.status.code(), Some(1), "{form}");
        assert!(stdout(&output).contains(expected), "{form}: {}", stdout(&output));
    }
}

#[test]
fn codes_choose_the_findings() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}\n";
    let text = format!("{SERVICE}  selector:\n    app: nobody\n---\n{pod}");
    assert_eq!(portolan(&["check", "-"], &text).status.code(), Some(1));
    assert_eq!(portolan(&["check", "--ignore", "SVC", "-"], &text).status.code(), Some(0));
    assert_eq!(portolan(&["check", "--select", "ING", "-"], &text).status.code(), Some(0));
    assert_eq!(portolan(&["check", "--select", "svc001", "-"], &text).status.code(), Some(1));
    let explained = stdout(&portolan(&["rule", "SVC001"], ""));
    assert!(explained.contains("service-selects-nothing") && explained.contains("## Wrong"), "{explained}");
    assert_eq!(portolan(&["rule", "XYZ999"], "").status.code(), Some(2));
}

#[test]
fn the_whole_cluster_can_be_looked_at() {
    let map = stdout(&portolan(&["map", "examples/shop"], ""));
    assert!(map.contains("shop/Deployment/cart") && map.contains("TCP 6379"), "{map}");
    assert!(stdout(&portolan(&["map", "-o", "svg", "examples/shop"], "")).starts_with("<svg"));
    let routes = stdout(&portolan(&["routes", "examples/shop"], ""));
    assert!(routes.contains("shop.example.com") && routes.contains("/cart"), "{routes}");
    let envoy = stdout(&portolan(&["render", "envoy", "examples/shop"], ""));
    assert!(envoy.contains("static_resources"), "{envoy}");
    let policies = stdout(&portolan(&["policy", "suggest", "examples/shop"], ""));
    assert!(policies.contains("\"kind\": \"NetworkPolicy\""), "{policies}");
    let again = portolan(&["check", "-"], &policies);
    assert_eq!(again.status.code(), Some(0), "{}", stdout(&again));
}

#[test]
fn two_sets_of_manifests_are_compared() {
    let same = portolan(&["diff", "examples/ingress-fanout", "examples/ingress-fanout"], "");
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    let changed = portolan(&["diff", "examples/ingress-fanout", "examples/ingress-virtual-hosts"], "");
    assert_eq!(changed.status.code(), Some(1));
    let shown = stdout(&changed);
    assert!(shown.contains("foo.bar.com") && shown.contains("for example"), "{shown}");
}

#[test]
fn each_side_of_a_comparison_is_loaded_as_every_command_loads_it() {
    let ingress = |host: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec:\n  rules:\n    - host: {host}\n      http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        )
    };
    let kustomization = "resources: [ingress.yaml]\npatches: [{path: patch.yaml}]\n";
    let folder = Folder::with(&[
        ("patched/kustomization.yaml", kustomization),
        ("patched/ingress.yaml", &ingress("a.example.com")),
        ("patched/patch.yaml", &ingress("b.example.com")),
        ("plain/ingress.yaml", &ingress("a.example.com")),
        ("refused/ingress.yaml", &ingress("a.example.com").replace("pathType: Prefix, ", "")),
    ]);
    let same = folder.portolan(&["diff", "plain", "patched"]);
    assert_eq!((same.status, same.err.as_str()), (0, ""), "{same:?}");
    let refused = folder.portolan(&["diff", "plain", "refused"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.err.contains("refused/ingress.yaml:") && refused.err.contains("pathType"), "{}", refused.err);
    assert!(refused.out.contains("- Service default/web port 80") && refused.out.contains("+ 404"), "{}", refused.out);
}

#[test]
fn questions_can_be_asked_of_admitted_objects() {
    let question = "{\"ask\":\"resolve\",\"name\":\"web.default.svc.cluster.local\"}\n";
    let folder = Folder::with(&[("a.yaml", SERVICE)]);
    let stored = folder.portolan_with(&["ask", "-f", "a.yaml"], question);
    assert!(!stored.out.contains(" A 10."), "{}", stored.out);
    let admitted = folder.portolan_with(&["ask", "--admit", "-f", "a.yaml"], question);
    assert!(admitted.out.contains("web.default.svc.cluster.local. A 10."), "{}", admitted.out);
    folder.write("a.yaml", &SERVICE.replace("80", "0"));
    let refused = folder.portolan_with(&["ask", "--admit", "-f", "a.yaml"], question);
    assert!(refused.status == 1 && refused.err.contains("a.yaml:7:"), "{refused:?}");
}
