//! Input: paths come in; the texts of files, folders and standard input go out, and what could not be read.

use portolan::load::File;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes. Manifests are text that people write or tools generate; the largest seen are
/// a few megabytes.
pub const LARGEST_FILE: u64 = 64 * MIB;

/// The most that is read together, in bytes, unless the settings say otherwise.
pub const LARGEST_INPUT: u64 = 512 * MIB;

/// A mebibyte.
pub(crate) const MIB: u64 = 1024 * 1024;

/// The texts that were read, and the problems of files that could not be read.
#[derive(Debug, Default)]
pub struct Input {
    /// The texts, in the order of the paths; within a folder by name.
    pub files: Vec<File>,
    /// Files that could not be read: each path, and why.
    pub problems: Vec<String>,
}

impl Input {
    /// Reads the given paths: a file, a folder with every regular file below it that ends in `.yaml`, `.yml` or `.json`, or
    /// `-` for standard input. A file that cannot be read is a problem, and the rest is read. `progress` gets the number
    /// of files that are read, and of all files.
    ///
    /// # Errors
    /// All files together are larger than `largest` bytes: nothing is returned, because an answer about a part of the
    /// files would be wrong.
    pub fn read(paths: &[PathBuf], largest: u64, progress: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Self> {
        let mut input = Input::default();
        let mut found = Vec::new();
        for path in paths {
            input.find(path, true, &mut found);
        }
        let count = found.len();
        let mut size = 0;
        for (number, path) in found.into_iter().enumerate() {
            progress(number, count);
            match read_one(&path) {
                Ok(text) => {
                    size += text.len() as u64;
                    anyhow::ensure!(
                        size <= largest,
                        "the files are larger than {} MiB together; check fewer files at once, or raise `max-input-mib` in {}",
                        largest / MIB,
                        crate::settings::FILE
                    );
                    input.files.push(File { name: display(&path).into(), text: text.into() });
                }
                Err(problem) => input.problems.push(format!("{}: {problem}", display(&path))),
            }
        }
        Ok(input)
    }

    fn find(&mut self, path: &Path, is_named: bool, found: &mut Vec<PathBuf>) {
        if path == Path::new("-") || !path.is_dir() {
            // A named file is read whatever its name, also a pipe. In a folder only manifests are read, and the files of
            // kustomize.
            if is_named {
                found.push(path.to_path_buf());
            } else if is_manifest(path) {
                match fs::metadata(path) {
                    // Reading a pipe or a device may never end.
                    Ok(metadata) if !metadata.is_file() => {
                        self.problems.push(format!("{}: not a regular file; skipped", display(path)));
                    }
                    _ => found.push(path.to_path_buf()),
                }
            }
            return;
        }
        let entries = fs::read_dir(path).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
        match entries {
            Ok(entries) => {
                let mut below: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
                below.sort();
                for path in below {
                    // Packages bring thousands of JSON files, and no manifests.
                    let is_hidden = path
                        .file_name()
                        .is_some_and(|name| name.to_string_lossy().starts_with('.') || name == "node_modules");
                    // A link to a folder may lead back up.
                    if !(is_hidden || path.is_symlink() && path.is_dir()) {
                        self.find(&path, false, found);
                    }
                }
            }
            Err(error) => self.problems.push(format!("{}: {error}", display(path))),
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Kustomization")
        || path.extension().is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
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
        let limit = LARGEST_FILE / MIB;
        return Err(format!("larger than {limit} MiB, which is too large for a manifest; skipped"));
    }
    decode(bytes)
}

/// Text as people save it: UTF-8, or UTF-16 with its mark.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units =
            bytes.chunks(2).map(|pair| unit([pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)]));
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| "not text: invalid UTF-16".to_owned())
    };
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return wide(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return wide(rest, u16::from_be_bytes);
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(format!("not text: a NUL byte at offset {offset}; skipped"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        format!("not text: invalid UTF-8 at byte {offset}; skipped")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_bytes() {
        assert_eq!(decode(b"a: 1".to_vec()).unwrap(), "a: 1");
        assert_eq!(decode(vec![0xFF, 0xFE, b'a', 0]).unwrap(), "a");
        assert_eq!(decode(vec![b'a', 0, b'b']).unwrap_err(), "not text: a NUL byte at offset 1; skipped");
        assert_eq!(decode(vec![b'a', 0xFF]).unwrap_err(), "not text: invalid UTF-8 at byte 1; skipped");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_in_a_folder_is_skipped_and_all_input_has_a_limit() {
        let folder = std::env::temp_dir().join(format!("portolan-input-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.yaml"), "a: 1\n").unwrap();
        // A device that never ends, as a pipe that nobody writes to.
        std::os::unix::fs::symlink("/dev/zero", folder.join("b.yaml")).unwrap();
        let input = Input::read(std::slice::from_ref(&folder), LARGEST_INPUT, &mut |_, _| {}).unwrap();
        assert_eq!(input.files.len(), 1);
        assert!(input.problems[0].ends_with("b.yaml: not a regular file; skipped"), "{:?}", input.problems);
        let refused = Input::read(std::slice::from_ref(&folder), 4, &mut |_, _| {}).unwrap_err().to_string();
        assert!(refused.contains("max-input-mib"), "{refused}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
