//! Contour: its Ingresses in, the routes of its Envoy as a table out (Contour v1.33.8: `internal/dag/ingress_processor.go`,
//! `internal/sorter`, `internal/envoy/v3/route.go`; Envoy 1.40). Recorded answers hold both.
//!
//! An exact host, in any letter case, decides alone; else the longest wildcard whose suffix fits, which answers 404 where
//! the part under `*` is not one label of lower-case letters, digits and dashes; else the rules without host. Exact paths
//! go before expressions, these before prefixes; the longest wins. A default backend is the prefix `/` among the rules
//! without host. Rules whose Service is not there, is an ExternalName or has something else than TCP at that port, and
//! resource backends, are left out; an expression that is none takes the rest of its rule along. `https` is served for the
//! hosts of `spec.tls` that are named by a rule, where the Secret can serve.

mod certificates;

use super::Profile;
use crate::api::ingress::{HTTPIngressPath, Ingress};
use crate::ingress::class::{CLASS_ANNOTATION, ClassRules};
use crate::ingress::lowering::{Found, Lowering, origin_of};
use crate::routing::Backend;
use crate::routing::Behaviour;
use crate::routing::matching::{MatchHost, MatchPath, PathRank};
use crate::routing::names::Selection;
use crate::routing::normalize;
use crate::routing::options::RouteOptions;
use crate::routing::pattern::Pattern;
use crate::routing::request::{Request, without_port};
use crate::routing::table::{Entry, Origin, Redirect, Route, RouteTable};
use portolan_base::sort::SmallSort as _;
use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

pub(super) const PROFILE: Profile = Profile {
    label: "Contour",
    class: ClassRules {
        class: "contour",
        controller: "projectcontour.io/",
        annotations: &["projectcontour.io/ingress.class", CLASS_ANNOTATION],
        annotation_first: true,
        by_name: true,
        classless_argument: None,
    },
    pods: &[&[("app.kubernetes.io/name", "contour"), ("app.kubernetes.io/component", "envoy")], &[("app", "envoy")]],
    entry_selectors: &["envoy", "contour-envoy"],
    note: "Contour answers 404 under a wildcard host when the client sends the host in capitals, and resolves `.`, `..` and doubled slashes in a path before it compares it",
    compile,
    behaviour: Behaviour {
        name: "contour",
        select_host,
        normalize: |path| Some(normalize::envoy(path)),
        apply,
        is_plain: |_, entry, _| entry.options.is_none(),
        normalizes_as_envoy: true,
        has_strict_wildcards: true,
        https_redirect: 301,
        redirects_missing_slash: false,
    },
};

/// An entry with its listener and host.
type Drafted = ((Option<bool>, MatchHost), Entry);

fn compile(lowering: &mut Lowering<'_>) {
    certificates::collect(lowering);
    for ingress in lowering.members.clone() {
        let key = Lowering::key(&ingress);
        let mut own: Vec<Drafted> = Vec::new();
        if let Some(backend) = &ingress.spec.default_backend {
            let origin = origin_of(&key, None, None);
            let path = HTTPIngressPath { backend: backend.clone(), ..HTTPIngressPath::default() };
            own.extend(entries(lowering, &ingress, origin, "", &path).unwrap_or_default());
        }
        for (rule_at, rule) in ingress.spec.rules.iter().flatten().enumerate() {
            let paths = rule.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default();
            for (path_at, path) in paths.iter().enumerate() {
                let origin = origin_of(&key, Some(rule_at), Some(path_at));
                match entries(lowering, &ingress, origin, &rule.host, path) {
                    Some(entries) => own.extend(entries),
                    None => break,
                }
            }
        }
        // Within one Ingress the later rule takes the place of an earlier one with the same conditions.
        for (host, entry) in own.into_iter().rev() {
            lowering.table.drafts.entry(host).or_default().entries.push(entry);
        }
    }
    for draft in lowering.table.drafts.values_mut() {
        // Stable: of two with the same conditions the first pushed stays the first.
        draft.entries.small_sort_by(|one, other| precedence(&one.path, &other.path));
        for (order, entry) in (0..).zip(&mut draft.entries) {
            entry.rank.order = Reverse(order);
        }
    }
}

