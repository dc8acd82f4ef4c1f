//! Variables that well-known programs read as settings: an image in, the name of a variable out.
//!
//! The kubelet sets variables of every Service of the namespace. A program that reads one of those names as its own setting
//! finds the Service's value in it.

/// Programs, by the last part of the name of their image, and the variable that each reads. A `*` at the end means that the
/// program reads every variable that begins so, and stops at one that it does not know.
const READERS: &[(&str, &str)] = &[
    ("actual-server", "ACTUAL_PORT"),
    ("authelia", "AUTHELIA_*"),
    ("gpustack", "GPUSTACK_PORT"),
    ("n8n", "N8N_PORT"),
    ("neo4j", "NEO4J_*"),
    ("vllm-openai", "VLLM_PORT"),
];

/// The variable that the program of an image is known to read; with `*` at the end, the beginning of the names that it reads.
pub fn variable_read_by(image: &str) -> Option<&'static str> {
    let program = program(image);
    READERS.iter().find(|(known, _)| *known == program).map(|(_, read)| *read)
}

/// The last part of an image's name: `name` of `registry/group/name:tag@digest`.
pub fn program(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}
