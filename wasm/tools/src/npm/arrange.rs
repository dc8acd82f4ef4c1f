//! A module comes in, the same module with its functions in an order that compresses well goes out. `gzip` looks back 32 KiB, so
//! similar functions must be neighbours. Identical functions are kept once. Nothing else changes.

#![expect(clippy::indexing_slicing, reason = "places are positions in the same lists, and a build may stop")]

use std::collections::HashMap;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    BinaryReader, CodeSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser, Payload, TypeRef,
};

/// How many bytes are compared at a time. Shorter common parts save nothing.
const WINDOW: usize = 6;
/// A piece that is in more functions than this says nothing about likeness.
const COMMON: usize = 200;
/// How many of the last functions the next one is compared with.
const BACK: usize = 12;
/// How many functions come first because they are called most: their indices take one byte. The other one-byte indices, up to
/// 128, are worth more to similar functions.
const FIRST: usize = 60;

/// The module with its functions in another order.
///
/// # Errors
/// The bytes are not a module.
pub(super) fn arrange(module: &[u8]) -> Result<Vec<u8>, anyhow::Error> {
    let mut module = module.to_vec();
    // Callers of functions that became one may be identical now.
    loop {
        let order = once(&functions(&module)?.bodies);
        let before = module.len();
        module = rewrite(&module, &order)?;
        if module.len() == before {
            break;
        }
    }
    let functions = functions(&module)?;
    let order = by_likeness(&functions.bodies, &most_called(&functions)?);
    rewrite(&module, &order)
}

/// The functions of a module: the number of imported ones, and the defined ones, each with its type.
struct Functions {
    imported: u32,
    bodies: Vec<(u32, Vec<u8>)>,
}

fn functions(module: &[u8]) -> Result<Functions, anyhow::Error> {
    let (mut imported, mut types, mut bodies) = (0, Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => types = section.into_iter().collect::<Result<_, _>>()?,
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().to_vec()),
            _ => {}
        }
    }
    Ok(Functions { imported, bodies: types.into_iter().zip(bodies).collect() })
}

/// An order of functions: the ones that are kept, and for each function of the module the place of the one that replaces it.
struct Order {
    kept: Vec<usize>,
    places: Vec<usize>,
}

/// The functions in their order, identical ones once.
fn once(bodies: &[(u32, Vec<u8>)]) -> Order {
    let (mut kept, mut known) = (Vec::new(), HashMap::new());
    let place = |(at, body)| {
        *known.entry(body).or_insert_with(|| {
            kept.push(at);
            kept.len() - 1
        })
    };
    let places = bodies.iter().enumerate().map(place).collect();
    Order { kept, places }
}

/// The functions that are called in most places.
fn most_called(functions: &Functions) -> Result<Vec<usize>, anyhow::Error> {
    let mut calls = vec![0_usize; functions.bodies.len()];
    for (_, body) in &functions.bodies {
        for operator in FunctionBody::new(BinaryReader::new(body, 0)).get_operators_reader()? {
            if let Operator::Call { function_index } = operator?
                && let Some(at) = function_index.checked_sub(functions.imported)
            {
                calls[at as usize] += 1;
            }
        }
    }
    let mut most: Vec<usize> = (0..calls.len()).collect();
    most.sort_by_key(|at| std::cmp::Reverse(calls[*at]));
    most.truncate(FIRST);
    Ok(most)
}

/// Some functions first, then the others one by one: each time the one that has most in common with the last few.
fn by_likeness(bodies: &[(u32, Vec<u8>)], first: &[usize]) -> Order {
    let mut pieces: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (at, (_, body)) in bodies.iter().enumerate() {
        for piece in body.windows(WINDOW) {
            let holders = pieces.entry(piece).or_default();
            if holders.len() <= COMMON && holders.last() != Some(&at) {
                holders.push(at);
            }
        }
    }
    let mut of_function: Vec<Vec<&[usize]>> = vec![Vec::new(); bodies.len()];
    for holders in pieces.values().filter(|holders| (2..=COMMON).contains(&holders.len())) {
        for at in holders {
            of_function[*at].push(holders);
        }
    }
    let mut longest: Vec<usize> = (0..bodies.len()).collect();
    longest.sort_by_key(|at| (bodies[*at].1.len(), *at));
    let mut places = vec![None; bodies.len()];
    let mut kept: Vec<usize> = Vec::new();
    let mut common = vec![0_u32; bodies.len()];
    let mut touched: Vec<usize> = Vec::new();
    for at in first {
        places[*at] = Some(kept.len());
        kept.push(*at);
    }
    while kept.len() < bodies.len() {
        for last in kept.iter().rev().take(BACK) {
            for at in of_function[*last].iter().copied().flatten().filter(|at| places[**at].is_none()) {
                if common[*at] == 0 {
                    touched.push(*at);
                }
                common[*at] += 1;
            }
        }
        // What is in common, of all there is to write.
        let share = |at: &usize| u64::from(common[*at]) * 1_000_000 / (bodies[*at].1.len() as u64 + 20);
        let next = touched.iter().copied().max_by_key(|at| (share(at), *at));
        touched.drain(..).for_each(|at| common[at] = 0);
        let next = next.or_else(|| std::iter::from_fn(|| longest.pop()).find(|at| places[*at].is_none()));
        let Some(next) = next else { break };
        places[next] = Some(kept.len());
        kept.push(next);
    }
    Order { kept, places: places.into_iter().flatten().collect() }
}

