//! A baseline: findings that a project already knows come in; only new ones go out.
//!
//! A finding is known by its code, its object (or its file, where it is about none), its field and its words. Lines do
//! not matter, and of numbers only that there are some: neither a moved object nor an item put before it makes an old
//! finding a new one.

use portolan::finding::Finding;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The version of the file's form.
const VERSION: i64 = 1;

/// What a finding is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    code: String,
    subject: String,
    field: String,
    message: String,
}

impl Known {
    fn of(finding: &Finding) -> Self {
        Known {
            code: finding.code.to_owned(),
            subject: subject(finding),
            field: finding.place.field.clone(),
            message: finding.message.clone(),
        }
    }

    /// The same for every index, port and count.
    fn without_numbers(&self) -> Self {
        Known {
            code: self.code.clone(),
            subject: self.subject.clone(),
            field: without_numbers(&self.field),
            message: without_numbers(&self.message),
        }
    }
}

/// The object that a finding is about, else its file.
fn subject(finding: &Finding) -> String {
    match &finding.object {
        Some((kind, key)) => format!("{} {key}", kind.name()),
        None => finding.place.file.replace('\\', "/"),
    }
}

fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character.is_ascii_digit() {
            true if out.ends_with('#') => {}
            true => out.push('#'),
            false => out.push(character),
        }
    }
    out
}

/// A number that stays the same as long as the finding is the same: 16 hexadecimal digits of FNV-1a.
pub fn fingerprint(finding: &Finding) -> String {
    let Known { code, subject, field, message } = Known::of(finding).without_numbers();
    let bytes = [code, subject, field, message].join("\0");
    let hash = bytes
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

/// The findings that are known, and how often each.
#[derive(Clone, Debug, Default)]
pub struct Baseline(BTreeMap<Known, usize>);

/// Findings held against a baseline.
#[derive(Debug, Default)]
pub struct Compared {
    /// Those that are not in it.
    pub new: Vec<Finding>,
    /// How many are in it.
    pub known: usize,
    /// How many of it are there no longer.
    pub gone: usize,
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// The file cannot be read, or is no baseline.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let shown = file.display();
        let text = fs::read_to_string(file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                anyhow::anyhow!("{shown}: no such baseline; --write-baseline creates it")
            }
            _ => anyhow::anyhow!("{shown}: {error}"),
        })?;
        let node = portolan_base::json::read(&text)
            .map_err(|error| anyhow::anyhow!("{shown}:{}:{}: not a baseline: {error}", error.line, error.column))?;
        match node.get("version").and_then(Node::as_int) {
            Some(VERSION) => {}
            Some(other) => {
                anyhow::bail!("{shown}: a baseline of version {other}; this portolan reads version {VERSION}")
            }
            None => anyhow::bail!("{shown}: not a baseline: it has no `version`"),
        }
        let mut known = BTreeMap::new();
        for item in node.get("findings").map(Node::items).unwrap_or_default() {
            let text = |name: &str| item.get(name).and_then(Node::as_str).unwrap_or_default().to_owned();
            let subject = if item.get("object").is_some() { text("object") } else { text("file") };
            let count =
                item.get("count").and_then(Node::as_int).and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
            let finding = Known { code: text("code"), subject, field: text("field"), message: text("message") };
            *known.entry(finding).or_default() += count;
        }
        Ok(Baseline(known))
    }

    /// Sorts out the findings that are known.
    pub fn compare(&self, findings: Vec<Finding>) -> Compared {
        let mut open = self.0.clone();
        let mut take = |known: &Known| match open.get_mut(known) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        // First what is known to the letter; what is left of the baseline then stands for what differs in numbers.
        let total = findings.len();
        let unknown: Vec<Finding> = findings.into_iter().filter(|finding| !take(&Known::of(finding))).collect();
        let mut left: BTreeMap<Known, usize> = BTreeMap::new();
        for (known, count) in open {
            *left.entry(known.without_numbers()).or_default() += count;
        }
        let mut new = Vec::new();
        for finding in unknown {
            match left.get_mut(&Known::of(&finding).without_numbers()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => new.push(finding),
            }
        }
        Compared { known: total - new.len(), new, gone: left.values().sum() }
    }

    /// The baseline in which these findings are known.
    pub fn of(findings: &[Finding]) -> Self {
        let mut known = BTreeMap::new();
        for finding in findings {
            *known.entry(Known::of(finding)).or_default() += 1;
        }
        Baseline(known)
    }

    /// Writes the file. With `folder`, only inside of that folder: a file that checked manifests name does not replace
    /// another one elsewhere.
    ///
    /// # Errors
    /// The file exists and is not a baseline, it is outside of `folder`, or it cannot be written.
    pub fn write(&self, file: &Path, folder: Option<&Path>) -> anyhow::Result<()> {
        let shown = file.display();
        let exists = fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0);
        if exists && let Err(error) = Baseline::read(file) {
            anyhow::bail!("{error}; it is not replaced");
        }
        if let Some(folder) = folder
            && !is_inside(file, folder)
        {
            anyhow::bail!("{shown}: outside of the folder of {}; name it with --baseline", crate::settings::FILE);
        }
        fs::write(file, self.to_text()).map_err(|error| anyhow::anyhow!("{shown}: {error}"))
    }

    /// The text of its file: a finding after the other in a fixed order, so that a change of it is easy to review.
    pub fn to_text(&self) -> String {
        let finding = |(known, count): (&Known, &usize)| {
            let is_file = known
                .subject
                .split_once(' ')
                .is_none_or(|(kind, _)| !portolan::api::resource::Kind::ALL.iter().any(|known| known.name() == kind));
            let mut json = Json::object()
                .with("code", known.code.clone())
                .with(if is_file { "file" } else { "object" }, known.subject.clone());
            if !known.field.is_empty() {
                json.set("field", known.field.clone());
            }
            json.set("message", known.message.clone());
            if *count > 1 {
                json.set("count", i64::try_from(*count).unwrap_or(i64::MAX));
            }
            json
        };
        let json =
            Json::object().with("version", VERSION).with("findings", Json::Array(self.0.iter().map(finding).collect()));
        format!("{}\n", json.to_pretty())
    }
}