/// The entries of one path: for the plain listener, the TLS one, or both. None where the path is an expression that cannot be:
/// then Contour leaves the rule (`computeIngressRule`), and what stands behind it is left out too.
fn entries(
    lowering: &mut Lowering<'_>,
    ingress: &Ingress,
    origin: Origin,
    host: &str,
    path: &HTTPIngressPath,
) -> Option<Vec<Drafted>> {
    let (backend, found) = lowering.backend(&origin, &path.backend);
    if matches!(backend, Backend::Resource { .. } | Backend::Nothing) {
        let message = "Contour serves no resource backends, so the rule is left out".to_owned();
        lowering.report("Unsupported", &origin.object.clone(), origin.field(), message);
        return Some(Vec::new());
    }
    if matches!(found, Found::NoService | Found::NoPort) {
        return Some(Vec::new());
    }
    if let Some(why) = unserved(lowering, &backend) {
        let message = format!("{why}, so the rule is left out");
        lowering.report("Unsupported", &origin.object.clone(), origin.field(), message);
        return Some(Vec::new());
    }
    let written = if path.path.is_empty() { "/" } else { path.path.as_str() };
    let path_type = path.path_type.as_deref().unwrap_or("ImplementationSpecific");
    let matches = match path_type {
        "Exact" => MatchPath::Exact(written.into()),
        "Prefix" if written == "/" => MatchPath::Text("/".into()),
        "Prefix" => MatchPath::element(written),
        _ if written.contains(['^', '+', '*', '[', ']', '%']) => match Pattern::new(&format!("^{written}"), false) {
            Ok(pattern) => MatchPath::Regex { source: written.into(), pattern, full: true, ignore_case: false },
            Err(reason) => {
                let message = format!("the expression `{written}` is not understood: {reason}");
                lowering.report("InvalidExpression", &origin.object.clone(), origin.field(), message);
                let is_known_to_go = KNOWN_TO_GO.iter().any(|known| written.contains(known));
                return is_known_to_go.then(Vec::new);
            }
        },
        _ => MatchPath::Text(written.into()),
    };
    let tier = match matches {
        MatchPath::Exact(_) => 2,
        MatchPath::Regex { .. } => 1,
        _ => 0,
    };
    let length = u32::try_from(text(&matches).len()).unwrap_or(u32::MAX);
    let annotations = &ingress.metadata.annotations;
    let holds = |name: &str, value: &str| annotations.get(name).is_some_and(|found| found == value);
    let upgrade = holds("ingress.kubernetes.io/force-ssl-redirect", "true");
    let plain = upgrade || !holds("kubernetes.io/ingress.allow-http", "false");
    let options = upgrade.then(|| Arc::new(RouteOptions { force_ssl_redirect: true, ..RouteOptions::default() }));
    let host = MatchHost::of_rule(host);
    let entry = Entry {
        written: written.into(),
        path_type: if origin.rule.is_none() { "".into() } else { path_type.into() },
        path: matches,
        rank: PathRank { tier, length, exact: tier == 2, order: Reverse(0) },
        origin,
        backend,
        options,
        shadowed_by: None,
        number: 0,
    };
    let mut all = Vec::new();
    if plain {
        all.push(((Some(false), host.clone()), entry.clone()));
    }
    if host != MatchHost::Any && lowering.table.tls.of_host(&host).is_some() {
        all.push(((Some(true), host), entry));
    }
    Some(all)
}

/// What Go's expressions have and [`Pattern`] has not.
const KNOWN_TO_GO: [&str; 11] = ["\\p", "\\P", "\\Q", "\\x", "\\v", "\\0", "(?i", "(?m", "(?s", "(?U", "(?-"];

