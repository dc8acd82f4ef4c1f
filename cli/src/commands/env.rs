//! `portolan env`: a pod comes in; the environment variables of Services that a container finds go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::env::{EnvQuestion, env};

/// The pod.
#[derive(Args, Debug)]
#[command(override_usage = usage!("env", "POD", "The pod, NAMESPACE/NAME, or a workload"))]
pub(crate) struct EnvArguments {
    /// Manifests and the pod
    #[command(flatten)]
    asked: Asked,
}

/// The environment variables of Services that a container finds.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &EnvArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let asked = &arguments.asked;
    let (paths, pod) = asked.split("POD")?;
    let settings = asked.cluster.settings(&paths)?;
    let pod = parse_target::object(pod, asked.cluster.namespace(&settings));
    let question = EnvQuestion { pod: Some(pod), ..EnvQuestion::default() };
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    opened.answer("env", env(opened.engine(), &question), asked.output, terminal, render::env, |_| true)
}
