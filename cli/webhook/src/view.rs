//! The cluster in view: what the webhook judges with, and how current it is.

use portolan::api::resource::{Kind, ObjectKey, Resource};
use portolan::cluster::{Options, Source};
use portolan::engine::Engine;
use portolan_base::tree::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The cluster in view. Reviews read it side by side; a change waits for those that run and takes microseconds.
#[derive(Debug)]
pub(crate) struct View {
    engine: RwLock<Engine>,
    /// Nothing where the objects come from files: they are as current as they will ever be.
    watch: Option<Watch>,
    /// Objects that are watched stand in no file.
    nowhere: Source,
}

/// How current a watched view is.
#[derive(Debug)]
struct Watch {
    stale_after: Duration,
    kinds: Mutex<BTreeMap<Kind, Standing>>,
    /// When the API server answered last.
    heard: Mutex<Instant>,
}

/// How the watch of one kind stands.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Its first list is not there yet.
    Awaited,
    /// Its events come in.
    Connected,
    /// They have not since then.
    Lost(Instant),
}

/// Why a view cannot be judged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutOfView {
    /// The first lists of these kinds are not there yet.
    Awaited(Vec<&'static str>),
    /// The cluster has been out of reach for so long.
    Stale(Duration),
}

impl std::fmt::Display for OutOfView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OutOfView::Awaited(kinds) => write!(formatter, "the first list of {} is not there yet", kinds.join(", ")),
            OutOfView::Stale(since) => write!(formatter, "the cluster has been out of reach for {} s", since.as_secs()),
        }
    }
}

impl View {
    /// A view of a cluster that does not change.
    pub(crate) fn fixed(engine: Engine) -> Self {
        View { engine: RwLock::new(engine), watch: None, nowhere: nowhere() }
    }

    /// A view of a cluster that is watched, empty as yet.
    pub(crate) fn watched(options: Options, stale_after: Duration) -> Self {
        let watch = Watch { stale_after, kinds: Mutex::new(BTreeMap::new()), heard: Mutex::new(Instant::now()) };
        View { engine: RwLock::new(Engine::new(options)), watch: Some(watch), nowhere: nowhere() }
    }

