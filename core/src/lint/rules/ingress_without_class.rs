//! ING014 `ingress-without-class`: finds an Ingress without a class, if the only controller in the files is
//! ingress-nginx and no IngressClass is the default.

use crate::api::pod::Pod;
use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::class::{CLASS_ANNOTATION, default_class};
use crate::lint::ingress_controllers::is_controller;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    if default_class(cluster).is_some() {
        return;
    }
    let owners = cluster.ingress_classes.iter().map(|(key, _)| Controller::of_class(cluster, &key.name));
    let arguments: Option<Vec<&str>> = owners.map(Controller::classless_argument).collect();
    // A controller that needs no argument serves the Ingress.
    let Some(arguments) = arguments.filter(|arguments| !arguments.is_empty()) else { return };
    let watches = |pod: &Pod| {
        let mut given = pod.spec.containers.iter().flat_map(|container| &container.args);
        given.any(|given| {
            let value = arguments.iter().find_map(|wanted| given.strip_prefix(wanted));
            value.is_some_and(|value| matches!(value, "" | "=true"))
        })
    };
    if cluster.pods.iter().any(|(_, pod)| is_controller(pod) && watches(pod)) {
        return;
    }
    for (key, ingress) in cluster.ingresses.iter() {
        if ingress.spec.ingress_class_name.is_some() || ingress.metadata.annotations.contains_key(CLASS_ANNOTATION) {
            continue;
        }
        let message = "the Ingress has no class, and no IngressClass is the default";
        let help = "set `spec.ingressClassName`";
        report.at(Kind::Ingress, key, "spec", message, help).fix(Kind::Ingress, key, &|edit| {
            let mut classes = cluster.ingress_classes.iter();
            let (only, _) = classes.next().filter(|_| cluster.ingress_classes.len() == 1)?;
            Some(vec![edit.insert("spec", "ingressClassName", Scalar::Text(&only.name))?])
        });
    }
}
