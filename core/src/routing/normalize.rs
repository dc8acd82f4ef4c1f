//! How proxies rewrite a path before they match it.

use std::borrow::Cow;

/// Envoy's `normalize_path` and `merge_slashes`, as Contour sets them (Envoy 1.40: `PathCanonicalizer`, which is
/// Chromium's `CanonicalizePath`, then `mergeSlashes`).
///
/// `\` is a slash; escapes of letters, digits, `-`, `.`, `_` and `~` are decoded, all others stay as written; segments
/// `.` and `..` are resolved, also escaped ones and those with parameters behind a `;`; characters that do not belong
/// into a path are escaped; at last, slashes that follow each other become one. A path of slashes alone becomes `//`.
pub fn envoy(path: &str) -> Cow<'_, str> {
    if is_plain(path, kind::ESCAPE | kind::ENVOY) {
        return Cow::Borrowed(path);
    }
    let canonical = envoy_canonical(path);
    Cow::Owned(envoy_merge_slashes(&canonical))
}

/// What a byte of a path is to the quick looks below, as bits.
mod kind {
    pub(super) const SLASH: u8 = 1;
    /// What begins a segment that may be resolved, or makes it an empty one.
    pub(super) const RESOLVED: u8 = 2;
    pub(super) const ESCAPE: u8 = 4;
    /// What Envoy escapes, or reads as a slash.
    pub(super) const ENVOY: u8 = 8;
}

const KINDS: [u8; 256] = kinds();

#[expect(clippy::indexing_slicing, reason = "a constant: it cannot be compiled if it is wrong")]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte <= 255 {
        kinds[byte as usize] = match byte as u8 {
            b'/' => kind::SLASH | kind::RESOLVED,
            b'.' => kind::RESOLVED,
            b'%' => kind::ESCAPE,
            other if other == b'\\' || must_escape(other) => kind::ENVOY,
            _ => 0,
        };
        byte += 1;
    }
    kinds
}

/// Whether no byte of the path is of those kinds, and no segment begins with a dot or is empty: a quick look at most paths,
/// which are plain.
fn is_plain(path: &str, kinds: u8) -> bool {
    let (mut seen, mut before) = (0, 0);
    for byte in path.bytes() {
        let kind = KINDS.get(usize::from(byte)).copied().unwrap_or_default();
        // A slash is one bit below what may follow it.
        seen |= kind & kinds | (before << 1) & kind & kind::RESOLVED;
        before = kind & kind::SLASH;
    }
    seen == 0
}

const fn must_escape(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f || matches!(byte, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn envoy_canonical(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    // Each turn reads one slash and the segment behind it.
    while let Some(slash) = rest.bytes().next() {
        let behind = if matches!(slash, b'/' | b'\\') { rest.get(1..).unwrap_or_default() } else { rest };
        let end = portolan_base::text::find(behind, b"/\\").unwrap_or(behind.len());
        let (segment, after) = behind.split_at(end);
        rest = after;
        if out.is_empty() {
            out.push('/');
        }
        let decoded = envoy_decode(segment);
        let raw = segment.split_once(';').map_or("", |(name, _)| name);
        let dots = if matches!(raw, "." | "..") { raw } else { decoded.as_str() };
        match dots {
            "." => {}
            ".." => {
                // Back to behind the slash before the last one.
                let parent = out.strip_suffix('/').and_then(|inside| inside.rfind('/')).map_or(1, |at| at + 1);
                out.truncate(parent);
            }
            _ => {
                out.push_str(&decoded);
                if !after.is_empty() {
                    out.push('/');
                }
            }
        }
    }
    out
}

fn envoy_decode(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    let bytes = segment.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        if byte == b'%' {
            match hex_pair(bytes.get(at..)) {
                Some(value) if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') => {
                    out.push(char::from(value));
                    at += 2;
                }
                _ => out.push('%'),
            }
        } else if must_escape(byte) {
            push_escape(&mut out, byte);
        } else {
            out.push(char::from(byte));
        }
    }
    out
}

fn push_escape(out: &mut String, byte: u8) {
    out.push('%');
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
    }
}

fn envoy_merge_slashes(path: &str) -> String {
    if !path.contains("//") {
        return path.to_owned();
    }
    let mut out = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        out.push('/');
        out.push_str(segment);
    }
    if out.is_empty() {
        out.push('/');
    }
    if path.ends_with('/') {
        out.push('/');
    }
    out
}

