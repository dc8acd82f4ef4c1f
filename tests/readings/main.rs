//! Holds the compiled engines against naive readings: the documentation followed step by step, slowly, by code that shares
//! nothing with the engines.

mod ingress;
mod naive_policy;
mod policy;
