//! The command line of the webhook.

use crate::budget::LARGEST_BODY;
use clap::{Args, ValueEnum};
use portolan_checking::cluster_flags::ClusterFlags;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How the webhook is run.
#[derive(Args, Clone, Debug)]
pub struct WebhookFlags {
    /// Where the webhook listens for reviews, with TLS
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,
    /// Where the webhook answers probes and scrapes (`/healthz`, `/readyz`, `/metrics`), without TLS
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8081")]
    pub health_listen: SocketAddr,
    /// Its certificate, PEM, with the chain to the authority; reloaded when it changes
    #[arg(long, value_name = "FILE")]
    pub tls_cert_file: PathBuf,
    /// The key of the certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub tls_private_key_file: PathBuf,
    /// Certificates of authorities, PEM. If given, a client must show a certificate that one of them signed; read once
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Manifests to check against instead of a cluster: files or folders; can be repeated
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context", "secrets"])]
    pub objects: Vec<PathBuf>,
    /// How to reach the cluster [default: the pod's account, or $KUBECONFIG]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Watch Secrets too: their types and keys; values are not kept
    #[arg(long)]
    pub secrets: bool,
    /// Refuse nothing: errors become warnings
    #[arg(long)]
    pub warn_only: bool,
    /// Report only findings of these codes; a prefix selects all codes that begin with it
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Report no findings of these codes; a prefix selects all codes that begin with it
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// What to do while the cluster cannot be reached: allow with a warning (open) or refuse (closed)
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, value_name = "open|closed")]
    pub fail: Fail,
    /// How long the cluster may be unreachable before --fail applies
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub stale_after: Duration,
    /// The largest number of connections. Beyond it the connection that has been idle for longest is closed
    #[arg(long, value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// The largest number of connections of one client address (IPv6: of one /64). Beyond it that client's connection that
    /// has been idle for longest is closed; if none is idle, the new one is
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections_per_client: u32,
    /// The largest number of bytes in flight: half for bodies that have arrived, half for the memory of running reviews.
    /// Bodies beyond it are answered with 503
    #[arg(long, value_name = "BYTES", default_value = "256Mi", value_parser = inflight_bytes)]
    pub max_inflight_bytes: u32,
    /// How long a client may take to begin its first request, for the head of a request, and again for its body
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub read_timeout: Duration,
    /// How long a client may take to read what is written to it
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub write_timeout: Duration,
    /// How long running requests may take after SIGTERM
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    pub shutdown_timeout: Duration,
    /// How often the certificate is read
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time)]
    pub reload_every: Duration,
    /// Form of the log on standard error
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, value_name = "text|json")]
    pub logging_format: LoggingFormat,
    /// What is logged: error, warn, info (reviews with findings), debug (every review)
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log_level: tracing::Level,
    /// The cluster's settings
    #[command(flatten)]
    pub cluster: ClusterFlags,
}

/// What becomes of a request that cannot be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Fail {
    /// It passes, with a warning
    #[default]
    Open,
    /// It is refused
    Closed,
}

/// The form of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LoggingFormat {
    /// Text for people
    #[default]
    Text,
    /// A JSON object a line
    Json,
}

/// Reads a time as Go writes it, in one unit: `500ms`, `60s`, `2m`, `1h`.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let number = number.parse::<u64>().ok().and_then(|number| number.checked_mul(milliseconds));
    number
        .filter(|milliseconds| *milliseconds > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a time like 500ms, 60s or 2m".to_owned())
}

/// Reads a number of bytes as Kubernetes writes it: `67108864`, `65536Ki`, `64Mi`, `1Gi`. Both halves must have room for the
/// largest body.
fn inflight_bytes(text: &str) -> Result<u32, String> {
    let digits = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let unit: Option<u32> = match unit {
        "" => Some(1),
        "Ki" => Some(1 << 10),
        "Mi" => Some(1 << 20),
        "Gi" => Some(1 << 30),
        _ => None,
    };
    let bytes = unit.zip(number.parse::<u32>().ok()).and_then(|(unit, number)| number.checked_mul(unit));
    match bytes {
        Some(bytes) if bytes / 2 >= LARGEST_BODY => Ok(bytes),
        Some(_) => Err(format!("expected at least {}Mi, twice the largest body", 2 * LARGEST_BODY / (1 << 20))),
        None => Err("expected a number of bytes below 4Gi, like 268435456, 256Mi or 1Gi".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::{inflight_bytes, time};
    use std::time::Duration;

    #[test]
    fn times_are_read() {
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "60", "0s", "1d", "s", "99999999999999999999s", "5 s", "é"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
    #[test]
    fn numbers_of_bytes_are_read() {
        assert_eq!(inflight_bytes("268435456"), Ok(256 << 20));
        assert_eq!(inflight_bytes("65536Ki"), Ok(64 << 20));
        assert_eq!(inflight_bytes("16Mi"), Ok(16 << 20));
        assert_eq!(inflight_bytes("1Gi"), Ok(1 << 30));
        for wrong in ["", "Mi", "13Mi", "4Gi", "64M", "64 Mi", "-1", "99999999999", "é"] {
            assert!(inflight_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
