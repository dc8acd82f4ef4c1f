//! The command line as a whole: words come in, one command with its arguments goes out. Arguments that several commands
//! share are declared here, once; the arguments of one command are declared in its own file under `commands`.

use crate::commands::ask::AskArguments;
use crate::commands::backends::BackendsArguments;
use crate::commands::check::CheckArguments;
use crate::commands::diff::DiffArguments;
use crate::commands::endpoints::EndpointsArguments;
use crate::commands::env::EnvArguments;
use crate::commands::hosts::HostsArguments;
#[cfg(feature = "lsp")]
use crate::commands::lsp::LspArguments;
use crate::commands::map::MapArguments;
use crate::commands::policy::PolicyCommand;
use crate::commands::render::RenderArguments;
use crate::commands::resolve::ResolveArguments;
use crate::commands::route::RouteArguments;
use crate::commands::routes::RoutesArguments;
use crate::commands::rule::RuleArguments;
use crate::commands::trace::TraceArguments;
use crate::commands::verdict::VerdictArguments;
use crate::terminal::Color;
use clap::builder::PossibleValue;
use clap::{Args, Parser, Subcommand, ValueEnum};
use portolan::ingress::Controller;
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::settings::Settings;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Answers what a Kubernetes cluster would do with your manifests, and why
#[derive(Debug, Parser)]
#[command(name = "portolan", version, disable_help_subcommand = true, propagate_version = false)]
#[command(
    after_help = "Answers are those of Kubernetes 1.36.\nExit status: 0: no problems; 1: findings, or the answer is no; 2: unreadable input or wrong usage."
)]
pub(crate) struct Arguments {
    /// When to use colour: auto, always, never
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true)]
    pub(crate) color: Color,

    /// The command
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands, in the order of the help text.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report what the API server refuses or warns of, and what is accepted but does not work
    Check(CheckArguments),
    /// Explain a rule, or list all rules
    Rule(RuleArguments),
    /// Follow one request from its name to the pod that answers, hop by hop
    Trace(TraceArguments),
    /// Show which Ingress rule serves a request
    Route(RouteArguments),
    /// List the effective table of routes; shadowed and unreachable rules are marked
    Routes(RoutesArguments),
    /// Compare two sets of manifests: which requests and which connections change
    Diff(DiffArguments),
    /// Write a configuration for a real proxy, or for nftables, that does what the manifests say
    Render(RenderArguments),
    /// Show everything that NetworkPolicy allows to reach everything
    Map(MapArguments),
    /// Work with policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Show whether NetworkPolicy allows a connection, and which rule decides
    Verdict(VerdictArguments),
    /// Show what the cluster's DNS answers
    Resolve(ResolveArguments),
    /// Show the EndpointSlices that the controllers publish for a Service
    Endpoints(EndpointsArguments),
    /// Show where kube-proxy on a node sends a packet
    Backends(BackendsArguments),
    /// Show the environment variables of Services in a container
    Env(EnvArguments),
    /// Show /etc/hosts and /etc/resolv.conf of a container
    Hosts(HostsArguments),
    /// Answer questions from standard input, one JSON object per line
    Ask(AskArguments),
    /// Run an admission webhook that checks objects against the live cluster
    #[cfg(feature = "webhook")]
    Webhook(Box<portolan_webhook::WebhookFlags>),
    /// Run a language server on stdio: diagnostics, fixes, hovers, completion
    #[cfg(feature = "lsp")]
    Lsp(LspArguments),
    /// Show the version of this program and of the Kubernetes that it answers for
    Version,
}

/// Manifests, and the cluster that they are applied to.
#[derive(Args, Clone, Debug)]
pub(crate) struct Manifests {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The cluster
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,
}

/// Manifests and, as the last word, the one thing that is asked about. Options may be anywhere among the words.
#[derive(Args, Clone, Debug)]
pub(crate) struct Asked {
    /// The paths, and last the thing that is asked about
    #[arg(required = true, num_args = 1.., value_name = "PATH", hide = true)]
    pub(crate) words: Vec<String>,

    /// The cluster
    #[command(flatten)]
    pub(crate) cluster: ClusterFlags,

    /// Form of the answer
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

impl Asked {
    /// The paths and the last word.
    ///
    /// # Errors
    /// There is only one word. `last` is the name of the last word in the usage.
    pub(crate) fn split(&self, last: &str) -> anyhow::Result<(Vec<PathBuf>, &str)> {
        match self.words.split_last() {
            Some((word, paths)) if !paths.is_empty() => Ok((paths.iter().map(PathBuf::from).collect(), word)),
            _ => anyhow::bail!("expected PATH... {last}: at least one PATH, and then {last}"),
        }
    }
}

/// The usage of a command that is asked about its last word: name, last word, description of that word.
macro_rules! usage {
    ($command:literal, $last:literal, $about:literal) => {
        concat!(
            "portolan ",
            $command,
            " [OPTIONS] PATH... ",
            $last,
            "\n\nArguments:\n  PATH...\n          Files, folders, or `-` for standard input\n  ",
            $last,
            "\n          ",
            $about
        )
    };
}
pub(crate) use usage;

/// The controller whose rules apply, and the class of Ingresses.
#[derive(Args, Clone, Debug)]
pub(crate) struct IngressFlags {
    /// The controller whose rules apply [default: spec, the API documentation]
    #[arg(long, value_enum)]
    pub(crate) controller: Option<ControllerName>,
    /// The class of Ingresses
    #[arg(long, value_name = "CLASS")]
    pub(crate) ingress_class: Option<String>,
}

impl IngressFlags {
    /// The controller: the one given, or the one of the settings, or `spec`.
    pub(crate) fn controller(&self, settings: &Settings) -> Controller {
        self.controller.map(|named| named.0).or(settings.ingress_controller).unwrap_or_default()
    }
}

/// A controller that the engine knows, as a value of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ControllerName(pub(crate) Controller);

static CONTROLLERS: LazyLock<Vec<ControllerName>> =
    LazyLock::new(|| Controller::ALL.iter().copied().map(ControllerName).collect());

impl ValueEnum for ControllerName {
    fn value_variants<'a>() -> &'a [Self] {
        &CONTROLLERS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name()))
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
