//! `portolan check`: manifests come in; refusals, warnings, and objects that are accepted but do not work go out.

use super::Outcome;
use crate::arguments::Manifests;
use crate::render::source::Excerpts;
use crate::render::{self, report};
use crate::terminal::{Style, Terminal, escape};
use clap::{Args, ValueEnum};
use portolan::finding::{Finding, Severity};
use portolan::lint::Checked;
use portolan::load::{File, LoadMode, Loaded, load};
use portolan_base::json::Json;
use portolan_checking::baseline::{Baseline, Compared};
use portolan_checking::fix::{self, Fixed};
use portolan_checking::input::Input;
use portolan_checking::selection::Selection;
use std::path::{Path, PathBuf};

/// The manifests, the selection of findings, and what is done with them.
#[derive(Args, Debug)]
pub(crate) struct CheckArguments {
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// Form of the findings
    #[arg(short, long, value_enum, default_value_t)]
    output: Findings,
    /// Report only findings of these codes; a prefix selects all codes that begin with it
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    select: Vec<String>,
    /// Report no findings of these codes; a prefix selects all codes that begin with it
    #[arg(long, value_name = "CODE[,CODE]", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Report only findings that are not in this baseline
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings into the baseline; later runs do not report them
    #[arg(long, conflicts_with_all = ["fix", "diff", "output"])]
    write_baseline: bool,
    /// Apply fixes and write the files
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, as a patch, and write nothing
    #[arg(long, conflicts_with_all = ["fix", "output"])]
    diff: bool,
}

/// The form of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// Text for people
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI reports
    Junit,
    /// GitHub workflow commands, for annotations
    Github,
    /// A Markdown table
    Markdown,
}

/// Checks the manifests and prints every finding, as text with its source line; with `--fix`, applies fixes first.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &CheckArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let Manifests { paths, cluster } = &arguments.manifests;
    if arguments.fix && paths.iter().any(|path| path == Path::new("-")) {
        anyhow::bail!("--fix cannot write standard input; use --diff to see what it would change");
    }
    let settings = cluster.settings(paths)?;
    let selection = Selection::new(&arguments.select, &arguments.ignore, &settings)?;
    let at = arguments.baseline.as_deref().or(settings.baseline.as_deref());
    let baseline = match at {
        Some(file) if !arguments.write_baseline => Some(Baseline::read(file)?),
        _ => None,
    };
    let input =
        Input::read(paths, settings.largest_input(), &mut |done, of| terminal.progress(done, of, "files read"))?;
    if input.files.is_empty() && input.problems.is_empty() {
        terminal.note("no manifest found; in a folder, files that end in .yaml, .yml or .json are read");
    }
    let check = |files: &[File]| {
        let loaded = load(files, cluster.options(&settings), LoadMode::Admitted);
        let Checked { findings, elsewhere } = loaded.checked();
        let findings = selection.filter(findings).collect();
        let compared = match &baseline {
            Some(baseline) => baseline.compare(findings),
            None => Compared { new: findings, ..Compared::default() },
        };
        (compared, loaded, elsewhere)
    };
    let mut problems = input.problems.clone();
    let outcome = if arguments.write_baseline {
        let Some(file) = at else { anyhow::bail!("--write-baseline needs a file: add --baseline FILE") };
        let findings = check(&input.files).0.new;
        let folder = settings.folder();
        Baseline::of(&findings).write(file, arguments.baseline.is_none().then_some(folder.as_path()))?;
        terminal.line(&format!("{} written to {}", plural(findings.len(), "finding"), file.display()))?;
        Outcome::Fine
    } else if arguments.diff {
        show(&input, &fix::fix(&input.files, &|files| check(files).0.new), terminal)?
    } else {
        let fixed = if arguments.fix {
            write(paths, &input, fix::fix(&input.files, &|files| check(files).0.new), &mut problems)
        } else {
            Fixed { files: input.files.clone(), findings: Vec::new(), left_out: 0 }
        };
        let (compared, loaded, elsewhere) = check(&fixed.files);
        let report = Report { compared, loaded, elsewhere, fixed, unreadable: &input.problems };
        report.report(arguments.output, terminal)?;
        let worst = report.compared.new.iter().map(|finding| finding.severity).max();
        if worst.is_some_and(|worst| worst >= Severity::Warning) { Outcome::Findings } else { Outcome::Fine }
    };
    for problem in &problems {
        terminal.complain(problem);
    }
    Ok(if problems.is_empty() { outcome } else { Outcome::BadInput })
}

