//! The `Warning` headers of an answer (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`, v0.36.3).

use portolan_base::collections::BTreeSet;

const TRUNCATE_AT_TOTAL: usize = 4 * 1024;
const TRUNCATE_ITEM: usize = 256;

/// The texts that the headers carry: each once, none with a control character; once all of them together have more than
/// 4,096 characters, each is cut to 256 and what comes behind the limit is left out.
pub fn recorded(texts: Vec<String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut texts = texts;
    texts.retain(|text| !text.is_empty() && known.insert(text.clone()));
    let has_header = |text: &str| !text.chars().any(char::is_control);
    let length = |text: &str| text.chars().count();
    let total: usize = texts.iter().filter(|text| has_header(text)).map(|text| length(text)).sum();
    if total <= TRUNCATE_AT_TOTAL {
        texts.retain(|text| has_header(text));
        return texts;
    }
    // The text that goes over the limit has the ones before it written again, cut, without regard to the limit.
    let mut before = 0;
    let replayed = texts
        .iter()
        .position(|text| {
            before += if has_header(text) { length(text) } else { 0 };
            before > TRUNCATE_AT_TOTAL
        })
        .unwrap_or_default();
    let mut written = 0;
    let mut cut = Vec::new();
    for (position, text) in texts.iter().enumerate() {
        if position > replayed && written >= TRUNCATE_AT_TOTAL {
            break;
        }
        if has_header(text) {
            let text: String = text.chars().take(TRUNCATE_ITEM).collect();
            written += length(&text);
            cut.push(text);
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_and_control_characters_are_left_out() {
        let texts = ["a", "b", "a", "", "c\n"].map(str::to_owned).to_vec();
        assert_eq!(recorded(texts), ["a", "b"]);
    }

    #[test]
    fn too_much_text_is_cut() {
        let texts: Vec<String> = (0..100).map(|number| format!("{number:02}{}", "x".repeat(500))).collect();
        let cut = recorded(texts);
        assert_eq!(cut.len(), 16);
        assert!(cut.iter().all(|text| text.len() == 256));
        assert_eq!(recorded(vec!["x".repeat(4096)]), ["x".repeat(4096)]);
    }
}
