//! What is said of an object: refused, warned of, or let pass.

use crate::admission_review::{Answer, Operation, Refusal, Request};
use crate::flags::{Fail, WebhookFlags};
use crate::view::View;
use portolan::admission;
use portolan::api::decoder::ProblemKind;
use portolan::api::resource::{Kind, ObjectKey, read};
use portolan::cluster::Source;
use portolan::field;
use portolan::finding::{Finding, Severity};
use portolan::review::{Change, Review, review};
use portolan_base::tree::{Key, Node, Value};
use portolan_checking::selection::Selection;
use std::sync::Arc;

/// The code of what the API server itself refuses.
const REFUSED: &str = "refused";

/// Judges objects.
#[derive(Debug)]
pub(crate) struct Judge {
    view: Arc<View>,
    selection: Selection,
    warn_only: bool,
    fail: Fail,
}

/// What came of a review, for the log and the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing was found.
    Allowed,
    /// It passes with warnings.
    Warned,
    /// It is refused.
    Refused,
    /// Nothing to judge: another kind, a subresource, what a controller made.
    PassedOver,
    /// The cluster is out of view.
    Unjudged,
}

impl Outcome {
    /// One word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Warned => "warned",
            Outcome::Refused => "refused",
            Outcome::PassedOver => "passed-over",
            Outcome::Unjudged => "unjudged",
        }
    }
}

impl Judge {
    /// A judge who judges as the flags say.
    pub(crate) fn new(flags: &WebhookFlags, selection: Selection, view: Arc<View>) -> Self {
        Judge { view, selection, warn_only: flags.warn_only, fail: flags.fail }
    }

    /// The kind that the request is about, where it is one of the project's and the object itself is written.
    pub(crate) fn kind(request: &Request) -> Option<Kind> {
        let is_whole = request.subresource.is_empty() && request.operation != Operation::Connect;
        Kind::of(&request.api_version, &request.kind).filter(|_| is_whole)
    }

    /// Judges a request.
    pub(crate) fn judge(&self, request: Request) -> (Answer, Outcome) {
        let Some(kind) = Judge::kind(&request) else { return (Answer::allowed(), Outcome::PassedOver) };
        if is_left_alone(&request) {
            return (Answer::allowed(), Outcome::PassedOver);
        }
        if let Some(why) = self.view.out_of_view() {
            return (self.unjudged(&why.to_string()), Outcome::Unjudged);
        }
        let found = match (request.operation, request.object) {
            (Operation::Delete, _) | (_, None) => self.deleted(kind, request.namespace, request.name),
            (_, Some(object)) => {
                let object = completed(object, &request.namespace, &request.name);
                self.stored(kind, object, request.old_object.as_ref())
            }
        };
        self.answer(&found)
    }

    fn unjudged(&self, why: &str) -> Answer {
        match self.fail {
            Fail::Open => Answer { warnings: vec![format!("portolan did not judge this: {why}")], ..Answer::default() },
            Fail::Closed => Answer {
                refusal: Some(Refusal {
                    code: 503,
                    reason: "ServiceUnavailable",
                    message: format!("portolan cannot judge this: {why}"),
                    object: None,
                    causes: Vec::new(),
                }),
                ..Answer::default()
            },
        }
    }

    fn deleted(&self, kind: Kind, namespace: String, name: String) -> Review {
        let namespace = if kind.is_namespaced() { namespace } else { String::new() };
        self.view.look(|engine| review(engine, Change::Remove(kind, ObjectKey::new(namespace, name))))
    }

    fn stored(&self, kind: Kind, object: Node, old_object: Option<&Node>) -> Review {
        let (resource, problems) = read(kind, &object);
        let source = Source::new("request".into(), Arc::new(object));
        let key = resource.key();
        let finding = |field: &str, message: String| {
            Finding::new(REFUSED, Severity::Error, message, source.place_of(field)).about(kind, key.clone())
        };
        let telling = |kind: ProblemKind| matches!(kind, ProblemKind::Type | ProblemKind::Refused);
        let mut refused: Vec<Finding> = problems
            .into_iter()
            .filter(|problem| telling(problem.kind))
            .map(|problem| finding(&problem.field, problem.message))
            .collect();
        let mut kept = Vec::new();
        if refused.is_empty() && admission::is_known(kind) {
            let before = old_object.map(|old| faults(kind, old)).unwrap_or_default();
            for fault in faults(kind, &source.node) {
                let mut told = finding(&fault.field, fault.body());
                told.help = admission::advice::for_error(&fault).map(str::to_owned);
                if before.contains(&fault) { kept.push(told) } else { refused.push(told) }
            }
        }
        if !refused.is_empty() {
            return Review { own: refused, kept, others: Vec::new() };
        }
        let mut review = self.view.look(|engine| review(engine, Change::Put(resource, source)));
        review.kept.append(&mut kept);
        review
    }

