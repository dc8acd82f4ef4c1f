//! What to write instead: a word of help for refusals in which the server names what is wrong and not what is right.

use portolan::api::describe::{Description, Shape};
use portolan::api::resource::Kind;
use portolan::finding::{Edit, Finding};
use portolan::load::File;
use portolan::spelling::nearest;

/// The same finding, with help where there is something to say that its message does not, and with an edit where a field's
/// name is surely misspelt.
pub(crate) fn advise(mut finding: Finding, files: &[File]) -> Finding {
    if finding.code != "refused" || finding.help.is_some() {
        return finding;
    }
    match misspelt(&finding) {
        Some(Misspelt { wrong, right: Some(right) }) => {
            finding.fix.extend(renaming(&finding, wrong, right, files));
            finding.help = Some(format!("write `{right}`"));
        }
        Some(Misspelt { wrong, right: None }) => finding.help = elsewhere(&finding, wrong),
        None => finding.help = known_mistake(&finding.message),
    }
    finding
}

/// A field that is not known, and the one that was surely meant, where one is near.
struct Misspelt<'f> {
    wrong: &'f str,
    right: Option<&'static str>,
}

/// The path of the first unknown field: its parent and its name.
fn unknown_field(finding: &Finding) -> Option<(&str, &str)> {
    let path = finding.message.split_once("unknown field \"")?.1.split_once('"')?.0;
    Some(path.rsplit_once('.').unwrap_or(("", path)))
}

fn misspelt(finding: &Finding) -> Option<Misspelt<'_>> {
    let (kind, _) = finding.object.as_ref()?;
    let (parent, wrong) = unknown_field(finding)?;
    let mut known = at(*kind, parent)?.fields.iter().map(|field| field.name);
    Some(Misspelt { wrong, right: nearest(wrong, &mut known) })
}

/// Where a field of that name belongs; where it belongs nowhere, the fields that there are.
fn elsewhere(finding: &Finding, wrong: &str) -> Option<String> {
    let (kind, _) = finding.object.as_ref()?;
    let (parent, _) = unknown_field(finding)?;
    let known: Vec<&str> = at(*kind, parent)?.fields.iter().map(|field| field.name).collect();
    let place = ["spec", "metadata", ""].iter().find(|other| {
        **other != parent
            && at(*kind, other).is_some_and(|object| object.fields.iter().any(|field| field.name == wrong))
    });
    Some(match place {
        Some(&"") => format!("`{wrong}` stands beside `metadata`, at the top"),
        Some(other) => format!("`{wrong}` stands under `{other}`"),
        None => format!("there are {}", known.join(", ")),
    })
}

/// The edit that writes the right name in place of the wrong one: at the finding's place, or before the value there.
fn renaming(finding: &Finding, wrong: &str, right: &str, files: &[File]) -> Option<Edit> {
    let place = &finding.place;
    let file = files.iter().find(|file| *file.name == *place.file)?;
    let mut start = 0;
    let mut lines = file.text.split_inclusive('\n');
    for line in lines.by_ref().take(usize::try_from(place.line).ok()?.checked_sub(1)?) {
        start += line.len();
    }
    let line = lines.next()?;
    let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
    let column = line.char_indices().nth(column).map_or(line.len(), |(offset, _)| offset);
    let is_key = |rest: &str| rest.strip_prefix(wrong).is_some_and(|behind| behind.starts_with([':', '"', '\'', ' ']));
    let quoted = line.get(column..)?.starts_with(['"', '\'']);
    let key = if is_key(line.get(column..)?) {
        column
    } else if quoted && is_key(line.get(column + 1..)?) {
        column + 1
    } else {
        let before = line.get(..column)?.trim_end().strip_suffix(':')?.trim_end().trim_end_matches(['"', '\'']);
        before.strip_suffix(wrong)?.len()
    };
    let range = u32::try_from(start + key).ok()?..u32::try_from(start + key + wrong.len()).ok()?;
    Some(Edit { file: place.file.clone(), range, text: right.to_owned() })
}

