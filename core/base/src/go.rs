//! Texts as Go writes them: `%q` and `json.Marshal`. Kubernetes' messages quote values in these forms.

use std::fmt::Write as _;

/// A string as Go's `%q` writes it (`strconv.Quote`): printable characters stand as they are.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            ' '..='~' => out.push(character),
            control if control < ' ' || control == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", control as u32);
            }
            other if is_print(other) => out.push(other),
            other if (other as u32) < 0x10000 => {
                let _ = write!(out, "\\u{:04x}", other as u32);
            }
            other => {
                let _ = write!(out, "\\U{:08x}", other as u32);
            }
        }
    }
    out.push('"');
    out
}

/// Go's `strconv.IsPrint` for characters beyond ASCII, by what Rust knows of Unicode: its debug form escapes what is not printable.
fn is_print(character: char) -> bool {
    if character.is_whitespace() || character.is_control() {
        return false;
    }
    // Rust's debug form escapes a combining character at the start of a text, Go none.
    let mut behind_a_letter = String::from("a");
    behind_a_letter.push(character);
    behind_a_letter.escape_debug().count() == 2
}

/// A string as `json.Marshal` writes it: a named string type is shown so.
pub fn json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 2);
    crate::json::write_string(&mut plain, text);
    escape_html(&plain)
}

/// A value as `json.Marshal` writes it: what a message shows of anything that is no plain string, number or boolean.
pub fn json_value(value: &crate::json::Json) -> String {
    escape_html(&value.to_string())
}

/// Replaces `<`, `>` and `&` by their JSON escapes, as `json.Marshal` does.
pub fn escape_html(json: &str) -> String {
    if !json.contains(['<', '>', '&']) {
        return json.to_owned();
    }
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_follows_go() {
        assert_eq!(quote("a\"b\n\u{1}ä\u{200b}"), r#""a\"b\n\x01ä\u200b""#);
        assert_eq!(quote("\u{301}\u{a0}\u{ad}😀\u{e0001}"), "\"\u{301}\\u00a0\\u00ad😀\\U000e0001\"");
        assert_eq!(json("<a&b>"), r#""\u003ca\u0026b\u003e""#);
    }
}