fn rewrite(module: &[u8], order: &Order) -> Result<Vec<u8>, anyhow::Error> {
    let mut rewriting = Rewriting { imported: functions(module)?.imported, order };
    let mut out = Module::new();
    let done = rewriting.parse_core_module(&mut out, Parser::new(0), module);
    done.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(out.finish())
}

/// Writes a module again in an order of its functions.
struct Rewriting<'o> {
    imported: u32,
    order: &'o Order,
}

impl Reencode for Rewriting<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Self::Error>> {
        let place = function.checked_sub(self.imported).and_then(|at| self.order.places.get(at as usize));
        Ok(place.map_or(function, |place| self.imported + u32::try_from(*place).unwrap_or(u32::MAX)))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for at in &self.order.kept {
            functions.function(types[*at]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let bodies = section.into_iter().collect::<Result<Vec<_>, _>>()?;
        for at in &self.order.kept {
            utils::parse_function_body(self, code, bodies[*at].clone())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Functions of one parameter and one result each: `add` adds its number, or calls the function of that index.
    fn module(bodies: &[&str]) -> Vec<u8> {
        use wasm_encoder::{ExportKind, ExportSection, Function, ImportSection, TypeSection, ValType};
        let (mut types, mut imports, mut exports) = (TypeSection::new(), ImportSection::new(), ExportSection::new());
        types.ty().function([ValType::I32], [ValType::I32]);
        imports.import("outside", "f", wasm_encoder::EntityType::Function(0));
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        for (at, body) in bodies.iter().enumerate() {
            functions.function(0);
            exports.export(&format!("e{at}"), ExportKind::Func, u32::try_from(at).unwrap() + 1);
            let mut function = Function::new([]);
            for word in body.split(' ') {
                let (what, number) = word.split_once(':').unwrap();
                function.instructions().local_get(0);
                match what {
                    "add" => function.instructions().i32_const(number.parse().unwrap()).i32_add(),
                    _ => function.instructions().call(number.parse().unwrap()),
                };
                function.instructions().local_set(0);
            }
            function.instructions().local_get(0).end();
            code.function(&function);
        }
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// The instructions of an exported function, with the bodies of the functions it calls in place of the calls.
    fn said(functions: &Functions, index: u32) -> String {
        let Some(at) = index.checked_sub(functions.imported) else { return format!("outside {index};") };
        let body = FunctionBody::new(BinaryReader::new(&functions.bodies[at as usize].1, 0));
        let operators = body.get_operators_reader().unwrap().into_iter().map(|operator| match operator.unwrap() {
            Operator::Call { function_index } => format!("({})", said(functions, function_index)),
            other => format!("{other:?};"),
        });
        operators.collect()
    }

    fn exports(module: &[u8]) -> HashMap<String, String> {
        let functions = functions(module).unwrap();
        let mut found = HashMap::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::ExportSection(section) = payload.unwrap() {
                for export in section.into_iter().map(Result::unwrap) {
                    found.insert(export.name.to_owned(), said(&functions, export.index));
                }
            }
        }
        found
    }

    #[test]
    fn every_export_does_the_same_and_no_function_is_there_twice() {
        // The fourth and the fifth are alike once the functions that they call are one.
        let before = module(&[
            "add:1 add:2 add:3 add:4",
            "add:500 call:1",
            "add:1 add:2 add:3 add:4",
            "call:1 call:0",
            "call:3 call:0",
            "add:1 add:2 add:3 add:5",
        ]);
        let after = arrange(&before).unwrap();
        assert_eq!(exports(&after), exports(&before));
        let bodies = |module: &[u8]| functions(module).unwrap().bodies.len();
        assert_eq!((bodies(&before), bodies(&after)), (6, 4));
        assert_eq!(arrange(&before).unwrap(), after);
    }
}
