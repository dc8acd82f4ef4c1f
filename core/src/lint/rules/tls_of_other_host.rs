//! ING010 `tls-of-other-host`: finds a TLS host that no rule of the Ingress serves, while a host of the rules has no
//! TLS entry.

use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use crate::lint::tls_hosts::covers;
use crate::spelling::nearest;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        let entries = ingress.spec.tls.as_deref().unwrap_or_default();
        let hosts = || entries.iter().flat_map(|entry| entry.hosts.iter().flatten().map(String::as_str));
        let served: Vec<&str> = ingress
            .spec
            .rules
            .iter()
            .flatten()
            .map(|rule| rule.host.as_str())
            .filter(|host| !host.is_empty())
            .collect();
        // An entry without hosts is for all of them, and so is a rule.
        let has_rest = ingress.spec.default_backend.is_some()
            || ingress.spec.rules.iter().flatten().any(|rule| rule.host.is_empty());
        if has_rest || entries.iter().any(|entry| entry.hosts.as_ref().is_none_or(Vec::is_empty)) {
            continue;
        }
        let bare: Vec<&str> = served.iter().copied().filter(|host| !hosts().any(|tls| covers(tls, host))).collect();
        let Some(first) = bare.first() else { continue };
        for (index, entry) in entries.iter().enumerate() {
            for (at, host) in entry.hosts.iter().flatten().enumerate() {
                if served.iter().any(|known| covers(host, known) || covers(known, host)) {
                    continue;
                }
                let meant = nearest(host, &mut bare.iter().copied());
                let message = format!("no rule serves {host}, and no TLS entry covers {first}");
                let help = match meant {
                    Some(meant) => format!("write `{meant}`"),
                    None => "write a host of the rules".to_owned(),
                };
                let field = format!("spec.tls[{index}].hosts[{at}]");
                report
                    .at(Kind::Ingress, key, &field, message, help)
                    .fix(Kind::Ingress, key, &|edit| Some(vec![edit.replace(&field, Scalar::Text(meant?))?]));
            }
        }
    }
}
