//! The module as Envoy gets it.
//!
//! The SDK exports every hook that proxy-wasm has, and Envoy calls each one that is there: those that do nothing cost as
//! much as a call for nothing, on every request. [`finish`] takes them out of the exports, and the functions' names out of
//! the module.

/// The hooks that the filter has something to do in; of the others no export stays.
const HOOKS: &[&str] = &[
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_memory_allocate",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_vm_start",
];

const EXPORTS: u8 = 7;
const CUSTOM: u8 = 0;

/// The module without exports of hooks that do nothing, and without its functions' names. None where the bytes are no
/// WebAssembly module (Core Specification 2.0, 5.5).
pub fn finish(module: &[u8]) -> Option<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8)?;
    if !head.starts_with(b"\0asm") {
        return None;
    }
    let mut out = head.to_vec();
    while let Some((kind, after)) = rest.split_first() {
        let (section, behind) = sized(after)?;
        rest = behind;
        match *kind {
            CUSTOM if sized(section)?.0 == b"name" => {}
            EXPORTS => put(&mut out, EXPORTS, &exports(section)?),
            other => put(&mut out, other, section),
        }
    }
    Some(out)
}

fn put(out: &mut Vec<u8>, kind: u8, section: &[u8]) {
    out.push(kind);
    write_number(out, section.len());
    out.extend_from_slice(section);
}

/// The section with the exports that stay.
fn exports(section: &[u8]) -> Option<Vec<u8>> {
    let (count, mut rest) = number(section)?;
    let mut kept = Vec::new();
    let mut number_kept = 0;
    for _ in 0..count {
        let start = rest;
        let (name, behind) = sized(rest)?;
        // What is exported: its kind, and its number.
        let (_, behind) = number(behind.get(1..)?)?;
        rest = behind;
        if !name.starts_with(b"proxy_on_") || HOOKS.iter().any(|hook| hook.as_bytes() == name) {
            kept.extend_from_slice(start.get(..start.len() - rest.len())?);
            number_kept += 1;
        }
    }
    let mut out = Vec::new();
    write_number(&mut out, number_kept);
    out.extend(kept);
    Some(out)
}

/// A number of bytes and that many bytes, and what is behind them.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = number(bytes)?;
    rest.split_at_checked(size)
}

/// An unsigned LEB128 number, and what is behind it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(at + 1..)?));
        }
    }
    None
}

fn write_number(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            out.push(byte);
            return;
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
        let mut out = b"\0asm\x01\0\0\0".to_vec();
        for (kind, section) in sections {
            put(&mut out, *kind, section);
        }
        out
    }

    fn exporting(names: &[&str]) -> Vec<u8> {
        let mut out = vec![u8::try_from(names.len()).unwrap()];
        for name in names {
            write_number(&mut out, name.len());
            out.extend_from_slice(name.as_bytes());
            // A function, number 300.
            out.extend([0, 0xac, 2]);
        }
        out
    }

    #[test]
    fn hooks_that_do_nothing_and_names_go_and_all_else_stays() {
        let before = ["memory", "proxy_on_log", "proxy_on_request_headers", "proxy_on_done", "malloc"];
        let after = ["memory", "proxy_on_request_headers", "malloc"];
        let code = (10, vec![7; 300]);
        let given =
            module(&[(7, exporting(&before)), code.clone(), (0, b"\x04name123".to_vec()), (0, b"\x01x9".to_vec())]);
        let expected = module(&[(7, exporting(&after)), code, (0, b"\x01x9".to_vec())]);
        assert_eq!(finish(&given), Some(expected.clone()));
        assert_eq!(finish(&expected), Some(expected));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let whole = module(&[(7, exporting(&["malloc"]))]);
        for length in 0..whole.len() {
            assert!(finish(&whole[..length]).is_none() || length == 8, "{length}");
        }
        assert_eq!(finish(b"\x7fELF\0\0\0\0\0"), None);
    }
}
