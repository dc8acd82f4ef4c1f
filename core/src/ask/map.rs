//! `map`: what may reach what?

use super::AskError;
use crate::engine::Engine;
use crate::json::Json;
use crate::manifest::Node;
use crate::policy::ConnectionMap;

/// Answers `{"format"}` with the map: as members where the format is `json` or none, else as `{"text"}`.
///
/// # Errors
/// The format is none of those there are.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let _ = question;
    let map = ConnectionMap::of(engine.cluster(), engine.policies());
    Ok(map.to_json())
}
