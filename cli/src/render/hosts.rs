//! How `portolan hosts` reads: the texts of two files come in; both go out, each under its name.

use super::whole;
use crate::terminal::Terminal;
use portolan_base::json::Json;

/// The two files.
pub(crate) fn hosts(answer: &Json, _terminal: &Terminal) -> String {
    format!("# /etc/hosts\n{}\n# /etc/resolv.conf\n{}", whole(answer, "hosts"), whole(answer, "resolvConf"))
}
