//! The compiled table: a request in, the rule that wins and what the proxy does with the request out.

use super::backend::Backend;
use super::behaviour::Behaviour;
use super::index::{NONE, TextTables};
use super::matching::{MatchHost, MatchPath, PathRank};
use super::names::{HostNames, Names, Place, Selection};
use super::options::{Canary, HostOptions, RouteOptions};
use super::pattern::Pattern;
use super::request::Request;
use super::tls::TlsTable;
use crate::api::resource::{Kind, ObjectKey};
use crate::cluster::{Cluster, Location};
use portolan_base::text::{Digits, joined};
use std::ops::Range;
use std::sync::Arc;

/// The fields of a kind of object that rules are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFields {
    /// The kind.
    pub kind: Kind,
    /// The list of rules.
    pub rules: &'static str,
    /// The list of paths within a rule.
    pub paths: &'static str,
    /// The backend of requests that no rule matches.
    pub default_backend: &'static str,
}

/// Where a rule comes from: an object, and the place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The kind of the object, and where its rules are.
    pub fields: &'static RuleFields,
    /// The object.
    pub object: ObjectKey,
    /// The index of the rule; none for a default backend.
    pub rule: Option<usize>,
    /// The index of the path in the rule; none for a default backend or a rule without paths.
    pub path: Option<usize>,
}

impl Origin {
    /// The kind of the object.
    pub fn kind(&self) -> Kind {
        self.fields.kind
    }

    /// The field of the object.
    pub fn field(&self) -> String {
        let RuleFields { rules, paths, default_backend, .. } = self.fields;
        let Some(rule) = self.rule else { return (*default_backend).to_owned() };
        let (rule, path) = (Digits::of_place(rule), self.path.map(Digits::of_place));
        match &path {
            Some(path) => joined(&[rules, "[", rule.as_str(), "].", paths, "[", path.as_str(), "]"]),
            None => joined(&[rules, "[", rule.as_str(), "]"]),
        }
    }

    /// The field's place in a file; none where the object comes from no file.
    pub fn place(&self, cluster: &Cluster) -> Option<Location> {
        cluster.source(self.kind(), &self.object).map(|source| source.place_at(self.field()))
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
    /// What the controller's annotations add: rewrites, redirects, limits, canaries.
    pub(crate) options: Option<Arc<RouteOptions>>,
    /// The position, among the entries of its host, of the entry that matches every request that this one matches.
    pub shadowed_by: Option<usize>,
    /// Its number among all rules of the table, the default backend's the last.
    pub number: usize,
}

/// A host and its rules.
#[derive(Clone, Debug)]
pub struct Host {
    /// The names it stands for.
    pub matches: MatchHost,
    /// Whether it is there for TLS alone; none: for both.
    pub secure: Option<bool>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) place: Place,
    /// Its rules, among all.
    pub(crate) range: Range<usize>,
    /// Compiled, where an expression says which names.
    pub(crate) pattern: Option<Pattern>,
    pub(crate) options: HostOptions,
}

/// The rules of all hosts, host by host, and what finds them by path.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) entries: Vec<Entry>,
    pub(crate) tables: TextTables,
}

impl Entry {
    /// What the controller's annotations add.
    pub fn options(&self) -> Option<&RouteOptions> {
        self.options.as_deref()
    }
}

impl Rules {
    /// The strongest rule of the host that takes the path.
    fn find(&self, place: Place, path: &str) -> Option<&Entry> {
        let mut found = self.tables.first(place.paths, path);
        for number in self.tables.expressions(place.paths) {
            if number >= found {
                break;
            }
            if self.entry(place, number)?.path.takes(path) {
                found = number;
                break;
            }
        }
        self.entry(place, found)
    }

    fn entry(&self, place: Place, number: u32) -> Option<&Entry> {
        if number == NONE { None } else { self.entries.get((place.first as usize).saturating_add(number as usize)) }
    }
}

