//! A module comes in, its size in bytes goes out: as a whole, compressed, by section, by crate and by function. Crates and
//! functions are known where the module still has its names, as Cargo makes it.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// How many crates and functions are shown.
const SHOWN: usize = 20;

/// The size of a module and of its parts, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The whole module.
    pub whole: usize,
    /// The module compressed by gzip at the best level.
    pub gzipped: usize,
    /// Each section by name, in the order of the module.
    pub sections: Vec<(String, usize)>,
    /// The bodies of the functions of each crate, largest first.
    pub crates: Vec<(String, usize)>,
    /// The body of each function, largest first; a function without a name is called by its index.
    pub functions: Vec<(String, usize)>,
}

impl Sizes {
    /// The sizes of a module.
    ///
    /// # Errors
    /// The bytes are not a WebAssembly module.
    pub fn of(module: &[u8]) -> Result<Sizes, anyhow::Error> {
        let mut sizes = Sizes { whole: module.len(), gzipped: gzipped(module)?, ..Sizes::default() };
        let (mut imported, mut bodies, mut names) = (0_u32, Vec::new(), BTreeMap::new());
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            if let Some((id, range)) = payload.as_section() {
                sizes.sections.push((section_name(id, &payload), range.len()));
            }
            match payload {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().len()),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(subsections) = section.as_known() {
                        for subsection in subsections {
                            let Name::Function(functions) = subsection? else { continue };
                            for naming in functions {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let mut crates: BTreeMap<String, usize> = BTreeMap::new();
        for (index, size) in (imported..).zip(bodies) {
            let name = names.remove(&index);
            *crates.entry(name.as_deref().map_or("(no name)", crate_of).to_owned()).or_default() += size;
            sizes.functions.push((name.unwrap_or_else(|| format!("function {index}")), size));
        }
        sizes.crates = crates.into_iter().collect();
        for list in [&mut sizes.crates, &mut sizes.functions] {
            list.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        }
        Ok(sizes)
    }
}

fn gzipped(bytes: &[u8]) -> Result<usize, anyhow::Error> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The crate in the path of a function: `portolan` of `<portolan::api::Pod as core::fmt::Debug>::fmt`.
fn crate_of(name: &str) -> &str {
    let path = name.trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let end = path.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(path.len());
    match path.split_at(end) {
        (name, rest) if rest.starts_with("::") || rest.starts_with('[') => name,
        _ => "(no crate)",
    }
}

/// The name of a section (Core Specification 2.0, 5.5.2).
fn section_name(id: u8, payload: &Payload<'_>) -> String {
    const NAMES: [&str; 14] = [
        "custom",
        "type",
        "import",
        "function",
        "table",
        "memory",
        "global",
        "export",
        "start",
        "element",
        "code",
        "data",
        "data count",
        "tag",
    ];
    match payload {
        Payload::CustomSection(section) => format!("custom {}", section.name()),
        _ => NAMES.get(usize::from(id)).map_or_else(|| format!("section {id}"), |name| (*name).to_owned()),
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10}  whole\n{:>10}  gzipped", self.whole, self.gzipped)?;
        let lists = [("sections", &self.sections), ("crates", &self.crates), ("functions", &self.functions)];
        for (title, list) in lists {
            writeln!(f, "\n{title}")?;
            for (name, size) in list.iter().take(SHOWN) {
                writeln!(f, "{size:>10}  {name}")?;
            }
            if list.len() > SHOWN {
                let rest: usize = list.iter().skip(SHOWN).map(|(_, size)| size).sum();
                writeln!(f, "{rest:>10}  {} others", list.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{CodeSection, Function, FunctionSection, Module, NameMap, NameSection, TypeSection};

    #[test]
    fn functions_are_counted_by_name_and_crate() {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([], []);
        for length in [1, 10, 20] {
            functions.function(0);
            let mut function = Function::new([]);
            (0..length).for_each(|_| {
                function.instructions().nop();
            });
            function.instructions().end();
            code.function(&function);
        }
        let (mut names, mut named) = (NameSection::new(), NameMap::new());
        named.append(0, "malloc");
        named.append(1, "<portolan::api::Pod as core::fmt::Debug>::fmt");
        named.append(2, "portolan::ask::answer");
        names.functions(&named);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code).section(&names);
        let module = module.finish();
        let sizes = Sizes::of(&module).unwrap();
        // A body has its number of locals, its instructions, and the end.
        let expected =
            [("portolan::ask::answer", 22), ("<portolan::api::Pod as core::fmt::Debug>::fmt", 12), ("malloc", 3)];
        assert_eq!(sizes.functions, expected.map(|(name, size)| (name.to_owned(), size)));
        assert_eq!(sizes.crates, [("portolan".to_owned(), 34), ("(no crate)".to_owned(), 3)]);
        assert_eq!(sizes.whole, module.len());
        assert!(sizes.sections.iter().any(|(name, _)| name == "custom name"));
        assert!(sizes.to_string().contains("        22  portolan::ask::answer\n"), "{sizes}");
        assert!(Sizes::of(b"\x7fELF").is_err());
    }

    #[test]
    fn the_crate_is_the_first_name_of_the_path() {
        assert_eq!(crate_of("&mut portolan_base::json::Json"), "(no crate)");
        assert_eq!(crate_of("core::fmt::write"), "core");
        assert_eq!(crate_of("<&alloc::string::String as core::fmt::Debug>::fmt"), "alloc");
        assert_eq!(crate_of("memcpy"), "(no crate)");
    }
}
