//! `routes`: which rules are there, all in all? A controller and a class go in, the table that `route` matches by comes out.

use super::AskError;
use super::part::{ControllerChoice, Location};
use super::route::{RouteResource, RouteRule, RouteService, location, table};
use crate::api::resource::{Kind, ObjectKey};
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::routing::table::{Entry, Host};
use crate::routing::{Backend, MatchHost, Redirect, RouteTable};
use crate::{answer, question};
use portolan_base::collections::BTreeSet;

question! {
    /// Which rules are there, all in all? The table that `route` matches by.
    RoutesQuestion<'q> {
        /// Only Ingresses of this class.
        "ingressClass" => ingress_class: Option<&'q str> [optional];
        /// The controller; `auto`: the one that serves each Ingress. Unless given, the one that owns the class, else `spec` (the
        /// API documentation).
        "controller" => controller: Option<ControllerChoice> [optional];
    }
}

answer! {
    /// The table that `route` matches by.
    RoutesAnswer<'e> {
        /// The controller.
        "controller" => controller: Controller;
        /// The hosts: exact names, then wildcards, then the rules without host.
        "hosts" => hosts: Vec<TableHost<'e>>;
        /// The rule for the requests that no other matches.
        "default" => default: Option<TableRule<'e>>;
        /// The certificates.
        "tls" => tls: Vec<TableCertificate>;
        /// The hosts that no certificate covers.
        "uncovered" => uncovered: Vec<String>;
        /// What the author should know.
        "reports" => reports: Vec<RouteReport<'e>>;
    }

    /// A host of the table that `route` matches by.
    TableHost<'e> {
        /// The name, a wildcard, or `*` for the rules without host.
        "host" => host: String;
        /// Whether it is there for TLS alone, or for plain requests alone; absent: for both.
        "tlsOnly" => tls_only: Option<bool> [optional];
        /// The host that every request is redirected to.
        "redirectTo" => redirect_to: Option<String> [optional];
        /// Its rules, in the order in which they are tried.
        "rules" => rules: Vec<TableRule<'e>>;
    }

    /// A rule of the table that `route` matches by.
    TableRule<'e> {
        /// The Ingress.
        "ingress" => ingress: ObjectKey;
        /// The index of the rule in `spec.rules`; null for a default backend.
        "rule" => rule: Option<usize>;
        /// The index of the path in the rule.
        "path" => path: Option<usize>;
        /// The field's path.
        "field" => field: String;
        /// The path as written.
        "pattern" => pattern: String;
        /// `Exact`, `Prefix` or `ImplementationSpecific`; empty for a default backend.
        "pathType" => path_type: String;
        /// The paths that it matches, as the controller compiles it.
        "takes" => takes: String;
        /// The path that the backend receives.
        "rewrite" => rewrite: Option<TableRewrite> [optional];
        /// The redirect that every client gets.
        "redirect" => redirect: Option<Redirect> [optional];
        /// Another Service that gets a part of the requests.
        "canary" => canary: Option<RouteService> [optional];
        /// The Service its requests go to.
        "service" => service: Option<RouteService> [optional];
        /// Or the resource.
        "resource" => resource: Option<RouteResource> [optional];
        /// Where it is.
        "source" => source: Option<Location<'e>> [optional];
        /// Whether no request can reach it.
        "unreachable" => is_unreachable: bool [optional];
        /// The rule that matches every request this one could, where one alone does.
        "shadowedBy" => shadowed_by: Option<RouteRule> [optional];
    }

    /// How a path is rewritten.
    TableRewrite {
        /// The expression that the path is searched with.
        "pattern" => pattern: String;
        /// The new path; `$1` to `$9` are the groups of the expression.
        "target" => target: String;
    }

    /// A certificate of the table.
    TableCertificate {
        /// The host it is for.
        "host" => host: String;
        /// The Secret.
        "secret" => secret: ObjectKey;
        /// The Ingress that names it.
        "ingress" => ingress: ObjectKey;
    }

    /// Something about the Ingresses that their author should know.
    RouteReport<'e> {
        /// In one word: `Duplicate`, `ServiceNotFound`, …
        "reason" => reason: &'static str;
        /// The Ingress.
        "ingress" => ingress: ObjectKey;
        /// The field's path.
        "field" => field: String;
        /// For people.
        "message" => message: String;
        /// Where it is.
        "source" => source: Option<Location<'e>> [optional];
    }
}

