//! Where rules put what they find, and what several of them look at.

use super::ingress_backend::{Target, targets};
use super::{Rule, template_of};
use crate::api::meta::StringMap;
use crate::api::pod::{Pod, PodSpec, PodTemplateSpec};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Cluster, Source};
use crate::edit::Editor;
use crate::engine::Engine;
use crate::finding::{Edit, Finding, Severity};
use crate::load::{File, OtherPods};
use crate::policy::findings::PolicyFinding;
use crate::spelling::nearest;
use crate::workload;
use portolan_base::collections::{BTreeMap, BTreeSet};
use std::cell::OnceCell;
use std::sync::Arc;

/// What several rules look at, made once a check.
#[derive(Debug)]
pub(super) struct Shared<'a> {
    engine: &'a Engine,
    files: &'a [File],
    others: &'a [OtherPods],
    texts: OnceCell<BTreeMap<&'a str, &'a str>>,
    /// What the policy room finds.
    pub(super) policies: OnceCell<Vec<PolicyFinding>>,
    labels: OnceCell<BTreeMap<&'a str, BTreeSet<&'a StringMap>>>,
    services: OnceCell<Places<'a>>,
    policies_at: OnceCell<Places<'a>>,
    /// How many Ingresses stand where.
    ingresses: OnceCell<BTreeMap<(&'a str, &'a str), usize>>,
    makers: OnceCell<Makers<'a>>,
    targets: OnceCell<Vec<Target<'a>>>,
    written: OnceCell<Vec<Written<'a>>>,
}

/// Where pods are written, and the first of them: those that a workload makes do not differ.
#[derive(Debug)]
pub(super) struct Written<'a> {
    /// The kind of what they are written in.
    pub(super) kind: Kind,
    /// The workload, or the pod itself.
    pub(super) object: &'a ObjectKey,
    /// What stands before `spec` in it.
    pub(super) template: &'static str,
    /// The pod.
    pub(super) pod: &'a Pod,
}

/// Folders, each with a namespace that something there is of.
type Places<'a> = BTreeSet<(&'a str, &'a str)>;

/// Where what makes pods stands.
#[derive(Debug, Default)]
struct Makers<'a> {
    pods: Places<'a>,
    /// Of those, what makes pods with ports that no Service selects.
    unserved: Places<'a>,
}

/// The folder of a file.
fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl<'a> Shared<'a> {
    pub(super) fn new(engine: &'a Engine, files: &'a [File], others: &'a [OtherPods]) -> Self {
        Shared {
            engine,
            others,
            files,
            texts: OnceCell::new(),
            policies: OnceCell::new(),
            labels: OnceCell::new(),
            services: OnceCell::new(),
            policies_at: OnceCell::new(),
            ingresses: OnceCell::new(),
            makers: OnceCell::new(),
            targets: OnceCell::new(),
            written: OnceCell::new(),
        }
    }

    /// Every backend of an Ingress, with what it leads to.
    pub(super) fn targets(&self) -> &[Target<'a>] {
        self.targets.get_or_init(|| targets(self.engine.cluster()).collect())
    }

    /// Every place that pods are written in, in the order of their first pods.
    pub(super) fn written(&self) -> &[Written<'a>] {
        self.written.get_or_init(|| {
            let mut seen = BTreeSet::new();
            let first = |(key, pod): (&'a ObjectKey, &'a Arc<Pod>)| {
                let (kind, object, template) = template_of(self.engine, key);
                seen.insert((object, kind)).then_some(Written { kind, object, template, pod })
            };
            self.engine.cluster().pods.iter().filter_map(first).collect()
        })
    }

    /// The labels that pods of a namespace have or would have: of those there are, and of the templates of workloads,
    /// also of those that make none at the time and of kinds that are not known here.
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

    /// The label of a selector that was surely written otherwise than meant, and its value in the pods: all other labels
    /// fit, and this one's value is near to what pods have.
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

/// What an object is missed among, to tell a slip from what other files hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Services of the namespace.
    Service,
    /// Services of the namespace, where no other Ingress stands among them.
    Backend,
    /// Policies of the namespace.
    Policy,
    /// Pods of the namespace.
    Pods,
    /// Pods of the namespace with ports that no Service selects.
    Unserved,
    /// What no folder tells of.
    Nothing,
}

