//! `portolan map`: manifests come in; every connection that NetworkPolicy allows goes out, as a table or a picture.

use super::Outcome;
use super::opened::Opened;
use crate::arguments::{Manifests, Output};
use crate::render;
use crate::terminal::Terminal;
use clap::{Args, ValueEnum};
use portolan_base::json::Json;

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
        MapFormat::Json => (Output::Json, "json"),
        MapFormat::Text => (Output::Text, "text"),
        MapFormat::Csv => (Output::Text, "csv"),
        MapFormat::Md => (Output::Text, "md"),
        MapFormat::Dot => (Output::Text, "dot"),
        MapFormat::Mermaid => (Output::Text, "mermaid"),
        MapFormat::Svg => (Output::Text, "svg"),
    };
    let settings = cluster.settings(paths)?;
    let question = Json::object().with("ask", "map").with("format", format);
    let opened = Opened::read(paths, cluster, &settings, terminal)?;
    opened.ask(&question, form, terminal, render::whole_text, |_| true)
}
