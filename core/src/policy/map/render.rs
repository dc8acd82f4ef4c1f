//! The map as text: a table for terminals, for spreadsheets and for documents, and as a graph in three languages.

use super::super::ports::PortSet;
use super::super::ranges::{bounds, prefixes, to_address};
use super::super::rule::Direction;
use super::{ConnectionMap, Party};
use ipnet::IpNet;
use portolan_base::collections::BTreeMap;
use portolan_base::sort::SmallSort as _;
use std::fmt::Write as _;

/// What a map can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// A table in columns, with what is open, the entry points and the gaps below it.
    Text,
    /// Comma-separated values (RFC 4180), the rows only.
    Csv,
    /// Markdown.
    Markdown,
    /// A directed graph for Graphviz.
    Dot,
    /// A flowchart for Mermaid.
    Mermaid,
    /// A drawing: sources to the left, destinations to the right.
    Svg,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 6] =
        [Format::Text, Format::Csv, Format::Markdown, Format::Dot, Format::Mermaid, Format::Svg];

    /// `text`, `csv`, `md`, `dot`, `mermaid` or `svg`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Csv => "csv",
            Format::Markdown => "md",
            Format::Dot => "dot",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
        }
    }
}

/// A row as text: sources, destinations, ports.
pub(crate) type Line = (String, String, String);

impl ConnectionMap {
    /// Writes the map.
    pub fn render(&self, format: Format) -> String {
        let lines: Vec<Line> =
            self.rows.iter().map(|row| (names(&row.from), names(&row.to), row.ports.to_string())).collect();
        match format {
            Format::Text => self.text(&lines),
            Format::Csv => csv(&lines),
            Format::Markdown => self.markdown(&lines),
            Format::Dot => dot(&lines),
            Format::Mermaid => mermaid(&lines),
            Format::Svg => svg(&lines),
        }
    }

    fn text(&self, lines: &[Line]) -> String {
        let mut out = columns(["FROM", "TO", "PORTS"], lines);
        for (title, remarks) in self.remarks() {
            let _ = write!(out, "\n{title}\n");
            for remark in remarks {
                let _ = writeln!(out, "  {remark}");
            }
        }
        out
    }

    fn markdown(&self, lines: &[Line]) -> String {
        let cell = |text: &str| text.replace('|', "\\|").replace('*', "\\*");
        let mut out = String::from("| from | to | ports |\n| --- | --- | --- |\n");
        for (from, to, ports) in lines {
            let _ = writeln!(out, "| {} | {} | {} |", cell(from), cell(to), cell(ports));
        }
        for (title, remarks) in self.remarks() {
            let _ = write!(out, "\n**{title}**\n\n");
            for remark in remarks {
                let _ = writeln!(out, "- {}", cell(&remark));
            }
        }
        out
    }