/// nginx's `ngx_http_parse_complex_uri` with `merge_slashes on`, its default: every escape is decoded, segments `.` and
/// `..` are resolved, slashes that follow each other become one. `None` where nginx answers 400: an escape that is none,
/// a NUL, or `..` above the root.
pub fn nginx(path: &str) -> Option<Cow<'_, str>> {
    let bytes = path.as_bytes();
    if is_plain(path, kind::ESCAPE) {
        return Some(Cow::Borrowed(path));
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at += 1;
        let byte = if byte == b'%' {
            at += 2;
            hex_pair(bytes.get(at - 2..)).filter(|value| *value != 0)?
        } else {
            byte
        };
        decoded.push(byte);
    }
    let decoded = String::from_utf8_lossy(&decoded).into_owned();
    let mut out = String::with_capacity(decoded.len());
    let mut segments = decoded.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | "" if !last => {}
            "." | "" => out.push('/'),
            ".." => {
                let parent = out.rfind('/')?;
                out.truncate(parent);
                if last {
                    out.push('/');
                }
            }
            _ => {
                out.push('/');
                out.push_str(segment);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    Some(Cow::Owned(out))
}

fn hex_pair(bytes: Option<&[u8]>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match bytes? {
        [high, low, ..] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    /// Recorded from Envoy 1.40.0 with `normalize_path` and `merge_slashes`.
    #[test]
    fn envoy_paths_become_what_envoy_made_of_them() {
        let cases = [
            ("/foo//bar", "/foo/bar"),
            ("/a/../foo", "/foo"),
            ("/%66oo", "/foo"),
            ("/foo%2Fbar", "/foo%2Fbar"),
            ("/foo%2fbar", "/foo%2fbar"),
            ("/foo%5cbar", "/foo%5cbar"),
            ("/foo\\bar", "/foo/bar"),
            ("/foo/%2e%2e/a", "/a"),
            ("/foo/.%2E/a", "/a"),
            ("/a//../b", "/a/b"),
            ("/a/./b/.", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/..", "/"),
            ("/../..//x", "/x"),
            ("/%zz", "/%zz"),
            ("/%", "/%"),
            ("/a%2", "/a%2"),
            ("/%7e%2D%5f%2e", "/~-_."),
            ("/a..b/...", "/a..b/..."),
            ("/!$&'()*+,;=:@[]^`{|}~\"<>", "/!$&'()*+,;=:@[]%5E%60%7B%7C%7D~%22%3C%3E"),
            ("/%21%24%26%3b", "/%21%24%26%3b"),
            ("/%C3%A9", "/%C3%A9"),
            ("/%252e%252e/x", "/%252e%252e/x"),
            ("/foo/../", "/"),
            ("/./", "/"),
            ("/.", "/"),
            ("//", "//"),
            ("///", "//"),
            ("///a//", "/a/"),
            ("/a/%2E/b", "/a/b"),
            ("/a/b/%2e", "/a/b/"),
            ("/%41%7A%30", "/Az0"),
            ("/a/.;/b", "/a/b"),
            ("/a/..;x=1/b", "/b"),
            ("/a/.;x", "/a/"),
            ("/a/..;", "/"),
            ("/a/%2e%2e;/b", "/a/..;/b"),
            ("/a/b;x/c", "/a/b;x/c"),
            ("/a/...;/b", "/a/...;/b"),
            ("/a/..%3b/b", "/a/..%3b/b"),
            ("/a/x;/../b", "/a/b"),
            ("/..;/..;/", "/"),
            ("/a\\..\\b", "/b"),
            ("//a/../b", "/b"),
            ("/a///../b", "/a/b"),
            ("/foo", "/foo"),
            ("/foo.html/x", "/foo.html/x"),
        ];
        for (path, expected) in cases {
            assert_eq!(super::envoy(path), expected, "{path}");
        }
    }

    #[test]
    fn nginx_paths_are_decoded_and_resolved() {
        let cases = [
            ("/foo%2Fbar", Some("/foo/bar")),
            ("/a//b", Some("/a/b")),
            ("/a/./b", Some("/a/b")),
            ("/a/../b/..", Some("/")),
            ("/a/b/..", Some("/a/")),
            ("/%2e%2e/x", None),
            ("/..", None),
            ("/%zz", None),
            ("/%00", None),
            ("//", Some("/")),
            ("/a//", Some("/a/")),
            ("/a/.", Some("/a/")),
            ("/.well-known/x", Some("/.well-known/x")),
        ];
        for (path, expected) in cases {
            assert_eq!(super::nginx(path).as_deref(), expected, "{path}");
        }
    }
}
