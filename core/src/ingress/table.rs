//! The compiled table: all Ingresses of a class as one index.

use super::Controller;
use super::backend::{Backend, Found};
use super::class;
use super::conduct::{Canary, Conduct, ServerConduct};
use super::index::{PathIndex, TextMap};
use super::matching::{MatchHost, MatchPath, PathRank};
use super::pattern::Pattern;
use super::request::Request;
use super::tls::{Certificate, TlsTable};
use crate::api::ingress::{Ingress, IngressBackend};
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Cluster, SourcePlace};
use crate::collections::BTreeMap;
use crate::order::Arrange as _;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The Ingress.
    pub ingress: ObjectKey,
    /// The place of the rule in `spec.rules`; none for a default backend.
    pub rule: Option<usize>,
    /// The place of the path in the rule; none for a default backend or a rule without paths.
    pub path: Option<usize>,
}

impl Origin {
    /// The field of the Ingress.
    pub fn field(&self) -> String {
        match (self.rule, self.path) {
            (Some(rule), Some(path)) => format!("spec.rules[{rule}].http.paths[{path}]"),
            (Some(rule), None) => format!("spec.rules[{rule}]"),
            _ => "spec.defaultBackend".to_owned(),
        }
    }

    /// Where the field stands in somebody's file.
    pub fn place(&self, cluster: &Cluster) -> Option<SourcePlace> {
        cluster.source(Kind::Ingress, &self.ingress).map(|source| source.place_of(&self.field()))
    }
}

/// One rule of the table: a path of a host and where its requests go.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it stands.
    pub origin: Origin,
    /// The path as written.
    pub written: Box<str>,
    /// `Exact`, `Prefix` or `ImplementationSpecific` as written; empty for a default backend.
    pub path_type: Box<str>,
    /// The paths it takes.
    pub path: MatchPath,
    /// How strongly.
    pub rank: PathRank,
    /// Where its requests go.
    pub backend: Backend,
    /// What the controller's annotations add.
    pub(crate) conduct: Option<Arc<Conduct>>,
    /// The place, among the entries of its host, of the one that takes every request it could have.
    pub shadowed_by: Option<usize>,
    /// Its number among all rules of the table, the default backend's the last.
    pub number: usize,
}

/// A host and its rules, the strongest first.
#[derive(Clone, Debug)]
pub struct Host {
    /// The names it stands for.
    pub matches: MatchHost,
    /// Whether it is there for TLS alone; none: for both.
    pub secure: Option<bool>,
    /// Its rules, the strongest first.
    pub entries: Vec<Entry>,
    index: PathIndex,
    /// Compiled, where an expression says which names.
    pub(crate) pattern: Option<Pattern>,
    pub(crate) server: ServerConduct,
}

impl Entry {
    /// What the controller's annotations add.
    pub fn conduct(&self) -> Option<&Conduct> {
        self.conduct.as_deref()
    }
}

impl Host {
    /// The host that every request is sent to.
    pub fn redirects_to(&self) -> Option<&str> {
        self.server.redirect_to.as_deref()
    }

    /// The strongest rule that takes the path, which has been normalized.
    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.get(self.index.find(path)?)
    }

    /// The place of the strongest rule that takes the path.
    pub(crate) fn find_place(&self, path: &str) -> Option<usize> {
        self.index.find(path)
    }

    /// The strongest rule that names exactly that text, alone or as the beginning of paths.
    pub(crate) fn find_named(&self, text: &str) -> Option<&Entry> {
        self.entries.get(self.index.find_named(text)?)
    }
}

/// Something about the Ingresses that the author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// In one word: `Duplicate`, `ServiceNotFound`, `UnknownAnnotation`, …
    pub reason: &'static str,
    /// The Ingress.
    pub ingress: ObjectKey,
    /// The field.
    pub field: String,
    /// For people.
    pub message: String,
}

/// An answer that sends the client elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// 301, 302, 307 or 308.
    pub code: u16,
    /// The `Location` header.
    pub location: String,
}

