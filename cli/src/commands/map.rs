//! `portolan map`: manifests come in; every connection that NetworkPolicy allows goes out, as a table or a picture.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::{Args, ValueEnum};
use portolan::ask::map::{MapAnswer, MapFormat as Asked, MapQuestion, map};
use portolan::policy::map::Format;

/// The manifests, and the form of the map.
#[derive(Args, Debug)]
pub(crate) struct MapArguments {
    /// The manifests
    #[command(flatten)]
    manifests: Manifests,
    /// Form of the map
    #[arg(short, long, value_enum, default_value_t)]
    output: MapFormat,
}

/// The form of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum MapFormat {
    /// A table
    #[default]
    Text,
    /// JSON for programs
    Json,
    /// Comma separated values
    Csv,
    /// A Markdown table
    Md,
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// A picture
    Svg,
}

/// Draws the map.
///
/// # Errors
/// Settings that are not understood, or output that cannot be written.
pub(crate) fn run(arguments: &MapArguments, terminal: &mut Terminal) -> anyhow::Result<Outcome> {
    let MapArguments { manifests: Manifests { paths, cluster }, output } = arguments;
    let (form, format) = match output {
        MapFormat::Json => (Output::Json, Asked::Json),
        MapFormat::Text => (Output::Text, Asked::Text(Format::Text)),
        MapFormat::Csv => (Output::Text, Asked::Text(Format::Csv)),
        MapFormat::Md => (Output::Text, Asked::Text(Format::Markdown)),
        MapFormat::Dot => (Output::Text, Asked::Text(Format::Dot)),
        MapFormat::Mermaid => (Output::Text, Asked::Text(Format::Mermaid)),
        MapFormat::Svg => (Output::Text, Asked::Text(Format::Svg)),
    };
    let settings = cluster.settings(paths)?;
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    let answer = map(opened.engine(), &MapQuestion { format });
    let text = |answer: &MapAnswer, _: &Terminal| render::ended(answer.text.as_deref().unwrap_or_default());
    opened.answer("map", answer, form, terminal, text, |_| true)
}
