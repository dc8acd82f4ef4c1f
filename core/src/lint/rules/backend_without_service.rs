//! ING001 `backend-without-service`: finds a backend of an Ingress whose Service does not exist.

use crate::api::resource::{Kind, ObjectKey};
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::backends::Target;
use crate::lint::context::AbsenceScope;
use crate::lint::report::Reporter;
use crate::spelling::nearest;
use portolan_base::collections::BTreeMap;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let (cluster, context) = (engine.cluster(), report.context);
    let targets = report.context.targets();
    let missing: Vec<&Target<'_>> = targets.iter().filter(|target| target.service.is_none()).collect();
    if missing.is_empty() {
        return;
    }
    let by_name: BTreeMap<&str, &ObjectKey> =
        cluster.services.iter().map(|(key, _)| (key.name.as_str(), key)).collect();
    for target in missing {
        let Target { ingress, backend, key, .. } = target;
        let of_namespace = cluster.services.in_namespace(&key.namespace);
        let meant = nearest(&backend.name, &mut of_namespace.map(|(known, _)| known.name.as_str()));
        let of_name = by_name.get(backend.name.as_str());
        let has_others =
            || targets.iter().any(|other| other.ingress == *ingress && other.service.is_some() && other.key != *key);
        let nothing_says_so = of_name.is_none() && meant.is_none() && !has_others();
        if nothing_says_so
            && report.context.may_be_elsewhere(report.cluster, (Kind::Ingress, ingress), AbsenceScope::Backend)
        {
            report.elsewhere += 1;
            continue;
        }
        let help = match (of_name, meant) {
            (Some(known), _) => {
                format!(
                    "there is one in namespace {}, but an Ingress can only use Services of its own namespace",
                    known.namespace
                )
            }
            (None, Some(meant)) => format!("write `{meant}`"),
            (None, None) => "write the name of a Service in the Ingress's namespace".to_owned(),
        };
        let field = format!("{}.name", target.field());
        let message = format!("no Service `{key}`");
        report.at(Kind::Ingress, ingress, &field, message, help).fix(Kind::Ingress, ingress, &|edit| {
            let meant = meant.filter(|_| of_name.is_none() && !context.is_name(&backend.name))?;
            Some(vec![edit.replace(&field, Scalar::Text(meant))?])
        });
    }
}
