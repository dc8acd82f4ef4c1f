//! The binary, called in a folder of its own.

#![allow(dead_code, reason = "every test file takes what it needs")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A Service without faults.
pub(crate) const SERVICE: &str =
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n    - port: 80\n";

/// A folder of its own for a test, gone with it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// A folder with these files, which may stand in folders of their own.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Folder(std::env::temp_dir().join(format!("portolan-{}-{number}", std::process::id())));
        std::fs::create_dir_all(&folder.0).unwrap();
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Calls the binary in this folder.
    pub(crate) fn portolan(&self, arguments: &[&str]) -> Answer {
        self.portolan_with(arguments, "")
    }

    /// Calls the binary in this folder, with that standard input.
    pub(crate) fn portolan_with(&self, arguments: &[&str], input: &str) -> Answer {
        Answer::of(&call(&self.0, arguments, input))
    }
}

/// Calls the binary in a folder, with that standard input.
pub(crate) fn call(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads no standard input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What the binary said, and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
    /// The exit status.
    pub(crate) status: i32,
}

impl Answer {
    fn of(output: &Output) -> Self {
        Answer {
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
            status: output.status.code().unwrap(),
        }
    }
}
