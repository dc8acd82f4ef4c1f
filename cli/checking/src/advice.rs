//! What to write instead: a word of help for refusals in which the server names what is wrong and not what is right.

use portolan::finding::Finding;

/// The same finding, with help where there is something to say that its message does not.
pub fn advise(mut finding: Finding) -> Finding {
    if finding.code == "refused" && finding.help.is_none() {
        finding.help = known_mistake(&finding.message);
    }
    finding
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