impl<'a> Shared<'a> {
    /// Whether what an object names, and nobody has, may stand in files that are not here. It may not where the cluster is
    /// none of files, and so known as a whole. Of files, those of one folder belong together; of an export they hold all
    /// that there was of a kind.
    pub(super) fn may_be_elsewhere(
        &self,
        cluster: &'a Cluster,
        (kind, key): (Kind, &ObjectKey),
        missed: Missed,
    ) -> bool {
        let Some(source) = cluster.source(kind, key).filter(|_| self.has_files()) else { return false };
        let has = |name: &str| source.node.at(name).is_some();
        let is_exported = || has("metadata.uid") || has("metadata.resourceVersion");
        let place = place(key, source);
        let is_alone = || self.ingresses.get_or_init(|| count(cluster)).get(&place) == Some(&1);
        let services = || self.services.get_or_init(|| places(cluster, Kind::Service).collect());
        let makers = || self.makers.get_or_init(|| self.makers(cluster));
        !match missed {
            Missed::Nothing => return true,
            Missed::Backend if !is_alone() => return true,
            Missed::Service | Missed::Backend => services(),
            Missed::Policy => self.policies_at.get_or_init(|| places(cluster, Kind::NetworkPolicy).collect()),
            Missed::Unserved if is_exported() => &makers().pods,
            Missed::Pods => &makers().pods,
            Missed::Unserved => &makers().unserved,
        }
        .contains(&place)
    }

    /// Whether the cluster is made of files.
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

/// Where the objects of a kind stand.
fn places(cluster: &Cluster, kind: Kind) -> impl Iterator<Item = (&str, &str)> {
    cluster.sources_of(kind).map(|(key, source)| place(key, source))
}

fn count(cluster: &Cluster) -> BTreeMap<(&str, &str), usize> {
    let mut count = BTreeMap::new();
    places(cluster, Kind::Ingress).for_each(|place| *count.entry(place).or_default() += 1);
    count
}

/// Where a rule puts what it finds.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rule: &'static Rule,
    pub(super) shared: &'a Shared<'a>,
    pub(super) findings: Vec<Finding>,
    /// How often a rule told nothing because what is missed may stand in files that are not here.
    pub(super) elsewhere: usize,
}

impl<'a> Report<'a> {
    /// Adds a finding at a field of an object. An object that comes from no file (a made-up pod) has no place, and gets none.
    pub(super) fn at(
        &mut self,
        kind: Kind,
        key: &ObjectKey,
        field: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Found<'_, 'a> {
        let finding = self.cluster.source(kind, key).map(|source| {
            let finding = Finding::new(self.rule.code, self.rule.severity, message, source.place_of(field));
            self.findings.push(finding.about(kind, key.clone()).with_help(help));
            self.findings.len() - 1
        });
        Found { cluster: self.cluster, shared: self.shared, finding: finding.and_then(|at| self.findings.get_mut(at)) }
    }
}

/// A finding that was just added, to say more of.
pub(super) struct Found<'r, 'a> {
    cluster: &'a Cluster,
    shared: &'a Shared<'a>,
    finding: Option<&'r mut Finding>,
}

impl Found<'_, '_> {
    /// Notes another place that it is about.
    pub(super) fn and(mut self, kind: Kind, key: &ObjectKey, field: &str, text: impl Into<String>) -> Self {
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key)) {
            finding.related.push((text.into(), source.place_of(field)));
        }
        self
    }

    /// Says how much it weighs, where that is not what the rule's findings weigh.
    pub(super) fn weighing(mut self, severity: Severity) -> Self {
        if let Some(finding) = self.finding.as_mut() {
            finding.severity = severity;
        }
        self
    }

    /// Gives it the edits that mend it: what `make` makes, all together, in the object's file. None where one of them
    /// cannot be made.
    pub(super) fn mend(mut self, kind: Kind, key: &ObjectKey, make: &dyn Fn(&Editor<'_>) -> Option<Vec<Edit>>) -> Self {
        let texts =
            self.shared.texts.get_or_init(|| self.shared.files.iter().map(|file| (&*file.name, &*file.text)).collect());
        if let (Some(finding), Some(source)) = (self.finding.as_mut(), self.cluster.source(kind, key))
            && let Some(text) = texts.get(&*source.file)
        {
            finding.fix.extend(make(&Editor::new(text, source)).into_iter().flatten());
        }
        self
    }
}
