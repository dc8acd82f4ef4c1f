//! A client that sends the bytes of a request unchanged and parses the response.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub struct Response {
    /// The HTTP code.
    pub code: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Response {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|it| it.1)
    }
}

/// Sends a `GET` on a connection of its own.
///
/// # Errors
/// The connection failed, or what came back is no response.
pub fn get(port: u16, host: &str, target: &str, headers: &[(&str, &str)]) -> Result<Response, String> {
    let fail = |error: std::io::Error| format!("{host}{target}: {error}");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(fail)?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).map_err(fail)?;
    let mut request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(fail)?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    // Proxies take their time to close a connection, so the end is where the length says.
    while !is_whole(&bytes) {
        match stream.read(&mut chunk).map_err(fail)? {
            0 => break,
            length => bytes.extend(chunk.iter().take(length)),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| format!("{host}{target}: no response: {text}"))?;
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| format!("no code: {head}"))?;
    Ok(Response { code, head: head.to_owned(), body: body.to_owned() })
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let lengths = head.lines().filter_map(|line| line.split_once(": "));
    let length =
        lengths.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).find_map(|(_, it)| it.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
