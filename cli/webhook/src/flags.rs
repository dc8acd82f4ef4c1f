//! The command line of the webhook.

use clap::{Args, ValueEnum};
use portolan_checking::cluster_flags::ClusterFlags;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How the webhook is run.
#[derive(Args, Clone, Debug)]
pub struct WebhookFlags {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8443")]
    pub listen: SocketAddr,
    /// Its certificate, PEM, with those that lead to the authority; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub tls_cert_file: PathBuf,
    /// The key of the certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub tls_private_key_file: PathBuf,
    /// Manifests to judge with instead of a cluster: files or folders; may be repeated
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context", "secrets"])]
    pub objects: Vec<PathBuf>,
    /// How to reach the cluster [default: the pod's account, or $KUBECONFIG]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
    /// Watch Secrets too: of which type they are, and which keys they have. Their values are not kept
    #[arg(long)]
    pub secrets: bool,
    /// Refuse nothing: errors become warnings
    #[arg(long)]
    pub warn_only: bool,
    /// Only findings of these codes; a prefix stands for all that begin so
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub select: Vec<String>,
    /// No findings of these codes; a prefix stands for all that begin so
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// What becomes of a request while the cluster is out of view: let it pass with a warning, or refuse it
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, value_name = "open|closed")]
    pub fail: Fail,
    /// How long the cluster may be out of reach before it counts as out of view
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub stale_after: Duration,
    /// How many connections are held at once; more of them wait
    #[arg(long, value_name = "NUMBER", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,
    /// How long a client may take for the head of a request, and again for its body
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time)]
    pub read_timeout: Duration,
    /// How long requests may go on when it is told to end
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    pub shutdown_timeout: Duration,
    /// How often the certificate is looked at
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

#[cfg(test)]
mod tests {
    use super::time;
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
}
