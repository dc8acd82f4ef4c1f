//! The command line: `npm MODULE.wasm FOLDER`, `envoy FROM.wasm TO.wasm` or `sizes MODULE.wasm…` comes in, files or a report go
//! out. Status 0: done, 1: it failed, 2: wrong usage.

use anyhow::Context as _;
use portolan_wasm_tools::{envoy, sizes};
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: portolan-wasm-tools npm MODULE.wasm FOLDER
       portolan-wasm-tools envoy FROM.wasm TO.wasm
       portolan-wasm-tools sizes MODULE.wasm...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["npm", module, folder] => npm(Path::new(module), Path::new(folder)),
        ["envoy", from, to] => finish(Path::new(from), Path::new(to)),
        ["sizes", first, others @ ..] => {
            std::iter::once(first).chain(others).try_for_each(|path| report(Path::new(path)))
        }
        _ => return fail(USAGE, 2),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{error:#}"), 1),
    }
}

#[cfg(feature = "npm")]
fn npm(module: &Path, folder: &Path) -> Result<(), anyhow::Error> {
    portolan_wasm_tools::npm::generate(module, folder)
}

#[cfg(not(feature = "npm"))]
fn npm(module: &Path, folder: &Path) -> Result<(), anyhow::Error> {
    anyhow::bail!("{}, {}: built without the feature `npm`", module.display(), folder.display())
}

fn finish(from: &Path, to: &Path) -> Result<(), anyhow::Error> {
    let module = envoy::finish(&read(from)?).with_context(|| from.display().to_string())?;
    std::fs::write(to, module).with_context(|| to.display().to_string())
}

#[expect(clippy::print_stdout, reason = "the command prints its report")]
fn report(path: &Path) -> Result<(), anyhow::Error> {
    let sizes = sizes::Sizes::of(&read(path)?).with_context(|| path.display().to_string())?;
    println!("{}\n{sizes}", path.display());
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, anyhow::Error> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

#[expect(clippy::print_stderr, reason = "a command says why it failed")]
fn fail(message: &str, status: u8) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(status)
}
