//! What a rule matches, and how strongly: hosts, paths, and the order among those that match.

use super::pattern::Pattern;
use portolan_base::text::joined;
use std::cmp::Reverse;
use std::fmt;

/// The hosts a rule is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchHost {
    /// One host, in lower case.
    Exact(Box<str>),
    /// `*.` before this suffix.
    Wildcard(Box<str>),
    /// What an expression takes, as written: nginx's `~^www\d+\.x$`, and its `*.x` as another name, which takes several labels.
    Regex(Box<str>),
    /// Every host.
    Any,
}

impl MatchHost {
    /// The host of an Ingress rule: empty for every host, `*.x` for a wildcard.
    pub fn of_rule(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        match host.strip_prefix("*.") {
            _ if host.is_empty() => MatchHost::Any,
            Some(suffix) => MatchHost::Wildcard(suffix.into()),
            None => MatchHost::Exact(host.into()),
        }
    }
}

impl MatchHost {
    /// As a rule writes it: `*` for every host.
    pub fn written(&self) -> String {
        match self {
            MatchHost::Exact(host) | MatchHost::Regex(host) => host.to_string(),
            MatchHost::Wildcard(suffix) => joined(&["*.", suffix]),
            MatchHost::Any => "*".to_owned(),
        }
    }
}

impl fmt::Display for MatchHost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.written())
    }
}

/// The paths a rule takes, as its controller compiles them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchPath {
    /// This path alone.
    Exact(Box<str>),
    /// This path and all below it, element by element. Without a slash at its end; empty for every path.
    Element(Box<str>),
    /// Every path that begins with this text.
    Text(Box<str>),
    /// Every path in which the pattern is found.
    Regex {
        /// As written.
        source: Box<str>,
        /// Compiled.
        pattern: Pattern,
        /// Whether it has to match the whole path.
        full: bool,
        /// Whether letter case is ignored.
        ignore_case: bool,
    },
}

impl MatchPath {
    /// A prefix by element; slashes at its end do not matter.
    pub fn element(path: &str) -> Self {
        MatchPath::Element(path.trim_end_matches('/').into())
    }

    /// Whether it takes the path (normalized, without the query).
    pub fn takes(&self, path: &str) -> bool {
        match self {
            MatchPath::Exact(own) => **own == *path,
            MatchPath::Element(own) => {
                path.strip_prefix(&**own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            MatchPath::Text(own) => path.starts_with(&**own),
            MatchPath::Regex { pattern, full: true, .. } => pattern.is_full_match(path),
            MatchPath::Regex { pattern, .. } => pattern.is_match(path),
        }
    }
}

impl fmt::Display for MatchPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MatchPath::Exact(path) => write!(formatter, "`{path}` exactly"),
            MatchPath::Element(path) if path.is_empty() => formatter.write_str("every path"),
            MatchPath::Element(path) => write!(formatter, "`{path}` and below"),
            MatchPath::Text(path) if &**path == "/" => formatter.write_str("every path"),
            MatchPath::Text(path) => write!(formatter, "what begins with `{path}`"),
            MatchPath::Regex { source, ignore_case, .. } => {
                write!(formatter, "what matches `{source}`{}", if *ignore_case { " in any letter case" } else { "" })
            }
        }
    }
}

/// How strongly a rule matches among those of its host: the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PathRank {
    /// Kinds of match that a controller tries before others.
    pub tier: u8,
    /// The length of the path as written, where the longest wins.
    pub length: u32,
    /// Exact before Prefix at the same length.
    pub exact: bool,
    /// What the controller meets first wins.
    pub order: Reverse<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_compared_element_by_element() {
        let prefix = MatchPath::element("/foo/");
        assert!(prefix.takes("/foo") && prefix.takes("/foo/") && prefix.takes("/foo/bar"));
        assert!(!prefix.takes("/foobar") && !prefix.takes("/Foo"));
        assert!(MatchPath::element("/").takes("/anything"));
    }

    #[test]
    fn longer_beats_shorter_and_exact_beats_prefix_of_the_same_length() {
        let rank = |length, exact, order| PathRank { tier: 0, length, exact, order: Reverse(order) };
        assert!(rank(5, false, 9) > rank(4, true, 0));
        assert!(rank(4, true, 9) > rank(4, false, 0));
        assert!(rank(4, true, 1) > rank(4, true, 2));
    }
}
