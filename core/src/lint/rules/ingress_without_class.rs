//! ING014 `ingress-without-class`: finds an Ingress without a class, if the only controller in the files is
//! ingress-nginx and no IngressClass is the default.

use crate::api::ingress::IngressClass;
use crate::api::pod::Pod;
use crate::api::resource::Kind;
use crate::edit::Scalar;
use crate::engine::Engine;
use crate::ingress::class::{CLASS_ANNOTATION, default_class};
use crate::lint::ingress_controllers::is_controller;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    let cluster = engine.cluster();
    let is_nginx = |class: &IngressClass| class.spec.controller == "k8s.io/ingress-nginx";
    let others = cluster.ingress_classes.iter().any(|(_, class)| !is_nginx(class));
    if cluster.ingress_classes.is_empty() || default_class(cluster).is_some() || others {
        return;
    }
    let watches = |pod: &Pod| {
        let mut arguments = pod.spec.containers.iter().flat_map(|container| &container.args);
        arguments.any(|argument| {
            argument.strip_prefix("--watch-ingress-without-class").is_some_and(|value| matches!(value, "" | "=true"))
        })
    };
    if cluster.pods.iter().any(|(_, pod)| is_controller(pod) && watches(pod)) {
        return;
    }
    for (key, ingress) in cluster.ingresses.iter() {
        if ingress.spec.ingress_class_name.is_some() || ingress.metadata.annotations.contains_key(CLASS_ANNOTATION) {
            continue;
        }
        let message = "it names no class, and no IngressClass is the default";
        let help = "name a class in spec.ingressClassName";
        report.at(Kind::Ingress, key, "spec", message, help).fix(Kind::Ingress, key, &|edit| {
            let mut classes = cluster.ingress_classes.iter();
            let (only, _) = classes.next().filter(|_| cluster.ingress_classes.len() == 1)?;
            Some(vec![edit.insert("spec", "ingressClassName", Scalar::Text(&only.name))?])
        });
    }
}