/// The whole table.
///
/// # Errors
/// None.
pub fn routes<'e>(engine: &'e Engine, question: &RoutesQuestion<'_>) -> Result<RoutesAnswer<'e>, AskError> {
    let table = table(engine, question.controller, question.ingress_class, None);
    let certificates = table.tls().iter().map(|(host, certificate)| TableCertificate {
        host: host.to_string(),
        secret: certificate.secret.clone(),
        ingress: certificate.object.clone(),
    });
    Ok(RoutesAnswer {
        controller: Controller::of_table(&table),
        hosts: table.hosts().iter().map(|host| table_host(engine, host)).collect(),
        default: table.default_entry().map(|entry| table_rule(engine, entry)),
        tls: certificates.collect(),
        uncovered: uncovered(&table),
        reports: reports(engine, &table),
    })
}

/// The hosts that rules name and no certificate covers.
fn uncovered(table: &RouteTable) -> Vec<String> {
    let named = table.hosts().iter().map(|host| &host.matches).filter(|host| **host != MatchHost::Any);
    let hosts: BTreeSet<String> = named.filter(|host| !table.tls().covers(host)).map(ToString::to_string).collect();
    hosts.into_iter().collect()
}

/// What the authors of the Ingresses should know.
pub(super) fn reports<'e>(engine: &'e Engine, table: &RouteTable) -> Vec<RouteReport<'e>> {
    let report = |report: &crate::routing::TableNote| RouteReport {
        reason: report.reason,
        ingress: report.object.clone(),
        field: report.field.clone(),
        message: report.message.clone(),
        source: Location::of_field(engine, Kind::Ingress, &report.object, &report.field),
    };
    table.reports().iter().map(report).collect()
}

fn table_host<'e>(engine: &'e Engine, host: &Host) -> TableHost<'e> {
    let unreachable = host.unreachable();
    let rule = |(place, entry): (usize, &Entry)| {
        let mut rule = table_rule(engine, entry);
        rule.is_unreachable = entry.shadowed_by.is_some() || unreachable.binary_search(&place).is_ok();
        let winner = entry.shadowed_by.and_then(|at| host.entries().get(at));
        rule.shadowed_by = winner.map(|winner| RouteRule::of(&winner.origin));
        rule
    };
    TableHost {
        host: host.matches.to_string(),
        tls_only: host.secure,
        redirect_to: host.redirects_to().map(str::to_owned),
        rules: host.entries().iter().enumerate().map(rule).collect(),
    }
}

fn table_rule<'e>(engine: &'e Engine, entry: &Entry) -> TableRule<'e> {
    let options = entry.options();
    let rewrite = options.and_then(|options| options.rewrite.as_ref());
    let redirect = options.and_then(|options| options.redirect.clone());
    // A canary of a kind that is not a Service has no name here, as a backend has.
    let canary = options.and_then(|options| options.canary.as_ref());
    let RouteRule { ingress, rule, path, field } = RouteRule::of(&entry.origin);
    TableRule {
        ingress,
        rule,
        path,
        field,
        pattern: entry.written.to_string(),
        path_type: entry.path_type.to_string(),
        takes: entry.path.to_string(),
        rewrite: rewrite
            .map(|rewrite| TableRewrite { pattern: rewrite.source.clone(), target: rewrite.target.clone() }),
        redirect: redirect.map(|(code, location)| Redirect { code, location }),
        canary: canary.and_then(|canary| RouteService::of(&canary.backend)),
        service: RouteService::of(&entry.backend),
        resource: match &entry.backend {
            backend @ Backend::Resource { .. } => RouteResource::of(backend),
            _ => None,
        },
        source: location(engine.cluster(), &entry.origin),
        is_unreachable: false,
        shadowed_by: None,
    }
}
