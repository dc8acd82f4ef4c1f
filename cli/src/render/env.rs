//! How `portolan env` reads: the variables of a container come in; `NAME=value`, a line each, goes out.

use super::member::{list, text};
use crate::terminal::Terminal;
use portolan_base::json::Json;

/// The variables.
pub(crate) fn env(answer: &Json, _terminal: &Terminal) -> String {
    let line = |variable: &Json| format!("{}={}\n", text(variable, "name"), text(variable, "value"));
    list(answer, "env").iter().map(line).collect()
}
