//! `$(NAME)` in a container's variables, command and arguments.

/// Replaces every `$(NAME)` by what `value_of` says; a name that it does not know stays as it stands. `$$` is a `$` that
/// begins nothing. Mirrors `Expand` (k8s.io/kubernetes/third_party/forked/golang/expansion, v1.36.3): the name is whatever
/// stands before the first `)`, and what is put in is not looked at again.
pub fn expand(input: &str, mut value_of: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(open) = behind.strip_prefix('(') {
            match open.split_once(')') {
                Some((name, after)) => {
                    match value_of(name) {
                        Some(value) => out.push_str(&value),
                        None => out.extend(["$(", name, ")"]),
                    }
                    rest = after;
                }
                None => {
                    out.push_str("$(");
                    rest = open;
                }
            }
        } else {
            out.push('$');
            // The character behind stands for itself, also where it is another operator's beginning.
            let mut characters = behind.chars();
            out.extend(characters.next());
            rest = characters.as_str();
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::expand;

    /// Facts of upstream's `TestMapping` (expand_test.go).
    #[test]
    fn as_upstreams_table_has_it() {
        let known = |name: &str| match name {
            "VAR_A" => Some("A".to_owned()),
            "VAR_B" => Some("B".to_owned()),
            "VAR_C" => Some("C".to_owned()),
            "VAR_REF" => Some("$(VAR_A)".to_owned()),
            "VAR_EMPTY" => Some(String::new()),
            _ => None,
        };
        for (input, output) in [
            ("$(VAR_A)", "A"),
            ("___$(VAR_B)___", "___B___"),
            ("___$(VAR_C)", "___C"),
            ("$(VAR_A)-$(VAR_B)", "A-B"),
            ("f000-$(VAR_A)-$(VAR_B)$(VAR_C)", "f000-A-BC"),
            ("$(VAR_REF)", "$(VAR_A)"),
            ("$$(VAR_REF)", "$(VAR_REF)"),
            ("foo$(VAR_EMPTY)bar", "foobar"),
            ("foo$(VAR_Awhoops!", "foo$(VAR_Awhoops!"),
            ("f00__(VAR_A)__", "f00__(VAR_A)__"),
            ("$?_boo_$!", "$?_boo_$!"),
            ("$VAR_A", "$VAR_A"),
            ("$(VAR_DNE)", "$(VAR_DNE)"),
            ("$$$$$$(BIG_MONEY)", "$$$(BIG_MONEY)"),
            ("$$$$$$(VAR_A)", "$$$(VAR_A)"),
            ("$$$$$$$(VAR_A)", "$$$A"),
            ("$VAR_A)", "$VAR_A)"),
            ("$()", "$()"),
            ("$", "$"),
            ("$$", "$"),
            ("foo$", "foo$"),
            ("$(", "$("),
            ("$$(VAR_A)$(VAR_A)", "$(VAR_A)A"),
            ("$ä$(VAR_A)", "$äA"),
        ] {
            assert_eq!(expand(input, known), output, "{input}");
        }
    }
}
