//! Two tables compared: the classes of requests that are served differently.
//!
//! The hosts that either table names, and the regions of their paths ([`super::regions`]), cut the space of all requests into
//! classes in which neither table changes its mind. Each class is asked once of both tables; those whose answers differ are
//! reported, those of one host with the same answers together. Where expressions have a part, the classes are found by running
//! all of them at once ([`super::pattern::joint`]), and a class is named by the rules that win in it.

use super::Backend;
use super::matching::{MatchHost, MatchPath};
use super::pattern::joint::{Asked, Class, classes as classes_of};
use super::pattern::{Pattern, quoted};
use super::regions::{Region, regions};
use super::request::Request;
use super::table::{Host, Redirect, Refusal, RouteTable};
use portolan_base::collections::{BTreeMap, BTreeSet};

/// The paths that no controller makes others before it compares them.
const PATHS: &str = r"^((/([-\w~!$&'()*+,;=:@][-.\w~!$&'()*+,;=:@]*|\.[-\w~!$&'()*+,=:@][-.\w~!$&'()*+,;=:@]*|\.\.[-.\w~!$&'()*+,=:@][-.\w~!$&'()*+,;=:@]*))+/?|/)$";

/// The names that hosts have.
const HOSTS: &str = r"^[-a-z0-9_]+(\.[-a-z0-9_]+)*$";

/// What a table does with a class of requests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outcome {
    /// Where they go; none: the controller's own 404, or one of the answers below.
    pub backend: Option<Backend>,
    /// The path that the backend gets for the example.
    pub rewrite: Option<String>,
    /// The redirect that the example gets.
    pub redirect: Option<Redirect>,
    /// The proxy's own answer.
    pub refusal: Option<Refusal>,
    /// Another backend that gets a part of them: backend, weight, of how many.
    pub canary: Option<(Backend, i64, i64)>,
}

/// A class of requests that is served differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The hosts: a host, `*.suffix`, `*.*.suffix` (two labels and more), or `*` (every other host).
    pub host: String,
    /// `http` or `https`; none: both.
    pub scheme: Option<&'static str>,
    /// The paths.
    pub paths: Vec<Region>,
    /// A request of the class.
    pub example: String,
    /// What the first table does.
    pub before: Outcome,
    /// What the second does.
    pub after: Outcome,
}

/// Two tables compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The classes of requests that are served differently, by host and path.
    pub changes: Vec<Change>,
    /// The hosts of which not every class was looked at: their expressions have too many.
    pub incomplete: Vec<String>,
}

