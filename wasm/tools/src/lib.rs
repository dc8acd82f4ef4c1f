//! Build steps of the WebAssembly modules: a module as Cargo makes it comes in, a module that is ready to ship goes out.

pub mod envoy;
#[cfg(feature = "npm")]
pub mod npm;
pub mod sizes;
