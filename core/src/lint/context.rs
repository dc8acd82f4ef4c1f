//! What several rules look up, computed once a check: pods as manifests write them, labels, backends, findings of the policy
//! room; and whether an object that is missing may be defined in files that are not here.

use super::backends::{Target, targets};
use crate::api::meta::StringMap;
use crate::api::pod::{Pod, PodSpec, PodTemplateSpec};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Cluster, Source};
use crate::engine::Engine;
use crate::files::{File, OtherPods};
use crate::policy::findings::PolicyFinding;
use crate::spelling::nearest;
use crate::workload;
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::cell::OnceCell;
use std::sync::Arc;

/// What several rules look up. Each part is computed when the first rule asks for it.
#[derive(Debug)]
pub(super) struct LintContext<'a> {
    engine: &'a Engine,
    files: &'a [File],
    others: &'a [OtherPods],
    texts: OnceCell<BTreeMap<&'a str, &'a str>>,
    names: OnceCell<BTreeSet<&'a str>>,
    /// The findings of the policy room.
    pub(super) policies: OnceCell<Vec<PolicyFinding>>,
    labels: OnceCell<BTreeMap<&'a str, BTreeSet<&'a StringMap>>>,
    services: OnceCell<Places<'a>>,
    policies_at: OnceCell<Places<'a>>,
    /// The number of Ingresses in each folder and namespace.
    ingresses: OnceCell<BTreeMap<(&'a str, &'a str), usize>>,
    makers: OnceCell<Makers<'a>>,
    targets: OnceCell<Vec<Target<'a>>>,
    pod_templates: OnceCell<Vec<PodTemplate<'a>>>,
}

/// The template of pods in a workload, or a pod itself, with the first pod of it: the pods of a workload do not differ.
#[derive(Debug)]
pub(super) struct PodTemplate<'a> {
    /// The kind of the workload, or `Pod`.
    pub(super) kind: Kind,
    /// The workload, or the pod itself.
    pub(super) object: &'a ObjectKey,
    /// The path of the template in the object, before `spec`.
    pub(super) template: &'static str,
    /// The pod.
    pub(super) pod: &'a Pod,
}

/// Folders, each with the namespace of an object in it.
type Places<'a> = BTreeSet<(&'a str, &'a str)>;

/// The places of workloads and pods.
#[derive(Debug, Default)]
struct Makers<'a> {
    pods: Places<'a>,
    /// Of those, the ones whose pods have ports and are selected by no Service.
    unserved: Places<'a>,
}

/// The folder of a file.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl<'a> LintContext<'a> {
    pub(super) fn new(engine: &'a Engine, files: &'a [File], others: &'a [OtherPods]) -> Self {
        LintContext {
            engine,
            others,
            files,
            texts: OnceCell::new(),
            names: OnceCell::new(),
            policies: OnceCell::new(),
            labels: OnceCell::new(),
            services: OnceCell::new(),
            policies_at: OnceCell::new(),
            ingresses: OnceCell::new(),
            makers: OnceCell::new(),
            targets: OnceCell::new(),
            pod_templates: OnceCell::new(),
        }
    }

    /// Every backend of an Ingress, with its Service and port.
    pub(super) fn targets(&self) -> &[Target<'a>] {
        self.targets.get_or_init(|| targets(self.engine.cluster()).collect())
    }

    /// The templates of all pods, in the order of their first pods.
    pub(super) fn pod_templates(&self) -> &[PodTemplate<'a>] {
        self.pod_templates.get_or_init(|| {
            let mut seen = BTreeSet::new();
            let first = |(key, pod): (&'a ObjectKey, &'a Arc<Pod>)| {
                let (kind, object, template) = template_of(self.engine, key);
                seen.insert((object, kind)).then_some(PodTemplate { kind, object, template, pod })
            };
            self.engine.cluster().pods.iter().filter_map(first).collect()
        })
    }

    /// The labels of the pods in a namespace: of stored pods, and of the templates of workloads, also of those that are scaled
    /// to zero and of unknown kinds.
    pub(super) fn labels(&self, cluster: &'a Cluster, namespace: &str) -> Option<&BTreeSet<&'a StringMap>> {
        let all = self.labels.get_or_init(|| {
            let mut all: BTreeMap<&str, BTreeSet<&StringMap>> = BTreeMap::new();
            for (key, pod) in cluster.pods.iter() {
                all.entry(&key.namespace).or_default().insert(&pod.metadata.labels);
            }
            for (key, workload) in cluster.workloads.values().flat_map(|store| store.iter()) {
                let template = workload::template_of(workload).map(|template| &template.metadata.labels);
                all.entry(&key.namespace).or_default().extend(template);
            }
            for other in self.others {
                all.entry(&other.namespace).or_default().insert(&other.labels);
            }
            all
        });
        all.get(namespace)
    }

    /// The label of a selector whose value is misspelt, and the value that pods have: all other labels of the selector match,
    /// and the two values are nearly equal.
    pub(super) fn misspelt(
        &self,
        cluster: &'a Cluster,
        namespace: &str,
        selector: &StringMap,
    ) -> Option<(String, String)> {
        let labels = self.labels(cluster, namespace)?;
        selector.iter().find_map(|(name, value)| {
            let others_fit = |known: &&&StringMap| {
                selector.iter().all(|(other, value)| other == name || known.get(other) == Some(value))
            };
            let fitting = labels.iter().filter(others_fit);
            let mut values = fitting.filter_map(|known| known.get(name)).map(String::as_str);
            let meant = nearest(value, &mut values)?;
            Some((name.clone(), meant.to_owned()))
        })
    }
}

