//! How `portolan policy suggest` reads: policies come in; a `List` for `kubectl apply -f -` goes out.

use crate::terminal::Terminal;
use portolan::ask::suggest::SuggestAnswer;
use portolan_base::json::Json;

/// The policies.
pub(crate) fn suggest(answer: &SuggestAnswer, _terminal: &Terminal) -> String {
    let items = answer.policies.iter().map(|policy| policy.0.clone()).collect();
    let list = Json::object().with("apiVersion", "v1").with("kind", "List").with("items", Json::Array(items));
    format!("{}\n", list.to_pretty())
}
