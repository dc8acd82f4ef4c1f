//! Names: DNS labels and subdomains, port names, qualified names (`k8s.io/apimachinery/pkg/util/validation` and
//! `pkg/api/validate/content`, v0.36.3). The two packages write the limit of a length differently; both are in use.

use super::Messages;
use crate::field::{Error, Path};

/// A rule for the names of a kind of object. The flag says that something will be appended to the name, so that it may
/// end in a dash (`ValidateNameFunc`).
pub type NameRule = fn(&str, bool) -> Messages;

const LABEL_MAX_LENGTH: usize = 63;
const SUBDOMAIN_MAX_LENGTH: usize = 253;

const LABEL_MESSAGE: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035_MESSAGE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN_MESSAGE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const WILDCARD_MESSAGE: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const HTTP_PATH_MESSAGE: &str = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
const QUALIFIED_NAME_MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_MESSAGE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// `validation.IsDNS1123Label`
pub fn is_dns1123_label(value: &str) -> Messages {
    let mut messages = Messages::new();
    if value.len() > LABEL_MAX_LENGTH {
        messages.push("must be no more than 63 characters".into());
    }
    if !matches_label(value) {
        messages.push(if matches_subdomain(value) { "must not contain dots" } else { LABEL_MESSAGE }.into());
    }
    messages
}

/// `validation.IsDNS1035Label`
pub fn is_dns1035_label(value: &str) -> Messages {
    let mut messages = Messages::new();
    if value.len() > LABEL_MAX_LENGTH {
        messages.push("must be no more than 63 characters".into());
    }
    if !(matches_label(value) && value.starts_with(|first: char| first.is_ascii_lowercase())) {
        messages.push(LABEL_1035_MESSAGE.into());
    }
    messages
}

/// `validation.IsDNS1123Subdomain`
pub fn is_dns1123_subdomain(value: &str) -> Messages {
    subdomain(value, "must be no more than 253 characters")
}

fn subdomain(value: &str, too_long: &'static str) -> Messages {
    let mut messages = Messages::new();
    if value.len() > SUBDOMAIN_MAX_LENGTH {
        messages.push(too_long.into());
    }
    if !matches_subdomain(value) {
        messages.push(SUBDOMAIN_MESSAGE.into());
    }
    messages
}

/// `validation.IsWildcardDNS1123Subdomain`
pub fn is_wildcard_dns1123_subdomain(value: &str) -> Messages {
    let mut messages = Messages::new();
    if value.len() > SUBDOMAIN_MAX_LENGTH {
        messages.push("must be no more than 253 characters".into());
    }
    if !value.strip_prefix("*.").is_some_and(matches_subdomain) {
        messages.push(WILDCARD_MESSAGE.into());
    }
    messages
}

/// `validation.NameIsDNSSubdomain`
pub fn name_is_dns_subdomain(name: &str, prefix: bool) -> Messages {
    masked(name, prefix, is_dns1123_subdomain)
}

/// `validation.NameIsDNSLabel`
pub fn name_is_dns_label(name: &str, prefix: bool) -> Messages {
    masked(name, prefix, is_dns1123_label)
}

/// `validation.NameIsDNS1035Label`
pub fn name_is_dns1035_label(name: &str, prefix: bool) -> Messages {
    masked(name, prefix, is_dns1035_label)
}

/// Upstream puts an `a` in the place of the last two bytes of a prefix that ends in a dash (`maskTrailingDash`).
fn masked(name: &str, prefix: bool, rule: fn(&str) -> Messages) -> Messages {
    if prefix && name.len() > 1 && name.ends_with('-') {
        let bytes = name.as_bytes().get(..name.len() - 2).unwrap_or_default();
        let mut masked = String::from_utf8_lossy(bytes).into_owned();
        masked.push('a');
        return rule(&masked);
    }
    rule(name)
}

/// `content.IsPathSegmentName`
pub fn is_path_segment_name(name: &str) -> Messages {
    match name {
        "." => vec!["may not be '.'".into()],
        ".." => vec!["may not be '..'".into()],
        _ => is_path_segment_prefix(name),
    }
}