/// An answer that the proxy gives by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP code.
    pub code: u16,
    /// Why.
    pub because: String,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub struct Route<'t> {
    /// The host that decided.
    pub host: Option<&'t Host>,
    /// The rule that won.
    pub entry: Option<&'t Entry>,
    /// Where the request goes; none where the controller answers 404 by itself.
    pub backend: Option<&'t Backend>,
    /// The rule that names the backend, where a canary took the place of `entry`.
    pub canary: Option<&'t Canary>,
    /// The path as it was compared.
    pub path: String,
    /// The path that the backend gets, where a rewrite makes it another.
    pub rewrite: Option<String>,
    /// That path with the query.
    pub upstream_target: Option<String>,
    /// An answer that sends the client elsewhere instead.
    pub redirect: Option<Redirect>,
    /// An answer that the proxy gives by itself instead.
    pub refusal: Option<Refusal>,
    /// What the answer does not tell.
    pub notes: Vec<String>,
    /// Why no host or rule was found.
    pub nothing: Option<String>,
}

impl<'t> Route<'t> {
    /// The rule that serves the request.
    pub fn origin(&self) -> Option<&'t Origin> {
        match (self.canary, self.backend) {
            (Some(canary), Some(backend)) if canary.backend == *backend => Some(&canary.origin),
            _ => self.entry.map(|entry| &entry.origin),
        }
    }

    /// Whether the request is the table's business; otherwise the controller answers 404.
    pub fn is_matched(&self) -> bool {
        self.backend.is_some() || self.redirect.is_some() || self.refusal.is_some()
    }
}

/// Which host decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// That one.
    Host(usize),
    /// A host decides, and takes nothing.
    Blocked(usize, &'static str),
    /// None.
    Nobody,
}

/// The hosts of one listener by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostNames {
    exact: TextMap<usize>,
    wildcard: TextMap<usize>,
    any: Option<usize>,
    /// Expressions and the hosts they lead to, in the order in which they are tried; wildcards are among them, where there
    /// are any.
    patterns: Vec<(Pattern, usize)>,
}

impl HostNames {
    /// The host of exactly that name, in any letter case.
    pub(crate) fn exact(&self, name: &str) -> Option<usize> {
        self.exact.get(&*lower(name)).copied()
    }

    /// The wildcard over that suffix, in any letter case.
    pub(crate) fn wildcard(&self, suffix: &str) -> Option<usize> {
        if self.wildcard.is_empty() {
            return None;
        }
        self.wildcard.get(&*lower(suffix)).copied()
    }

    /// The first host whose expression takes the name, in lower case; the outer none: no host has an expression.
    pub(crate) fn pattern(&self, name: &str) -> Option<Option<usize>> {
        if self.patterns.is_empty() {
            return None;
        }
        let name = lower(name);
        Some(self.patterns.iter().find(|(pattern, _)| pattern.is_match(&name)).map(|(_, host)| *host))
    }

    /// The hosts that expressions lead to, in the order in which they are tried.
    pub(crate) fn patterns_in_order(&self) -> Vec<usize> {
        self.patterns.iter().map(|(_, host)| *host).collect()
    }

