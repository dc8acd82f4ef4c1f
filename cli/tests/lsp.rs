//! `portolan lsp`, spoken to as an editor does: over the pipes of a real process.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "shared/binary.rs"]
mod binary;

use binary::{Folder, SERVICE};
use serde_json::{Value, json};
use std::io::{BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An editor with one folder.
struct Editor {
    folder: Folder,
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// The diagnostics told last, by file name.
    told: Vec<(String, Value)>,
    next: i64,
}

impl Editor {
    fn start(files: &[(&str, &str)]) -> Self {
        let folder = Folder::with(files);
        let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = receive(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        let mut editor = Editor { folder, child, input, messages, told: Vec::new(), next: 0 };
        let root = editor.uri("");
        let capabilities = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
        let answer = editor.ask(
            "initialize",
            json!({"processId": null, "capabilities": capabilities, "workspaceFolders": [{"uri": root, "name": "w"}]}),
        );
        assert_eq!(answer["capabilities"]["textDocumentSync"], 2);
        editor.tell("initialized", json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.folder.0.join(name).display()).trim_end_matches('/').to_owned()
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// The next message that is no request of the server; those are granted.
    fn next(&mut self) -> Value {
        loop {
            let message = self
                .messages
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("nothing more comes; told was {:?}", self.told));
            if message.get("method").is_some() && message.get("id").is_some() {
                assert_eq!(message["method"], "client/registerCapability");
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}));
                continue;
            }
            if message["method"] == "textDocument/publishDiagnostics" {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.told.retain(|(known, _)| *known != uri);
                self.told.push((uri, message["params"]["diagnostics"].clone()));
            }
            return message;
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.next();
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// The codes told last of a file.
    fn codes(&self, name: &str) -> Vec<String> {
        let uri = self.uri(name);
        let told = self.told.iter().find(|(known, _)| *known == uri).and_then(|(_, told)| told.as_array());
        told.into_iter().flatten().map(|found| found["code"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until these are the codes of a file.
    #[track_caller]
    fn wait_for(&mut self, name: &str, codes: &[&str]) {
        let since = Instant::now();
        while self.codes(name) != codes {
            assert!(since.elapsed() < PATIENCE, "{name} has {:?}", self.codes(name));
            let _ = self.next();
        }
    }

    fn open(&mut self, name: &str, text: &str) {
        let document = json!({"uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, name: &str, changes: Value) {
        let document = json!({"uri": self.uri(name), "version": 2});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    fn at(&self, name: &str, line: u32, character: u32) -> Value {
        json!({"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": character}})
    }

    fn actions(&mut self, name: &str, line: u32, context: Value) -> Vec<Value> {
        let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line, "character": 99}});
        let document = json!({"uri": self.uri(name)});
        let answer =
            self.ask("textDocument/codeAction", json!({"textDocument": document, "range": range, "context": context}));
        answer.as_array().unwrap().clone()
    }

    fn labels(&mut self, name: &str, line: u32, character: u32) -> Vec<String> {
        let at = self.at(name, line, character);
        let items = self.ask("textDocument/completion", at);
        items.as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    /// Ends the server as the protocol wants it; it has to go by itself.
    fn end(mut self) {
        assert!(self.ask("shutdown", Value::Null).is_null());
        self.tell("exit", Value::Null);
        assert_eq!(self.exit_status(), Some(0));
    }

    /// Waits for the end of the server.
    fn exit_status(&mut self) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(since.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads one message; nothing at the end.
fn receive(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A Service that wants pods, and the pod.
const WEB: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  selector:\n    app: web\n  ports:\n    - port: 80\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-0\n  labels:\n    app: web\nspec:\n  containers:\n    - name: web\n      image: web:1\n      ports:\n        - name: http\n          containerPort: 80\n";

#[test]
fn what_is_open_goes_before_the_disk_and_all_files_are_one_cluster() {
    let mut editor = Editor::start(&[("service.yaml", WEB), ("deep/pod.yaml", POD)]);
    // The pod loses its label in the editor: the finding is in another file.
    editor.open("deep/pod.yaml", POD);
    let label = json!({"start": {"line": 5, "character": 9}, "end": {"line": 5, "character": 12}});
    editor.change("deep/pod.yaml", json!([{"range": label, "text": "wbe"}]));
    editor.wait_for("service.yaml", &["SVC001"]);
    editor.change("deep/pod.yaml", json!([{"range": label, "text": "web"}]));
    editor.wait_for("service.yaml", &[]);
    // Unsaved changes are gone with their buffer.
    editor.change("deep/pod.yaml", json!([{"text": "a: ["}]));
    editor.wait_for("deep/pod.yaml", &["syntax"]);
    let document = json!({"uri": editor.uri("deep/pod.yaml")});
    editor.tell("textDocument/didClose", json!({"textDocument": document}));
    editor.wait_for("deep/pod.yaml", &[]);
    editor.wait_for("service.yaml", &[]);
    // The editor reports changes on the disk.
    editor.folder.write("deep/pod.yaml", &POD.replace("app: web", "app: wbe"));
    let changed = json!({"uri": editor.uri("deep/pod.yaml"), "type": 2});
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [changed]}));
    editor.wait_for("service.yaml", &["SVC001"]);
    editor.folder.write("portolan.toml", "ignore = [\"SVC001\"]\n");
    let changed = json!({"uri": editor.uri("portolan.toml"), "type": 1});
    editor.tell("workspace/didChangeWatchedFiles", json!({"changes": [changed]}));
    editor.wait_for("service.yaml", &[]);
    editor.end();
}

#[test]
fn actions_fix_and_suppress_findings() {
    let misspelt = format!("# é😀\n{}", SERVICE.replace("ports", "port"));
    let unmet = format!("{WEB}---\n{}", POD.replace("app: web", "app: other"));
    let mut editor = Editor::start(&[("a.yaml", &misspelt), ("b.yaml", &unmet)]);
    editor.wait_for("a.yaml", &["refused"]);
    let (_, told) = editor.told.iter().find(|(uri, _)| uri.ends_with("a.yaml")).unwrap();
    assert_eq!(told[0]["range"], json!({"start": {"line": 6, "character": 2}, "end": {"line": 6, "character": 6}}));
    assert_eq!((&told[0]["severity"], &told[0]["source"]), (&json!(1), &json!("portolan")));

    let actions = editor.actions("a.yaml", 6, json!({"diagnostics": []}));
    let edit = &actions[0]["edit"]["changes"][editor.uri("a.yaml")][0];
    assert_eq!((&actions[0]["title"], &edit["newText"]), (&json!("Write `ports`"), &json!("ports")));
    assert_eq!(edit["range"]["start"], json!({"line": 6, "character": 2}));
    assert_eq!(editor.actions("a.yaml", 2, json!({"diagnostics": []})).len(), 0);

    editor.wait_for("b.yaml", &["SVC001"]);
    let actions = editor.actions("b.yaml", 5, json!({"diagnostics": []}));
    let silencing = actions.iter().find(|action| action["title"] == "Silence SVC001 on this line").unwrap();
    let edit = &silencing["edit"]["changes"][editor.uri("b.yaml")][0];
    assert_eq!(edit["newText"], " # portolan: ignore[SVC001]");
    editor.open("b.yaml", &unmet);
    let change = json!([{"range": edit["range"], "text": edit["newText"]}]);
    editor.change("b.yaml", change);
    editor.wait_for("b.yaml", &[]);

    let all = editor.actions("a.yaml", 0, json!({"diagnostics": [], "only": ["source.fixAll"]}));
    let edit = &all[0]["edit"]["changes"][editor.uri("a.yaml")][0];
    assert_eq!(edit["newText"], format!("# é😀\n{SERVICE}"));
    editor.end();
}

#[test]
fn hovering_explains_fields_and_findings() {
    let unmet = format!("{WEB}---\n{}", POD.replace("app: web", "app: other"));
    let mut editor = Editor::start(&[("a.yaml", &unmet)]);
    editor.wait_for("a.yaml", &["SVC001"]);
    let at = editor.at("a.yaml", 8, 8);
    let hover = editor.ask("textDocument/hover", at);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.starts_with("`spec.ports.port` integer\n"), "{text}");
    let at = editor.at("a.yaml", 5, 4);
    let hover = editor.ask("textDocument/hover", at);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(
        text.starts_with("`spec.selector` map of strings") && text.contains("**SVC001** service-selects-nothing"),
        "{text}"
    );
    let at = editor.at("a.yaml", 8, 13);
    assert!(editor.ask("textDocument/hover", at).is_null());
    editor.end();
}

#[test]
fn what_may_be_written_is_offered() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  defaultBackend:\n    service:\n      name: \n      port:\n        number: \n";
    let mut editor = Editor::start(&[("service.yaml", WEB), ("pod.yaml", POD)]);
    editor.open("ingress.yaml", ingress);
    assert_eq!(editor.labels("ingress.yaml", 7, 12), ["web"]);
    assert_eq!(editor.labels("ingress.yaml", 9, 16), ["80"]);
    editor.open("new.yaml", &format!("{WEB}      \n      protocol: \n      targetPort: \n---\nk"));
    let names = editor.labels("new.yaml", 9, 6);
    assert!(names.contains(&"nodePort".to_owned()) && !names.contains(&"port".to_owned()), "{names:?}");
    assert_eq!(editor.labels("new.yaml", 10, 16), ["TCP", "UDP", "SCTP"]);
    assert_eq!(editor.labels("new.yaml", 11, 18), ["80", "http"]);
    assert_eq!(editor.labels("new.yaml", 13, 1), ["apiVersion", "kind", "metadata", "spec"]);
    assert_eq!(editor.labels("new.yaml", 6, 9), ["web"]);
    let at = editor.at("new.yaml", 13, 1);
    let items = editor.ask("textDocument/completion", at);
    assert_eq!(items[1]["textEdit"]["newText"], "kind: ");
    assert_eq!(items[1]["textEdit"]["range"]["start"]["character"], 0);
    editor.end();
}

#[test]
fn an_end_without_shutdown_has_exit_status_1() {
    // `{` without its end, a length that is none, no protocol at all, and the end of the input.
    for input in ["Content-Length: 9\r\n\r\n{\"a\":[[[[", "Content-Length: -5\r\n\r\n{}", "garbage\r\n\r\ngarbage", ""]
    {
        let mut editor = Editor::start(&[("service.yaml", WEB)]);
        let mut stdin = editor.input.take().unwrap();
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        assert_eq!(editor.exit_status(), Some(1), "{input:?}");
    }
    let mut editor = Editor::start(&[("service.yaml", WEB)]);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.exit_status(), Some(1));
}

#[test]
fn of_many_changes_only_the_last_text_is_read() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..3_000 {
        let _ = write!(text, "---\n{}", WEB.replace("name: web", &format!("name: s{number}")));
    }
    let mut editor = Editor::start(&[("many.yaml", &text)]);
    editor.open("many.yaml", &text);
    let start = json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}});
    let measure = |editor: &mut Editor, changes: usize| {
        let since = Instant::now();
        for number in 0..changes {
            editor.change("many.yaml", json!([{"range": start, "text": format!("# {number}\n")}]));
        }
        let at = editor.at("many.yaml", 0, 0);
        editor.ask("textDocument/completion", at);
        since.elapsed()
    };
    let one = measure(&mut editor, 1);
    let many = measure(&mut editor, 40);
    // Reading each of them took forty times as long.
    assert!(many < 15 * one + Duration::from_millis(500), "one: {one:?}, 40: {many:?}");
    editor.end();
}
