//! `portolan.toml`: its text comes in, the defaults of a project go out. The command line takes precedence.

use crate::input::{LARGEST_INPUT, MIB};
use ipnet::IpNet;
use portolan::ingress::Controller;
use portolan::net::{InvalidRange, parse_port_range, parse_ranges};
use portolan::spelling::nearest;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's name.
pub const FILE: &str = "portolan.toml";

/// The settings of a file; each is optional.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file itself, where there is one.
    pub file: Option<PathBuf>,
    /// `select`: only findings of these codes.
    pub select: Vec<String>,
    /// `ignore`: no findings of these codes.
    pub ignore: Vec<String>,
    /// `per-file-ignores`: no findings of these codes in files that match.
    pub per_file_ignores: Vec<(glob::Pattern, Vec<String>)>,
    /// `baseline`: the file with the findings that are known.
    pub baseline: Option<PathBuf>,
    /// `max-input-mib`: the most that is read together.
    pub max_input_mib: Option<u64>,
    /// `cluster.service-cluster-ip-range`
    pub service_cluster_ip_range: Vec<IpNet>,
    /// `cluster.service-node-port-range`
    pub service_node_port_range: Option<(u16, u16)>,
    /// `cluster.cluster-cidr`
    pub cluster_cidr: Vec<IpNet>,
    /// `cluster.cluster-domain`
    pub cluster_domain: Option<String>,
    /// `cluster.namespace`
    pub namespace: Option<String>,
    /// `cluster.ingress-controller`
    pub ingress_controller: Option<Controller>,
}

impl Settings {
    /// The settings that apply to these paths: those of the file given (`none`: none at all), else of the nearest
    /// `portolan.toml` at or above the first path, else at or above the working directory.
    ///
    /// # Errors
    /// A file that cannot be read; or a [`SettingsError`] with everything that is not understood.
    pub fn find(given: Option<&Path>, paths: &[PathBuf]) -> anyhow::Result<Self> {
        if let Some(file) = given {
            return if file == Path::new("none") { Ok(Settings::default()) } else { Settings::read(file) };
        }
        let first = paths.iter().find(|path| **path != Path::new("-"));
        let here = first.into_iter().filter_map(|path| fs::canonicalize(path).ok()).chain(std::env::current_dir());
        let mut above = here.flat_map(|path| path.ancestors().map(|folder| folder.join(FILE)).collect::<Vec<_>>());
        above.find(|file| file.is_file()).map_or_else(|| Ok(Settings::default()), |file| Settings::read(&near(&file)))
    }

    fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
        let (mut settings, problems) = parse(&text);
        if !problems.is_empty() {
            let shown = |Problem { at, message }: &Problem| {
                let (line, column) = place(&text, *at);
                format!("{}:{line}:{column}: {message}", file.display())
            };
            return Err(SettingsError { problems: problems.iter().map(shown).collect() }.into());
        }
        settings.file = Some(file.to_path_buf());
        let folder = settings.folder();
        settings.baseline = settings.baseline.map(|path| folder.join(path));
        Ok(settings)
    }

    /// The most that is read together, in bytes.
    #[must_use]
    pub fn largest_input(&self) -> u64 {
        self.max_input_mib.map_or(LARGEST_INPUT, |mebibytes| mebibytes.saturating_mul(MIB))
    }

    /// The folder that paths in the settings start from.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let folder = self.file.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new(""));
        folder.to_path_buf()
    }
}

/// A file with keys or values that are not understood.
#[derive(Clone, Debug)]
pub struct SettingsError {
    /// Every problem, with its file, line and column.
    pub problems: Vec<String>,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problems.join("; "))
    }
}

impl std::error::Error for SettingsError {}

/// The path from the working directory, where the file is in it: that is how people know it.
fn near(file: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(fs::canonicalize).ok();
    here.and_then(|here| file.strip_prefix(here).ok()).unwrap_or(file).to_path_buf()
}

