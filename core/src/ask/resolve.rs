//! `resolve`: what would the cluster's DNS answer?

use super::{AskError, hosts, part};
use crate::dns::{Answer, RecordType, Status, name, search};
use crate::engine::Engine;
use crate::kubelet::resolv;
use portolan_base::json::Json;
use portolan_base::tree::Node;
use std::net::IpAddr;

/// `{"name", "type", "from": {"namespace", "pod"}}` → `{"status", "answers", "because"}`, with `from` also `tried`. The
/// type is `A` unless given; for `PTR` the name may be an address.
///
/// # Errors
/// The name is no name, the type none that is known, or the pod is not there.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let asked = part::text(question, "name")?;
    let record_type = match question.get("type") {
        Some(_) => {
            let text = part::text(question, "type")?;
            RecordType::named(text).ok_or_else(|| {
                AskError::bad(
                    "type",
                    format!("`{text}` is no type of record; there are A, AAAA, SRV, CNAME, PTR, TXT, NS"),
                )
            })?
        }
        None => RecordType::A,
    };
    let is_no_name = || AskError::bad("name", format!("`{asked}` is no domain name"));
    if let (RecordType::Ptr, Ok(ip)) = (record_type, asked.parse::<IpAddr>()) {
        return Ok(answer_json(&engine.zone().ask(&name::reverse(ip), record_type)));
    }
    let complete = name::complete(asked).ok_or_else(is_no_name)?;
    if question.get("from").is_none() {
        return Ok(answer_json(&engine.zone().ask(&complete, record_type)));
    }
    let pod = hosts::named_pod(engine, question, "from", "pod")?;
    let resolver = resolv::of_pod(engine.cluster(), pod, &hosts::node_files(question));
    let asks_cluster = resolv::asks_cluster(engine.cluster(), &resolver);
    let candidates = search::candidates(asked, &resolver.searches, resolver.ndots());
    let candidates = candidates.into_iter().filter_map(|name| name::complete(&name)).collect();
    let (tried, answer) = search::walk(candidates, |name| {
        if asks_cluster {
            return engine.zone().ask(name, record_type);
        }
        let servers = resolver.nameservers.join(", ");
        let because = format!("the pod's name servers are {servers}, not the cluster's; what they answer is not known");
        Answer { status: Status::Refused, records: Vec::new(), because }
    });
    let answer = answer.ok_or_else(is_no_name)?;
    Ok(answer_json(&answer).with("tried", tried))
}

fn answer_json(answer: &Answer) -> Json {
    let records: Vec<String> = answer.records.iter().map(ToString::to_string).collect();
    Json::object().with("status", answer.status.name()).with("answers", records).with("because", answer.because.clone())
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
