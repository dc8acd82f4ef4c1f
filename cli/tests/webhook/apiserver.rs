//! What a webhook sees of an API server: lists and watches over plain HTTP, which can be cut off.

use portolan_base::json;
use portolan_base::tree::Node;
use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The server.
pub(crate) struct ApiServer {
    shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    version: u64,
    /// Objects by plural, then by namespace and name.
    objects: BTreeMap<String, BTreeMap<String, String>>,
    /// Every event: its version, its plural, its line.
    events: Vec<(u64, String, String)>,
    /// Versions up to this one are forgotten: a watch from one of them is answered with 410.
    forgotten: u64,
    /// Nobody is answered.
    down: bool,
    connections: Vec<TcpStream>,
    /// What was asked, `list services` or `watch services`.
    asked: Vec<String>,
}

impl ApiServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || drop(serve(stream, &shared)));
            }
        });
        ApiServer { shared, address }
    }

    /// A kubeconfig that leads here.
    pub(crate) fn kubeconfig(&self) -> String {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: 'http://{}'}}\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\nusers:\n- name: u\n  user: {{token: t}}\n",
            self.address
        )
    }

    /// Stores an object, given as JSON.
    pub(crate) fn put(&self, plural: &str, object: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.version += 1;
        let version = state.version;
        let object = object.replacen(
            "\"metadata\":{",
            &format!("\"metadata\":{{\"uid\":\"u\",\"resourceVersion\":\"{version}\","),
            1,
        );
        let known = state.objects.entry(plural.to_owned()).or_default().insert(key(&object), object.clone());
        let kind = if known.is_some() { "MODIFIED" } else { "ADDED" };
        state.events.push((version, plural.to_owned(), format!(r#"{{"type":"{kind}","object":{object}}}"#)));
        self.shared.changed.notify_all();
    }

    /// Takes an object out.
    pub(crate) fn remove(&self, plural: &str, name: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.version += 1;
        let version = state.version;
        let object = state.objects.get_mut(plural).and_then(|objects| objects.remove(name)).expect("it is there");
        state.events.push((version, plural.to_owned(), format!(r#"{{"type":"DELETED","object":{object}}}"#)));
        self.shared.changed.notify_all();
    }

    /// Cuts every connection; while it is down nobody is answered.
    pub(crate) fn cut(&self, down: bool) {
        let mut state = self.shared.state.lock().unwrap();
        state.down = down;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }

    /// Forgets what happened: who watches from an earlier version has to list again.
    pub(crate) fn forget(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.version += 1;
        state.forgotten = state.version;
        state.events.clear();
    }

    /// How often that was asked.
    pub(crate) fn asked(&self, what: &str) -> usize {
        self.shared.state.lock().unwrap().asked.iter().filter(|asked| *asked == what).count()
    }
}

fn key(object: &str) -> String {
    let node = json::read(object).unwrap();
    let word = |path: &str| node.at(path).and_then(Node::as_str).unwrap_or_default().to_owned();
    format!("{}/{}", word("metadata.namespace"), word("metadata.name"))
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    {
        let mut state = shared.state.lock().unwrap();
        if state.down {
            return stream.shutdown(Shutdown::Both);
        }
        state.connections.push(stream.try_clone()?);
    }
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let target = line.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let plural = path.rsplit('/').next().unwrap_or_default().to_owned();
        let query: BTreeMap<&str, &str> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if path == "/version" {
            let body = r#"{"major":"1","minor":"36","gitVersion":"v1.36.3","gitCommit":"","gitTreeState":"","buildDate":"","goVersion":"","compiler":"","platform":""}"#;
            write(&stream, 200, body)?;
        } else if path.contains("policy.networking.k8s.io") {
            let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"the server could not find the requested resource","reason":"NotFound","code":404}"#;
            write(&stream, 404, body)?;
        } else if query.get("watch").is_some_and(|watch| *watch == "true" || *watch == "1") {
            let from = query.get("resourceVersion").and_then(|version| version.parse().ok()).unwrap_or(0);
            // What ends in order leaves the connection to the next request.
            watch(&stream, shared, &plural, from)?;
        } else {
            let body = list(shared, &plural, &query);
            write(&stream, 200, &body)?;
        }
    }
}

fn write(mut stream: &TcpStream, code: u16, body: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

/// A page of a list: the token is where it goes on.
fn list(shared: &Shared, plural: &str, query: &BTreeMap<&str, &str>) -> String {
    let mut state = shared.state.lock().unwrap();
    state.asked.push(format!("list {plural}"));
    let number = |name: &str| query.get(name).and_then(|value| value.parse::<usize>().ok());
    let (from, limit) = (number("continue").unwrap_or(0), number("limit").unwrap_or(usize::MAX));
    let all: Vec<&String> = state.objects.get(plural).into_iter().flat_map(BTreeMap::values).collect();
    let end = from.saturating_add(limit).min(all.len());
    let page: Vec<&str> = all[from.min(end)..end].iter().map(|object| object.as_str()).collect();
    let token = if end < all.len() { end.to_string() } else { String::new() };
    format!(
        r#"{{"kind":"List","apiVersion":"v1","metadata":{{"resourceVersion":"{}","continue":"{token}"}},"items":[{}]}}"#,
        state.version,
        page.join(",")
    )
}

fn watch(mut stream: &TcpStream, shared: &Shared, plural: &str, from: u64) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let mut state = shared.state.lock().unwrap();
    state.asked.push(format!("watch {plural}"));
    let mut send =
        |line: &str| -> io::Result<()> { stream.write_all(format!("{:x}\r\n{line}\n\r\n", line.len() + 1).as_bytes()) };
    if from < state.forgotten {
        drop(state);
        send(
            r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}"#,
        )?;
        return stream.write_all(b"0\r\n\r\n");
    }
    let mut sent = from;
    loop {
        let ready: Vec<(u64, String)> = state
            .events
            .iter()
            .filter(|(version, of, _)| *version > sent && of == plural)
            .map(|(version, _, line)| (*version, line.clone()))
            .collect();
        drop(state);
        for (version, line) in ready {
            send(&line)?;
            sent = version;
        }
        state = shared.state.lock().unwrap();
        if state.down {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        // Something may have come between the two locks.
        if !state.events.iter().any(|(version, of, _)| *version > sent && of == plural) {
            state = shared.changed.wait_timeout(state, Duration::from_secs(1)).unwrap().0;
        }
    }
}
