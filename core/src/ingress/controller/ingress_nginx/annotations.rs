//! The annotations of ingress-nginx that have a part in where a request goes
//! (`internal/ingress/annotations/*` of k8s.io/ingress-nginx, controller v1.11).

use crate::api::ingress::Ingress;
use crate::api::resource::ObjectKey;
use crate::ingress::lowering::{note, origin_of};
use crate::routing::Backend;
use crate::routing::options::{Canary, RouteOptions};
use crate::routing::pattern::Pattern;
use crate::routing::table::TableNote;
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

/// What every annotation's name begins with.
const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// The annotation that gives a server more names.
pub(super) const SERVER_ALIAS: &str = "nginx.ingress.kubernetes.io/server-alias";

/// Annotations that this room acts on.
const CONSIDERED: &[&str] = &[
    "allowlist-source-range",
    "app-root",
    "backend-protocol",
    "canary",
    "canary-by-cookie",
    "canary-by-header",
    "canary-by-header-pattern",
    "canary-by-header-value",
    "canary-weight",
    "canary-weight-total",
    "default-backend",
    "denylist-source-range",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "permanent-redirect",
    "permanent-redirect-code",
    "preserve-trailing-slash",
    "rewrite-target",
    "server-alias",
    "ssl-redirect",
    "temporal-redirect",
    "temporal-redirect-code",
    "use-regex",
    "whitelist-source-range",
];

/// Annotations that change how a request is served, and not where it goes.
const HARMLESS: &[&str] = &[
    "affinity",
    "affinity-canary-behavior",
    "affinity-mode",
    "client-body-buffer-size",
    "connection-proxy-header",
    "custom-headers",
    "enable-access-log",
    "enable-opentelemetry",
    "enable-rewrite-log",
    "http2-push-preload",
    "load-balance",
    "opentelemetry-operation-name",
    "opentelemetry-trust-incoming-span",
    "service-upstream",
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "session-cookie-domain",
    "session-cookie-expires",
    "session-cookie-hash",
    "session-cookie-max-age",
    "session-cookie-name",
    "session-cookie-path",
    "session-cookie-samesite",
    "session-cookie-secure",
    "ssl-ciphers",
    "ssl-prefer-server-ciphers",
    "upstream-hash-by",
    "upstream-hash-by-subset",
    "upstream-hash-by-subset-size",
    "upstream-vhost",
    "x-forwarded-prefix",
];

/// Families of such annotations, by what their names begin with.
const HARMLESS_FAMILIES: &[&str] = &["cors-", "enable-cors", "fastcgi-", "limit-rate", "proxy-"];

/// Annotations that ingress-nginx knows and whose effect on a request is not considered.
const UNCONSIDERED_FAMILIES: &[&str] = &[
    "auth-",
    "configuration-snippet",
    "custom-http-errors",
    "disable-proxy-intercept-errors",
    "enable-global-auth",
    "enable-modsecurity",
    "enable-owasp-core-rules",
    "global-rate-limit",
    "limit-",
    "mirror-",
    "modsecurity-",
    "satisfy",
    "server-snippet",
    "ssl-passthrough",
    "stream-snippet",
    "use-port-in-redirects",
];

/// The annotations of one Ingress, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Annotations {
    pub(super) rewrite_target: String,
    pub(super) use_regex: bool,
    pub(super) app_root: Option<String>,
    pub(super) from_to_www: bool,
    pub(super) aliases: Vec<String>,
    /// The canary's policy; its origin and backend are filled in rule by rule.
    pub(super) canary: Option<Canary>,
    /// What holds for every rule; rewrite and canary come rule by rule.
    pub(super) options: Arc<RouteOptions>,
}

/// Reads the annotations; what is wrong with them is reported.
pub(super) fn read(ingress: &Ingress, key: &ObjectKey, reports: &mut Vec<TableNote>) -> Annotations {
    let reader = Reader { ingress };
    let mut wrong = |name: &str, message: String| {
        let field = format!("metadata.annotations[{PREFIX}{name}]");
        reports.push(note("InvalidAnnotation", key, field, message));
    };
    let mut all = Annotations {
        rewrite_target: reader.text("rewrite-target").unwrap_or_default().to_owned(),
        use_regex: reader.flag("use-regex", false),
        app_root: reader.text("app-root").filter(|root| root.starts_with('/')).map(str::to_owned),
        aliases: reader.list("server-alias").map(alias).collect(),
        ..Annotations::default()
    };
    if reader.text("app-root").is_some() && all.app_root.is_none() {
        wrong("app-root", "the annotation only allows absolute paths, and is ignored".to_owned());
    }
    let redirect = redirect(&reader, &mut wrong).unwrap_or_default();
    all.from_to_www = redirect.from_to_www;
    let mut options = RouteOptions {
        redirect: redirect.to,
        ssl_redirect: reader.flag("ssl-redirect", true),
        force_ssl_redirect: reader.flag("force-ssl-redirect", false),
        preserve_trailing_slash: reader.flag("preserve-trailing-slash", false),
        backend_protocol: reader
            .text("backend-protocol")
            .map(str::to_ascii_uppercase)
            .filter(|protocol| matches!(protocol.as_str(), "HTTPS" | "AUTO_HTTP" | "GRPC" | "GRPCS" | "FCGI")),
        fallback: reader.text("default-backend").map(|name| ObjectKey::new(key.namespace.as_str(), name)),
        ..RouteOptions::default()
    };
    let allowed = if reader.raw("allowlist-source-range").is_some() {
        "allowlist-source-range"
    } else {
        "whitelist-source-range"
    };
    for name in [allowed, "denylist-source-range"] {
        let Some(written) = reader.raw(name) else { continue };
        // One part that is none, be it an empty one, makes all of them none.
        let ranges: Option<Vec<IpNet>> = written.split(',').map(|part| range(part.trim())).collect();
        let Some(ranges) = ranges else {
            wrong(
                name,
                "not every part of the annotation is an IP address or a network, so nobody is let in".to_owned(),
            );
            let because = format!("the annotation {name} does not contain a valid IP address or network");
            options.denied.get_or_insert(because);
            continue;
        };
        if name == allowed {
            options.allow = ranges;
        } else {
            options.deny = ranges;
        }
    }
    all.canary = canary(&reader, key, &mut wrong);
    options.ignored_annotations = others(ingress, key, reports);
    all.options = Arc::new(options);
    all
}

