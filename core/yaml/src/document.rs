//! One YAML document in, a [`Node`] out, as `sigs.k8s.io/yaml` v1.6.0 `YAMLToJSONStrict` makes it JSON.
//!
//! The way is go-yaml's: characters ([`reader`]) → tokens ([`scanner`]) → events ([`parser`]) → nodes as written
//! ([`compose`]) → nodes as meant ([`decode`]). Only the first document of the text is read, because Kubernetes splits the
//! stream before it parses (see [`stream`](super::stream)).

use crate::decode::{self, Overrides, Places};
use crate::reader::Mark;
use crate::stream::Chunk;
use crate::{compose, parser, scanner, token};
use portolan_base::tree::{Node, Place, SyntaxError};
use std::ops::Range;

/// Reads one document of a stream. What holds no document (white space, comments) is `null`.
///
/// # Errors
/// The first reason for which Kubernetes' reader refuses it, with its place in the file.
pub(crate) fn read(chunk: &Chunk<'_>, overrides: Overrides) -> Result<Node, SyntaxError> {
    let mut parser = parser::Parser::new(&chunk.text);
    let composed = compose::compose(&mut parser);
    let mut lines = Lines { chunk, odd_breaks: parser.scanner.reader.odd_breaks, seen: Mark::default() };
    let decoded = composed.and_then(|tree| decode::decode(&tree, &mut lines, overrides));
    decoded.map_err(|fault| {
        let (message, mark) = fault.into_parts();
        let place = lines.place(mark, mark.offset);
        SyntaxError { message: message.into_owned(), line: place.line, column: place.column }
    })
}

/// Where the comments of a document stand in the file, as byte ranges; up to where it is no YAML.
pub(crate) fn comments(chunk: &Chunk<'_>) -> Vec<Range<usize>> {
    let mut scanner = scanner::Scanner::new(&chunk.text);
    scanner.comments = Some(Vec::new());
    while scanner.peek().is_ok_and(|(kind, ..)| kind != token::Kind::StreamEnd) {
        scanner.take();
    }
    let found = scanner.comments.unwrap_or_default();
    found.into_iter().map(|(start, end)| chunk.offset(start)..chunk.offset(end)).collect()
}

/// Turns marks of a document into places in its file.
struct Lines<'c, 't> {
    chunk: &'c Chunk<'t>,
    /// Whether YAML's lines are not the file's, so that they have to be counted anew.
    odd_breaks: bool,
    /// How far they are counted.
    seen: Mark,
}

impl Lines<'_, '_> {
    fn count(&mut self, mark: Mark) -> Mark {
        if mark.offset < self.seen.offset {
            self.seen = Mark::default();
        }
        let Mark { mut line, mut column, offset, .. } = self.seen;
        for character in self.chunk.text.get(offset..mark.offset).unwrap_or_default().chars() {
            column += 1;
            if character == '\n' {
                line += 1;
                column = 0;
            }
        }
        self.seen = Mark { line, column, offset: mark.offset, index: 0 };
        self.seen
    }
}

impl Places for Lines<'_, '_> {
    fn place(&mut self, start: Mark, end: usize) -> Place {
        let mark = if self.odd_breaks { self.count(start) } else { start };
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            line: small(self.chunk.line + mark.line + 1),
            column: small(mark.column + 1),
            start: small(self.chunk.offset(start.offset)),
            end: small(self.chunk.offset(end)),
        }
    }
}

#[cfg(test)]
mod tests {
    use portolan_base::tree::MAX_DEPTH;

    fn place(text: &str, document: usize, path: &str) -> (u32, u32, String) {
        let node = crate::read(text)[document].clone().unwrap();
        let place = node.at(path).unwrap().place;
        let start = usize::try_from(place.start).unwrap();
        let end = usize::try_from(place.end).unwrap();
        (place.line, place.column, text.get(start..end).unwrap().to_owned())
    }

    fn json(text: &str) -> String {
        match &crate::read(text)[0] {
            Ok(node) => node.to_json().to_string(),
            Err(error) => format!("{}:{}: {error}", error.line, error.column),
        }
    }

