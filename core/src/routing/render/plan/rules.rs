//! The rules of one host, in the order in which they are tried.

use super::super::super::Backend;
use super::super::super::matching::{MatchHost, MatchPath};
use super::super::super::options::{Canary, Rewrite, RouteOptions};
use super::super::super::regions::regions;
use super::super::super::table::{Entry, Host, RouteTable};
use super::super::Proxy;
use super::{
    Action, Clients, Elsewhere, Part, Piece, PlannedBackend, Protocol, Rewritten, Rule, Takes, Value, Variable,
};

/// What the rules are laid out from.
pub(super) struct Layout<'p> {
    pub(super) table: &'p RouteTable,
    /// The backends, in the plan's order.
    pub(super) known: &'p [&'p Backend],
    /// The plan's; behind the known ones stand those of them that something else than HTTP is spoken to.
    pub(super) backends: &'p mut Vec<PlannedBackend>,
    pub(super) proxy: Proxy,
    /// Whether the rules are for requests that came over TLS.
    pub(super) secure: bool,
    pub(super) reports: &'p mut Vec<String>,
}

impl Layout<'_> {
    /// The rules of a host; none: of all hosts that have no rules.
    pub(super) fn rules(&mut self, host: Option<&Host>) -> Vec<Rule> {
        let every = || Takes::Prefix("/".to_owned());
        let plain = |takes: Takes, action: Action| Rule { takes, clients: None, action };
        let default = self.table.default_entry();
        let Some(host) = host else { return vec![self.rule(None, default, every())] };
        if let Some(to) = &host.options.redirect_to {
            let to = Elsewhere { code: 308, scheme: None, host: Some(to.clone()), path: None };
            return vec![plain(every(), Action::Redirect(to))];
        }
        let mut rules = Vec::new();
        if let Some(root) = &host.options.app_root {
            let to = Elsewhere { code: 302, scheme: None, host: None, path: Some(root.clone()) };
            rules.push(plain(Takes::Exact("/".to_owned()), Action::Redirect(to)));
        }
        let is_regex = |entry: &Entry| matches!(entry.path, MatchPath::Regex { .. });
        if host.entries().iter().any(is_regex) {
            // Expressions cannot be cut into regions; their hosts have an order that a list can keep.
            for entry in host.entries().iter().filter(|entry| entry.shadowed_by.is_none()) {
                for takes in takes(&entry.path) {
                    rules.push(self.rule(Some(host), Some(entry), takes));
                }
            }
        } else {
            for region in regions(&[host]) {
                let entry = host.find(&region.example).or(default);
                let path = region.path.clone();
                let takes = if region.exact { Takes::Exact(path) } else { Takes::Prefix(path) };
                if rules.iter().any(|known: &Rule| known.takes == takes) {
                    continue;
                }
                let missing_slash = if self.table.controller().redirects_missing_slash {
                    slash(host, &region.example, entry)
                } else {
                    None
                };
                rules.push(match missing_slash {
                    Some(to) => plain(takes, Action::Redirect(to)),
                    None => self.rule(Some(host), entry, takes),
                });
            }
        }
        if !rules.iter().any(|rule| rule.takes == every()) {
            rules.push(self.rule(Some(host), default, every()));
        }
        rules
    }

    fn rule(&mut self, host: Option<&Host>, entry: Option<&Entry>, takes: Takes) -> Rule {
        let Some(entry) = entry else { return Rule { takes, clients: None, action: Action::Respond(404) } };
        let plain = RouteOptions::default();
        let options = entry.options.as_deref().unwrap_or(&plain);
        if let Some(action) = self.elsewhere(host, entry, options) {
            return Rule { takes, clients: None, action };
        }
        let limited = !options.allow.is_empty() || !options.deny.is_empty();
        let clients = limited.then(|| Clients { allow: options.allow.clone(), deny: options.deny.clone() });
        let protocol = self.protocol(entry, options);
        let action = match self.place(&entry.backend, protocol) {
            Some(backend) => {
                let rewrite = options.rewrite.as_ref().map(|rewrite| (rewrite.source.clone(), rewrite.target.clone()));
                let canary = options.canary.as_ref().and_then(|canary| self.part(canary, protocol));
                Action::Forward { backend, rewrite, canary }
            }
            None => Action::Respond(404),
        };
        Rule { takes, clients, action }
    }

    /// What is answered before anybody asks for a backend.
    fn elsewhere(&mut self, host: Option<&Host>, entry: &Entry, options: &RouteOptions) -> Option<Action> {
        if options.denied.is_some() {
            return Some(Action::Respond(503));
        }
        if let Some((code, url)) = &options.redirect {
            match pieces(url) {
                Some(pieces) => return Some(send(*code, url, pieces)),
                None => self.left_out(entry, "a redirect to a URL with variables that are not known there"),
            }
        }
        let target = options.rewrite.as_ref().map(|rewrite| rewrite.target.as_str()).unwrap_or_default();
        if ["http://", "https://", "$scheme"].iter().any(|start| target.starts_with(start)) {
            match options.rewrite.as_ref().and_then(rewritten) {
                Some(rewritten) => return Some(Action::SendRewritten(rewritten)),
                // It makes a redirect of it by itself.
                None if self.proxy == Proxy::Nginx => return None,
                None => {
                    self.left_out(entry, "a rewrite to a whole URL with variables other than the scheme and the host");
                    return Some(Action::Respond(503));
                }
            }
        }
        let has_certificate = host.is_some_and(|host| host.matches != MatchHost::Any && host.options.certificate);
        let upgrades = options.force_ssl_redirect || (options.ssl_redirect && has_certificate);
        if upgrades && !self.secure {
            let code = self.table.controller().https_redirect;
            let scheme = Some("https".to_owned());
            return Some(Action::Redirect(Elsewhere { code, scheme, host: None, path: None }));
        }
        None
    }

    fn left_out(&mut self, entry: &Entry, what: &str) {
        let report = format!("{} {}: {what} is not rendered", entry.origin.object, entry.origin.field());
        if !self.reports.contains(&report) {
            self.reports.push(report);
        }
    }

    fn protocol(&mut self, entry: &Entry, options: &RouteOptions) -> Protocol {
        match options.backend_protocol.as_deref() {
            Some("HTTPS") => Protocol::Https,
            Some("GRPC") => Protocol::Grpc,
            Some("GRPCS") => Protocol::Grpcs,
            // What the client speaks.
            Some("AUTO_HTTP") => {
                if self.secure {
                    Protocol::Https
                } else {
                    Protocol::Http
                }
            }
            Some(other) => {
                self.left_out(entry, &format!("the backend protocol {other}"));
                Protocol::Http
            }
            None => Protocol::Http,
        }
    }

    /// The place of the backend that this is spoken to.
    fn place(&mut self, backend: &Backend, protocol: Protocol) -> Option<usize> {
        let at = self.known.iter().position(|known| *known == backend)?;
        if protocol == Protocol::Http {
            return Some(at);
        }
        let plain = self.backends.get(at)?;
        let name = format!("{}-{}", plain.name, protocol.scheme());
        if let Some(at) = self.backends.iter().position(|known| known.name == name) {
            return Some(at);
        }
        let backend = PlannedBackend { name, protocol, addresses: plain.addresses.clone() };
        self.backends.push(backend);
        Some(self.backends.len() - 1)
    }

    fn part(&mut self, canary: &Canary, protocol: Protocol) -> Option<Part> {
        let value = if !canary.header_value.is_empty() {
            Value::Exact(canary.header_value.clone())
        } else if canary.header_pattern.is_some() {
            Value::Regex(canary.header_source.clone())
        } else {
            Value::Always
        };
        Some(Part {
            backend: self.place(&canary.backend, protocol)?,
            header: (!canary.header.is_empty()).then(|| (canary.header.clone(), value)),
            cookie: (!canary.cookie.is_empty()).then(|| canary.cookie.clone()),
            weight: canary.weight.clamp(0, canary.weight_total),
            total: canary.weight_total,
        })
    }
}