impl Host {
    /// Its rules, the strongest first.
    pub fn entries(&self) -> &[Entry] {
        self.rules.entries.get(self.range.clone()).unwrap_or_default()
    }

    /// The host that every request is sent to.
    pub fn redirects_to(&self) -> Option<&str> {
        self.options.redirect_to.as_deref()
    }

    /// Whether a name, in lower case, is one of those it stands for.
    fn stands_for(&self, name: &str) -> bool {
        match &self.matches {
            MatchHost::Exact(exact) => **exact == *name,
            MatchHost::Wildcard(suffix) => name.strip_suffix(&**suffix).is_some_and(|label| label.ends_with('.')),
            MatchHost::Regex(_) => self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(name)),
            MatchHost::Any => true,
        }
    }

    /// The strongest rule that takes the path, which has been normalized.
    pub fn find(&self, path: &str) -> Option<&Entry> {
        self.rules.find(self.place, path)
    }

    /// The strongest rule that names exactly the path with a slash behind it, alone or as the beginning of paths.
    pub(crate) fn find_with_slash(&self, path: &str) -> Option<&Entry> {
        self.rules.entry(self.place, self.rules.tables.named_with_slash(self.place.paths, path))
    }

    /// The place, among its rules, of a rule of its own.
    pub(crate) fn place_of(&self, entry: &Entry) -> usize {
        entry.number.saturating_sub(self.range.start)
    }
}

/// Something about an object of a table that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableNote {
    /// In one word: `Duplicate`, `ServiceNotFound`, `UnknownAnnotation`, …
    pub reason: &'static str,
    /// The kind of the object.
    pub kind: Kind,
    /// The object.
    pub object: ObjectKey,
    /// The field.
    pub field: String,
    /// For people.
    pub message: String,
}

/// An answer that sends the client elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redirect {
    /// 301, 302, 307 or 308.
    pub code: u16,
    /// The `Location` header.
    pub location: String,
}

/// An answer that the proxy gives by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// All Ingresses of a class, compiled.
#[derive(Clone, Debug)]
pub struct RouteTable {
    pub(crate) behaviour: &'static Behaviour,
    pub(crate) class: Option<String>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) plain: HostNames,
    pub(crate) secure: HostNames,
    pub(crate) default: Option<Entry>,
    pub(crate) tls: TlsTable,
    pub(crate) reports: Vec<TableNote>,
}

