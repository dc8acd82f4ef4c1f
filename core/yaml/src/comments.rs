//! The comments of a YAML text.

use super::document;
use super::stream::Chunks;
use std::ops::Range;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment<'t> {
    /// Its text, from the `#` to the end of the line.
    pub text: &'t str,
    /// The bytes that it takes.
    pub range: Range<usize>,
    /// The bytes of the document that contains it, or of the document after the separator line that contains it.
    pub document: Range<usize>,
}

/// Every comment of a stream, in the order of the text. What looks like one inside of a scalar is none; of a document that
/// does not end as YAML does there are those up to the fault.
///
/// ```
/// let found = portolan_yaml::comments("a: 1 # one\nb: |\n  # none\n--- # two\nc: \"# none\"\n");
/// assert_eq!(found.iter().map(|comment| comment.text).collect::<Vec<_>>(), ["# one", "# two"]);
/// ```
pub fn comments(text: &str) -> Vec<Comment<'_>> {
    let mut found = Vec::new();
    let mut before = 0;
    for chunk in Chunks::new(text).flatten() {
        // What lies between two documents is a separator, which begins a line and may have a comment behind it.
        let separator = text.get(before..chunk.start).unwrap_or_default();
        let on_separator = separator.find('#').map(|at| before + at..before + separator.trim_end().len());
        before = chunk.end;
        let document = chunk.start..chunk.end;
        for range in on_separator.into_iter().chain(document::comments(&chunk)) {
            if let Some(text) = text.get(range.clone()) {
                found.push(Comment { text, range, document: document.clone() });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::comments;

    fn texts(text: &str) -> Vec<&str> {
        comments(text).iter().map(|comment| comment.text).collect()
    }

    #[test]
    fn comments_are_told_from_what_looks_like_them() {
        assert_eq!(texts("# é\r\na: b#c # d\r\n  \r\n# e"), ["# é", "# d", "# e"]);
        assert_eq!(
            texts("a: | # header\n  # text\n# end\nb: 'x # y'\nc: [1, # in\n  2]\n"),
            ["# header", "# end", "# in"]
        );
        assert_eq!(texts("a: {}\n# behind\n"), ["# behind"]);
        assert_eq!(texts("a: # before\n  'x\n# lost\n---\n# next\n"), ["# before", "# next"]);
    }

    #[test]
    fn a_comment_knows_its_document() {
        let text = "a: 1\n# one\n--- # two\nb: 2 # three\n";
        let found = comments(text);
        let documents: Vec<&str> = found.iter().map(|comment| text.get(comment.document.clone()).unwrap()).collect();
        assert_eq!(documents, ["a: 1\n# one\n", "b: 2 # three\n", "b: 2 # three\n"]);
        assert_eq!(text.get(found[1].range.clone()), Some("# two"));
    }
}
