//! How `portolan env` reads: the variables of a container come in; `NAME=value`, a line each, goes out.

use super::words::plain;
use crate::terminal::Terminal;
use portolan::ask::env::EnvAnswer;

/// The variables.
pub(crate) fn env(answer: &EnvAnswer, _terminal: &Terminal) -> String {
    answer.env.iter().map(|variable| format!("{}={}\n", plain(&variable.name), plain(&variable.value))).collect()
}
