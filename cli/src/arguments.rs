//! The command line, described once for parsing and for help.

use crate::terminal::Color;
use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use portolan::cluster::Options;
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

/// What is set for the cluster, under the names of Kubernetes' flags.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterFlags {
    /// Range of cluster IPs; a comma separates a second family
    #[arg(
        long,
        value_name = "CIDR[,CIDR]",
        value_delimiter = ',',
        help = "Range of cluster IPs; a comma separates a second family [default: 10.0.0.0/16]"
    )]
    pub(crate) service_cluster_ip_range: Vec<IpNet>,

    /// Range of node ports
    #[arg(long, value_name = "FIRST-LAST", value_parser = port_range, help = "Range of node ports [default: 30000-32767]")]
    pub(crate) service_node_port_range: Option<(u16, u16)>,

    /// Range of pod addresses
    #[arg(
        long,
        value_name = "CIDR[,CIDR]",
        value_delimiter = ',',
        help = "Range that made-up pods take their addresses from [default: 10.244.0.0/16]"
    )]
    pub(crate) cluster_cidr: Vec<IpNet>,

    /// Domain of the cluster's DNS
    #[arg(long, value_name = "DOMAIN", default_value = "cluster.local", help = "Domain of the cluster's DNS")]
    pub(crate) cluster_domain: String,
}

impl ClusterFlags {
    /// The flags as the engine takes them.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::default();
        options.service_ranges_given =
            !self.service_cluster_ip_range.is_empty() || self.service_node_port_range.is_some();
        if !self.service_cluster_ip_range.is_empty() {
            options.service_cluster_ip_range.clone_from(&self.service_cluster_ip_range);
        }
        if let Some(range) = self.service_node_port_range {
            options.service_node_port_range = range;
        }
        if !self.cluster_cidr.is_empty() {
            options.cluster_cidr.clone_from(&self.cluster_cidr);
        }
        options.cluster_domain.clone_from(&self.cluster_domain);
        options
    }
}

fn port_range(text: &str) -> Result<(u16, u16), String> {
    let range = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    range
        .filter(|(first, last)| *first > 0 && first <= last)
        .ok_or_else(|| "expected FIRST-LAST, like 30000-32767".to_owned())
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

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what the API server would refuse or warn of, and what is accepted and will not work
    Check {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
    },
    /// Follow one request from its name to the pod that answers, hop by hop
    Trace {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// Where the request comes from: NAMESPACE/POD (or a workload), `outside`, or an IP
        #[arg(long, value_name = "POD|outside|IP", default_value = "outside")]
        from: String,
        /// What is asked for: http://host/path, https://…, tcp://host:port
        #[arg(value_name = "URL")]
        url: String,
    },
    /// Say which Ingress rule would serve a request
    Route {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The controller whose ways apply: spec, nginx, contour
        #[arg(long, default_value = "spec")]
        controller: String,
        /// The class of Ingresses to look at
        #[arg(long, value_name = "CLASS")]
        ingress_class: Option<String>,
        /// The request's method
        #[arg(long, default_value = "GET")]
        method: String,
        /// A header of the request, `Name: value`; may be repeated
        #[arg(long = "header", value_name = "HEADER")]
        headers: Vec<String>,
        /// The request
        #[arg(value_name = "URL")]
        url: String,
    },
    /// Say what the cluster's DNS would answer
    Resolve {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// A, AAAA, SRV, CNAME, PTR or TXT
        #[arg(long = "type", value_name = "TYPE", default_value = "A")]
        record: String,
        /// The pod that asks, NAMESPACE/POD: its search list and ndots apply
        #[arg(long, value_name = "POD")]
        from: Option<String>,
        /// The name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Say which variables of Services a container finds
    Env {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The pod or workload, NAMESPACE/NAME
        #[arg(value_name = "POD")]
        pod: String,
    },
    /// Say what a container's /etc/hosts and /etc/resolv.conf hold
    Hosts {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The pod or workload, NAMESPACE/NAME
        #[arg(value_name = "POD")]
        pod: String,
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
    Endpoints {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The Service, NAMESPACE/NAME
        #[arg(value_name = "SERVICE")]
        service: String,
    },
    /// Say where kube-proxy on a node sends a packet
    Backends {
        /// What to look at
        #[command(flatten)]
        manifests: Manifests,
        /// The node
        #[arg(long)]
        node: String,
        /// Where the packet comes from: NAMESPACE/POD or an IP
        #[arg(long, value_name = "POD|IP")]
        from: Option<String>,
        /// TCP, UDP or SCTP
        #[arg(long, default_value = "TCP")]
        protocol: String,
        /// Where it goes: IP:PORT, [IPv6]:PORT, or a node port alone
        #[arg(value_name = "TO")]
        to: String,
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
    /// Say this program's version and the Kubernetes version it answers for
    Version,
}
