//! The API documentation's ways (`k8s.io/api/networking/v1/types.go`, and "Ingress" in the Kubernetes documentation):
//! the most specific host with rules decides; in it the longest path wins, Exact before Prefix at the same length; what no
//! rule takes goes to the default backend. A wildcard stands for one label. Paths are compared as sent, and
//! `ImplementationSpecific` is read as `Prefix`.

use super::Profile;
use crate::api::ingress::{HTTPIngressPath, IngressBackend};
use crate::ingress::class::{CLASS_ANNOTATION, ClassRules};
use crate::ingress::lowering::Builder;
use crate::routing::backend::Backend;
use crate::routing::matching::{MatchHost, MatchPath, PathRank};
use crate::routing::names::Selection;
use crate::routing::request::Request;
use crate::routing::table::{Entry, Origin, Report, Route, RouteTable};
use std::borrow::Cow;
use std::cmp::Reverse;

pub(super) const PROFILE: Profile = Profile {
    name: "spec",
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
    select,
    normalize: |path| Some(Cow::Borrowed(path)),
    conduct: |_: &RouteTable, _: &Request<'_>, _: &mut Route<'_>| {},
    is_plain: |_, _, _| true,
};

fn compile(builder: &mut Builder<'_>) {
    builder.collect_tls();
    let mut order = 0;
    for ingress in builder.members.clone() {
        let key = Builder::key(&ingress);
        if let Some(backend) = &ingress.spec.default_backend {
            let origin = Origin { ingress: key.clone(), rule: None, path: None };
            match &builder.default {
                None => builder.default = Some(default_entry(builder, origin, backend)),
                Some(older) => {
                    let message = format!("the default backend of the older Ingress {} is used", older.origin.ingress);
                    let report = Report { reason: "Duplicate", ingress: key.clone(), field: origin.field(), message };
                    builder.reports.push(report);
                }
            }
        }
        for (rule_at, rule) in ingress.spec.rules.iter().flatten().enumerate() {
            // A rule without paths still decides for its host, and all its requests go to the default backend.
            let host = (None, MatchHost::of_rule(&rule.host));
            builder.drafts.entry(host.clone()).or_default();
            let paths = rule.http.as_ref().and_then(|http| http.paths.as_deref()).unwrap_or_default();
            for (path_at, path) in paths.iter().enumerate() {
                let origin = Origin { ingress: key.clone(), rule: Some(rule_at), path: Some(path_at) };
                let entry = entry(builder, origin, path, order);
                order += 1;
                builder.drafts.entry(host.clone()).or_default().entries.push(entry);
            }
        }
    }
}

fn default_entry(builder: &mut Builder<'_>, origin: Origin, backend: &IngressBackend) -> Entry {
    let (backend, _) = builder.backend(&origin, backend);
    Entry {
        origin,
        written: "".into(),
        path_type: "".into(),
        path: MatchPath::element("/"),
        rank: PathRank { tier: 0, length: 0, exact: false, order: Reverse(u32::MAX) },
        backend,
        conduct: None,
        shadowed_by: None,
        number: 0,
    }
}

fn entry(builder: &mut Builder<'_>, origin: Origin, path: &HTTPIngressPath, order: u32) -> Entry {
    let (backend, _): (Backend, _) = builder.backend(&origin, &path.backend);
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
        conduct: None,
        shadowed_by: None,
        number: 0,
    }
}

fn select(table: &RouteTable, request: &Request<'_>) -> Selection {
    let names = table.names(request.secure);
    let name = request.host_name();
    let wildcard = || names.wildcard(name.split_once('.').filter(|(label, _)| !label.is_empty())?.1);
    match names.exact(name).or_else(wildcard).or_else(|| names.any()) {
        Some(host) => Selection::Host(host),
        None => Selection::Nobody,
    }
}
