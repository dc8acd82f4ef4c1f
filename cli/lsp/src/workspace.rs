//! The workspace: all manifests of the folder are one cluster, and what an editor holds open goes before the disk.

use crate::completion;
use crate::fields::{follow, words};
use crate::standing::Standing;
use crate::text::Lines;
use portolan::finding::{Edit, Finding, Severity};
use portolan::load::{File, LoadMode, load};
use portolan::session::Session;
use portolan_checking::baseline::Baseline;
use portolan_checking::cluster_flags::ClusterFlags;
use portolan_checking::excerpt::word_length;
use portolan_checking::fix;
use portolan_checking::input::Input;
use portolan_checking::selection::Selection;
use portolan_checking::settings::Settings;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use tower_lsp_server::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CompletionItem, Diagnostic, DiagnosticRelatedInformation,
    DiagnosticSeverity, Hover, HoverContents, Location, MarkupContent, MarkupKind, NumberOrString, Position, Range,
    TextDocumentContentChangeEvent, TextEdit, Uri, WorkspaceEdit,
};

/// All that is known of the editor's folders and buffers.
#[derive(Debug)]
pub(crate) struct Workspace {
    flags: ClusterFlags,
    settings: Settings,
    baseline: Option<Baseline>,
    folders: Vec<PathBuf>,
    session: Session,
    files: BTreeMap<String, File>,
    /// The files whose text the session does not have yet. Of several changes it reads only the last text.
    unread: BTreeSet<String>,
    /// The files that the editor holds open.
    open: BTreeSet<String>,
    /// What was found last, by file.
    findings: BTreeMap<String, Vec<Finding>>,
    /// What the editor was told last, by file.
    told: BTreeMap<String, Vec<Diagnostic>>,
}

/// What the editor has to be told of a file.
pub(crate) type News = (Uri, Vec<Diagnostic>);

