//! Comments that silence findings: `# portolan: ignore[SVC001] reason`.
//!
//! | comment | silences |
//! |---|---|
//! | `ignore[CODE, …]` behind something | findings on its line |
//! | `ignore[CODE, …]` on a line of its own | findings on the next line that is no comment |
//! | `ignore-document[CODE, …]` | findings in its document |
//! | `ignore-file[CODE, …]` | findings in its file |
//!
//! A code may be the beginning of several (`ING`), or a rule's name. A comment that silences nothing is a finding itself,
//! as light as one can be, so that none outlives what it was written for; its fix takes the comment out.

use crate::cluster::Location;
use crate::finding::{Edit, Finding, Severity};
use crate::lint;
use crate::load::File;
use portolan_yaml::{Comment, comments};
use std::ops::Range;

/// The code of findings about such comments.
pub const CODE: &str = "ignore";

/// What makes a comment one of these.
const MARK: &str = "portolan:";

/// The codes of findings that no rule of `lint` makes.
const OTHER_CODES: &[&str] = &[CODE, "kind", "nameless", "object", "refused", "syntax", "type", "version", "warning"];

/// Whether a text may have such comments.
fn is_marked(text: &str) -> bool {
    text.contains(MARK)
}

/// Takes out the findings that a comment in their file silences, and adds one for each comment that silences nothing.
pub fn silence<'f>(mut findings: Vec<Finding>, files: impl IntoIterator<Item = &'f File>) -> Vec<Finding> {
    let mut idle = Vec::new();
    for file in files.into_iter().filter(|file| is_marked(&file.text)) {
        for comment in comments(&file.text) {
            let Some(found) = comment.text.find(MARK).filter(|at| is_beginning(comment.text, *at)) else { continue };
            let directive = Directive::read(file, &comment, found);
            let mut used = vec![false; directive.codes.len()];
            findings.retain(|finding| {
                let kept = finding.place.file != *file.name || !directive.lines.contains(&finding.place.line);
                kept || {
                    let mut silenced = false;
                    for (code, used) in directive.codes.iter().zip(&mut used) {
                        let fits = stands_for(code, finding.code);
                        *used |= fits;
                        silenced |= fits;
                    }
                    !silenced
                }
            });
            idle.extend(directive.idle(file, &comment, &used));
        }
    }
    findings.extend(idle);
    findings
}

/// Whether there can be a finding of that code; it may be the beginning of several, or a rule's name.
pub fn is_code(written: &str) -> bool {
    let mut codes = lint::RULES.iter().map(|rule| rule.code).chain(OTHER_CODES.iter().copied());
    !written.is_empty() && codes.any(|code| stands_for(written, code))
}

/// Whether the mark begins a comment, or a comment in a comment: `# as agreed # portolan: …`.
fn is_beginning(comment: &str, at: usize) -> bool {
    comment.get(..at).is_some_and(|before| before.trim_end().ends_with('#'))
}

/// Whether somebody who writes that means that code.
pub fn stands_for(written: &str, code: &str) -> bool {
    let begins = code.get(..written.len()).is_some_and(|start| start.eq_ignore_ascii_case(written));
    begins || lint::by_code(written).is_some_and(|rule| rule.code == code)
}

/// What a comment says.
struct Directive<'t> {
    codes: Vec<&'t str>,
    /// The lines that it is about, from 1.
    lines: Range<u32>,
    line: u32,
    column: u32,
    /// The bytes of the codes between the brackets.
    inside: Range<usize>,
    /// The bytes to take out in order to be rid of it.
    whole: Range<usize>,
    /// Why it says nothing.
    fault: Option<&'static str>,
}