    #[test]
    fn values_know_their_places_in_the_file() {
        let text = "# top\na:\n  é: [x, 'y z']\n  b: |\n    one\n    two\n---\nc: !!str 1\n";
        assert_eq!(place(text, 0, "a.é[1]"), (3, 10, "'y z'".to_owned()));
        assert_eq!(place(text, 0, "a.é"), (3, 6, "[x, 'y z']".to_owned()));
        assert_eq!(place(text, 0, "a.b"), (4, 6, "|\n    one\n    two\n".to_owned()));
        assert_eq!(place(text, 1, "c"), (8, 4, "!!str 1".to_owned()));
        // Lines that end with a carriage return, a byte order mark, and breaks that no editor counts.
        let windows = text.replace('\n', "\r\n");
        assert_eq!(place(&windows, 0, "a.é[1]"), (3, 10, "'y z'".to_owned()));
        assert_eq!(place(&windows, 1, "c"), (8, 4, "!!str 1".to_owned()));
        assert_eq!(place("\u{feff}a: b\n", 0, "a"), (1, 4, "b".to_owned()));
        assert_eq!(place("a: b\u{2028}c: d\ne: f\n", 0, "e"), (2, 4, "f".to_owned()));
        // What an alias stands for is where it was written.
        assert_eq!(place("a: &x {p: 1}\nb: *x\n", 0, "b.p"), (1, 11, "1".to_owned()));
    }

    #[test]
    fn go_yamls_own_ways_are_kept() {
        for (text, read) in [
            ("{a: 1} rest", r#"{"a":1}"#),
            ("[]: a\nb: c", "[]"),
            ("a: {b: 1}: 2", "1:10: mapping values are not allowed in this context"),
            ("? a\n: b", r#"{"a":"b"}"#),
            ("yes: on\n0x10: 0b11\n1_0: 1e3", r#"{"true":true,"16":3,"10":1000}"#),
            ("a: 012\nb: 0o17\nc: 08\nd: 1_000.5", r#"{"a":10,"b":15,"c":8,"d":1000.5}"#),
            ("a: 2001-12-14", r#"{"a":"2001-12-14"}"#),
            ("a: !!timestamp x", "1:4: cannot decode !!str `x` as a !!timestamp"),
            ("a: !!float 3\nb: !!binary aGk=", r#"{"a":3,"b":"hi"}"#),
            ("a: .inf", "1:4: json: unsupported value: .inf"),
            (".inf: a\n1e6: b", r#"{".inf":"a","1e+06":"b"}"#),
            ("~: a", "1:1: unsupported map key: null"),
            ("a: 1\nb: 2\na: 3", "3:1: key \"a\" already set in map"),
            ("x: &x {a: 1}\nz: {<<: *x, b: 2}", r#"{"x":{"a":1},"z":{"a":1,"b":2}}"#),
            ("x: &x {a: 1}\nz: {<<: *x, a: 2}", "2:13: key \"a\" already set in map"),
            ("&x [*x]", "1:5: anchor 'x' value contains itself"),
            ("a: *y", "1:4: unknown anchor 'y' referenced"),
            ("%YAML 1.2\na: b", "1:1: found incompatible YAML document"),
            ("a: \"\\/\"", "1:5: found unknown escape character"),
            ("a:\n\tb: 1", "2:1: found character that cannot start any token"),
            ("a: >\n  b\n\n  c\n   d\n", r#"{"a":"b\nc\n d\n"}"#),
            ("a: 'b\n\n  c'", r#"{"a":"b\nc"}"#),
            ("a: \"b\\\n  c\"", r#"{"a":"bc"}"#),
            ("a: 18446744073709551615", r#"{"a":18446744073709551615}"#),
            ("a: 1e21\nb: 1e-7\nc: 100000000000000000000.0", r#"{"a":1e+21,"b":1e-7,"c":100000000000000000000}"#),
            ("# nothing", "null"),
        ] {
            assert_eq!(json(text), read, "{text}");
        }
    }

    #[test]
    fn what_would_grow_without_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", ")));
        }
        assert!(json(&bomb).ends_with("document contains excessive aliasing"));
        let nested = |depth: usize| json(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        assert_eq!(nested(MAX_DEPTH).len(), 2 * MAX_DEPTH);
        assert!(nested(MAX_DEPTH + 2).ends_with("nested too deeply"));
        assert!(nested(20_000).ends_with("exceeded max depth of 10000"));
        assert!(json(&"- ".repeat(20_000)).ends_with("exceeded max depth of 10000"));
    }
}
