//! Short texts, looked at byte by byte.
//!
//! The standard library's search is made for long texts and any pattern: for a path of thirty bytes, setting it up takes
//! longer than the search, and it is compiled anew for every kind of pattern.

/// Where the first of these ASCII characters stands in a text.
pub(crate) fn find(text: &str, any: &[u8]) -> Option<usize> {
    for (at, byte) in text.bytes().enumerate() {
        for wanted in any {
            if byte == *wanted {
                return Some(at);
            }
        }
    }
    None
}

/// The text before the first of these ASCII characters, and that behind it.
pub(crate) fn cut<'t>(text: &'t str, any: &[u8]) -> Option<(&'t str, &'t str)> {
    let at = find(text, any)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!((find("é/a?b", b"?/"), find("é", b"/")), (Some(2), None));
        assert_eq!((cut("é/a?b", b"?/"), cut("/", b"/"), cut("a", b"/")), (Some(("é", "a?b")), Some(("", "")), None));
    }
}