impl RouteTable {
    /// The controller whose behaviour the table follows.
    pub fn controller(&self) -> &'static Behaviour {
        self.behaviour
    }

    /// The class that was asked for.
    pub fn class(&self) -> Option<&str> {
        self.class.as_deref()
    }

    /// Every host with its rules, exact ones first, then wildcards, then the rules without host.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The hosts that stand for a name, in lower case, as they stand in [`RouteTable::hosts`].
    pub(crate) fn hosts_of(&self, name: &str) -> Vec<&Host> {
        let mut found = Vec::new();
        let mut rest = self.hosts.as_slice();
        // The hosts of both listeners come first, then those of each; of every listener the exact ones first, by name.
        while let Some(first) = rest.first() {
            let is_last = rest.last().is_some_and(|last| last.secure == first.secure);
            let end = if is_last { rest.len() } else { rest.partition_point(|host| host.secure == first.secure) };
            let (listener, behind) = rest.split_at(end);
            let (exact, others) =
                listener.split_at(listener.partition_point(|host| matches!(host.matches, MatchHost::Exact(_))));
            let named =
                exact.partition_point(|host| matches!(&host.matches, MatchHost::Exact(exact) if **exact < *name));
            found.extend(exact.get(named).into_iter().chain(others).filter(|host| host.stands_for(name)));
            rest = behind;
        }
        found
    }

    /// The rule for requests that no other rule matches, where all hosts share one.
    pub fn default_entry(&self) -> Option<&Entry> {
        self.default.as_ref()
    }

    /// The certificates.
    pub fn tls(&self) -> &TlsTable {
        &self.tls
    }

    /// What the authors should know.
    pub fn reports(&self) -> &[TableNote] {
        &self.reports
    }

    /// The host that decides about the request, where one takes it on.
    pub fn host(&self, request: &Request<'_>) -> Option<&Host> {
        match (self.behaviour.select_host)(self, request) {
            Selection::Host(place) => self.host_at(place),
            _ => None,
        }
    }

    /// The rule that wins, and nothing else: the fast question of a proxy.
    pub fn lookup(&self, request: &Request<'_>) -> Option<&Entry> {
        let behaviour = self.behaviour;
        match (behaviour.select_host)(self, request) {
            Selection::Host(place) => {
                let path = (behaviour.normalize)(request.path)?;
                self.rules.find(place, &path).or(self.default.as_ref())
            }
            Selection::Blocked(..) => None,
            Selection::Nobody => self.default.as_ref(),
        }
    }

    /// The rule that wins, where nothing but its backend decides what becomes of the request: then [`RouteTable::route`] would
    /// name that backend and nothing else. None where more has a part in it, or no rule wins: `route` says what.
    pub fn forward(&self, request: &Request<'_>) -> Option<&Entry> {
        let behaviour = self.behaviour;
        let path = (behaviour.normalize)(request.path)?;
        let (host, entry) = match (behaviour.select_host)(self, request) {
            Selection::Host(place) => (self.host_at(place), self.rules.find(place, &path).or(self.default.as_ref())?),
            Selection::Blocked(..) => return None,
            Selection::Nobody => (None, self.default.as_ref()?),
        };
        let is_plain = entry.backend != Backend::Nothing && (behaviour.is_plain)(host, entry, &path);
        is_plain.then_some(entry)
    }

    /// What becomes of the request.
    pub fn route(&self, request: &Request<'_>) -> Route<'_> {
        let behaviour = self.behaviour;
        let mut route = Route {
            host: None,
            entry: None,
            backend: None,
            canary: None,
            path: String::new(),
            rewrite: None,
            upstream_target: None,
            redirect: None,
            refusal: None,
            notes: Vec::new(),
            nothing: None,
        };
        match (behaviour.normalize)(request.path) {
            Some(path) => route.path = path.into_owned(),
            None => {
                route.path = request.path.to_owned();
                let because = "the proxy refuses this path".to_owned();
                route.refusal = Some(Refusal { code: 400, because });
                return route;
            }
        }
        match (behaviour.select_host)(self, request) {
            Selection::Host(place) => route.host = self.host_at(place),
            Selection::Blocked(place, why) => {
                route.host = self.host_at(place);
                route.nothing = Some(why.to_owned());
                return route;
            }
            Selection::Nobody => {}
        }
        route.entry = route.host.and_then(|host| host.find(&route.path)).or(self.default.as_ref());
        route.backend = route.entry.map(|entry| &entry.backend).filter(|backend| **backend != Backend::Nothing);
        (behaviour.apply)(self, request, &mut route);
        route
    }

    /// Whether some rule looks at headers beside the host.
    pub fn reads_headers(&self) -> bool {
        self.rules.entries.iter().filter_map(Entry::options).any(|options| options.canary.is_some())
    }

    /// Whether some rule looks at the client's address.
    pub fn reads_source(&self) -> bool {
        let mut all = self.rules.entries.iter().filter_map(Entry::options);
        all.any(|options| !options.allow.is_empty() || !options.deny.is_empty())
    }

    pub(crate) fn names(&self, secure: bool) -> Names<'_> {
        Names { names: if secure { &self.secure } else { &self.plain }, tables: &self.rules.tables }
    }

    fn host_at(&self, place: Place) -> Option<&Host> {
        self.hosts.get(place.host as usize)
    }
}
