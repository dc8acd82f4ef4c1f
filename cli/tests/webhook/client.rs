//! A client as the API server is one: HTTP/1.1 over TLS, one connection for many requests.

use super::process::Webhook;
use portolan_base::json;
use portolan_base::tree::Node;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, ConfigBuilder, RootCertStore, StreamOwned};

/// A connection.
pub(crate) struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    rest: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Node {
        json::read(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn allowed(&self) -> bool {
        self.json().at("response.allowed").and_then(Node::as_bool).unwrap()
    }

    pub(crate) fn message(&self) -> String {
        self.json().at("response.status.message").and_then(Node::as_str).unwrap_or_default().to_owned()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let json = self.json();
        let warnings = json.at("response.warnings").map(|node| node.items().to_vec()).unwrap_or_default();
        warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn config(authority: Vec<u8>) -> Arc<ClientConfig> {
    Arc::new(trusting(authority).with_no_client_auth())
}

/// With a certificate of the client and its key, both PEM.
pub(crate) fn config_as(authority: Vec<u8>, (certificate, key): &(String, String)) -> Arc<ClientConfig> {
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    Arc::new(trusting(authority).with_client_auth_cert(chain, key).unwrap())
}

fn trusting(authority: Vec<u8>) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority)).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots)
}

impl Client {
    pub(crate) fn new(webhook: &Webhook) -> Self {
        Client::with(webhook.address, config(webhook.authority.certificate()))
    }

    pub(crate) fn with(address: SocketAddr, config: Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        let name = ServerName::from(address.ip());
        let connection = ClientConnection::new(config, name).unwrap();
        Client { stream: StreamOwned::new(connection, stream), rest: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads one answer; an error where the connection ends before it is whole.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let end_of_head = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"\r\n\r\n");
        while end_of_head(&self.rest).is_none() {
            self.fill()?;
        }
        let at = end_of_head(&self.rest).unwrap() + 4;
        let head = String::from_utf8(self.rest.drain(..at).collect()).unwrap().to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap());
        while self.rest.len() < length {
            self.fill()?;
        }
        let body = String::from_utf8(self.rest.drain(..length).collect()).unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Answer { code, head, body })
    }

    /// The first certificate that the server has shown.
    pub(crate) fn certificate(&mut self) -> Vec<u8> {
        self.get("/healthz");
        self.stream.conn.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: webhook\r\n\r\n").as_bytes()).unwrap();
        self.answer().unwrap()
    }

    pub(crate) fn post(&mut self, of_type: &str, body: &str) -> Answer {
        self.send(post(of_type, body).as_bytes()).unwrap();
        self.answer().unwrap()
    }

    pub(crate) fn review(&mut self, review: &str) -> Answer {
        let answer = self.post("application/json", review);
        assert_eq!(answer.code, 200, "{answer:?}");
        answer
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        let read = self.stream.read(&mut chunk)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.rest.extend_from_slice(&chunk[..read]);
        Ok(())
    }
}

pub(crate) fn post(of_type: &str, body: &str) -> String {
    format!(
        "POST /validate?timeout=10s HTTP/1.1\r\nHost: webhook\r\nContent-Type: {of_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A review of an object, given as JSON; `old` as JSON too, or empty.
pub(crate) fn review(operation: &str, object: &str, old: &str) -> String {
    let read = json::read(if object.is_empty() { old } else { object }).unwrap();
    let word = |path: &str| read.at(path).and_then(Node::as_str).unwrap_or_default();
    let (group, version) = word("apiVersion").rsplit_once('/').unwrap_or(("", word("apiVersion")));
    let or_null = |text: &str| if text.is_empty() { "null".to_owned() } else { text.to_owned() };
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"705ab4f5-6393","kind":{{"group":"{group}","version":"{version}","kind":"{}"}},"operation":"{operation}","namespace":"{}","name":"{}","dryRun":false,"object":{},"oldObject":{}}}}}"#,
        word("kind"),
        word("metadata.namespace"),
        word("metadata.name"),
        or_null(object),
        or_null(old),
    )
}
