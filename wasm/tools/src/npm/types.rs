//! The objects, questions and answers as TypeScript.

use crate::npm::fields::{meet, structs};
use portolan::api::describe::{FieldDescription, Shape};
use portolan::api::resource::Kind;
use portolan::ask::contract::{self, Described};
use portolan::ingress::Controller;
use std::fmt::Write as _;

/// The text of `types.ts`.
pub(super) fn typescript() -> String {
    let mut out = String::from(
        "// Made from the Rust types by `portolan-wasm-tools npm`: change those, not this file.\n\n\
         /** Any object of the kinds that Portolan knows, as plain data. */\nexport type KubernetesObject =\n",
    );
    let mut aliases = String::new();
    for kind in Kind::ALL {
        let Shape::Struct(shape) = kind.shape() else { continue };
        let _ = writeln!(out, "  | {}", kind.name());
        if shape.name != kind.name() {
            let _ = write!(aliases, "/** {} */\nexport type {} = {};\n\n", kind.name(), kind.name(), shape.name);
        }
    }
    out.push_str("  ;\n\n");
    out.push_str(&aliases);
    let mut described = structs();
    for description in &described {
        interface(&mut out, description.name, description.doc, "", description.fields);
    }
    let of_api = described.len();
    meet(&contract::finding(), &mut described);
    for kind in contract::kinds() {
        for description in [kind.question(), kind.answer()].into_iter().flatten() {
            description.fields.iter().for_each(|field| meet(&(field.shape)(), &mut described));
        }
    }
    for description in described.iter().skip(of_api) {
        interface(&mut out, description.name, description.doc, "", description.fields);
    }
    for kind in contract::kinds() {
        let (Some(question), Some(answer)) = (kind.question(), kind.answer()) else { continue };
        let name = capitalized(kind.kind);
        interface(&mut out, &format!("{name}Question"), question.doc, "", question.fields);
        let doc = format!("The answer to `{}`. {}", kind.kind, answer.doc);
        let head = format!(
            "  /** The kind of question. */\n  ask: \"{}\";\n  /** The question's `id`, or null. */\n  id: unknown;\n",
            kind.kind
        );
        interface(&mut out, &format!("{name}Answer"), &doc, &head, answer.fields);
    }
    table(&mut out, contract::kinds());
    out
}

/// The kinds of question: their names, their types, and a method for each.
fn table(out: &mut String, kinds: &[Described]) {
    let names: Vec<String> = kinds.iter().map(|kind| format!("\"{}\"", kind.kind)).collect();
    let _ = write!(
        out,
        "/** The kinds of question, in the order of the contract. */\nexport const KINDS = [{}] as const;\n\n",
        names.join(", ")
    );
    let ids: Vec<String> = Controller::ALL.iter().map(|controller| format!("\"{}\"", controller.name())).collect();
    let controllers: Vec<String> = Controller::ALL
        .iter()
        .map(|controller| format!("  {{ id: \"{}\", label: \"{}\" }},\n", controller.name(), controller.label()))
        .collect();
    let _ = write!(
        out,
        "/** A controller whose behaviour a table of routes can follow. */\n\
         export interface ControllerChoice {{\n  /** Its name in questions. */\n  readonly id: {};\n  \
         /** Its name for people. */\n  readonly label: string;\n}}\n\n\
         /** The controllers whose behaviour a table of routes can follow. */\n\
         export const CONTROLLERS: readonly ControllerChoice[] = [\n{}];\n\n",
        ids.join(" | "),
        controllers.concat()
    );
    out.push_str(
        "/** The kinds of question, each with what it asks and what it answers. */\nexport interface Questions {\n",
    );
    for kind in kinds {
        document(out, "  ", kind.question().map_or("", |question| question.doc));
        let name = capitalized(kind.kind);
        let _ = writeln!(out, "  {}: {{ question: {name}Question; answer: {name}Answer }};", kind.kind);
    }
    out.push_str(
        "}\n\n/** A method for each kind of question. Each throws a `PortolanError` where there is no answer. */\n",
    );
    out.push_str("export interface Asking {\n");
    for kind in kinds {
        let Some(question) = kind.question() else { continue };
        document(out, "  ", question.doc);
        let name = capitalized(kind.kind);
        // A question without a required member may be asked without any.
        let mark = if question.fields.iter().all(|field| field.is_optional) { "?" } else { "" };
        let _ = writeln!(out, "  {}(question{mark}: {name}Question): {name}Answer;", kind.kind);
    }
    out.push_str("}\n");
}

fn interface(out: &mut String, name: &str, doc: &str, head: &str, fields: &[FieldDescription]) {
    document(out, "", doc);
    let _ = writeln!(out, "export interface {name} {{");
    out.push_str(head);
    for field in fields {
        document(out, "  ", field.doc);
        let mark = if field.is_optional { "?" } else { "" };
        let _ = writeln!(out, "  {}{mark}: {};", field.name, type_of(&(field.shape)()));
    }
    out.push_str("}\n\n");
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::String => "string".to_owned(),
        Shape::Integer => "number".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::IntegerOrString => "number | string".to_owned(),
        Shape::Any => "unknown".to_owned(),
        Shape::AnyObject => "KubernetesObject".to_owned(),
        Shape::List(item) => match &**item {
            Shape::IntegerOrString | Shape::Word { .. } | Shape::OneOf(_) | Shape::OrNull(_) => {
                format!("({})[]", type_of(item))
            }
            item => format!("{}[]", type_of(item)),
        },
        Shape::Map(value) => format!("Record<string, {}>", type_of(value)),
        Shape::Struct(description) => description.name.to_owned(),
        Shape::OrNull(inside) => format!("{} | null", type_of(inside)),
        Shape::OneOf(shapes) => shapes.iter().map(type_of).collect::<Vec<_>>().join(" | "),
        Shape::Word { known, is_open } => {
            let mut words: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
            if *is_open {
                words.push("(string & {})".to_owned());
            }
            words.join(" | ")
        }
    }
}

/// A documentation comment of one line or several.
fn document(out: &mut String, indent: &str, doc: &str) {
    let doc = doc.trim().replace("*/", "*\u{200b}/");
    let lines: Vec<&str> = doc.lines().map(str::trim).collect();
    match lines.as_slice() {
        [] => {}
        [line] => {
            let _ = writeln!(out, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(out, "{indent}/**");
            for line in lines {
                let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(out, "{indent} */");
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::{contract, type_of, typescript};
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_declared_twice() {
        let text = typescript();
        let mut names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("export ")).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }

    #[test]
    fn every_name_is_declared() {
        let text = typescript();
        let declared: BTreeSet<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("export interface ").or_else(|| line.strip_prefix("export type ")))
            .filter_map(|rest| rest.split([' ', '=']).next())
            .collect();
        let mut described = crate::npm::fields::structs();
        let of_kinds = contract::kinds().iter().flat_map(|kind| [kind.question(), kind.answer()]).flatten();
        described.extend(of_kinds);
        for field in described.iter().flat_map(|description| description.fields) {
            let shape = type_of(&(field.shape)());
            let words = shape.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '"');
            for name in words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase())) {
                assert!(name == "Record" || declared.contains(name), "{} names {name}", field.name);
            }
        }
    }

    #[test]
    fn fields_become_members_with_their_documentation() {
        let text = typescript();
        assert!(text.contains("  /** The ports it is reached on. */\n  ports?: ServicePort[];\n"), "{text}");
        assert!(text.contains("  targetPort?: number | string;\n"));
        assert!(text.contains("export type Deployment = Workload;\n"));
        assert!(text.contains("export interface RouteAnswer {\n"));
    }
}
