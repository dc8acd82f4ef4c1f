//! Builds a table: drafts of hosts with their rules in, a [`RouteTable`] out.
//!
//! A controller fills the drafts; sorting the rules, finding shadowed ones and indexing hosts and paths is the same for all.

use super::behaviour::Behaviour;
use super::index::{NONE, TextTablesBuilder};
use super::matching::{MatchHost, MatchPath};
use super::names::{HostNames, Named, Place};
use super::options::HostOptions;
use super::pattern::Pattern;
use super::table::{Entry, Host, RouteTable, Rules, TableNote};
use super::tls::TlsTable;
use crate::api::resource::ObjectKey;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

/// A host of a table that is being built.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) entries: Vec<Entry>,
    pub(crate) options: HostOptions,
}

/// A table that is being built.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    /// The hosts, by listener and name. The listener is `None` for both, else whether it is the TLS one.
    pub(crate) drafts: BTreeMap<(Option<bool>, MatchHost), Draft>,
    /// The hosts that are tried one after the other, in that order: those with an expression, and all wildcards. Empty where no
    /// host has an expression.
    pub(crate) patterns: Vec<(MatchHost, Pattern)>,
    /// The rule for requests that no other rule matches.
    pub(crate) default: Option<Entry>,
    /// The certificates.
    pub(crate) tls: TlsTable,
    /// What the authors of the rules should know.
    pub(crate) reports: Vec<TableNote>,
}

impl TableBuilder {
    /// Sorts the rules of every host, marks the shadowed ones, and indexes hosts and paths. `class` is the class that was asked
    /// for.
    pub(crate) fn finish(mut self, behaviour: &'static Behaviour, class: Option<&str>) -> RouteTable {
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
        let mut shadowed = Shadows { reports: self.reports, reported: BTreeSet::new() };
        for ((_, matches), (place, range)) in self.drafts.keys().zip(&places) {
            let own = entries.get_mut(range.clone()).unwrap_or_default();
            shadowed.mark(matches, own, |path| tables.covering(place.paths, path));
        }
        let rules = Arc::new(Rules { entries, tables });
        let mut hosts = Vec::new();
        for ((((secure, matches), draft), (place, range)), pattern) in self.drafts.into_iter().zip(places).zip(patterns)
        {
            let rules = Arc::clone(&rules);
            hosts.push(Host { matches, secure, rules, place, range, pattern, options: draft.options });
        }
        RouteTable {
            behaviour,
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
    reports: Vec<TableNote>,
    /// The notes so far: a rule may be in the tables of both listeners.
    reported: BTreeSet<(ObjectKey, String, String)>,
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
                "host `{matches}`, path `{}`: {} of {} {} matches every request that this rule matches",
                loser.written,
                winner.field(),
                winner.kind().name(),
                winner.object
            );
            let (kind, object, field) = (loser.origin.kind(), loser.origin.object.clone(), loser.origin.field());
            if self.reported.insert((object.clone(), field.clone(), message.clone())) {
                self.reports.push(TableNote { reason: "Shadowed", kind, object, field, message });
            }
        }
    }
}
