//! The JavaScript glue of the module, once for Node and once for browsers. The module beside it is the same.

use crate::npm::arrange::arrange;
use crate::npm::spell::spell;
use anyhow::Context as _;
use std::fs;
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// Writes `node/` and `web/` below the folder.
///
/// # Errors
/// The module cannot be read or was made with another version of wasm-bindgen, or the folder cannot be written.
pub(super) fn generate(module: &Path, folder: &Path) -> Result<(), anyhow::Error> {
    for target in ["node", "web"] {
        let out = folder.join(target);
        fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        bindgen(module, target, &out).with_context(|| module.display().to_string())?;
    }
    arrange_both(folder).with_context(|| module.display().to_string())
}

/// Arranges the module, which is the same in both folders.
fn arrange_both(folder: &Path) -> Result<(), anyhow::Error> {
    let [node, web] = ["node", "web"].map(|target| folder.join(target).join("portolan_bg.wasm"));
    let module = fs::read(&web)?;
    anyhow::ensure!(module == fs::read(&node)?, "the modules for Node and for browsers differ");
    let arranged = arrange(&spell(&module)?)?;
    fs::write(node, &arranged)?;
    Ok(fs::write(web, &arranged)?)
}

fn bindgen(module: &Path, target: &str, out: &Path) -> Result<(), anyhow::Error> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name("portolan")
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        // A module that trapped is made afresh through this function.
        .reset_state_function(true)
        // The package gives the module to its glue. An address in there would be a second one for bundlers to follow.
        .omit_default_module_path(true);
    match target {
        "node" => bindgen.nodejs(true)?,
        _ => bindgen.web(true)?,
    };
    bindgen.generate(out)?;
    let glue = out.join("portolan.js");
    let text = fs::read_to_string(&glue)?;
    let text = replaced(&text, BY_CHARACTER, AT_ONCE)?;
    let text = if target == "node" { replaced(&text, AT_LOADING, WHEN_GIVEN)? } else { text };
    Ok(fs::write(&glue, text)?)
}

/// The text with the one part of it written anew.
fn replaced(text: &str, part: &str, with: &str) -> Result<String, anyhow::Error> {
    anyhow::ensure!(text.matches(part).count() == 1, "the glue is written in another way: there is not one{part}");
    Ok(text.replace(part, with))
}

/// How the glue passes a string: character by character up to the first that is not ASCII.
const BY_CHARACTER: &str = r"
    const mem = getUint8ArrayMemory0();

    let offset = 0;

    for (; offset < len; offset++) {
        const code = arg.charCodeAt(offset);
        if (code > 0x7F) break;
        mem[ptr + offset] = code;
    }
    if (offset !== len) {
        if (offset !== 0) {
            arg = arg.slice(offset);
        }
";

/// As much as fits at once, six times as quick for a question and twenty times for a file; the rest, where there
/// are characters of several bytes, as before.
const AT_ONCE: &str = r"
    const { read, written } = cachedTextEncoder.encodeInto(arg, getUint8ArrayMemory0().subarray(ptr, ptr + len));
    let offset = written;
    if (read !== len) {
        arg = arg.slice(read);
";

/// How the glue for Node gets the module: from the file beside it, as soon as it is loaded.
const AT_LOADING: &str = r"
const wasmPath = `${__dirname}/portolan_bg.wasm`;
const wasmBytes = require('fs').readFileSync(wasmPath);
const wasmModule = new WebAssembly.Module(wasmBytes);
let wasmInstance = new WebAssembly.Instance(wasmModule, __wbg_get_imports());
let wasm = wasmInstance.exports;
wasm.__wbindgen_start();
";

/// As the glue for browsers has it: what a bundler made of this file need not have any file beside it.
const WHEN_GIVEN: &str = r"
let wasmModule, wasmInstance, wasm;
exports.initSync = function ({ module }) {
    wasmModule = module;
    wasmInstance = new WebAssembly.Instance(wasmModule, __wbg_get_imports());
    wasm = wasmInstance.exports;
    wasm.__wbindgen_start();
};
";
