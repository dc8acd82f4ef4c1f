//! `routes`: which rules are there, all in all?

use super::AskError;
use super::route::{key, resource, rule, service, table};
use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::routing::table::{Entry, Host};
use crate::routing::{Backend, MatchHost, RouteTable};
use portolan_base::collections::BTreeSet;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers `{"controller", "ingressClass"}`, both optional, with the whole table that `route` matches by: `{"controller",
/// "hosts": [{"host", "rules": […]}], "default", "tls", "uncovered", "reports"}`. The rules of a host stand in the order in
/// which they are tried; one that can take no request is `unreachable`, and says by which other it is `shadowedBy` where one
/// alone does it. `uncovered` are the hosts that no certificate covers; `reports` tells what the author should know.
///
/// # Errors
/// The controller is none that is known.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let table = table(engine, question, None)?;
    let hosts = table.hosts().iter().map(|host| host_json(engine, host)).collect();
    let default = table.default_entry().map_or(Json::Null, |entry| entry_json(engine, entry));
    let certificates = table.tls().iter().map(|(host, certificate)| {
        Json::object()
            .with("host", host.to_string())
            .with("secret", key(&certificate.secret))
            .with("ingress", key(&certificate.ingress))
    });
    Ok(Json::object()
        .with("controller", table.controller().name())
        .with("hosts", Json::Array(hosts))
        .with("default", default)
        .with("tls", Json::Array(certificates.collect()))
        .with("uncovered", Json::Array(uncovered(&table)))
        .with("reports", reports(engine, &table)))
}

/// The hosts that rules name and no certificate covers.
fn uncovered(table: &RouteTable) -> Vec<Json> {
    let named = table.hosts().iter().map(|host| &host.matches).filter(|host| **host != MatchHost::Any);
    let hosts: BTreeSet<String> = named.filter(|host| !table.tls().covers(host)).map(ToString::to_string).collect();
    hosts.into_iter().map(Json::from).collect()
}

/// What the authors of the Ingresses should know.
pub(super) fn reports(engine: &Engine, table: &RouteTable) -> Json {
    let reports = table.reports().iter().map(|report| {
        let mut json = Json::object()
            .with("reason", report.reason)
            .with("ingress", key(&report.ingress))
            .with("field", report.field.clone())
            .with("message", report.message.clone());
        if let Some(source) = engine.cluster().source(Kind::Ingress, &report.ingress) {
            json.set("source", source.place_of(&report.field).to_json());
        }
        json
    });
    Json::Array(reports.collect())
}

fn host_json(engine: &Engine, host: &Host) -> Json {
    let unreachable = host.unreachable();
    let rules = host.entries().iter().enumerate().map(|(place, entry)| {
        let mut json = entry_json(engine, entry);
        if entry.shadowed_by.is_some() || unreachable.binary_search(&place).is_ok() {
            json.set("unreachable", true);
        }
        if let Some(winner) = entry.shadowed_by.and_then(|at| host.entries().get(at)) {
            json.set("shadowedBy", rule(&winner.origin));
        }
        json
    });
    let mut json = Json::object().with("host", host.matches.to_string());
    if let Some(secure) = host.secure {
        json.set("tlsOnly", secure);
    }
    if let Some(to) = host.redirects_to() {
        json.set("redirectTo", to.to_owned());
    }
    json.with("rules", Json::Array(rules.collect()))
}

fn entry_json(engine: &Engine, entry: &Entry) -> Json {
    let mut json =
        rule(&entry.origin).with("pattern", entry.written.to_string()).with("pathType", entry.path_type.to_string());
    json.set("takes", entry.path.to_string());
    if let Some(conduct) = entry.conduct() {
        if let Some(rewrite) = &conduct.rewrite {
            let rewrite = Json::object().with("pattern", rewrite.source.clone()).with("target", rewrite.target.clone());
            json.set("rewrite", rewrite);
        }
        if let Some((code, url)) = &conduct.redirect {
            json.set("redirect", Json::object().with("code", i64::from(*code)).with("location", url.clone()));
        }
        if let Some(canary) = &conduct.canary {
            json.set("canary", service(&canary.backend));
        }
    }
    match &entry.backend {
        Backend::Service { .. } => json.set("service", service(&entry.backend)),
        Backend::Resource { .. } => json.set("resource", resource(&entry.backend)),
        Backend::Nothing => {}
    }
    if let Some(place) = entry.origin.place(engine.cluster()) {
        json.set("source", place.to_json());
    }
    json
}
