//! ING013 `class-undefined`: finds an Ingress whose class is none of the IngressClasses in the files.

use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::lint::report::Reporter;
use crate::spelling::nearest;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let (cluster, context) = (engine.cluster(), report.context);
    if cluster.ingress_classes.is_empty() {
        return;
    }
    for (key, ingress) in cluster.ingresses.iter() {
        let Some(class) = ingress.spec.ingress_class_name.as_deref() else { continue };
        if class.is_empty() || cluster.ingress_classes.get("", class).is_some() {
            continue;
        }
        let known: Vec<&str> = cluster.ingress_classes.iter().map(|(known, _)| known.name.as_str()).collect();
        let meant = nearest(class, &mut known.iter().copied());
        let message = format!("no IngressClass `{class}`");
        let help = match meant {
            Some(meant) => format!("write `{meant}`"),
            None => format!("expected one of: {}", known.join(", ")),
        };
        report.at(Kind::Ingress, key, "spec.ingressClassName", message, help).fix(Kind::Ingress, key, &|edit| {
            let meant = meant.filter(|_| !context.is_name(class))?;
            Some(vec![edit.replace("spec.ingressClassName", Scalar::Text(meant))?])
        });
    }
}
