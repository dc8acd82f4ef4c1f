//! The filter as Cargo builds it comes in, the module for Envoy goes out.
//!
//! The SDK exports every hook that proxy-wasm has, and Envoy calls each exported hook on every request, also those that do
//! nothing. [`finish`] removes them from the exports, and the names of functions from the module.

use wasm_encoder::reencode::{Reencode as _, RoundtripReencoder};
use wasm_encoder::{ExportSection, Module, RawSection};
use wasmparser::{ExportSectionReader, Parser, Payload};

/// The hooks in which the filter does something. The exports of the others are removed.
const HOOKS: &[&str] = &[
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_memory_allocate",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_vm_start",
];

/// The module without exports of hooks that do nothing, and without the names of its functions. Every other section stays
/// byte for byte.
///
/// # Errors
/// The bytes are not a WebAssembly module.
pub fn finish(module: &[u8]) -> Result<Vec<u8>, anyhow::Error> {
    let mut out = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::CustomSection(section) if section.name() == "name" => {}
            Payload::ExportSection(section) => {
                out.section(&exports(section.clone())?);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = module.get(range).ok_or_else(|| anyhow::anyhow!("a section ends behind the module"))?;
                    out.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(out.finish())
}

/// The section with the exports that stay.
fn exports(section: ExportSectionReader<'_>) -> Result<ExportSection, anyhow::Error> {
    let mut kept = ExportSection::new();
    for export in section {
        let export = export?;
        if !export.name.starts_with("proxy_on_") || HOOKS.contains(&export.name) {
            let kind = RoundtripReencoder.export_kind(export.kind).map_err(|error| anyhow::anyhow!("{error:?}"))?;
            kept.export(export.name, kind, export.index);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{CodeSection, CustomSection, ExportKind, Function, FunctionSection, TypeSection};

    /// A module with 301 functions that exports the last of them under each name, and with two custom sections.
    fn module(exported: &[&str], custom: &[&str]) -> Vec<u8> {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        for number in 0..301 {
            functions.function(0);
            let mut function = Function::new([]);
            function.instructions().i32_const(number).drop().end();
            code.function(&function);
        }
        let mut exports = ExportSection::new();
        for name in exported {
            exports.export(name, ExportKind::Func, 300);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        for name in custom {
            module.section(&CustomSection { name: (*name).into(), data: b"123".into() });
        }
        module.finish()
    }

    #[test]
    fn idle_hooks_and_names_are_removed_and_everything_else_stays() {
        let before = ["memory", "proxy_on_log", "proxy_on_request_headers", "proxy_on_done", "malloc"];
        let given = module(&before, &["name", "producers"]);
        let expected = module(&["memory", "proxy_on_request_headers", "malloc"], &["producers"]);
        assert_eq!(finish(&given).unwrap(), expected);
        assert_eq!(finish(&expected).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_not_a_module_are_refused() {
        let whole = module(&["malloc"], &["producers"]);
        // Only where a section ends can a cut be a module: after the head, and after each of the five sections.
        let accepted = (0..=whole.len()).filter(|length| finish(&whole[..*length]).is_ok());
        let accepted: Vec<usize> = accepted.collect();
        assert!(
            accepted.first() == Some(&8) && accepted.last() == Some(&whole.len()) && accepted.len() <= 6,
            "{accepted:?}"
        );
        assert!(finish(b"\x7fELF\0\0\0\0\0").is_err());
    }
}
