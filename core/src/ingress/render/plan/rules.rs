//! The rules of one host, in the order in which they are tried.

use super::super::super::Backend;
use super::super::super::Controller;
use super::super::super::conduct::{Canary, Conduct};
use super::super::super::matching::{MatchHost, MatchPath};
use super::super::super::regions::regions;
use super::super::super::table::{Entry, Host, RouteTable};
use super::super::Proxy;
use super::{Action, Clients, Elsewhere, Part, Piece, Rule, Takes, Value, Variable};

/// What the rules are laid out from.
pub(super) struct Layout<'p> {
    pub(super) table: &'p RouteTable,
    /// The backends, in the plan's order.
    pub(super) known: &'p [&'p Backend],
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
        if let Some(to) = &host.server.redirect_to {
            let to = Elsewhere { code: 308, scheme: None, host: Some(to.clone()), path: None };
            return vec![plain(every(), Action::Redirect(to))];
        }
        let mut rules = Vec::new();
        if let Some(root) = &host.server.app_root {
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
                rules.push(match slash(host, &region.example, entry) {
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
        let plain = Conduct::default();
        let conduct = entry.conduct.as_deref().unwrap_or(&plain);
        if let Some(action) = self.elsewhere(host, entry, conduct) {
            return Rule { takes, clients: None, action };
        }
        let limited = !conduct.allow.is_empty() || !conduct.deny.is_empty();
        let clients = limited.then(|| Clients { allow: conduct.allow.clone(), deny: conduct.deny.clone() });
        if conduct.backend_protocol.is_some() {
            self.left_out(entry, "a backend protocol");
        }
        let action = match self.place(&entry.backend) {
            Some(backend) => {
                let rewrite = conduct.rewrite.as_ref().map(|rewrite| (rewrite.source.clone(), rewrite.target.clone()));
                let canary = conduct.canary.as_ref().and_then(|canary| self.part(canary));
                Action::Forward { backend, rewrite, canary }
            }
            None => Action::Respond(404),
        };
        Rule { takes, clients, action }
    }

    /// What is answered before anybody asks for a backend.
    fn elsewhere(&mut self, host: Option<&Host>, entry: &Entry, conduct: &Conduct) -> Option<Action> {
        if conduct.denied.is_some() {
            return Some(Action::Respond(503));
        }
        if let Some((code, url)) = &conduct.redirect {
            match pieces(url) {
                Some(pieces) if self.can_say(&pieces) => return Some(send(*code, url, pieces)),
                _ => self.left_out(entry, "a redirect to a URL with variables that are not known there"),
            }
        }
        let target = conduct.rewrite.as_ref().map(|rewrite| rewrite.target.as_str()).unwrap_or_default();
        if ["http://", "https://", "$scheme"].iter().any(|start| target.starts_with(start))
            && self.proxy != Proxy::Nginx
        {
            self.left_out(entry, "a rewrite to a whole URL");
            return Some(Action::Respond(503));
        }
        let has_certificate = host.is_some_and(|host| host.matches != MatchHost::Any && host.server.certificate);
        let upgrades = conduct.force_ssl_redirect || (conduct.ssl_redirect && has_certificate);
        if upgrades && !self.secure {
            let code = if self.table.controller() == Controller::Contour { 301 } else { 308 };
            let scheme = Some("https".to_owned());
            return Some(Action::Redirect(Elsewhere { code, scheme, host: None, path: None }));
        }
        None
    }

    fn left_out(&mut self, entry: &Entry, what: &str) {
        let report = format!("{} {}: {what} is not rendered", entry.origin.ingress, entry.origin.field());
        if !self.reports.contains(&report) {
            self.reports.push(report);
        }
    }

    fn place(&self, backend: &Backend) -> Option<usize> {
        self.known.iter().position(|known| *known == backend)
    }

    fn part(&self, canary: &Canary) -> Option<Part> {
        let value = if !canary.header_value.is_empty() {
            Value::Exact(canary.header_value.clone())
        } else if canary.header_pattern.is_some() {
            Value::Regex(canary.header_source.clone())
        } else {
            Value::Always
        };
        Some(Part {
            backend: self.place(&canary.backend)?,
            header: (!canary.header.is_empty()).then(|| (canary.header.clone(), value)),
            cookie: (!canary.cookie.is_empty()).then(|| canary.cookie.clone()),
            weight: canary.weight.clamp(0, canary.weight_total),
            total: canary.weight_total,
        })
    }

    /// Whether the proxy has words for the variables.
    fn can_say(&self, pieces: &[Piece]) -> bool {
        let is_known = |piece: &Piece| match piece {
            Piece::Variable(Variable::Args | Variable::IsArgs) => self.proxy != Proxy::Envoy,
            _ => true,
        };
        pieces.iter().all(is_known)
    }
}

/// nginx's redirect of a path that lacks the slash of its location.
fn slash(host: &Host, path: &str, entry: Option<&Entry>) -> Option<Elsewhere> {
    let is_nginx = host.entries().iter().any(|entry| entry.conduct.is_some());
    if !is_nginx || path.ends_with('/') || entry.is_some_and(|entry| entry.rank.exact) {
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
