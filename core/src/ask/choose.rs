//! The `choose` member of a `backends` question: which endpoints would a scheduler pick?

use super::AskError;
use super::declare::{At, Read};
use crate::api::describe::{Describe, Shape};
use crate::proxy::scheduler::{Algorithm, Connection, Scheduler, Server, choose as open};
use crate::proxy::service_port::Backend;
use crate::{names, question};
use portolan_base::json::{Show, Sink, ToView, View};
use portolan_base::tree::Node;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

names! {
    Algorithm, open, "scheduler", Algorithm::ALL.into_iter().map(|(algorithm, _)| algorithm), Algorithm::name, Algorithm::Random;
}

question! {
    /// Which endpoints to pick, and how often.
    Choose<'q> {
        /// How to pick; `random` unless given.
        "scheduler" => scheduler: Option<Algorithm> [optional];
        /// The seed of `random`.
        "seed" => seed: Option<u64> [optional];
        /// How many to pick; 1 unless given, at most 100000.
        "count" => count: Option<u64> [optional];
        /// Seconds between one connection and the next; none unless given.
        "interval" => interval: Option<u64> [optional];
        /// Open connections by endpoint, `ip:port`.
        "connections" => connections: Numbers<'q> [optional];
        /// Weights by endpoint, `ip:port`; 1 unless given.
        "weights" => weights: Numbers<'q> [optional];
    }
}

/// Numbers by endpoint, `ip:port`; an IPv6 address in brackets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers<'q>(pub Vec<(Cow<'q, str>, u64)>);

impl Numbers<'_> {
    /// The number of an endpoint, at most `most`.
    fn of(&self, endpoint: &str, member: &str, most: u64) -> Result<Option<u64>, AskError> {
        let Some((_, number)) = self.0.iter().find(|(name, _)| name == endpoint) else { return Ok(None) };
        if *number > most {
            return Err(too_large(&format!("{member}.{endpoint}"), most));
        }
        Ok(Some(*number))
    }
}

fn too_large(member: &str, most: u64) -> AskError {
    let field = format!("choose.{member}");
    AskError::bad(field.clone(), format!("`{field}` must be a number from 0 to {most}"))
}

impl<'q> Read<'q> for Numbers<'q> {
    fn read(&mut self, node: &'q Node, at: &At<'_>) -> Result<(), AskError> {
        for (key, value) in node.members() {
            let mut number = 0;
            number.read(value, &At::Member(at, &key.name))?;
            self.0.push((Cow::Borrowed(&key.name), number));
        }
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl super::declare::LeaveOut for Numbers<'_> {
    fn is_left_out(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToView for Numbers<'_> {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl Show for Numbers<'_> {
    fn show(&self, sink: &mut dyn Sink) {
        for (name, number) in &self.0 {
            sink.member(name, number.view());
        }
    }
}

impl Describe for Numbers<'_> {
    fn shape() -> Shape {
        Shape::Map(Box::new(Shape::Integer))
    }
}

/// The most connections of one question.
const MOST: u64 = 100_000;

/// The greatest weight of an endpoint.
const MOST_WEIGHT: u64 = 65_535;

/// The two ends of the connections, as far as they are known.
pub(super) struct Ends {
    /// The client's address.
    pub(super) client: Option<IpAddr>,
    /// The Service's address.
    pub(super) service: Option<IpAddr>,
}

/// What a scheduler picked.
pub(super) struct Picked {
    /// The endpoints, in the order of the connections.
    pub(super) chosen: Vec<Backend>,
    /// How many connections each endpoint has open then.
    pub(super) connections: Numbers<'static>,
}

/// Opens connections one after the other. They stay open. With session affinity the client keeps its first endpoint.
///
/// # Errors
/// Numbers out of range, or a scheduler that needs the client's address where none is given.
pub(super) fn choose(
    wanted: &Choose<'_>,
    backends: &[Backend],
    ends: Ends,
    affinity: Option<u32>,
) -> Result<Picked, AskError> {
    let algorithm = wanted.scheduler.unwrap_or(Algorithm::Random);
    if algorithm.looks_at_client() && ends.client.is_none() {
        let name = algorithm.name();
        return Err(AskError::bad("from", format!("scheduler `{name}` chooses by the client's address; give `from`")));
    }
    let (seed, interval) = (wanted.seed.unwrap_or(0), wanted.interval.unwrap_or(0));
    let count = wanted.count.unwrap_or(1);
    if count > MOST {
        return Err(too_large("count", MOST));
    }
    let mut servers = Vec::with_capacity(backends.len());
    for backend in backends {
        let address = SocketAddr::new(backend.ip, backend.port);
        let name = text(address);
        let weight = wanted.weights.of(&name, "weights", MOST_WEIGHT)?.unwrap_or(1);
        servers.push(Server {
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            active: wanted.connections.of(&name, "connections", u64::from(u32::MAX))?.unwrap_or(0),
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
    let chosen = chosen.iter().filter_map(|place| backends.get(*place).copied()).collect();
    let connections = servers.iter().map(|server| (Cow::Owned(text(server.address)), server.active)).collect();
    Ok(Picked { chosen, connections: Numbers(connections) })
}

/// `ip:port`, an IPv6 address in brackets.
fn text(address: SocketAddr) -> String {
    address.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use portolan_base::json;

    fn ask(wanted: &str, affinity: Option<u32>) -> String {
        let backends = [1, 2].map(|host| Backend { ip: [10, 0, 0, host].into(), port: 80 });
        let ends = Ends { client: Some([192, 0, 2, 1].into()), service: None };
        let node = json::read(wanted).unwrap();
        let mut question = Choose::default();
        let picked = question
            .read(&node, &At::Member(&At::Question, "choose"))
            .and_then(|()| choose(&question, &backends, ends, affinity));
        match picked {
            Ok(picked) => {
                format!("{} {}", json::to_json(picked.chosen.view()), json::to_json(picked.connections.view()))
            }
            Err(error) => format!("{:?}: {error}", error.field()),
        }
    }

    #[test]
    fn connections_are_opened_and_counted() {
        assert_eq!(
            ask(r#"{"scheduler":"lc","count":3,"connections":{"10.0.0.1:80":1}}"#, None),
            concat!(
                r#"[{"ip":"10.0.0.2","port":80},{"ip":"10.0.0.1","port":80},{"ip":"10.0.0.2","port":80}]"#,
                r#" {"10.0.0.1:80":2,"10.0.0.2:80":2}"#
            )
        );
        let kept = ask(r#"{"scheduler":"rr","count":3}"#, Some(10));
        assert!(kept.ends_with(r#" {"10.0.0.1:80":3,"10.0.0.2:80":0}"#), "{kept}");
        assert_eq!(ask(r#"{"count":40,"seed":7}"#, None), ask(r#"{"scheduler":"random","seed":7,"count":40}"#, None));
    }

    #[test]
    fn a_wrong_question_is_refused() {
        assert!(
            ask(r#"{"scheduler":"fo"}"#, None)
                .starts_with(r#"Some("choose.scheduler"): unknown scheduler `fo`; expected one of: random, "#)
        );
        assert!(ask(r#"{"count":-1}"#, None).starts_with(r#"Some("choose.count")"#));
        assert!(ask(r#"{"weights":{"10.0.0.1:80":"x"}}"#, None).starts_with(r#"Some("choose.weights.10.0.0.1:80")"#));
    }
}
