//! ING008 `annotation-not-understood`: finds annotations of ingress-nginx whose value the controller cannot read, and
//! canaries without a main Ingress.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::lint::ingress_tables::tables;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for table in tables(engine).iter().filter(|table| Controller::of_table(table) == Controller::Nginx) {
        for note in table.reports() {
            let help = match note.reason {
                "InvalidAnnotation" | "InvalidExpression" => "write a value that ingress-nginx can read",
                "CanaryWithoutMain" => "give the canary the host, path and path type of its main Ingress",
                _ => continue,
            };
            report.at(Kind::Ingress, &note.object, &note.field, note.message.as_str(), help);
        }
    }
}
