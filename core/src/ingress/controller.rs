//! The controllers: a named controller in, its behaviour out.

mod contour;
mod ingress_nginx;
mod spec;

use super::class::ClassWays;
use super::lowering::Builder;
use crate::routing::names::Selection;
use crate::routing::{Entry, Host, Request, Route, RouteTable};
use std::borrow::Cow;

/// Whose ways a table follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Controller {
    /// What the API documentation says.
    #[default]
    Spec,
    /// Contour 1.33 in front of Envoy, as recorded.
    Contour,
    /// The Kubernetes project's ingress-nginx.
    Nginx,
}

impl Controller {
    /// Every controller.
    pub const ALL: &'static [Controller] = &[Controller::Spec, Controller::Contour, Controller::Nginx];

    /// The name that questions use.
    pub fn name(self) -> &'static str {
        self.ways().name
    }

    /// The controller of that name.
    pub fn named(name: &str) -> Option<Controller> {
        Controller::ALL.iter().copied().find(|controller| controller.name() == name)
    }

    pub(crate) fn ways(self) -> &'static Ways {
        match self {
            Controller::Spec => &spec::WAYS,
            Controller::Contour => &contour::WAYS,
            Controller::Nginx => &ingress_nginx::WAYS,
        }
    }
}

/// What a controller does in its own way.
pub(crate) struct Ways {
    /// The name that questions use.
    pub(crate) name: &'static str,
    /// Which Ingresses it serves.
    pub(crate) class: ClassWays,
    /// Makes the hosts and rules of the Ingresses it serves.
    pub(crate) compile: fn(&mut Builder<'_>),
    /// Chooses the host that decides.
    pub(crate) select: fn(&RouteTable, &Request<'_>) -> Selection,
    /// The path as it is compared; `None` where the request is refused for it.
    pub(crate) normalize: for<'p> fn(&'p str) -> Option<Cow<'p, str>>,
    /// What is done with a request beyond choosing its rule: redirects, rewrites, refusals.
    pub(crate) conduct: for<'t> fn(&'t RouteTable, &Request<'_>, &mut Route<'t>),
    /// Whether `conduct` has nothing to add for any request with that (normalized) path that the rule won.
    pub(crate) is_plain: fn(Option<&Host>, &Entry, &str) -> bool,
}
