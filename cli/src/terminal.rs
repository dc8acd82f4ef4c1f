//! Where text goes: standard output with colour only on a terminal, complaints and progress to standard error.

use clap::ValueEnum;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a word is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A heading or a name.
    Bold,
    /// What matters less.
    Dim,
    /// It works.
    Good,
    /// It does not.
    Bad,
    /// It might not.
    Doubtful,
}

/// The terminal as the commands see it.
#[derive(Debug)]
pub(crate) struct Terminal {
    colored: bool,
    progress: Option<Progress>,
}

#[derive(Debug)]
struct Progress {
    since: Instant,
    shown: Option<Instant>,
}

impl Terminal {
    /// Looks at standard output and the environment.
    pub(crate) fn new(color: Color) -> Self {
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
                wanted && io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let progress = io::stderr().is_terminal().then(|| Progress { since: Instant::now(), shown: None });
        Terminal { colored, progress }
    }

    /// Whether colour is used.
    pub(crate) fn is_colored(&self) -> bool {
        self.colored
    }

    /// The text in that style, or as it is where there is no colour.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        if !self.colored {
            return text.to_owned();
        }
        let code = match style {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Good => "32",
            Style::Bad => "1;31",
            Style::Doubtful => "33",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Writes text to standard output.
    ///
    /// # Errors
    /// What the operating system says, a closed pipe among it.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.clear_progress();
        io::stdout().lock().write_all(text.as_bytes())
    }

    /// Writes a line to standard output.
    ///
    /// # Errors
    /// What the operating system says, a closed pipe among it.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.print(&format!("{text}\n"))
    }

    /// Tells on standard error what cannot be worked with.
    pub(crate) fn complain(&mut self, message: &str) {
        self.clear_progress();
        let word = if self.colored && io::stderr().is_terminal() { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        // There is nowhere left to report that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{word}: {message}");
    }

    /// Tells on standard error how it went, where standard output is for programs.
    pub(crate) fn note(&mut self, message: &str) {
        self.clear_progress();
        // There is nowhere left to report that standard error cannot be written.
        let _ = writeln!(io::stderr(), "{message}");
    }

    /// Shows on a terminal how far a long piece of work has come; nothing within the first half second.
    pub(crate) fn progress(&mut self, done: usize, of: usize, what: &str) {
        let Some(progress) = &mut self.progress else { return };
        let now = Instant::now();
        let due = progress
            .shown
            .map_or(progress.since + Duration::from_millis(500), |shown| shown + Duration::from_millis(100));
        if now >= due {
            progress.shown = Some(now);
            let _ = write!(io::stderr(), "\r\u{1b}[K{done} of {of} {what}");
            let _ = io::stderr().flush();
        }
    }

    fn clear_progress(&mut self) {
        if let Some(progress) = &mut self.progress
            && progress.shown.take().is_some()
        {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// Whether the error is a reader that went away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
