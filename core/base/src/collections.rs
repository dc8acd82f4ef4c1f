//! Sorted maps and sets that cost little where size counts: the standard library writes its B-tree anew for every pair
//! of types, two to four kilobytes each in a WebAssembly module, and the core sorts by more than a hundred pairs. There,
//! one order of positions serves all types (`collections/positions.rs`); elsewhere these are the standard library's own. Both have the
//! same ways and the same order, so that every build gives the same answers; new code may use what both have.

#[cfg(any(test, target_family = "wasm"))]
pub mod map;
#[cfg(any(test, target_family = "wasm"))]
mod positions;
#[cfg(any(test, target_family = "wasm"))]
mod set;
#[cfg(test)]
mod tests;

#[cfg(not(target_family = "wasm"))]
pub use std::collections::{BTreeMap, BTreeSet, btree_map};

#[cfg(target_family = "wasm")]
pub use self::{map as btree_map, map::BTreeMap, set::BTreeSet};
