//! The log: a line an event on standard error.

use crate::flags::{LoggingFormat, WebhookFlags};

/// Begins to log. A log that has begun already stays as it is.
pub(crate) fn begin(flags: &WebhookFlags) {
    // The libraries below speak of every byte on these levels.
    let own = |metadata: &tracing::Metadata<'_>| metadata.target().starts_with("portolan");
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(flags.log_level)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let filter = tracing_subscriber::filter::filter_fn(move |metadata| {
        own(metadata) || *metadata.level() <= tracing::Level::WARN
    });
    let begun = match flags.logging_format {
        LoggingFormat::Text => builder.finish().with(filter).try_init(),
        LoggingFormat::Json => builder.json().flatten_event(true).finish().with(filter).try_init(),
    };
    drop(begun);
}
