//! Targets of questions: words of the command line come in; objects, ends of connections and headers go out.

use portolan_base::json::Json;
use std::net::IpAddr;

/// A namespaced object, `NAMESPACE/NAME` or `NAME`; `NAMESPACE/KIND/NAME` names a workload of that kind. `key` is the name's
/// key in the question; `default` is the namespace where none is given.
pub(crate) fn object(text: &str, key: &'static str, default: &str) -> Json {
    let (namespace, name) = text.split_once('/').unwrap_or((default, text));
    Json::object().with("namespace", namespace.to_owned()).with(key, name.to_owned())
}

/// One end of a connection: an IP or a pod.
pub(crate) fn end(text: &str, default: &str) -> Json {
    match text.parse::<IpAddr>() {
        Ok(_) => Json::object().with("ip", text.to_owned()),
        Err(_) => object(text, "pod", default),
    }
}

/// The source of a traced request: `outside`, an IP or a pod.
pub(crate) fn source(text: &str, default: &str) -> Json {
    if text == "outside" { Json::from("outside") } else { end(text, default) }
}

/// A packet's destination: `IP:PORT`, `[IPv6]:PORT`, or a node port.
///
/// # Errors
/// The text is none of these; the error names what was expected.
pub(crate) fn destination(text: &str, protocol: &str) -> anyhow::Result<Json> {
    let to = Json::object().with("protocol", protocol.to_owned());
    if let Ok(port) = text.parse::<u16>() {
        return Ok(to.with("nodePort", port));
    }
    let address: std::net::SocketAddr = text
        .parse()
        .map_err(|_| anyhow::anyhow!("invalid destination `{text}`; expected IP:PORT, [IPv6]:PORT or a node port"))?;
    Ok(to.with("ip", address.ip().to_string()).with("port", address.port()))
}

/// Headers given as `Name: value`.
///
/// # Errors
/// A header without a colon.
pub(crate) fn headers(texts: &[String]) -> anyhow::Result<Json> {
    let mut headers = Json::object();
    for text in texts {
        let (name, value) =
            text.split_once(':').ok_or_else(|| anyhow::anyhow!("invalid header `{text}`; expected `Name: value`"))?;
        headers.set(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_targets() {
        assert_eq!(object("shop/web", "name", "default").to_string(), r#"{"namespace":"shop","name":"web"}"#);
        assert_eq!(object("web", "name", "shop").to_string(), r#"{"namespace":"shop","name":"web"}"#);
        assert_eq!(source("outside", "default").to_string(), r#""outside""#);
        assert_eq!(end("2001:db8::1", "default").to_string(), r#"{"ip":"2001:db8::1"}"#);
        assert_eq!(destination("[::1]:80", "UDP").unwrap().to_string(), r#"{"protocol":"UDP","ip":"::1","port":80}"#);
        assert_eq!(destination("30080", "TCP").unwrap().to_string(), r#"{"protocol":"TCP","nodePort":30080}"#);
        assert!(destination("web", "TCP").is_err());
        assert!(headers(&["Host".to_owned()]).is_err());
    }
}