/// The object that a path leads to in objects of that kind.
fn at(kind: Kind, path: &str) -> Option<Description> {
    let mut shape = kind.shape();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let name = name.split('[').next().unwrap_or(name);
        let Shape::Struct(object) = shape else { return None };
        shape = (object.fields.iter().find(|field| field.name == name)?.shape)();
        while let Shape::List(item) = shape {
            shape = *item;
        }
    }
    match shape {
        Shape::Struct(object) => Some(object),
        _ => None,
    }
}

/// Mistakes that the server's words do not explain to everybody.
fn known_mistake(message: &str) -> Option<String> {
    let advice = [
        ("must contain at least one letter", "a name needs a letter; for a number, leave the quotes out"),
        ("pathType must be specified", "write `pathType: Prefix`, which is what most paths mean"),
        ("into Go struct field", "write a value of the type named behind `of type`"),
        ("must be a DNS name, not an IP address", "leave the host out to serve requests for the address"),
        ("may not change once set", "delete the object and make it anew to change this"),
        ("field is immutable", "delete the object and make it anew to change this"),
        ("must be a strict subset of `cidr`", "except takes a part out of cidr: it has to lie inside, and be smaller"),
        ("does not match the current range", "choose an address in the range of cluster IPs, or leave it out"),
        ("must be an absolute path", "begin the path with `/`"),
        ("must be specified when `operator` is 'In' or 'NotIn'", "write `operator: Exists` where only the key matters"),
        (
            "either `defaultBackend` or `rules` must be specified",
            "write a rule, or a default backend for every request",
        ),
    ];
    advice.iter().find(|(words, _)| message.contains(words)).map(|(_, help)| (*help).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan::api::resource::ObjectKey;
    use portolan::cluster::SourcePlace;
    use portolan::finding::Severity;

    fn help(message: &str) -> Option<String> {
        let place = SourcePlace { file: String::new(), line: 1, column: 1, field: String::new() };
        let finding = Finding::new("refused", Severity::Error, message, place);
        advise(finding.about(Kind::Service, ObjectKey::new("default", "web")), &[]).help
    }

    #[test]
    fn an_unknown_field_is_told_what_was_meant() {
        assert_eq!(
            help(r#"strict decoding error: unknown field "spec.ports[0].targetport""#).unwrap(),
            "write `targetPort`"
        );
        assert_eq!(help(r#"unknown field "spec.selectors""#).unwrap(), "write `selector`");
        assert_eq!(help(r#"unknown field "ports""#).unwrap(), "`ports` stands under `spec`");
        assert!(help(r#"unknown field "spec.bogus""#).unwrap().starts_with("there are ports, selector"));
        assert_eq!(help("spec.ports[0].port: Required value"), None);
    }

    #[test]
    fn a_misspelt_name_is_written_anew_where_it_stands() {
        for text in
            ["spec:\n- é: 1\n  selektor: {a: b}\n", "spec:\n- é: 1\n  selektor : x\n", "{\n\n  \"selektor\":  \"x\"}"]
        {
            let file = File { name: "a.yaml".into(), text: text.into() };
            for word in ["selektor", "\"selektor", " x", "\"x"] {
                let Some(column) = text.lines().nth(2).and_then(|line| line.find(word)) else { continue };
                let column = u32::try_from(column + 1).unwrap();
                let place = SourcePlace { file: "a.yaml".into(), line: 3, column, field: String::new() };
                let finding = Finding::new("refused", Severity::Error, "unknown field \"spec.selektor\"", place);
                let advised =
                    advise(finding.about(Kind::Service, ObjectKey::new("default", "web")), std::slice::from_ref(&file));
                let range = advised.fix[0].range.clone();
                let start = usize::try_from(range.start).unwrap();
                assert_eq!(text.get(start..usize::try_from(range.end).unwrap()), Some("selektor"), "{text}");
                assert_eq!(advised.fix[0].text, "selector");
            }
        }
    }
}
