//! Routing: compiled rules and a request in, the rule and the backend that serve it out.
//!
//! Every controller lowers its objects to the same table ([`table::RouteTable`]): hosts, paths, backends, and what is done with
//! a request on the way (rewrites, redirects, refusals, TLS). This room knows nothing of the objects that rules come from: a
//! rule names them by its [`Origin`]. `explain` says why a rule won, `compare` finds the requests that two tables serve
//! differently, `render` writes a table as the configuration of a real proxy.
//!
//! # Precedence
//! A table first chooses a host, then one of its rules. The rule with the greatest [`PathRank`] among those that match the
//! path wins, so the order in which rules are looked at never decides.

pub mod backend;
pub mod behaviour;
pub(crate) mod builder;
pub mod compare;
pub mod explain;
pub(crate) mod index;
pub mod matching;
pub(crate) mod names;
pub mod normalize;
pub mod options;
pub mod pattern;
pub mod regions;
pub mod render;
pub mod request;
pub mod table;
pub mod tls;
pub mod upstream;

pub use backend::{Backend, BackendPort};
pub use behaviour::Behaviour;
pub use matching::{MatchHost, MatchPath, PathRank};
pub use request::Request;
pub use table::{Entry, Host, Origin, Redirect, Refusal, Route, RouteTable, RuleFields, TableNote};