    /// The rules without host.
    pub(crate) fn any(&self) -> Option<usize> {
        self.any
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// All Ingresses of a class, compiled.
#[derive(Clone, Debug)]
pub struct RouteTable {
    controller: Controller,
    class: Option<String>,
    hosts: Vec<Host>,
    pub(crate) plain: HostNames,
    pub(crate) secure: HostNames,
    default: Option<Entry>,
    pub(crate) tls: TlsTable,
    reports: Vec<Report>,
}

impl RouteTable {
    /// Compiles the Ingresses that the controller serves: those of `class`, or, without one, those it serves as it comes.
    pub fn compile(cluster: &Cluster, controller: Controller, class: Option<&str>) -> Self {
        let ways = controller.ways();
        let mut members: Vec<Arc<Ingress>> = cluster
            .ingresses
            .iter()
            .filter(|(_, ingress)| class::serves(cluster, ingress, &ways.class, class))
            .map(|(_, ingress)| Arc::clone(ingress))
            .collect();
        // The store is in the order of namespace and name, which decides between two of the same age.
        members.arrange_by(|one, other| one.metadata.creation_timestamp.cmp(&other.metadata.creation_timestamp));
        let mut builder = Builder {
            cluster,
            members,
            drafts: BTreeMap::new(),
            patterns: Vec::new(),
            default: None,
            tls: TlsTable::default(),
            reports: Vec::new(),
        };
        (ways.compile)(&mut builder);
        builder.finish(controller, class)
    }

    /// Whether objects of that kind have a part in a table.
    pub fn is_made_from(kind: Kind) -> bool {
        matches!(kind, Kind::Ingress | Kind::IngressClass | Kind::Service | Kind::Secret)
    }

    /// Whose ways the table follows.
    pub fn controller(&self) -> Controller {
        self.controller
    }

    /// The class that was asked for.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// Every host with its rules, exact ones first, then wildcards, then the rules without host.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// What serves the requests that no rule takes, where that is one backend for all.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.default.as_ref()
    }

    /// The certificates.
    pub fn tls(&self) -> &TlsTable {
        &self.tls
    }

    /// What the authors should know.
    pub fn reports(&self) -> &[Report] {
        &self.reports
    }

    /// The host that decides about the request, where one takes it on.
    pub fn host(&self, request: &Request<'_>) -> Option<&Host> {
        match (self.controller.ways().select)(self, request) {
            Selection::Host(at) => self.hosts.get(at),
            _ => None,
        }
    }

    /// The rule that wins, and nothing else: the fast question of a proxy.
    pub fn lookup(&self, request: &Request<'_>) -> Option<&Entry> {
        let ways = self.controller.ways();
        match (ways.select)(self, request) {
            Selection::Host(at) => {
                let path = (ways.normalize)(request.path)?;
                self.hosts.get(at)?.find(&path).or(self.default.as_ref())
            }
            Selection::Blocked(..) => None,
            Selection::Nobody => self.default.as_ref(),
        }
    }

    /// The rule that wins, where nothing but its backend decides what becomes of the request: then [`RouteTable::route`] would
    /// name that backend and nothing else. None where more has a part in it, or no rule wins: `route` says what.
    pub fn forward(&self, request: &Request<'_>) -> Option<&Entry> {
        let ways = self.controller.ways();
        let path = (ways.normalize)(request.path)?;
        let (host, entry) = match (ways.select)(self, request) {
            Selection::Host(at) => {
                let host = self.hosts.get(at)?;
                (Some(host), host.find(&path).or(self.default.as_ref())?)
            }
            Selection::Blocked(..) => return None,
            Selection::Nobody => (None, self.default.as_ref()?),
        };
        let is_plain = entry.backend != Backend::Nothing && (ways.is_plain)(host, entry, &path);
        is_plain.then_some(entry)
    }

    /// What becomes of the request.
    pub fn route(&self, request: &Request<'_>) -> Route<'_> {
        let ways = self.controller.ways();
        let mut route = Route {
            host: None,
            entry: None,
            backend: None,
            canary: None,
            path: request.path.to_owned(),
            rewrite: None,
            upstream_target: None,
            redirect: None,
            refusal: None,
            notes: Vec::new(),
            nothing: None,
        };
        match (ways.normalize)(request.path) {
            Some(path) => route.path = path.into_owned(),
            None => {
                let because = "the proxy refuses such a path".to_owned();
                route.refusal = Some(Refusal { code: 400, because });
                return route;
            }
        }
        match (ways.select)(self, request) {
            Selection::Host(at) => route.host = self.hosts.get(at),
            Selection::Blocked(at, why) => {
                route.host = self.hosts.get(at);
                route.nothing = Some(why.to_owned());
                return route;
            }
            Selection::Nobody => {}
        }
        route.entry = route.host.and_then(|host| host.find(&route.path)).or(self.default.as_ref());
        route.backend = route.entry.map(|entry| &entry.backend).filter(|backend| **backend != Backend::Nothing);
        (ways.conduct)(self, request, &mut route);
        route
    }

    /// Whether some rule looks at headers beside the host.
    pub fn reads_headers(&self) -> bool {
        let mut entries = self.hosts.iter().flat_map(|host| &host.entries);
        entries.any(|entry| entry.conduct.as_ref().is_some_and(|conduct| conduct.canary.is_some()))
    }

    /// Whether some rule looks at the client's address.
    pub fn reads_source(&self) -> bool {
        let mut conducts = self.hosts.iter().flat_map(|host| &host.entries).filter_map(Entry::conduct);
        conducts.any(|conduct| !conduct.allow.is_empty() || !conduct.deny.is_empty())
    }

    pub(crate) fn names(&self, secure: bool) -> &HostNames {
        if secure { &self.secure } else { &self.plain }
    }
}

/// A host while the table is being made.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) entries: Vec<Entry>,
    pub(crate) server: ServerConduct,
}

/// A table while it is being made.
pub(crate) struct Builder<'c> {
    pub(crate) cluster: &'c Cluster,
    /// The Ingresses, the oldest first.
    pub(crate) members: Vec<Arc<Ingress>>,
    /// By host and listener: `None` for both.
    pub(crate) drafts: BTreeMap<(Option<bool>, MatchHost), Draft>,
    /// The hosts that expressions lead to, in the order in which they are tried, all wildcards included; empty where there
    /// are only wildcards.
    pub(crate) patterns: Vec<(MatchHost, Pattern)>,
    pub(crate) default: Option<Entry>,
    pub(crate) tls: TlsTable,
    pub(crate) reports: Vec<Report>,
}

