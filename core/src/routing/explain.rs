//! Explains a route: a table, a request and its route in; one sentence and the rules that nearly won out. The reasons are read
//! off the same ranks that decided.

use super::backend::Backend;
use super::matching::{MatchHost, MatchPath};
use super::request::Request;
use super::table::{Entry, Host, Origin, Route, RouteTable};
use portolan_base::sort::SmallSort as _;
use portolan_base::text::{joined, push_all};

/// The greatest number of near misses in an explanation.
const NEAR: usize = 8;

/// Why a request is served as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// One sentence.
    pub because: String,
    /// The rules that nearly won, the nearest first.
    pub near: Vec<NearMiss>,
}

/// A rule that nearly won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// Where it comes from.
    pub origin: Origin,
    /// Its host.
    pub host: MatchHost,
    /// Its path as written.
    pub path: String,
    /// Where it would have sent the request.
    pub backend: Backend,
    /// Why it lost.
    pub why: String,
}

/// Explains a route that the table gave for the request.
pub fn explain(table: &RouteTable, request: &Request<'_>, route: &Route<'_>) -> Explanation {
    Explanation { because: because(table, request, route), near: near(table, request, route) }
}

fn because(table: &RouteTable, request: &Request<'_>, route: &Route<'_>) -> String {
    let name = request.host_name();
    let path = &route.path;
    let mut text = match route.host.map(|host| &host.matches) {
        Some(MatchHost::Exact(host)) => joined(&["host `", host, "` has its own rules; "]),
        Some(MatchHost::Wildcard(suffix)) => joined(&["host `", name, "` matches `*.", suffix, "`; "]),
        Some(MatchHost::Regex(source)) => joined(&["host `", name, "` matches `", source, "`; "]),
        Some(MatchHost::Any) => joined(&["no rule names host `", name, "`, so the rules without a host decide; "]),
        None if table.hosts().is_empty() && table.default_entry().is_none() => {
            return format!("controller `{}` serves no Ingress{}", table.controller().name(), of_class(table));
        }
        None => joined(&["no rule matches host `", name, "`; "]),
    };
    match (route.entry, &route.nothing) {
        (_, Some(why)) => text.push_str(why),
        (Some(entry), None) if entry.origin.path.is_some() => {
            let (open, close) = if entry.path_type.is_empty() { ("", "") } else { (" (", ")") };
            let others =
                route.host.map_or(0, |host| host.entries().iter().filter(|other| other.path.takes(path)).count());
            let strongest = if others > 1 { " and is the most specific match" } else { "" };
            let how = [open, &entry.path_type, close];
            push_all(&mut text, &["path `", &entry.written, "`"]);
            push_all(&mut text, &how);
            push_all(&mut text, &[" matches `", path, "`", strongest]);
        }
        (Some(_), None) => push_all(&mut text, &["no rule matches `", path, "`, so the default backend serves it"]),
        (None, None) => push_all(&mut text, &["no rule matches `", path, "`, and there is no default backend"]),
    }
    if let Some(canary) = route.canary {
        text.push_str(&format!("; the canary {} may serve it instead", canary.origin.object));
    }
    if let Some(redirect) = &route.redirect {
        text.push_str(&format!("; the client is redirected ({}) to {}", redirect.code, redirect.location));
    }
    if let Some(refusal) = &route.refusal {
        text.push_str(&format!("; the proxy answers {}: {}", refusal.code, refusal.because));
    }
    text
}

fn of_class(table: &RouteTable) -> String {
    table.class().map(|class| format!(" in class `{class}`")).unwrap_or_default()
}

fn near(table: &RouteTable, request: &Request<'_>, route: &Route<'_>) -> Vec<NearMiss> {
    let mut found: Vec<(u8, NearMiss)> = Vec::new();
    let won = route.entry.map(|entry| &entry.origin);
    let lost_it = |entry: &&Entry| Some(&entry.origin) != won;
    let mut miss = |nearness: u8, host: &Host, entry: &Entry, why: String| {
        let near = NearMiss {
            origin: entry.origin.clone(),
            host: host.matches.clone(),
            path: entry.written.to_string(),
            backend: entry.backend.clone(),
            why,
        };
        found.push((nearness, near));
    };
    if let Some(host) = route.host {
        for entry in host.entries().iter().filter(lost_it) {
            if entry.path.takes(&route.path) {
                miss(0, host, entry, lost(route.entry, entry));
            } else if let Some(why) = nearly(&entry.path, &route.path) {
                miss(1, host, entry, why);
            }
        }
    }
    let name = request.host_name().to_ascii_lowercase();
    let own = route.host.map(|host| &host.matches);
    for host in table.hosts_of(&name) {
        if Some(&host.matches) == own {
            continue;
        }
        if let Some(entry) = host.find(&route.path).filter(lost_it) {
            let why = match own {
                Some(own) => {
                    format!("host `{}` is not considered: `{own}` is more specific and decides alone", host.matches)
                }
                None => format!("`{}` does not match host `{name}`", host.matches),
            };
            miss(2, host, entry, why);
        }
    }
    found.small_sort_by_key(|(nearness, _)| *nearness);
    found.into_iter().map(|(_, near)| near).take(NEAR).collect()
}

/// Why a rule that also matches the path lost, read off the two ranks.
fn lost(winner: Option<&Entry>, loser: &Entry) -> String {
    let Some(winner) = winner else { return "no rule of the host matches".to_owned() };
    let (won, lost) = (winner.rank, loser.rank);
    if won.tier != lost.tier {
        format!("also matches, but {} takes precedence over {}", winner.path, loser.path)
    } else if won.length != lost.length {
        format!("also matches, but `{}` is longer than `{}`", winner.written, loser.written)
    } else if won.exact != lost.exact {
        "also matches, but Exact takes precedence over Prefix at the same length".to_owned()
    } else {
        format!(
            "is the same rule as that of {} {}, which takes precedence",
            winner.origin.kind().name(),
            winner.origin.object
        )
    }
}

/// Why a rule that does not match the path nearly does.
fn nearly(rule: &MatchPath, path: &str) -> Option<String> {
    match rule {
        MatchPath::Exact(own) if own.trim_end_matches('/') == path.trim_end_matches('/') => {
            Some(format!("matches `{own}` exactly; the slash at the end makes the difference"))
        }
        MatchPath::Exact(own) if path.starts_with(&**own) => {
            Some(format!("matches `{own}` alone, not the paths below it"))
        }
        MatchPath::Element(own) if path.starts_with(&**own) => {
            Some(format!("`{own}` is a prefix of whole elements, and `{path}` continues the last element"))
        }
        MatchPath::Exact(own) | MatchPath::Element(own) | MatchPath::Text(own)
            if !own.is_empty() && path.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own)) =>
        {
            Some(format!("`{own}` differs in letter case"))
        }
        MatchPath::Text(own) if own.trim_end_matches('/') == path => {
            Some(format!("`{own}` ends with a slash, `{path}` does not"))
        }
        _ => None,
    }
}
