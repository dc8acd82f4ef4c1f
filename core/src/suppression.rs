//! Comments that suppress findings: findings and the files in, the findings that are left out.
//!
//! | comment | suppresses |
//! |---|---|
//! | `# portolan: ignore[CODE, …] reason` after something on its line | findings on this line |
//! | `# portolan: ignore[CODE, …] reason` on its own line | findings on the next line that is not a comment |
//! | `# portolan: ignore-document[CODE, …] reason` | findings in its document |
//! | `# portolan: ignore-file[CODE, …] reason` | findings in its file |
//!
//! A code may be the beginning of several codes (`ING`) or the name of a rule. A comment that suppresses nothing is reported
//! as information, so that no comment outlives its reason; its fix removes the comment.
//!
//! The work grows with the size of the files and the number of findings, and not with their product: lines are counted
//! once a file, and a finding looks its comments up by line, document and code.

use crate::cluster::Location;
use crate::files::File;
use crate::finding::{Edit, Finding, Severity};
use crate::lint;
use portolan_base::collections::BTreeMap;
use portolan_yaml::{Comment, comments};
use std::ops::Range;

/// The code of findings about such comments.
pub const CODE: &str = "ignore";

/// The text that marks a comment as one for Portolan.
const MARK: &str = "portolan:";

/// Removes the findings that a comment in their file suppresses, and adds one for each comment that suppresses nothing.
pub fn suppress<'f>(mut findings: Vec<Finding>, files: impl IntoIterator<Item = &'f File>) -> Vec<Finding> {
    let mut comments: Vec<FileComments<'f>> = Vec::new();
    for file in files.into_iter().filter(|file| file.text.contains(MARK)) {
        comments.push(FileComments::read(file));
    }
    let by_file: BTreeMap<&str, usize> =
        comments.iter().enumerate().map(|(at, comments)| (&*comments.file.name, at)).collect();
    findings.retain(|finding| {
        let comments = by_file.get(finding.place.file.as_str()).and_then(|at| comments.get_mut(*at));
        !comments.is_some_and(|comments| comments.suppresses(finding))
    });
    findings.extend(comments.iter().flat_map(FileComments::unused));
    findings
}

/// Whether there can be a finding with this code. It may be the beginning of several codes, or the name of a rule.
pub fn is_code(written: &str) -> bool {
    let begins = |code: &str| code.get(..written.len()).is_some_and(|start| start.eq_ignore_ascii_case(written));
    !written.is_empty() && (lint::codes().any(begins) || lint::by_code(written).is_some())
}

/// Whether a text that a person wrote (a code, the beginning of one, the name of a rule) means this code.
pub fn stands_for(written: &str, code: &str) -> bool {
    let begins = code.get(..written.len()).is_some_and(|start| start.eq_ignore_ascii_case(written));
    begins || lint::by_code(written).is_some_and(|rule| rule.code == code)
}

/// The texts that mean a code, in lower case: its beginnings, and the name of its rule.
fn spellings(code: &str) -> impl Iterator<Item = String> {
    let beginnings = (1..=code.len()).filter_map(|end| code.get(..end)).map(str::to_ascii_lowercase);
    beginnings.chain(lint::by_code(code).map(|rule| rule.name.to_owned()))
}

/// Where a comment applies: to one line, to the document that begins at a line, or to the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Line(u32),
    Document(u32),
    File,
}

/// The comments of one file, and which of their codes suppressed something.
struct FileComments<'f> {
    file: &'f File,
    directives: Vec<Directive<'f>>,
    /// The first comment with a code in each scope, and the position of the code in it. Codes are in lower case.
    by_code: BTreeMap<(Scope, String), (usize, usize)>,
    /// The documents that comments apply to, in the order of the file: their first line and the line after their last.
    documents: Vec<(u32, u32)>,
}

impl<'f> FileComments<'f> {
    fn read(file: &'f File) -> Self {
        let lines = Lines::of(&file.text);
        let mut read = FileComments { file, directives: Vec::new(), by_code: BTreeMap::new(), documents: Vec::new() };
        for comment in comments(&file.text) {
            let Some(found) = comment.text.find(MARK).filter(|at| is_beginning(comment.text, *at)) else { continue };
            let directive = Directive::read(file, &lines, &comment, found);
            if let Scope::Document(first) = directive.scope {
                let end = lines.line_of(comment.document.end.saturating_sub(1)) + 1;
                if read.documents.last() != Some(&(first, end)) {
                    read.documents.push((first, end));
                }
            }
            for (at, code) in directive.codes.iter().enumerate() {
                let entry = (directive.scope, code.to_ascii_lowercase());
                read.by_code.entry(entry).or_insert((read.directives.len(), at));
            }
            read.directives.push(directive);
        }
        read
    }