/// The classes of requests that the tables serve differently, by host and path.
pub fn compare(before: &RouteTable, after: &RouteTable) -> Comparison {
    let mut found = Comparison::default();
    let schemes: &[&'static str] = if has_tls(before) || has_tls(after) { &["http", "https"] } else { &["http"] };
    let hosts = host_classes(before, after).unwrap_or_else(|| {
        found.incomplete.push("*".to_owned());
        plain_host_classes(before, after)
    });
    for (host, name) in hosts {
        // What the host's requests over the first scheme change to, by both answers.
        let start = found.changes.len();
        let mut known = Known::new();
        for scheme in schemes {
            let Some(changes) = changes_of_host(before, after, &host, &name, scheme) else {
                if !found.incomplete.contains(&host) {
                    found.incomplete.push(host.clone());
                }
                continue;
            };
            for change in changes {
                let at = known.get(&(change.before.clone(), change.after.clone())).copied();
                match at.and_then(|at| found.changes.get_mut(at)).filter(|known| known.paths == change.paths) {
                    Some(known) => known.scheme = None,
                    None => found.changes.push(change),
                }
            }
            let changes = found.changes.iter().enumerate().skip(start);
            known = changes.map(|(at, change)| ((change.before.clone(), change.after.clone()), at)).collect();
        }
    }
    if schemes.len() == 1 {
        // Without certificates nobody speaks of schemes.
        found.changes.iter_mut().for_each(|change| change.scheme = None);
    }
    found
}

/// Where among the changes one stands, by what is done before and after it.
type Known = BTreeMap<(Outcome, Outcome), usize>;

fn has_tls(table: &RouteTable) -> bool {
    table.tls().iter().next().is_some()
}

/// Each class of hosts with one of its names. None where expressions make too many.
fn host_classes(before: &RouteTable, after: &RouteTable) -> Option<Vec<(String, String)>> {
    let hosts = || before.hosts().iter().chain(after.hosts());
    if !hosts().any(|host| host.pattern.is_some()) {
        return Some(plain_host_classes(before, after));
    }
    let exact: BTreeSet<&str> = hosts()
        .filter_map(|host| match &host.matches {
            MatchHost::Exact(name) => Some(&**name),
            _ => None,
        })
        .collect();
    let mut patterns: Vec<Pattern> = hosts().filter_map(|host| host.pattern.clone()).collect();
    for host in hosts() {
        if let MatchHost::Wildcard(suffix) = &host.matches {
            let (one, more) = (format!("^[^.]+\\.{}$", quoted(suffix)), format!(".\\..+\\.{}$", quoted(suffix)));
            patterns.extend([one, more].iter().filter_map(|source| Pattern::new(source, false).ok()));
        }
    }
    // An exact host is a class of its own; one that an expression takes must be no example for others.
    let taken = exact.iter().filter(|name| patterns.iter().any(|pattern| pattern.is_match(name)));
    let names: Vec<Pattern> =
        taken.filter_map(|name| Pattern::new(&format!("^{}$", quoted(name)), false).ok()).collect();
    let language = Pattern::new(HOSTS, false).ok()?;
    let asked: Vec<Asked<'_>> = patterns.iter().chain(&names).map(|pattern| Asked { pattern, full: false }).collect();
    let mut classes: Vec<(String, String)> =
        exact.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    for class in classes_of(&language, &asked)? {
        if exact.contains(class.example.as_str()) {
            continue;
        }
        let request = Request { host: &class.example, ..request("http", "/") };
        let mut label: Vec<String> = Vec::new();
        for host in [before, after].iter().filter_map(|table| table.host(&request)) {
            let name = host.matches.to_string();
            if host.matches != MatchHost::Any && !label.contains(&name) {
                label.push(name);
            }
        }
        let label = if label.is_empty() { "*".to_owned() } else { label.join(" and ") };
        classes.push((label, class.example));
    }
    Some(classes)
}

/// Each class of hosts with one of its names, where no expression has a part.
fn plain_host_classes(before: &RouteTable, after: &RouteTable) -> Vec<(String, String)> {
    let all: BTreeSet<MatchHost> =
        before.hosts().iter().chain(after.hosts()).map(|host| host.matches.clone()).collect();
    let exact = |name: &str| all.contains(&MatchHost::Exact(name.into()));
    let free = |suffix: &str| {
        let numbers = std::iter::once(String::new()).chain((1..).map(|number: usize| number.to_string()));
        let mut names = numbers.map(|number| format!("any{number}.{suffix}"));
        names.find(|name| !exact(name) && !all.contains(&MatchHost::Wildcard(name.as_str().into()))).unwrap_or_default()
    };
    let mut classes = Vec::new();
    for host in &all {
        match host {
            MatchHost::Exact(name) => classes.push((name.to_string(), name.to_string())),
            MatchHost::Wildcard(suffix) => {
                let one = free(suffix);
                classes.push((format!("*.{suffix}"), one.clone()));
                classes.push((format!("*.*.{suffix}"), free(&one)));
            }
            MatchHost::Regex(_) | MatchHost::Any => {}
        }
    }
    classes.push(("*".to_owned(), free("other.example")));
    classes
}

fn request(scheme: &str, path: &'static str) -> Request<'static> {
    Request { secure: scheme == "https", host: "", path, query: None, method: "GET", headers: &[], source: None }
}

/// None where expressions cut the host's paths into too many classes.
fn changes_of_host(
    before: &RouteTable,
    after: &RouteTable,
    host: &str,
    name: &str,
    scheme: &'static str,
) -> Option<Vec<Change>> {
    let asked = Request { host: name, ..request(scheme, "/") };
    let hosts = [before.host(&asked), after.host(&asked)];
    let mut changes: Vec<Change> = Vec::new();
    let mut known = Known::new();
    for region in path_classes(&hosts)? {
        let asked = Request { path: &region.example, ..asked };
        let (was, is) = (outcome(before, &asked), outcome(after, &asked));
        if was == is {
            continue;
        }
        let at = *known.entry((was.clone(), is.clone())).or_insert(changes.len());
        match changes.get_mut(at) {
            Some(known) if known.paths.iter().any(|known| known.rules.is_some() && known.rules == region.rules) => {}
            Some(known) => known.paths.push(region),
            None => changes.push(Change {
                host: host.to_owned(),
                scheme: Some(scheme),
                example: format!("{scheme}://{name}{}", region.example),
                paths: vec![region],
                before: was,
                after: is,
            }),
        }
    }
    Some(changes)
}

/// The classes of paths of one host in both tables.
fn path_classes(hosts: &[Option<&Host>; 2]) -> Option<Vec<Region>> {
    let both: Vec<&Host> = hosts.iter().flatten().copied().collect();
    let cuts = regions(&both);
    let expressions: Vec<Asked<'_>> = both
        .iter()
        .flat_map(|host| host.entries())
        .filter_map(|entry| match &entry.path {
            MatchPath::Regex { pattern, full, .. } => Some(Asked { pattern, full: *full }),
            _ => None,
        })
        .collect();
    if expressions.is_empty() {
        return Some(cuts);
    }
    // Where the rules that are no expressions change their mind, as expressions.
    let source = |cut: &Region| format!("^{}{}", quoted(&cut.path), if cut.exact { "$" } else { "" });
    let plain: Vec<Pattern> = cuts.iter().filter_map(|cut| Pattern::new(&source(cut), false).ok()).collect();
    let mut asked = expressions;
    asked.extend(plain.iter().map(|pattern| Asked { pattern, full: false }));
    let classes = classes_of(&Pattern::new(PATHS, false).ok()?, &asked)?;
    let region = |class: Class| {
        let winner = |host: &Option<&Host>| {
            let entry = host.and_then(|host| host.find(&class.example));
            entry.map_or_else(|| "no rule".to_owned(), |entry| entry.path.to_string())
        };
        let rules = [winner(&hosts[0]), winner(&hosts[1])];
        Region { exact: true, path: class.example.clone(), example: class.example, rules: Some(rules) }
    };
    Some(classes.into_iter().map(region).collect())
}

fn outcome(table: &RouteTable, request: &Request<'_>) -> Outcome {
    let route = table.route(request);
    let undecided = route.canary.filter(|canary| route.backend != Some(&canary.backend));
    Outcome {
        backend: route.backend.cloned(),
        rewrite: route.rewrite,
        redirect: route.redirect,
        refusal: route.refusal,
        canary: undecided.map(|canary| (canary.backend.clone(), canary.weight, canary.weight_total)),
    }
}
