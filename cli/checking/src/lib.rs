//! Checking files: paths and settings come in; texts, a selection of findings, known findings and fixed files go out.
//!
//! The command line, the language server and the webhook are built on this crate, so that all three read the same files
//! and settings, report the same findings and apply the same fixes. Nothing here prints.

pub mod baseline;
pub mod cluster_flags;
pub mod excerpt;
pub mod fix;
pub mod input;
pub mod selection;
pub mod settings;
