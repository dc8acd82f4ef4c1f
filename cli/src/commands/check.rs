//! `portolan check`: what is refused, what is warned of, and what is accepted and will not work.

use super::Outcome;
use crate::advice::advise;
use crate::arguments::{ClusterFlags, Findings};
use crate::input::Input;
use crate::render::{self, report};
use crate::terminal::{Style, Terminal};
use portolan::finding::{Finding, Severity};
use portolan::json::Json;
use portolan::load::{Loaded, Taking, load};
use std::path::PathBuf;

/// Which codes are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes<'a> {
    /// Only these, where there are any.
    pub(crate) select: &'a [String],
    /// None of these.
    pub(crate) ignore: &'a [String],
}

impl Codes<'_> {
    fn wants(&self, code: &str) -> bool {
        let among = |codes: &[String]| {
            codes.iter().any(|known| code.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)))
        };
        (self.select.is_empty() || among(self.select)) && !among(self.ignore)
    }
}

/// Checks the manifests and prints every finding, as text with its source line.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(
    paths: &[PathBuf],
    cluster: &ClusterFlags,
    output: Findings,
    codes: &Codes<'_>,
    terminal: &mut Terminal,
) -> anyhow::Result<Outcome> {
    let input = Input::read(paths, terminal);
    let loaded = load(&input.files, cluster.options(), Taking::Admitted);
    let wanted = loaded.check().into_iter().filter(|finding| codes.wants(finding.code));
    let findings: Vec<Finding> = wanted.map(advise).collect();
    match output {
        Findings::Json => terminal.line(&as_json(&findings, &input, &loaded).to_pretty())?,
        Findings::Sarif => terminal.line(&report::sarif(&findings).to_pretty())?,
        Findings::Junit => terminal.print(&report::junit(&findings))?,
        Findings::Github => terminal.print(&report::github(&findings))?,
        Findings::Markdown => terminal.print(&report::markdown(&findings))?,
        Findings::Text => {
            for finding in &findings {
                let text = render::finding(finding, &input.files, terminal);
                terminal.print(&text)?;
            }
            let summary = summary(&findings, &loaded, terminal);
            terminal.line(&summary)?;
        }
    }
    for problem in &input.problems {
        terminal.complain(problem);
    }
    let worst = findings.iter().map(|finding| finding.severity).max();
    let outcome = if worst.is_some_and(|worst| worst >= Severity::Warning) { Outcome::Findings } else { Outcome::Fine };
    Ok(if input.problems.is_empty() { outcome } else { Outcome::BadInput })
}

fn as_json(findings: &[Finding], input: &Input, loaded: &Loaded) -> Json {
    let passed_over = loaded.passed_over.iter().map(|(kind, count)| (kind.clone().into(), Json::from(*count)));
    Json::object()
        .with("findings", Json::Array(findings.iter().map(Finding::to_json).collect()))
        .with("objects", loaded.objects)
        .with("refused", loaded.refused)
        .with("passedOver", Json::Object(passed_over.collect()))
        .with("unreadable", input.problems.clone())
}

fn summary(findings: &[Finding], loaded: &Loaded, terminal: &Terminal) -> String {
    let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let stored = loaded.objects - loaded.refused;
    let mut text = format!("{} stored", plural(stored, "object"));
    if loaded.refused > 0 {
        text.push_str(&terminal.styled(Style::Bad, &format!(", {} refused", loaded.refused)));
    }
    let passed_over: usize = loaded.passed_over.values().sum();
    if passed_over > 0 {
        let kinds: Vec<&str> = loaded.passed_over.keys().map(String::as_str).take(4).collect();
        let more = if loaded.passed_over.len() > kinds.len() { ", …" } else { "" };
        text.push_str(&format!(", {passed_over} of other kinds passed over ({}{more})", kinds.join(", ")));
    }
    let word = match (errors, warnings) {
        (0, 0) => terminal.styled(Style::Good, "nothing found"),
        (0, warnings) => terminal.styled(Style::Doubtful, &plural(warnings, "warning")),
        (errors, 0) => terminal.styled(Style::Bad, &plural(errors, "error")),
        (errors, warnings) => {
            terminal.styled(Style::Bad, &format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")))
        }
    };
    format!("{text}: {word}")
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
