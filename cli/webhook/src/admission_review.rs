//! `AdmissionReview` of `admission.k8s.io/v1`: the API server's question and the answer to it
//! (`k8s.io/api/admission/v1`, v0.36.3).

use portolan::admission;
use portolan_base::json;
use portolan_base::json::Json;
use portolan_base::tree::{Node, Value};
use std::collections::VecDeque;

/// The most characters of one warning; the API server cuts off what is longer
/// (`k8s.io/apiserver/pkg/endpoints/filters/warning.go`).
const LONGEST_WARNING: usize = 256;

/// The most characters of all warnings together, likewise.
const MOST_WARNING: usize = 4096;

/// The operation of the request. The core answers only the two that store an object. The API server also sends the
/// webhook the two others: a deletion is reviewed without an object, a connection is not reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An object is stored: `CREATE` or `UPDATE`.
    Store(admission::Operation),
    /// An object is deleted.
    Delete,
    /// A client connects through an object, for example to a port of a pod. Nothing is stored.
    Connect,
}

impl Operation {
    /// The operation of that name, or nothing where there is none.
    fn of(name: &str) -> Option<Operation> {
        let stores = admission::Operation::ALL.into_iter().map(Operation::Store);
        stores.chain([Operation::Delete, Operation::Connect]).find(|operation| operation.name() == name)
    }

    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Operation::Store(operation) => operation.name(),
            Operation::Delete => "DELETE",
            Operation::Connect => "CONNECT",
        }
    }
}

/// The question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// What the answer has to repeat.
    pub(crate) uid: String,
    /// What happens to the object.
    pub(crate) operation: Operation,
    /// Version and kind of the object as it is sent: `networking.k8s.io/v1`, `Ingress`.
    pub(crate) api_version: String,
    /// See `api_version`.
    pub(crate) kind: String,
    /// The part of the object that is written: `status`, `scale`; empty for the object itself.
    pub(crate) subresource: String,
    /// The object's namespace, empty for kinds of cluster scope.
    pub(crate) namespace: String,
    /// The object's name; empty where the server is going to make one up.
    pub(crate) name: String,
    /// Whether nothing is going to be stored.
    pub(crate) dry_run: bool,
    /// The object as it would be stored; nothing for a deletion.
    pub(crate) object: Option<Node>,
    /// The object as it is stored; nothing for a creation.
    pub(crate) old_object: Option<Node>,
}

impl Request {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// Why it is no `AdmissionReview` with a request in it.
    pub(crate) fn read(text: &str) -> Result<Request, String> {
        let review = json::read(text)
            .map_err(|error| format!("the body is no JSON: {error} at line {}, column {}", error.line, error.column))?;
        let (api_version, kind) = (word(&review, "apiVersion"), word(&review, "kind"));
        if !matches!(review.value, Value::Mapping(_)) || kind != "AdmissionReview" {
            return Err(format!("expected an AdmissionReview, found {}", shown(kind, &review)));
        }
        if api_version != "admission.k8s.io/v1" {
            return Err(format!("expected an AdmissionReview of admission.k8s.io/v1, found one of {api_version:?}"));
        }
        let request = member(review, "request").ok_or("the AdmissionReview has no `request`")?;
        let uid = word(&request, "uid");
        if uid.is_empty() {
            return Err("the request has no `uid`".to_owned());
        }
        let name = word(&request, "operation");
        let operation =
            Operation::of(name).ok_or_else(|| format!("the request has no operation that is known: {name:?}"))?;
        let of_kind = |name: &str| request.get("kind").map_or("", |kind| word(kind, name));
        let (group, version) = (of_kind("group"), of_kind("version"));
        if of_kind("kind").is_empty() || version.is_empty() {
            return Err("the request has no `kind` with a version".to_owned());
        }
        let mut read = Request {
            uid: uid.to_owned(),
            operation,
            api_version: if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") },
            kind: of_kind("kind").to_owned(),
            subresource: word(&request, "subResource").to_owned(),
            namespace: word(&request, "namespace").to_owned(),
            name: word(&request, "name").to_owned(),
            dry_run: request.get("dryRun").and_then(Node::as_bool).unwrap_or(false),
            object: None,
            old_object: None,
        };
        if let Value::Mapping(members) = request.value {
            for (key, node) in members.into_iter().filter(|(_, node)| !node.is_null()) {
                match &*key.name {
                    "object" => read.object = Some(node),
                    "oldObject" => read.old_object = Some(node),
                    _ => {}
                }
            }
        }
        let is_mapping = |node: &Node| matches!(node.value, Value::Mapping(_));
        if read.object.as_ref().is_some_and(|node| !is_mapping(node)) {
            return Err("the `object` of the request is no object".to_owned());
        }
        if matches!(read.operation, Operation::Store(_)) && read.object.is_none() {
            return Err(format!("a request to {} has to have an `object`", read.operation.name()));
        }
        Ok(read)
    }
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// Why the object may not be stored; nothing where it may.
    pub(crate) refusal: Option<Refusal>,
    /// What is said to whoever sent the object.
    pub(crate) warnings: Vec<String>,
    /// The codes of what was found, for the audit log.
    pub(crate) codes: Vec<&'static str>,
}

/// Why an object may not be stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP code that the client of the API server gets.
    pub(crate) code: u16,
    /// One word: `Invalid`, `ServiceUnavailable`.
    pub(crate) reason: &'static str,
    /// What is said; the API server puts the webhook's name before it.
    pub(crate) message: String,
    /// The kind and name of the object. From these and the causes alone clients make what people read.
    pub(crate) object: Option<(&'static str, String)>,
    /// Each field and what is wrong with it.
    pub(crate) causes: Vec<(String, String)>,
}

impl Answer {
    /// An answer that lets pass.
    pub(crate) fn allowed() -> Self {
        Answer::default()
    }