/// `content.IsPathSegmentPrefix`
pub fn is_path_segment_prefix(name: &str) -> Messages {
    let mut messages = Messages::new();
    if name.contains('/') {
        messages.push("may not contain '/'".into());
    }
    if name.contains('%') {
        messages.push("may not contain '%'".into());
    }
    messages
}

/// The rule that every name keeps (`rest.validatePathSegment`).
pub fn path_segment(name: &str, prefix: bool) -> Messages {
    if prefix { is_path_segment_prefix(name) } else { is_path_segment_name(name) }
}

/// `validation.IsValidPortNum`
pub fn is_valid_port_num(port: i32) -> Messages {
    if (1..=65535).contains(&port) { Messages::new() } else { vec!["must be between 1 and 65535, inclusive".into()] }
}

/// What `validation.IsValidPortName` says of a name without a letter.
pub const NEEDS_A_LETTER: &str = "must contain at least one letter (a-z)";

/// `validation.IsValidPortName`
pub fn is_valid_port_name(port: &str) -> Messages {
    let mut messages = Messages::new();
    if port.len() > 15 {
        messages.push("must be no more than 15 characters".into());
    }
    if port.is_empty() || !port.bytes().all(|byte| is_lower_alphanumeric(byte) || byte == b'-') {
        messages.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !port.bytes().any(|byte| byte.is_ascii_lowercase()) {
        messages.push(NEEDS_A_LETTER.into());
    }
    if port.contains("--") {
        messages.push("must not contain consecutive hyphens".into());
    }
    if port.starts_with('-') || port.ends_with('-') {
        messages.push("must not begin or end with a hyphen".into());
    }
    messages
}

/// `content.IsLabelKey`, which is `validation.IsQualifiedName` too.
pub fn is_qualified_name(value: &str) -> Messages {
    let mut messages = Messages::new();
    let mut parts = value.split('/');
    let first = parts.next().unwrap_or_default();
    let name = match (parts.next(), parts.next()) {
        (None, _) => first,
        (Some(name), None) => {
            if first.is_empty() {
                messages.push("prefix part must be non-empty".into());
            } else {
                let of_prefix = subdomain(first, "must be no more than 253 bytes");
                messages.extend(of_prefix.into_iter().map(|message| format!("prefix part {message}").into()));
            }
            name
        }
        (Some(_), Some(_)) => {
            messages.push(
                format!("a valid label key {QUALIFIED_NAME_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")
                    .into(),
            );
            return messages;
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".into());
    } else if name.len() > LABEL_MAX_LENGTH {
        messages.push("name part must be no more than 63 bytes".into());
    }
    if !matches_qualified(name) {
        messages.push(format!("name part {QUALIFIED_NAME_MESSAGE}").into());
    }
    messages
}

/// `content.IsLabelValue`
pub fn is_label_value(value: &str) -> Messages {
    let mut messages = Messages::new();
    if value.len() > LABEL_MAX_LENGTH {
        messages.push("must be no more than 63 bytes".into());
    }
    if !value.is_empty() && !matches_qualified(value) {
        messages.push(LABEL_VALUE_MESSAGE.into());
    }
    messages
}

/// `validation.IsDomainPrefixedPath`: `acme.io/foo`.
pub fn validate_domain_prefixed_path(path: &Path<'_>, value: &str, errors: &mut Vec<Error>) {
    if value.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let Some((host, rest)) = value.split_once('/').filter(|(host, rest)| !host.is_empty() && !rest.is_empty()) else {
        errors.push(Error::invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
        return;
    };
    push(errors, path, host, is_dns1123_subdomain(host));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    if !rest.bytes().all(allowed) {
        errors.push(Error::invalid(path, rest, HTTP_PATH_MESSAGE));
    }
}

/// `validation.IsFullyQualifiedDomainName`: two labels or more, a dot at the end allowed.
pub fn validate_fully_qualified_domain_name(path: &Path<'_>, value: &str, errors: &mut Vec<Error>) {
    if value.is_empty() {
        errors.push(Error::required(path, ""));
        return;
    }
    let name = value.strip_suffix('.').unwrap_or(value);
    let messages = is_dns1123_subdomain(name);
    if !messages.is_empty() {
        errors.push(Error::invalid(path, name, messages.join(",")));
    } else if !name.contains('.') {
        errors.push(Error::invalid(path, name, "should be a domain with at least two segments separated by dots"));
    } else if let Some((label, messages)) =
        name.split('.').map(|label| (label, is_dns1123_label(label))).find(|(_, messages)| !messages.is_empty())
    {
        errors.push(Error::invalid(path, label, messages.join(",")));
    }
}

/// Adds an `Invalid` error for each message, with the value as Go's `%q` shows it.
pub fn push(errors: &mut Vec<Error>, path: &Path<'_>, value: &str, messages: Messages) {
    for message in messages {
        errors.push(Error::invalid(path, value, message));
    }
}

/// Adds an `Invalid` error for each message, with a number for the value.
pub fn push_number(errors: &mut Vec<Error>, path: &Path<'_>, value: i32, messages: Messages) {
    for message in messages {
        errors.push(Error::invalid_value(path, value.to_string(), message));
    }
}

fn is_lower_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn matches_label(value: &str) -> bool {
    enclosed(value, is_lower_alphanumeric, |byte| is_lower_alphanumeric(byte) || byte == b'-')
}

fn matches_subdomain(value: &str) -> bool {
    value.split('.').all(matches_label)
}

fn matches_qualified(value: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    enclosed(value, |byte| byte.is_ascii_alphanumeric(), inner)
}

/// Whether a text is not empty, begins and ends with an outer byte and has only inner bytes between them.
fn enclosed(value: &str, outer: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|first| outer(*first))
        && bytes.last().is_some_and(|last| outer(*last))
        && bytes.iter().all(|byte| inner(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_subdomains() {
        assert!(is_dns1123_label("1-a").is_empty() && is_dns1123_subdomain("a.b-c.d").is_empty());
        assert_eq!(is_dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(is_dns1123_label(""), [LABEL_MESSAGE]);
        assert_eq!(is_dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(is_dns1035_label("1a"), [LABEL_1035_MESSAGE]);
        assert_eq!(is_dns1123_subdomain("a..b"), [SUBDOMAIN_MESSAGE]);
        assert!(is_wildcard_dns1123_subdomain("*.bar.com").is_empty());
        for wrong in ["*", "*.", "*bar.com", "f*.bar.com", "*.*.com"] {
            assert_eq!(is_wildcard_dns1123_subdomain(wrong), [WILDCARD_MESSAGE], "{wrong}");
        }
    }

    #[test]
    fn a_prefix_may_end_in_a_dash_and_loses_the_byte_before_it() {
        assert!(name_is_dns_label("web-", true).is_empty());
        assert!(name_is_dns_label("web--", true).is_empty());
        assert!(name_is_dns_label("-", true) == [LABEL_MESSAGE]);
        assert_eq!(name_is_dns_label("web-", false), [LABEL_MESSAGE]);
        assert!(name_is_dns_label("A-", true).is_empty());
    }

    #[test]
    fn port_names_collect_every_message() {
        assert!(is_valid_port_name("http-8").is_empty());
        assert_eq!(is_valid_port_name("").len(), 2);
        assert_eq!(is_valid_port_name("80"), ["must contain at least one letter (a-z)"]);
        assert_eq!(is_valid_port_name("-A--").len(), 4);
    }

    #[test]
    fn qualified_names_have_at_most_one_prefix() {
        assert!(is_qualified_name("example.com/My_Name.1").is_empty());
        assert_eq!(is_qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(is_qualified_name("a/").len(), 2);
        assert_eq!(is_qualified_name("a/b/c").len(), 1);
        assert!(is_label_value("").is_empty() && !is_label_value("-a").is_empty());
    }
}
