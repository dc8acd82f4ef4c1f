//! Annotations of ingress-nginx that do not do what they look like.

use super::{Report, rule};
use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::spelling::{distance, nearest};

rule! {
    /// Finds annotations that begin like those of ingress-nginx and are none.
    ///
    /// A misspelt annotation is silently nothing. One that is not near to any that is known is only worth knowing: other versions
    /// may read it.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/proxy-body-siez: "8m"
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/proxy-body-size: "8m"
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    UNKNOWN = "ING011", "annotation-unknown", Warning, unknown
}

rule! {
    /// Finds annotations of ingress-nginx that another one overrides, or that do nothing without another one.
    ///
    /// A redirect that is forced whatever `ssl-redirect` says, canary settings without `canary: "true"`, a rewrite that names a
    /// group which no path has, settings of CORS, of a session cookie or of client certificates that nothing turns on.
    ///
    /// ## Wrong
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/ssl-redirect: "false"
    ///     nginx.ingress.kubernetes.io/force-ssl-redirect: "true"
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    /// ## Right
    /// ```yaml
    /// apiVersion: networking.k8s.io/v1
    /// kind: Ingress
    /// metadata:
    ///   name: web
    ///   annotations:
    ///     nginx.ingress.kubernetes.io/force-ssl-redirect: "true"
    /// spec:
    ///   rules:
    ///     - host: a.example.com
    ///       http:
    ///         paths:
    ///           - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: web}
    /// spec:
    ///   selector: {app: web}
    ///   ports: [{port: 80, targetPort: 8080}]
    /// ---
    /// apiVersion: v1
    /// kind: Pod
    /// metadata: {name: web, labels: {app: web}}
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example.com/web:1
    ///       ports:
    ///         - containerPort: 8080
    /// ```
    WITHOUT_EFFECT = "ING012", "annotation-without-effect", Warning, without_effect
}

/// What every annotation's name begins with.
const PREFIX: &str = "nginx.ingress.kubernetes.io/";

/// Every annotation that ingress-nginx reads (`internal/ingress/annotations`, controller v1.14).
const KNOWN: &str = "affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-always-set-cookie auth- \
     cache-duration auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars auth-keepalive- \
     timeout auth-method auth-proxy-set-headers auth-realm auth-request-redirect auth-response-headers auth-secret \
     auth-secret-type auth-signin auth-signin-redirect-param auth-snippet auth-tls-error-page auth-tls-match-cn \
     auth-tls-pass-certificate-to-upstream auth-tls-secret auth-tls-verify-client auth-tls-verify-depth auth-type \
     auth-url backend-protocol canary canary-by-cookie canary-by-header canary-by-header-pattern canary-by-header- \
     value canary-weight canary-weight-total client-body-buffer-size configuration-snippet connection-proxy-header \
     cors-allow-credentials cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max- \
     age custom-headers custom-http-errors default-backend denylist-source-range disable-proxy-intercept-errors \
     enable-access-log enable-cors enable-global-auth enable-modsecurity enable-opentelemetry enable-owasp-core- \
     rules enable-rewrite-log fastcgi-index fastcgi-params-configmap force-ssl-redirect from-to-www-redirect \
     http2-push-preload limit-allowlist limit-burst-multiplier limit-connections limit-rate limit-rate-after limit- \
     rpm limit-rps limit-whitelist load-balance mirror-host mirror-request-body mirror-target modsecurity-snippet \
     modsecurity-transaction-id opentelemetry-operation-name opentelemetry-trust-incoming-span permanent-redirect \
     permanent-redirect-code preserve-trailing-slash proxy-body-size proxy-buffer-size proxy-buffering proxy- \
     buffers-number proxy-busy-buffers-size proxy-connect-timeout proxy-cookie-domain proxy-cookie-path proxy-http- \
     version proxy-max-temp-file-size proxy-next-upstream proxy-next-upstream-timeout proxy-next-upstream-tries \
     proxy-read-timeout proxy-redirect-from proxy-redirect-to proxy-request-buffering proxy-send-timeout proxy-ssl- \
     ciphers proxy-ssl-name proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl- \
     verify-depth relative-redirects rewrite-target satisfy server-alias server-snippet service-upstream session- \
     cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain session-cookie-expires \
     session-cookie-max-age session-cookie-name session-cookie-path session-cookie-samesite session-cookie-secure \
     ssl-ciphers ssl-passthrough ssl-prefer-server-ciphers ssl-redirect stream-snippet temporal-redirect temporal- \
     redirect-code upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size upstream-vhost use-port- \
     in-redirects use-regex whitelist-source-range x-forwarded-prefix";