    /// The answer as the API server reads it.
    pub(crate) fn to_json(&self, uid: &str) -> Json {
        let mut response = Json::object().with("uid", uid.to_owned()).with("allowed", self.refusal.is_none());
        if let Some(refusal) = &self.refusal {
            let mut status = Json::object()
                .with("status", "Failure")
                .with("message", refusal.message.clone())
                .with("reason", refusal.reason)
                .with("code", refusal.code);
            if !refusal.causes.is_empty() {
                let cause = |(field, message): &(String, String)| {
                    Json::object()
                        .with("reason", "FieldValueInvalid")
                        .with("message", message.clone())
                        .with("field", field.clone())
                };
                let causes = Json::Array(refusal.causes.iter().map(cause).collect());
                let mut details = Json::object();
                if let Some((kind, name)) = &refusal.object {
                    details = details.with("name", name.clone()).with("kind", *kind);
                }
                status.set("details", details.with("causes", causes));
            }
            response.set("status", status);
        }
        if !self.warnings.is_empty() {
            response.set("warnings", bounded(&self.warnings));
        }
        if !self.codes.is_empty() {
            response.set("auditAnnotations", Json::object().with("findings", self.codes.join(",")));
        }
        Json::object()
            .with("apiVersion", "admission.k8s.io/v1")
            .with("kind", "AdmissionReview")
            .with("response", response)
    }
}

/// Warnings as the API server takes them: each short enough, not too many, without what breaks a header.
fn bounded(warnings: &[String]) -> Vec<String> {
    let mut waiting: VecDeque<String> = warnings.iter().map(|warning| shortened(warning)).collect();
    let mut taken = Vec::new();
    let mut room = MOST_WARNING;
    // Room for the line that says that there are more.
    let reserve = 24;
    while let Some(next) = waiting.pop_front() {
        let length = next.chars().count();
        if length + if waiting.is_empty() { 0 } else { reserve } > room {
            taken.push(format!("and {} more findings", waiting.len() + 1));
            break;
        }
        room -= length;
        taken.push(next);
    }
    taken
}

fn shortened(warning: &str) -> String {
    let mut characters = warning.chars().map(|character| if character.is_control() { ' ' } else { character });
    let short: String = characters.by_ref().take(LONGEST_WARNING).collect();
    if characters.next().is_none() {
        return short;
    }
    short.chars().take(LONGEST_WARNING - 1).chain(['…']).collect()
}

fn word<'n>(node: &'n Node, name: &str) -> &'n str {
    node.get(name).and_then(Node::as_str).unwrap_or_default()
}

fn member(node: Node, name: &str) -> Option<Node> {
    let Value::Mapping(members) = node.value else { return None };
    let found = members.into_iter().find(|(key, _)| &*key.name == name)?.1;
    matches!(found.value, Value::Mapping(_)).then_some(found)
}

fn shown(kind: &str, node: &Node) -> String {
    match (&node.value, kind) {
        (Value::Mapping(_), "") => "an object without `kind`".to_owned(),
        (Value::Mapping(_), kind) => format!("{kind:?}"),
        _ => format!("a JSON {}", node.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVIEW: &str = r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","kind":{"group":"networking.k8s.io","version":"v1","kind":"Ingress"},"operation":"CREATE","namespace":"shop","name":"web","object":{"kind":"Ingress"}}}"#;

    #[test]
    fn a_review_is_read() {
        let request = Request::read(REVIEW).unwrap();
        assert_eq!((request.uid.as_str(), request.operation), ("u", Operation::Store(admission::Operation::Create)));
        assert_eq!((request.api_version.as_str(), request.kind.as_str()), ("networking.k8s.io/v1", "Ingress"));
        assert!(request.object.is_some() && request.old_object.is_none() && !request.dry_run);
    }

    #[test]
    fn what_is_no_review_is_told_in_words() {
        let cases = [
            ("", "the body is no JSON"),
            ("{", "the body is no JSON"),
            ("[]", "expected an AdmissionReview, found a JSON array"),
            ("{}", "expected an AdmissionReview, found an object without `kind`"),
            (r#"{"kind":"Pod"}"#, "expected an AdmissionReview, found \"Pod\""),
            (&REVIEW.replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), "of admission.k8s.io/v1, found"),
            (&REVIEW.replace("\"request\"", "\"response\""), "has no `request`"),
            (&REVIEW.replace("\"uid\":\"u\"", "\"uid\":7"), "has no `uid`"),
            (&REVIEW.replace("CREATE", "PATCH"), "no operation that is known: \"PATCH\""),
            (&REVIEW.replace("\"version\":\"v1\",", ""), "no `kind` with a version"),
            (&REVIEW.replace("{\"kind\":\"Ingress\"}", "7"), "the `object` of the request is no object"),
            (&REVIEW.replace("{\"kind\":\"Ingress\"}", "null"), "has to have an `object`"),
        ];
        for (text, words) in cases {
            let error = Request::read(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn warnings_keep_within_the_limits() {
        let answer = Answer { warnings: vec!["é".repeat(300); 40], ..Answer::default() };
        let text = answer.to_json("u").to_string();
        let answer = json::read(&text).unwrap();
        let warnings = answer.at("response.warnings").unwrap().items();
        let lengths: Vec<usize> = warnings.iter().map(|warning| warning.as_str().unwrap().chars().count()).collect();
        assert!(lengths.iter().all(|length| *length <= 256), "{lengths:?}");
        assert!(lengths.iter().sum::<usize>() <= 4096, "{lengths:?}");
        assert_eq!(warnings.last().unwrap().as_str(), Some("and 25 more findings"));
        assert_eq!(bounded(&["a\nb".to_owned()]), ["a b"]);
    }
}
