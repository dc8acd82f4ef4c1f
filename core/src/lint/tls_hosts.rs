//! Whether a host of a certificate covers a host of an Ingress.

/// Whether a certificate for one host is for the other: it is the same, or the wildcard one label up.
pub(super) fn covers(tls: &str, host: &str) -> bool {
    let wildcard =
        || tls.strip_prefix("*.").is_some_and(|suffix| host.split_once('.').is_some_and(|it| it.1 == suffix));
    tls.eq_ignore_ascii_case(host) || wildcard()
}
