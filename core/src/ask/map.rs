//! `map`: what may reach what?

use super::AskError;
use crate::engine::Engine;
use crate::policy::ConnectionMap;
use crate::policy::map::Format;
use portolan_base::json::Json;
use portolan_base::tree::Node;

/// Answers `{"format"}` with the map: as members where the format is `json` or none, else as `{"text"}`.
///
/// # Errors
/// The format is none of those there are.
pub fn ask(engine: &Engine, question: &Node) -> Result<Json, AskError> {
    let format = format(question)?;
    let map = ConnectionMap::of(engine.cluster(), engine.policies());
    Ok(match format {
        None => map.to_json(),
        Some(format) => Json::object().with("text", map.render(format)),
    })
}

/// The format that the question names; none for `json`.
fn format(question: &Node) -> Result<Option<Format>, AskError> {
    let Some(given) = question.get("format").filter(|given| !given.is_null()) else { return Ok(None) };
    let name = given.as_str().unwrap_or_default();
    match (name, Format::of(name)) {
        ("json", _) => Ok(None),
        (_, Some(format)) => Ok(Some(format)),
        (_, None) => Err(AskError::bad("format", "`format` has to be text, json, csv, md, dot, mermaid or svg")),
    }
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
  shop/in a.example/ to shop/web, closed but for the sources in the rows

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