impl<'t> Directive<'t> {
    fn read(file: &'t File, comment: &Comment<'t>, mark: usize) -> Self {
        let text = &*file.text;
        let line_of = |at: usize| small(text.get(..at).unwrap_or_default().matches('\n').count() + 1);
        // Where a comment stands in a comment, only the inner one is ours.
        let hash = comment.text.get(..mark).and_then(|before| before.rfind('#')).unwrap_or_default();
        let begin = comment.range.start + hash;
        let line_start = text.get(..begin).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let before = text.get(line_start..begin).unwrap_or_default();
        let line_end = text.get(begin..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| begin + at + 1);
        let outer = text.get(line_start..comment.range.start).unwrap_or_default().trim_start_matches('\u{feff}');
        let is_alone = outer.trim().is_empty();
        let whole = if is_alone && hash == 0 {
            begin - outer.len()..line_end
        } else {
            line_start + before.trim_end().len()..comment.range.end
        };
        let line = line_of(begin);
        let mut directive = Directive {
            codes: Vec::new(),
            lines: line..line + 1,
            line,
            column: small(before.chars().count() + 1),
            inside: begin..begin,
            whole,
            fault: None,
        };
        let said_at = mark + MARK.len();
        let said = comment.text.get(said_at..).unwrap_or_default();
        let Some((word, codes)) = said.split_once('[').and_then(|(word, rest)| Some((word, rest.split_once(']')?.0)))
        else {
            directive.fault = Some("names no codes between brackets, and so silences nothing");
            return directive;
        };
        let inside = comment.range.start + said_at + word.len() + 1;
        directive.inside = inside..inside + codes.len();
        directive.codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty()).collect();
        match word.trim() {
            "ignore" if is_alone => {
                let rest = text.get(line_end..).unwrap_or_default().lines();
                let passed =
                    rest.take_while(|line| line.trim().is_empty() || line.trim_start().starts_with('#')).count();
                let next = line + 1 + small(passed);
                directive.lines = next..next + 1;
            }
            "ignore" => {}
            "ignore-document" => {
                let document = &comment.document;
                directive.lines = line_of(document.start)..line_of(document.end.saturating_sub(1)) + 1;
            }
            "ignore-file" => directive.lines = 0..u32::MAX,
            _ => {
                directive.fault =
                    Some("is none of `ignore`, `ignore-document` and `ignore-file`, and so silences nothing")
            }
        }
        if directive.fault.is_some() {
            directive.codes.clear();
        } else if directive.codes.is_empty() {
            directive.fault = Some("names no codes between brackets, and so silences nothing");
        }
        directive
    }

    /// What there is to say about it: what of it is no code, or silences nothing.
    fn idle(&self, file: &File, comment: &Comment<'_>, used: &[bool]) -> Option<Finding> {
        let place =
            Location { file: file.name.to_string(), line: self.line, column: self.column, field: String::new() };
        let edit = |range: &Range<usize>, text: String| Edit {
            file: file.name.to_string(),
            range: small(range.start)..small(range.end),
            text,
        };
        if let Some(fault) = self.fault {
            let said = comment.text.split(MARK).nth(1).unwrap_or_default().trim();
            let finding = Finding::new(CODE, Severity::Info, format!("`{said}` {fault}"), place);
            return Some(finding.with_help("write `# portolan: ignore[CODE]`"));
        }
        let of =
            |wanted: bool| self.codes.iter().zip(used).filter(move |(_, used)| **used == wanted).map(|(code, _)| *code);
        let idle: Vec<&str> = of(false).collect();
        let unknown = idle.iter().find(|code| !is_code(code));
        let message = match (idle.first()?, unknown) {
            (_, Some(code)) => format!("there is no code `{code}`, so this silences nothing"),
            _ => format!("there is nothing of {} here that this silences", idle.join(", ")),
        };
        let kept: Vec<&str> = of(true).collect();
        let (mut finding, fix) = if kept.is_empty() {
            (
                Finding::new(CODE, Severity::Info, message, place).with_help("take the comment out"),
                edit(&self.whole, String::new()),
            )
        } else {
            let help = format!("write `{}`", kept.join(", "));
            (Finding::new(CODE, Severity::Info, message, place).with_help(help), edit(&self.inside, kept.join(", ")))
        };
        finding.fix.push(fix);
        Some(finding)
    }
}

fn small(number: usize) -> u32 {
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
    fn a_comment_silences_what_it_names_where_it_stands() {
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
    fn a_document_and_a_file_are_silenced_whole() {
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
    fn what_silences_nothing_is_told_and_can_be_taken_out() {
        let (found, fixed) = check(&IDLE.replace("v1\n", "v1 # portolan: ignore[SVC002] why\n"));
        assert_eq!(found[1], ("ignore", 1, "there is nothing of SVC002 here that this silences".to_owned()));
        assert_eq!(fixed, IDLE);
        let (found, fixed) = check(&format!("# portolan: ignore-file[SVC9]\r\n{IDLE}"));
        assert_eq!(found[1].2, "there is no code `SVC9`, so this silences nothing");
        assert_eq!(fixed, IDLE);
        let (_, fixed) = check(&IDLE.replace("{a: b}", "{a: b} # portolan: ignore[SVC002, SVC001, ING] why"));
        assert_eq!(fixed, IDLE.replace("{a: b}", "{a: b} # portolan: ignore[SVC001] why"));
        let said = |comment: &str| check(&format!("# portolan: {comment}\n{REFUSED}")).0.pop().unwrap().2;
        assert_eq!(said("ignore SVC001"), "`ignore SVC001` names no codes between brackets, and so silences nothing");
        assert_eq!(said("ignore[ ]"), "`ignore[ ]` names no codes between brackets, and so silences nothing");
        assert!(said("disable[SVC001]").starts_with("`disable[SVC001]` is none of `ignore`, "));
    }

    #[test]
    fn only_comments_count() {
        let text = format!(
            "{IDLE}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: |\n    # portolan: ignore-file[SVC001]\n"
        );
        assert_eq!(codes(&text), [("SVC001", 7)]);
    }
}
