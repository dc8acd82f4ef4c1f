//! Keeps the view current: a client comes in; every kind that the rules look at is listed, and its changes go to the view.
//!
//! This is written by hand, and does not use `watcher` of kube-runtime, for three reasons. A kind that the cluster does not
//! have (404) is not an error here: the view does without it and the kind is asked for again after minutes, where `watcher`
//! reports an error and retries with its backoff. Every event is a sign of life for the view, bookmarks too, which `watcher`
//! does not hand out. And objects become the engine's types as they arrive, so that the answer of the API server, with its
//! `metadata.managedFields`, is held one page at a time.

use crate::flags::WebhookFlags;
use crate::metrics::Metrics;
use crate::tree;
use crate::view::View;
use anyhow::Context as _;
use futures_util::TryStreamExt as _;
use kube::api::{ListParams, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind, ObjectList, Request, WatchEvent};
use kube::{Client, Config, Resource as _};
use portolan::api::resource::{Kind, Resource, read};
use std::sync::Arc;
use std::time::Duration;

/// How many objects a page of a list has.
const PAGE: u32 = 500;

/// How long the server may take for a page, or to begin to send events.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long after a failure it is tried again: doubled with each, up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(15));

/// How long it takes until a kind that the cluster does not have is asked for again.
const WITHOUT: Duration = Duration::from_secs(300);

/// The kinds to watch: all but those that no rule reads. Secrets only where the flags ask for them.
fn watched(secrets: bool) -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(move |kind| match kind {
        Kind::IPAddress | Kind::ServiceCIDR => false,
        Kind::Secret => secrets,
        _ => true,
    })
}

/// The label selector of the objects to watch, or nothing for every object of the kind. The controllers' own Endpoints
/// and EndpointSlices follow from Services and pods, so they are not fetched.
fn selector(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Endpoints => Some("endpoints.kubernetes.io/managed-by!=endpoint-controller"),
        Kind::EndpointSlice => Some(
            "endpointslice.kubernetes.io/managed-by notin (endpointslice-controller.k8s.io,endpointslicemirroring-controller.k8s.io)",
        ),
        _ => None,
    }
}

/// Begins to watch. The view fills by itself from then on.
///
/// # Errors
/// The kubeconfig, or the account of the pod, cannot be read.
pub(crate) async fn begin(flags: &WebhookFlags, view: Arc<View>, metrics: Arc<Metrics>) -> anyhow::Result<()> {
    let client = Client::try_from(config(flags).await?).context("the API server cannot be asked")?;
    for kind in watched(flags.secrets) {
        view.awaits(kind);
        let served = GroupVersionKind::gvk(kind.group(), kind.version(), kind.name());
        let resource = ApiResource::from_gvk_with_plural(&served, kind.plural());
        let follower = Follower {
            kind,
            request: Request::new(DynamicObject::url_path(&resource, None)),
            selector: selector(kind),
            client: client.clone(),
            view: Arc::clone(&view),
            metrics: Arc::clone(&metrics),
        };
        tokio::spawn(follower.run());
    }
    tokio::spawn(listen(client, view, flags.stale_after));
    Ok(())
}

async fn config(flags: &WebhookFlags) -> anyhow::Result<Config> {
    let options = KubeConfigOptions { context: flags.context.clone(), ..KubeConfigOptions::default() };
    match &flags.kubeconfig {
        Some(path) => {
            let kubeconfig = Kubeconfig::read_from(path).with_context(|| path.display().to_string())?;
            Config::from_custom_kubeconfig(kubeconfig, &options).await.with_context(|| path.display().to_string())
        }
        None if flags.context.is_some() => Config::from_kubeconfig(&options).await.context("the kubeconfig"),
        None => Config::infer().await.context("neither a kubeconfig nor the account of a pod can be read"),
    }
}

/// Asks the server for a sign of life every so often: a connection can be dead for minutes before it is seen to be.
async fn listen(client: Client, view: Arc<View>, stale_after: Duration) {
    let every = (stale_after / 6).clamp(Duration::from_millis(100), Duration::from_secs(10));
    loop {
        let answer = tokio::time::timeout(stale_after / 3, client.apiserver_version()).await;
        if matches!(answer, Ok(Ok(_))) {
            view.heard();
        }
        tokio::time::sleep(every).await;
    }
}

/// Follows one kind.
struct Follower {
    kind: Kind,
    request: Request,
    selector: Option<&'static str>,
    client: Client,
    view: Arc<View>,
    metrics: Arc<Metrics>,
}

/// Why following came to an end.
enum Break {
    /// The version that was followed from is gone: all has to be listed again.
    Gone,
    /// The cluster does not have the kind.
    Without,
    /// Anything else.
    Fault(String),
}

impl From<kube::Error> for Break {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.code == 410 => Break::Gone,
            kube::Error::Api(status) if status.code == 404 => Break::Without,
            kube::Error::Api(status) => Break::Fault(format!("{} ({})", status.message, status.code)),
            other => Break::Fault(other.to_string()),
        }
    }
}

