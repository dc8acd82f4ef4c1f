//! What each command does: read, ask, print.

mod ask;
mod certificates;
mod check;
mod diff;
mod one;
mod rule;
mod version;

use crate::arguments::{Arguments, Command};
use crate::terminal::Terminal;
use std::process::ExitCode;

/// How a command ended, for the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// All is fine.
    Fine,
    /// There are findings, or something is refused.
    Findings,
    /// Some of the input could not be worked with; the rest was answered.
    BadInput,
}

impl Outcome {
    /// 0, 1 or 2.
    pub(crate) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Outcome::Fine => 0,
            Outcome::Findings => 1,
            Outcome::BadInput => 2,
        })
    }
}

/// Carries out the command.
///
/// # Errors
/// Usage or output that cannot be worked with.
pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments, terminal),
        Command::Rule { code } => rule::run(code.as_deref(), terminal),
        Command::Diff { before, after, before_controller, after_controller, cluster, output } => {
            let controllers = (before_controller.as_deref(), after_controller.as_deref());
            diff::run(before, after, controllers, cluster, *output, terminal)
        }
        Command::Ask { files, cluster } => ask::run(files, cluster, terminal),
        #[cfg(feature = "webhook")]
        Command::Webhook(flags) => portolan_webhook::run(flags).map(|()| Outcome::Fine),
        #[cfg(feature = "lsp")]
        Command::Lsp { cluster, .. } => portolan_lsp::run(cluster).map(|()| Outcome::Fine),
        Command::Version => version::run(terminal),
        one => one::run(one, terminal),
    }
}
