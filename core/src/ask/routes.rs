//! `routes`: which rules are there, all in all?

use super::AskError;
use super::route::{key, resource, rule, service, table};
use crate::engine::Engine;
use crate::ingress::Backend;
use crate::ingress::table::{Entry, Host};
use crate::json::Json;
use crate::manifest::Node;

/// Answers `{"controller", "ingressClass"}`, both optional, with the whole table that `route` matches by: `{"controller",
/// "hosts": [{"host", "rules": […]}], "default", "reports"}`. The rules of a host stand in the order in which they are
/// tried; one that can take no request says by which other it is `shadowedBy`. `reports` tells what the author should know.
///
/// # Errors
/// The controller is none that is known.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let table = table(engine, question)?;
    let hosts = table.hosts().iter().map(|host| host_json(engine, host)).collect();
    let default = table.default_entry().map_or(Json::Null, |entry| entry_json(engine, entry));
    let reports = table.reports().iter().map(|report| {
        let mut json = Json::object()
            .with("reason", report.reason)
            .with("ingress", key(&report.ingress))
            .with("field", report.field.clone())
            .with("message", report.message.clone());
        let source = engine.cluster().source(crate::api::resource::Kind::Ingress, &report.ingress);
        if let Some(source) = source {
            json.set("source", source.place_of(&report.field).to_json());
        }
        json
    });
    Ok(Json::object()
        .with("controller", table.controller().name())
        .with("hosts", Json::Array(hosts))
        .with("default", default)
        .with("reports", Json::Array(reports.collect())))
}

fn host_json(engine: &Engine, host: &Host) -> Json {
    let rules = host.entries.iter().map(|entry| {
        let mut json = entry_json(engine, entry);
        if let Some(winner) = entry.shadowed_by.and_then(|at| host.entries.get(at)) {
            json.set("shadowedBy", rule(&winner.origin));
        }
        json
    });
    let mut json = Json::object().with("host", host.matches.to_string());
    if let Some(secure) = host.secure {
        json.set("tlsOnly", secure);
    }
    json.with("rules", Json::Array(rules.collect()))
}

fn entry_json(engine: &Engine, entry: &Entry) -> Json {
    let mut json =
        rule(&entry.origin).with("pattern", entry.written.to_string()).with("pathType", entry.path_type.to_string());
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