/// Shows what the fixes would change. Ends with 1 where there is a change.
fn show(input: &Input, fixed: &Fixed, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let mut changed = 0;
    for (before, after) in input.files.iter().zip(&fixed.files).filter(|(before, after)| before.text != after.text) {
        changed += 1;
        let text = fix::diff(before, after);
        terminal.output(&text)?;
    }
    let (found, files) = (plural(fixed.findings.len(), "finding"), plural(changed, "file"));
    if changed == 0 {
        terminal.note("no finding can be fixed");
        return Ok(Outcome::Fine);
    }
    terminal.note(&format!("{found} would be fixed in {files}"));
    Ok(Outcome::Findings)
}

/// Writes the files that changed. A file that cannot be written keeps its text, here too, and is reported.
fn write(paths: &[PathBuf], input: &Input, mut fixed: Fixed, problems: &mut Vec<String>) -> Fixed {
    for (before, after) in input.files.iter().zip(&mut fixed.files).filter(|(before, after)| before.text != after.text)
    {
        let written = match fix::is_inside(Path::new(&*before.name), paths) {
            true => fix::write(Path::new(&*before.name), &before.text, &after.text).map_err(|error| error.to_string()),
            false => Err("a link to a file outside of the given paths; not changed (name the file itself)".to_owned()),
        };
        if let Err(error) = written {
            problems.push(format!("{}: {error}", before.name));
            after.text = before.text.clone();
            fixed.findings.retain(|finding| finding.fix.iter().all(|edit| *edit.file != *before.name));
        }
    }
    fixed
}

/// The result of a check.
struct Report<'a> {
    compared: Compared,
    loaded: Loaded,
    /// The number of references that could not be checked, because their targets may be in other files.
    elsewhere: usize,
    fixed: Fixed,
    unreadable: &'a [String],
}

