//! The objects, questions and answers as TypeScript.

use crate::npm::fields::structs;
use portolan::api::describe::{Description, Shape};
use portolan::api::resource::Kind;
use portolan::ask::contract::{Member, QUESTIONS, SHAPES};
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
    for description in structs() {
        object(&mut out, &description);
    }
    for shape in SHAPES {
        interface(&mut out, shape.name, shape.doc, "", shape.members);
    }
    for question in QUESTIONS {
        let name = capitalized(question.kind);
        interface(&mut out, &format!("{name}Question"), question.doc, "", question.asks);
        let doc = format!("The answer to `{}`. {}", question.kind, question.doc);
        let head = format!(
            "  /** The kind of question. */\n  ask: \"{}\";\n  /** The question's `id`, or null. */\n  id: unknown;\n",
            question.kind
        );
        interface(&mut out, &format!("{name}Answer"), &doc, &head, question.answers);
    }
    table(&mut out);
    out
}

/// The kinds of question: their names, their types, and a method for each.
fn table(out: &mut String) {
    let names: Vec<String> = QUESTIONS.iter().map(|question| format!("\"{}\"", question.kind)).collect();
    let _ = write!(
        out,
        "/** The kinds of question, in the order of the contract. */\nexport const KINDS = [{}] as const;\n\n",
        names.join(", ")
    );
    out.push_str(
        "/** The kinds of question, each with what it asks and what it answers. */\nexport interface Questions {\n",
    );
    for question in QUESTIONS {
        document(out, "  ", question.doc);
        let name = capitalized(question.kind);
        let _ = writeln!(out, "  {}: {{ question: {name}Question; answer: {name}Answer }};", question.kind);
    }
    out.push_str(
        "}\n\n/** A method for each kind of question. Each throws a `PortolanError` where there is no answer. */\n",
    );
    out.push_str("export interface Asking {\n");
    for question in QUESTIONS {
        document(out, "  ", question.doc);
        let name = capitalized(question.kind);
        // A question without a member that must be there may be asked without any.
        let mark = if question.asks.iter().all(|member| member.optional) { "?" } else { "" };
        let _ = writeln!(out, "  {}(question{mark}: {name}Question): {name}Answer;", question.kind);
    }
    out.push_str("}\n");
}

fn object(out: &mut String, description: &Description) {
    document(out, "", description.doc);
    let _ = writeln!(out, "export interface {} {{", description.name);
    for field in description.fields {
        document(out, "  ", field.doc);
        let _ = writeln!(out, "  {}?: {};", field.name, type_of(&(field.shape)()));
    }
    out.push_str("}\n\n");
}

fn interface(out: &mut String, name: &str, doc: &str, head: &str, members: &[Member]) {
    document(out, "", doc);
    let _ = writeln!(out, "export interface {name} {{");
    out.push_str(head);
    for member in members {
        document(out, "  ", member.doc);
        let mark = if member.optional { "?" } else { "" };
        let _ = writeln!(out, "  {}{mark}: {};", member.name, member.shape);
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
        Shape::List(item) => match &**item {
            Shape::IntegerOrString => "(number | string)[]".to_owned(),
            item => format!("{}[]", type_of(item)),
        },
        Shape::Map(value) => format!("Record<string, {}>", type_of(value)),
        Shape::Struct(description) => description.name.to_owned(),
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
    use super::{QUESTIONS, SHAPES, typescript};
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
        let members = SHAPES.iter().flat_map(|shape| shape.members);
        let asked = QUESTIONS.iter().flat_map(|question| question.asks.iter().chain(question.answers));
        for member in members.chain(asked) {
            let words = member.shape.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '"');
            for name in words.filter(|word| word.starts_with(|first: char| first.is_ascii_uppercase())) {
                assert!(name == "Record" || declared.contains(name), "{} names {name}", member.name);
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
