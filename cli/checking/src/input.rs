//! Files, folders and standard input, as text.

use portolan::load::File;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes. Manifests are text that people write or tools generate; the largest seen are
/// a few megabytes.
pub const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// What was read, and what could not be.
#[derive(Debug, Default)]
pub struct Input {
    /// The texts, in the order of the paths; within a folder by name.
    pub files: Vec<File>,
    /// What could not be read, each with its path.
    pub problems: Vec<String>,
}

impl Input {
    /// Reads what the paths name: a file, a folder with everything below it that ends in `.yaml`, `.yml` or `.json`, or
    /// `-` for standard input. What cannot be read is told of, and the rest is read.
    pub fn read(paths: &[PathBuf], progress: &mut dyn FnMut(usize, usize)) -> Self {
        let mut input = Input::default();
        let mut found = Vec::new();
        for path in paths {
            input.find(path, true, &mut found);
        }
        let count = found.len();
        for (number, path) in found.into_iter().enumerate() {
            progress(number, count);
            match read_one(&path) {
                Ok(text) => input.files.push(File { name: display(&path).into(), text: text.into() }),
                Err(problem) => input.problems.push(format!("{}: {problem}", display(&path))),
            }
        }
        input
    }

    fn find(&mut self, path: &Path, named: bool, found: &mut Vec<PathBuf>) {
        if path == Path::new("-") || !path.is_dir() {
            let is_manifest = path.file_name().is_some_and(|name| name == "Kustomization")
                || path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known));
            // A file that was named is read whatever its name; in a folder only manifests are, and what kustomize reads.
            if named || is_manifest {
                found.push(path.to_path_buf());
            }
            return;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        match entries {
            Ok(entries) => {
                let mut below: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
                below.sort();
                for path in below {
                    // Packages bring thousands of JSON files, and nobody's manifests.
                    let hidden = path
                        .file_name()
                        .is_some_and(|name| name.to_string_lossy().starts_with('.') || name == "node_modules");
                    // A link may lead back up; what it leads to is read where it stands.
                    if !(hidden || path.is_symlink() && path.is_dir()) {
                        self.find(&path, false, found);
                    }
                }
            }
            Err(error) => self.problems.push(format!("{}: {error}", display(path))),
        }
    }
}

/// How a path is shown: as it was given, standard input by its name.
fn display(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

fn read_one(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST_FILE + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| {
            let size = file.metadata().map_or(0, |metadata| metadata.len());
            if size > LARGEST_FILE {
                return Ok(usize::try_from(size).unwrap_or(usize::MAX));
            }
            file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)
        })
    };
    let size = read.map_err(|error| error.to_string())?;
    if u64::try_from(size).unwrap_or(u64::MAX) > LARGEST_FILE {
        let limit = LARGEST_FILE / (1024 * 1024);
        return Err(format!("larger than {limit} MiB, which no manifest is; it is left out"));
    }
    decode(bytes)
}

/// Text as people save it: UTF-8, or UTF-16 with its mark.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units =
            bytes.chunks(2).map(|pair| unit([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| "not text: broken UTF-16".to_owned())
    };
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return wide(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return wide(rest, u16::from_be_bytes);
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("not text: a NUL byte at offset {offset}; it is left out"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        format!("not text: no UTF-8 at byte {offset}; it is left out")
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn text_is_told_from_what_is_none() {
        assert_eq!(decode(b"a: 1".to_vec()).unwrap(), "a: 1");
        assert_eq!(decode(vec![0xFF, 0xFE, b'a', 0]).unwrap(), "a");
        assert_eq!(decode(vec![b'a', 0, b'b']).unwrap_err(), "not text: a NUL byte at offset 1; it is left out");
        assert_eq!(decode(vec![b'a', 0xFF]).unwrap_err(), "not text: no UTF-8 at byte 1; it is left out");
    }
}