/// Annotations that older versions read.
const GONE: &str = "add-base-url base-url-scheme enable-influxdb enable-opentracing global-rate-limit grpc-backend \
     influxdb-host influxdb-measurement influxdb-port influxdb-server-name global-rate-limit-ignored-cidrs \
     global-rate-limit-key global-rate-limit-window lua-resty-waf opentracing-operation-name \
     opentracing-trust-incoming-span secure-backends secure-verify-ca-secret session-cookie-hash upstream-fail-timeout \
     upstream-max-fails";

/// Annotations whose value is a boolean.
const BOOLEANS: &str = "auth-always-set-cookie auth-keepalive-share-vars auth-tls-pass-certificate-to-upstream canary \
     cors-allow-credentials disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth \
     enable-modsecurity enable-opentelemetry enable-owasp-core-rules enable-rewrite-log force-ssl-redirect \
     from-to-www-redirect http2-push-preload opentelemetry-trust-incoming-span preserve-trailing-slash \
     relative-redirects service-upstream session-cookie-change-on-failure session-cookie-conditional-samesite-none \
     session-cookie-secure ssl-passthrough ssl-prefer-server-ciphers ssl-redirect upstream-hash-by-subset \
     use-port-in-redirects use-regex";

fn is_in(list: &str, name: &str) -> bool {
    list.split(' ').any(|known| known == name)
}

/// Every annotation of ingress-nginx, its name without what all begin with.
fn annotations(ingress: &Ingress) -> impl Iterator<Item = (&str, &str)> {
    ingress.metadata.annotations.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value.trim())))
}

fn field(name: &str) -> String {
    format!("metadata.annotations[{PREFIX}{name}]")
}

fn unknown(engine: &Engine, report: &mut Report<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        for (name, _) in annotations(ingress).filter(|(name, _)| !is_in(KNOWN, name)) {
            let meant = nearest(name, &mut KNOWN.split(' ')).filter(|known| distance(name, known) <= 2);
            let (severity, help) = match meant {
                Some(meant) => (Severity::Warning, format!("write {PREFIX}{meant}")),
                None => (Severity::Info, "take it away, or see whether your version reads it".to_owned()),
            };
            let message = match (meant, is_in(GONE, name)) {
                (_, true) => format!("ingress-nginx no longer reads {name}"),
                _ => format!("ingress-nginx has no annotation {name}"),
            };
            report.at(Kind::Ingress, key, &field(name), message, help).weighing(severity).mend(
                Kind::Ingress,
                key,
                &|edit| {
                    let new = format!("{PREFIX}{}", meant?);
                    let is_there = ingress.metadata.annotations.contains_key(&new);
                    Some(vec![edit.rename(&field(name), &new).filter(|_| !is_there)?])
                },
            );
        }
    }
}

/// What is said of an annotation, and what to do with it.
enum Fault {
    /// Nobody would miss it.
    Idle(String),
    /// Somebody has to decide.
    Doubtful(String, &'static str),
    /// It should have that value.
    Value(String, &'static str),
}

fn without_effect(engine: &Engine, report: &mut Report<'_>) {
    for (key, ingress) in engine.cluster().ingresses.iter() {
        let mut faults: Vec<(&str, Fault)> = Vec::new();
        if annotations(ingress).next().is_some() {
            redirects(ingress, &mut faults);
            canaries(ingress, &mut faults);
            dependents(ingress, &mut faults);
            booleans(ingress, &mut faults);
            groups(ingress, &mut faults);
        }
        for (name, fault) in faults {
            tell(key, name, &fault, report);
        }
    }
}

fn tell(key: &ObjectKey, name: &str, fault: &Fault, report: &mut Report<'_>) {
    let field = field(name);
    let (message, help) = match fault {
        Fault::Idle(message) => (message, "take it away".to_owned()),
        Fault::Doubtful(message, help) => (message, (*help).to_owned()),
        Fault::Value(message, value) => (message, format!("write \"{value}\"")),
    };
    report.at(Kind::Ingress, key, &field, message.as_str(), help).mend(Kind::Ingress, key, &|edit| match fault {
        Fault::Idle(_) => Some(vec![edit.remove(&field)?]),
        Fault::Value(_, value) => Some(vec![edit.replace(&field, Scalar::Text(value))?]),
        Fault::Doubtful(..) => None,
    });
}

fn value<'i>(ingress: &'i Ingress, name: &str) -> Option<&'i str> {
    annotations(ingress).find(|(known, _)| *known == name).map(|(_, value)| value).filter(|value| !value.is_empty())
}

