//! `portolan`: words of the command line come in; text or JSON on standard output and an exit status go out.
//!
//! Exit status: 0: no problems; 1: findings, or the answer is no; 2: unreadable input or wrong usage.

mod arguments;
mod commands;
mod parse_target;
mod render;
mod terminal;

use arguments::Arguments;
use clap::Parser as _;
use portolan_checking::settings::SettingsError;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut terminal = terminal::Terminal::new(arguments.color);
    match commands::run(&arguments, &mut terminal) {
        Ok(outcome) => outcome.exit_code(),
        // The reader may stop early: `portolan … | head`.
        Err(error) if terminal::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            match error.downcast_ref::<SettingsError>() {
                Some(settings) => settings.problems.iter().for_each(|problem| terminal.complain(problem)),
                None => terminal.complain(&format!("{error:#}")),
            }
            ExitCode::from(2)
        }
    }
}
