//! `portolan routes`: manifests come in; the effective table of routes goes out, a line per rule.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{IngressFlags, Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::Args;
use portolan_base::json::Json;

/// The manifests, and whose rules apply.
#[derive(Args, Debug)]
pub(crate) struct RoutesArguments {
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// The controller and the class
    #[command(flatten)]
    ingress: IngressFlags,
    /// Form of the table
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Lists the table.
///
/// # Errors
/// Settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &RoutesArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let RoutesArguments { manifests: Manifests { paths, cluster }, ingress, output } = arguments;
    let settings = cluster.settings(paths)?;
    let mut question = Json::object().with("ask", "routes").with("controller", ingress.controller(&settings).name());
    if let Some(class) = &ingress.ingress_class {
        question.set("ingressClass", class.clone());
    }
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    opened.ask(&question, *output, terminal, render::routes, |_| true)
}
