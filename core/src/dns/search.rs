//! The names that a resolver tries for a name: the search list and `ndots` of `/etc/resolv.conf`.

use super::record::{Answer, Status};

/// The names to try, in order, as glibc's `res_search` tries them: a name with a dot at its end only as it stands; one with
/// at least `ndots` dots as it stands first; any other as it stands last. A search domain `.` stands for the name itself.
pub fn candidates(name: &str, searches: &[String], ndots: usize) -> Vec<String> {
    if name.ends_with('.') {
        return vec![name.to_owned()];
    }
    let as_it_stands = format!("{name}.");
    let first = name.bytes().filter(|byte| *byte == b'.').count() >= ndots;
    let mut names = Vec::with_capacity(searches.len() + 1);
    if first {
        names.push(as_it_stands.clone());
    }
    for search in searches {
        let domain = search.trim_start_matches('.').trim_end_matches('.');
        names.push(if domain.is_empty() { as_it_stands.clone() } else { format!("{name}.{domain}.") });
    }
    if !names.contains(&as_it_stands) {
        names.push(as_it_stands);
    }
    names
}

/// Tries the names in order until one has records. Gives the names that were tried, and the answer: that with records, or
/// else what the resolver tells: that the name is there but has no such record, where any of them is.
pub fn walk(names: Vec<String>, mut ask: impl FnMut(&str) -> Answer) -> (Vec<String>, Option<Answer>) {
    let mut tried = Vec::new();
    let mut best: Option<Answer> = None;
    for name in names {
        let answer = ask(&name);
        tried.push(name);
        if !answer.records.is_empty() {
            return (tried, Some(answer));
        }
        // What lies outside of the cluster may be there for all that is known here.
        let rank = |status| match status {
            Status::NoError => 2,
            Status::Refused => 1,
            Status::NxDomain => 0,
        };
        if best.as_ref().is_none_or(|best| rank(answer.status) > rank(best.status)) {
            best = Some(answer);
        }
    }
    (tried, best)
}

#[cfg(test)]
mod tests {
    use super::candidates;

    #[test]
    fn ndots_decides_whether_the_list_comes_first() {
        let searches: Vec<String> =
            ["a.svc.cluster.local", "svc.cluster.local", "cluster.local"].map(str::to_owned).to_vec();
        assert_eq!(
            candidates("web", &searches, 5),
            ["web.a.svc.cluster.local.", "web.svc.cluster.local.", "web.cluster.local.", "web."]
        );
        assert_eq!(candidates("web.", &searches, 5), ["web."]);
        assert_eq!(
            candidates("x.y", &searches, 1),
            ["x.y.", "x.y.a.svc.cluster.local.", "x.y.svc.cluster.local.", "x.y.cluster.local."]
        );
        assert_eq!(candidates("web", &[".".to_owned()], 5), ["web."]);
        assert_eq!(candidates("web", &[], 0), ["web."]);
    }
}
