//! A filter for Envoy that routes requests by Kubernetes Ingresses: the table that `portolan route` answers from, inside a
//! proxy.
//!
//! What comes in is the plugin's configuration ([`configuration`]) and each request's head; what goes out is a changed head
//! or an answer ([`filter`]). The logic knows a [`filter::Host`] and no Envoy, so it is tested without one; the glue to
//! Envoy (`envoy`) is compiled for WebAssembly alone.

pub mod configuration;
#[cfg(target_arch = "wasm32")]
mod envoy;
pub mod filter;
