//! Properties that hold for every input, tried on generated ones: two ways to the same answer agree, and no text stops the
//! reader.

mod ingress;
mod ingress_controllers;
mod manifest;
mod policy_changes;
mod policy_map;
mod service_plane;
