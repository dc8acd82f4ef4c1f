//! Which host decides about a request: the hosts of a table by name.

use super::index::{NONE, TablePlace, TextTables, TextTablesBuilder};
use super::matching::MatchHost;
use super::pattern::Pattern;
use portolan_base::sort::SmallSort as _;
use std::borrow::Cow;

/// Where the rules of a host stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The host, among all.
    pub(crate) host: u32,
    /// Its first rule, among all.
    pub(crate) first: u32,
    /// The table of its paths.
    pub(crate) paths: TablePlace,
}

/// Which host decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// That one.
    Host(Place),
    /// A host decides, and takes nothing.
    Blocked(Place, &'static str),
    /// None.
    Nobody,
}

/// The hosts of one listener by name.
#[derive(Clone, Debug)]
pub(crate) struct HostNames {
    exact: TablePlace,
    wildcard: TablePlace,
    any: Option<Place>,
    /// Expressions and the hosts they lead to, in the order in which they are tried.
    patterns: Vec<Expression>,
    /// All hosts that are tried one after the other, the wildcards among them where there are any expressions: the host, and
    /// when it is tried. By host.
    turns: Vec<(u32, usize)>,
}

/// A host that an expression leads to.
#[derive(Clone, Debug)]
struct Expression {
    pattern: Pattern,
    place: Place,
    /// When it is tried.
    turn: usize,
}

/// A host and where its rules stand.
pub(crate) struct Named<'m> {
    pub(crate) matches: &'m MatchHost,
    pub(crate) place: Place,
    /// Its pattern, where hosts are tried one after the other, and when it is tried.
    pub(crate) pattern: Option<(&'m Pattern, usize)>,
}

impl HostNames {
    /// Files hosts under their names; they come in their order.
    pub(crate) fn new<'m>(tables: &mut TextTablesBuilder, hosts: impl Iterator<Item = Named<'m>>) -> Self {
        let (mut exact, mut wildcard, mut any) = (Vec::new(), Vec::new(), None);
        let mut patterns: Vec<Expression> = Vec::new();
        let mut turns = Vec::new();
        for Named { matches, place, pattern } in hosts {
            let turn = pattern.map_or(usize::MAX, |(_, turn)| turn);
            if turn != usize::MAX {
                turns.push((place.host, turn));
            }
            let values = [place.host, place.first, place.paths];
            match (matches, pattern) {
                (MatchHost::Exact(name), _) => exact.push((&**name, values)),
                (MatchHost::Wildcard(suffix), _) => wildcard.push((&**suffix, values)),
                (MatchHost::Regex(_), Some((pattern, _))) => {
                    patterns.push(Expression { pattern: pattern.clone(), place, turn });
                }
                (MatchHost::Regex(_), None) => {}
                (MatchHost::Any, _) => any = Some(place),
            }
        }
        patterns.small_sort_by_key(|expression| expression.turn);
        let mut add = |names: Vec<(&str, [u32; 3])>| if names.is_empty() { NONE } else { tables.add_names(&names) };
        let (exact, wildcard) = (add(exact), add(wildcard));
        HostNames { exact, wildcard, any, patterns, turns }
    }
}

/// The hosts of one listener, to be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'t> {
    pub(crate) names: &'t HostNames,
    pub(crate) tables: &'t TextTables,
}

impl Names<'_> {
    /// The host of exactly that name, in any letter case.
    pub(crate) fn exact(&self, name: &str) -> Option<Place> {
        self.place(self.names.exact, name)
    }

    /// The wildcard over that suffix, in any letter case.
    pub(crate) fn wildcard(&self, suffix: &str) -> Option<Place> {
        self.place(self.names.wildcard, suffix)
    }

    fn place(&self, table: TablePlace, name: &str) -> Option<Place> {
        let [host, first, paths] = self.tables.name(table, name)?;
        Some(Place { host, first, paths })
    }

    /// Whether there is any wildcard.
    pub(crate) fn has_wildcards(&self) -> bool {
        self.names.wildcard != NONE
    }

    /// The first host that takes the name, of those that are tried one after the other: expressions, and the wildcard that
    /// would take it.
    pub(crate) fn expression(&self, name: &str, wildcard: Option<Place>) -> Option<Place> {
        let Some(first) = self.names.patterns.first() else { return wildcard };
        let turns = &self.names.turns;
        let found = |place: Place| turns.binary_search_by_key(&place.host, |(host, _)| *host).ok();
        let until = wildcard.and_then(found).and_then(|at| turns.get(at)).map_or(usize::MAX, |(_, turn)| *turn);
        if until < first.turn {
            return wildcard;
        }
        let name = lower(name);
        let mut tried = self.names.patterns.iter().take_while(|expression| expression.turn < until);
        tried.find(|expression| expression.pattern.is_match(&name)).map(|expression| expression.place).or(wildcard)
    }

    /// The hosts that are tried one after the other, in that order.
    pub(crate) fn patterns_in_order(&self) -> Vec<usize> {
        let mut turns = self.names.turns.clone();
        turns.small_sort_by_key(|(_, turn)| *turn);
        turns.into_iter().map(|(host, _)| host as usize).collect()
    }

    /// The rules without host.
    pub(crate) fn any(&self) -> Option<Place> {
        self.names.any
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}
