//! The API documentation as a controller (`k8s.io/api/networking/v1/types.go`, and "Ingress" in the Kubernetes documentation):
//! the most specific host with rules decides; in it the longest path wins, Exact before Prefix at the same length; what no
//! rule matches goes to the default backend. A wildcard stands for one label. Paths are compared as sent, and
//! `ImplementationSpecific` is read as `Prefix`.

use super::Profile;
use crate::api::ingress::{HTTPIngressPath, IngressBackend};
use crate::ingress::class::{CLASS_ANNOTATION, ClassRules};
use crate::ingress::lowering::{Lowering, note, origin_of};
use crate::routing::Behaviour;
use crate::routing::backend::Backend;
use crate::routing::matching::{MatchHost, MatchPath, PathRank};
use crate::routing::names::Selection;
use crate::routing::request::Request;
use crate::routing::table::{Entry, Origin, Route, RouteTable};
use std::borrow::Cow;
use std::cmp::Reverse;

pub(super) const PROFILE: Profile = Profile {
    label: "the API documentation",
    class: ClassRules {
        class: "",
        controller: "",
        annotations: &[CLASS_ANNOTATION],
        annotation_first: false,
        by_name: false,
        classless_argument: None,
    },
    pods: &[
        &[("app.kubernetes.io/name", "traefik")],
        &[("app.kubernetes.io/name", "kubernetes-ingress")],
        &[("app.kubernetes.io/name", "haproxy-ingress")],
        &[("app.kubernetes.io/name", "kong")],
    ],
    entry_selectors: &[
        "traefik",
        "haproxy-ingress",
        "kong",
        "ingress-controller",
        "ingress-nginx",
        "envoy",
        "nginx-ingress",
    ],
    note: "the API documentation does not say how a path is normalized; `spec` compares it as sent",
    compile,
    behaviour: Behaviour {
        name: "spec",
        select_host,
        normalize: |path| Some(Cow::Borrowed(path)),
        apply: |_: &RouteTable, _: &Request<'_>, _: &mut Route<'_>| {},
        is_plain: |_, _, _| true,
        normalizes_as_envoy: false,
        has_strict_wildcards: false,
        https_redirect: 308,
        redirects_missing_slash: false,
    },
};

fn compile(lowering: &mut Lowering<'_>) {
    lowering.collect_tls();
    let mut order = 0;
    for ingress in lowering.members.clone() {
        let key = Lowering::key(&ingress);
        if let Some(backend) = &ingress.spec.default_backend {
            let origin = origin_of(&key, None, None);
            match &lowering.table.default {
                None => lowering.table.default = Some(default_entry(lowering, origin, backend)),
                Some(older) => {
                    let message = format!("the default backend of the older Ingress {} is used", older.origin.object);
                    let report = note("Duplicate", &key, origin.field(), message);
                    lowering.table.reports.push(report);
                }
            }
        }
        for (rule_at, rule) in ingress.spec.rules.iter().flatten().enumerate() {
            // A rule without paths still decides for its host, and all its requests go to the default backend.
            let host = (None, MatchHost::of_rule(&rule.host));
            lowering.table.drafts.entry(host.clone()).or_default();
            let paths = rule.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default();
            for (path_at, path) in paths.iter().enumerate() {
                let origin = origin_of(&key, Some(rule_at), Some(path_at));
                let entry = entry(lowering, origin, path, order);
                order += 1;
                lowering.table.drafts.entry(host.clone()).or_default().entries.push(entry);
            }
        }
    }
}

fn default_entry(lowering: &mut Lowering<'_>, origin: Origin, backend: &IngressBackend) -> Entry {
    let (backend, _) = lowering.backend(&origin, backend);
    Entry {
        origin,
        written: "".into(),
        path_type: "".into(),
        path: MatchPath::element("/"),
        rank: PathRank { tier: 0, length: 0, exact: false, order: Reverse(u32::MAX) },
        backend,
        options: None,
        shadowed_by: None,
        number: 0,
    }
}

fn entry(lowering: &mut Lowering<'_>, origin: Origin, path: &HTTPIngressPath, order: u32) -> Entry {
    let (backend, _): (Backend, _) = lowering.backend(&origin, &path.backend);
    let path_type = path.path_type.as_deref().unwrap_or("ImplementationSpecific");
    let written = if path.path.is_empty() { "/" } else { path.path.as_str() };
    let exact = path_type == "Exact";
    Entry {
        origin,
        written: written.into(),
        path_type: path_type.into(),
        path: if exact { MatchPath::Exact(written.into()) } else { MatchPath::element(written) },
        rank: PathRank {
            tier: 0,
            length: u32::try_from(written.len()).unwrap_or(u32::MAX),
            exact,
            order: Reverse(order),
        },
        backend,
        options: None,
        shadowed_by: None,
        number: 0,
    }
}

fn select_host(table: &RouteTable, request: &Request<'_>) -> Selection {
    let names = table.names(request.secure);
    let name = request.host_name();
    let wildcard = || names.wildcard(name.split_once('.').filter(|(label, _)| !label.is_empty())?.1);
    match names.exact(name).or_else(wildcard).or_else(|| names.any()) {
        Some(host) => Selection::Host(host),
        None => Selection::Nobody,
    }
}
