//! `portolan hosts`: a pod comes in; `/etc/hosts` and `/etc/resolv.conf` of a container go out.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Asked, usage};
use crate::terminal::Terminal;
use crate::{parse_target, render};
use clap::Args;
use portolan::ask::hosts::{HostsQuestion, hosts};

/// The pod.
#[derive(Args, Debug)]
#[command(override_usage = usage!("hosts", "POD", "The pod, NAMESPACE/NAME, or a workload"))]
pub(crate) struct HostsArguments {
    /// Manifests and the pod
    #[command(flatten)]
    asked: Asked,
}

/// `/etc/hosts` and `/etc/resolv.conf` of a container.
///
/// # Errors
/// Wrong usage, settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &HostsArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let asked = &arguments.asked;
    let (paths, pod) = asked.split("POD")?;
    let settings = asked.cluster.settings(&paths)?;
    let pod = parse_target::object(pod, asked.cluster.namespace(&settings));
    let opened = Opened::read(&paths, &asked.cluster, &settings, terminal)?;
    let answer = hosts(opened.engine(), &HostsQuestion { pod, node: None });
    opened.answer("hosts", answer, asked.output, terminal, render::hosts, |_| true)
}
