//! A file in, the texts of its documents out: apimachinery's `YAMLReader` with its `LineReader` (`pkg/util/yaml`, v0.36.3).

use portolan_base::tree::SyntaxError;
use std::borrow::Cow;

/// The text of one document, and its position in the file.
#[derive(Debug)]
pub(super) struct Chunk<'t> {
    /// The text: its lines end with `\n`, the last one too.
    pub(super) text: Cow<'t, str>,
    /// The line it begins on, from 0.
    pub(super) line: usize,
    /// The byte it begins at.
    pub(super) start: usize,
    /// The byte it ends at; the line break that Go puts behind a last line without one lies beyond.
    pub(super) end: usize,
    /// Offsets in the text before which a `\r` was taken out.
    returns: Vec<usize>,
}

impl Chunk<'_> {
    /// The offset in the file of an offset in the text.
    pub(super) fn offset(&self, offset: usize) -> usize {
        (self.start + offset + self.returns.partition_point(|at| *at < offset)).min(self.end)
    }
}

/// The size of Go's `bufio.Reader`. A last line without a line break is lost when it fills the buffer exactly.
const BUFFER: usize = 4096;

/// Cuts a stream into its documents, at the lines that begin with `---`.
#[derive(Debug)]
pub(super) struct Chunks<'t> {
    text: &'t str,
    offset: usize,
    line: usize,
    failed: bool,
}

impl<'t> Chunks<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Chunks::behind(text, 0, 0)
    }

    /// The documents behind an offset, which stands on that line (from 0).
    pub(super) fn behind(text: &'t str, offset: usize, line: usize) -> Self {
        Chunks { text, offset, line, failed: false }
    }
}

impl<'t> Iterator for Chunks<'t> {
    type Item = Result<Chunk<'t>, SyntaxError>;

    /// The next document. A separator with anything but a comment behind it ends the stream, and the document before it
    /// is lost with it.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let mut chunk =
            Collector { text: self.text, start: self.offset, end: self.offset, owned: None, returns: Vec::new() };
        let first_line = self.line;
        loop {
            let rest = self.text.get(self.offset..).unwrap_or_default();
            let (line, length) = match rest.find('\n') {
                Some(end) => (rest.get(..end).unwrap_or_default(), end + 1),
                None => (rest, rest.len()),
            };
            let complete = length > line.len();
            let is_last = rest.is_empty() || (!complete && fills_buffer(line));
            let content = if complete { line.strip_suffix('\r').unwrap_or(line) } else { line };
            let line_number = self.line;
            self.offset += length;
            self.line += 1;
            if let Some(behind) = content.strip_prefix("---") {
                let behind = behind.trim();
                if !behind.is_empty() && !behind.starts_with('#') {
                    self.failed = true;
                    let message = format!("invalid Yaml document separator: {behind}");
                    let line = u32::try_from(line_number + 1).unwrap_or(u32::MAX);
                    return Some(Err(SyntaxError { message, line, column: 4 }));
                }
                if !chunk.is_empty() || is_last {
                    self.failed = is_last;
                    return chunk.finish(first_line);
                }
            }
            if is_last {
                self.failed = true;
                return chunk.finish(first_line);
            }
            chunk.add(content, length, complete);
        }
    }
}

/// Whether Go meets the end of the text only after it has given this line away as a full buffer.
fn fills_buffer(line: &str) -> bool {
    let mut rest = line.as_bytes();
    while let Some((piece, behind)) = rest.split_at_checked(BUFFER) {
        // A `\r` at the end of the buffer is put back, in case a `\n` follows.
        rest = if piece.last() == Some(&b'\r') { rest.get(BUFFER - 1..).unwrap_or_default() } else { behind };
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// Collects the lines of one document; copies only what has to be changed.
struct Collector<'t> {
    text: &'t str,
    start: usize,
    end: usize,
    owned: Option<String>,
    returns: Vec<usize>,
}

impl<'t> Collector<'t> {
    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    fn add(&mut self, content: &str, length: usize, complete: bool) {
        let has_return = complete && content.len() + 1 < length;
        if (has_return || !complete) && self.owned.is_none() {
            self.owned = Some(self.text.get(self.start..self.end).unwrap_or_default().to_owned());
        }
        self.end += length;
        if let Some(owned) = &mut self.owned {
            owned.push_str(content);
            if has_return {
                self.returns.push(owned.len());
            }
            owned.push('\n');
        }
    }

    fn finish(self, line: usize) -> Option<Result<Chunk<'t>, SyntaxError>> {
        if self.is_empty() {
            return None;
        }
        let text = match self.owned {
            Some(owned) => Cow::Owned(owned),
            None => Cow::Borrowed(self.text.get(self.start..self.end).unwrap_or_default()),
        };
        Some(Ok(Chunk { text, line, start: self.start, end: self.end, returns: self.returns }))
    }
}

#[cfg(test)]
mod tests {
    use super::Chunks;

    fn cut(text: &str) -> Vec<String> {
        let shown = |chunk: Result<super::Chunk<'_>, super::SyntaxError>| match chunk {
            Ok(chunk) => format!("{}:{}", chunk.line, chunk.text),
            Err(error) => format!("{}: {error}", error.line),
        };
        Chunks::new(text).map(shown).collect()
    }

    #[test]
    fn a_stream_is_cut_at_its_separators() {
        assert_eq!(cut("a\n---\nb"), ["0:a\n", "2:b\n"]);
        assert_eq!(cut("---\na\n--- # c\n---\n"), ["0:---\na\n", "3:---\n"]);
        assert_eq!(cut("a\r\n--- \r\nb\r\n"), ["0:a\n", "2:b\n"]);
        assert_eq!(cut("a\n--- b\nc"), ["2: invalid Yaml document separator: b"]);
        assert_eq!(cut("a\n ---\n----\n"), ["3: invalid Yaml document separator: -"]);
        assert_eq!(cut(""), Vec::<String>::new());
        assert_eq!(cut("\n"), ["0:\n"]);
    }

    #[test]
    fn a_last_line_that_fills_gos_buffer_is_lost() {
        let line = "x".repeat(4096);
        assert_eq!(cut(&format!("a\n{line}")), ["0:a\n"]);
        assert_eq!(cut(&format!("a\n{line}\n")), [format!("0:a\n{line}\n")]);
        assert_eq!(cut(&format!("a\n{line}x")), [format!("0:a\n{line}x\n")]);
        assert_eq!(cut(&format!("a\n{}\r", "x".repeat(4095))), [format!("0:a\n{}\r\n", "x".repeat(4095))]);
    }
}