impl Builder<'_> {
    /// The key of an Ingress.
    pub(crate) fn key(ingress: &Ingress) -> ObjectKey {
        let namespace = ingress.metadata.namespace.as_str();
        ObjectKey::new(if namespace.is_empty() { "default" } else { namespace }, ingress.metadata.name.as_str())
    }

    pub(crate) fn report(&mut self, reason: &'static str, ingress: &ObjectKey, field: String, message: String) {
        self.reports.push(Report { reason, ingress: ingress.clone(), field, message });
    }

    /// Reads a backend, and reports a Service or port that is not there.
    pub(crate) fn backend(&mut self, origin: &Origin, backend: &IngressBackend) -> (Backend, Found) {
        let (read, found) = Backend::of(self.cluster, &origin.ingress.namespace, backend);
        let message = match found {
            Found::NoService => Some(("ServiceNotFound", format!("there is no {}", read))),
            Found::NoPort => Some(("PortNotFound", format!("the Service has no such port: {}", read))),
            _ => None,
        };
        if let Some((reason, message)) = message {
            let field = origin.field();
            let field =
                if origin.path.is_some() { format!("{field}.backend.service") } else { format!("{field}.service") };
            self.report(reason, &origin.ingress, field, message);
        }
        (read, found)
    }

    /// The certificates of `spec.tls`, the older Ingress first.
    pub(crate) fn collect_tls(&mut self) {
        for ingress in self.members.clone() {
            let key = Self::key(&ingress);
            for (index, tls) in ingress.spec.tls.iter().flatten().enumerate() {
                let secret = ObjectKey::new(key.namespace.as_str(), tls.secret_name.as_str());
                let unknown = !tls.secret_name.is_empty()
                    && !self.cluster.secrets.is_empty()
                    && self.cluster.secrets.by_key(&secret).is_none();
                if unknown {
                    let message = format!("there is no Secret {secret}");
                    self.report("SecretNotFound", &key, format!("spec.tls[{index}].secretName"), message);
                }
                let hosts = tls.hosts.as_deref().unwrap_or_default();
                let every = [String::new()];
                for (at, host) in (if hosts.is_empty() { &every } else { hosts }).iter().enumerate() {
                    let certificate = Certificate { secret: secret.clone(), ingress: key.clone(), index };
                    let taken = self.tls.add(MatchHost::of_rule(host), certificate).cloned();
                    if let Some(taken) = taken.filter(|taken| taken.secret != secret) {
                        let message = format!(
                            "`{host}` is served with Secret {} of the older Ingress {}",
                            taken.secret, taken.ingress
                        );
                        self.report("DuplicateTLSHost", &key, format!("spec.tls[{index}].hosts[{at}]"), message);
                    }
                }
            }
        }
    }

    fn finish(self, controller: Controller, class: Option<&str>) -> RouteTable {
        let mut table = RouteTable {
            controller,
            class: class.map(str::to_owned),
            hosts: Vec::new(),
            plain: HostNames::default(),
            secure: HostNames::default(),
            default: self.default,
            tls: self.tls,
            reports: self.reports,
        };
        let mut number = 0;
        for ((secure, matches), mut draft) in self.drafts {
            draft.entries.arrange_by_key(|entry| Reverse(entry.rank));
            for entry in &mut draft.entries {
                entry.number = number;
                number += 1;
            }
            let shadows = shadows(&draft.entries);
            for (at, by) in shadows {
                let Some(winner) = draft.entries.get(by).map(|entry| entry.origin.clone()) else { continue };
                let Some(loser) = draft.entries.get_mut(at) else { continue };
                loser.shadowed_by = Some(by);
                let message = format!(
                    "host `{matches}`, path `{}`: {} of Ingress {} takes every request this rule could have",
                    loser.written,
                    winner.field(),
                    winner.ingress
                );
                if winner != loser.origin {
                    let report = Report {
                        reason: "Shadowed",
                        ingress: loser.origin.ingress.clone(),
                        field: loser.origin.field(),
                        message,
                    };
                    if !table.reports.contains(&report) {
                        table.reports.push(report);
                    }
                }
            }
            let at = table.hosts.len();
            let name = |names: &mut HostNames| match &matches {
                MatchHost::Exact(host) => drop(names.exact.insert(host.clone(), at)),
                MatchHost::Wildcard(suffix) => drop(names.wildcard.insert(suffix.clone(), at)),
                // These have an order, and are named below.
                MatchHost::Regex(_) => {}
                MatchHost::Any => names.any = Some(at),
            };
            if secure != Some(true) {
                name(&mut table.plain);
            }
            if secure != Some(false) {
                name(&mut table.secure);
            }
            let index = PathIndex::new(draft.entries.iter().map(|entry| &entry.path));
            let pattern = self.patterns.iter().find(|(host, _)| *host == matches).map(|(_, pattern)| pattern.clone());
            table.hosts.push(Host { matches, secure, entries: draft.entries, index, pattern, server: draft.server });
        }
        for (host, pattern) in self.patterns {
            let Some(at) = table.hosts.iter().position(|known| known.matches == host) else { continue };
            for names in [&mut table.plain, &mut table.secure] {
                names.patterns.push((pattern.clone(), at));
            }
        }
        if let Some(default) = &mut table.default {
            default.number = number;
        }
        table
    }
}

