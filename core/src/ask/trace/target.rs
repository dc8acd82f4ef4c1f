//! What a traced request is sent to.

use crate::ask::AskError;
use crate::net::Protocol;
use std::net::IpAddr;

/// A URL, cut up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// The URL as given.
    pub(super) url: String,
    /// `http`, `https`, `tcp`, `udp` or `sctp`.
    pub(super) scheme: String,
    /// A name or an address, without brackets.
    pub(super) host: String,
    /// The port, given or by the scheme.
    pub(super) port: u16,
    /// Path and query; `/` where there is none.
    pub(super) path: String,
}

impl Target {
    /// Cuts up `scheme://host[:port][/path]`; without a scheme it is `http`.
    pub(super) fn parse(url: &str) -> Result<Self, AskError> {
        let bad = |message: &str| AskError::bad("url", format!("`{url}` is no URL: {message}"));
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        let known = match scheme.as_str() {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            "tcp" | "udp" | "sctp" => None,
            _ => return Err(bad("its scheme is none of http, https, tcp, udp, sctp")),
        };
        let end = portolan_base::text::find(rest, b"/?#").unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.strip_prefix('[') {
            Some(inside) => {
                let (host, after) = inside.split_once(']').ok_or_else(|| bad("a bracket is not closed"))?;
                (host, after.strip_prefix(':'))
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(bad("it names no host"));
        }
        let port = match port.filter(|port| !port.is_empty()) {
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port > 0)
                .ok_or_else(|| bad("its port is no number from 1 to 65535"))?,
            None => known.ok_or_else(|| bad("it names no port, and its scheme has none of its own"))?,
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let host = host.trim_end_matches('.').to_owned();
        Ok(Target { url: url.to_owned(), scheme, host, port, path })
    }

    /// The host as an address, where it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether it is a request that an ingress controller reads.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https" | "ws" | "wss")
    }

    /// Whether it is sent over TLS.
    pub(super) fn is_secure(&self) -> bool {
        matches!(self.scheme.as_str(), "https" | "wss")
    }

    /// The transport protocol.
    pub(super) fn protocol(&self) -> Protocol {
        match self.scheme.as_str() {
            "udp" => Protocol::Udp,
            "sctp" => Protocol::Sctp,
            _ => Protocol::Tcp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_cut_up() {
        let target = Target::parse("https://shop.example.com./cart?a=1").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.path.as_str()), ("shop.example.com", 443, "/cart?a=1"));
        let target = Target::parse("tcp://[fd00::1]:6379").unwrap();
        assert_eq!((target.address(), target.port, target.protocol()), ("fd00::1".parse().ok(), 6379, Protocol::Tcp));
        assert_eq!(Target::parse("web").unwrap().port, 80);
        for url in ["ftp://a/", "tcp://a", "http://", "http://a:0/", "http://[::1/"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