/// Which objects in the same folder suggest that a missing object belongs there too, and is not defined in other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AbsenceScope {
    /// Services of the namespace.
    Service,
    /// Services of the namespace, if there is no other Ingress among them.
    Backend,
    /// Policies of the namespace.
    Policy,
    /// Pods of the namespace.
    Pods,
    /// Pods of the namespace with ports that no Service selects.
    Unserved,
    /// None: the folder says nothing about it.
    Nothing,
}

impl<'a> LintContext<'a> {
    /// Whether an object that another one refers to may be defined in files that are not here. It may not if the cluster was not
    /// loaded from files, because then it is known as a whole. Files of one folder belong together; files of an export hold all
    /// objects of a kind.
    pub(super) fn may_be_elsewhere(
        &self,
        cluster: &'a Cluster,
        (kind, key): (Kind, &ObjectKey),
        missed: AbsenceScope,
    ) -> bool {
        let Some(source) = cluster.source(kind, key).filter(|_| self.has_files()) else { return false };
        let has = |name: &str| source.node.at(name).is_some();
        let is_exported = || has("metadata.uid") || has("metadata.resourceVersion");
        let place = place(key, source);
        let is_alone = || self.ingresses.get_or_init(|| count(cluster)).get(&place) == Some(&1);
        let services = || self.services.get_or_init(|| places(cluster, Kind::Service).collect());
        let makers = || self.makers.get_or_init(|| self.makers(cluster));
        !match missed {
            AbsenceScope::Nothing => return true,
            AbsenceScope::Backend if !is_alone() => return true,
            AbsenceScope::Service | AbsenceScope::Backend => services(),
            AbsenceScope::Policy => self.policies_at.get_or_init(|| places(cluster, Kind::NetworkPolicy).collect()),
            AbsenceScope::Unserved if is_exported() => &makers().pods,
            AbsenceScope::Pods => &makers().pods,
            AbsenceScope::Unserved => &makers().unserved,
        }
        .contains(&place)
    }

    /// Whether a word is the name of an object in the files, or the value of a label of pods. Such a word is not a misspelling
    /// of another, even if both are similar: no fix replaces it.
    pub(super) fn is_name(&self, word: &str) -> bool {
        let cluster = self.engine.cluster();
        let names = self.names.get_or_init(|| {
            let mut names: BTreeSet<&str> = cluster.source_names().collect();
            for (_, pod) in cluster.pods.iter() {
                names.extend(pod.metadata.labels.values().map(String::as_str));
            }
            for (_, workload) in cluster.workloads.values().flat_map(|store| store.iter()) {
                let labels = workload::template_of(workload).map(|template| template.metadata.labels.values());
                names.extend(labels.into_iter().flatten().map(String::as_str));
            }
            names.extend(self.others.iter().flat_map(|other| other.labels.values().map(String::as_str)));
            names
        });
        names.contains(word)
    }

    /// The text of a file.
    pub(super) fn text(&self, file: &str) -> Option<&'a str> {
        let texts = || self.files.iter().map(|file| (&*file.name, &*file.text)).collect();
        self.texts.get_or_init(texts).get(file).copied()
    }

    /// Whether the cluster was loaded from files.
    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    fn makers(&self, cluster: &'a Cluster) -> Makers<'a> {
        let mut made: Vec<((&str, &str), &StringMap, bool)> = Vec::new();
        let has_ports = |spec: &PodSpec| spec.containers.iter().any(|container| !container.ports.is_empty());
        for (key, source) in cluster.sources_of(Kind::Pod) {
            let of = |pod: &'a Arc<Pod>| (place(key, source), &pod.metadata.labels, has_ports(&pod.spec));
            made.extend(cluster.pods.by_key(key).map(of));
        }
        for (kind, store) in &cluster.workloads {
            let serves = !matches!(kind, Kind::Job | Kind::CronJob);
            for (key, source) in cluster.sources_of(*kind) {
                let of = |template: &'a PodTemplateSpec| {
                    (place(key, source), &template.metadata.labels, serves && has_ports(&template.spec))
                };
                made.extend(store.by_key(key).and_then(|workload| workload::template_of(workload)).map(of));
            }
        }
        let mut makers = Makers::default();
        for (at, labels, has_ports) in made {
            makers.pods.insert(at);
            if has_ports && !makers.unserved.contains(&at) && !self.engine.endpoints().selects(at.1, labels) {
                makers.unserved.insert(at);
            }
        }
        let others = self.others.iter().map(|other| (folder(&other.file), other.namespace.as_str()));
        makers.pods.extend(others.clone());
        makers.unserved.extend(others);
        makers
    }
}

/// The folder of an object and its namespace.
fn place<'a>(key: &'a ObjectKey, source: &'a Source) -> (&'a str, &'a str) {
    (folder(&source.file), key.namespace.as_str())
}

/// The places of the objects of a kind.
fn places(cluster: &Cluster, kind: Kind) -> impl Iterator<Item = (&str, &str)> {
    cluster.sources_of(kind).map(|(key, source)| place(key, source))
}

fn count(cluster: &Cluster) -> BTreeMap<(&str, &str), usize> {
    let mut count = BTreeMap::new();
    places(cluster, Kind::Ingress).for_each(|place| *count.entry(place).or_default() += 1);
    count
}

/// The object that defines a pod: the pod itself, or its workload; with the path of the template in it, before `spec`.
pub(super) fn template_of<'e>(engine: &'e Engine, pod: &'e ObjectKey) -> (Kind, &'e ObjectKey, &'static str) {
    let (kind, key) = engine.workload_of(pod).map_or((Kind::Pod, pod), |(kind, key)| (*kind, key));
    let before = match kind {
        Kind::Pod => "",
        Kind::CronJob => "spec.jobTemplate.spec.template.",
        _ => "spec.template.",
    };
    (kind, key, before)
}
