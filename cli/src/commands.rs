//! The commands: the arguments of one come in, its output is printed, and how it ended goes out. One file per command.

pub(crate) mod ask;
pub(crate) mod backends;
mod certificates;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod endpoints;
pub(crate) mod env;
pub(crate) mod hosts;
#[cfg(feature = "lsp")]
pub(crate) mod lsp;
pub(crate) mod map;
mod opened;
pub(crate) mod policy;
pub(crate) mod render;
pub(crate) mod resolve;
pub(crate) mod route;
pub(crate) mod routes;
pub(crate) mod rule;
pub(crate) mod trace;
pub(crate) mod verdict;
mod version;

use crate::arguments::{Arguments, Command};
use crate::terminal::Terminal;
use std::process::ExitCode;

/// How a command ended, for the exit status. A later one takes precedence over an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// No problems.
    Fine,
    /// There are findings, or the answer is no.
    Findings,
    /// Some of the input is unreadable, or the question has no answer.
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

    /// `Fine` where `works`, otherwise `Findings`.
    pub(crate) fn of_answer(works: bool) -> Self {
        if works { Outcome::Fine } else { Outcome::Findings }
    }
}

/// Runs the command.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments, terminal),
        Command::Rule(arguments) => rule::run(arguments, terminal),
        Command::Trace(arguments) => trace::run(arguments, terminal),
        Command::Route(arguments) => route::run(arguments, terminal),
        Command::Routes(arguments) => routes::run(arguments, terminal),
        Command::Diff(arguments) => diff::run(arguments, terminal),
        Command::Render(arguments) => render::run(arguments, terminal),
        Command::Map(arguments) => map::run(arguments, terminal),
        Command::Policy(command) => policy::run(command, terminal),
        Command::Verdict(arguments) => verdict::run(arguments, terminal),
        Command::Resolve(arguments) => resolve::run(arguments, terminal),
        Command::Endpoints(arguments) => endpoints::run(arguments, terminal),
        Command::Backends(arguments) => backends::run(arguments, terminal),
        Command::Env(arguments) => env::run(arguments, terminal),
        Command::Hosts(arguments) => hosts::run(arguments, terminal),
        Command::Ask(arguments) => ask::run(arguments, terminal),
        #[cfg(feature = "webhook")]
        Command::Webhook(flags) => portolan_webhook::run(flags).map(|()| Outcome::Fine),
        #[cfg(feature = "lsp")]
        Command::Lsp(arguments) => lsp::run(arguments),
        Command::Version => version::run(terminal),
    }
}
