//! Base64 as Go's `base64.StdEncoding` reads it.

/// The bytes, or `None` where the text is not base64 with its padding. Line breaks are skipped.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(symbols.len() / 4 * 3);
    let mut quads = symbols.chunks_exact(4).peekable();
    while let Some(quad) = quads.next() {
        let padding = quad.iter().rev().take_while(|symbol| **symbol == b'=').count();
        if padding > 2 || (padding > 0 && quads.peek().is_some()) {
            return None;
        }
        let mut bits: u32 = 0;
        for symbol in quad.iter().take(4 - padding) {
            bits = (bits << 6) | value(*symbol)?;
        }
        bits <<= 6 * u32::try_from(padding).unwrap_or(0);
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(3 - padding));
    }
    Some(bytes)
}

fn value(symbol: u8) -> Option<u32> {
    Some(u32::from(match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// The bytes as a JSON string holds them: Go puts U+FFFD for every byte that is no UTF-8.
pub fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{decode, to_text};

    #[test]
    fn padding_is_required_and_breaks_are_not_seen() {
        assert_eq!(decode("aGk=").as_deref(), Some(b"hi".as_slice()));
        assert_eq!(decode("aG\nk=\n").as_deref(), Some(b"hi".as_slice()));
        assert_eq!(decode("").as_deref(), Some(b"".as_slice()));
        for text in ["aGk", "aG k=", "a===", "aGk=aGk=", "####", "=aGk"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(to_text(&[b'a', 0xff, 0xe2, 0x82]), "a\u{fffd}\u{fffd}\u{fffd}");
    }
}
