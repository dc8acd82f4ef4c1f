//! The route tables of the classes that the Ingresses of a cluster have.

use crate::engine::Engine;
use crate::ingress::Controller;
use crate::ingress::controller::served_by;
use crate::routing::RouteTable;
use portolan_base::collections::BTreeSet;
use std::sync::Arc;

/// The table of every class that the Ingresses have. Ingresses without a class are included only where no Ingress has one:
/// otherwise their controller is not known.
pub(super) fn tables(engine: &Engine) -> Vec<Arc<RouteTable>> {
    let cluster = engine.cluster();
    let of_class = |ingress| {
        let (controller, class) = served_by(cluster, ingress);
        (class, controller)
    };
    let classes: BTreeSet<(Option<&str>, Controller)> =
        cluster.ingresses.iter().map(|(_, ingress)| of_class(ingress)).collect();
    let has_classes = classes.iter().any(|(class, _)| class.is_some());
    let classes = classes.into_iter().filter(|(class, _)| class.is_some() || !has_classes);
    classes.map(|(class, controller)| engine.route_table(controller, class)).collect()
}
