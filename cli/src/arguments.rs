//! The command line, described once for parsing and for help.

use crate::terminal::Color;
use clap::{Args, Parser, Subcommand, ValueEnum};
use portolan_checking::cluster_flags::ClusterFlags;
use std::path::PathBuf;

/// Answers what a Kubernetes cluster would do with your manifests, and why.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, disable_help_subcommand = true, propagate_version = false)]
#[command(
    after_help = "Answers are those of Kubernetes 1.36.\nExit status: 0 all is fine, 1 findings or refused, 2 input or usage that cannot be worked with."
)]
pub(crate) struct Arguments {
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "When to use colour: auto, always, never"
    )]
    pub(crate) color: Color,

    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Manifests, and the cluster they go into.
#[derive(Args, Clone, Debug)]
pub(crate) struct Manifests {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The cluster's settings
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t, help = "Form of the answer")]
    pub(crate) output: Output,
}

impl Manifests {
    /// The namespace of names that name none.
    ///
    /// # Errors
    /// The settings cannot be read or understood.
    pub(crate) fn namespace(&self) -> anyhow::Result<String> {
        Ok(self.cluster.namespace(&self.cluster.settings(&self.paths)?).to_owned())
    }

    /// The controller that is given, else the one that is set.
    ///
    /// # Errors
    /// The settings cannot be read or understood.
    pub(crate) fn controller(&self, given: Option<&str>) -> anyhow::Result<String> {
        if let Some(given) = given {
            return Ok(given.to_owned());
        }
        let settings = self.cluster.settings(&self.paths)?;
        Ok(settings.ingress_controller.unwrap_or_else(|| "spec".to_owned()))
    }
}

/// Manifests, and behind them the one thing that is asked about. Options may stand anywhere among the words.
#[derive(Args, Clone, Debug)]
pub(crate) struct Asked {
    /// Files, folders or `-`, and last what is asked about
    #[arg(required = true, num_args = 1.., value_name = "WORD", help = "Files, folders, or `-` for standard input; last, what is asked about")]
    pub(crate) words: Vec<String>,

    /// The cluster's settings
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t, help = "Form of the answer")]
    pub(crate) output: Output,
}

impl Asked {
    /// The manifests and, apart, the last word.
    ///
    /// # Errors
    /// There is only one word: `what` says what is missing.
    pub(crate) fn split(&self, what: &str) -> anyhow::Result<(Manifests, &str)> {
        match self.words.split_last() {
            Some((last, paths)) if !paths.is_empty() => {
                let paths = paths.iter().map(PathBuf::from).collect();
                Ok((Manifests { paths, cluster: self.cluster.clone(), output: self.output }, last))
            }
            _ => anyhow::bail!("expected at least one PATH and then {what}"),
        }
    }
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

/// The form of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI reports
    Junit,
    /// GitHub workflow commands, for annotations
    Github,
    /// A Markdown table
    Markdown,
}

/// What a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Envoy
    Envoy,
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// nftables, for NetworkPolicy
    Nftables,
}

/// The form of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    /// A table
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// Comma separated values
    Csv,
    /// A Markdown table
    Md,
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// A picture
    Svg,
}

/// What `check` is told.
#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The cluster's settings
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
    /// Form of the findings
    #[arg(short, long, value_enum, default_value_t, help = "Form of the findings")]
    pub(crate) output: Findings,
    /// Only findings of these codes; a prefix stands for all that begin so
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// No findings of these codes; a prefix stands for all that begin so
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Tell only findings that are not in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write all findings into the baseline, so that they are known from now on
    #[arg(long, conflicts_with_all = ["fix", "diff", "output"])]
    pub(crate) write_baseline: bool,
    /// Mend what can be mended, and write the files
    #[arg(long)]
    pub(crate) fix: bool,
    /// Show what --fix would change, as a patch, and write nothing
    #[arg(long, conflicts_with_all = ["fix", "output"])]
    pub(crate) diff: bool,
}

