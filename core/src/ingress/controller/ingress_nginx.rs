//! ingress-nginx: its Ingresses in, servers and locations as a table out, and the behaviour of the nginx that it configures
//! (k8s.io/ingress-nginx, controller v1.11: `internal/ingress/controller/{controller,location}.go`, the template `nginx.tmpl`,
//! `rootfs/etc/nginx/lua`).
//!
//! Every host is a `server` with a `location /` for its default backend. A Prefix becomes `location /foo/` and
//! `location = /foo`; as soon as one rule of a host has `use-regex` or a rewrite, all of its rules become expressions in any
//! letter case, tried from the longest to the shortest. `ImplementationSpecific` is `Prefix`. nginx decodes and resolves a
//! path before it compares it.

mod annotations;
mod canaries;
mod escape;
mod requests;

use super::Profile;
use crate::api::ingress::Ingress;
use crate::api::resource::ObjectKey;
use crate::ingress::class::{CLASS_ANNOTATION, ClassRules};
use crate::ingress::lowering::{Lowering, note, origin_of};
use crate::routing::Behaviour;
use crate::routing::backend::Backend;
use crate::routing::matching::{MatchHost, MatchPath, PathRank};
use crate::routing::normalize;
use crate::routing::options::{Canary, Rewrite};
use crate::routing::pattern::{Pattern, quoted};
use crate::routing::table::{Entry, Origin};
use annotations::Annotations;
use portolan_base::collections::{BTreeMap, BTreeSet};
use portolan_base::sort::SmallSort as _;
use std::cmp::Reverse;
use std::sync::Arc;

pub(super) const PROFILE: Profile = Profile {
    label: "ingress-nginx",
    class: ClassRules {
        class: "nginx",
        controller: "k8s.io/ingress-nginx",
        annotations: &[CLASS_ANNOTATION],
        annotation_first: true,
        by_name: false,
        classless_argument: Some("--watch-ingress-without-class"),
    },
    pods: &[&[("app.kubernetes.io/name", "ingress-nginx"), ("app.kubernetes.io/component", "controller")]],
    entry_selectors: &["ingress-nginx", "nginx-ingress", "nginx-ingress-controller"],
    note: "ingress-nginx decodes every escape in a path and resolves `.`, `..` and doubled slashes before it compares it",
    compile,
    behaviour: Behaviour {
        name: "nginx",
        select_host: requests::select_host,
        normalize: normalize::nginx,
        apply: requests::apply,
        is_plain: requests::is_plain,
        normalizes_as_envoy: false,
        has_strict_wildcards: false,
        https_redirect: requests::REDIRECT_CODE,
        redirects_missing_slash: true,
    },
};

/// A `location` of a `server`.
#[derive(Clone, Debug)]
struct Location {
    path: String,
    exact: bool,
    /// Nobody wrote this one: it is there for the default backend.
    is_default: bool,
    origin: Origin,
    written: String,
    path_type: String,
    backend: Backend,
    annotations: Arc<Annotations>,
}

impl Location {
    fn needs_rewrite(&self) -> bool {
        !self.annotations.rewrite_target.is_empty() && self.annotations.rewrite_target != self.path
    }
}

/// A `server`.
#[derive(Debug, Default)]
struct Server {
    locations: Vec<Location>,
    /// Where a location stands: exact ones and prefixes by their paths.
    places: BTreeMap<(bool, String), usize>,
    aliases: Vec<String>,
    certificate: bool,
    from_to_www: bool,
}

impl Server {
    fn push(&mut self, location: Location) {
        self.places.entry((location.exact, location.path.clone())).or_insert(self.locations.len());
        self.locations.push(location);
    }

    /// The place of the location with that path.
    fn find(&self, path: &str, exact: bool) -> Option<usize> {
        self.places.get(&(exact, path.to_owned())).copied()
    }
}

/// A `server_name` that is an expression.
struct Expression {
    /// The server's own name.
    server: String,
    /// The name it is.
    host: MatchHost,
    pattern: Pattern,
}

/// An Ingress with its annotations read.
struct Member {
    key: ObjectKey,
    ingress: Arc<Ingress>,
    annotations: Arc<Annotations>,
}

