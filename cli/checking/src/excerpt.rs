//! Where a word ends: the rest of a line from a position comes in, the length of the key or value there goes out.

/// The length in bytes of the value or key that `rest`, the rest of a line, begins with: a quoted text whole, otherwise
/// up to the comment or the colon after a key.
#[must_use]
pub fn word_length(rest: &str) -> usize {
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    if let Some(quote) = quote {
        let inside = rest.get(1..).unwrap_or_default();
        return inside.find(quote).map_or(rest.len(), |end| end + 2);
    }
    let value = rest.split(" #").next().unwrap_or(rest);
    let key = value.split(": ").next().unwrap_or(value);
    let word = if value.ends_with(':') { value.trim_end_matches(':') } else { key };
    word.trim_end().trim_end_matches(',').len()
}

#[cfg(test)]
mod tests {
    use super::word_length;

    #[test]
    fn a_word_ends_where_its_value_or_key_does() {
        assert_eq!(word_length("port: 80 # web"), 4);
        assert_eq!(word_length("80 # web"), 2);
        assert_eq!(word_length("ports:"), 5);
        assert_eq!(word_length("\"a b\": 1"), 5);
        assert_eq!(word_length("http://a/b"), 10);
    }
}
