//! The controllers: which one serves an Ingress, where it takes requests in, and how it compiles its Ingresses.
//!
//! In: a cluster and an Ingress. Out: the Ingress's class, its controller, and the Service that requests enter through. Everybody who needs to
//! know one of these asks here. Each controller is one [`Profile`] in a file or folder of its own, and one variant of
//! [`Controller`]; `CONTRIBUTING.md` says how to add one.

mod contour;
mod ingress_nginx;
mod spec;

use super::class::ClassRules;
use super::lowering::Lowering;
use crate::api::ingress::Ingress;
use crate::api::pod::Pod;
use crate::api::resource::ObjectKey;
use crate::api::service::Service;
use crate::cluster::Cluster;
use crate::routing::{Behaviour, RouteTable};
use std::str::FromStr;
use std::sync::Arc;

/// The controller whose behaviour a table follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Controller {
    /// The API documentation: what every controller should do.
    #[default]
    Spec,
    /// Contour 1.33 in front of Envoy, as recorded.
    Contour,
    /// The Kubernetes project's ingress-nginx.
    Nginx,
}

/// A name that no controller has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown controller `{name}`; expected one of: {}", Controller::names())]
pub struct UnknownController {
    /// The name.
    pub name: String,
}

impl Controller {
    /// Every controller. This is the one list: flags, help, answers and pages read it.
    pub const ALL: &'static [Controller] = &[Controller::Spec, Controller::Contour, Controller::Nginx];

    /// The name in questions and flags, such as `nginx`.
    pub fn name(self) -> &'static str {
        self.profile().behaviour.name
    }

    /// The name for people, such as `ingress-nginx`.
    pub fn label(self) -> &'static str {
        self.profile().label
    }

    /// The controller of that name.
    pub fn named(name: &str) -> Option<Controller> {
        Controller::ALL.iter().copied().find(|controller| controller.name() == name)
    }

    /// The controller whose behaviour a table follows.
    pub fn of_table(table: &RouteTable) -> Controller {
        Controller::named(table.controller().name()).unwrap_or_default()
    }

    /// The names of all controllers, separated by commas.
    pub fn names() -> String {
        let names: Vec<&str> = Controller::ALL.iter().map(|controller| controller.name()).collect();
        names.join(", ")
    }

    /// The controller that runs in a pod, by the labels that its own manifests and charts give its pods. [`Controller::Spec`] stands for
    /// a known ingress controller without a profile of its own.
    pub fn of_pod(pod: &Pod) -> Option<Controller> {
        let labels = &pod.metadata.labels;
        let has = |(name, value): &(&str, &str)| labels.get(*name).is_some_and(|known| known == value);
        let runs = |controller: &Controller| controller.profile().pods.iter().any(|wanted| wanted.iter().all(has));
        // `Spec` comes first in the list, and is asked last: it also has the labels of controllers without a profile.
        Controller::ALL.iter().rev().copied().find(runs)
    }

    /// The controller that owns a class: by its IngressClass, or, without an IngressClass in the files, by its name.
    /// [`Controller::Spec`] where no controller with a profile owns it.
    pub fn of_class(cluster: &Cluster, class: &str) -> Controller {
        let owns = |controller: &Controller| controller.profile().class.owns(cluster, class);
        Controller::ALL.iter().copied().find(owns).unwrap_or_default()
    }

    /// The argument without which the controller ignores Ingresses that have no class; none: it serves them.
    pub fn classless_argument(self) -> Option<&'static str> {
        self.profile().class.classless_argument
    }

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Controller::Spec => &spec::PROFILE,
            Controller::Contour => &contour::PROFILE,
            Controller::Nginx => &ingress_nginx::PROFILE,
        }
    }
}

impl FromStr for Controller {
    type Err = UnknownController;

    fn from_str(name: &str) -> Result<Self, UnknownController> {
        Controller::named(name).ok_or_else(|| UnknownController { name: name.to_owned() })
    }
}

/// Labels that a pod must all have.
pub(crate) type Labels = &'static [(&'static str, &'static str)];

/// What Portolan knows of a controller.
pub(crate) struct Profile {
    /// The name for people.
    pub(crate) label: &'static str,
    /// Which Ingresses it serves.
    pub(crate) class: ClassRules,
    /// The labels of its pods that send requests to backends, as its own manifests and charts set them; one of these sets.
    pub(crate) pods: &'static [Labels],
    /// Values in the selector of the Service that its requests enter through.
    pub(crate) entry_selectors: &'static [&'static str],
    /// What a comparison of tables cannot show of it.
    pub(crate) note: &'static str,
    /// Makes the hosts and rules of the Ingresses it serves.
    pub(crate) compile: fn(&mut Lowering<'_>),
    /// How it treats requests.
    pub(crate) behaviour: Behaviour,
}

/// The class of an Ingress, as its controller reads it; none: the Ingress has no class.
pub fn class_of<'c>(cluster: &'c Cluster, ingress: &'c Ingress) -> Option<&'c str> {
    served_by(cluster, ingress).1
}

