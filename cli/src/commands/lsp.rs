//! `portolan lsp`: runs the language server until the editor ends it.

use super::Outcome;
use clap::Args;
use portolan_checking::cluster_flags::ClusterFlags;

/// The cluster of the editor's folder.
#[derive(Args, Debug)]
pub(crate) struct LspArguments {
    /// The cluster
    #[command(flatten)]
    cluster: ClusterFlags,
    /// Accepted because some editors pass it; standard input and output are always used
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Serves an editor. Exit status 1 if the connection ends without `shutdown`, as the protocol wants it.
///
/// # Errors
/// The threads cannot be started.
pub(crate) fn run(arguments: &LspArguments) -> anyhow::Result<Outcome> {
    portolan_lsp::run(&arguments.cluster).map(Outcome::of_answer)
}
