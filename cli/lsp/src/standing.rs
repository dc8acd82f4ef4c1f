//! A text and an offset in, the context of the cursor out. It is found by indentation, so that it works while a line is
//! half written.

use crate::text::Lines;
use portolan::api::resource::Kind;
use std::ops::Range;

/// The position of the cursor in a document of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What the document is, where that is known.
    pub(crate) kind: Option<Kind>,
    /// Its namespace, where it says one.
    pub(crate) namespace: Option<String>,
    /// The keys above, from the root; `-` is an item of a list. Without the key of the line itself.
    pub(crate) above: Vec<String>,
    /// The key of the line, or what there is of it.
    pub(crate) key: String,
    /// The bytes of that key in the text.
    pub(crate) key_range: Range<usize>,
    /// Whether the cursor is behind the key's colon.
    pub(crate) in_value: bool,
    /// The keys that stand beside this line's in the same mapping.
    pub(crate) beside: Vec<String>,
}

/// A key or a dash, and the column it begins at, in bytes.
#[derive(Clone, Debug)]
struct Token {
    column: usize,
    key: String,
}

const DASH: &str = "-";

/// A line taken apart.
struct Line {
    tokens: Vec<Token>,
    /// The byte behind the colon, where there is a key.
    value_at: Option<usize>,
    /// The byte behind indentation and dashes.
    rest: usize,
}

impl Line {
    fn of(text: &str) -> Self {
        let mut tokens = Vec::new();
        let mut column = text.len() - text.trim_start().len();
        while let Some(behind) = text.get(column..).and_then(|rest| rest.strip_prefix('-')) {
            if !(behind.is_empty() || behind.starts_with(' ')) {
                break;
            }
            tokens.push(Token { column, key: DASH.to_owned() });
            column += 1 + behind.len() - behind.trim_start_matches(' ').len();
        }
        let rest = text.get(column..).unwrap_or_default();
        let key = key(rest);
        if let Some((key, _)) = &key {
            tokens.push(Token { column, key: key.clone() });
        }
        Line { tokens, value_at: key.map(|(_, length)| column + length), rest: column }
    }

    fn last_key(&self) -> Option<&Token> {
        self.tokens.last().filter(|token| token.key != DASH)
    }
}

