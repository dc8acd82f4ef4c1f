//! The certificates of a rendered proxy: Secrets come in; files that the configuration names go out.

use crate::terminal::Terminal;
use portolan::cluster::Cluster;
use portolan::routing::render::certificate::{file_name, pem};
use std::io::Write as _;
use std::path::Path;

/// Writes a file into the folder for each Secret whose certificate the configuration names, for its owner alone to read.
/// A Secret without a certificate is reported: whoever runs the proxy must write that file.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn write(
    cluster: &Cluster,
    configuration: &str,
    folder: &Path,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let fail = |path: &Path, error: std::io::Error| anyhow::anyhow!("{}: {error}", path.display());
    for (key, secret) in cluster.secrets.iter() {
        let path = folder.join(file_name(key));
        if !configuration.contains(&path.display().to_string()) {
            continue;
        }
        let Some(pem) = pem(secret) else {
            terminal
                .complain(&format!("Secret {key} has no certificate with its key; write {} yourself", path.display()));
            continue;
        };
        std::fs::create_dir_all(folder).map_err(|error| fail(folder, error))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&path).and_then(|mut file| file.write_all(pem.as_bytes()));
        written.map_err(|error| fail(&path, error))?;
    }
    Ok(())
}