    /// Whether a comment suppresses the finding. The first one does, and counts as used.
    fn suppresses(&mut self, finding: &Finding) -> bool {
        let line = finding.place.line;
        let before = self.documents.partition_point(|(first, _)| *first <= line);
        let document = before.checked_sub(1).and_then(|at| self.documents.get(at)).filter(|(_, end)| line < *end);
        let scopes = [Some(Scope::Line(line)), document.map(|(first, _)| Scope::Document(*first)), Some(Scope::File)];
        let mut found: Vec<(usize, usize)> = Vec::new();
        for spelling in spellings(finding.code) {
            let entries = scopes.iter().flatten().map(|scope| (*scope, spelling.clone()));
            found.extend(entries.filter_map(|entry| self.by_code.get(&entry).copied()));
        }
        let Some(first) = found.iter().map(|(directive, _)| *directive).min() else { return false };
        let Some(directive) = self.directives.get_mut(first) else { return false };
        for (_, code) in found.iter().filter(|(directive, _)| *directive == first) {
            directive.used.get_mut(*code).into_iter().for_each(|used| *used = true);
        }
        true
    }

    /// The findings about comments that suppress nothing, in the order of the file.
    fn unused(&self) -> impl Iterator<Item = Finding> {
        self.directives.iter().filter_map(|directive| directive.unused(self.file))
    }
}

/// The lines of a text: where each begins, and where the next one is that is not a comment.
struct Lines {
    starts: Vec<usize>,
    /// For each line, the first one from it on (from 1) that is neither empty nor a comment.
    next_code: Vec<u32>,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
        let lines: Vec<&str> =
            starts.iter().zip(ends).map(|(start, end)| text.get(*start..end).unwrap_or_default().trim()).collect();
        let mut next = number(starts.len() + 1);
        let mut next_code = Vec::with_capacity(starts.len());
        for (at, line) in lines.into_iter().enumerate().rev() {
            if !line.is_empty() && !line.starts_with('#') {
                next = number(at + 1);
            }
            next_code.push(next);
        }
        next_code.reverse();
        Lines { starts, next_code }
    }

    /// The line of a byte, from 1.
    fn line_of(&self, byte: usize) -> u32 {
        number(self.starts.partition_point(|start| *start <= byte))
    }

    /// Where the line of a byte begins, and where the next line does.
    fn around(&self, byte: usize, text: &str) -> Range<usize> {
        let after = self.starts.partition_point(|start| *start <= byte);
        let start = after.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or_default();
        start..self.starts.get(after).copied().unwrap_or(text.len())
    }

    /// The first line after that one that is neither empty nor a comment.
    fn code_after(&self, line: u32) -> u32 {
        let known = usize::try_from(line).ok().and_then(|after| self.next_code.get(after)).copied();
        known.unwrap_or(line.saturating_add(1))
    }
}

/// Whether the mark begins a comment, or a comment inside a comment: `# as agreed # portolan: …`.
fn is_beginning(comment: &str, at: usize) -> bool {
    comment.get(..at).is_some_and(|before| before.trim_end().ends_with('#'))
}

/// A comment for Portolan.
struct Directive<'t> {
    /// What it says after the mark.
    said: &'t str,
    codes: Vec<&'t str>,
    /// Which of the codes suppressed a finding.
    used: Vec<bool>,
    scope: Scope,
    line: u32,
    column: u32,
    /// The bytes of the codes between the brackets.
    inside: Range<usize>,
    /// The bytes to remove in order to remove the comment.
    whole: Range<usize>,
    /// Why it cannot suppress anything.
    problem: Option<&'static str>,
}

/// What is wrong with a comment without codes.
const NO_CODES: &str = "names no codes in brackets, so it suppresses nothing";