/// The key that a text begins with, and its length with the colon.
fn key(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''));
    let (name, behind) = match quote {
        Some(quote) => text.get(1..)?.split_once(quote)?,
        None => {
            if text.starts_with(['#', '{', '[', '&', '*', '!', '|', '>', '%', '@', '`']) {
                return None;
            }
            let end = text.find([':', '#'])?;
            (text.get(..end)?.trim_end(), text.get(end..)?)
        }
    };
    let value = behind.trim_start().strip_prefix(':')?;
    (!name.is_empty() && (value.is_empty() || value.starts_with(char::is_whitespace)))
        .then(|| (name.to_owned(), text.len() - value.len()))
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_empty(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

impl Standing {
    /// Where that byte of the text stands.
    pub(crate) fn at(text: &str, offset: usize) -> Self {
        let lines = Lines::new(text);
        let number = usize::try_from(lines.position(offset).line).unwrap_or_default();
        let first = (0..=number).rev().find(|line| is_separator(lines.line(*line))).unwrap_or_default();
        let last = (number + 1..lines.count()).find(|line| is_separator(lines.line(*line))).unwrap_or(lines.count());
        let line = lines.line(number);
        let own = Line::of(line);
        let cursor = offset.saturating_sub(lines.start(number));
        let key = match own.last_key() {
            Some(token) => token.key.clone(),
            None => line.get(own.rest..).unwrap_or_default().trim().to_owned(),
        };
        let key_at = lines.start(number) + own.rest;
        // On an empty line it is the cursor's column that tells how deep one stands.
        let column = if line.trim().is_empty() { cursor } else { own.rest };
        let mut climb = Climb { above: Vec::new(), limit: column, under_dash: false };
        let dashes = own.tokens.iter().filter(|token| token.key == DASH);
        climb.past(&dashes.cloned().collect::<Vec<_>>());
        for above in (first..number).rev().map(|above| lines.line(above)) {
            if !(climb.limit > 0 || climb.under_dash) {
                break;
            }
            if !(is_empty(above) || is_separator(above)) {
                climb.past(&Line::of(above).tokens);
            }
        }
        climb.above.reverse();
        let mut standing = Standing {
            kind: None,
            namespace: None,
            above: climb.above,
            key_range: key_at..key_at + key.len(),
            key,
            in_value: own.value_at.is_some_and(|at| cursor >= at),
            beside: beside(&lines, first..last, number, column),
        };
        standing.read_head(&lines, first..last);
        standing
    }

    /// Reads kind and namespace of the document.
    fn read_head(&mut self, lines: &Lines<'_>, document: Range<usize>) {
        let mut in_metadata = false;
        for line in document.map(|line| lines.line(line)) {
            let Some((name, length)) = key(line.trim_start()) else { continue };
            let value = line.trim_start().get(length..).unwrap_or_default().split(" #").next().unwrap_or_default();
            let value = value.trim().trim_matches(['"', '\'']);
            if line.starts_with(char::is_whitespace) {
                if in_metadata && name == "namespace" && !value.is_empty() {
                    self.namespace = Some(value.to_owned());
                }
            } else {
                in_metadata = name == "metadata";
                if name == "kind" {
                    self.kind = Kind::ALL.iter().copied().find(|kind| kind.name() == value);
                }
            }
        }
    }
}

/// The keys in the same mapping as a line whose content begins at that column.
fn beside(lines: &Lines<'_>, document: Range<usize>, number: usize, column: usize) -> Vec<String> {
    let mut found = Vec::new();
    // Downwards and upwards as long as nothing stands further left; a dash to the left begins another item.
    let mut look = |line: usize, upwards: bool| -> bool {
        let text = lines.line(line);
        if is_empty(text) || is_separator(text) {
            return true;
        }
        let taken = Line::of(text);
        let begins_item = taken.tokens.iter().any(|token| token.key == DASH && token.column < column);
        if taken.rest == column && (upwards || !begins_item) {
            found.extend(taken.last_key().map(|token| token.key.clone()));
        }
        taken.rest >= column && !begins_item
    };
    let own_item = Line::of(lines.line(number)).tokens.iter().any(|token| token.key == DASH);
    if !own_item {
        let _ = (document.start..number).rev().take_while(|line| look(*line, true)).count();
    }
    let _ = (number + 1..document.end).take_while(|line| look(*line, false)).count();
    found
}

/// The way up from a line to the root.
struct Climb {
    above: Vec<String>,
    limit: usize,
    under_dash: bool,
}

impl Climb {
    fn past(&mut self, tokens: &[Token]) {
        for token in tokens.iter().rev() {
            if token.key == DASH {
                if token.column < self.limit {
                    self.above.push(DASH.to_owned());
                    self.limit = token.column;
                    self.under_dash = true;
                }
            } else if token.column < self.limit || self.under_dash && token.column == self.limit {
                self.above.push(token.key.clone());
                self.limit = token.column;
                self.under_dash = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the `|` of a text stands.
    fn at(text: &str) -> Standing {
        let offset = text.find('|').unwrap();
        Standing::at(&text.replacen('|', "", 1), offset)
    }

    #[test]
    fn the_path_is_told_from_the_indentation() {
        let service = "a: 1\n---\nkind: Service # x\nmetadata:\n  namespace: \"shop\"\nspec:\n  ports:\n  - port: 80\n";
        let standing = at(&format!("{service}    tar|"));
        assert_eq!((standing.kind, standing.namespace.as_deref()), (Some(Kind::Service), Some("shop")));
        assert_eq!(standing.above, ["spec", "ports", "-"]);
        assert_eq!((standing.key.as_str(), standing.in_value), ("tar", false));
        assert_eq!(standing.beside, ["port"]);
        let standing = at(&format!("{service}  - name: |\n    port: 81\n"));
        assert_eq!((standing.above.len(), standing.key.as_str(), standing.in_value), (3, "name", true));
        assert_eq!(standing.beside, ["port"]);
        assert_eq!(at(&format!("{service}  |")).above, ["spec"]);
        assert_eq!(at(&format!("{service}  |")).beside, ["ports"]);
        assert_eq!(at(&format!("{service}|")).above, Vec::<String>::new());
        assert_eq!(at(&format!("{service}|")).beside, ["spec", "metadata", "kind"]);
        assert_eq!(at("\"a b\":\n  'c': |").above, ["a b"]);
    }

    #[test]
    fn a_key_knows_its_bytes() {
        let standing = at("é: 1\nspec:\n  - po|rt: 80\n");
        assert_eq!(standing.key_range, "é: 1\nspec:\n  - ".len().."é: 1\nspec:\n  - port".len());
        assert_eq!(standing.above, ["spec", "-"]);
    }
}
