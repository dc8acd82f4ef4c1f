//! `portolan endpoints`: a Service comes in; the EndpointSlices that the controllers publish for it go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::endpoints::{EndpointsQuestion, endpoints};

/// The Service.
#[derive(Args, Debug)]
#[command(override_usage = usage!("endpoints", "SERVICE", "The Service, NAMESPACE/NAME"))]
pub(crate) struct EndpointsArguments {
    /// Manifests and the Service
    #[command(flatten)]
    asked: Asked,
}

/// Shows the slices of a Service.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &EndpointsArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let asked = &arguments.asked;
    let (paths, service) = asked.split("SERVICE")?;
    let settings = asked.cluster.settings(&paths)?;
    let service = parse_target::object(service, asked.cluster.namespace(&settings));
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = endpoints(opened.engine(), &EndpointsQuestion { service });
    opened.answer("endpoints", answer, asked.output, terminal, render::endpoints, |_| true)
}
