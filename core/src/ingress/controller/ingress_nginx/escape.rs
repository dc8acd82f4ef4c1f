//! The escapes in what a rewrite makes of a path (nginx 1.22: `ngx_http_script_copy_capture_code`,
//! `ngx_http_script_regex_end_code`, `ngx_http_proxy_create_request`).

use std::borrow::Cow;
use std::fmt::Write as _;

/// A part of the path, escaped as an argument is (`ngx_escape_uri`, `NGX_ESCAPE_ARGS`).
pub(super) fn argument(text: &str) -> Cow<'_, str> {
    escape(text, |byte| is_escaped(byte) || matches!(byte, b'&' | b'+' | b';'))
}

/// A rewritten path as a backend gets it (`NGX_ESCAPE_URI`).
pub(super) fn path(text: &str) -> Cow<'_, str> {
    escape(text, is_escaped)
}

fn is_escaped(byte: u8) -> bool {
    byte <= b' '
        || byte >= 0x7f
        || matches!(byte, b'"' | b'#' | b'%' | b'<' | b'>' | b'?' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn escape(text: &str, escaped: fn(u8) -> bool) -> Cow<'_, str> {
    if !text.bytes().any(escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for byte in text.bytes() {
        if escaped(byte) {
            let _ = write!(out, "%{byte:02X}");
        } else {
            out.push(char::from(byte));
        }
    }
    Cow::Owned(out)
}

/// The URL without the escapes of what is behind `%` in ASCII, up to the first `?` (`ngx_unescape_uri`,
/// `NGX_UNESCAPE_REDIRECT`). A `%` that begins no escape is lost, and so is what is half of one.
pub(super) fn redirect(url: &str) -> String {
    let mut out = String::new();
    let mut rest = url;
    while let Some((before, behind)) = rest.split_once(['%', '?']) {
        out.push_str(before);
        if rest.as_bytes().get(before.len()) == Some(&b'?') {
            out.push('?');
            out.push_str(behind);
            return out;
        }
        let digit = |at: usize| behind.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let length = match (digit(0), digit(1)) {
            (Some(first), Some(second)) => {
                match char::from_u32(first * 16 + second) {
                    Some(letter @ '&'..='~') => out.push(letter),
                    _ => {
                        out.push('%');
                        out.push_str(behind.get(..2).unwrap_or_default());
                    }
                }
                if first * 16 + second == u32::from(b'?') {
                    out.push_str(behind.get(2..).unwrap_or_default());
                    return out;
                }
                2
            }
            // What follows the digit is lost too.
            (Some(_), None) => 1 + behind.chars().nth(1).map_or(0, char::len_utf8),
            (None, _) => 0,
        };
        rest = behind.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_escaped() {
        assert_eq!(argument("/a-b_c~d.e=(f)"), "/a-b_c~d.e=(f)");
        assert_eq!(argument("/a b%c?d&e+ü"), "/a%20b%25c%3Fd%26e%2B%C3%BC");
    }

    #[test]
    fn a_redirect_loses_escapes_up_to_its_query() {
        assert_eq!(redirect("http://h/a%20b%2bc%41"), "http://h/a%20b+cA");
        assert_eq!(redirect("http://h/%c3%bc%25"), "http://h/%c3%bc%25");
        assert_eq!(redirect("http://h/a%3fb%41"), "http://h/a?b%41");
        assert_eq!(redirect("http://h/a?b%41"), "http://h/a?b%41");
        assert_eq!(redirect("http://h/100%/a%4/%"), "http://h/100/a");
    }
}
