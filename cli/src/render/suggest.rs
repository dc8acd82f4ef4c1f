//! How `portolan policy suggest` reads: policies come in; a `List` for `kubectl apply -f -` goes out.

use crate::terminal::Terminal;
use portolan_base::json::Json;

/// The policies.
pub(crate) fn suggest(answer: &Json, _terminal: &Terminal) -> String {
    let items = answer.get("policies").cloned().unwrap_or_default();
    let list = Json::object().with("apiVersion", "v1").with("kind", "List").with("items", items);
    format!("{}\n", list.to_pretty())
}
