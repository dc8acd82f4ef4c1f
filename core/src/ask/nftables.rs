//! `nftables`: the network policies as rules for the kernel.

use super::AskError;
use crate::engine::Engine;
use crate::policy::PolicyIndex;
use crate::policy::nftables::render;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers with `{"text"}`: a ruleset for `nft -f`.
///
/// # Errors
/// None.
pub fn ask(engine: &Engine, _question: &Node) -> Result<Json, AskError> {
    // Compiled anew, so that the same cluster gives the same text, whichever changes have led to it.
    let index = PolicyIndex::compile(engine.cluster());
    Ok(Json::object().with("text", render(&index)))
}
