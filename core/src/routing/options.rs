//! What annotations add to a rule: rewrites, redirects, limits, canaries.

use super::backend::Backend;
use super::pattern::Pattern;
use super::table::Origin;
use crate::api::resource::ObjectKey;
use ipnet::IpNet;
use std::borrow::Cow;

/// What the annotations of an Ingress add to one of its rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteOptions {
    /// The path that the backend gets instead.
    pub rewrite: Option<Rewrite>,
    /// Where every request is sent instead: HTTP code and URL, which may name variables.
    pub redirect: Option<(u16, String)>,
    /// Plain requests are sent to `https` where the host has a certificate.
    pub ssl_redirect: bool,
    /// Plain requests are sent to `https` always.
    pub force_ssl_redirect: bool,
    /// A slash at the end survives the redirect to `https`.
    pub preserve_trailing_slash: bool,
    /// The clients that are let in; empty: all.
    pub allow: Vec<IpNet>,
    /// The clients that are not.
    pub deny: Vec<IpNet>,
    /// Why the rule answers 503 to everyone.
    pub denied: Option<String>,
    /// What the backend speaks, where that is not plain HTTP.
    pub backend_protocol: Option<String>,
    /// The Service asked when the backend has no endpoints.
    pub fallback: Option<ObjectKey>,
    /// Another backend for a part of the requests.
    pub canary: Option<Canary>,
    /// Annotations that may change the answer and are not considered.
    pub ignored_annotations: Vec<String>,
}

impl RouteOptions {
    /// Whether nothing is added but, where the host has a certificate, the redirect of plain requests to `https`.
    pub(crate) fn is_plain(&self) -> bool {
        self.rewrite.is_none()
            && self.redirect.is_none()
            && !self.force_ssl_redirect
            && self.allow.is_empty()
            && self.deny.is_empty()
            && self.denied.is_none()
            && self.canary.is_none()
    }
}

/// The path that a backend gets instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What is looked for in the path, and as written.
    pub pattern: Pattern,
    /// The pattern as written.
    pub source: String,
    /// What the whole path becomes; `$1` to `$9` are the pattern's groups.
    pub target: String,
}

impl Rewrite {
    /// The new path and query, as nginx's `rewrite` makes it: the whole path becomes the target, the query is appended
    /// unless the target ends with `?`; `None` where the pattern is not found.
    pub fn apply(&self, path: &str, query: Option<&str>) -> Option<String> {
        let mut out = self.fill(path, &self.target, Cow::Borrowed)?;
        if let Some(bare) = out.strip_suffix('?') {
            return Some(bare.to_owned());
        }
        if let Some(query) = query {
            out.push(if out.contains('?') { '&' } else { '?' });
            out.push_str(query);
        }
        Some(out)
    }

    /// A target with the pattern's groups in it, each of them changed; `None` where the pattern is not found.
    pub(crate) fn fill<'p>(&self, path: &'p str, target: &str, change: fn(&'p str) -> Cow<'p, str>) -> Option<String> {
        let captures = self.pattern.find(path)?;
        let mut out = String::new();
        let mut rest = target;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            let behind = after.get(1..).unwrap_or_default();
            match behind.bytes().next().filter(u8::is_ascii_digit) {
                Some(digit) => {
                    out.push_str(&change(captures.text(usize::from(digit - b'0'), path)));
                    rest = behind.get(1..).unwrap_or_default();
                }
                None => {
                    out.push('$');
                    rest = behind;
                }
            }
        }
        out.push_str(rest);
        Some(out)
    }
}

/// Another backend for a part of the requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canary {
    /// Where it stands.
    pub origin: Origin,
    /// Where its requests go.
    pub backend: Backend,
    /// The header that decides.
    pub header: String,
    /// The value that chooses it; empty: `always` does, and `never` does not.
    pub header_value: String,
    /// The expression whose match chooses it.
    pub header_pattern: Option<Pattern>,
    /// That expression as written.
    pub header_source: String,
    /// The cookie that decides with `always` and `never`.
    pub cookie: String,
    /// How many of `weight_total` requests it gets when neither decides.
    pub weight: i64,
    /// 100 or more.
    pub weight_total: i64,
}

/// What the annotations of the Ingresses of a host add to the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostOptions {
    /// Where a request for `/` is sent.
    pub app_root: Option<String>,
    /// The host that every request is sent to.
    pub redirect_to: Option<String>,
    /// Whether a certificate is configured.
    pub certificate: bool,
    /// The host whose rules these are, where this is another name of it.
    pub alias_of: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewrite_replaces_the_whole_path() {
        let rewrite = |pattern: &str, target: &str| Rewrite {
            pattern: Pattern::new(pattern, true).unwrap(),
            source: pattern.to_owned(),
            target: target.to_owned(),
        };
        let something = rewrite("/something(/|$)(.*)", "/$2");
        assert_eq!(something.apply("/something/new", None).as_deref(), Some("/new"));
        assert_eq!(something.apply("/Something", Some("x=1")).as_deref(), Some("/?x=1"));
        assert_eq!(rewrite("/foo", "/").apply("/foo/bar", None).as_deref(), Some("/"));
        assert_eq!(rewrite("/foo", "/x?").apply("/foo", Some("q")).as_deref(), Some("/x"));
        assert_eq!(rewrite("/foo", "/x?a=1").apply("/foo", Some("q")).as_deref(), Some("/x?a=1&q"));
        assert_eq!(rewrite("/foo", "/").apply("/bar", None), None);
    }
}
