//! Targets of questions: words of the command line come in; names, ends of connections, headers and protocols go out.

use portolan::ask::backends::{AddressDestination, NodePortDestination, PacketDestination};
use portolan::ask::part::{End, ObjectName, PodName};
use portolan::ask::route::Headers;
use portolan::ask::trace::Sender;
use portolan::dns::RecordType;
use portolan::net::Protocol;
use std::net::{IpAddr, SocketAddr};

/// Namespace and name of `NAMESPACE/NAME` or `NAME`. In `NAMESPACE/KIND/NAME`, which names a workload, the kind is a part of
/// the name.
fn split<'q>(text: &'q str, default: &'q str) -> (&'q str, &'q str) {
    text.split_once('/').unwrap_or((default, text))
}

/// A namespaced object; `default` is the namespace where none is given.
pub(crate) fn object<'q>(text: &'q str, default: &'q str) -> ObjectName<'q> {
    let (namespace, name) = split(text, default);
    ObjectName::new(namespace, name)
}

/// A pod, or a workload in place of its pods.
pub(crate) fn pod<'q>(text: &'q str, default: &'q str) -> PodName<'q> {
    let (namespace, name) = split(text, default);
    PodName::new(namespace, name)
}

/// One end of a connection: an IP or a pod.
pub(crate) fn end<'q>(text: &'q str, default: &'q str) -> End<'q> {
    match text.parse::<IpAddr>() {
        Ok(ip) => End::Address(ip),
        Err(_) => End::Pod(pod(text, default)),
    }
}

/// The source of a traced request: `outside`, an IP or a pod.
pub(crate) fn sender<'q>(text: &'q str, default: &'q str) -> Sender<'q> {
    if text == "outside" { Sender::Outside } else { Sender::End(end(text, default)) }
}

/// A packet's destination: `IP:PORT`, `[IPv6]:PORT`, or a node port.
///
/// # Errors
/// The text is none of these; the error names what was expected.
pub(crate) fn destination(text: &str, protocol: Protocol) -> anyhow::Result<PacketDestination> {
    let protocol = Some(protocol);
    if let Ok(node_port) = text.parse::<u16>() {
        return Ok(PacketDestination::NodePort(NodePortDestination { node_port, protocol, family: None }));
    }
    let address: SocketAddr = text
        .parse()
        .map_err(|_| anyhow::anyhow!("invalid destination `{text}`; expected IP:PORT, [IPv6]:PORT or a node port"))?;
    let (ip, port) = (address.ip(), address.port());
    Ok(PacketDestination::Address(AddressDestination { ip, port, protocol }))
}

/// Headers given as `Name: value`.
///
/// # Errors
/// A header without a colon.
pub(crate) fn headers(texts: &[String]) -> anyhow::Result<Headers<'_>> {
    let header = |text: &'_ String| -> anyhow::Result<()> {
        text.contains(':')
            .then_some(())
            .ok_or_else(|| anyhow::anyhow!("invalid header `{text}`; expected `Name: value`"))
    };
    texts.iter().try_for_each(header)?;
    let pairs = texts.iter().filter_map(|text| text.split_once(':'));
    Ok(Headers(pairs.map(|(name, value)| (name.trim(), value.trim())).collect()))
}

/// A protocol, in any case.
///
/// # Errors
/// The text names none; the error lists them.
pub(crate) fn protocol(text: &str) -> Result<Protocol, String> {
    let known = Protocol::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(text));
    known.ok_or_else(|| {
        format!("unknown protocol `{text}`; expected one of: {}", Protocol::ALL.map(Protocol::name).join(", "))
    })
}

/// A type of DNS record, in any case.
///
/// # Errors
/// The text names none; the error lists them.
pub(crate) fn record_type(text: &str) -> Result<RecordType, String> {
    RecordType::named(text)
        .ok_or_else(|| format!("unknown type of record `{text}`; expected one of: A, AAAA, SRV, CNAME, PTR, TXT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_targets() {
        assert_eq!(object("shop/web", "default"), ObjectName::new("shop", "web"));
        assert_eq!(object("web", "shop"), ObjectName::new("shop", "web"));
        assert_eq!(sender("outside", "default"), Sender::Outside);
        assert_eq!(end("2001:db8::1", "default"), End::Address("2001:db8::1".parse().unwrap()));
        assert_eq!(end("shop/StatefulSet/db", "default"), End::pod("shop", "StatefulSet/db"));
        let PacketDestination::Address(to) = destination("[::1]:80", Protocol::Udp).unwrap() else { panic!() };
        assert_eq!((to.ip.to_string().as_str(), to.port, to.protocol), ("::1", 80, Some(Protocol::Udp)));
        let PacketDestination::NodePort(to) = destination("30080", Protocol::Tcp).unwrap() else { panic!() };
        assert_eq!(to.node_port, 30080);
        assert!(destination("web", Protocol::Tcp).is_err());
        assert!(headers(&["Host".to_owned()]).is_err());
        assert_eq!(headers(&["A: b:c".to_owned()]).unwrap().0, [("A", "b:c")]);
        assert_eq!(protocol("tcp"), Ok(Protocol::Tcp));
        assert_eq!(protocol("x"), Err("unknown protocol `x`; expected one of: TCP, UDP, SCTP".to_owned()));
    }
}
