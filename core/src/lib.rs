//! Portolan: what a Kubernetes cluster would do with your manifests, and why.
//!
//! [`Cluster`] is the front door: load texts of manifests, [check](Cluster::check) them, and ask questions. Each kind of
//! question is a method; its question and its answer are types in [`ask`].
//!
//! ```
//! use portolan::{Cluster, ask::route::RouteQuestion};
//!
//! let cluster = Cluster::load([("shop.yaml", "
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web}
//! spec: {ports: [{port: 80}]}
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: front}
//! spec:
//!   rules:
//!     - host: shop.example
//!       http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
//! ")]);
//! let answer = cluster.route(&RouteQuestion { url: "http://shop.example/cart", ..RouteQuestion::default() })?;
//! assert_eq!(answer.service.unwrap().name, "web");
//!
//! for finding in cluster.check() {
//!     println!("{}:{}: {}", finding.place.file, finding.place.line, finding.message);
//! }
//! # Ok::<(), portolan::AskError>(())
//! ```
//!
//! The core takes values and returns values. It does no I/O, reads no clock, draws no randomness and panics on no input, so
//! it behaves the same in a terminal, a browser, Node and a proxy.
//!
//! The modules that are not listed here are for Portolan's own hosts; they change without notice.

#[doc(hidden)]
pub mod admission;
pub mod api;
pub mod ask;
#[doc(hidden)]
pub mod check;
#[doc(hidden)]
pub mod cluster;
#[doc(hidden)]
pub mod dns;
#[doc(hidden)]
pub mod edit;
#[doc(hidden)]
pub mod endpoints;
#[doc(hidden)]
pub mod engine;
mod facade;
#[doc(hidden)]
pub mod field;
#[doc(hidden)]
pub mod files;
#[doc(hidden)]
pub mod finding;
pub(crate) mod ids;
#[doc(hidden)]
pub mod ingress;
#[doc(hidden)]
pub mod kubelet;
#[doc(hidden)]
pub mod lint;
#[doc(hidden)]
pub mod load;
#[doc(hidden)]
pub mod manifest;
#[doc(hidden)]
pub mod net;
#[doc(hidden)]
pub mod policy;
#[doc(hidden)]
pub mod proxy;
#[doc(hidden)]
pub mod release;
#[doc(hidden)]
pub mod review;
#[doc(hidden)]
pub mod routing;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod spelling;
#[doc(hidden)]
pub mod suppression;
#[doc(hidden)]
pub mod workload;

#[doc(inline)]
pub use ask::{AskError, Reason};
#[doc(inline)]
pub use cluster::{Location, Options};
pub use facade::Cluster;
#[doc(inline)]
pub use finding::{Edit, Finding, Severity};
#[doc(inline)]
pub use load::LoadMode;

/// The minor version of Kubernetes that is answered for.
pub const KUBERNETES_VERSION: &str = release::V1_36.name;