fn compile(lowering: &mut Lowering<'_>) {
    lowering.collect_tls();
    let mut members: Vec<Member> = Vec::new();
    for ingress in lowering.members.clone() {
        let key = Lowering::key(&ingress);
        let annotations = Arc::new(annotations::read(&ingress, &key, &mut lowering.table.reports));
        members.push(Member { key, ingress, annotations });
    }
    // Of two Ingresses of the same age, the controller takes the one whose name sorts last first.
    members.small_sort_by_key(|member| {
        (member.ingress.metadata.creation_timestamp.clone(), Reverse(member.key.to_string()))
    });
    let mut servers = BTreeMap::from([(MatchHost::Any, Server::default())]);
    create_servers(lowering, &members, &mut servers);
    let canary_only = canaries::canary_only(lowering, &members);
    for member in &members {
        add_locations(lowering, member, &canary_only, &mut servers);
    }
    let canaries = canaries::merge(lowering, &members, &canary_only, &servers);
    let names: Vec<MatchHost> = servers.keys().cloned().collect();
    let mut expressions = Vec::new();
    // As they stand in the file: of two that have the same name, the first is asked.
    let mut servers: Vec<(MatchHost, Server)> = servers.into_iter().collect();
    servers.small_sort_by_cached_key(|(host, _)| name_of(host));
    for (host, server) in servers {
        finish_server(lowering, host, server, &canaries, &names, &mut expressions);
    }
    inherit_certificates(lowering);
    if lowering.table.drafts.keys().any(|(_, host)| matches!(host, MatchHost::Regex(_))) {
        // nginx tries the wildcards of its own kind first, the longest before the others, and then the expressions as they
        // stand in the file: server by server, in the order of their names.
        let wild = |host: &MatchHost| match host {
            MatchHost::Regex(source) if source.starts_with('*') => source.len(),
            _ => 0,
        };
        expressions.small_sort_by_cached_key(|it| (Reverse(wild(&it.host)), it.server.clone()));
        lowering.table.patterns = expressions.into_iter().map(|it| (it.host, it.pattern)).collect();
    }
}

/// `createServers`: a server a host, made by the first Ingress that names it.
fn create_servers(lowering: &mut Lowering<'_>, members: &[Member], servers: &mut BTreeMap<MatchHost, Server>) {
    for member in members.iter().filter(|member| member.annotations.canary.is_none()) {
        let origin = origin_of(&member.key, None, None);
        let spec = &member.ingress.spec;
        let backend = spec.default_backend.as_ref().filter(|backend| backend.service.is_some());
        let backend = backend.map(|backend| lowering.backend(&origin, backend).0);
        let rules = spec.rules.as_deref().unwrap_or_default();
        let location = |backend: Backend, annotations: Arc<Annotations>| Location {
            path: "/".to_owned(),
            exact: false,
            is_default: true,
            origin: origin.clone(),
            written: "/".to_owned(),
            path_type: String::new(),
            backend,
            annotations,
        };
        if let Some(backend) = backend.clone() {
            catch_all(lowering, member, location(backend, Arc::default()), rules.is_empty(), servers);
        }
        for rule in rules {
            let host = MatchHost::of_rule(&rule.host);
            let server = servers.entry(host.clone()).or_insert_with(|| {
                let backend = backend.clone().unwrap_or(Backend::Nothing);
                let mut server = Server::default();
                server.push(location(backend, Arc::clone(&member.annotations)));
                server
            });
            if server.aliases.is_empty() {
                server.aliases.clone_from(&member.annotations.aliases);
            }
            server.certificate |= host != MatchHost::Any && spec.tls.as_ref().is_some_and(|tls| !tls.is_empty());
        }
    }
}

/// Of all default backends, that of the youngest Ingress is the catch-all's; what else holds there, the oldest Ingress without
/// rules says.
fn catch_all(
    lowering: &mut Lowering<'_>,
    member: &Member,
    location: Location,
    is_bare: bool,
    servers: &mut BTreeMap<MatchHost, Server>,
) {
    let every = servers.entry(MatchHost::Any).or_default();
    if every.locations.is_empty() {
        every.push(location.clone());
    }
    let Some(root) = every.locations.first_mut() else { return };
    if !root.is_default && root.backend != location.backend {
        let message = format!(
            "the default backend of the younger Ingress {} serves the requests that no rule matches",
            location.origin.object
        );
        lowering.report("Duplicate", &root.origin.object, root.origin.field(), message);
    }
    root.backend = location.backend;
    root.origin = location.origin;
    if root.is_default && is_bare {
        root.is_default = false;
        // Redirects and rewrites do not hold for the catch-all.
        let mut annotations = (*member.annotations).clone();
        annotations.rewrite_target.clear();
        annotations.use_regex = false;
        annotations.app_root = None;
        let options = Arc::make_mut(&mut annotations.options);
        options.redirect = None;
        options.ssl_redirect = false;
        options.force_ssl_redirect = false;
        options.preserve_trailing_slash = false;
        root.annotations = Arc::new(annotations);
    }
}

