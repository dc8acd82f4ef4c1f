//! `portolan`: asks the engine from a terminal.
//!
//! Exit status: 0 all is fine, 1 there are findings or something is refused, 2 the input or the usage cannot be worked with.

mod arguments;
mod commands;
mod question;
mod render;
mod terminal;

use arguments::Arguments;
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut terminal = terminal::Terminal::new(arguments.color);
    match commands::run(&arguments, &mut terminal) {
        Ok(outcome) => outcome.exit_code(),
        // Whoever reads our output may stop reading: `portolan … | head`.
        Err(error) if terminal::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            terminal.complain(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}
