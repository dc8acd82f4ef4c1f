//! The class and the controller of an Ingress, and the route tables of every class.

use crate::api::ingress::Ingress;
use crate::cluster::Cluster;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::class::{CLASS_ANNOTATION, default_class};
use crate::routing::RouteTable;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

/// The class that an Ingress names, or the default one.
pub(super) fn class_of<'c>(cluster: &'c Cluster, ingress: &'c Ingress) -> Option<&'c str> {
    let annotation = ingress.metadata.annotations.get(CLASS_ANNOTATION);
    let named = ingress.spec.ingress_class_name.as_ref().or(annotation).map(String::as_str);
    named.filter(|class| !class.is_empty()).or_else(|| default_class(cluster).map(|class| class.metadata.name.as_str()))
}

/// The controller of a class, as far as its IngressClass or its name tells.
pub(super) fn controller_of(cluster: &Cluster, class: &str) -> Option<Controller> {
    let is = |text: &str| match text {
        text if text.starts_with("k8s.io/ingress-nginx") => Some(Controller::Nginx),
        text if text.starts_with("projectcontour.io/") => Some(Controller::Contour),
        _ => None,
    };
    match cluster.ingress_classes.get("", class) {
        Some(known) => is(&known.spec.controller),
        None => Controller::named(class).filter(|controller| *controller != Controller::Spec),
    }
}

/// The tables of every class there is. Ingresses without class are looked at only where none has one: who serves them
/// is not known.
pub(super) fn tables(engine: &Engine) -> Vec<Arc<RouteTable>> {
    let cluster = engine.cluster();
    let classes: BTreeSet<Option<&str>> =
        cluster.ingresses.iter().map(|(_, ingress)| class_of(cluster, ingress)).collect();
    let has_classes = classes.iter().any(Option::is_some);
    let classes = classes.into_iter().filter(|class| class.is_some() || !has_classes);
    let table = |class: Option<&str>| {
        let controller = class.and_then(|class| controller_of(cluster, class)).unwrap_or(Controller::Spec);
        engine.route_table(controller, class)
    };
    classes.map(table).collect()
}
