//! What to write instead: a word of help for refusals in which the server names what is wrong and not what is right.

use portolan::api::describe::{Description, Shape};
use portolan::api::resource::Kind;
use portolan::finding::Finding;

/// The same finding, with help where there is something to say that its message does not.
pub(crate) fn advise(mut finding: Finding) -> Finding {
    if finding.code == "refused" && finding.help.is_none() {
        finding.help = unknown_field(&finding).or_else(|| known_mistake(&finding.message));
    }
    finding
}

/// For an unknown field, the field that was surely meant; where none is near, those there are.
fn unknown_field(finding: &Finding) -> Option<String> {
    let (kind, _) = finding.object.as_ref()?;
    let path = finding.message.split_once("unknown field \"")?.1.split_once('"')?.0;
    let (parent, wrong) = path.rsplit_once('.').unwrap_or(("", path));
    let known: Vec<&str> = at(*kind, parent)?.fields.iter().map(|field| field.name).collect();
    let near = known.iter().map(|name| (distance(wrong, name), *name)).min()?;
    let limit = (wrong.chars().count() / 3).max(1);
    if near.0 <= limit {
        return Some(format!("write `{}`", near.1));
    }
    let elsewhere = ["spec", "metadata", ""].iter().find(|other| {
        **other != parent
            && at(*kind, other).is_some_and(|object| object.fields.iter().any(|field| field.name == wrong))
    });
    match elsewhere {
        Some(&"") => Some(format!("`{wrong}` stands beside `metadata`, at the top")),
        Some(other) => Some(format!("`{wrong}` stands under `{other}`")),
        None => Some(format!("there are {}", known.join(", "))),
    }
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

/// How many letters have to be put in, taken out or changed to make one word of the other, letter case aside (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_ascii_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.to_ascii_lowercase().chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (known, above) in other.iter().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(*known != letter)).min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
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
        advise(finding.about(Kind::Service, ObjectKey::new("default", "web"))).help
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
    fn letters_are_counted() {
        assert_eq!((distance("", "abc"), distance("port", "Ports"), distance("kitten", "sitting")), (3, 1, 3));
    }
}