/// The redirect of a path that lacks the slash at the end of a rule, where no rule has the path itself.
fn slash(host: &Host, path: &str, entry: Option<&Entry>) -> Option<Elsewhere> {
    if path.ends_with('/') || entry.is_some_and(|entry| entry.rank.exact) {
        return None;
    }
    host.find_with_slash(path)?;
    Some(Elsewhere { code: 301, scheme: None, host: None, path: Some(format!("{path}/")) })
}

fn takes(path: &MatchPath) -> Vec<Takes> {
    match path {
        MatchPath::Exact(path) => vec![Takes::Exact(path.to_string())],
        MatchPath::Element(path) if path.is_empty() => vec![Takes::Prefix("/".to_owned())],
        MatchPath::Element(path) => vec![Takes::Exact(path.to_string()), Takes::Prefix(format!("{path}/"))],
        MatchPath::Text(path) => vec![Takes::Prefix(path.to_string())],
        MatchPath::Regex { source, ignore_case, full, .. } => {
            let source = source.strip_prefix('^').unwrap_or(source).to_owned();
            vec![Takes::Regex { source, ignore_case: *ignore_case, full: *full }]
        }
    }
}

/// A rewrite whose target is a whole URL; none where it names what a proxy has no place for.
fn rewritten(rewrite: &Rewrite) -> Option<Rewritten> {
    let (scheme, rest) = rewrite.target.split_once("://")?;
    let scheme = match scheme {
        "http" | "https" => Some(scheme.to_owned()),
        "$scheme" => None,
        _ => return None,
    };
    let (host, path) = rest.split_at(rest.find('/')?);
    let host = match host {
        "$host" | "$http_host" | "$best_http_host" => None,
        host if host.is_empty() || host.contains(['$', '?']) => return None,
        host => Some(host.to_owned()),
    };
    let (path, keeps_query) = path.strip_suffix('?').map_or((path, true), |path| (path, false));
    let is_group = |behind: &str| behind.starts_with(|letter: char| letter.is_ascii_digit());
    if path.contains(['?', '\\']) || !path.split('$').skip(1).all(is_group) {
        return None;
    }
    let (pattern, target) = (rewrite.source.clone(), rewrite.target.clone());
    Some(Rewritten { target, scheme, host, pattern, path: path.to_owned(), keeps_query })
}

