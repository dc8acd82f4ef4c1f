//! `nftables`: the network policies as rules for the kernel. A cluster goes in, a ruleset comes out.

use super::AskError;
use crate::engine::Engine;
use crate::policy::PolicyIndex;
use crate::policy::nftables::render;
use crate::{answer, question};

question! {
    /// What are the network policies as rules for the kernel?
    NftablesQuestion {}
}

answer! {
    /// The network policies as rules for the kernel.
    NftablesAnswer {
        /// A ruleset for `nft -f`.
        "text" => text: String;
    }
}

/// Writes the ruleset.
///
/// # Errors
/// None.
pub fn nftables(engine: &Engine) -> Result<NftablesAnswer, AskError> {
    // Compiled for this question alone, so that the same cluster gives the same text after any history of changes.
    let index = PolicyIndex::compile(engine.cluster());
    Ok(NftablesAnswer { text: render(&index) })
}
