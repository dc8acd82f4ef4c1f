//! The path of a field that the server does not know in, help out: the name that was meant, the object where the field
//! belongs, or the known names, and the edit that corrects the spelling.

use crate::api::codec::{Codec, Slot};
use crate::api::object::{Field, Object};
use crate::api::resource::{Kind, Resource};
use crate::edit::Editor;
use crate::finding::Finding;
use crate::spelling::nearest;
use portolan_base::tree::{Step, steps};

/// Adds help to the refusal of an unknown field of an object of that kind: the nearest known name, and the edit that writes
/// it; otherwise where the field belongs, or the known names.
pub(super) fn help(finding: &mut Finding, kind: Kind, path: &str, editor: Option<&Editor<'_>>) {
    let (parent, wrong) = path.rsplit_once('.').unwrap_or(("", path));
    let Some(known) = fields(kind, parent) else { return };
    finding.help = Some(match nearest(wrong, &mut known.iter().map(|field| field.name)) {
        Some(right) => {
            finding.fix.extend(editor.and_then(|editor| editor.respell(path, right)));
            format!("write `{right}`")
        }
        None => elsewhere(kind, parent, wrong).unwrap_or_else(|| {
            let known: Vec<&str> = known.iter().map(|field| field.name).collect();
            format!("known fields here: {}", known.join(", "))
        }),
    });
}

/// Where a field of that name belongs.
fn elsewhere(kind: Kind, parent: &str, wrong: &str) -> Option<String> {
    let has = |path: &str| fields(kind, path).is_some_and(|fields| fields.iter().any(|field| field.name == wrong));
    let other = ["spec", "metadata", ""].into_iter().find(|other| *other != parent && has(other))?;
    Some(match other {
        "" => format!("`{wrong}` belongs at the top level, beside `metadata`"),
        other => format!("`{wrong}` belongs under `{other}`"),
    })
}

/// The fields of what a path leads to in objects of that kind.
fn fields(kind: Kind, path: &str) -> Option<&'static [Field]> {
    let mut empty = Resource::empty(kind);
    let mut object = empty.object_mut();
    for step in steps(path) {
        // Every item of a list has the same.
        let Step::Name(name) = step else { continue };
        let position = object.schema().iter().position(|field| field.name == name)?;
        object = structure(object.field_mut(position)?)?;
    }
    Some(object.schema())
}

/// The struct that a value is, may be, or is a list of.
fn structure(value: &mut dyn Codec) -> Option<&mut dyn Object> {
    match value.slot() {
        Slot::Leaf(_) => None,
        Slot::Optional(optional) => structure(optional.get_or_make()),
        Slot::List(list) => {
            list.resize(1);
            structure(list.at_mut(0)?)
        }
        Slot::Struct(object) => Some(object),
    }
}

#[cfg(test)]
mod tests {
    use crate::cluster::Options;
    use crate::finding::Finding;
    use crate::load::{File, LoadMode, load};

    /// What is refused in a text, which is one thing.
    #[track_caller]
    fn refused(text: &str) -> Finding {
        let file = File { name: "a.yaml".into(), text: text.into() };
        let mut findings = load(&[file], Options::default(), LoadMode::Admitted).findings;
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    #[test]
    fn an_unknown_field_is_told_what_was_meant() {
        let help = |fields: &str| {
            refused(&format!("{{apiVersion: v1, kind: Service, metadata: {{name: web}}, {fields}}}")).help.unwrap()
        };
        assert_eq!(help("spec: {ports: [{port: 80, targetport: 80}]}"), "write `targetPort`");
        assert_eq!(help("spec: {selectors: {a: b}, ports: [{port: 80}]}"), "write `selector`");
        assert_eq!(help("ports: [{port: 80}]"), "`ports` belongs under `spec`");
        assert_eq!(help("spec: {labels: {a: b}, ports: [{port: 80}]}"), "`labels` belongs under `metadata`");
        assert_eq!(
            help("spec: {status: {}, ports: [{port: 80}]}"),
            "`status` belongs at the top level, beside `metadata`"
        );
        assert!(help("spec: {bogus: 1, ports: [{port: 80}]}").starts_with("known fields here: ports, selector"));
        assert_eq!(help("spec: {sessionAffinityConfig: {clientIp: {}}, ports: [{port: 80}]}"), "write `clientIP`");
        assert_eq!(
            refused(
                "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 70000, targetPort: 80}]}}"
            )
            .help,
            None
        );
    }

    #[test]
    fn a_misspelt_name_is_written_anew_where_it_stands() {
        let service = |key: &str, rest: &str| {
            format!(
                "# é\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec:\n  ports: [{{port: 80}}]\n  {key}{rest}"
            )
        };
        for rest in [": {a: b} # why\n", " : {a: b}\n", ":\n    a: b\n", ": &it {a: b}\n"] {
            for quote in ["", "'", "\""] {
                let text = service(&format!("{quote}selektor{quote}"), rest);
                let [edit] = <[_; 1]>::try_from(refused(&text).fix).unwrap();
                let mut fixed = text.clone();
                fixed.replace_range(edit.range.start as usize..edit.range.end as usize, &edit.text);
                assert_eq!(fixed, service(&format!("{quote}selector{quote}"), rest));
            }
        }
        let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"selektor":{"a":"b"},"ports":[{"port":80}]}}"#;
        let edit = &refused(json).fix[0];
        assert_eq!(json.get(edit.range.start as usize..edit.range.end as usize), Some("selektor"));
        // In braces, what has no quotes gets none.
        let flow = refused("{apiVersion: v1, kind: Service, metadata: {nmae: web}, spec: {ports: [{port: 80}]}}");
        assert_eq!(flow.fix[0].text, "name");
    }
}