/// Go's `strconv.ParseBool`.
fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn is(ingress: &Ingress, name: &str, wanted: bool) -> bool {
    value(ingress, name).and_then(boolean) == Some(wanted)
}

fn redirects(ingress: &Ingress, faults: &mut Vec<(&str, Fault)>) {
    if is(ingress, "ssl-redirect", false) && is(ingress, "force-ssl-redirect", true) {
        let message = "force-ssl-redirect sends every plain request to https all the same";
        faults.push(("ssl-redirect", Fault::Idle(message.to_owned())));
    }
    if value(ingress, "temporal-redirect").is_some() && value(ingress, "permanent-redirect").is_some() {
        let message = "temporal-redirect goes before it";
        faults.push(("permanent-redirect", Fault::Doubtful(message.to_owned(), "keep one of the two")));
    }
}

fn canaries<'i>(ingress: &'i Ingress, faults: &mut Vec<(&'i str, Fault)>) {
    const CHOICES: [&str; 3] = ["canary-weight", "canary-by-header", "canary-by-cookie"];
    let settings = || annotations(ingress).map(|(name, _)| name).filter(|name| name.starts_with("canary-"));
    if !is(ingress, "canary", true) {
        if let Some(first) = settings().next() {
            let message = "nothing is a canary here: canary is not \"true\"".to_owned();
            let help = "set canary to \"true\", or take the settings away";
            faults.push((first, Fault::Doubtful(message, help)));
        }
        return;
    }
    if !CHOICES.iter().any(|name| value(ingress, name).is_some()) {
        let message = "no request is sent to the canary: it has no weight, header or cookie".to_owned();
        faults.push(("canary", Fault::Doubtful(message, "set canary-weight, canary-by-header or canary-by-cookie")));
        return;
    }
    for name in ["canary-by-header-value", "canary-by-header-pattern"] {
        if value(ingress, name).is_some() && value(ingress, "canary-by-header").is_none() {
            let message = "it means nothing without canary-by-header".to_owned();
            faults.push((name, Fault::Doubtful(message, "name the header in canary-by-header")));
        }
    }
    let both = ["canary-by-header-value", "canary-by-header-pattern"].iter().all(|name| value(ingress, name).is_some());
    if both && value(ingress, "canary-by-header").is_some() {
        let message = "canary-by-header-value is set, and decides alone".to_owned();
        faults.push(("canary-by-header-pattern", Fault::Idle(message)));
    }
}

/// Settings that are read only where another annotation turns them on.
fn dependents<'i>(ingress: &'i Ingress, faults: &mut Vec<(&'i str, Fault)>) {
    let cors = is(ingress, "enable-cors", true);
    let has = |name: &str| value(ingress, name).is_some();
    let families = [
        ("cors-", cors, "CORS is off: enable-cors is not \"true\"", "set enable-cors to \"true\""),
        (
            "session-cookie-",
            value(ingress, "affinity") == Some("cookie"),
            "no cookie is set: affinity is not \"cookie\"",
            "set affinity to \"cookie\"",
        ),
        (
            "auth-tls-",
            has("auth-tls-secret"),
            "client certificates are not asked for: auth-tls-secret is missing",
            "name the Secret with the authorities in auth-tls-secret",
        ),
        (
            "proxy-ssl-",
            has("proxy-ssl-secret"),
            "ingress-nginx reads none of proxy-ssl-* without proxy-ssl-secret",
            "name a Secret in proxy-ssl-secret",
        ),
    ];
    // A canary takes these from its main Ingress.
    let is_canary = is(ingress, "canary", true);
    for (prefix, is_on, message, help) in families {
        let first = annotations(ingress).map(|(name, _)| name).find(|name| name.starts_with(prefix));
        if let Some(first) = first.filter(|_| !is_on && !is_canary) {
            faults.push((first, Fault::Doubtful(message.to_owned(), help)));
        }
    }
    if has("auth-type") && !has("auth-secret") {
        let message = "every request is answered with 503: auth-secret is missing".to_owned();
        faults.push(("auth-type", Fault::Doubtful(message, "name the Secret with the users in auth-secret")));
    }
}

