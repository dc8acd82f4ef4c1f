//! Ingress: which controller serves an Ingress, and the table of routes that the controller compiles from it.
//!
//! [`class`] decides the class of an Ingress; [`controller`] lists the controllers, one folder each; `lowering` is what all of
//! them share when they make a [`crate::routing::RouteTable`].
//!
//! # Precedence
//!
//! | | `spec` | `contour` | `nginx` |
//! |---|---|---|---|
//! | host | exact, else the wildcard of its last labels, else none; the first that has rules decides | the same, a wildcard also decides for several labels, and then answers 404 | the same as `spec`; aliases and `www.` redirects |
//! | path | longest, then Exact before Prefix | Exact, then expressions, then longest prefix | Exact, then longest prefix; with `use-regex` or a rewrite: expressions only, the longest first |
//! | no rule | `defaultBackend` of the oldest Ingress that has one | 404; `defaultBackend` is `/` among the rules without host | `defaultBackend` of the Ingress that made the host, else 404; for hosts without rules, that of the youngest Ingress |
//! | same rule twice | the older Ingress | the older Ingress; within one, the later rule | the older Ingress |

pub mod class;
pub mod controller;
pub(crate) mod lowering;

pub use controller::Controller;
pub use lowering::{compile, is_made_from};