    /// What goes below the table, a title and lines each.
    fn remarks(&self) -> Vec<(&'static str, Vec<String>)> {
        let exposed = self.exposed.iter().map(|exposure| {
            let labels = exposure.labels.as_ref().map_or("any pod".to_owned(), |labels| format!("pods with {labels}"));
            let namespaces = exposure
                .namespaces
                .as_ref()
                .map_or("any namespace".to_owned(), |name| format!("namespaces with {name}"));
            let (word, pods, ports) = match exposure.direction {
                Direction::Ingress => ("from", names(&exposure.pods), ports(&exposure.ports)),
                Direction::Egress => ("to", names(&exposure.pods), ports(&exposure.ports)),
            };
            format!("{pods}: {word} {labels} of {namespaces} on {ports}")
        });
        let entries = self.entries.iter().map(|entry| {
            let host = if entry.host.is_empty() { "*" } else { &entry.host };
            let behind = if entry.pods.is_empty() { ", no pod behind it" } else { "" };
            let open = match (entry.from_outside, entry.from_any_pod) {
                (true, _) => ", open to outside",
                (false, true) => ", open to pods of any namespace",
                (false, false) if entry.pods.is_empty() => "",
                (false, false) => ", reachable only from the sources listed above",
            };
            format!("{} {host}{} to {}{behind}{open}", entry.ingress, entry.path, entry.service)
        });
        let gaps = self.gaps.iter().map(|(direction, pods)| format!("{}: {}", direction.name(), names(pods)));
        let on_host = self.on_host.iter().map(ToString::to_string);
        let nothing = self.rows.is_empty().then(|| match self.pods {
            0 => "the files hold no pods, nor anything that makes pods".to_owned(),
            _ => "no pod may reach another, nor an address outside, nor be reached from there".to_owned(),
        });
        let sections: [(&'static str, Vec<String>); 5] = [
            ("No connections", nothing.into_iter().collect()),
            ("Open to pods that are not in the files", exposed.collect()),
            ("Entry points", entries.collect()),
            ("Selected by no NetworkPolicy", gaps.collect()),
            ("On their node's network, outside every policy", on_host.collect()),
        ];
        sections.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

fn ports(ports: &PortSet) -> String {
    if ports.is_all() { "all ports".to_owned() } else { ports.to_string() }
}

/// Parties side by side; long lists are whole, for a map that leaves something out is none. Ranges that are another less
/// some holes are said so: `0.0.0.0/0 except 169.254.0.0/16`.
pub(crate) fn names(parties: &[Party]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut nets: [Vec<IpNet>; 2] = [Vec::new(), Vec::new()];
    for party in parties {
        let [v4, v6] = &mut nets;
        match party {
            Party::Range(net @ IpNet::V4(_)) => v4.push(*net),
            Party::Range(net @ IpNet::V6(_)) => v6.push(*net),
            party => names.push(party.to_string()),
        }
    }
    for (nets, ipv6) in nets.into_iter().zip([false, true]) {
        match around(&nets, ipv6) {
            Some((whole, holes)) if holes.len() + 1 < nets.len() => {
                let holes: Vec<String> = holes.iter().map(ToString::to_string).collect();
                names.push(format!("{whole} except {}", holes.join(" and ")));
            }
            _ => names.extend(nets.iter().map(ToString::to_string)),
        }
    }
    names.join(", ")
}

/// The smallest range around some of one family, and what of it is in none of them.
fn around(nets: &[IpNet], ipv6: bool) -> Option<(IpNet, Vec<IpNet>)> {
    let mut spans: Vec<(u128, u128)> = nets.iter().map(bounds).collect();
    spans.small_sort();
    let (first, last) = (spans.first()?.0, spans.iter().map(|(_, last)| *last).max()?);
    let unlike = (first ^ last).checked_ilog2().map_or(0, |bit| bit + 1);
    let length = if ipv6 { 128 } else { 32 } - unlike;
    let whole = IpNet::new(to_address(first, ipv6), u8::try_from(length).ok()?).ok()?.trunc();
    let (mut at, end) = bounds(&whole);
    let mut holes = Vec::new();
    for (first, last) in spans {
        if at < first {
            holes.extend(prefixes(at, first - 1, ipv6));
        }
        match last.checked_add(1) {
            Some(next) => at = at.max(next),
            None => return Some((whole, holes)),
        }
    }
    if at <= end {
        holes.extend(prefixes(at, end, ipv6));
    }
    Some((whole, holes))
}

/// A table whose columns are as wide as their widest cell, the last one open.
pub(crate) fn columns(titles: [&str; 3], lines: &[Line]) -> String {
    // One row of fifty workloads would push every other row's columns out of sight.
    const WIDEST: usize = 60;
    let width = |title: &str, cell: fn(&Line) -> &str| {
        let cells = lines.iter().map(|line| cell(line).chars().count()).filter(|width| *width <= WIDEST);
        cells.chain([title.len()]).max().unwrap_or(0)
    };
    let [from, to, ports] = titles;
    let (first, second) = (width(from, |line| &line.0), width(to, |line| &line.1));
    let mut out = format!("{from:first$}  {to:second$}  {ports}\n");
    for (from, to, ports) in lines {
        let _ = writeln!(out, "{from:first$}  {to:second$}  {ports}");
    }
    out
}

fn csv(lines: &[Line]) -> String {
    let cell = |text: &str| {
        if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let mut out = String::from("from,to,ports\r\n");
    for (from, to, ports) in lines {
        let _ = write!(out, "{},{},{}\r\n", cell(from), cell(to), cell(ports));
    }
    out
}

/// The ends of all rows, numbered.
fn ends(lines: &[Line]) -> BTreeMap<&str, usize> {
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for (from, to, _) in lines {
        for end in [from, to] {
            let next = ends.len();
            ends.entry(end).or_insert(next);
        }
    }
    ends
}

fn dot(lines: &[Line]) -> String {
    let quote = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace(", ", "\\n");
    let ends = ends(lines);
    let mut out = String::from("digraph connections {\n  rankdir=LR;\n  node [shape=box];\n");
    for (name, number) in &ends {
        let _ = writeln!(out, "  n{number} [label=\"{}\"];", quote(name));
    }
    for (from, to, ports) in lines {
        if let (Some(from), Some(to)) = (ends.get(from.as_str()), ends.get(to.as_str())) {
            let _ = writeln!(out, "  n{from} -> n{to} [label=\"{}\"];", quote(ports));
        }
    }
    out.push_str("}\n");
    out
}

fn mermaid(lines: &[Line]) -> String {
    let quote = |text: &str| text.replace('"', "#quot;").replace(", ", "<br>");
    let ends = ends(lines);
    let mut out = String::from("flowchart LR\n");
    for (name, number) in &ends {
        let _ = writeln!(out, "  n{number}[\"{}\"]", quote(name));
    }
    for (from, to, ports) in lines {
        if let (Some(from), Some(to)) = (ends.get(from.as_str()), ends.get(to.as_str())) {
            let _ = writeln!(out, "  n{from} -->|\"{}\"| n{to}", quote(ports));
        }
    }
    out
}

/// Sources in one column, destinations in another, a curve for each row with its ports in the middle.
fn svg(lines: &[Line]) -> String {
    const STEP: usize = 34;
    const CHARACTER: usize = 7;
    let escape =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // A long list shows its beginning; a viewer shows the whole where the pointer rests.
    let cut = |text: &str| {
        let shown: String = text.chars().take(44).collect();
        if shown.len() < text.len() { format!("{shown}…") } else { shown }
    };
    let column = |end: fn(&Line) -> &str| {
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for line in lines {
            let next = places.len();
            places.entry(end(line)).or_insert(next);
        }
        places
    };
    let (sources, destinations) = (column(|line| &line.0), column(|line| &line.1));
    let width = |places: &BTreeMap<&str, usize>| {
        CHARACTER * places.keys().map(|name| cut(name).chars().count()).max().unwrap_or(0) + 20
    };
    let (left, right) = (width(&sources), width(&destinations));
    let between = 320;
    let height = STEP * sources.len().max(destinations.len()) + 20;
    let total = left + between + right + 20;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total} {height}\" font-family=\"monospace\" font-size=\"12\">\n"
    );
    let y = |place: usize| 10 + STEP * place + STEP / 2;
    for (number, (from, to, ports)) in lines.iter().enumerate() {
        let (Some(from), Some(to)) = (sources.get(from.as_str()), destinations.get(to.as_str())) else { continue };
        let (x1, x2, y1, y2) = (10 + left, 10 + left + between, y(*from), y(*to));
        let (a, b) = (x1 + between / 3, x2 - between / 3);
        let _ = writeln!(
            out,
            "<path id=\"p{number}\" d=\"M{x1} {y1} C{a} {y1} {b} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#888\"><title>{}</title></path>",
            escape(ports)
        );
        let (x, y) = (x1 + between / 2, (y1 + y2) / 2);
        let _ = writeln!(
            out,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" fill=\"#06c\">{}</text>",
            escape(&cut(ports))
        );
    }
    for (x, width, places) in [(10, left, &sources), (10 + left + between, right, &destinations)] {
        for (name, place) in places {
            let (top, base) = (y(*place) - 12, y(*place) + 4);
            let _ = writeln!(
                out,
                "<g><title>{}</title><rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"24\" rx=\"4\" fill=\"#fff\" stroke=\"#333\"/><text x=\"{}\" y=\"{base}\">{}</text></g>",
                escape(name),
                x + 10,
                escape(&cut(name))
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(nets: &[&str]) -> String {
        let party = |net: &&str| Party::Range(crate::net::parse_cidr_sloppy(net).unwrap());
        names(&nets.iter().map(party).collect::<Vec<Party>>())
    }

    #[test]
    fn ranges_less_some_holes_are_said_so() {
        let all_but = |hole: &str| -> Vec<String> {
            let (first, last) = bounds(&hole.parse().unwrap());
            let below = first.checked_sub(1).map(|end| prefixes(0, end, false)).unwrap_or_default();
            let above = prefixes(last + 1, u128::from(u32::MAX), false);
            below.iter().chain(&above).map(ToString::to_string).collect()
        };
        for hole in ["169.254.0.0/16", "10.0.0.1/32", "0.0.0.0/8"] {
            let nets = all_but(hole);
            let nets: Vec<&str> = nets.iter().map(String::as_str).collect();
            assert_eq!(shown(&nets), format!("0.0.0.0/0 except {hole}"));
        }
        let two = ["10.0.0.0/10", "10.64.0.0/11", "10.128.0.0/10", "10.192.0.0/11", "10.96.0.0/12", "fd00::/8"];
        assert_eq!(shown(&two), "10.0.0.0/8 except 10.112.0.0/12 and 10.224.0.0/11, fd00::/8");
        // Where that is no shorter, they are listed.
        assert_eq!(shown(&["10.0.0.0/8", "192.0.2.0/24"]), "10.0.0.0/8, 192.0.2.0/24");
        assert_eq!(shown(&["0.0.0.0/0", "::/0"]), "0.0.0.0/0, ::/0");
    }
}