/// The controller of an Ingress: the one that owns its class. [`Controller::Spec`] where no controller with a profile owns it.
pub fn controller_of(cluster: &Cluster, ingress: &Ingress) -> Controller {
    served_by(cluster, ingress).0
}

/// The controller of an Ingress, and the class by which it serves it.
pub fn served_by<'c>(cluster: &'c Cluster, ingress: &'c Ingress) -> (Controller, Option<&'c str>) {
    let claims = |controller: &Controller| {
        let rules = &controller.profile().class;
        let class = rules.class_of(cluster, ingress).filter(|class| rules.owns(cluster, class))?;
        Some((*controller, Some(class)))
    };
    let spec = || (Controller::Spec, Controller::Spec.profile().class.class_of(cluster, ingress));
    Controller::ALL.iter().find_map(claims).unwrap_or_else(|| match spec() {
        (_, None) => (classless_controller(cluster), None),
        served => served,
    })
}

/// The controller that Ingresses without a class belong to: among the controllers of the IngressClasses, one that serves such
/// Ingresses, else one that ignores them. [`Controller::Spec`] where no IngressClass is of a known controller.
fn classless_controller(cluster: &Cluster) -> Controller {
    let classes = cluster.ingress_classes.iter().map(|(key, _)| Controller::of_class(cluster, &key.name));
    let mut shown = classes.filter(|controller| *controller != Controller::Spec).peekable();
    let Some(first) = shown.peek().copied() else { return Controller::Spec };
    shown.find(|controller| controller.classless_argument().is_none()).unwrap_or(first)
}

/// The controller that every Ingress has; none where they have several, or there is no Ingress.
pub fn only_controller(cluster: &Cluster) -> Option<Controller> {
    let mut controllers = cluster.ingresses.iter().map(|(_, ingress)| controller_of(cluster, ingress));
    let first = controllers.next()?;
    controllers.all(|controller| controller == first).then_some(first)
}

/// The Ingress that names a host, itself or else by a wildcard.
pub fn ingress_naming<'c>(cluster: &'c Cluster, host: &str) -> Option<(&'c ObjectKey, &'c Arc<Ingress>)> {
    let hosts = |ingress: &'c Ingress| ingress.spec.rules.iter().flatten().map(|rule| rule.host.as_str());
    let wild = host.split_once('.').map(|(_, suffix)| format!("*.{suffix}"));
    let names = |wanted: &str| {
        let mut ingresses = cluster.ingresses.iter();
        ingresses.find(|(_, ingress)| hosts(ingress).any(|known| known.eq_ignore_ascii_case(wanted)))
    };
    names(host).or_else(|| names(&wild?))
}

/// The Ingress that names a host, itself or by a wildcard; else the first that serves every host.
pub fn ingress_for_host<'c>(cluster: &'c Cluster, host: &str) -> Option<(&'c ObjectKey, &'c Arc<Ingress>)> {
    let has_any_host = |ingress: &Ingress| ingress.spec.rules.iter().flatten().any(|rule| rule.host.is_empty());
    let serves_all = |ingress: &Ingress| ingress.spec.default_backend.is_some() || has_any_host(ingress);
    ingress_naming(cluster, host).or_else(|| cluster.ingresses.iter().find(|(_, ingress)| serves_all(ingress)))
}

/// The Service that requests for an Ingress enter its controller through: the Service whose load balancer the Ingress's
/// status names, else one that is open to the outside and selects the controller's pods. None: it is not in these files.
pub fn entry_point<'c>(
    cluster: &'c Cluster,
    controller: Controller,
    ingress: &Ingress,
) -> Option<(&'c ObjectKey, &'c Arc<Service>)> {
    let open = || cluster.services.iter().filter(|(_, service)| is_open(service));
    let reported = &ingress.status.load_balancer.ingress;
    let is_reported = |service: &Service| {
        service.status.load_balancer.ingress.iter().any(|point| {
            reported.iter().any(|known| {
                (!point.ip.is_empty() && point.ip == known.ip)
                    || (!point.hostname.is_empty() && point.hostname == known.hostname)
            })
        })
    };
    let values = controller.profile().entry_selectors;
    let selects = |service: &Service| {
        let selector = service.spec.selector.as_ref();
        selector.is_some_and(|selector| selector.values().any(|value| values.contains(&value.as_str())))
    };
    open().find(|(_, service)| is_reported(service)).or_else(|| open().find(|(_, service)| selects(service)))
}

/// Whether a Service takes requests from outside the cluster.
fn is_open(service: &Service) -> bool {
    matches!(service.spec.r#type.as_str(), "LoadBalancer" | "NodePort")
        || service.spec.external_ips.iter().flatten().next().is_some()
}

/// What two controllers do differently that comparing their tables cannot show: letter case, unusual paths, ports.
pub fn differences(before: Controller, after: Controller) -> Vec<&'static str> {
    if before == after { Vec::new() } else { vec![before.profile().note, after.profile().note] }
}
