//! The `choose` member of a `backends` question: which endpoints would a scheduler pick?

use super::AskError;
use crate::proxy::scheduler::{Algorithm, Connection, Scheduler, Server, choose as open};
use crate::proxy::service_port::Backend;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The most connections of one question.
const MOST: i64 = 100_000;

/// The two ends of the connections, as far as they are known.
pub(super) struct Ends {
    /// The client's address.
    pub(super) client: Option<IpAddr>,
    /// The Service's address.
    pub(super) service: Option<IpAddr>,
}

/// Reads `{"scheduler", "seed", "count", "interval", "connections": {"ip:port": n}, "weights": {"ip:port": n}}` and adds to
/// the answer `chosen`, the endpoints in the order of the connections, and `connections`, how many each has open then.
/// Connections stay open. With session affinity the client keeps its first endpoint.
///
/// # Errors
/// A scheduler that is none, numbers out of range, or a scheduler that needs the client's address where none is given.
pub(super) fn choose(
    wanted: &Node,
    backends: &[Backend],
    ends: Ends,
    affinity: Option<u32>,
    answer: Json,
) -> Result<Json, AskError> {
    let name = match wanted.get("scheduler") {
        Some(node) => node.as_str().ok_or_else(|| AskError::bad("choose.scheduler", "it has to be a string"))?,
        None => "random",
    };
    let algorithm = Algorithm::named(name).ok_or_else(|| {
        let known = Algorithm::ALL.map(|(_, name)| name).join(", ");
        AskError::bad("choose.scheduler", format!("`{name}` is no scheduler; there are {known}"))
    })?;
    if algorithm.looks_at_client() && ends.client.is_none() {
        return Err(AskError::bad("from", format!("the scheduler {name} chooses by the client's address")));
    }
    let seed = number(wanted, "seed", 0, i64::MAX)?;
    let count = number(wanted, "count", 1, MOST)?;
    let interval = number(wanted, "interval", 0, i64::MAX)?;
    let mut servers = Vec::with_capacity(backends.len());
    for backend in backends {
        let address = SocketAddr::new(backend.ip, backend.port);
        let of_server = |member: &str, default: i64, most: i64| match wanted.get(member) {
            Some(numbers) => number(numbers, &text(address), default, most),
            None => Ok(u64::try_from(default).unwrap_or(0)),
        };
        servers.push(Server {
            weight: u32::try_from(of_server("weights", 1, 65_535)?).unwrap_or(u32::MAX),
            active: of_server("connections", 0, i64::from(u32::MAX))?,
            ..Server::new(address)
        });
    }
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let connection =
        Connection { client: ends.client.unwrap_or(unknown), destination: ends.service.unwrap_or(unknown), now: 0 };
    let mut scheduler = Scheduler::new(algorithm, seed, affinity);
    let count = usize::try_from(count).unwrap_or(0);
    let chosen = match affinity {
        // Every mode but the oldest keeps affinity outside of its scheduler.
        Some(_) if algorithm != Algorithm::Userspace => {
            let first = open(&mut scheduler, &mut servers, connection, count.min(1), interval);
            if let Some(server) = first.first().and_then(|place| servers.get_mut(*place)) {
                server.active += u64::try_from(count.saturating_sub(1)).unwrap_or(0);
            }
            first.into_iter().cycle().take(count).collect()
        }
        _ => open(&mut scheduler, &mut servers, connection, count, interval),
    };
    let endpoint = |place: &usize| {
        let backend = backends.get(*place)?;
        Some(Json::object().with("ip", backend.ip.to_string()).with("port", backend.port))
    };
    let mut connections = Json::object();
    for server in &servers {
        connections.set(text(server.address), i64::try_from(server.active).unwrap_or(i64::MAX));
    }
    let chosen: Vec<Json> = chosen.iter().filter_map(endpoint).collect();
    Ok(answer.with("chosen", chosen).with("connections", connections))
}

/// `ip:port`, an IPv6 address in brackets.
fn text(address: SocketAddr) -> String {
    address.to_string()
}

fn number(object: &Node, name: &str, default: i64, most: i64) -> Result<u64, AskError> {
    let Some(node) = object.get(name) else { return Ok(u64::try_from(default).unwrap_or(0)) };
    let number =
        node.as_int().filter(|number| (0..=most).contains(number)).and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| AskError::bad(&format!("choose.{name}"), format!("it has to be a number from 0 to {most}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan_base::json;

    fn ask(wanted: &str, affinity: Option<u32>) -> String {
        let backends = [1, 2].map(|host| Backend { ip: [10, 0, 0, host].into(), port: 80 });
        let ends = Ends { client: Some([192, 0, 2, 1].into()), service: None };
        let answer = choose(&json::read(wanted).unwrap(), &backends, ends, affinity, Json::object());
        answer.map_or_else(|error| format!("{:?}: {}", error.0.field, error.0.message), |answer| answer.to_string())
    }

    #[test]
    fn connections_are_opened_and_counted() {
        assert_eq!(
            ask(r#"{"scheduler":"lc","count":3,"connections":{"10.0.0.1:80":1}}"#, None),
            concat!(
                r#"{"chosen":[{"ip":"10.0.0.2","port":80},{"ip":"10.0.0.1","port":80},{"ip":"10.0.0.2","port":80}],"#,
                r#""connections":{"10.0.0.1:80":2,"10.0.0.2:80":2}}"#
            )
        );
        let kept = ask(r#"{"scheduler":"rr","count":3}"#, Some(10));
        assert!(kept.ends_with(r#""connections":{"10.0.0.1:80":3,"10.0.0.2:80":0}}"#), "{kept}");
        assert_eq!(ask(r#"{"count":40,"seed":7}"#, None), ask(r#"{"scheduler":"random","seed":7,"count":40}"#, None));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        assert!(ask(r#"{"scheduler":"fo"}"#, None).starts_with(r#"Some("choose.scheduler"): `fo` is no scheduler"#));
        assert!(ask(r#"{"count":-1}"#, None).starts_with(r#"Some("choose.count")"#));
        assert!(ask(r#"{"weights":{"10.0.0.1:80":"x"}}"#, None).starts_with(r#"Some("choose.10.0.0.1:80")"#));
    }
}
