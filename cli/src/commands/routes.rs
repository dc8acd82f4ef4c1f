//! `portolan routes`: manifests come in; the effective table of routes goes out, a line per rule.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{IngressFlags, Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::Args;
use portolan::ask::part::ControllerChoice;
use portolan::ask::routes::{RoutesQuestion, routes};

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
    let question = RoutesQuestion {
        ingress_class: ingress.ingress_class.as_deref(),
        controller: Some(ControllerChoice::Is(ingress.controller(&settings))),
    };
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    opened.answer("routes", routes(opened.engine(), &question), *output, terminal, render::routes, |_| true)
}
