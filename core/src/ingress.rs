//! Ingress: a request in, the rule and the backend that serve it out.
//!
//! [`RouteTable::compile`] takes all Ingresses of a class and makes one index of them, as a named [`Controller`] would;
//! [`RouteTable::route`] asks it. A controller's ways stand in one file each: `spec`, `contour`, `nginx`.
//!
//! # Precedence
//! Every controller first chooses a host, then one of its rules; the greatest [`PathRank`] among those that take the path
//! wins, so a rule is never chosen by the order in which it happens to be looked at.
//!
//! | | `spec` | `contour` | `nginx` |
//! |---|---|---|---|
//! | host | exact, else the wildcard of its last labels, else none; the first that has rules decides | the same, a wildcard also decides for several labels, and then answers 404 | the same as `spec`; aliases and `www.` redirects |
//! | path | longest, then Exact before Prefix | Exact, then expressions, then longest prefix | Exact, then longest prefix; with `use-regex` or a rewrite: expressions only, the longest first |
//! | no rule | `defaultBackend` of the oldest Ingress that has one | 404; `defaultBackend` is `/` among the rules without host | `defaultBackend` of the Ingress that made the host, else 404; for hosts without rules, that of the youngest Ingress |
//! | same rule twice | the older Ingress | the older Ingress; within one, the later rule | the older Ingress |

pub mod backend;
mod builder;
pub mod class;
pub mod compare;
pub mod conduct;
mod contour;
pub mod explain;
mod index;
pub mod matching;
mod names;
mod nginx;
pub mod normalize;
pub mod pattern;
pub mod regions;
pub mod render;
pub mod request;
mod spec;
pub mod table;
pub mod tls;
pub mod upstream;

pub use backend::{Backend, BackendPort};
pub use matching::{MatchHost, MatchPath, PathRank};
pub use request::Request;
pub use table::{Entry, Host, Origin, Redirect, Refusal, Report, Route, RouteTable};

use builder::Builder;
use class::ClassWays;
use names::Selection;
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
            Controller::Nginx => &nginx::WAYS,
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
