//! ING008 `annotation-not-understood`: finds annotations of ingress-nginx whose value the controller cannot read, and
//! canaries without a main Ingress.

use crate::api::resource::Kind;
use crate::engine::Engine;
use crate::ingress::Controller;
use crate::lint::ingress_tables::tables;
use crate::lint::report::Reporter;

pub(super) fn check(engine: &Engine, report: &mut Reporter<'_>) {
    for table in tables(engine).iter().filter(|table| table.controller() == Controller::Nginx) {
        for told in table.reports() {
            let help = match told.reason {
                "InvalidAnnotation" | "InvalidExpression" => "write it as ingress-nginx reads it",
                "CanaryWithoutMain" => "give the canary the host, path and type of the Ingress that it is one of",
                _ => continue,
            };
            report.at(Kind::Ingress, &told.ingress, &told.field, told.message.as_str(), help);
        }
    }
}
