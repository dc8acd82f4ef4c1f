//! Which Ingresses a controller serves: `spec.ingressClassName`, the older annotation, the default class.

use crate::api::ingress::{Ingress, IngressClass};
use crate::cluster::Cluster;

/// The annotation from before `spec.ingressClassName`.
pub const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The annotation that makes an IngressClass the default one.
pub const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// How a controller knows its Ingresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassWays {
    /// The class it serves when none is named; empty: every class.
    pub(crate) class: &'static str,
    /// What `spec.controller` of its IngressClasses begins with.
    pub(crate) controller: &'static str,
    /// The annotations it reads, the first before the others.
    pub(crate) annotations: &'static [&'static str],
    /// Whether the annotation goes before `spec.ingressClassName`.
    pub(crate) annotation_first: bool,
    /// Whether it goes by the name alone: its own class is served whatever an IngressClass of that name says, and an annotation
    /// that is empty is none.
    pub(crate) by_name: bool,
}

/// The class of an Ingress: what it names itself, else the default class, which the API server would have written into it
/// (admission plugin `DefaultIngressClass`) unless it has the older annotation, be it empty. `None`: no class.
pub(crate) fn class_of<'c>(cluster: &'c Cluster, ingress: &'c Ingress, ways: &ClassWays) -> Option<&'c str> {
    let annotations = &ingress.metadata.annotations;
    let annotation = ways.annotations.iter().find_map(|name| annotations.get(*name)).map(String::as_str);
    let annotation = annotation.filter(|class| !(ways.by_name && class.is_empty()));
    let field = ingress.spec.ingress_class_name.as_deref();
    let named = if ways.annotation_first { annotation.or(field) } else { field.or(annotation) };
    let default = || {
        let none = annotations.contains_key(CLASS_ANNOTATION);
        default_class(cluster).filter(|_| !none).map(|class| class.metadata.name.as_str())
    };
    named.filter(|class| !class.is_empty()).or_else(default)
}

/// The default IngressClass: of several, the youngest, then the first by name
/// (`plugin/pkg/admission/network/defaultingressclass`, v1.36.3).
pub fn default_class(cluster: &Cluster) -> Option<&IngressClass> {
    let marked = cluster.ingress_classes.iter().map(|(_, class)| &**class);
    let marked = marked
        .filter(|class| class.metadata.annotations.get(DEFAULT_CLASS_ANNOTATION).is_some_and(|value| value == "true"));
    marked.reduce(
        |best, class| {
            if class.metadata.creation_timestamp > best.metadata.creation_timestamp { class } else { best }
        },
    )
}

/// Whether the controller serves the Ingress. With a class named, that class alone; without one, what the controller
/// serves as it comes: its own class, every class whose IngressClass names it as the controller, and Ingresses without a
/// class.
pub(crate) fn serves(cluster: &Cluster, ingress: &Ingress, ways: &ClassWays, wanted: Option<&str>) -> bool {
    let class = class_of(cluster, ingress, ways);
    if let Some(wanted) = wanted {
        return class == Some(wanted);
    }
    let Some(class) = class else { return true };
    if ways.class.is_empty() {
        return true;
    }
    if ways.by_name && class == ways.class {
        return true;
    }
    match cluster.ingress_classes.get("", class) {
        Some(known) => known.spec.controller.starts_with(ways.controller),
        None => class == ways.class,
    }
}