    /// Errors of the object itself refuse it, unless the stored one has them already; all else is warned of.
    fn answer(&self, review: &Review) -> (Answer, Outcome) {
        let wanted =
            |finding: &&Finding| finding.severity >= Severity::Warning && self.selection.has_code(finding.code);
        let refuses = |finding: &Finding| finding.severity == Severity::Error && !self.warn_only;
        let (errors, doubts): (Vec<&Finding>, Vec<&Finding>) =
            review.own.iter().filter(wanted).partition(|finding| refuses(finding));
        let mut warnings: Vec<String> = doubts.iter().map(|finding| own_words(finding)).collect();
        warnings.extend(review.kept.iter().filter(wanted).map(own_words));
        warnings.extend(review.others.iter().filter(wanted).map(words));
        let found = review.own.iter().chain(&review.kept).chain(&review.others).filter(wanted);
        let mut codes: Vec<&'static str> = found.map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let refusal = (!errors.is_empty()).then(|| Refusal {
            code: 422,
            reason: "Invalid",
            message: errors.iter().map(|finding| own_words(finding)).collect::<Vec<_>>().join("; "),
            object: errors.iter().find_map(|error| {
                let (kind, key) = error.object.as_ref()?;
                Some((kind.name(), key.name.clone()))
            }),
            causes: errors.iter().map(|error| (error.place.field.clone(), coded_words(error))).collect(),
        });
        let outcome = match (&refusal, warnings.is_empty()) {
            (Some(_), _) => Outcome::Refused,
            (None, false) => Outcome::Warned,
            (None, true) => Outcome::Allowed,
        };
        (Answer { refusal, warnings, codes }, outcome)
    }
}

/// What the API server would find wrong with the object in itself. What it knows and this project does not (a field of a
/// later version) is no fault.
fn faults(kind: Kind, object: &Node) -> Vec<field::Error> {
    if let Ok(errors) = admission::check(object) {
        return errors;
    }
    let known = read(kind, object).0;
    admission::check(&Node::from(&known.to_json())).unwrap_or_default()
}

/// Whether nobody would read what is said: the object is on its way out and a controller takes its finalizers off, or it
/// was made from a workload that was judged itself.
fn is_left_alone(request: &Request) -> bool {
    let Some(metadata) = request.object.as_ref().and_then(|object| object.get("metadata")) else { return false };
    let is_leaving = metadata.get("deletionTimestamp").is_some_and(|time| !time.is_null());
    let made_by = |owner: &Node| {
        let word = |name: &str| owner.get(name).and_then(Node::as_str).unwrap_or_default();
        let is_controller = owner.get("controller").and_then(Node::as_bool) == Some(true);
        is_controller && Kind::of(word("apiVersion"), word("kind")).is_some_and(Kind::is_workload)
    };
    is_leaving || metadata.get("ownerReferences").is_some_and(|owners| owners.items().iter().any(made_by))
}

/// The object with the namespace and name of the request, where it leaves them to the request.
fn completed(mut object: Node, namespace: &str, name: &str) -> Node {
    let place = object.place;
    let Value::Mapping(members) = &mut object.value else { return object };
    let Some((_, metadata)) = members.iter_mut().find(|(key, _)| &*key.name == "metadata") else { return object };
    let generated = metadata.get("generateName").and_then(Node::as_str).map(|prefix| format!("{prefix}…"));
    let name = if name.is_empty() { generated.unwrap_or_default() } else { name.to_owned() };
    for (field, value) in [("namespace", namespace.to_owned()), ("name", name)] {
        let is_there = metadata.get(field).and_then(Node::as_str).is_some_and(|text| !text.is_empty());
        if let Value::Mapping(fields) = &mut metadata.value
            && !is_there
            && !value.is_empty()
        {
            fields.retain(|(key, _)| &*key.name != field);
            fields.push((Key { name: field.into(), place }, Node { value: Value::String(value.into()), place }));
        }
    }
    object
}

/// A finding of the object under review: `ING002 spec.…port.number: Service shop/web has no port 8080 (it has 80)`.
fn own_words(finding: &Finding) -> String {
    let field = finding.place.field.as_str();
    let at = if field.is_empty() { String::new() } else { format!(" {field}") };
    format!("{}{at}: {}{}", finding.code, finding.message, help(finding))
}

/// The same where the field stands beside it.
fn coded_words(finding: &Finding) -> String {
    format!("{} {}{}", finding.code, finding.message, help(finding))
}

/// A finding of another object, which is named then.
fn words(finding: &Finding) -> String {
    let whose = finding.object.as_ref().map(|(kind, key)| format!(" {} {key}", kind.name())).unwrap_or_default();
    format!("{}{whose}: {}{}", finding.code, finding.message, help(finding))
}

fn help(finding: &Finding) -> String {
    finding.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default()
}

/// The key of an object as the log names it.
pub(crate) fn named(request: &Request) -> String {
    let of_object = || request.object.as_ref().and_then(|object| object.at("metadata.name")).and_then(Node::as_str);
    let name = if request.name.is_empty() { of_object().unwrap_or_default() } else { &request.name };
    let key = ObjectKey::new(request.namespace.as_str(), name);
    format!("{} {key}", request.kind)
}
