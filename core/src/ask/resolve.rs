//! `resolve`: what would the cluster's DNS answer?

use super::{AskError, hosts, part};
use crate::dns::{Answer, RecordType, Status, name, search};
use crate::engine::Engine;
use crate::json::Json;
use crate::kubelet::resolv;
use crate::manifest::Node;
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
    let (_, pod) = hosts::named_pod(engine, question, "from", "pod")?;
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
