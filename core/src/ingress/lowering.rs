//! A table while it is being made: what the controllers' ways fill, and the steps that are the same for all of them.

use super::Controller;
use crate::api::ingress::{Ingress, IngressBackend};
use crate::api::resource::ObjectKey;
use crate::cluster::Cluster;
use crate::routing::backend::{Backend, Found};
use crate::routing::index::{NONE, TextTablesBuilder};
use crate::routing::matching::{MatchHost, MatchPath};
use crate::routing::names::{HostNames, Named, Place};
use crate::routing::options::ServerConduct;
use crate::routing::pattern::Pattern;
use crate::routing::table::{Entry, Host, Origin, Report, RouteTable, Rules};
use crate::routing::tls::{Certificate, TlsTable};
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

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

impl<'c> Builder<'c> {
    /// Gathers the Ingresses that the controller serves, and has its ways fill the drafts.
    pub(crate) fn new(cluster: &'c Cluster, controller: Controller, class: Option<&str>) -> Self {
        let profile = controller.profile();
        let mut members: Vec<Arc<Ingress>> = cluster
            .ingresses
            .iter()
            .filter(|(_, ingress)| profile.class.serves(cluster, ingress, class))
            .map(|(_, ingress)| Arc::clone(ingress))
            .collect();
        // The store is in the order of namespace and name, which decides between two of the same age.
        members.small_sort_by(|one, other| one.metadata.creation_timestamp.cmp(&other.metadata.creation_timestamp));
        let mut builder = Builder {
            cluster,
            members,
            drafts: BTreeMap::new(),
            patterns: Vec::new(),
            default: None,
            tls: TlsTable::default(),
            reports: Vec::new(),
        };
        (profile.compile)(&mut builder);
        builder
    }

    /// The key of an Ingress.
    pub(crate) fn key(ingress: &Ingress) -> ObjectKey {
        let namespace = ingress.metadata.namespace.as_str();
        ObjectKey::in_namespace(namespace, ingress.metadata.name.as_str())
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
                let hosts = if hosts.is_empty() { &every } else { hosts };
                self.add_certificate(&Certificate { secret, ingress: key.clone(), index }, hosts);
            }
        }
    }

    /// Notes the certificate of hosts; reports those that an older Ingress has another one for.
    pub(crate) fn add_certificate(&mut self, certificate: &Certificate, hosts: &[String]) {
        for (at, host) in hosts.iter().enumerate() {
            let taken = self.tls.add(MatchHost::of_rule(host), certificate.clone()).cloned();
            if let Some(taken) = taken.filter(|taken| taken.secret != certificate.secret) {
                let message =
                    format!("`{host}` is served with Secret {} of the older Ingress {}", taken.secret, taken.ingress);
                let field = format!("spec.tls[{}].hosts[{at}]", certificate.index);
                self.report("DuplicateTLSHost", &certificate.ingress, field, message);
            }
        }
    }

    /// The table of what has been filled in.
    pub(crate) fn finish(mut self, controller: Controller, class: Option<&str>) -> RouteTable {
        let mut tables = TextTablesBuilder::default();
        let mut places: Vec<(Place, Range<usize>)> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        for ((_, draft), host) in self.drafts.iter_mut().zip(0..) {
            draft.entries.small_sort_by_key(|entry| Reverse(entry.rank));
            let paths = tables.add_paths(draft.entries.iter().map(|entry| &entry.path));
            let start = entries.len();
            entries.append(&mut draft.entries);
            let first = u32::try_from(start).unwrap_or(NONE);
            places.push((Place { host, first, paths }, start..entries.len()));
        }
        entries.iter_mut().zip(0..).for_each(|(entry, number)| entry.number = number);
        if let Some(default) = &mut self.default {
            default.number = entries.len();
        }
        let turns = self.patterns.iter().enumerate().rev().map(|(turn, (host, pattern))| (host, (pattern, turn)));
        let turns: BTreeMap<&MatchHost, (&Pattern, usize)> = turns.collect();
        let mut names = |listener: bool| {
            let hosts = self.drafts.keys().zip(&places).filter(|((secure, _), _)| *secure != Some(!listener));
            let named = hosts.map(|((_, matches), (place, _))| Named {
                matches,
                place: *place,
                pattern: turns.get(matches).copied(),
            });
            HostNames::new(&mut tables, named)
        };
        let plain = names(false);
        let secure = if self.drafts.keys().all(|(secure, _)| secure.is_none()) { plain.clone() } else { names(true) };
        let patterns: Vec<Option<Pattern>> = self
            .drafts
            .keys()
            .map(|(_, matches)| turns.get(matches).map(|(pattern, _)| Pattern::clone(pattern)))
            .collect();
        let tables = tables.finish();
        let mut shadowed = Shadows { reports: self.reports, told: BTreeSet::new() };
        for ((_, matches), (place, range)) in self.drafts.keys().zip(&places) {
            let own = entries.get_mut(range.clone()).unwrap_or_default();
            shadowed.mark(matches, own, |path| tables.covering(place.paths, path));
        }
        let rules = Arc::new(Rules { entries, tables });
        let mut hosts = Vec::new();
        for ((((secure, matches), draft), (place, range)), pattern) in self.drafts.into_iter().zip(places).zip(patterns)
        {
            let rules = Arc::clone(&rules);
            hosts.push(Host { matches, secure, rules, place, range, pattern, server: draft.server });
        }
        RouteTable {
            controller,
            class: class.map(str::to_owned),
            hosts,
            rules,
            plain,
            secure,
            default: self.default,
            tls: self.tls,
            reports: shadowed.reports,
        }
    }
}

/// Rules of which every request goes to one stronger rule.
struct Shadows {
    reports: Vec<Report>,
    /// What has been reported: a rule may stand in the tables of both listeners.
    told: BTreeSet<(ObjectKey, String, String)>,
}

impl Shadows {
    /// Marks the rules of a host, which stand the strongest first; `covering` gives the strongest that takes all that a rule
    /// takes which is no expression.
    fn mark(&mut self, matches: &MatchHost, entries: &mut [Entry], covering: impl Fn(&MatchPath) -> u32) {
        // An expression takes all that the same one takes.
        let mut expressions: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let by = match &entry.path {
                MatchPath::Regex { source, ignore_case, .. } => {
                    *expressions.entry((source, *ignore_case)).or_insert(at)
                }
                path => covering(path) as usize,
            };
            if by < at {
                found.push((at, by));
            }
        }
        for (at, by) in found {
            let Some(winner) = entries.get(by).map(|entry| entry.origin.clone()) else { continue };
            let Some(loser) = entries.get_mut(at) else { continue };
            loser.shadowed_by = Some(by);
            if winner == loser.origin {
                continue;
            }
            let message = format!(
                "host `{matches}`, path `{}`: {} of Ingress {} takes every request this rule could have",
                loser.written,
                winner.field(),
                winner.ingress
            );
            let (ingress, field) = (loser.origin.ingress.clone(), loser.origin.field());
            if self.told.insert((ingress.clone(), field.clone(), message.clone())) {
                self.reports.push(Report { reason: "Shadowed", ingress, field, message });
            }
        }
    }
}
