//! An error of the server in, one sentence of advice out, for refusals in which the server names what is wrong and not
//! what to write instead. Every host shows it beside the server's own text.

use super::allocate::Denied;
use super::formats::labels::NEEDS_VALUES;
use super::formats::names::NEEDS_A_LETTER;
use super::ingress::{HOST_IS_AN_ADDRESS, NO_PATH_TYPE, NOTHING_TO_SERVE, PATH_IS_RELATIVE};
use super::network_policy::EXCEPT_IS_OUTSIDE;
use super::object_meta::IMMUTABLE;
use super::service::update::MAY_NOT_CHANGE;
use crate::api::decoder::Problem;
use crate::field::Error;

/// The advice by the detail of the error, as the check that makes the error declares it.
const BY_DETAIL: [(&str, &str); 9] = [
    (NEEDS_A_LETTER, "a name needs a letter; for a number, leave the quotes out"),
    (NO_PATH_TYPE, "write `pathType: Prefix`, which is what most paths mean"),
    (HOST_IS_AN_ADDRESS, "leave the host out to serve requests for the address"),
    (MAY_NOT_CHANGE, "delete the object and create it again to change this"),
    (IMMUTABLE, "delete the object and create it again to change this"),
    (EXCEPT_IS_OUTSIDE, "`except` excludes a part of `cidr`: it must be inside `cidr`, and smaller"),
    (PATH_IS_RELATIVE, "begin the path with `/`"),
    (NEEDS_VALUES, "write `operator: Exists` where only the key matters"),
    (NOTHING_TO_SERVE, "write a rule, or a default backend for every request"),
];

/// The advice for an error of a field, where there is any.
pub fn for_error(error: &Error) -> Option<&'static str> {
    if error.field.starts_with("spec.clusterIP") && error.detail.ends_with(&Denied::MismatchedNetwork.to_string()) {
        return Some("choose an address in the range of cluster IPs, or leave it out");
    }
    BY_DETAIL.iter().find(|(detail, _)| error.detail == *detail).map(|(_, advice)| *advice)
}

/// The advice for a value that could not be decoded, where there is any. Unknown fields are explained with the names of
/// the known ones (`load`).
pub fn for_problem(problem: &Problem) -> Option<&'static str> {
    let names_the_type = problem.expected.is_some() && !problem.field.is_empty();
    names_the_type.then_some("write a value of the type named after `of type`")
}

#[cfg(test)]
mod tests {
    use crate::admission::check;
    use crate::admission::status::Reasons;
    use portolan_base::json::read;

    fn advice(text: &str) -> Option<&'static str> {
        match check(&read(text).unwrap()) {
            Ok(errors) => errors.iter().find_map(super::for_error),
            Err(status) => match status.reasons {
                Reasons::Decoding(problems) => problems.iter().find_map(super::for_problem),
                _ => None,
            },
        }
    }

    #[test]
    fn the_errors_that_the_checks_make_have_their_advice() {
        let ingress = |spec: &str| {
            let head = r#""apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"a"}"#;
            advice(&format!(r#"{{{head},"spec":{spec}}}"#)).unwrap_or_default()
        };
        let rule = |host: &str, path: &str| {
            let backend = r#""backend":{"service":{"name":"a","port":{"number":80}}}"#;
            ingress(&format!(r#"{{"rules":[{{"host":"{host}","http":{{"paths":[{{{path},{backend}}}]}}}}]}}"#))
        };
        assert!(ingress("{}").starts_with("write a rule"));
        assert!(rule("a.example", r#""path":"/""#).starts_with("write `pathType"));
        assert!(rule("a.example", r#""path":"x","pathType":"Prefix""#).starts_with("begin the path"));
        assert!(rule("10.0.0.1", r#""path":"/","pathType":"Prefix""#).starts_with("leave the host out"));
        let service = |port: &str| {
            let head = r#""apiVersion":"v1","kind":"Service","metadata":{"name":"a"}"#;
            advice(&format!(r#"{{{head},"spec":{{"ports":[{port}]}}}}"#))
        };
        assert!(service(r#"{"port":80,"targetPort":"80"}"#).unwrap().starts_with("a name needs a letter"));
        assert!(service(r#"{"port":"80"}"#).unwrap().starts_with("write a value of the type"));
        assert_eq!(service(r#"{"port":70000}"#), None);
        let policy = |spec: &str| {
            let head = r#""apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"a"}"#;
            advice(&format!(r#"{{{head},"spec":{spec}}}"#)).unwrap_or_default()
        };
        let block = r#"{"ipBlock":{"cidr":"10.0.0.0/8","except":["11.0.0.0/8"]}}"#;
        assert!(policy(&format!(r#"{{"podSelector":{{}},"ingress":[{{"from":[{block}]}}]}}"#)).starts_with("`except`"));
        let selector = r#"{"podSelector":{"matchExpressions":[{"key":"a","operator":"In"}]}}"#;
        assert!(policy(selector).starts_with("write `operator: Exists`"));
    }
}
