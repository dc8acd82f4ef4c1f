//! Two tables compared: the classes of requests that are served differently.
//!
//! The hosts that either table names, and the regions of their paths ([`super::regions`]), cut the space of all requests into
//! classes in which neither table changes its mind. Each class is asked once of both tables; those whose answers differ are
//! told, those of one host with the same answers together.

use super::matching::MatchHost;
use super::regions::{Region, regions};
use super::request::Request;
use super::table::{Host, Redirect, Refusal, RouteTable};
use super::{Backend, Controller};
use crate::collections::BTreeSet;

/// What a table does with a class of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The classes of requests that the tables serve differently, by host and path.
pub fn compare(before: &RouteTable, after: &RouteTable) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    let schemes: &[&'static str] = if has_tls(before) || has_tls(after) { &["http", "https"] } else { &["http"] };
    for (host, name) in host_classes(before, after) {
        for scheme in schemes {
            for change in changes_of_host(before, after, &host, &name, scheme) {
                let same = |known: &&mut Change| {
                    known.host == change.host
                        && known.scheme != change.scheme
                        && known.paths == change.paths
                        && known.before == change.before
                        && known.after == change.after
                };
                match changes.iter_mut().find(same) {
                    Some(known) => known.scheme = None,
                    None => changes.push(change),
                }
            }
        }
    }
    if schemes.len() == 1 {
        // Without certificates nobody speaks of schemes.
        changes.iter_mut().for_each(|change| change.scheme = None);
    }
    changes
}

fn has_tls(table: &RouteTable) -> bool {
    table.tls().iter().next().is_some()
}

/// Each class of hosts with one of its names.
fn host_classes(before: &RouteTable, after: &RouteTable) -> Vec<(String, String)> {
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
            MatchHost::Any => {}
        }
    }
    classes.push(("*".to_owned(), free("other.example")));
    classes
}

fn changes_of_host(
    before: &RouteTable,
    after: &RouteTable,
    host: &str,
    name: &str,
    scheme: &'static str,
) -> Vec<Change> {
    let request = |path: &'static str| Request {
        secure: scheme == "https",
        host: "",
        path,
        query: None,
        method: "GET",
        headers: &[],
        source: None,
    };
    let asked = Request { host: name, ..request("/") };
    let hosts: Vec<&Host> = [before, after].iter().filter_map(|table| table.host(&asked)).collect();
    let mut changes: Vec<Change> = Vec::new();
    for region in regions(&hosts) {
        let asked = Request { path: &region.example, ..asked };
        let (was, is) = (outcome(before, &asked), outcome(after, &asked));
        if was == is {
            continue;
        }
        match changes.iter_mut().find(|known| known.before == was && known.after == is) {
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
    changes
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

/// What two controllers do differently with requests that no class tells: letter case, odd paths, ports.
pub fn notes(before: Controller, after: Controller) -> Vec<&'static str> {
    if before == after {
        return Vec::new();
    }
    let either = |controller| before == controller || after == controller;
    let mut notes = Vec::new();
    if either(Controller::Contour) {
        notes.push("Contour answers 404 under a wildcard host when the client sends the host in capitals, and resolves `.`, `..` and doubled slashes in a path before it compares it");
    }
    if either(Controller::Nginx) {
        notes.push("ingress-nginx decodes every escape in a path and resolves `.`, `..` and doubled slashes before it compares it");
    }
    if either(Controller::Spec) {
        notes.push("the API documentation does not say how a path is normalized; `spec` compares it as sent");
    }
    notes
}