impl Follower {
    async fn run(self) {
        let mut version: Option<String> = None;
        let mut pause = PAUSES.0;
        loop {
            let began = std::time::Instant::now();
            let end = self.follow(&mut version).await;
            self.view.lost(self.kind);
            if began.elapsed() > PAUSES.1 {
                pause = PAUSES.0;
            }
            match end {
                // A watch ends by itself after a few minutes.
                Ok(()) => continue,
                Err(Break::Gone) => {
                    self.metrics.watch_broken(self.kind, "gone");
                    version = None;
                }
                Err(Break::Without) => {
                    self.view.does_without(self.kind);
                    version = None;
                    tracing::debug!(kind = self.kind.name(), "the cluster does not have the kind");
                    tokio::time::sleep(WITHOUT).await;
                    continue;
                }
                Err(Break::Fault(fault)) => {
                    self.metrics.watch_broken(self.kind, "fault");
                    tracing::warn!(kind = self.kind.name(), "the watch broke off: {fault}");
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Lists where no version is known, and takes in events until the watch ends.
    async fn follow(&self, version: &mut Option<String>) -> Result<(), Break> {
        let from = match version {
            Some(known) => known,
            None => {
                let listed = self.list().await?;
                self.view.connected(self.kind);
                version.insert(listed)
            }
        };
        let parameters =
            WatchParams { label_selector: self.selector.map(str::to_owned), bookmarks: true, ..WatchParams::default() };
        let request = self.request.watch(&parameters, from).map_err(|error| Break::Fault(error.to_string()))?;
        let begun = tokio::time::timeout(PATIENCE, self.client.request_events::<serde_json::Value>(request));
        let events = begun.await.map_err(|_| Break::Fault("the server does not answer".to_owned()))??;
        self.view.connected(self.kind);
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.try_next().await? {
            self.view.heard();
            match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    let resource = self.read(object);
                    resource.metadata().resource_version.clone_into(from);
                    self.view.put(resource);
                }
                WatchEvent::Deleted(object) => {
                    let resource = self.read(object);
                    resource.metadata().resource_version.clone_into(from);
                    self.view.remove(self.kind, &resource.key());
                }
                WatchEvent::Bookmark(mark) => *from = mark.metadata.resource_version,
                WatchEvent::Error(status) => return Err(kube::Error::Api(status).into()),
            }
        }
        Ok(())
    }

    /// Lists all, page by page, into the view. Gives the version to watch from.
    async fn list(&self) -> Result<String, Break> {
        let mut parameters =
            ListParams { label_selector: self.selector.map(str::to_owned), limit: Some(PAGE), ..ListParams::default() };
        let mut resources = Vec::new();
        loop {
            let request = self.request.list(&parameters).map_err(|error| Break::Fault(error.to_string()))?;
            let page = tokio::time::timeout(PATIENCE, self.client.request::<ObjectList<serde_json::Value>>(request));
            let page = page.await.map_err(|_| Break::Fault("the server does not answer".to_owned()))??;
            resources.extend(page.items.into_iter().map(|item| self.read(item)));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters.continue_token = Some(token),
                None => {
                    tracing::info!(kind = self.kind.name(), objects = resources.len(), "listed");
                    self.view.replace(self.kind, resources);
                    return Ok(page.metadata.resource_version.unwrap_or_default());
                }
            }
        }
    }

    fn read(&self, object: serde_json::Value) -> Resource {
        let (mut resource, _) = read(self.kind, &tree::of(object));
        if let Resource::Secret(secret) = &mut resource {
            // Which keys it has is all that is looked at.
            secret.data.values_mut().for_each(|value| *value = Default::default());
            secret.string_data.values_mut().for_each(|value| *value = Default::default());
        }
        resource
    }
}

#[cfg(test)]
mod tests {
    use super::watched;
    use portolan::manifest::objects;
    use portolan_base::tree::Node;
    use std::collections::BTreeSet;

    /// The role in `deploy/` allows to read the watched kinds and no others.
    #[test]
    fn the_role_is_what_is_watched() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/rbac.yaml");
        let found = objects(&std::fs::read_to_string(file).unwrap());
        let is_role = |object: &&Node| object.get("kind").and_then(Node::as_str) == Some("ClusterRole");
        let role = found.iter().flatten().find(is_role).unwrap();
        let texts = |rule: &Node, name: &str| -> Vec<String> {
            rule.get(name).unwrap().items().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        let mut allowed = BTreeSet::new();
        for rule in role.get("rules").unwrap().items() {
            assert_eq!(texts(rule, "verbs"), ["get", "list", "watch"]);
            for group in texts(rule, "apiGroups") {
                allowed.extend(texts(rule, "resources").into_iter().map(|resource| (group.clone(), resource)));
            }
        }
        let watched: BTreeSet<(String, String)> =
            watched(false).map(|kind| (kind.group().to_owned(), kind.plural().to_owned())).collect();
        assert_eq!(allowed, watched);
    }
}
