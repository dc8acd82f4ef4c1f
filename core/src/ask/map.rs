//! `map`: what may reach what? A format goes in, the rows of the map or its text come out.

use super::AskError;
use super::declare::{At, Read};
use super::part::{PodName, Range};
use crate::api::describe::{Describe, Shape};
use crate::api::resource::ObjectKey;
use crate::engine::Engine;
use crate::net::Protocol;
use crate::policy::map::{EntryPoint, Exposure, Format};
use crate::policy::{ConnectionMap, Direction, Party, PortSet, Row};
use crate::{answer, question, view};
use portolan_base::json::{Json, Show, Sink, ToView, View, to_json};
use portolan_base::tree::Node;

question! {
    /// What may reach what?
    MapQuestion {
        /// `json` (unless given), or `text`, `csv`, `md`, `dot`, `mermaid`, `svg`: then the answer is `text`.
        "format" => format: MapFormat [optional];
    }
}

answer! {
    /// What may reach what.
    MapAnswer {
        /// The connections: every one of `from` may reach every one of `to` on `ports`.
        "rows" => rows: Option<Vec<Row>> [optional];
        /// What is open to, or from, pods that the files do not have.
        "exposed" => exposed: Option<Vec<Exposure>> [optional];
        /// Where Ingresses bring requests in.
        "entries" => entries: Option<Vec<EntryPoint>> [optional];
        /// The pods that no NetworkPolicy selects, by direction.
        "gaps" => gaps: Option<Vec<MapGap>> [optional];
        /// The pods on their node's network, which are in no row.
        "hostNetwork" => host_network: Option<Vec<HostPod>> [optional];
        /// The map in the format asked for.
        "text" => text: Option<String> [optional];
    }

    /// Pods that no NetworkPolicy selects.
    MapGap {
        /// For which direction.
        "direction" => direction: Direction;
        /// The pods.
        "pods" => pods: Vec<Party>;
    }

    /// Ports: one, a range, or all of a protocol.
    PortRange {
        /// The protocol.
        "protocol" => protocol: Protocol;
        /// The port, or the first of a range; absent: every port.
        "port" => port: Option<u16> [optional];
        /// The last port of a range.
        "endPort" => end_port: Option<u16> [optional];
    }
}

view! {
    /// Every one of `from` may reach every one of `to`.
    row: Row = "MapRow" {
        /// The sources.
        "from": Vec<Party> = row.from;
        /// The destinations.
        "to": Vec<Party> = row.to;
        /// The destinations' ports.
        "ports": PortSet = row.ports;
    }

    /// The source or the destination of a connection: every pod, the pods of a namespace or of a workload, a pod, or a range
    /// of addresses.
    party: Party = "Party" {
        /// Every pod there is.
        "everyPod": bool = *party == Party::Everyone, optional;
        /// The namespace; by itself, all its pods.
        "namespace": Option<&str> = party.namespace(), optional;
        /// The workload, whose pods are meant.
        "workload": Option<&str> = party.workload().map(|(_, name)| name), optional;
        /// Its kind.
        "kind": Option<crate::api::resource::Kind> = party.workload().map(|(kind, _)| kind), optional;
        /// The pod.
        "pod": Option<&str> = party.pod(), optional;
        /// The addresses outside the cluster, as a CIDR.
        "ip": Option<Range> = party.range().map(Range), optional;
    }

    /// What is open to pods that the cluster does not have.
    exposure: Exposure = "Exposure" {
        /// Seen from the pods.
        "direction": Direction = exposure.direction;
        /// The pods.
        "pods": Vec<Party> = exposure.pods;
        /// The labels of the namespaces meant, as a selector.
        "namespaces": Option<String> = exposure.namespaces;
        /// The labels of the pods meant, as a selector.
        "labels": Option<String> = exposure.labels;
        /// The ports.
        "ports": PortSet = exposure.ports;
    }

    /// Where an Ingress brings requests in.
    entry: EntryPoint = "EntryPoint" {
        /// The Ingress.
        "ingress": ObjectKey = entry.ingress;
        /// The host.
        "host": String = entry.host;
        /// The path.
        "path": String = entry.path;
        /// The Service.
        "service": ObjectKey = entry.service;
        /// The pods behind it, and the port of each.
        "pods": Vec<EntryPod<'_>> = entry.pods.iter().map(|(party, port)| EntryPod { party, port: *port }).collect::<Vec<_>>();
        /// Whether policies let clients outside reach them.
        "fromOutside": bool = entry.from_outside;
        /// Whether policies let every pod reach them.
        "fromAnyPod": bool = entry.from_any_pod;
    }

    /// A pod behind an Ingress, and its port.
    pod: EntryPod<'_> = "EntryPod" {
        /// Its namespace.
        "namespace": Option<&str> = pod.party.namespace(), optional;
        /// The workload.
        "workload": Option<&str> = pod.party.workload().map(|(_, name)| name), optional;
        /// Its kind; `Pod` for a pod that no workload makes.
        "kind": Option<crate::api::resource::Kind> = pod.party.workload().map(|(kind, _)| kind), optional;
        /// The port.
        "port": u16 = pod.port;
    }
}

