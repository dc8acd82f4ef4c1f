//! `portolan lsp`: a language server. The manifests of the editor's folder are one cluster, as for `portolan check`.

mod completion;
mod fields;
mod standing;
mod text;
mod workspace;

use portolan_checking::cluster_flags::ClusterFlags;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tower_lsp_server::jsonrpc::Result;
use tower_lsp_server::ls_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, CodeActionResponse,
    CompletionOptions, CompletionParams, CompletionResponse, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWatchedFilesRegistrationOptions, DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DidSaveTextDocumentParams, FileSystemWatcher, GlobPattern, Hover, HoverParams,
    HoverProviderCapability, InitializeParams, InitializeResult, InitializedParams, MessageType, OneOf, Registration,
    ServerCapabilities, ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind, Uri, WorkspaceFolder,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use tower_lsp_server::{Client, LanguageServer, LspService, Server};
use workspace::Workspace;

/// How long to wait for the next keystroke before looking for findings.
const PAUSE: Duration = Duration::from_millis(60);

/// Serves an editor over standard input and output until it sends `exit`, or until its input ends or is not the protocol. Gives
/// whether it has sent `shutdown`: without it the exit status must be 1 (Language Server Protocol 3.17, "Exit Notification").
///
/// # Errors
/// The threads cannot be started.
pub fn run(flags: &ClusterFlags) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let workspace = Arc::new(Mutex::new(Workspace::new(flags.clone())));
    let is_shut_down = Arc::new(AtomicBool::new(false));
    runtime.block_on(async {
        let is_shut_down = Arc::clone(&is_shut_down);
        let (service, socket) = LspService::new(|client| Backend {
            client,
            workspace,
            generation: Arc::default(),
            watches: AtomicBool::new(false),
            is_shut_down,
        });
        // One message after the other: what is typed arrives in its order.
        Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).concurrency_level(1).serve(service).await;
    });
    // A read of standard input that is under way would keep the program alive.
    runtime.shutdown_background();
    Ok(is_shut_down.load(Ordering::SeqCst))
}

/// The server as the editor sees it.
#[derive(Debug)]
struct Backend {
    client: Client,
    workspace: Arc<Mutex<Workspace>>,
    /// Counts the changes, so that only the last of a flurry is followed by a check.
    generation: Arc<AtomicU64>,
    /// Whether the editor can be asked to watch files.
    watches: AtomicBool,
    /// Whether the editor has sent `shutdown`.
    is_shut_down: Arc<AtomicBool>,
}

impl Backend {
    /// The workspace. What another thread left behind is good even if that thread failed.
    fn workspace(&self) -> MutexGuard<'_, Workspace> {
        self.workspace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads everything anew and tells what could not be read.
    async fn reload(&self) {
        let problems = self.workspace().reload();
        for problem in problems {
            self.client.show_message(MessageType::WARNING, problem).await;
        }
        self.check();
    }

    /// Looks for findings when nothing changes for a moment, and tells the editor what is new.
    fn check(&self) {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let (latest, workspace, client) =
            (Arc::clone(&self.generation), Arc::clone(&self.workspace), self.client.clone());
        tokio::spawn(async move {
            tokio::time::sleep(PAUSE).await;
            if latest.load(Ordering::SeqCst) != generation {
                return;
            }
            let found =
                tokio::task::spawn_blocking(move || workspace.lock().unwrap_or_else(PoisonError::into_inner).check());
            for (uri, diagnostics) in found.await.unwrap_or_default() {
                client.publish_diagnostics(uri, diagnostics, None).await;
            }
        });
    }

    /// Asks the editor to tell of changes on the disk. Its answer is not waited for: until this message is dealt with, no
    /// answer is read.
    fn watch(&self) {
        let watcher =
            |pattern: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(pattern.to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions {
            watchers: vec![watcher("**/*.{yaml,yml,json}"), watcher("**/portolan.toml")],
        };
        let registration = Registration {
            id: "manifests".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let client = self.client.clone();
        // An editor that refuses tells of saved files all the same.
        tokio::spawn(async move { drop(client.register_capability(vec![registration]).await) });
    }
}

fn paths(folders: Vec<WorkspaceFolder>) -> Vec<PathBuf> {
    folders.iter().filter_map(|folder| folder.uri.to_file_path()).map(|path| path.into_owned()).collect()
}

fn is_settings(uri: &Uri) -> bool {
    uri.as_str().ends_with(portolan_checking::settings::FILE)
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let watched = params.capabilities.workspace.and_then(|workspace| workspace.did_change_watched_files);
        let can_watch = watched.and_then(|watched| watched.dynamic_registration).unwrap_or_default();
        self.watches.store(can_watch, Ordering::SeqCst);
        #[expect(deprecated, reason = "editors that know no folders name their root so")]
        let root = params.root_uri.and_then(|root| root.to_file_path().map(|path| path.into_owned()));
        let folders = params.workspace_folders.map(paths).filter(|folders| !folders.is_empty());
        self.workspace().set_folders(folders.unwrap_or_else(|| root.into_iter().collect()));
        Ok(InitializeResult {
            server_info: Some(ServerInfo {
                name: "portolan".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            capabilities: ServerCapabilities {
                text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
                hover_provider: Some(HoverProviderCapability::Simple(true)),
                completion_provider: Some(CompletionOptions {
                    trigger_characters: Some(vec![" ".to_owned(), "-".to_owned()]),
                    ..CompletionOptions::default()
                }),
                code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
                    code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, workspace::fix_all()]),
                    ..CodeActionOptions::default()
                })),
                workspace: Some(WorkspaceServerCapabilities {
                    workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                        supported: Some(true),
                        change_notifications: Some(OneOf::Left(true)),
                    }),
                    ..WorkspaceServerCapabilities::default()
                }),
                ..ServerCapabilities::default()
            },
            ..InitializeResult::default()
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if self.watches.load(Ordering::SeqCst) {
            self.watch();
        }
        self.reload().await;
    }

    async fn shutdown(&self) -> Result<()> {
        self.is_shut_down.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.workspace().open(&params.text_document.uri, params.text_document.text);
        self.check();
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.workspace().change(&params.text_document.uri, params.content_changes);
        self.check();
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        if is_settings(&params.text_document.uri) {
            self.reload().await;
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.workspace().close(&params.text_document.uri);
        self.check();
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        if params.changes.iter().any(|change| is_settings(&change.uri)) {
            return self.reload().await;
        }
        {
            let mut workspace = self.workspace();
            for change in &params.changes {
                workspace.look(&change.uri);
            }
        }
        self.check();
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let gone = paths(params.event.removed);
        {
            let mut workspace = self.workspace();
            let mut folders = workspace.folders().to_vec();
            folders.retain(|folder| !gone.contains(folder));
            folders.extend(paths(params.event.added));
            workspace.set_folders(folders);
        }
        self.reload().await;
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let only = params.context.only.as_deref();
        Ok(Some(self.workspace().actions(&params.text_document.uri, params.range, only)))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let at = params.text_document_position_params;
        Ok(self.workspace().hover(&at.text_document.uri, at.position))
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let at = params.text_document_position;
        Ok(Some(CompletionResponse::Array(self.workspace().complete(&at.text_document.uri, at.position))))
    }
}
