//! SVC003 `target-port-sometimes-missing`: finds a named `targetPort` that some of the selected pods do not declare.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::lint::named_target_ports::{NamedPort, named_ports};
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for NamedPort { service, index, name, with, without } in
        named_ports(engine).into_iter().filter(|port| port.with > 0)
    {
        let shown = without.get(..3).unwrap_or(&without);
        let more = without.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let all = with + without.len();
        let message =
            format!("{} of {all} selected pods have no port named {name}: {}{more}", without.len(), shown.join(", "));
        let help = "select only the pods that declare it, or declare it in the others";
        report.at(Kind::Service, service, &format!("spec.ports[{index}].targetPort"), message, help);
    }
}
