//! What the npm package needs of the wasm module. Into a folder go
//! - `node/portolan.js` (CommonJS) and `web/portolan.js` (ES module), the glue, each beside its `portolan_bg.wasm`,
//! - `types.ts`, the objects, questions and answers as TypeScript,
//! - `fields.json`, the same objects for an editor's completion and hover.

mod arrange;
mod bindings;
mod fields;
mod spell;
mod types;

use anyhow::Context as _;
use std::fs;
use std::path::Path;

/// Writes glue, modules, types and fields for the module into the folder, which must exist.
///
/// # Errors
/// The module cannot be read or was made with another version of wasm-bindgen, or the folder cannot be written.
pub fn generate(module: &Path, folder: &Path) -> Result<(), anyhow::Error> {
    bindings::generate(module, folder)?;
    write(&folder.join("types.ts"), &types::typescript())?;
    write(&folder.join("fields.json"), &fields::json().to_string())
}

fn write(path: &Path, text: &str) -> Result<(), anyhow::Error> {
    fs::write(path, text).with_context(|| path.display().to_string())
}
