//! Makes what JavaScript needs of the wasm module: `portolan-wasm-generate MODULE.wasm FOLDER` writes into the folder
//! - `node/portolan.js` (CommonJS) and `web/portolan.js` (ES module), the glue, each beside its `portolan_bg.wasm`,
//! - `types.ts`, the objects, questions and answers as TypeScript,
//! - `fields.json`, the same objects for an editor's completion and hover.

mod arrange;
mod bindings;
mod fields;
mod spell;
mod types;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        return fail("usage: portolan-wasm-generate MODULE.wasm FOLDER");
    };
    match generate(Path::new(module), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn generate(module: &Path, folder: &Path) -> Result<(), String> {
    bindings::generate(module, folder)?;
    write(&folder.join("types.ts"), &types::typescript())?;
    write(&folder.join("fields.json"), &fields::json().to_string())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

#[expect(clippy::print_stderr, reason = "a command says why it failed")]
fn fail(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::FAILURE
}
