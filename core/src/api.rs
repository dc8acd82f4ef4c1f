//! The Kubernetes objects as plain data, a file a kind, and how they are read and written.
//!
//! What comes in is a tree ([`portolan_base::tree::Node`]), what goes out are typed objects and, back again, JSON in the
//! form and order in which Go writes it. Nothing is judged here: that is `admission`'s room.

pub mod admin_network_policy;
pub mod cluster_network_policy;
pub mod codec;
pub mod decoder;
pub mod describe;
pub mod endpoint_slice;
pub mod endpoints;
pub mod ingress;
pub mod ingress_v1beta1;
pub mod meta;
pub mod namespace;
pub mod network_policy;
pub mod node;
pub mod object;
pub mod pod;
pub mod resource;
pub mod secret;
pub mod service;
pub mod time;
pub mod workload;