fn booleans<'i>(ingress: &'i Ingress, faults: &mut Vec<(&'i str, Fault)>) {
    for (name, value) in annotations(ingress).filter(|(name, _)| is_in(BOOLEANS, name)) {
        if boolean(value).is_none() {
            let message = format!("{value} is neither true nor false, and counts for nothing");
            faults.push((
                name,
                match value.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "enabled" => Fault::Value(message, "true"),
                    "no" | "off" | "disabled" => Fault::Value(message, "false"),
                    _ => Fault::Doubtful(message, "write \"true\" or \"false\""),
                },
            ));
        }
    }
}

/// A rewrite to groups that no path has.
fn groups(ingress: &Ingress, faults: &mut Vec<(&str, Fault)>) {
    let Some(target) = value(ingress, "rewrite-target") else { return };
    let named = target.match_indices('$').filter_map(|(at, _)| target.get(at + 1..)?.chars().next()?.to_digit(10));
    let Some(most) = named.max().filter(|most| *most > 0) else { return };
    let paths = ingress.spec.rules.iter().flatten().filter_map(|rule| rule.http.as_ref()?.paths.as_ref()).flatten();
    let mut lacking = paths.filter(|path| count_groups(&path.path) < most);
    if let Some(path) = lacking.next() {
        let path = if path.path.is_empty() { "/" } else { &path.path };
        let message = format!("the path {path} has no group {most}: ${most} is nothing there");
        faults.push(("rewrite-target", Fault::Doubtful(message, "write the path as an expression with that group")));
    }
}

/// How many groups of an expression are numbered.
fn count_groups(expression: &str) -> u32 {
    let mut count = 0;
    let mut rest = expression.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => drop(rest.next()),
            '(' if rest.peek() != Some(&'?') => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::load::{File, Taking, load};

    /// The annotations found without effect, and how many of them can be mended.
    fn found(path: &str, annotations: &[(&str, &str)]) -> (Vec<String>, usize) {
        let lines: String = annotations
            .iter()
            .map(|(name, value)| format!("    nginx.ingress.kubernetes.io/{name}: \"{value}\"\n"))
            .collect();
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n{lines}spec:\n  rules:\n  - host: a.example.com\n    http: {{paths: [{{path: '{path}', pathType: ImplementationSpecific, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        );
        let loaded = load(&[File { name: "a.yaml".into(), text: text.into() }], Options::default(), Taking::Admitted);
        let found: Vec<_> = loaded.check().into_iter().filter(|finding| finding.code == "ING012").collect();
        let name = |field: &str| field.rsplit_once('/').unwrap().1.trim_end_matches(']').to_owned();
        let fixes = found.iter().filter(|finding| !finding.fix.is_empty()).count();
        (found.into_iter().map(|finding| name(&finding.place.field)).collect(), fixes)
    }

    #[test]
    fn what_contradicts_itself_is_found() {
        assert_eq!(found("/", &[("canary-weight", "10")]), (vec!["canary-weight".to_owned()], 0));
        assert_eq!(found("/", &[("canary", "true"), ("canary-weight", "10")]).0, Vec::<String>::new());
        assert_eq!(found("/", &[("canary", "true")]).0, ["canary"]);
        assert_eq!(found("/a", &[("rewrite-target", "/$2")]).0, ["rewrite-target"]);
        assert_eq!(found("/a(/|$)(.*)", &[("rewrite-target", "/$2")]).0, Vec::<String>::new());
        assert_eq!(found("/a\\(/(?:x)(.*)", &[("rewrite-target", "/$2")]).0, ["rewrite-target"]);
        assert_eq!(found("/", &[("use-regex", "yes")]), (vec!["use-regex".to_owned()], 1));
        assert_eq!(found("/", &[("cors-allow-origin", "*"), ("cors-max-age", "1")]).0, ["cors-allow-origin"]);
        assert_eq!(found("/", &[("cors-allow-origin", "*"), ("enable-cors", "true")]).0, Vec::<String>::new());
    }
}
