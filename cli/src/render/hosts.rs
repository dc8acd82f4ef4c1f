//! How `portolan hosts` reads: the texts of two files come in; both go out, each under its name.

use crate::terminal::Terminal;
use portolan::ask::hosts::HostsAnswer;

/// The two files.
pub(crate) fn hosts(answer: &HostsAnswer, _terminal: &Terminal) -> String {
    super::ended(&format!("# /etc/hosts\n{}\n# /etc/resolv.conf\n{}", answer.hosts, answer.resolv_conf))
}