impl<'t> Directive<'t> {
    fn read(file: &'t File, lines: &Lines, comment: &Comment<'t>, mark: usize) -> Self {
        let text = &*file.text;
        // Of a comment inside a comment, only the inner one is ours.
        let hash = comment.text.get(..mark).and_then(|before| before.rfind('#')).unwrap_or_default();
        let begin = comment.range.start + hash;
        let Range { start: line_start, end: line_end } = lines.around(begin, text);
        let before = text.get(line_start..begin).unwrap_or_default();
        let outer = text.get(line_start..comment.range.start).unwrap_or_default().trim_start_matches('\u{feff}');
        let is_alone = outer.trim().is_empty();
        let whole = if is_alone && hash == 0 {
            begin - outer.len()..line_end
        } else {
            line_start + before.trim_end().len()..comment.range.end
        };
        let line = lines.line_of(begin);
        let said_at = mark + MARK.len();
        let said = comment.text.get(said_at..).unwrap_or_default();
        let mut directive = Directive {
            said: said.trim(),
            codes: Vec::new(),
            used: Vec::new(),
            scope: Scope::Line(line),
            line,
            column: number(before.chars().count() + 1),
            inside: begin..begin,
            whole,
            problem: None,
        };
        let parts = said.split_once('[').and_then(|(word, rest)| Some((word, rest.split_once(']')?.0)));
        let Some((word, codes)) = parts else {
            directive.problem = Some(NO_CODES);
            return directive;
        };
        let inside = comment.range.start + said_at + word.len() + 1;
        directive.inside = inside..inside + codes.len();
        directive.scope = match word.trim() {
            "ignore" if is_alone => Scope::Line(lines.code_after(line)),
            "ignore" => Scope::Line(line),
            "ignore-document" => Scope::Document(lines.line_of(comment.document.start)),
            "ignore-file" => Scope::File,
            _ => {
                directive.problem = Some("is unknown; expected one of: `ignore`, `ignore-document`, `ignore-file`");
                return directive;
            }
        };
        directive.codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty()).collect();
        directive.used = vec![false; directive.codes.len()];
        directive.problem = directive.codes.is_empty().then_some(NO_CODES);
        directive
    }

    /// The finding about a comment that is invalid, has an unknown code, or suppresses nothing.
    fn unused(&self, file: &File) -> Option<Finding> {
        let name = || file.name.to_string();
        let place = Location { file: name(), line: self.line, column: self.column, field: String::new() };
        let edit = |range: &Range<usize>, text: String| {
            let range = number(range.start)..number(range.end);
            Edit { file: name(), range, text }
        };
        if let Some(problem) = self.problem {
            let finding = Finding::new(CODE, Severity::Info, format!("`{}` {problem}", self.said), place);
            return Some(finding.with_help("write `# portolan: ignore[CODE]`"));
        }
        let of = |wanted: bool| {
            let codes = self.codes.iter().zip(&self.used);
            codes.filter(move |(_, used)| **used == wanted).map(|(code, _)| *code)
        };
        let unused: Vec<&str> = of(false).collect();
        let unknown = unused.iter().find(|code| !is_code(code));
        let message = match (unused.first()?, unknown) {
            (_, Some(code)) => format!("unknown code `{code}`, so this comment suppresses nothing"),
            _ => format!("no finding of {} here, so this comment suppresses nothing", unused.join(", ")),
        };
        let kept: Vec<&str> = of(true).collect();
        let (help, fix) = match kept.join(", ") {
            kept if kept.is_empty() => ("remove the comment".to_owned(), edit(&self.whole, String::new())),
            kept => (format!("write `{kept}`"), edit(&self.inside, kept)),
        };
        let mut finding = Finding::new(CODE, Severity::Info, message, place).with_help(help);
        finding.fix.push(fix);
        Some(finding)
    }
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Options;
    use crate::load::{LoadMode, load};

    /// The findings of a text, with their lines, and the text with all their fixes made.
    fn check(text: &str) -> (Vec<(&'static str, u32, String)>, String) {
        let mut fixed = format!("{text}---\n{BESIDE}");
        let file = File { name: "a.yaml".into(), text: fixed.as_str().into() };
        let findings = load(&[file], Options::default(), LoadMode::Admitted).check();
        for edit in findings.iter().flat_map(|finding| &finding.fix).rev() {
            let range = usize::try_from(edit.range.start).unwrap()..usize::try_from(edit.range.end).unwrap();
            fixed.replace_range(range, &edit.text);
        }
        fixed.truncate(fixed.len() - BESIDE.len() - "---\n".len());
        (findings.into_iter().map(|finding| (finding.code, finding.place.line, finding.message)).collect(), fixed)
    }

    fn codes(text: &str) -> Vec<(&'static str, u32)> {
        check(text).0.into_iter().map(|(code, line, _)| (code, line)).collect()
    }

    /// A pod that wants a Service.
    const BESIDE: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {c: d}}\nspec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}\n";
    /// A Service that selects nothing, which is found on its seventh line, and one that is refused on its sixth.
    const IDLE: &str =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: idle\nspec:\n  ports: [{port: 80}]\n  selector: {a: b}\n";
    const REFUSED: &str =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  ports: [{port: 80, protocol: X}]\n";

    #[test]
    fn a_comment_suppresses_the_codes_that_it_names() {
        assert_eq!(codes(IDLE), [("SVC001", 7)]);
        let at_line = |comment: &str| IDLE.replace("{a: b}", &format!("{{a: b}} {comment}"));
        let above = |comment: &str| IDLE.replace("  selector", &format!("  {comment}\n  # more\n\n  selector"));
        for comment in [
            "# portolan: ignore[SVC001]",
            "# portolan:ignore[svc] until the pods are there",
            "# as agreed # portolan: ignore[ING, service-selects-nothing]",
        ] {
            let found = codes(&at_line(comment));
            assert!(!found.iter().any(|(code, _)| *code == "SVC001"), "{comment}: {found:?}");
            let found = codes(&above(comment));
            assert!(!found.iter().any(|(code, _)| *code == "SVC001"), "{comment}: {found:?}");
        }
        assert_eq!(codes(&at_line("# portolan: ignore[SVC002]")), [("SVC001", 7), ("ignore", 7)]);
        assert_eq!(codes(&at_line("# see portolan: ignore[SVC001]")), [("SVC001", 7)]);
        assert_eq!(codes(&above("# portolan: ignore[SVC002]")), [("SVC001", 10), ("ignore", 7)]);
    }

    #[test]
    fn a_comment_for_a_document_or_a_file_suppresses_all_of_it() {
        let both = |comment: &str| format!("{comment}\n{IDLE}---\n{REFUSED}");
        assert_eq!(codes(&both("# portolan: ignore-document[SVC001]")), [("refused", 15)]);
        assert_eq!(
            codes(&both("# portolan: ignore-document[refused]")),
            [("refused", 15), ("SVC001", 8), ("ignore", 1)]
        );
        assert_eq!(codes(&both("# portolan: ignore-file[refused, SVC001]")), []);
        assert_eq!(codes(&format!("{IDLE}--- # portolan: ignore-document[refused]\n{REFUSED}")), [("SVC001", 7)]);
    }

    #[test]
    fn a_comment_that_suppresses_nothing_is_reported_and_removed() {
        let (found, fixed) = check(&IDLE.replace("v1\n", "v1 # portolan: ignore[SVC002] why\n"));
        assert_eq!(found[1], ("ignore", 1, "no finding of SVC002 here, so this comment suppresses nothing".to_owned()));
        assert_eq!(fixed, IDLE);
        let (found, fixed) = check(&format!("# portolan: ignore-file[SVC9]\r\n{IDLE}"));
        assert_eq!(found[1].2, "unknown code `SVC9`, so this comment suppresses nothing");
        assert_eq!(fixed, IDLE);
        let (_, fixed) = check(&IDLE.replace("{a: b}", "{a: b} # portolan: ignore[SVC002, SVC001, ING] why"));
        assert_eq!(fixed, IDLE.replace("{a: b}", "{a: b} # portolan: ignore[SVC001] why"));
        let said = |comment: &str| check(&format!("# portolan: {comment}\n{REFUSED}")).0.pop().unwrap().2;
        assert_eq!(said("ignore SVC001"), "`ignore SVC001` names no codes in brackets, so it suppresses nothing");
        assert_eq!(said("ignore[ ]"), "`ignore[ ]` names no codes in brackets, so it suppresses nothing");
        assert!(said("disable[SVC001]").starts_with("`disable[SVC001]` is unknown; expected one of: `ignore`, "));
    }

    #[test]
    fn only_comments_count() {
        let text = format!(
            "{IDLE}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: |\n    # portolan: ignore-file[SVC001]\n"
        );
        assert_eq!(codes(&text), [("SVC001", 7)]);
    }

    #[test]
    fn many_comments_and_many_findings_take_no_time() {
        // With a walk over the file for each comment, or over the findings, this would take minutes.
        const MANY: usize = 30_000;
        let own_lines = "# portolan: ignore[SVC001]\n".repeat(MANY);
        let for_all = "# portolan: ignore-file[SVC002]\n".repeat(MANY);
        let text = format!("{own_lines}a: 1\n---\n{for_all}b: 2\n");
        let file = File { name: "a.yaml".into(), text: text.into() };
        let at =
            |line: usize| Location { file: "a.yaml".to_owned(), line: number(line), column: 1, field: String::new() };
        let found = |code: &'static str, line: usize| Finding::new(code, Severity::Warning, "", at(line));
        let mut findings: Vec<Finding> = (0..MANY).map(|line| found("SVC002", MANY + 3 + line)).collect();
        findings.push(found("SVC001", MANY + 1));
        findings.push(found("SVC003", MANY + 1));
        let left = suppress(findings, [&file]);
        // The first comment of each scope does the work; the others suppress nothing.
        assert_eq!(left.first().map(|finding| (finding.code, finding.place.line)), Some(("SVC003", number(MANY + 1))));
        assert_eq!(left.len(), 1 + (MANY - 1) + (MANY - 1));
    }

    #[test]
    fn a_finding_is_suppressed_by_the_first_of_several_comments() {
        let text = IDLE.replace("{a: b}", "{a: b} # portolan: ignore[SVC]");
        let (found, _) = check(&format!("# portolan: ignore-file[SVC001]\n{text}"));
        assert_eq!(found.into_iter().map(|(code, line, _)| (code, line)).collect::<Vec<_>>(), [("ignore", 8)]);
    }
}
