//! Short texts, looked at byte by byte.
//!
//! The standard library's search is made for long texts and any pattern: for a path of thirty bytes, setting it up takes
//! longer than the search, and it is compiled anew for every kind of pattern.

use std::cmp::Ordering;

/// The byte offset of the first of these ASCII characters in a text.
pub fn find(text: &str, any: &[u8]) -> Option<usize> {
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
pub fn cut<'t>(text: &'t str, any: &[u8]) -> Option<(&'t str, &'t str)> {
    let at = find(text, any)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// A whole number in decimal, on the stack: for texts that are put together often.
#[derive(Clone, Copy, Debug)]
pub struct Digits {
    bytes: [u8; 20],
    start: usize,
}

impl Digits {
    /// The digits of a number, with its sign where it is negative.
    pub fn of(number: i64) -> Self {
        let mut digits = Digits { bytes: [b'-'; 20], start: 20 };
        let mut left = number.unsigned_abs();
        let mut slots = digits.bytes.iter_mut().rev();
        let mut put = |digit: u32| {
            if let Some(slot) = slots.next() {
                *slot = b'0' + (digit % 10) as u8;
                digits.start -= 1;
            }
        };
        while left > u64::from(u32::MAX) {
            put((left % 10) as u32);
            left /= 10;
        }
        // Most numbers are short, and a processor divides short numbers in a fraction of the time.
        let mut left = left as u32;
        loop {
            put(left % 10);
            left /= 10;
            if left == 0 {
                break;
            }
        }
        digits.start -= usize::from(number < 0);
        digits
    }

    /// The number of a place in a list.
    pub fn of_place(place: usize) -> Self {
        Digits::of(i64::try_from(place).unwrap_or(i64::MAX))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes of the text, all of them ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// Puts texts behind another.
pub fn push_all(out: &mut String, texts: &[&str]) {
    out.reserve(texts.iter().map(|text| text.len()).sum());
    for text in texts {
        out.push_str(text);
    }
}

/// Texts as one.
pub fn joined(texts: &[&str]) -> String {
    let mut out = String::new();
    push_all(&mut out, texts);
    out
}

/// How two texts stand to each other, as their own order has it.
#[cfg(not(target_family = "wasm"))]
pub fn compare(one: &str, other: &str) -> Ordering {
    one.cmp(other)
}

#[cfg(target_family = "wasm")]
pub use by_words as compare;

/// The same for a module in WebAssembly, where the standard library goes byte by byte: names of objects begin alike, so
/// eight bytes at a time.
#[cfg(any(test, target_family = "wasm"))]
pub fn by_words(one: &str, other: &str) -> Ordering {
    let ((words, one_rest), (other_words, other_rest)) =
        (one.as_bytes().as_chunks::<8>(), other.as_bytes().as_chunks::<8>());
    let mut others = other_words.iter();
    for word in words {
        let Some(other) = others.next() else { return word.as_slice().cmp(other_rest) };
        let (word, other) = (u64::from_le_bytes(*word), u64::from_le_bytes(*other));
        if word != other {
            return word.swap_bytes().cmp(&other.swap_bytes());
        }
    }
    one_rest.cmp(others.next().map_or(other_rest, |word| word.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_the_order_of_texts() {
        let texts = [
            "",
            "a",
            "b",
            "ab",
            "abcdefgh",
            "abcdefg",
            "abcdefgi",
            "abcdefgha",
            "abcdefghabcdefgh",
            "abcdefghabcdefgha",
            "abcdefghb",
            "é",
            "abcdefgé",
            "abcdefg\0",
            "bbcdefghabcdefga",
        ];
        for one in texts {
            for other in texts {
                assert_eq!(by_words(one, other), one.cmp(other), "{one} {other}");
            }
        }
    }

    #[test]
    fn numbers_and_texts_are_put_together() {
        for number in [0, 7, -1, 10, 8080, -65_535, i64::MAX, i64::MIN] {
            assert_eq!(Digits::of(number).as_str(), number.to_string());
        }
        assert_eq!(joined(&["spec.rules[", Digits::of_place(12).as_str(), "]"]), "spec.rules[12]");
    }

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!((find("é/a?b", b"?/"), find("é", b"/")), (Some(2), None));
        assert_eq!((cut("é/a?b", b"?/"), cut("/", b"/"), cut("a", b"/")), (Some(("é", "a?b")), Some(("", "")), None));
    }
}
