//! `resolve`: what would the cluster's DNS answer? A name and a type go in, the response code and the records come out.

use super::AskError;
use super::part::{self, NodeFiles, PodName};
use crate::dns::{Answer, Record, RecordType, Status, name, search};
use crate::engine::Engine;
use crate::kubelet::resolv;
use crate::{answer, names, question};
use portolan_base::json::{ToView, View};
use std::net::IpAddr;

names! {
    RecordType, closed, "record type", RecordType::ALL.into_iter().map(|(known, _)| known), RecordType::name, RecordType::A;
    Status, closed, "response code", Status::ALL.into_iter(), Status::name;
}

question! {
    /// What would the cluster's DNS answer?
    ResolveQuestion<'q> {
        /// The name; for `PTR` it may be an IP address.
        "name" => name: &'q str;
        /// The type of record; `A` unless given.
        "type" => record_type: Option<RecordType> [optional];
        /// The pod that asks: its search list and ndots apply.
        "from" => from: Option<PodName<'q>> [optional];
        /// The files of the pod's node, where they are known.
        "node" => node: Option<NodeFiles<'q>> [optional];
    }
}

answer! {
    /// The response of the cluster's DNS.
    ResolveAnswer {
        /// The response code. `REFUSED`: the name is outside of the cluster's domain.
        "status" => status: Status;
        /// `name type data`, sorted.
        "answers" => answers: Vec<Record>;
        /// Why.
        "because" => because: String;
        /// The names that were tried, in order.
        "tried" => tried: Option<Vec<String>> [optional];
    }
}

impl ToView for Record {
    fn view(&self) -> View<'_> {
        View::Display(self)
    }
}

impl crate::api::describe::Describe for Record {
    fn shape() -> crate::api::describe::Shape {
        crate::api::describe::Shape::String
    }
}

/// Asks CoreDNS; with `from` as the resolver of that pod does, with its search list.
///
/// # Errors
/// `BadRequest` where the name is not a domain name, `NotFound` where there is no such pod.
pub fn resolve(engine: &Engine, question: &ResolveQuestion<'_>) -> Result<ResolveAnswer, AskError> {
    let asked = question.name;
    let record_type = question.record_type.unwrap_or(RecordType::A);
    let no_name = || AskError::bad("name", format!("`{asked}` is not a domain name"));
    if let (RecordType::Ptr, Ok(ip)) = (record_type, asked.parse::<IpAddr>()) {
        return Ok(answer_of(engine.zone().ask(&name::reverse(ip), record_type), None));
    }
    let complete = name::complete(asked).ok_or_else(no_name)?;
    let Some(from) = &question.from else {
        return Ok(answer_of(engine.zone().ask(&complete, record_type), None));
    };
    let (_, pod) = part::pod(engine, from, "from")?;
    let files = question.node.as_ref().map(NodeFiles::known).unwrap_or_default();
    let resolver = resolv::of_pod(engine.cluster(), pod, &files);
    let asks_cluster = resolv::asks_cluster(engine.cluster(), &resolver);
    let candidates = search::candidates(asked, &resolver.searches, resolver.ndots());
    let candidates = candidates.into_iter().filter_map(|name| name::complete(&name)).collect();
    let (tried, answer) = search::walk(candidates, |name| {
        if asks_cluster {
            return engine.zone().ask(name, record_type);
        }
        let servers = resolver.nameservers.join(", ");
        let because =
            format!("the pod's name servers are {servers}, not the cluster's, and their answers are not known");
        Answer { status: Status::Refused, records: Vec::new(), because }
    });
    Ok(answer_of(answer.ok_or_else(no_name)?, Some(tried)))
}

fn answer_of(Answer { status, records, because }: Answer, tried: Option<Vec<String>>) -> ResolveAnswer {
    ResolveAnswer { status, answers: records, because, tried }
}

#[cfg(test)]
mod tests {
    use crate::api::resource::{Kind, read};
    use crate::ask::answer_text;
    use crate::cluster::Options;
    use crate::engine::Engine;
    use crate::manifest::{self};
    use portolan_base::json;
    use portolan_base::tree::Node;

    const CLUSTER: &str = r#"
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: web, namespace: a}, spec: {clusterIP: 10.0.0.9, ports: [{port: 80}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}, spec: {dnsPolicy: ClusterFirst}}
- {apiVersion: v1, kind: Pod, metadata: {name: q, namespace: b}, spec: {dnsPolicy: Default}}
"#;

    fn asked(question: &str) -> (String, Vec<String>, Vec<String>) {
        let mut engine = Engine::new(Options::default());
        for node in manifest::objects(CLUSTER).into_iter().flatten() {
            let text = |name| node.get(name).and_then(Node::as_str).unwrap();
            engine.insert(read(Kind::of(text("apiVersion"), text("kind")).unwrap(), &node).0, None);
        }
        let answer = json::read(&answer_text(&engine, question)).unwrap();
        let texts = |name: &str| -> Vec<String> {
            let items = answer.get(name).map(Node::items).unwrap_or_default();
            items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
        };
        let status = answer.get("status").or_else(|| answer.at("error.field")).and_then(Node::as_str);
        (status.unwrap_or_default().to_owned(), texts("answers"), texts("tried"))
    }

    #[test]
    fn the_pods_search_list_applies() {
        let (status, answers, tried) = asked(r#"{"ask":"resolve","name":"web","from":{"namespace":"a","pod":"p"}}"#);
        assert_eq!(status, "NOERROR");
        assert_eq!(answers, ["web.a.svc.cluster.local. A 10.0.0.9"]);
        assert_eq!(tried, ["web.a.svc.cluster.local."]);
        let (_, answers, tried) = asked(r#"{"ask":"resolve","name":"web.a","from":{"namespace":"a","pod":"p"}}"#);
        assert_eq!(answers, ["web.a.svc.cluster.local. A 10.0.0.9"]);
        assert_eq!(tried, ["web.a.a.svc.cluster.local.", "web.a.svc.cluster.local."]);
        let (status, _, tried) = asked(r#"{"ask":"resolve","name":"example.com","from":{"namespace":"a","pod":"p"}}"#);
        assert_eq!((status.as_str(), tried.len()), ("REFUSED", 4));
    }

    #[test]
    fn a_pod_that_asks_others_is_not_answered_for() {
        let question = r#"{"ask":"resolve","name":"web.a.svc.cluster.local","from":{"namespace":"b","pod":"q"}}"#;
        assert_eq!(asked(question).0, "REFUSED");
    }

    #[test]
    fn addresses_have_names_and_nonsense_is_refused() {
        let (_, answers, _) = asked(r#"{"ask":"resolve","name":"10.0.0.9","type":"PTR"}"#);
        assert_eq!(answers, ["9.0.0.10.in-addr.arpa. PTR web.a.svc.cluster.local."]);
        assert_eq!(asked(r#"{"ask":"resolve","name":"a..b"}"#).0, "name");
        assert_eq!(asked(r#"{"ask":"resolve","name":"a","type":"MX"}"#).0, "type");
        assert_eq!(asked(r#"{"ask":"resolve","name":"a","from":{"pod":"none"}}"#).0, "from");
    }
}
