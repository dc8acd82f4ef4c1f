//! A request as an ingress controller sees it.

use portolan_base::text;
use std::net::IpAddr;
use thiserror::Error;

/// A request, borrowed from wherever it came from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whether it came over TLS.
    pub secure: bool,
    /// The `Host` header as sent, with its port where it has one.
    pub host: &'a str,
    /// The path as sent, without the query; it begins with `/`.
    pub path: &'a str,
    /// What stands behind `?`.
    pub query: Option<&'a str>,
    /// `GET`, `POST`, …
    pub method: &'a str,
    /// The headers; names in any letter case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The client's address, where it is known.
    pub source: Option<IpAddr>,
}

/// Why a text is no URL that a request could be for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct UrlError(String);

impl<'a> Request<'a> {
    /// A `GET` for that URL: `http://host[:port]/path[?query]`, or `https`. The fragment is not sent.
    ///
    /// # Errors
    /// The URL has another scheme or no host.
    pub fn from_url(url: &'a str) -> Result<Self, UrlError> {
        let behind = |scheme: &str| {
            let (start, rest) = url.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        let (secure, rest) = match (behind("http://"), behind("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(UrlError(no_scheme(url))),
        };
        let rest = text::cut(rest, b"#").map_or(rest, |(sent, _)| sent);
        let (authority, target) = rest.split_at(text::find(rest, b"/?").unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.is_empty() {
            return Err(UrlError(format!("`{url}` has no host")));
        }
        let (path, query) = text::cut(target, b"?").map_or((target, None), |(path, query)| (path, Some(query)));
        let path = if path.is_empty() { "/" } else { path };
        Ok(Request { secure, host, path, query, method: "GET", headers: &[], source: None })
    }

    /// The host without its port.
    pub fn host_name(&self) -> &'a str {
        without_port(self.host)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&'a str> {
        let cookies = self.header("cookie")?;
        cookies.split(';').find_map(|pair| pair.trim().split_once('=').filter(|(known, _)| *known == name)).map(|p| p.1)
    }

    /// Path and query as sent.
    pub fn target(&self) -> String {
        match self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_owned(),
        }
    }
}

fn no_scheme(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, _)) => format!("`{}` is not `http` or `https`", scheme.to_ascii_lowercase()),
        None => format!("`{url}` has no scheme"),
    }
}

/// Cuts a port off a host: `a.b:80` → `a.b`, `[::1]:80` → `[::1]`.
pub fn without_port(host: &str) -> &str {
    if host.bytes().next_back().is_none_or(|last| !last.is_ascii_digit() && last != b':') {
        return host;
    }
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (name.ends_with(']') || !name.contains(':')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_a_client_would() {
        let request = Request::from_url("https://user@foo.bar.com:8443//a?x=1#frag").unwrap();
        assert!(request.secure);
        assert_eq!((request.host, request.host_name()), ("foo.bar.com:8443", "foo.bar.com"));
        assert_eq!((request.path, request.query), ("//a", Some("x=1")));
        assert_eq!(Request::from_url("http://h?q").unwrap().path, "/");
        assert_eq!(Request::from_url("http://[::1]:80/").unwrap().host_name(), "[::1]");
        assert!(Request::from_url("ftp://h/").is_err() && Request::from_url("/foo").is_err());
    }

    #[test]
    fn cookies_are_found_by_name() {
        let headers = [("Cookie", "a=1; canary=always")];
        let request = Request { headers: &headers, ..Request::from_url("http://h/").unwrap() };
        assert_eq!(request.cookie("canary"), Some("always"));
        assert_eq!(request.cookie("b"), None);
    }
}