impl Report<'_> {
    /// Prints the findings in the form that is asked for.
    fn report(&self, output: Findings, terminal: &mut Terminal) -> anyhow::Result<()> {
        let findings = &self.compared.new;
        let fixed = &self.fixed.findings;
        match output {
            Findings::Json => terminal.output(&format!("{}\n", self.to_json().to_pretty()))?,
            Findings::Sarif => {
                let json = render::sarif(findings, &self.fixed.files, self.unreadable);
                terminal.output(&format!("{}\n", json.to_pretty()))?;
            }
            Findings::Junit => terminal.output(&report::junit(findings))?,
            Findings::Github => terminal.output(&report::github(findings))?,
            Findings::Markdown => terminal.output(&report::markdown(findings))?,
            Findings::Text => {
                for finding in fixed {
                    let line = render::fixed(finding, terminal);
                    terminal.line(&line)?;
                }
                if !(fixed.is_empty() || findings.is_empty()) {
                    terminal.line("")?;
                }
                let excerpts = Excerpts::of(&self.fixed.files);
                for finding in findings {
                    let text = render::finding(finding, &excerpts, terminal);
                    terminal.print(&text)?;
                }
                let summary = self.summary(terminal);
                terminal.line(&summary)?;
            }
        }
        if output != Findings::Text && !fixed.is_empty() {
            terminal.note(&format!("{} fixed", plural(fixed.len(), "finding")));
        }
        if self.elsewhere > 0 && output == Findings::Text {
            let lead = if self.elsewhere == 1 { "reference points" } else { "references point" };
            let defines =
                if self.elsewhere == 1 { "defines it to check it too" } else { "define them to check them too" };
            let files = if self.elsewhere == 1 { "the file that" } else { "the files that" };
            terminal.note(&format!("{} {lead} outside these files; pass {files} {defines}", self.elsewhere));
        }
        if self.compared.gone > 0 {
            let gone = plural(self.compared.gone, "finding");
            let verb = if self.compared.gone == 1 { "is" } else { "are" };
            terminal.note(&format!("{gone} of the baseline {verb} gone; --write-baseline removes them from it"));
        }
        Ok(())
    }

    fn to_json(&self) -> Json {
        let Report { compared, loaded, elsewhere, fixed, unreadable } = self;
        let list = |findings: &[Finding]| Json::Array(findings.iter().map(Finding::to_json).collect());
        let passed_over = loaded.passed_over.iter().map(|(kind, count)| (kind.clone().into(), Json::from(*count)));
        let mut json = Json::object()
            .with("findings", list(&compared.new))
            .with("objects", loaded.objects)
            .with("refused", loaded.refused)
            .with("passedOver", Json::Object(passed_over.collect()))
            .with("elsewhere", *elsewhere)
            .with("unreadable", unreadable.to_vec());
        if compared.known + compared.gone > 0 {
            json.set("known", compared.known);
            json.set("gone", compared.gone);
        }
        if !fixed.findings.is_empty() {
            json.set("mended", list(&fixed.findings));
        }
        json
    }

    fn summary(&self, terminal: &Terminal) -> String {
        let Report { compared: Compared { new: findings, known, .. }, loaded, fixed, .. } = self;
        let count = |severity: Severity| findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let stored = loaded.objects - loaded.refused;
        let mut text = format!("{} loaded", plural(stored, "object"));
        if loaded.refused > 0 {
            text.push_str(&terminal.styled(Style::Bad, &format!(", {} refused", loaded.refused)));
        }
        let passed_over: usize = loaded.passed_over.values().sum();
        if passed_over > 0 {
            let kinds: Vec<&str> = loaded.passed_over.keys().map(String::as_str).take(4).collect();
            let more = if loaded.passed_over.len() > kinds.len() { ", …" } else { "" };
            let skipped = plural(passed_over, "document");
            text.push_str(&format!(", {skipped} skipped ({}{more})", escape(&kinds.join(", "))));
        }
        if !self.unreadable.is_empty() {
            let unread = format!(", {} not read", plural(self.unreadable.len(), "file"));
            text.push_str(&terminal.styled(Style::Bad, &unread));
        }
        let counts = [(errors, "error"), (warnings, "warning"), (count(Severity::Info), "remark")];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| plural(*count, word));
        let counts: Vec<String> = counts.collect();
        let style = match (errors, warnings) {
            (0, 0) => Style::Good,
            (0, _) => Style::Doubtful,
            _ => Style::Bad,
        };
        let done = if fixed.findings.is_empty() { String::new() } else { format!("{} fixed, ", fixed.findings.len()) };
        let found = match (counts.is_empty(), done.is_empty(), known) {
            (true, true, 0) => "no problems found".to_owned(),
            (true, true, _) => "no new problems".to_owned(),
            (true, false, _) => "no problems left".to_owned(),
            _ => counts.join(", "),
        };
        let known = if *known > 0 { format!(", {known} known") } else { String::new() };
        let fixable = findings.iter().filter(|finding| !finding.fix.is_empty()).count();
        let hint = match fixable {
            0 => String::new(),
            // A finding that --fix left is left the next time too.
            _ if !fixed.findings.is_empty() || fixed.left_out > 0 => String::new(),
            fixable => format!(" ({fixable} fixable with --fix)"),
        };
        format!("{text}: {done}{}{known}{hint}", terminal.styled(style, &found))
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
