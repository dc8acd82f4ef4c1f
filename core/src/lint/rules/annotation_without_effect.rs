//! ING012 `annotation-without-effect`: finds annotations of ingress-nginx that have no effect, because another
//! annotation overrides them or is missing.

use crate::api::ingress::Ingress;
use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::nginx_annotations::{annotations, field, is_in};
use crate::lint::report::Reporter;

/// Annotations whose value is a boolean.
const BOOLEANS: &str = "auth-always-set-cookie auth-keepalive-share-vars auth-tls-pass-certificate-to-upstream canary \
     cors-allow-credentials disable-proxy-intercept-errors enable-access-log enable-cors enable-global-auth \
     enable-modsecurity enable-opentelemetry enable-owasp-core-rules enable-rewrite-log force-ssl-redirect \
     from-to-www-redirect http2-push-preload opentelemetry-trust-incoming-span preserve-trailing-slash \
     relative-redirects service-upstream session-cookie-change-on-failure session-cookie-conditional-samesite-none \
     session-cookie-secure ssl-passthrough ssl-prefer-server-ciphers ssl-redirect upstream-hash-by-subset \
     use-port-in-redirects use-regex";

/// What is wrong with an annotation, and what to do about it.
enum Fault {
    /// It can be removed.
    Idle(String),
    /// The author must decide.
    Doubtful(String, &'static str),
    /// It should have that value.
    Value(String, &'static str),
}

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
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

fn tell(key: &ObjectKey, name: &str, fault: &Fault, report: &mut Reporter<'_>) {
    let field = field(name);
    let (message, help) = match fault {
        Fault::Idle(message) => (message, "remove it".to_owned()),
        Fault::Doubtful(message, help) => (message, (*help).to_owned()),
        Fault::Value(message, value) => (message, format!("write \"{value}\"")),
    };
    report.at(Kind::Ingress, key, &field, message.as_str(), help).fix(Kind::Ingress, key, &|edit| match fault {
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
        let message = "force-ssl-redirect redirects every HTTP request to HTTPS anyway";
        faults.push(("ssl-redirect", Fault::Idle(message.to_owned())));
    }
    if value(ingress, "temporal-redirect").is_some() && value(ingress, "permanent-redirect").is_some() {
        let message = "temporal-redirect takes precedence over it";
        faults.push(("permanent-redirect", Fault::Doubtful(message.to_owned(), "keep one of the two")));
    }
}

fn canaries<'i>(ingress: &'i Ingress, faults: &mut Vec<(&'i str, Fault)>) {
    const CHOICES: [&str; 3] = ["canary-weight", "canary-by-header", "canary-by-cookie"];
    let settings = || annotations(ingress).map(|(name, _)| name).filter(|name| name.starts_with("canary-"));
    if !is(ingress, "canary", true) {
        if let Some(first) = settings().next() {
            let message = "the Ingress is not a canary: the annotation canary is not \"true\"".to_owned();
            let help = "set canary to \"true\", or remove the canary annotations";
            faults.push((first, Fault::Doubtful(message, help)));
        }
        return;
    }
    if !CHOICES.iter().any(|name| value(ingress, name).is_some()) {
        let message = "the canary gets no requests: it has no weight, header or cookie".to_owned();
        faults.push(("canary", Fault::Doubtful(message, "set canary-weight, canary-by-header or canary-by-cookie")));
        return;
    }
    for name in ["canary-by-header-value", "canary-by-header-pattern"] {
        if value(ingress, name).is_some() && value(ingress, "canary-by-header").is_none() {
            let message = "it has no effect without canary-by-header".to_owned();
            faults.push((name, Fault::Doubtful(message, "name the header in canary-by-header")));
        }
    }
    let both = ["canary-by-header-value", "canary-by-header-pattern"].iter().all(|name| value(ingress, name).is_some());
    if both && value(ingress, "canary-by-header").is_some() {
        let message = "canary-by-header-value takes precedence over it".to_owned();
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
            "it has no effect: affinity is not \"cookie\"",
            "set affinity to \"cookie\"",
        ),
        (
            "auth-tls-",
            has("auth-tls-secret"),
            "client certificates are not requested: auth-tls-secret is missing",
            "name the Secret with the CA certificates in auth-tls-secret",
        ),
        (
            "proxy-ssl-",
            has("proxy-ssl-secret"),
            "ingress-nginx ignores proxy-ssl-* without proxy-ssl-secret",
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
        let message = "every request gets a 503: auth-secret is missing".to_owned();
        faults.push(("auth-type", Fault::Doubtful(message, "name the Secret with the users in auth-secret")));
    }
}

fn booleans<'i>(ingress: &'i Ingress, faults: &mut Vec<(&'i str, Fault)>) {
    for (name, value) in annotations(ingress).filter(|(name, _)| is_in(BOOLEANS, name)) {
        if boolean(value).is_none() {
            let message = format!("`{value}` is neither true nor false, so ingress-nginx ignores it");
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
        let message = format!("path `{path}` has no capture group {most}, so ${most} is empty");
        faults.push(("rewrite-target", Fault::Doubtful(message, "write the path as an expression with this group")));
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
    use crate::load::{File, LoadMode, load};

    /// The annotations that are found, and the number of those with a fix.
    fn found(path: &str, annotations: &[(&str, &str)]) -> (Vec<String>, usize) {
        let lines: String = annotations
            .iter()
            .map(|(name, value)| format!("    nginx.ingress.kubernetes.io/{name}: \"{value}\"\n"))
            .collect();
        let text = format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  annotations:\n{lines}spec:\n  rules:\n  - host: a.example.com\n    http: {{paths: [{{path: '{path}', pathType: ImplementationSpecific, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}]}}\n"
        );
        let loaded = load(&[File { name: "a.yaml".into(), text: text.into() }], Options::default(), LoadMode::Admitted);
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
