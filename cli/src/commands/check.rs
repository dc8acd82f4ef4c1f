//! `portolan check`: what is refused, what is warned of, and what is accepted and will not work.

use super::Outcome;
use crate::arguments::{CheckArguments, Findings};
use crate::render::{self, report};
use crate::terminal::{Style, Terminal};
use portolan::finding::{Finding, Severity};
use portolan::lint::Checked;
use portolan::load::{File, LoadMode, Loaded, load};
use portolan_base::json::Json;
use portolan_checking::baseline::{Baseline, Compared};
use portolan_checking::fix::{self, Mended};
use portolan_checking::input::Input;
use portolan_checking::selection::Selection;
use std::fs;
use std::path::Path;

/// Checks the manifests and prints every finding, as text with its source line; mends what can be mended where that is
/// wanted.
///
/// # Errors
/// Usage or settings that cannot be, or an output that cannot be written.
pub(crate) fn run(arguments: &CheckArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    if arguments.fix && arguments.paths.iter().any(|path| path == Path::new("-")) {
        anyhow::bail!("--fix writes files, and standard input is none; --diff shows what it would change");
    }
    let settings = arguments.cluster.settings(&arguments.paths)?;
    let selection = Selection::new(&arguments.select, &arguments.ignore, &settings)?;
    let at = arguments.baseline.as_deref().or(settings.baseline.as_deref());
    let baseline = match at {
        Some(file) if !arguments.write_baseline => Some(Baseline::read(file)?),
        _ => None,
    };
    let input = Input::read(&arguments.paths, &mut |done, of| terminal.progress(done, of, "files read"));
    if input.files.is_empty() && input.problems.is_empty() {
        terminal.note("there is no manifest here: of a folder, files that end in .yaml, .yml or .json are read");
    }
    let check = |files: &[File]| {
        let loaded = load(files, arguments.cluster.options(&settings), LoadMode::Admitted);
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
        let Some(file) = at else { anyhow::bail!("say which file the baseline is: --baseline FILE") };
        let findings = check(&input.files).0.new;
        fs::write(file, Baseline::of(&findings).to_text())
            .map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        terminal.line(&format!("{} written to {}", plural(findings.len(), "finding"), file.display()))?;
        Outcome::Fine
    } else if arguments.diff {
        show(&input, &fix::mend(&input.files, &|files| check(files).0.new), terminal)?
    } else {
        let mended = if arguments.fix {
            write(&input, fix::mend(&input.files, &|files| check(files).0.new), &mut problems)
        } else {
            Mended { files: input.files.clone(), findings: Vec::new(), left_out: 0 }
        };
        let (compared, loaded, elsewhere) = check(&mended.files);
        let told = Told { compared, loaded, elsewhere, mended, unreadable: &input.problems };
        told.report(arguments.output, terminal)?;
        let worst = told.compared.new.iter().map(|finding| finding.severity).max();
        if worst.is_some_and(|worst| worst >= Severity::Warning) { Outcome::Findings } else { Outcome::Fine }
    };
    for problem in &problems {
        terminal.complain(problem);
    }
    Ok(if problems.is_empty() { outcome } else { Outcome::BadInput })
}

/// Shows what the fixes would change. 1 where that is anything.
fn show(input: &Input, mended: &Mended, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let mut changed = 0;
    for (before, after) in input.files.iter().zip(&mended.files).filter(|(before, after)| before.text != after.text) {
        changed += 1;
        let text = fix::diff(before, after);
        terminal.print(&text)?;
    }
    let (found, files) = (plural(mended.findings.len(), "finding"), plural(changed, "file"));
    if changed == 0 {
        terminal.note("nothing can be mended");
        return Ok(Outcome::Fine);
    }
    terminal.note(&format!("{found} would be mended in {files}"));
    Ok(Outcome::Findings)
}