/// Whether a file, which need not exist, is inside of a folder when all links are followed.
fn is_inside(file: &Path, folder: &Path) -> bool {
    let here = |path: &Path| if path.as_os_str().is_empty() { Path::new(".").to_owned() } else { path.to_owned() };
    let parent = file.parent().map(here).and_then(|parent| fs::canonicalize(parent).ok());
    let target = fs::canonicalize(file).ok().or(parent);
    let folder = fs::canonicalize(here(folder)).ok();
    target.zip(folder).is_some_and(|(target, folder)| target.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan::api::resource::{Kind, ObjectKey};
    use portolan::cluster::Location;
    use portolan::finding::Severity;

    fn finding(line: u32, field: &str, message: &str) -> Finding {
        let place = Location { file: "a.yaml".into(), line, column: 1, field: field.into() };
        Finding::new("SVC002", Severity::Error, message, place).about(Kind::Service, ObjectKey::new("shop", "web"))
    }

    #[test]
    fn a_finding_is_known_wherever_it_moves() {
        let old = finding(3, "spec.ports[0].targetPort", "no pod has port 80");
        let moved = finding(9, "spec.ports[1].targetPort", "no pod has port 8080");
        let baseline = Baseline::of(std::slice::from_ref(&old));
        let compared = baseline.compare(vec![moved.clone()]);
        assert_eq!((compared.new.len(), compared.known, compared.gone), (0, 1, 0));
        assert_eq!(fingerprint(&old), fingerprint(&moved));
        assert_ne!(fingerprint(&old), fingerprint(&finding(3, "spec.selector", "no pod has port 80")));
    }

    #[test]
    fn one_more_than_is_known_is_new() {
        let (one, two) = (finding(3, "spec.ports[0]", "port 80"), finding(4, "spec.ports[1]", "port 81"));
        let baseline = Baseline::of(std::slice::from_ref(&two));
        let compared = baseline.compare(vec![one.clone(), two]);
        assert_eq!((compared.new.as_slice(), compared.known, compared.gone), ([one].as_slice(), 1, 0));
        assert_eq!(baseline.compare(vec![]).gone, 1);
    }

    #[test]
    fn what_is_written_is_read() {
        let file = std::env::temp_dir().join(format!("portolan-baseline-{}.json", std::process::id()));
        let syntax = Finding { object: None, ..finding(1, "", "broken") };
        let findings = vec![finding(1, "spec", "a \"b\""), finding(2, "spec", "a \"b\""), syntax];
        fs::write(&file, Baseline::of(&findings).to_text()).unwrap();
        let compared = Baseline::read(&file).unwrap().compare(findings);
        fs::remove_file(&file).unwrap();
        assert_eq!((compared.new.len(), compared.known, compared.gone), (0, 3, 0));
        assert!(Baseline::of(&[]).to_text().contains("\"version\": 1"));
    }
}