/// Something that is not understood, and the byte it begins at.
#[derive(Debug, PartialEq, Eq)]
struct Problem {
    at: usize,
    message: String,
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Reads the text of the file, and lists everything in it that is not understood.
fn parse(text: &str) -> (Settings, Vec<Problem>) {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    match DeTable::parse(text) {
        Ok(table) => top(table.get_ref(), &mut settings, &mut problems),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            problems.push(Problem { at, message: error.message().trim().replace('\n', "; ") });
        }
    }
    problems.sort_by_key(|problem| problem.at);
    (settings, problems)
}

const TOP: &[&str] = &["select", "ignore", "per-file-ignores", "baseline", "max-input-mib", "cluster"];
const CLUSTER: &[&str] = &[
    "service-cluster-ip-range",
    "service-node-port-range",
    "cluster-cidr",
    "cluster-domain",
    "namespace",
    "ingress-controller",
];

fn top(table: &DeTable<'_>, settings: &mut Settings, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "select" => settings.select = codes(value, problems),
            "ignore" => settings.ignore = codes(value, problems),
            "max-input-mib" => match value.get_ref() {
                DeValue::Integer(number) if number.as_str().parse::<u64>().is_ok_and(|number| number > 0) => {
                    settings.max_input_mib = number.as_str().parse().ok();
                }
                _ => problems.push(expected("a positive integer", value)),
            },
            "baseline" => settings.baseline = string(value, problems).map(PathBuf::from),
            "per-file-ignores" => {
                for (pattern, value) in table_of(value, problems).into_iter().flatten() {
                    match glob::Pattern::new(pattern.get_ref().trim_end_matches('/')) {
                        Ok(pattern) => settings.per_file_ignores.push((pattern, codes(value, problems))),
                        Err(error) => problems.push(Problem {
                            at: pattern.span().start,
                            message: format!("invalid pattern `{}`: {}", pattern.get_ref(), error.msg),
                        }),
                    }
                }
            }
            "cluster" => cluster(value, settings, problems),
            unknown => problems.push(unknown_key(unknown, key.span().start, TOP)),
        }
    }
}

fn cluster(value: &Spanned<DeValue<'_>>, settings: &mut Settings, problems: &mut Vec<Problem>) {
    for (key, value) in table_of(value, problems).into_iter().flatten() {
        match key.get_ref().as_ref() {
            "service-cluster-ip-range" => settings.service_cluster_ip_range = ranges(value, problems),
            "cluster-cidr" => settings.cluster_cidr = ranges(value, problems),
            "service-node-port-range" => {
                settings.service_node_port_range = string(value, problems).and_then(|text| {
                    let range = parse_port_range(&text);
                    let problem = |error: InvalidRange| Problem { at: value.span().start, message: error.to_string() };
                    range.map_err(|error| problems.push(problem(error))).ok()
                });
            }
            "cluster-domain" => settings.cluster_domain = string(value, problems),
            "namespace" => settings.namespace = string(value, problems),
            "ingress-controller" => {
                settings.ingress_controller = string(value, problems).and_then(|name| {
                    let known = Controller::named(&name);
                    if known.is_none() {
                        let names: Vec<&str> = Controller::ALL.iter().map(|controller| controller.name()).collect();
                        let message = format!("unknown controller `{name}`; expected one of: {}", names.join(", "));
                        problems.push(Problem { at: value.span().start, message });
                    }
                    known
                });
            }
            unknown => problems.push(unknown_key(unknown, key.span().start, CLUSTER)),
        }
    }
}

fn unknown_key(key: &str, at: usize, known: &[&str]) -> Problem {
    let advice = match nearest(key, &mut known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        _ if known == TOP && CLUSTER.contains(&key) => "it belongs under [cluster]".to_owned(),
        _ => format!("expected one of: {}", known.join(", ")),
    };
    Problem { at, message: format!("unknown key `{key}`: {advice}") }
}

fn expected(what: &str, value: &Spanned<DeValue<'_>>) -> Problem {
    let found = value.get_ref().type_str();
    Problem { at: value.span().start, message: format!("expected {what}, found {found}") }
}

fn table_of<'v, 't>(value: &'v Spanned<DeValue<'t>>, problems: &mut Vec<Problem>) -> Option<&'v DeTable<'t>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => {
            problems.push(expected("a table", value));
            None
        }
    }
}