impl Row {
    /// The row as answers carry it: `{"from", "to", "ports"}`.
    pub fn to_json(&self) -> Json {
        to_json(self.view())
    }
}

/// A pod behind an Ingress, and its port.
struct EntryPod<'e> {
    party: &'e Party,
    port: u16,
}

/// A pod on its node's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPod(pub ObjectKey);

impl ToView for HostPod {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl Show for HostPod {
    fn show(&self, sink: &mut dyn Sink) {
        PodName::of(&self.0).show(sink);
    }
}

impl Describe for HostPod {
    fn shape() -> Shape {
        PodName::shape()
    }
}

impl ToView for PortSet {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl Show for PortSet {
    fn show(&self, sink: &mut dyn Sink) {
        for protocol in Protocol::ALL {
            for (first, last) in self.of(protocol) {
                let is_every = (*first, *last) == crate::policy::ports::EVERY;
                let port = (!is_every).then_some(*first);
                let end_port = (!is_every && first != last).then_some(*last);
                sink.element(PortRange { protocol, port, end_port }.view());
            }
        }
    }
}

impl Describe for PortSet {
    fn shape() -> Shape {
        Shape::List(Box::new(PortRange::shape()))
    }
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MapFormat {
    /// Rows.
    #[default]
    Json,
    /// A text in that format.
    Text(Format),
}

impl Read<'_> for MapFormat {
    fn read(&mut self, node: &Node, at: &At<'_>) -> Result<(), AskError> {
        let mut names = std::iter::once("json").chain(Format::ALL.into_iter().map(Format::name));
        let position = super::declare::position(node, at, "format", &mut names)?;
        let format = position.checked_sub(1).and_then(|position| Format::ALL.into_iter().nth(position));
        *self = format.map_or(MapFormat::Json, MapFormat::Text);
        Ok(())
    }

