//! JSON values as block YAML, the way people keep manifests.

use serde_json::Value;

/// One document for each value, separated by `---`.
pub fn documents(values: &[Value]) -> String {
    let mut out = String::new();
    for value in values {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        write(&mut out, value, 0, false);
    }
    out
}

/// Writes a value; `inline` where its first line stands behind a `- ` already.
fn write(out: &mut String, value: &Value, depth: usize, inline: bool) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (position, (name, value)) in members.iter().enumerate() {
                if position > 0 || !inline {
                    indent(out, depth);
                }
                out.push_str(&scalar(&Value::from(name.as_str())));
                out.push(':');
                nested(out, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(out, depth);
                out.push_str("- ");
                match item {
                    Value::Object(members) if !members.is_empty() => write(out, item, depth + 1, true),
                    Value::Array(items) if !items.is_empty() => {
                        out.push('\n');
                        write(out, item, depth + 1, false);
                    }
                    plain => {
                        out.push_str(&scalar(plain));
                        out.push('\n');
                    }
                }
            }
        }
        plain => {
            indent(out, depth);
            out.push_str(&scalar(plain));
            out.push('\n');
        }
    }
}

fn nested(out: &mut String, value: &Value, depth: usize) {
    let is_block = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        write(out, value, depth + 1, false);
    } else {
        out.push(' ');
        out.push_str(&scalar(value));
        out.push('\n');
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A string stands plain where it is nothing but letters, digits and what names are made of, and reads as no other value.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
                && text.chars().all(|character| character.is_ascii_alphanumeric() || "-./_".contains(character))
                && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
                    .contains(&text.to_ascii_lowercase().as_str());
            if is_plain { text.clone() } else { value.to_string() }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let value = serde_json::json!({"a": [{"b": "yes", "c": [1, [2]]}, {}], "d": {"e": "1", "f/g": null}, "h": []});
        let text = documents(&[value.clone(), value.clone()]);
        let read = portolan_yaml::read(&text);
        assert_eq!(read.len(), 2, "{text}");
        for document in read {
            let back: Value = serde_json::from_str(&document.unwrap().to_json().to_string()).unwrap();
            assert_eq!(back, value, "{text}");
        }
    }
}