/// Work with policies.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write the tightest NetworkPolicies that let through what the map shows, or the given connections
    Suggest {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// A file with the connections to let through, as `map -o json` has them in `rows`
        #[arg(long, value_name = "FILE")]
        connections: Option<PathBuf>,
    },
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what the API server would refuse or warn of, and what is accepted and will not work
    Check(CheckArguments),
    /// Explain a rule, or list them all
    Rule {
        /// Its code or its name
        code: Option<String>,
    },
    /// List the effective table of routes, shadowed and unreachable rules marked
    Routes {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The controller whose ways apply: spec, nginx, contour [default: spec]
        #[arg(long)]
        controller: Option<String>,
        /// The class of Ingresses to look at
        #[arg(long, value_name = "CLASS")]
        ingress_class: Option<String>,
    },
    /// Say which requests are served and which connections are let through differently by two sets of manifests
    Diff {
        /// The manifests before
        before: PathBuf,
        /// The manifests after
        after: PathBuf,
        /// The controller before: spec, nginx, contour [default: spec]
        #[arg(long, value_name = "CONTROLLER")]
        before_controller: Option<String>,
        /// The controller after [default: the one before]
        #[arg(long, value_name = "CONTROLLER")]
        after_controller: Option<String>,
        /// The cluster's settings
        #[command(flatten)]
        cluster: ClusterFlags,
        /// Form of the answer
        #[arg(short, long, value_enum, default_value_t, help = "Form of the answer")]
        output: Output,
    },
    /// Write a configuration of a real proxy, or of nftables, that does what the manifests say
    Render {
        /// What it is for
        #[arg(value_enum)]
        target: Target,
        /// Files, folders, or `-` for standard input
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The cluster's settings
        #[command(flatten)]
        cluster: ClusterFlags,
        /// The controller whose ways apply: spec, nginx, contour [default: spec]
        #[arg(long)]
        controller: Option<String>,
        /// The class of Ingresses to look at
        #[arg(long, value_name = "CLASS")]
        ingress_class: Option<String>,
        /// Where the proxy listens
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
        listen: std::net::SocketAddr,
        /// Take TLS too, with the certificates in this folder: a file NAMESPACE-NAME.pem for each Secret, written here where
        /// the manifests hold it
        #[arg(long, value_name = "FOLDER")]
        certificates: Option<PathBuf>,
        /// The port for TLS
        #[arg(long, value_name = "PORT", default_value_t = 8443)]
        tls_port: u16,
        /// Map the node ports of Services too
        #[arg(long)]
        node_ports: bool,
    },
    /// Map everything that NetworkPolicy lets reach everything
    Map {
        /// Files, folders, or `-` for standard input
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The cluster's settings
        #[command(flatten)]
        cluster: ClusterFlags,
        /// Form of the map
        #[arg(short, long, value_enum, default_value_t, help = "Form of the map")]
        output: MapFormat,
    },
    /// Work with policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Follow one request from its name to the pod that answers, hop by hop
    #[command(override_usage = "portolan trace [OPTIONS] PATH... [--from POD|outside|IP] URL")]
    Trace {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
        /// Where the request comes from: NAMESPACE/POD (or a workload), `outside`, or an IP
        #[arg(long, value_name = "POD|outside|IP", default_value = "outside")]
        from: String,
    },
    /// Say which Ingress rule would serve a request
    #[command(override_usage = "portolan route [OPTIONS] PATH... URL")]
    Route {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
        /// The controller whose ways apply: spec, nginx, contour [default: spec]
        #[arg(long)]
        controller: Option<String>,
        /// The class of Ingresses to look at
        #[arg(long, value_name = "CLASS")]
        ingress_class: Option<String>,
        /// The request's method
        #[arg(long, default_value = "GET")]
        method: String,
        /// A header of the request, `Name: value`; may be repeated
        #[arg(long = "header", value_name = "HEADER")]
        headers: Vec<String>,
    },
    /// Say what the cluster's DNS would answer
    #[command(override_usage = "portolan resolve [OPTIONS] PATH... NAME")]
    Resolve {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
        /// A, AAAA, SRV, CNAME, PTR or TXT
        #[arg(long = "type", value_name = "TYPE", default_value = "A")]
        record: String,
        /// The pod that asks, NAMESPACE/POD: its search list and ndots apply
        #[arg(long, value_name = "POD")]
        from: Option<String>,
    },
    /// Say which variables of Services a container finds
    #[command(override_usage = "portolan env [OPTIONS] PATH... POD")]
    Env {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
    },
    /// Say what a container's /etc/hosts and /etc/resolv.conf hold
    #[command(override_usage = "portolan hosts [OPTIONS] PATH... POD")]
    Hosts {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
    },
    /// Say whether NetworkPolicy lets a connection through, and which rule decides
    Verdict {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// Where the connection comes from: NAMESPACE/POD, a workload, or an IP
        #[arg(long, value_name = "POD|IP")]
        from: String,
        /// Where it goes
        #[arg(long, value_name = "POD|IP")]
        to: String,
        /// The port it goes to
        #[arg(long)]
        port: u16,
        /// TCP, UDP or SCTP
        #[arg(long, default_value = "TCP")]
        protocol: String,
    },
    /// Say what the controllers publish for a Service
    #[command(override_usage = "portolan endpoints [OPTIONS] PATH... SERVICE")]
    Endpoints {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
    },
    /// Say where kube-proxy on a node sends a packet
    #[command(override_usage = "portolan backends [OPTIONS] PATH... --node NODE TO")]
    Backends {
        /// What to look at
        #[command(flatten)]
        asked: Asked,
        /// The node
        #[arg(long)]
        node: String,
        /// Where the packet comes from: NAMESPACE/POD or an IP
        #[arg(long, value_name = "POD|IP")]
        from: Option<String>,
        /// TCP, UDP or SCTP
        #[arg(long, default_value = "TCP")]
        protocol: String,
    },
    /// Answer questions, one JSON object a line, from standard input
    Ask {
        /// Files or folders of manifests, taken as stored
        #[arg(short, long = "file", value_name = "PATH")]
        files: Vec<PathBuf>,
        /// The cluster's settings
        #[command(flatten)]
        cluster: ClusterFlags,
    },
    /// Judge what is sent to an API server: an admission webhook, with the cluster in view
    #[cfg(feature = "webhook")]
    Webhook(Box<portolan_webhook::WebhookFlags>),
    /// Serve an editor: findings as one types, fixes, explanations, completion (Language Server Protocol over standard input)
    #[cfg(feature = "lsp")]
    Lsp {
        /// The cluster's settings
        #[command(flatten)]
        cluster: ClusterFlags,
        /// What it does anyhow; some editors say so
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Say this program's version and the Kubernetes version it answers for
    Version,
}
