//! NetworkPolicy and the tiers above and below it: a connection in, the verdict and its reason out.
//!
//! [`PolicyIndex::compile`] sorts the pods of a cluster into classes that no policy can tell apart. Label selectors
//! become sets of classes, `ipBlock`s become regions of the address space of which the longest prefix decides, ports
//! become intervals. [`PolicyIndex::verdict`] then looks only at the policies that select the two ends;
//! [`PolicyIndex::explain`] is the same walk, telling its steps.
//!
//! Semantics: `k8s.io/api/networking/v1` NetworkPolicy (v0.36.3), `sigs.k8s.io/network-policy-api` v1alpha1 (v0.1.7) and
//! v1alpha2 (v0.2.0). What those leave open is said in [`verdict`].

mod class_records;
pub mod diff;
pub mod findings;
mod follow;
mod ids;
mod index;
mod lower;
pub mod map;
pub mod nftables;
mod pod_index;
pub mod ports;
mod ranges;
mod reach;
mod rule;
mod rule_tape;
mod selector;
mod store;
pub mod suggest;
pub mod verdict;

pub use diff::ConnectionDiff;
pub use ids::PodId;
pub use index::PolicyIndex;
pub use map::{ConnectionMap, Party, Row};
pub use ports::PortSet;
pub use rule::{Action, Direction, Tier};
pub use suggest::Suggestion;
pub use verdict::{Effect, End, Reason, Verdict};