/// A name in lower case; an expression as it stands.
fn alias(name: &str) -> String {
    if name.starts_with('~') { name.to_owned() } else { name.to_ascii_lowercase() }
}

/// The annotations that nothing is known of, or whose effect is not considered; both are reported.
fn others(ingress: &Ingress, key: &ObjectKey, reports: &mut Vec<TableNote>) -> Vec<String> {
    let mut found = Vec::new();
    for full in ingress.metadata.annotations.keys() {
        let Some(name) = full.strip_prefix(PREFIX) else { continue };
        let begins = |families: &[&str]| families.iter().any(|family| name.starts_with(family));
        if CONSIDERED.contains(&name) || HARMLESS.contains(&name) || begins(HARMLESS_FAMILIES) {
            continue;
        }
        let (reason, message) = if begins(UNCONSIDERED_FAMILIES) {
            ("UnconsideredAnnotation", "may change the answer, and is not considered")
        } else {
            (
                "UnknownAnnotation",
                "is no annotation that ingress-nginx is known to read; what it would do is not guessed",
            )
        };
        let field = format!("metadata.annotations[{full}]");
        reports.push(note(reason, key, field, format!("`{full}` {message}")));
        found.push(full.clone());
    }
    found
}

struct Reader<'i> {
    ingress: &'i Ingress,
}

impl<'i> Reader<'i> {
    /// The value as written.
    fn raw(&self, name: &str) -> Option<&'i str> {
        self.ingress.metadata.annotations.get(&format!("{PREFIX}{name}")).map(String::as_str)
    }

    /// The value without white space around it; none where it is empty.
    fn text(&self, name: &str) -> Option<&'i str> {
        Some(self.raw(name)?.trim()).filter(|value| !value.is_empty())
    }

    /// Go's `strconv.ParseBool`, which takes no white space; the default where it is none.
    fn flag(&self, name: &str, default: bool) -> bool {
        match self.raw(name) {
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => true,
            Some("0" | "f" | "F" | "FALSE" | "false" | "False") => false,
            _ => default,
        }
    }

    /// Go's `strconv.Atoi`, which takes no white space.
    fn number(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &'i str> + use<'i> {
        self.text(name).unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty())
    }
}

fn range(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Where requests are sent instead.
#[derive(Default)]
struct Elsewhere {
    /// HTTP code and URL.
    to: Option<(u16, String)>,
    from_to_www: bool,
}

/// `redirect.Parse`: a temporal redirect goes before a permanent one. One part that is wrong takes all of it away.
fn redirect(reader: &Reader<'_>, wrong: &mut impl FnMut(&str, String)) -> Option<Elsewhere> {
    let www = "from-to-www-redirect";
    let from_to_www = reader.flag(www, false);
    if reader.raw(www).is_some() && from_to_www != reader.flag(www, true) {
        wrong(www, "is neither true nor false, so no redirect is made".to_owned());
        return None;
    }
    let kinds = [
        ("temporal-redirect", "temporal-redirect-code", 302, 307),
        ("permanent-redirect", "permanent-redirect-code", 301, 308),
    ];
    for (name, code_name, default, last) in kinds {
        let Some(written) = reader.raw(name) else { continue };
        let url = written.trim();
        if url.is_empty() || (reader.raw(code_name).is_some() && reader.number(code_name).is_none()) {
            let name = if url.is_empty() { name } else { code_name };
            wrong(name, "has no value that is understood, so no redirect is made".to_owned());
            return None;
        }
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        if name == "temporal-redirect" && !scheme.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("http")) {
            wrong(name, format!("only http and https are valid protocols: `{url}`"));
            return None;
        }
        let code = reader.number(code_name).and_then(|code| u16::try_from(code).ok());
        let code = code.filter(|code| (300..=last).contains(code)).unwrap_or(default);
        return Some(Elsewhere { to: Some((code, url.to_owned())), from_to_www });
    }
    Some(Elsewhere { to: None, from_to_www })
}

fn canary(reader: &Reader<'_>, key: &ObjectKey, wrong: &mut impl FnMut(&str, String)) -> Option<Canary> {
    let text = |name: &str| reader.text(name).unwrap_or_default().to_owned();
    if !reader.flag("canary", false) {
        return None;
    }
    let header_pattern = reader.text("canary-by-header-pattern").and_then(|source| match Pattern::new(source, false) {
        Ok(pattern) => Some(pattern),
        Err(reason) => {
            wrong("canary-by-header-pattern", format!("the expression `{source}` is not understood: {reason}"));
            None
        }
    });
    Some(Canary {
        origin: origin_of(key, None, None),
        backend: Backend::Nothing,
        header: text("canary-by-header"),
        header_value: text("canary-by-header-value"),
        header_pattern,
        header_source: text("canary-by-header-pattern"),
        cookie: text("canary-by-cookie"),
        weight: reader.number("canary-weight").unwrap_or(0),
        weight_total: reader.number("canary-weight-total").filter(|total| *total > 100).unwrap_or(100),
    })
}