/// `getBackendServers`: the locations of the rules.
fn add_locations(
    lowering: &mut Lowering<'_>,
    member: &Member,
    canary_only: &BTreeMap<Backend, Canary>,
    servers: &mut BTreeMap<MatchHost, Server>,
) {
    for (rule_at, rule) in member.ingress.spec.rules.iter().flatten().enumerate() {
        let host = MatchHost::of_rule(&rule.host);
        let paths = rule.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default();
        for (path_at, path) in paths.iter().enumerate() {
            let origin = origin_of(&member.key, Some(rule_at), Some(path_at));
            if path.backend.service.is_none() {
                let message = "ingress-nginx serves no resource backends; the default backend answers".to_owned();
                lowering.report("Unsupported", &member.key, origin.field(), message);
                continue;
            }
            let (backend, _) = lowering.backend(&origin, &path.backend);
            if canary_only.contains_key(&backend) {
                if member.annotations.canary.is_some() {
                    continue;
                }
                let message = format!("{backend} is the canary of an older Ingress, so this rule is left out");
                lowering.report("CanaryBackend", &member.key, origin.field(), message);
                continue;
            }
            let written = if path.path.is_empty() { "/" } else { path.path.as_str() };
            let location = Location {
                path: written.to_owned(),
                exact: path.path_type.as_deref() == Some("Exact"),
                is_default: false,
                origin,
                written: written.to_owned(),
                path_type: path.path_type.clone().unwrap_or_default(),
                backend,
                annotations: Arc::clone(&member.annotations),
            };
            // The rules of a canary whose Service serves others too are rules like all others, of the catch-all where nobody
            // else has the host.
            let host = if servers.contains_key(&host) { &host } else { &MatchHost::Any };
            let Some(server) = servers.get_mut(host) else { continue };
            match server.find(&location.path, location.exact).and_then(|at| server.locations.get_mut(at)) {
                Some(known) if known.is_default => {
                    server.from_to_www |= member.annotations.from_to_www;
                    *known = location;
                }
                Some(known) => {
                    let message = format!(
                        "host `{host}`, path `{written}`: {} of Ingress {} is there already, and this rule is left out",
                        known.origin.field(),
                        known.origin.object
                    );
                    let field = location.origin.field();
                    let report = note("Duplicate", &member.key, field, message);
                    lowering.table.reports.push(report);
                }
                None => {
                    server.from_to_www |= member.annotations.from_to_www;
                    server.push(location);
                }
            }
        }
    }
}

/// Orders the locations, splits the prefixes (`updateServerLocations`), and makes the entries.
fn finish_server(
    lowering: &mut Lowering<'_>,
    host: MatchHost,
    server: Server,
    canaries: &BTreeMap<Backend, Canary>,
    names: &[MatchHost],
    expressions: &mut Vec<Expression>,
) {
    let mut locations = server.locations;
    locations.small_sort_by(|one, other| other.path.len().cmp(&one.path.len()).then_with(|| other.path.cmp(&one.path)));
    let app_root = locations.iter().find_map(|location| location.annotations.app_root.clone());
    let locations = split_prefixes(locations);
    let enforce = locations.iter().any(|location| location.needs_rewrite() || location.annotations.use_regex);
    let mut entries = Vec::new();
    for (order, location) in (0..).zip(locations) {
        entries.extend(entry(lowering, location, order, enforce, canaries));
    }
    if let (true, MatchHost::Exact(name)) = (server.from_to_www, &host) {
        let from = name.strip_prefix("www.").map_or_else(|| format!("www.{name}"), str::to_owned);
        let from = MatchHost::Exact(from.into());
        if names.binary_search(&from).is_err() {
            let draft = lowering.table.drafts.entry((None, from)).or_default();
            draft.options.redirect_to = Some(name.to_string());
        }
    }
    if let MatchHost::Wildcard(suffix) = &host {
        let pattern = Pattern::new(&format!("^[\\w-]+\\.{}$", quoted(suffix)), false);
        let server = name_of(&host);
        expressions.extend(pattern.map(|pattern| Expression { server, host: host.clone(), pattern }));
    }
    for written in &server.aliases {
        let (alias, pattern) = match alias(written) {
            Ok(alias) => alias,
            Err(reason) => {
                let message = format!("the name `{written}` is not understood, and is left out: {reason}");
                if let Some(entry) = entries.first() {
                    let field = format!("metadata.annotations[{}]", annotations::SERVER_ALIAS);
                    lowering.report("InvalidExpression", &entry.origin.object.clone(), field, message);
                }
                continue;
            }
        };
        if names.binary_search(&MatchHost::of_rule(written)).is_ok()
            || lowering.table.drafts.contains_key(&(None, alias.clone()))
        {
            continue;
        }
        let name = name_of(&host);
        expressions.extend(pattern.map(|pattern| Expression { server: name, host: alias.clone(), pattern }));
        let draft = lowering.table.drafts.entry((None, alias)).or_default();
        draft.entries.clone_from(&entries);
        draft.options.app_root.clone_from(&app_root);
        draft.options.certificate = server.certificate;
        draft.options.alias_of = Some(host.to_string());
    }
    let draft = lowering.table.drafts.entry((None, host)).or_default();
    draft.entries = entries;
    draft.options.app_root = app_root;
    draft.options.certificate = server.certificate;
}