impl Workspace {
    pub(crate) fn new(flags: ClusterFlags) -> Self {
        let settings = Settings::default();
        let session = Session::new(flags.options(&settings), LoadMode::Admitted);
        Workspace {
            flags,
            settings,
            baseline: None,
            folders: Vec::new(),
            session,
            files: BTreeMap::new(),
            unread: BTreeSet::new(),
            open: BTreeSet::new(),
            findings: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Goes to work in these folders.
    pub(crate) fn set_folders(&mut self, folders: Vec<PathBuf>) {
        self.folders = folders;
    }

    /// The folders it works in.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Reads settings and files anew. Gives what could not be read.
    pub(crate) fn reload(&mut self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut take = |problem: anyhow::Error| problems.push(format!("{problem:#}"));
        self.settings = self.flags.settings(&self.folders).map_err(&mut take).unwrap_or_default();
        self.baseline = None;
        if let Some(file) = &self.settings.baseline {
            self.baseline = Baseline::read(file).map_err(&mut take).ok();
        }
        let read = Input::read(&self.folders, self.settings.largest_input(), &mut |_, _| {});
        let input = read.map_err(&mut take).unwrap_or_default();
        problems.extend(input.problems);
        self.files.retain(|name, _| self.open.contains(name));
        for file in input.files {
            self.files.entry(file.name.to_string()).or_insert(file);
        }
        self.session = Session::new(self.flags.options(&self.settings), LoadMode::Admitted);
        self.session.load(self.files.values().cloned().collect());
        self.unread.clear();
        problems
    }

    /// A buffer was opened.
    pub(crate) fn open(&mut self, uri: &Uri, text: String) {
        let name = name_of(uri);
        self.open.insert(name.clone());
        self.write(name, text);
    }

    /// A buffer was changed.
    pub(crate) fn change(&mut self, uri: &Uri, changes: Vec<TextDocumentContentChangeEvent>) {
        let name = name_of(uri);
        let Some(file) = self.files.get(&name) else { return };
        let mut text = file.text.to_string();
        for change in changes {
            match change.range {
                Some(range) => {
                    let lines = Lines::new(&text);
                    let (start, end) = (lines.offset(range.start), lines.offset(range.end));
                    text.replace_range(start..end.max(start), &change.text);
                }
                None => text = change.text,
            }
        }
        self.write(name, text);
    }

    /// A buffer was closed: the disk counts again.
    pub(crate) fn close(&mut self, uri: &Uri) {
        self.open.remove(&name_of(uri));
        self.look(uri);
    }

    /// A file on the disk was made, changed or deleted.
    pub(crate) fn look(&mut self, uri: &Uri) {
        let name = name_of(uri);
        if self.open.contains(&name) {
            return;
        }
        let path = PathBuf::from(&name);
        let is_ours = path.is_file() && self.folders.iter().any(|folder| path.starts_with(folder));
        let largest = self.settings.largest_input();
        let read = is_ours.then(|| Input::read(&[path], largest, &mut |_, _| {}).ok()?.files.pop()).flatten();
        match read {
            Some(file) => self.write(name, file.text.to_string()),
            None => {
                if self.files.remove(&name).is_some() {
                    self.unread.insert(name);
                }
            }
        }
    }

    fn write(&mut self, name: String, text: String) {
        let file = File { name: name.as_str().into(), text: text.into() };
        if self.files.get(&name) != Some(&file) {
            self.files.insert(name.clone(), file);
            self.unread.insert(name);
        }
    }

    /// The session, with the latest text of every file.
    fn session(&mut self) -> &mut Session {
        for name in std::mem::take(&mut self.unread) {
            let deleted = || File { name: name.as_str().into(), text: "".into() };
            let file = self.files.get(&name).cloned().unwrap_or_else(deleted);
            let _ = self.session.write(file).count();
        }
        &mut self.session
    }

    /// Looks for findings in all files, and gives what is other than the editor was told before.
    pub(crate) fn check(&mut self) -> Vec<News> {
        let found = self.session().check();
        let found = self.wanted(found);
        self.findings.clear();
        for finding in found {
            self.findings.entry(finding.place.file.clone()).or_default().push(finding);
        }
        let mut news = Vec::new();
        let mut told = BTreeMap::new();
        for (name, findings) in &self.findings {
            let lines = self.files.get(name).map(|file| Lines::new(&file.text));
            let diagnostics: Vec<Diagnostic> =
                findings.iter().map(|finding| self.diagnostic(finding, lines.as_ref())).collect();
            if self.told.get(name) != Some(&diagnostics)
                && let Some(uri) = uri_of(name)
            {
                news.push((uri, diagnostics.clone()));
            }
            told.insert(name.clone(), diagnostics);
        }
        let gone = self.told.keys().filter(|name| !told.contains_key(*name));
        news.extend(gone.filter_map(|name| Some((uri_of(name)?, Vec::new()))));
        self.told = told;
        news
    }

    /// Those of the findings that are wanted and not known, with advice.
    fn wanted(&self, findings: Vec<Finding>) -> Vec<Finding> {
        let found: Vec<Finding> = match Selection::new(&[], &[], &self.settings) {
            Ok(selection) => selection.filter(findings).collect(),
            Err(_) => findings,
        };
        match &self.baseline {
            Some(baseline) => baseline.compare(found).new,
            None => found,
        }
    }

    /// The finding as the protocol has it; `lines` are those of its file.
    fn diagnostic(&self, finding: &Finding, lines: Option<&Lines<'_>>) -> Diagnostic {
        let object = finding.object.as_ref().map(|(kind, key)| format!("{} {key}: ", kind.name())).unwrap_or_default();
        let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let related = finding.related.iter().filter_map(|(message, place)| {
            let range = self.range(&place.file, place.line, place.column);
            Some(DiagnosticRelatedInformation {
                location: Location { uri: uri_of(&place.file)?, range },
                message: message.clone(),
            })
        });
        let related: Vec<DiagnosticRelatedInformation> = related.collect();
        Diagnostic {
            range: lines.map(|lines| range_of(lines, finding.place.line, finding.place.column)).unwrap_or_default(),
            severity: Some(match finding.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Info => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(finding.code.to_owned())),
            source: Some("portolan".to_owned()),
            message: format!("{object}{}{help}", finding.message),
            related_information: (!related.is_empty()).then_some(related),
            ..Diagnostic::default()
        }
    }

    /// The value or key that begins at a place of a file.
    fn range(&self, file: &str, line: u32, column: u32) -> Range {
        self.files.get(file).map(|file| range_of(&Lines::new(&file.text), line, column)).unwrap_or_default()
    }

    /// What can be done about the findings in that range: their fixes, and a comment that suppresses them. Where the editor
    /// asks for it, all fixes of the file at once.
    pub(crate) fn actions(&self, uri: &Uri, range: Range, only: Option<&[CodeActionKind]>) -> Vec<CodeActionOrCommand> {
        let name = name_of(uri);
        let wants = |kind: &CodeActionKind| only.is_none_or(|only| only.iter().any(|wanted| is_below(kind, wanted)));
        let mut actions = Vec::new();
        let Some(lines) = self.files.get(&name).map(|file| Lines::new(&file.text)) else { return actions };
        if wants(&CodeActionKind::QUICKFIX) {
            let touched = self.findings.get(&name).into_iter().flatten().filter(|finding| {
                let place = range_of(&lines, finding.place.line, finding.place.column);
                place.start <= range.end && range.start <= place.end
            });
            for finding in touched {
                let diagnostics = vec![self.diagnostic(finding, Some(&lines))];
                let action = |title: String, edit: WorkspaceEdit, preferred: bool| CodeAction {
                    title,
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(diagnostics.clone()),
                    edit: Some(edit),
                    is_preferred: Some(preferred),
                    ..CodeAction::default()
                };
                if let Some(edit) = self.edit(&finding.fix) {
                    let title = finding.help.clone().unwrap_or_else(|| format!("fix {}", finding.code));
                    actions.push(action(first_upper(&title), edit, true).into());
                }
                if let Some(edit) = self.silencing(finding).and_then(|edit| self.edit(&[edit])) {
                    actions.push(action(format!("Silence {} on this line", finding.code), edit, false).into());
                }
            }
        }
        // This goes over the whole workspace, so only when it is asked for by name.
        if only.is_some() && wants(&fix_all()) {
            actions.extend(self.fixed(&name).map(|edit| {
                CodeAction {
                    title: "Fix all that Portolan can fix".to_owned(),
                    kind: Some(fix_all()),
                    edit: Some(edit),
                    ..CodeAction::default()
                }
                .into()
            }));
        }
        actions
    }

    /// The edits as the protocol has them.
    fn edit(&self, edits: &[Edit]) -> Option<WorkspaceEdit> {
        let mut changes: HashMap<Uri, Vec<TextEdit>> = HashMap::new();
        for edit in edits {
            let lines = Lines::new(&self.files.get(&edit.file)?.text);
            let range = lines.range(usize::try_from(edit.range.start).ok()?, usize::try_from(edit.range.end).ok()?);
            changes.entry(uri_of(&edit.file)?).or_default().push(TextEdit { range, new_text: edit.text.clone() });
        }
        (!changes.is_empty()).then(|| WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() })
    }

    /// A comment behind the finding's line, where one may stand.
    fn silencing(&self, finding: &Finding) -> Option<Edit> {
        let file = self.files.get(&finding.place.file)?;
        let lines = Lines::new(&file.text);
        let line = usize::try_from(finding.place.line).ok()?.checked_sub(1)?;
        let text = lines.line(line);
        if finding.code == portolan::suppression::CODE || text.contains("portolan:") {
            return None;
        }
        let end = lines.start(line) + text.trim_end().len();
        let comment = format!(" # portolan: ignore[{}]", finding.code);
        let mut with = file.text.to_string();
        with.insert_str(end, &comment);
        // In the middle of a quoted text, or in JSON, it would be none.
        let stands = portolan_yaml::comments(&with).iter().any(|found| found.range.end == end + comment.len());
        let at = u32::try_from(end).ok()?;
        stands.then(|| Edit { file: finding.place.file.clone(), range: at..at, text: comment })
    }

    /// The whole file with all its fixes, as one edit; nothing where there is none.
    fn fixed(&self, name: &str) -> Option<WorkspaceEdit> {
        let files: Vec<File> = self.files.values().cloned().collect();
        let check = |files: &[File]| {
            let loaded = load(files, self.flags.options(&self.settings), LoadMode::Admitted);
            let mut found = self.wanted(loaded.check());
            for finding in &mut found {
                if finding.fix.iter().any(|edit| edit.file != name) {
                    finding.fix.clear();
                }
            }
            found
        };
        let fixed = fix::fix(&files, &check);
        let before = self.files.get(name)?;
        let after = fixed.files.iter().find(|file| *file.name == *name)?;
        let end = u32::try_from(before.text.len()).ok()?;
        let edit = Edit { file: name.to_owned(), range: 0..end, text: after.text.to_string() };
        if before.text == after.text { None } else { self.edit(&[edit]) }
    }

    /// What the field under the pointer means, and what the findings there are about.
    pub(crate) fn hover(&self, uri: &Uri, position: Position) -> Option<Hover> {
        let name = name_of(uri);
        let file = self.files.get(&name)?;
        let lines = Lines::new(&file.text);
        let offset = lines.offset(position);
        let mut parts = Vec::new();
        let mut seen = BTreeSet::new();
        for finding in self.findings.get(&name).into_iter().flatten() {
            let range = range_of(&lines, finding.place.line, finding.place.column);
            if range.start <= position && position <= range.end && seen.insert(finding.code) {
                parts.extend(
                    portolan::lint::page(finding.code)
                        .map(|page| format!("**{}** {}\n\n{}", page.code, page.name, page.text.trim())),
                );
            }
        }
        let standing = Standing::at(&file.text, offset);
        let on_key = standing.key_range.start <= offset && offset <= standing.key_range.end && !standing.in_value;
        let mut range = None;
        if let (Some(kind), true) = (standing.kind, on_key) {
            let path: Vec<String> = standing.above.iter().chain(std::iter::once(&standing.key)).cloned().collect();
            // In a map the last name is the author's, and the field is the map.
            if let Some(field) = follow(kind, &path).and_then(|found| found.field) {
                let path: Vec<&str> = path.iter().map(String::as_str).filter(|step| *step != "-").collect();
                let shape = words(&(field.shape)());
                parts.insert(0, format!("`{}` {shape}\n\n{}", path.join("."), field.doc.trim()));
                range = Some(lines.range(standing.key_range.start, standing.key_range.end));
            }
        }
        let value = parts.join("\n\n---\n\n");
        let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
        (!parts.is_empty()).then_some(Hover { contents, range })
    }

    /// What may be written there.
    pub(crate) fn complete(&mut self, uri: &Uri, position: Position) -> Vec<CompletionItem> {
        self.session();
        let Some(file) = self.files.get(&name_of(uri)) else { return Vec::new() };
        let offset = Lines::new(&file.text).offset(position);
        completion::complete(&file.text, offset, self.session.engine().cluster(), self.flags.namespace(&self.settings))
    }
}

/// The value or key that begins at a place.
fn range_of(lines: &Lines<'_>, line: u32, column: u32) -> Range {
    let start = lines.place(line, column);
    let text = lines.text();
    let rest = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let end = start + word_length(rest).min(rest.len());
    if end > start {
        return lines.range(start, end);
    }
    // Nothing stands there, and editors show nothing where nothing is: then the line, or the last one that has text.
    let before = text.get(..start).unwrap_or_default().trim_end();
    let last = before.rfind('\n').map_or(0, |at| at + 1);
    let indent = before.get(last..).map_or(0, |line| line.len() - line.trim_start().len());
    lines.range(last + indent, before.len())
}

/// The kind of the action that fixes a whole file, which editors may run on saving.
pub(crate) fn fix_all() -> CodeActionKind {
    CodeActionKind::new("source.fixAll.portolan")
}

/// Whether a kind of action is one that is wanted, or below it: `source.fixAll.portolan` is below `source`.
fn is_below(kind: &CodeActionKind, wanted: &CodeActionKind) -> bool {
    let rest = kind.as_str().strip_prefix(wanted.as_str());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The name of a file in the cluster: its path, or for what is no file its URI.
fn name_of(uri: &Uri) -> String {
    let path = if uri.as_str().starts_with("file:") { uri.to_file_path() } else { None };
    path.map_or_else(|| uri.as_str().to_owned(), |path| path.display().to_string())
}

fn uri_of(name: &str) -> Option<Uri> {
    if Path::new(name).is_absolute() { Uri::from_file_path(name) } else { name.parse().ok() }
}
