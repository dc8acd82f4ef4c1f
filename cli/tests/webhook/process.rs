//! The webhook as a process, with a certificate made for it.

use rcgen::{CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A folder that goes when the test ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("portolan-webhook-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Who signs the certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        Authority { issuer }
    }

    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    /// Its certificate, PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for 127.0.0.1 with that name, and its key, both PEM.
    pub(crate) fn sign(&self, name: &str) -> (String, String) {
        let mut parameters = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// A webhook that runs.
pub(crate) struct Webhook {
    child: Child,
    pub(crate) address: SocketAddr,
    /// Where probes and scrapes are answered.
    pub(crate) health: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) folder: Folder,
    log: Arc<Mutex<String>>,
}

impl Webhook {
    /// Starts the webhook with these flags and waits until it listens.
    pub(crate) fn start(binary: &str, folder: Folder, flags: &[&str]) -> Self {
        let authority = Authority::new();
        let (certificate, key) = authority.sign("first");
        let certificate = folder.file("tls.crt", &certificate);
        let key = folder.file("tls.key", &key);
        let level: &[&str] = if flags.contains(&"--log-level") { &[] } else { &["--log-level", "debug"] };
        let mut child = Command::new(binary)
            .args(["webhook", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--reload-every", "100ms"])
            .args(level)
            .arg("--tls-cert-file")
            .arg(&certificate)
            .arg("--tls-private-key-file")
            .arg(&key)
            .args(flags)
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, receiver) = std::sync::mpsc::channel();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(address) = address_in(&line) {
                    let _ = sender.send(address);
                }
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut next = || {
            receiver.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| {
                let _ = child.kill();
                panic!("it does not listen:\n{}", log.lock().unwrap());
            })
        };
        let (health, address) = (next(), next());
        Webhook { child, address, health, authority, folder, log }
    }

    /// What the port for probes and scrapes answers: the code, and all of the response.
    pub(crate) fn probe(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.health).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: webhook\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    /// The metrics.
    pub(crate) fn metrics(&self) -> String {
        self.probe("/metrics").1
    }

    /// The resident memory of the process at its highest, in MiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal: `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + limit;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the log of the webhook:\n{}", self.log());
        }
    }
}

/// The address in the line that says where it listens, in either form of the log.
fn address_in(line: &str) -> Option<SocketAddr> {
    if !line.contains("listening") && !line.contains("answering probes") {
        return None;
    }
    let start = line.find("127.0.0.1:")?;
    let end = line[start..].find(|character: char| !character.is_ascii_digit() && !".:".contains(character));
    line[start..end.map_or(line.len(), |end| start + end)].parse().ok()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < limit, "it took too long until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