    fn blank() -> Self {
        Self::default()
    }
}

impl super::declare::LeaveOut for MapFormat {
    fn is_left_out(&self) -> bool {
        *self == MapFormat::Json
    }
}

impl ToView for MapFormat {
    fn view(&self) -> View<'_> {
        View::Text(match self {
            MapFormat::Json => "json",
            MapFormat::Text(format) => format.name(),
        })
    }
}

impl Describe for MapFormat {
    fn shape() -> Shape {
        let known = std::iter::once("json").chain(Format::ALL.into_iter().map(Format::name)).collect();
        Shape::Word { known, is_open: true }
    }
}

/// Makes the map.
///
/// # Errors
/// None.
pub fn map(engine: &Engine, question: &MapQuestion) -> Result<MapAnswer, AskError> {
    let map = ConnectionMap::of(engine.cluster(), engine.policies());
    Ok(match question.format {
        MapFormat::Text(format) => {
            let text = Some(map.render(format));
            MapAnswer { rows: None, exposed: None, entries: None, gaps: None, host_network: None, text }
        }
        MapFormat::Json => {
            let gap = |(direction, pods)| MapGap { direction, pods };
            MapAnswer {
                rows: Some(map.rows),
                exposed: Some(map.exposed),
                entries: Some(map.entries),
                gaps: Some(map.gaps.into_iter().map(gap).collect()),
                host_network: Some(map.on_host.into_iter().map(HostPod).collect()),
                text: None,
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::api::resource::{Kind, read};
    use crate::ask::answer;
    use crate::cluster::Options;
    use crate::engine::Engine;
    use portolan_base::json;

    fn engine() -> Engine {
        let mut engine = Engine::new(Options::default());
        let workload = |name: &str, port: u16| {
            format!(
                r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"shop"}},"spec":{{"replicas":2,
                "template":{{"metadata":{{"labels":{{"app":"{name}"}}}},"spec":{{"containers":[{{"name":"c","ports":[{{"name":"http","containerPort":{port}}}]}}]}}}}}}}}"#
            )
        };
        let objects = [
            workload("web", 8080),
            workload("db", 5432),
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"probe","namespace":"ops"},"spec":{"containers":[]}}"#.into(),
            r#"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"web","namespace":"shop"},"spec":{
                "podSelector":{"matchLabels":{"app":"web"}},"policyTypes":["Ingress"],
                "ingress":[{"from":[{"ipBlock":{"cidr":"203.0.113.0/24"}},{"namespaceSelector":{"matchLabels":{"role":"edge"}}}],"ports":[{"port":"http"}]}]}}"#
                .into(),
            r#"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"db","namespace":"shop"},"spec":{
                "podSelector":{"matchLabels":{"app":"db"}},"policyTypes":["Ingress","Egress"],
                "ingress":[{"from":[{"podSelector":{"matchLabels":{"app":"web"}}}],"ports":[{"port":5432}]}]}}"#
                .into(),
            r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"},"spec":{"selector":{"app":"web"},
                "ports":[{"port":80,"targetPort":"http"}]}}"#
                .into(),
            r#"{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"in","namespace":"shop"},"spec":{"rules":[{"host":"a.example",
                "http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}"#
                .into(),
        ];
        engine.insert_all(objects.iter().map(|text: &String| {
            let node = json::read(text).unwrap();
            let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
            (read(Kind::of(text_of("apiVersion"), text_of("kind")).unwrap(), &node).0, None)
        }));
        engine
    }

    fn text(format: &str) -> String {
        let question = json::read(&format!(r#"{{"ask":"map","format":"{format}"}}"#)).unwrap();
        answer(&engine(), &question).get("text").unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn the_table_has_the_rows_and_what_is_worth_knowing() {
        let wanted = "\
FROM                        TO                   PORTS
ops/*, shop/Deployment/web  ops/*                all
0.0.0.0/0, ::/0             ops/*                all
shop/Deployment/web         shop/Deployment/db   TCP 5432
203.0.113.0/24              shop/Deployment/web  TCP 8080
ops/*, shop/Deployment/web  0.0.0.0/0, ::/0      all

Open to pods that are not in the files
  shop/Deployment/web: from any pod of namespaces with role=edge on TCP 8080

Entry points
  shop/in a.example/ to shop/web, reachable only from the sources listed above

Selected by no NetworkPolicy
  ingress: ops/*
  egress: ops/*, shop/Deployment/web
";
        let given = text("text");
        assert_eq!(given, wanted);
    }

    #[test]
    fn an_empty_table_says_why() {
        let map = |objects: &[&str]| {
            let mut engine = Engine::new(Options::default());
            engine.insert_all(objects.iter().map(|text| {
                let node = json::read(text).unwrap();
                let text_of = |name: &str| node.get(name).unwrap().as_str().unwrap();
                (read(Kind::of(text_of("apiVersion"), text_of("kind")).unwrap(), &node).0, None)
            }));
            let question = json::read(r#"{"ask":"map","format":"text"}"#).unwrap();
            answer(&engine, &question).get("text").unwrap().as_str().unwrap().to_owned()
        };
        let policy = r#"{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"none","namespace":"a"},
            "spec":{"podSelector":{},"policyTypes":["Ingress","Egress"]}}"#;
        let pod =
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"a"},"spec":{"containers":[]}}"#;
        assert_eq!(
            map(&[policy]),
            "FROM  TO  PORTS\n\nNo connections\n  the files hold no pods, nor anything that makes pods\n"
        );
        assert!(map(&[policy, pod]).contains("\nNo connections\n  no pod may reach another"));
    }

    #[test]
    fn every_format_holds_every_row() {
        for format in ["csv", "md", "dot", "mermaid", "svg"] {
            let given = text(format);
            for wanted in ["TCP 5432", "TCP 8080", "203.0.113.0/24", "shop/Deployment/db"] {
                assert!(given.contains(wanted), "{format} without {wanted}: {given}");
            }
        }
        assert!(text("csv").starts_with("from,to,ports\r\n\"ops/*, shop/Deployment/web\",ops/*,all\r\n"));
        assert!(text("svg").starts_with("<svg ") && text("svg").ends_with("</svg>\n"));
    }
}