/// `get_pem_cert_uid`: a name without a certificate has that of the wildcard over it.
fn inherit_certificates(lowering: &mut Lowering<'_>) {
    let hosts = lowering.table.drafts.iter().filter(|(_, draft)| draft.options.certificate);
    let wildcards = hosts.filter_map(|((_, host), _)| match host {
        MatchHost::Wildcard(suffix) => Some(suffix.to_string()),
        _ => None,
    });
    let wildcards: BTreeSet<String> = wildcards.collect();
    for ((_, host), draft) in &mut lowering.table.drafts {
        if let MatchHost::Exact(name) = host {
            let suffix = name.split_once('.').map(|(_, suffix)| suffix);
            draft.options.certificate |= suffix.is_some_and(|suffix| wildcards.contains(suffix));
        }
    }
}

/// The name of a server in the configuration file.
fn name_of(host: &MatchHost) -> String {
    if *host == MatchHost::Any { "_".to_owned() } else { host.to_string() }
}

/// Another name of a server, as nginx reads it, and its expression where it has one.
fn alias(written: &str) -> Result<(MatchHost, Option<Pattern>), String> {
    if let Some(source) = written.strip_prefix('~') {
        // Host names arrive in lower case; an expression with capitals ignores the letter case.
        let pattern = Pattern::new(source, source.bytes().any(|byte| byte.is_ascii_uppercase()))?;
        return Ok((MatchHost::Regex(written.into()), Some(pattern)));
    }
    match written.strip_prefix("*.") {
        Some(suffix) => {
            let pattern = Pattern::new(&format!(".\\.{}$", quoted(suffix)), false)?;
            Ok((MatchHost::Regex(written.into()), Some(pattern)))
        }
        None => Ok((MatchHost::of_rule(written), None)),
    }
}

fn split_prefixes(locations: Vec<Location>) -> Vec<Location> {
    let exact: BTreeSet<String> = locations.iter().filter(|it| it.exact).map(|it| it.path.clone()).collect();
    let mut out = Vec::new();
    for mut location in locations {
        let stays =
            location.path == "/" || location.exact || location.needs_rewrite() || location.annotations.use_regex;
        if stays {
            out.push(location);
            continue;
        }
        let twin = (!exact.contains(&location.path)).then(|| Location { exact: true, ..location.clone() });
        if !location.path.ends_with('/') {
            location.path.push('/');
        }
        out.push(location);
        out.extend(twin);
    }
    out
}

fn entry(
    lowering: &mut Lowering<'_>,
    location: Location,
    order: u32,
    enforce: bool,
    canaries: &BTreeMap<Backend, Canary>,
) -> Option<Entry> {
    let Location { path, exact, origin, written, path_type, backend, annotations, .. } = location;
    let mut options = Arc::clone(&annotations.options);
    let target = &annotations.rewrite_target;
    let mut refused = |reason: String| {
        let message = format!("the expression `{path}` is not understood: {reason}");
        lowering.report("InvalidExpression", &origin.object, origin.field(), message);
    };
    if !target.is_empty() && *target != path {
        match Pattern::new(&path, true) {
            Ok(pattern) => {
                let rewrite = Rewrite { pattern, source: path.clone(), target: target.clone() };
                Arc::make_mut(&mut options).rewrite = Some(rewrite);
            }
            Err(reason) => {
                refused(reason);
                return None;
            }
        }
    }
    let matches = if enforce {
        match Pattern::new(&format!("^{path}"), true) {
            Ok(pattern) => {
                MatchPath::Regex { source: format!("^{path}").into(), pattern, full: false, ignore_case: true }
            }
            Err(reason) => {
                refused(reason);
                return None;
            }
        }
    } else if exact {
        MatchPath::Exact(path.as_str().into())
    } else {
        MatchPath::Text(path.as_str().into())
    };
    let (tier, length) = match matches {
        MatchPath::Exact(_) => (2, 0),
        MatchPath::Regex { .. } => (1, 0),
        _ => (0, u32::try_from(path.len()).unwrap_or(u32::MAX)),
    };
    if let Some(canary) = canaries.get(&backend) {
        Arc::make_mut(&mut options).canary = Some(canary.clone());
    }
    Some(Entry {
        origin,
        written: written.into(),
        path_type: path_type.into(),
        path: matches,
        rank: PathRank { tier, length, exact: tier == 2, order: Reverse(order) },
        backend,
        options: Some(options),
        shadowed_by: None,
        number: 0,
    })
}
