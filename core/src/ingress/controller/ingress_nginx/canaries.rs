//! Which canary joins which backend.

use super::{Member, Server};
use crate::api::ingress::IngressBackend;
use crate::ingress::lowering::{Lowering, backend_of, origin_of};
use crate::routing::Backend;
use crate::routing::matching::MatchHost;
use crate::routing::options::Canary;
use crate::routing::table::Origin;
use portolan_base::collections::{BTreeMap, BTreeSet};

/// `createUpstreams`: the Services that a canary Ingress names first, and whose settings are theirs. No rule of another
/// Ingress is served by them.
pub(super) fn canary_only(lowering: &Lowering<'_>, members: &[Member]) -> BTreeMap<Backend, Canary> {
    let mut first: BTreeMap<Backend, Option<&Canary>> = BTreeMap::new();
    if members.iter().all(|member| member.annotations.canary.is_none()) {
        return BTreeMap::new();
    }
    for member in members {
        let settings = member.annotations.canary.as_ref();
        let read = |backend: &IngressBackend| backend_of(lowering.cluster, &member.key.namespace, backend).0;
        let spec = &member.ingress.spec;
        if let Some(backend) = spec.default_backend.as_ref().filter(|backend| backend.service.is_some()) {
            first.insert(read(backend), settings);
        }
        let rules = spec.rules.iter().flatten().filter_map(|rule| rule.http.as_ref()?.paths.as_deref());
        for path in rules.flatten().filter(|path| path.backend.service.is_some()) {
            first.entry(read(&path.backend)).or_insert(settings);
        }
    }
    first.into_iter().filter_map(|(backend, settings)| Some((backend, settings?.clone()))).collect()
}

/// `mergeAlternativeBackends`: a canary joins the backend of the rule with the same host, path and type, and so every rule
/// with that backend; the first canary of a backend is the one used. A canary that one of its rules finds no place for is
/// removed everywhere.
pub(super) fn merge(
    lowering: &mut Lowering<'_>,
    members: &[Member],
    canary_only: &BTreeMap<Backend, Canary>,
    servers: &BTreeMap<MatchHost, Server>,
) -> BTreeMap<Backend, Canary> {
    let mut found: BTreeMap<Backend, Canary> = BTreeMap::new();
    let mut removed: BTreeSet<Backend> = BTreeSet::new();
    for member in members {
        let Some(own) = &member.annotations.canary else { continue };
        let mut join = |lowering: &mut Lowering<'_>,
                        origin: Origin,
                        backend: &IngressBackend,
                        host: &MatchHost,
                        path: Option<(&str, bool)>| {
            let (alternative, _) = lowering.backend(&origin, backend);
            let mut report = |message: String| {
                lowering.report("CanaryWithoutMain", &member.key, origin.field(), message);
            };
            if removed.contains(&alternative) {
                report(
                    "a rule of this canary before has no other Ingress's beside it, so the canary serves nothing"
                        .to_owned(),
                );
                return;
            }
            let Some(server) = servers.get(host) else {
                report(format!("no other Ingress has host `{host}`, so the canary serves nothing there"));
                return;
            };
            let places = match path {
                Some((path, exact)) => server.find(path, exact).map_or(0..0, |at| at..at + 1),
                None => 0..server.locations.len(),
            };
            let settings = canary_only.get(&alternative).unwrap_or(own);
            let mut merged = false;
            for location in server.locations.get(places).unwrap_or_default() {
                if location.backend == alternative {
                    report(format!("{alternative} serves this path already, so it is no canary"));
                    return;
                }
                if location.backend != Backend::Nothing && !canary_only.contains_key(&location.backend) {
                    merged = true;
                    let canary = Canary { origin: origin.clone(), backend: alternative.clone(), ..settings.clone() };
                    found.entry(location.backend.clone()).or_insert(canary);
                }
            }
            if !merged {
                report(format!("no other Ingress has this path on host `{host}`, so the canary serves nothing"));
                removed.insert(alternative);
            } else if !canary_only.contains_key(&alternative) {
                report(format!("{alternative} serves rules of its own, so the settings of the canary are not read"));
            }
        };
        let spec = &member.ingress.spec;
        if let Some(backend) = spec.default_backend.as_ref().filter(|backend| backend.service.is_some()) {
            let origin = origin_of(&member.key, None, None);
            join(lowering, origin, backend, &MatchHost::Any, None);
        }
        for (rule_at, rule) in spec.rules.iter().flatten().enumerate() {
            let host = MatchHost::of_rule(&rule.host);
            let paths = rule.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default();
            for (path_at, path) in paths.iter().enumerate().filter(|(_, path)| path.backend.service.is_some()) {
                let origin = origin_of(&member.key, Some(rule_at), Some(path_at));
                let exact = path.path_type.as_deref() == Some("Exact");
                let written = if path.path.is_empty() { "/" } else { path.path.as_str() };
                join(lowering, origin, &path.backend, &host, Some((written, exact)));
            }
        }
    }
    // One that is removed, or whose settings are not read, keeps its place before others, and gets no request.
    found.retain(|_, canary| !removed.contains(&canary.backend) && canary_only.contains_key(&canary.backend));
    found
}
