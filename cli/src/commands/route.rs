//! `portolan route`: a request comes in; the Ingress rule that serves it, and why, goes out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, IngressFlags, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::part::ControllerChoice;
use portolan::ask::route::{Headers, RouteQuestion, route};

/// The request.
#[derive(Args, Debug)]
#[command(override_usage = usage!("route", "URL", "The URL of the request"))]
pub(crate) struct RouteArguments {
    /// Manifests and the URL
    #[command(flatten)]
    asked: Asked,
    /// The controller and the class
    #[command(flatten)]
    ingress: IngressFlags,
    /// The request's method
    #[arg(long, default_value = "GET")]
    method: String,
    /// A header of the request, `Name: value`; can be repeated
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,
}

/// Finds the rule. Ends with 1 where no rule matches.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &RouteArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let RouteArguments { asked, ingress, method, headers } = arguments;
    let (paths, url) = asked.split("URL")?;
    let settings = asked.cluster.settings(&paths)?;
    let question = RouteQuestion {
        method: Some(method),
        url,
        headers: if headers.is_empty() { Headers::default() } else { parse_target::headers(headers)? },
        ingress_class: ingress.ingress_class.as_deref(),
        controller: Some(ControllerChoice::Is(ingress.controller(&settings))),
        ..RouteQuestion::default()
    };
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = route(opened.engine(), &question);
    opened.answer("route", answer, asked.output, terminal, render::route, |answer| answer.matched)
}