/// Writes the files that changed. One that cannot be written stays as it was, here too, and is told of.
fn write(input: &Input, mut mended: Mended, problems: &mut Vec<String>) -> Mended {
    for (before, after) in input.files.iter().zip(&mut mended.files).filter(|(before, after)| before.text != after.text)
    {
        if let Err(error) = fix::write(Path::new(&*before.name), &before.text, &after.text) {
            problems.push(format!("{}: {error}", before.name));
            after.text = before.text.clone();
            mended.findings.retain(|finding| finding.fix.iter().all(|edit| *edit.file != *before.name));
        }
    }
    mended
}

/// What is told in the end.
struct Told<'a> {
    compared: Compared,
    loaded: Loaded,
    /// How much could not be judged because it may stand in other files.
    elsewhere: usize,
    mended: Mended,
    unreadable: &'a [String],
}

impl Told<'_> {
    /// Prints the findings in the form that is asked for.
    fn report(&self, output: Findings, terminal: &mut Terminal) -> anyhow::Result<()> {
        let findings = &self.compared.new;
        let fixed = &self.mended.findings;
        match output {
            Findings::Json => terminal.line(&self.to_json().to_pretty())?,
            Findings::Sarif => {
                terminal.line(&render::sarif(findings, &self.mended.files, self.unreadable).to_pretty())?
            }
            Findings::Junit => terminal.print(&report::junit(findings))?,
            Findings::Github => terminal.print(&report::github(findings))?,
            Findings::Markdown => terminal.print(&report::markdown(findings))?,
            Findings::Text => {
                for finding in fixed {
                    let line = render::mended(finding, terminal);
                    terminal.line(&line)?;
                }
                if !(fixed.is_empty() || findings.is_empty()) {
                    terminal.line("")?;
                }
                for finding in findings {
                    let text = render::finding(finding, &self.mended.files, terminal);
                    terminal.print(&text)?;
                }
                let summary = self.summary(terminal);
                terminal.line(&summary)?;
            }
        }
        if output != Findings::Text && !fixed.is_empty() {
            terminal.note(&format!("{} mended", plural(fixed.len(), "finding")));
        }
        if self.elsewhere > 0 && output == Findings::Text {
            let lead = if self.elsewhere == 1 { "selector or name leads" } else { "selectors and names lead" };
            let what = "to nothing in these files; check them together with those that hold it";
            terminal.note(&format!("{} {lead} {what}", self.elsewhere));
        }
        if self.compared.gone > 0 {
            let gone = plural(self.compared.gone, "finding");
            let verb = if self.compared.gone == 1 { "is" } else { "are" };
            terminal.note(&format!("{gone} of the baseline {verb} gone; --write-baseline takes them out"));
        }
        Ok(())
    }

    fn to_json(&self) -> Json {
        let Told { compared, loaded, elsewhere, mended, unreadable } = self;
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
        if !mended.findings.is_empty() {
            json.set("mended", list(&mended.findings));
        }
        json
    }

    fn summary(&self, terminal: &Terminal) -> String {
        let Told { compared: Compared { new: findings, known, .. }, loaded, mended, .. } = self;
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
        let counts = [(errors, "error"), (warnings, "warning"), (count(Severity::Info), "remark")];
        let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| plural(*count, word));
        let counts: Vec<String> = counts.collect();
        let style = match (errors, warnings) {
            (0, 0) => Style::Good,
            (0, _) => Style::Doubtful,
            _ => Style::Bad,
        };
        let fixed =
            if mended.findings.is_empty() { String::new() } else { format!("{} mended, ", mended.findings.len()) };
        let found = match (counts.is_empty(), fixed.is_empty(), known) {
            (true, true, 0) => "nothing found".to_owned(),
            (true, true, _) => "nothing new".to_owned(),
            (true, false, _) => "nothing left".to_owned(),
            _ => counts.join(", "),
        };
        let known = if *known > 0 { format!(", {known} known") } else { String::new() };
        let fixable = findings.iter().filter(|finding| !finding.fix.is_empty()).count();
        let hint = match fixable {
            0 => String::new(),
            // What --fix could not mend it will not mend the next time either.
            _ if !mended.findings.is_empty() || mended.left_out > 0 => String::new(),
            fixable => format!(" ({fixable} can be mended with --fix)"),
        };
        format!("{text}: {fixed}{}{known}{hint}", terminal.styled(style, &found))
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