/// Why Contour has no such cluster (`EnsureService`, `LookupService` in `internal/dag`): the first port of the number has to
/// be a TCP one, and the one of the name too; Services of type ExternalName are switched off.
fn unserved(lowering: &Lowering<'_>, backend: &Backend) -> Option<&'static str> {
    let Backend::Service { key, port } = backend else { return None };
    let service = lowering.cluster.services.by_key(key)?;
    let of_name = service.ports().iter().find(|known| !port.name.is_empty() && known.name == port.name);
    let of_number = service.ports().iter().find(|known| Some(known.port) == port.number);
    if of_name.into_iter().chain(of_number).any(|port| !matches!(port.protocol.as_str(), "" | "TCP")) {
        return Some("Contour looks a port up by its number, and the first of that number is not for TCP");
    }
    let is_external = service.spec.r#type == "ExternalName" && !service.spec.external_name.is_empty();
    is_external.then_some("Contour serves no ExternalName Services unless it is configured to")
}

/// `routeSorter.Less`: what comes first wins.
fn precedence(one: &MatchPath, other: &MatchPath) -> Ordering {
    let tier = |path: &MatchPath| match path {
        MatchPath::Exact(_) => 0,
        MatchPath::Regex { .. } => 1,
        _ => 2,
    };
    let by_text = |one: &MatchPath, other: &MatchPath| {
        let (one, other) = (text(one), text(other));
        other.len().cmp(&one.len()).then_with(|| other.cmp(one))
    };
    let segments_first = |path: &MatchPath| u8::from(!matches!(path, MatchPath::Element(_)));
    tier(one)
        .cmp(&tier(other))
        .then_with(|| by_text(one, other))
        .then_with(|| segments_first(one).cmp(&segments_first(other)))
}

/// The text that Contour sorts by: a prefix has lost the slashes at its end.
fn text(path: &MatchPath) -> &str {
    match path {
        MatchPath::Exact(text) | MatchPath::Element(text) | MatchPath::Text(text) => text,
        MatchPath::Regex { source, .. } => source,
    }
}

fn select_host(table: &RouteTable, request: &Request<'_>) -> Selection {
    let names = table.names(request.secure);
    let name = request.host_name();
    if let Some(host) = names.exact(name) {
        return Selection::Host(host);
    }
    let dots = name.match_indices('.').filter(|_| names.has_wildcards());
    for (dot, _) in dots {
        let Some(host) = name.get(dot + 1..).and_then(|suffix| names.wildcard(suffix)) else { continue };
        if dot == 0 {
            continue;
        }
        // Every route under a wildcard matches `:authority` with an expression that knows no capitals.
        let is_label = name.get(..dot).is_some_and(is_lower_label);
        let is_lower = without_port(request.host).bytes().all(|byte| !byte.is_ascii_uppercase());
        return if is_label && is_lower {
            Selection::Host(host)
        } else {
            Selection::Blocked(host, "the wildcard decides, but its `*` matches only one label in lower case")
        };
    }
    names.any().map_or(Selection::Nobody, Selection::Host)
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_lower_label(label: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = label.as_bytes();
    bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
        && bytes.first().copied().is_some_and(letter)
        && bytes.last().copied().is_some_and(letter)
}

fn apply(_: &RouteTable, request: &Request<'_>, route: &mut Route<'_>) {
    let upgrade =
        route.entry.and_then(|entry| entry.options.as_ref()).is_some_and(|options| options.force_ssl_redirect);
    if upgrade && !request.secure {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        // Envoy leaves out the port that plain HTTP has anyway, and keeps every other.
        let host = request.host.strip_suffix(":80").unwrap_or(request.host);
        let location = format!("https://{host}{}{query}", route.path);
        route.redirect = Some(Redirect { code: 301, location });
        route.backend = None;
    }
}
