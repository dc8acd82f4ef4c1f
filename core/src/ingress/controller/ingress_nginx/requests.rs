//! What nginx does with a request: which server takes it, and its phases after a location is found.

use super::escape;
use crate::routing::matching::MatchHost;
use crate::routing::names::Selection;
use crate::routing::options::{Canary, Rewrite, RouteOptions};
use crate::routing::request::Request;
use crate::routing::table::{Entry, Host, Redirect, Refusal, Route, RouteTable};
use std::borrow::Cow;

/// The code of redirects to `https` and from `www.` (`http-redirect-code`).
pub(super) const REDIRECT_CODE: u16 = 308;

/// `server_name`: a name, else the first expression (a wildcard host is `^[\w-]+\.suffix$`), else the default server.
pub(super) fn select_host(table: &RouteTable, request: &Request<'_>) -> Selection {
    let names = table.names(request.secure);
    let name = request.host_name();
    let name = name.strip_suffix('.').unwrap_or(name);
    let wildcard = || {
        let (label, suffix) = name.split_once('.')?;
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !label.is_empty() && label.bytes().all(word) { names.wildcard(suffix) } else { None }
    };
    match names.exact(name).or_else(|| names.expression(name, wildcard())).or_else(|| names.any()) {
        Some(host) => Selection::Host(host),
        None => Selection::Nobody,
    }
}

/// The phases: server rewrites, the redirect of a missing slash, location rewrites, access, the choice of a canary.
pub(super) fn apply<'t>(_: &'t RouteTable, request: &Request<'_>, route: &mut Route<'t>) {
    if let Some(redirect) = server_redirect(request, route).or_else(|| missing_slash(request, route)) {
        route.redirect = Some(redirect);
        route.backend = None;
        return;
    }
    let Some(options) = route.entry.and_then(|entry| entry.options.as_deref()) else { return };
    if let Some(because) = &options.denied {
        refuse(route, 503, because.clone());
        return;
    }
    if let Some((code, url)) = &options.redirect {
        let location = expand(url, request, &route.path);
        route.redirect = Some(Redirect { code: *code, location });
        route.backend = None;
        return;
    }
    if rewrite(options, request, route) || to_https(options, request, route) || refused(options, request, route) {
        route.backend = None;
        route.rewrite = None;
        route.upstream_target = None;
        return;
    }
    if let Some(canary) = &options.canary
        && route.backend.is_some()
    {
        choose_canary(canary, request, route);
    }
}

/// Whether none of the phases has a part in a request for the path that the rule won.
pub(super) fn is_plain(host: Option<&Host>, entry: &Entry, path: &str) -> bool {
    let Some(host) = host else { return false };
    let server = &host.options;
    let as_it_comes = server.redirect_to.is_none() && server.app_root.is_none() && !server.certificate;
    let lacks_slash = || host.find_with_slash(path).is_some();
    let has_its_slash = entry.rank.exact || entry.rank.tier == 1 || path.ends_with('/');
    as_it_comes && entry.options().is_some_and(RouteOptions::is_plain) && (has_its_slash || !lacks_slash())
}

fn server_redirect(request: &Request<'_>, route: &Route<'_>) -> Option<Redirect> {
    let server = &route.host?.options;
    let scheme = if request.secure { "https" } else { "http" };
    if let Some(to) = &server.redirect_to {
        let target = request.target();
        let target = target.strip_suffix('/').unwrap_or(&target);
        return Some(Redirect { code: REDIRECT_CODE, location: format!("{scheme}://{to}{target}") });
    }
    let root = server.app_root.as_ref().filter(|_| route.path == "/")?;
    Some(Redirect { code: 302, location: format!("{scheme}://{}{root}", request.host) })
}

/// A location that ends with a slash and passes requests on answers the path without the slash with 301, unless the path
/// has a location of its own (`ngx_http_core_find_static_location`).
fn missing_slash(request: &Request<'_>, route: &Route<'_>) -> Option<Redirect> {
    let host = route.host?;
    if route.path.ends_with('/') || route.entry.is_some_and(|entry| entry.rank.exact || entry.rank.tier == 1) {
        return None;
    }
    let found = host.find_with_slash(&route.path)?;
    if found.options.as_ref().is_some_and(|options| options.denied.is_some()) {
        return None;
    }
    let scheme = if request.secure { "https" } else { "http" };
    let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
    Some(Redirect { code: 301, location: format!("{scheme}://{}{}/{query}", request.host_name(), route.path) })
}

fn refuse(route: &mut Route<'_>, code: u16, because: String) {
    route.refusal = Some(Refusal { code, because });
    route.backend = None;
}

/// Tells whether the rewrite became a redirect, which it does when its target is a whole URL.
fn rewrite(options: &RouteOptions, request: &Request<'_>, route: &mut Route<'_>) -> bool {
    let Some(rewrite) = &options.rewrite else { return false };
    if ["http://", "https://", "$scheme"].iter().any(|start| rewrite.target.starts_with(start)) {
        let Some(location) = location(rewrite, request, &route.path) else { return false };
        route.redirect = Some(Redirect { code: 302, location });
        return true;
    }
    let Some(path) = rewrite.apply(&route.path, None) else { return false };
    if route.backend.is_some() {
        route.rewrite = Some(path);
        route.upstream_target = upstream_target(rewrite, request, &route.path);
    }
    false
}

