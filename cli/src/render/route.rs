//! How `portolan route` reads: an answer comes in; the backend, the rule and the reasons go out as text.

use super::words::{because, plain, resource, service};
use crate::terminal::{Style, Terminal};
use portolan::ask::route::RouteAnswer;

/// The route of a request.
pub(crate) fn route(answer: &RouteAnswer<'_>, terminal: &Terminal) -> String {
    let reason = because(&answer.because, None, terminal);
    if !answer.matched {
        return format!("{}\n{reason}", terminal.styled(Style::Bad, "no rule matches: the controller answers 404"));
    }
    let redirect = answer.redirect.as_ref().map(|redirect| format!("{} to {}", redirect.code, redirect.location));
    let target = match (&answer.service, &redirect, &answer.resource, &answer.refusal) {
        (Some(backend), ..) => format!("Service {}", service(backend, ",")),
        (_, Some(redirect), ..) => format!("redirect {}", plain(redirect)),
        (_, _, Some(backend), _) => format!("resource {}", resource(backend)),
        (.., Some(refusal)) => format!("refused with {}: {}", refusal.code, plain(&refusal.because)),
        _ => "the controller's own response".to_owned(),
    };
    let mut out = format!("{}\n", terminal.styled(Style::Good, &target));
    if let Some(ingress) = &answer.ingress {
        let rule = match (answer.rule, answer.path) {
            (Some(rule), Some(path)) => format!(", rule {rule}, path {path}"),
            _ => ", default backend".to_owned(),
        };
        out.push_str(&format!("  by Ingress {}{rule}\n", plain(ingress)));
    }
    if let Some(rewrite) = &answer.rewrite {
        out.push_str(&format!("  path becomes {}\n", plain(rewrite)));
    }
    if let (Some(redirect), Some(_)) = (&redirect, &answer.service) {
        out.push_str(&format!("  redirected: {}\n", plain(redirect)));
    }
    if let Some(tls) = &answer.tls {
        out.push_str(&format!("  certificate of Secret {} for {}\n", plain(&tls.secret), plain(&tls.host)));
    }
    out + &reason
}
