//! How a controller treats requests, as far as a table and what is rendered of it need to know.

use super::names::Selection;
use super::request::Request;
use super::table::{Entry, Host, Route, RouteTable};
use std::borrow::Cow;

/// The behaviour of one controller. The room of the controller declares it; a table holds a reference to it.
#[derive(Debug)]
pub struct Behaviour {
    pub(crate) name: &'static str,
    /// Chooses the host that decides about a request.
    pub(crate) select_host: fn(&RouteTable, &Request<'_>) -> Selection,
    /// The path as the rules compare it; `None`: the controller refuses the request because of it.
    pub(crate) normalize: for<'p> fn(&'p str) -> Option<Cow<'p, str>>,
    /// What is done with a request beyond choosing its rule: redirects, rewrites, refusals.
    pub(crate) apply: for<'t> fn(&'t RouteTable, &Request<'_>, &mut Route<'t>),
    /// Whether `apply` adds nothing to a request with that normalized path that the rule won.
    pub(crate) is_plain: fn(Option<&Host>, &Entry, &str) -> bool,
    /// Whether `normalize` is Envoy's.
    pub(crate) normalizes_as_envoy: bool,
    /// Whether a wildcard also decides about names that it does not match, and then no rule serves them.
    pub(crate) has_strict_wildcards: bool,
    /// The code of redirects to `https`.
    pub(crate) https_redirect: u16,
    /// Whether a path without the slash of its rule is redirected to the path with it.
    pub(crate) redirects_missing_slash: bool,
}

impl Behaviour {
    /// The name of the controller.
    pub fn name(&self) -> &'static str {
        self.name
    }
}