/// The path and query that the backend gets of a rewrite.
fn upstream_target(rewrite: &Rewrite, request: &Request<'_>, path: &str) -> Option<String> {
    let (target, arguments) =
        rewrite.target.split_once('?').map_or((rewrite.target.as_str(), None), |(path, rest)| (path, Some(rest)));
    let filled = rewrite.fill(path, target, Cow::Borrowed)?;
    let mut out = escape::path(&filled).into_owned();
    // `?` at the end keeps the query away.
    let arguments = match arguments {
        Some("") => return Some(out),
        Some(arguments) => arguments,
        None => "",
    };
    let (arguments, adds_query) = arguments.strip_suffix('?').map_or((arguments, true), |bare| (bare, false));
    let had_escapes = request.path.contains(['%', '+']);
    let filled = rewrite.fill(path, arguments, if had_escapes { escape::argument } else { Cow::Borrowed })?;
    let query = request.query.filter(|query| adds_query && !query.is_empty());
    for (at, text) in [Some(filled.as_str()).filter(|text| !text.is_empty()), query].into_iter().flatten().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        out.push_str(text);
    }
    Some(out)
}

/// The URL that a rewrite sends clients to.
fn location(rewrite: &Rewrite, request: &Request<'_>, path: &str) -> Option<String> {
    let (target, adds_query) = match rewrite.target.strip_suffix('?') {
        Some(bare) => (bare, false),
        None => (rewrite.target.as_str(), true),
    };
    // The groups are those of the decoded path; they are escaped where the path had something to decode.
    let had_escapes = request.path.contains(['%', '+']);
    let filled = rewrite.fill(path, target, if had_escapes { escape::argument } else { Cow::Borrowed })?;
    let mut location = escape::redirect(&expand(&filled, request, path));
    if let Some(query) = request.query.filter(|query| adds_query && !query.is_empty()) {
        location.push(if target.contains('?') { '&' } else { '?' });
        location.push_str(query);
    }
    Some(location)
}

/// `lua_ingress.rewrite`: `https://host` and the request's path and query, without a slash at the end.
fn to_https(options: &RouteOptions, request: &Request<'_>, route: &mut Route<'_>) -> bool {
    let host = route.host.filter(|host| host.matches != MatchHost::Any);
    let certificate = host.is_some_and(|host| host.options.certificate);
    if request.secure || !(options.force_ssl_redirect || (options.ssl_redirect && certificate)) {
        return false;
    }
    let target = request.target();
    let bare = target.strip_suffix('/').filter(|_| !options.preserve_trailing_slash).unwrap_or(&target);
    let location = format!("https://{}{bare}", request.host_name());
    route.redirect = Some(Redirect { code: REDIRECT_CODE, location });
    true
}

fn refused(options: &RouteOptions, request: &Request<'_>, route: &mut Route<'_>) -> bool {
    if options.allow.is_empty() && options.deny.is_empty() {
        return false;
    }
    let Some(source) = request.source else {
        route.notes.push("only some clients are let in; the question names no client address".to_owned());
        return false;
    };
    let among = |ranges: &[ipnet::IpNet]| ranges.iter().any(|range| range.contains(&source));
    let because = if among(&options.deny) {
        format!("{source} is in denylist-source-range")
    } else if !options.allow.is_empty() && !among(&options.allow) {
        format!("{source} is not in whitelist-source-range")
    } else {
        return false;
    };
    refuse(route, 403, because);
    true
}

/// `balancer.lua`, `route_to_alternative_balancer`: the header, then the cookie, then the weight.
fn choose_canary<'t>(canary: &'t Canary, request: &Request<'_>, route: &mut Route<'t>) {
    let mut choice = None;
    if let Some(value) = request.header(&canary.header).filter(|_| !canary.header.is_empty()) {
        if !canary.header_value.is_empty() {
            choice = (value == canary.header_value).then_some(true);
        } else if let Some(pattern) = &canary.header_pattern {
            choice = pattern.is_match(value).then_some(true);
        } else {
            choice = always_or_never(value);
        }
    }
    if choice.is_none() && !canary.cookie.is_empty() {
        choice = request.cookie(&canary.cookie).and_then(always_or_never);
    }
    if choice.is_none() {
        choice = match canary.weight {
            weight if weight <= 0 => Some(false),
            weight if weight >= canary.weight_total => Some(true),
            _ => None,
        };
    }
    match choice {
        Some(true) => {
            route.canary = Some(canary);
            route.backend = Some(&canary.backend);
        }
        Some(false) => {}
        None => {
            route.canary = Some(canary);
            let share = format!("{} of {} requests go to the canary", canary.weight, canary.weight_total);
            route.notes.push(share);
        }
    }
}

fn always_or_never(value: &str) -> Option<bool> {
    match value {
        "always" => Some(true),
        "never" => Some(false),
        _ => None,
    }
}

/// Puts nginx's variables into a URL; one that is not known stays as written.
fn expand(url: &str, request: &Request<'_>, path: &str) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let behind = after.get(1..).unwrap_or_default();
        let inside = behind.strip_prefix('{').and_then(|braced| braced.split_once('}')).map(|(name, _)| name);
        let bare =
            || behind.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(behind.len());
        let (name, length) = match inside {
            Some(name) => (name, name.len() + 3),
            None => (behind.get(..bare()).unwrap_or_default(), bare() + 1),
        };
        match variable(name, request, path) {
            Some(value) => out.push_str(&value),
            None => out.push_str(after.get(..length).unwrap_or("$")),
        }
        rest = after.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn variable(name: &str, request: &Request<'_>, path: &str) -> Option<String> {
    Some(match name {
        "request_uri" => request.target(),
        "uri" | "document_uri" => path.to_owned(),
        "host" => request.host_name().to_ascii_lowercase(),
        "http_host" | "best_http_host" => request.host.to_owned(),
        "scheme" | "pass_access_scheme" => (if request.secure { "https" } else { "http" }).to_owned(),
        "args" | "query_string" => request.query.unwrap_or_default().to_owned(),
        "is_args" => (if request.query.is_some() { "?" } else { "" }).to_owned(),
        "request_method" => request.method.to_owned(),
        _ => return None,
    })
}