/// A redirect to a URL: in the proxy's own words for one, where host and path are the URL's or the request's as a whole.
fn send(code: u16, url: &str, pieces: Vec<Piece>) -> Action {
    let whole = || {
        let (scheme, rest) = url.split_once("://")?;
        let (rest, keeps) = rest.strip_suffix("$request_uri").map_or((rest, false), |rest| (rest, true));
        let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if url.matches('$').count() > usize::from(keeps)
            || (keeps && !path.is_empty())
            || !matches!(scheme, "http" | "https")
        {
            return None;
        }
        let path = if path.is_empty() { "/" } else { path };
        let path = if keeps { None } else { Some(path.to_owned()) };
        let known = matches!(code, 301 | 302 | 303 | 307 | 308);
        known.then(|| Elsewhere { code, scheme: Some(scheme.to_owned()), host: Some(host.to_owned()), path })
    };
    whole().map_or_else(|| Action::Send(code, pieces), Action::Redirect)
}

/// A URL in pieces; none where it names a variable that is not known.
fn pieces(url: &str) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once('$') {
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        let (name, after) = match behind.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
            Some(braced) => braced,
            None => {
                let end = behind.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
                behind.split_at(end.unwrap_or(behind.len()))
            }
        };
        out.push(Piece::Variable(match name {
            "request_uri" => Variable::RequestUri,
            "uri" | "document_uri" => Variable::Uri,
            "host" => Variable::Host,
            "http_host" | "best_http_host" => Variable::HttpHost,
            "scheme" | "pass_access_scheme" => Variable::Scheme,
            "args" | "query_string" => Variable::Args,
            "is_args" => Variable::IsArgs,
            "request_method" => Variable::Method,
            _ => return None,
        }));
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    Some(out)
}