fn string(value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => {
            problems.push(expected("a string", value));
            None
        }
    }
}

/// Strings in a list, or one alone, each with the byte it begins at.
fn strings(value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Vec<(String, usize)> {
    match value.get_ref() {
        DeValue::Array(items) => {
            items.iter().filter_map(|item| Some((string(item, problems)?, item.span().start))).collect()
        }
        DeValue::String(text) => vec![(text.to_string(), value.span().start)],
        _ => {
            problems.push(expected("a list of strings", value));
            Vec::new()
        }
    }
}

fn codes(value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut codes = Vec::new();
    for (code, at) in strings(value, problems) {
        match portolan::suppression::is_code(&code) {
            true => codes.push(code),
            false => problems.push(Problem { at, message: unknown_code(&code) }),
        }
    }
    codes
}

/// The message for a code that no finding has.
pub fn unknown_code(code: &str) -> String {
    format!("unknown code `{code}`; `portolan rule` lists all rules")
}

fn ranges(value: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Vec<IpNet> {
    let mut ranges = Vec::new();
    for (text, at) in strings(value, problems) {
        match parse_ranges(&text) {
            Ok(more) => ranges.extend(more),
            Err(error) => problems.push(Problem { at, message: error.to_string() }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let of = |problem: &Problem| {
            let (line, column) = place(text, problem.at);
            format!("{line}:{column}: {}", problem.message)
        };
        parse(text).1.iter().map(of).collect()
    }

    #[test]
    fn every_setting_is_read() {
        let (settings, problems) = parse(
            "select = [\"SVC\", \"refused\"]\nignore = \"ING001\"\nbaseline = \"known.json\"\n[per-file-ignores]\n\"old/**\" = [\"version\"]\n\
             [cluster]\nservice-cluster-ip-range = \"10.96.0.0/12,fd00:10::/108\"\nservice-node-port-range = \"30000-30100\"\n\
             cluster-cidr = [\"10.1.0.0/16\"]\ncluster-domain = \"corp.local\"\nnamespace = \"shop\"\ningress-controller = \"nginx\"\n",
        );
        assert_eq!(problems, []);
        assert_eq!((settings.select.len(), settings.ignore.len(), settings.per_file_ignores.len()), (2, 1, 1));
        assert_eq!(settings.service_cluster_ip_range.len(), 2);
        assert_eq!(settings.service_node_port_range, Some((30000, 30100)));
        assert_eq!(settings.cluster_domain.as_deref(), Some("corp.local"));
        assert_eq!(
            (settings.namespace.as_deref(), settings.ingress_controller),
            (Some("shop"), Controller::named("nginx"))
        );
    }

    #[test]
    fn everything_that_is_not_understood_is_reported_with_its_place() {
        assert_eq!(
            told(
                "selct = []\nignore = [\"XYZ9\", 3]\ncluster-domain = \"a\"\n[cluster]\nnamspace = \"a\"\ncluster-cidr = \"10\"\nbogus = 1\n"
            ),
            [
                "1:1: unknown key `selct`: did you mean `select`?",
                "2:11: unknown code `XYZ9`; `portolan rule` lists all rules",
                "2:19: expected a string, found integer",
                "3:1: unknown key `cluster-domain`: it belongs under [cluster]",
                "5:1: unknown key `namspace`: did you mean `namespace`?",
                "6:16: `10` is not a range of addresses; expected one such as 10.0.0.0/16",
                "7:1: unknown key `bogus`: expected one of: service-cluster-ip-range, service-node-port-range, cluster-cidr, cluster-domain, namespace, ingress-controller",
            ]
        );
        assert_eq!(
            told("[cluster]\nservice-node-port-range = \"1\"\n"),
            ["2:27: `1` is not a range of ports; expected one such as 30000-32767"]
        );
        assert_eq!(told("cluster = 1"), ["1:11: expected a table, found integer"]);
        assert_eq!(told("a = \"é\"\nb = [1,\n"), ["2:8: unclosed array, expected `]`"]);
    }
}