    /// Whether it is kept current.
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Looks at the cluster.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Engine) -> T) -> T {
        at(&self.engine.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many objects of each kind are in view.
    pub(crate) fn counts(&self) -> Vec<(Kind, usize)> {
        self.look(|engine| {
            let cluster = engine.cluster();
            let made_up = |key: &ObjectKey| engine.stands_for(key).is_some();
            let mut counts = vec![
                (Kind::Namespace, cluster.namespaces.len()),
                (Kind::Node, cluster.nodes.len()),
                (Kind::Pod, cluster.pods.iter().filter(|(key, _)| !made_up(key)).count()),
                (Kind::Service, cluster.services.len()),
                (Kind::Endpoints, cluster.endpoints.len()),
                (Kind::EndpointSlice, cluster.endpoint_slices.len()),
                (Kind::Ingress, cluster.ingresses.len()),
                (Kind::IngressClass, cluster.ingress_classes.len()),
                (Kind::NetworkPolicy, cluster.network_policies.len()),
                (Kind::AdminNetworkPolicy, cluster.admin_network_policies.len()),
                (Kind::BaselineAdminNetworkPolicy, cluster.baseline_admin_network_policies.len()),
                (Kind::ClusterNetworkPolicy, cluster.cluster_network_policies.len()),
                (Kind::Secret, cluster.secrets.len()),
            ];
            counts.extend(cluster.workloads.iter().map(|(kind, store)| (*kind, store.len())));
            counts
        })
    }

    /// How long the cluster has been out of reach; nothing for one that does not change.
    pub(crate) fn age(&self) -> Option<Duration> {
        let watch = self.watch.as_ref()?;
        let now = Instant::now();
        let lost = watch.kinds().values().filter_map(Standing::lost).map(|since| now - since).max();
        // Between two signs of life nothing is missing yet: they come several times before the view counts as stale.
        let silent = now.saturating_duration_since(*watch.heard());
        Some(lost.unwrap_or_default().max(silent.saturating_sub(watch.stale_after / 3)))
    }

    /// Why the view cannot be judged with, where it cannot.
    pub(crate) fn out_of_view(&self) -> Option<OutOfView> {
        let watch = self.watch.as_ref()?;
        let kinds = watch.kinds();
        let awaited: Vec<&'static str> = kinds
            .iter()
            .filter(|(_, standing)| matches!(standing, Standing::Awaited))
            .map(|(kind, _)| kind.name())
            .collect();
        drop(kinds);
        if !awaited.is_empty() {
            return Some(OutOfView::Awaited(awaited));
        }
        self.age().filter(|age| *age > watch.stale_after).map(OutOfView::Stale)
    }

    /// A kind is going to be watched.
    pub(crate) fn awaits(&self, kind: Kind) {
        self.stand(kind, |_| Some(Standing::Awaited));
    }

    /// The cluster does not have the kind: nothing is missing without it.
    pub(crate) fn does_without(&self, kind: Kind) {
        if let Some(watch) = &self.watch {
            watch.kinds().remove(&kind);
        }
    }

    /// Events of the kind come in.
    pub(crate) fn connected(&self, kind: Kind) {
        self.stand(kind, |_| Some(Standing::Connected));
        self.heard();
    }

    /// Events of the kind no longer come in. It is lost since the first time that was said.
    pub(crate) fn lost(&self, kind: Kind) {
        self.stand(kind, |standing| match standing {
            Standing::Connected => Some(Standing::Lost(Instant::now())),
            Standing::Awaited | Standing::Lost(_) => None,
        });
    }

    /// The API server has answered.
    pub(crate) fn heard(&self) {
        if let Some(watch) = &self.watch {
            *watch.heard() = Instant::now();
        }
    }

    /// Takes in a whole list of a kind, and takes out what is no longer there.
    pub(crate) fn replace(&self, kind: Kind, resources: Vec<Resource>) {
        let stored: BTreeSet<ObjectKey> = self.look(|engine| {
            let sources = engine.cluster().sources_in(&self.nowhere.file);
            sources.filter(|(of, ..)| *of == kind).map(|(_, key, _)| key.clone()).collect()
        });
        if stored.is_empty() {
            let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
            engine.insert_all(resources.into_iter().map(|resource| (resource, Some(self.nowhere.clone()))));
            return;
        }
        let listed: BTreeSet<ObjectKey> = resources.iter().map(Resource::key).collect();
        stored.difference(&listed).for_each(|key| self.remove(kind, key));
        // One by one: reviews go on meanwhile.
        resources.into_iter().for_each(|resource| self.put(resource));
    }

    /// Takes in an object.
    pub(crate) fn put(&self, resource: Resource) {
        // Kubelets report all the time, and mostly nothing that is looked at.
        if let Resource::Node(node) = &resource {
            let as_before = |known: &portolan::api::node::Node| {
                let mut known = known.clone();
                known.metadata.resource_version.clone_from(&node.metadata.resource_version);
                known == **node
            };
            if self.look(|engine| engine.cluster().nodes.by_key(&resource.key()).is_some_and(|known| as_before(known)))
            {
                return;
            }
        }
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        engine.insert(resource, Some(self.nowhere.clone()));
    }

    /// Takes out an object.
    pub(crate) fn remove(&self, kind: Kind, key: &ObjectKey) {
        self.engine.write().unwrap_or_else(PoisonError::into_inner).remove(kind, key);
    }

    fn stand(&self, kind: Kind, next: impl FnOnce(Standing) -> Option<Standing>) {
        if let Some(watch) = &self.watch {
            let mut kinds = watch.kinds();
            let standing = kinds.get(&kind).copied().unwrap_or(Standing::Awaited);
            if let Some(next) = next(standing) {
                kinds.insert(kind, next);
            }
        }
    }
}

impl Watch {
    fn kinds(&self) -> std::sync::MutexGuard<'_, BTreeMap<Kind, Standing>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn lost(&self) -> Option<Instant> {
        match self {
            Standing::Lost(since) => Some(*since),
            Standing::Awaited | Standing::Connected => None,
        }
    }
}

/// The place of objects that stand in no file: the rules want one.
fn nowhere() -> Source {
    Source::new("cluster".into(), Arc::new(Node::default()))
}
