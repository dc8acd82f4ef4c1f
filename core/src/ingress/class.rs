//! The class of an Ingress: `spec.ingressClassName`, the older annotation, or the default IngressClass.

use crate::api::ingress::{Ingress, IngressClass};
use crate::cluster::Cluster;

/// The annotation from before `spec.ingressClassName`.
pub const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

/// The annotation that makes an IngressClass the default one.
pub const DEFAULT_CLASS_ANNOTATION: &str = "ingressclass.kubernetes.io/is-default-class";

/// How a controller recognizes its Ingresses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassRules {
    /// The class it serves where its configuration names none. Empty: it serves every class.
    pub(crate) class: &'static str,
    /// The prefix of `spec.controller` in its IngressClasses.
    pub(crate) controller: &'static str,
    /// The annotations it reads a class from, in order of precedence.
    pub(crate) annotations: &'static [&'static str],
    /// Whether an annotation takes precedence over `spec.ingressClassName`.
    pub(crate) annotation_first: bool,
    /// Whether the name of its own class is enough: it serves that class whatever `spec.controller` an IngressClass of that
    /// name has, and it ignores an empty annotation.
    pub(crate) by_name: bool,
    /// The argument without which it ignores Ingresses that have no class; none: it serves them.
    pub(crate) classless_argument: Option<&'static str>,
}

impl ClassRules {
    /// The class of an Ingress as this controller reads it: the class that the Ingress names, else the default IngressClass.
    /// None: the Ingress has no class.
    ///
    /// The API server writes the default class into an Ingress (admission plugin `DefaultIngressClass`), unless the Ingress has
    /// the older annotation, even an empty one.
    pub(crate) fn class_of<'c>(&self, cluster: &'c Cluster, ingress: &'c Ingress) -> Option<&'c str> {
        let annotations = &ingress.metadata.annotations;
        let annotation = self.annotations.iter().find_map(|name| annotations.get(*name)).map(String::as_str);
        let annotation = annotation.filter(|class| !(self.by_name && class.is_empty()));
        let field = ingress.spec.ingress_class_name.as_deref();
        let named = if self.annotation_first { annotation.or(field) } else { field.or(annotation) };
        let default = || {
            let may_default = !annotations.contains_key(CLASS_ANNOTATION);
            default_class(cluster).filter(|_| may_default).map(|class| class.metadata.name.as_str())
        };
        named.filter(|class| !class.is_empty()).or_else(default)
    }

    /// Whether a class belongs to this controller: by the `spec.controller` of its IngressClass, or, without an IngressClass
    /// in the files, by its name.
    pub(crate) fn owns(&self, cluster: &Cluster, class: &str) -> bool {
        if self.class.is_empty() {
            return false;
        }
        match cluster.ingress_classes.get("", class) {
            Some(_) if self.by_name && class == self.class => true,
            Some(known) => known.spec.controller.starts_with(self.controller),
            None => class == self.class,
        }
    }

    /// Whether the controller serves the Ingress. With `wanted`, it serves that class alone. Without, it serves the classes
    /// that it owns and, unless it needs an argument for that, Ingresses without a class.
    pub(crate) fn serves(&self, cluster: &Cluster, ingress: &Ingress, wanted: Option<&str>) -> bool {
        match (self.class_of(cluster, ingress), wanted) {
            (class, Some(wanted)) => class == Some(wanted),
            (None, None) => self.classless_argument.is_none(),
            (Some(class), None) => self.class.is_empty() || self.owns(cluster, class),
        }
    }
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
