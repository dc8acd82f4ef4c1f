//! Where text goes: lines come in, and are written to standard output or standard error, in colour only on a terminal.
//!
//! Names, paths and values in manifests are other people's text. Whatever is printed for people passes [`escape`] where it
//! is one value, and [`visible`] as a whole, so that no manifest moves the cursor, changes colours, forges a line or
//! reverses the reading direction.

use clap::ValueEnum;
use std::borrow::Cow;
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
    /// A terminal with colour as wanted, as standard output allows, and as the environment says.
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

    /// Writes text for people to standard output; control characters that are not this program's own become visible.
    ///
    /// # Errors
    /// What the operating system says; a closed pipe is one of the errors.
    pub(crate) fn print(&mut self, text: &str) -> io::Result<()> {
        self.clear_progress();
        io::stdout().lock().write_all(visible(text, self.colored).as_bytes())
    }

    /// Writes a line for people to standard output.
    ///
    /// # Errors
    /// What the operating system says; a closed pipe is one of the errors.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        self.print(&format!("{text}\n"))
    }

    /// Writes text for programs to standard output, byte for byte; on a terminal as [`Terminal::print`] does.
    ///
    /// # Errors
    /// What the operating system says; a closed pipe is one of the errors.
    pub(crate) fn output(&mut self, text: &str) -> io::Result<()> {
        if io::stdout().is_terminal() {
            return self.print(text);
        }
        self.clear_progress();
        io::stdout().lock().write_all(text.as_bytes())
    }

    /// Reports an error on standard error, in one line.
    pub(crate) fn complain(&mut self, message: &str) {
        self.clear_progress();
        let word = if self.colored && io::stderr().is_terminal() { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" };
        // Nothing can be reported where standard error cannot be written.
        let _ = writeln!(io::stderr(), "{word}: {}", escape(message));
    }

    /// Writes a remark on standard error, in one line.
    pub(crate) fn note(&mut self, message: &str) {
        self.clear_progress();
        // Nothing can be reported where standard error cannot be written.
        let _ = writeln!(io::stderr(), "{}", escape(message));
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

/// Whether the error is a reader that closed its end of the pipe.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// One value, for people: every control character, line break and bidirectional control is written out, so that the value
/// stays on its line. A tab stays.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_control(character) || character == '\n') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            other => push_visible(&mut out, other),
        }
    }
    Cow::Owned(out)
}

/// A whole text, for people: line breaks stay, and colours (`ESC [ … m`) where `colored`; every other control character is
/// written out.
fn visible(text: &str, colored: bool) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let colour = if colored { colour_length(rest) } else { 0 };
        let length = colour.max(character.len_utf8());
        let (here, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if colour > 0 {
            out.push_str(here)
        } else {
            push_visible(&mut out, character)
        }
        rest = behind;
    }
    Cow::Owned(out)
}

/// The bytes of the colour sequence (SGR of ECMA-48) that a text begins with; 0 where it begins with none.
fn colour_length(text: &str) -> usize {
    let Some(parameters) = text.strip_prefix("\u{1b}[") else { return 0 };
    match parameters.find(|character: char| !(character.is_ascii_digit() || character == ';')) {
        Some(end) if parameters.get(end..).is_some_and(|rest| rest.starts_with('m')) => end + 3,
        _ => 0,
    }
}

fn push_visible(out: &mut String, character: char) {
    match character {
        '\r' => out.push_str("\\r"),
        control if is_control(control) => out.extend(control.escape_unicode()),
        other => out.push(other),
    }
}

/// Whether a terminal acts on the character instead of showing it: C0 and C1 without tab and line feed, DEL, the line and
/// paragraph separators, and the bidirectional controls of Unicode (UAX #9).
fn is_control(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        other => other.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, visible};

    #[test]
    fn a_value_stays_on_its_line_and_moves_nothing() {
        assert_eq!(escape("cart"), "cart");
        assert_eq!(escape("w\u{1b}[31m\u{1b}]0;pwned\u{7}eb"), "w\\u{1b}[31m\\u{1b}]0;pwned\\u{7}eb");
        assert_eq!(escape("p\n✓ https://a reaches everything"), "p\\n✓ https://a reaches everything");
        assert_eq!(escape("a\n::error file=x::pwned.yaml"), "a\\n::error file=x::pwned.yaml");
        assert_eq!(
            escape("a\u{202e}b\r\u{1b}[2K\u{9b}\u{7f}\u{2028}"),
            "a\\u{202e}b\\r\\u{1b}[2K\\u{9b}\\u{7f}\\u{2028}"
        );
    }

    #[test]
    fn a_text_keeps_its_lines_and_its_own_colours() {
        assert_eq!(visible("a\tb\n", false), "a\tb\n");
        assert_eq!(visible("\u{1b}[1;31merror\u{1b}[0m\n", true), "\u{1b}[1;31merror\u{1b}[0m\n");
        assert_eq!(visible("\u{1b}[1;31merror\n", false), "\\u{1b}[1;31merror\n");
        assert_eq!(visible("\u{1b}[2K\u{1b}]0;é\u{7}\u{202e}", true), "\\u{1b}[2K\\u{1b}]0;é\\u{7}\\u{202e}");
    }
}
