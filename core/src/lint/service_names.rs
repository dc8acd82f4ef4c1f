//! Names of Services in the environment and arguments of containers: a text in, the Services and ports that it names
//! out.

use crate::api::resource::ObjectKey;
use crate::lint::context::{LintContext, PodTemplate};

/// A place that a setting names.
pub(super) struct Named<'t> {
    /// As written.
    pub(super) text: &'t str,
    pub(super) service: ObjectKey,
    pub(super) port: Option<i32>,
    /// Whether it can be nothing else: it says that it is a Service's name.
    pub(super) full: bool,
}

/// The names of Services in a text. `namespace` is that of whoever reads it.
pub(super) fn names<'t>(text: &'t str, namespace: &str, domain: &str) -> Vec<Named<'t>> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':');
    let mut found = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(|character| !is_part(character)) {
        let before = text.get(..start).unwrap_or_default();
        start += piece.len();
        let word = piece.trim_end_matches(|character| !is_part(character));
        // The last part of a path with a colon is an image and its tag.
        let is_image = before.ends_with('/') && !before.ends_with("://") || text.contains("image");
        let (host, port) = match word.split_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok().map(i32::from)),
            None => (word, None),
        };
        let host = host.strip_suffix('.').unwrap_or(host);
        let full =
            host.strip_suffix(domain).and_then(|rest| rest.strip_suffix('.')).unwrap_or(host).strip_suffix(".svc");
        match full {
            Some(name) => {
                let mut labels = name.rsplit('.');
                if let (Some(namespace), Some(service)) = (labels.next(), labels.next())
                    && !service.is_empty()
                {
                    found.push(Named { text: word, service: ObjectKey::new(namespace, service), port, full: true });
                }
            }
            None if port.is_some() && !host.contains('.') && !host.is_empty() && !is_image => {
                found.push(Named { text: word, service: ObjectKey::new(namespace, host), port, full: false });
            }
            None => {}
        }
    }
    found
}

/// What looks at a setting: where it is written, its field, its text.
pub(super) type Show<'s, 'a> = dyn FnMut(&PodTemplate<'a>, &dyn Fn() -> String, &'a str) + 's;

/// Shows every setting of every pod, one of those that a workload makes.
pub(super) fn settings<'a>(context: &LintContext<'a>, show: &mut Show<'_, 'a>) {
    for written in context.pod_templates() {
        for (index, container) in written.pod.spec.containers.iter().enumerate() {
            let field = |list: &str, at: usize| format!("{}spec.containers[{index}].{list}[{at}]", written.template);
            let is_image = |name: &str| name.to_ascii_lowercase().contains("image");
            for (at, variable) in container.env.iter().enumerate().filter(|(_, variable)| !is_image(&variable.name)) {
                show(written, &|| format!("{}.value", field("env", at)), &variable.value);
            }
            for (list, texts) in [("command", &container.command), ("args", &container.args)] {
                texts.iter().enumerate().for_each(|(at, text)| show(written, &|| field(list, at), text));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_recognized() {
        let read = |text: &str| -> Vec<String> {
            let shown = |named: Named<'_>| format!("{} {:?} {}", named.service, named.port, named.full);
            names(text, "shop", "cluster.local").into_iter().map(shown).collect()
        };
        assert_eq!(read("http://web.ops.svc.cluster.local:80/x"), ["ops/web Some(80) true"]);
        assert_eq!(read("db-0.db.ops.svc."), ["ops/db None true"]);
        assert_eq!(read("a=web:8080,b=other"), ["shop/web Some(8080) false"]);
        assert_eq!(read("http://web:8080/web:2,http://é/web:3"), ["shop/web Some(8080) false"]);
        assert_eq!(read("--image=web:17"), Vec::<String>::new());
        assert_eq!(read("svc 10.0.0.1:80 example.com:80 web.svc :8080 x::y"), Vec::<String>::new());
    }
}