/// Rules of which every request goes to one stronger rule: `(the rule, the stronger one)`.
fn shadows(entries: &[Entry]) -> Vec<(usize, usize)> {
    // What a rule takes by prefix is covered by a stronger prefix of it; every ancestor is asked by its text.
    let mut elements: BTreeMap<&str, usize> = BTreeMap::new();
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut exacts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut patterns: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let by = match &entry.path {
            MatchPath::Exact(path) => exacts.get(&**path).copied().or_else(|| covering(path, true, &elements, &texts)),
            MatchPath::Element(path) => covering(path, true, &elements, &texts),
            MatchPath::Text(path) => covering(path, false, &elements, &texts),
            MatchPath::Regex { source, ignore_case, .. } => patterns.get(&(&**source, *ignore_case)).copied(),
        };
        if let Some(by) = by {
            found.push((at, by));
            continue;
        }
        match &entry.path {
            MatchPath::Exact(path) => drop(exacts.entry(path).or_insert(at)),
            MatchPath::Element(path) => drop(elements.entry(path).or_insert(at)),
            MatchPath::Text(path) => drop(texts.entry(path).or_insert(at)),
            MatchPath::Regex { source, ignore_case, .. } => drop(patterns.entry((source, *ignore_case)).or_insert(at)),
        }
    }
    found
}

/// The strongest prefix rule that takes all that begins with the path; with `whole`, the path ends at an element.
fn covering(path: &str, whole: bool, elements: &BTreeMap<&str, usize>, texts: &BTreeMap<&str, usize>) -> Option<usize> {
    let by_text = (0..=path.len()).filter_map(|end| texts.get(path.get(..end)?)).min();
    let by_element = (0..=path.len()).filter_map(|end| {
        let rest = path.get(end..)?;
        let boundary = rest.starts_with('/') || (rest.is_empty() && whole);
        boundary.then(|| elements.get(path.get(..end)?)).flatten()
    });
    by_text.into_iter().chain(by_element.min()).min().copied()
}
