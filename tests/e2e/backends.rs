//! Web servers that say who they are and what they were asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Services `s1` to `s8`, each a web server on a port of its own.
pub struct Backends {
    /// The port of each, `s1` first.
    pub ports: Vec<u16>,
    stop: Arc<AtomicBool>,
}

impl Backends {
    /// Starts them.
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ports = (1..=8)
            .map(|number| {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let port = listener.local_addr().unwrap().port();
                let stop = Arc::clone(&stop);
                std::thread::spawn(move || {
                    for stream in listener.incoming().flatten() {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        std::thread::spawn(move || serve(number, &stream));
                    }
                });
                port
            })
            .collect();
        Backends { ports, stop }
    }

    /// The Services and their EndpointSlices.
    pub fn objects(&self) -> Vec<serde_json::Value> {
        let mut objects = Vec::new();
        for (index, port) in self.ports.iter().enumerate() {
            let name = format!("s{}", index + 1);
            objects.push(serde_json::json!({
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
                "spec": {"clusterIP": format!("10.0.0.{}", index + 1), "type": "NodePort",
                    "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": port, "nodePort": port}]},
            }));
            objects.push(serde_json::json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                "metadata": {"name": format!("{name}-1"), "namespace": "default",
                    "labels": {"kubernetes.io/service-name": name}},
                "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": true}}],
                "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
            }));
        }
        objects
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for port in &self.ports {
            // Wakes the listener, which then sees that it is to stop.
            drop(TcpStream::connect(("127.0.0.1", *port)));
        }
    }
}

/// Answers `s1 /path?query` to every request of the connection.
fn serve(number: usize, stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut target = None;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            if target.is_none() {
                target = line.split(' ').nth(1).map(str::to_owned);
            }
        }
        let body = format!("s{number} {}", target.unwrap_or_default());
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = stream;
        if stream.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}
