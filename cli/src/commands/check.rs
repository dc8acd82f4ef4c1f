//! `portolan check`: what is refused, what is warned of, and what is accepted and will not work.

use super::Outcome;
use crate::advice::advise;
use crate::arguments::{CheckArguments, Findings};
use crate::fix::{self, Mended};
use crate::input::Input;
use crate::render::{self, report};
use crate::terminal::{Style, Terminal};
use portolan::finding::{Finding, Severity};
use portolan::json::Json;
use portolan::load::{File, Loaded, Taking, load};
use std::path::Path;

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

/// Checks the manifests and prints every finding, as text with its source line; mends what can be mended where that is
/// wanted.
///
/// # Errors
/// Usage that cannot be, or an output that cannot be written.
pub(crate) fn run(arguments: &CheckArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    if arguments.fix && arguments.paths.iter().any(|path| path == Path::new("-")) {
        anyhow::bail!("--fix writes files, and standard input is none; --diff shows what it would change");
    }
    let input = Input::read(&arguments.paths, terminal);
    let codes = Codes { select: &arguments.select, ignore: &arguments.ignore };
    let check = |files: &[File]| {
        let loaded = load(files, arguments.cluster.options(), Taking::Admitted);
        let findings = wanted(&loaded, files, &codes);
        (findings, loaded)
    };
    let mut problems = input.problems.clone();
    let mended = (arguments.fix || arguments.diff).then(|| fix::mend(&input.files, &|files| check(files).0));
    let outcome = if arguments.diff {
        show(&input, mended.as_ref(), terminal)?
    } else {
        let mended = match mended {
            Some(mended) => write(&input, mended, &mut problems),
            None => Mended { files: input.files.clone(), findings: Vec::new(), left_out: 0 },
        };
        let (findings, loaded) = check(&mended.files);
        report(&findings, &loaded, &mended, &input, arguments.output, terminal)?;
        let worst = findings.iter().map(|finding| finding.severity).max();
        if worst.is_some_and(|worst| worst >= Severity::Warning) { Outcome::Findings } else { Outcome::Fine }
    };
    for problem in &problems {
        terminal.complain(problem);
    }
    Ok(if problems.is_empty() { outcome } else { Outcome::BadInput })
}

/// The findings that are wanted, with advice.
fn wanted(loaded: &Loaded, files: &[File], codes: &Codes<'_>) -> Vec<Finding> {
    let wanted = loaded.check().into_iter().filter(|finding| codes.wants(finding.code));
    wanted.map(|finding| advise(finding, files)).collect()
}

/// Shows what the fixes would change. 1 where that is anything.
fn show(input: &Input, mended: Option<&Mended>, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let Some(mended) = mended else { return Ok(Outcome::Fine) };
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

/// Prints the findings in the form that is asked for.
fn report(
    findings: &[Finding],
    loaded: &Loaded,
    mended: &Mended,
    input: &Input,
    output: Findings,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    match output {
        Findings::Json => terminal.line(&as_json(findings, input, loaded, mended).to_pretty())?,
        Findings::Sarif => terminal.line(&report::sarif(findings).to_pretty())?,
        Findings::Junit => terminal.print(&report::junit(findings))?,
        Findings::Github => terminal.print(&report::github(findings))?,
        Findings::Markdown => terminal.print(&report::markdown(findings))?,
        Findings::Text => {
            for finding in &mended.findings {
                let line = render::mended(finding, terminal);
                terminal.line(&line)?;
            }
            if !(mended.findings.is_empty() || findings.is_empty()) {
                terminal.line("")?;
            }
            for finding in findings {
                let text = render::finding(finding, &mended.files, terminal);
                terminal.print(&text)?;
            }
            let summary = summary(findings, loaded, mended, terminal);
            terminal.line(&summary)?;
        }
    }
    if output != Findings::Text && !mended.findings.is_empty() {
        terminal.note(&format!("{} mended", plural(mended.findings.len(), "finding")));
    }
    Ok(())
}

fn as_json(findings: &[Finding], input: &Input, loaded: &Loaded, mended: &Mended) -> Json {
    let passed_over = loaded.passed_over.iter().map(|(kind, count)| (kind.clone().into(), Json::from(*count)));
    let json = Json::object()
        .with("findings", Json::Array(findings.iter().map(Finding::to_json).collect()))
        .with("objects", loaded.objects)
        .with("refused", loaded.refused)
        .with("passedOver", Json::Object(passed_over.collect()))
        .with("unreadable", input.problems.clone());
    if mended.findings.is_empty() {
        return json;
    }
    json.with("mended", Json::Array(mended.findings.iter().map(Finding::to_json).collect()))
}

fn summary(findings: &[Finding], loaded: &Loaded, mended: &Mended, terminal: &Terminal) -> String {
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
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| plural(*count, word)).collect();
    let style = match (errors, warnings) {
        (0, 0) => Style::Good,
        (0, _) => Style::Doubtful,
        _ => Style::Bad,
    };
    let fixed = if mended.findings.is_empty() { String::new() } else { format!("{} mended, ", mended.findings.len()) };
    let found = match (counts.is_empty(), fixed.is_empty()) {
        (true, true) => "nothing found".to_owned(),
        (true, false) => "nothing left".to_owned(),
        _ => counts.join(", "),
    };
    let fixable = findings.iter().filter(|finding| !finding.fix.is_empty()).count();
    let hint = match fixable {
        0 => String::new(),
        // What --fix could not mend it will not mend the next time either.
        _ if !mended.findings.is_empty() || mended.left_out > 0 => String::new(),
        fixable => format!(" ({fixable} can be mended with --fix)"),
    };
    format!("{text}: {fixed}{}{hint}", terminal.styled(style, &found))
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
