//! How `portolan route` reads: an answer comes in; the backend, the rule and the reasons go out as text.

use super::member::{because, is_true, plain, reference};
use crate::terminal::{Style, Terminal};
use portolan_base::json::Json;

/// The route of a request.
pub(crate) fn route(answer: &Json, terminal: &Terminal) -> String {
    let mut out = String::new();
    if is_true(answer, "matched") {
        let target = match answer.get("service") {
            Some(service @ Json::Object(_)) => {
                format!("Service {}, port {}", reference(Some(service)), plain(service.get("port")))
            }
            _ => match answer.get("redirect") {
                Some(redirect @ Json::Object(_)) => format!("redirect {}", plain(Some(redirect))),
                _ => format!("resource {}", plain(answer.get("resource"))),
            },
        };
        out.push_str(&format!("{}\n", terminal.styled(Style::Good, &target)));
        let rule = match (answer.get("rule"), answer.get("path")) {
            (Some(Json::Int(rule)), Some(Json::Int(path))) => format!(", rule {rule}, path {path}"),
            _ => ", default backend".to_owned(),
        };
        if answer.get("ingress").is_some_and(|ingress| *ingress != Json::Null) {
            out.push_str(&format!("  by Ingress {}{rule}\n", reference(answer.get("ingress"))));
        }
        for (name, word) in [("rewrite", "path becomes"), ("redirect", "redirected:")] {
            if let Some(value) = answer.get(name).filter(|value| **value != Json::Null) {
                out.push_str(&format!("  {word} {}\n", plain(Some(value))));
            }
        }
        if let Some(tls @ Json::Object(_)) = answer.get("tls") {
            out.push_str(&format!(
                "  certificate of Secret {} for {}\n",
                plain(tls.get("secret")),
                plain(tls.get("host"))
            ));
        }
    } else {
        out.push_str(&format!("{}\n", terminal.styled(Style::Bad, "no rule matches: the controller answers 404")));
    }
    out + &because(answer, terminal)
}
