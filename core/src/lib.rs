//! Portolan: what a Kubernetes cluster would do with your manifests, and why.
//!
//! The core thinks and does nothing else: values come in, values go out. It does no I/O, reads no clock, draws no
//! randomness and panics on no input, so it runs the same in a terminal, a browser, Node and a proxy.
//!
//! Data flows one way: text → documents ([`manifest`]) → typed objects ([`api`]) → [`cluster`] → the engines → [`ask`].
//! A room uses the rooms before it, never one after it.

pub mod admission;
pub mod api;
pub mod ask;
pub mod check;
pub mod cluster;
pub mod dns;
pub mod edit;
pub mod endpoints;
pub mod engine;
pub mod field;
pub mod files;
pub mod finding;
pub(crate) mod ids;
pub mod ingress;
pub mod kubelet;
pub mod lint;
pub mod load;
pub mod manifest;
pub mod net;
pub mod policy;
pub mod proxy;
pub mod release;
pub mod review;
pub mod routing;
pub mod session;
pub mod spelling;
pub mod suppression;
pub mod workload;

/// The minor version of Kubernetes that is answered for.
pub const KUBERNETES_VERSION: &str = release::V1_36.name;
