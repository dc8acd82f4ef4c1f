//! The paths of hosts cut into regions in which nothing changes: what comparing tables and writing configurations for
//! other proxies work with, instead of trying paths.
//!
//! Every rule that is no expression is made of single paths and of prefixes of text: a prefix by element `/foo` is the path
//! `/foo` and all that begins with `/foo/`. So the paths and prefixes that some rule names cut the space of all paths into
//! regions; within one, each of the rules takes everything or nothing.

use super::matching::MatchPath;
use super::table::Host;
use portolan_base::collections::BTreeSet;
use portolan_base::sort::SmallSort as _;

/// A region of paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// Whether it is this path alone; else what begins with it, and is in no region more specific.
    pub exact: bool,
    /// The path.
    pub path: String,
    /// A path in the region.
    pub example: String,
    /// Where expressions have a part: the rules that win in the two tables, in words, of the paths of the region; `exact` and
    /// `path` are those of the example then.
    pub rules: Option<[String; 2]>,
}

/// The regions of these hosts together: single paths first, then prefixes from the longest to the shortest. A rule that is
/// an expression adds an example of what it takes.
pub fn regions(hosts: &[&Host]) -> Vec<Region> {
    let mut exact: BTreeSet<String> = BTreeSet::new();
    let mut prefixes: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    for entry in hosts.iter().flat_map(|host| host.entries()) {
        match &entry.path {
            MatchPath::Exact(path) => {
                exact.insert(path.to_string());
                exact.extend(bare(path));
            }
            MatchPath::Element(path) => {
                if !path.is_empty() {
                    exact.insert(path.to_string());
                }
                prefixes.insert(format!("{path}/"));
            }
            MatchPath::Text(path) => {
                prefixes.insert(path.to_string());
                exact.extend(bare(path));
            }
            MatchPath::Regex { pattern, .. } => exact.extend(pattern.example().filter(|path| path.starts_with('/'))),
        }
    }
    exact.insert("/".to_owned());
    let mut found: Vec<Region> = exact
        .iter()
        .map(|path| Region { exact: true, path: path.clone(), example: path.clone(), rules: None })
        .collect();
    let mut longest: Vec<&String> = prefixes.iter().collect();
    longest.small_sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
    for prefix in longest {
        if let Some(example) = example(prefix, &exact, &prefixes) {
            found.push(Region { exact: false, path: prefix.clone(), example, rules: None });
        }
    }
    found
}

/// The path without the slash at its end, which nginx redirects.
fn bare(path: &str) -> Option<String> {
    path.strip_suffix('/').filter(|bare| !bare.is_empty()).map(str::to_owned)
}

/// A path behind the prefix that no more specific region holds; none where none of the words tried is free.
fn example(prefix: &str, exact: &BTreeSet<String>, prefixes: &BTreeSet<String>) -> Option<String> {
    let words = ["any", "other", "else", "some"].into_iter().map(str::to_owned);
    let letters = "abcdefghijklmnopqrstuvwxyz0123456789-_~".chars();
    let more = (0..40).flat_map(|number: u8| letters.clone().map(move |letter| format!("{letter}{number}")));
    words.chain(more).map(|word| format!("{prefix}{word}")).find(|path| {
        let mut starts = (prefix.len() + 1..=path.len()).filter_map(|end| path.get(..end));
        !exact.contains(path) && !starts.any(|start| prefixes.contains(start))
    })
}

impl Host {
    /// The places of the rules that no path leads to. Where the host has expressions, none is called so: what they take is
    /// not known.
    pub fn unreachable(&self) -> Vec<usize> {
        if self.entries().iter().any(|entry| matches!(entry.path, MatchPath::Regex { .. })) {
            return Vec::new();
        }
        let reached: BTreeSet<usize> = regions(&[self])
            .iter()
            .filter_map(|region| self.find(&region.example))
            .map(|entry| self.place_of(entry))
            .collect();
        (0..self.entries().len()).filter(|place| !reached.contains(place)).collect()
    }
}
