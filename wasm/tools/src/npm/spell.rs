//! A module comes in, the same module in one spelling goes out, so that functions that do the same have the same bytes and compress
//! better: locals are numbered by how often they are used, and accesses to memory carry no alignment, which is only a hint.

#![expect(clippy::indexing_slicing, reason = "places are positions in the same lists, and a build may stop")]

use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, Function, Instruction, MemArg, Module, ValType};
use wasmparser::{FunctionBody, FunctionSectionReader, Operator, Parser, Payload};

/// The module with its functions in that spelling.
///
/// # Errors
/// The bytes are not a module.
pub(super) fn spell(module: &[u8]) -> Result<Vec<u8>, anyhow::Error> {
    let mut spelling = Spelling { parameters: parameters(module)?, ..Spelling::default() };
    let mut out = Module::new();
    let done = spelling.parse_core_module(&mut out, Parser::new(0), module);
    done.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(out.finish())
}

/// How many parameters each function of the module has.
fn parameters(module: &[u8]) -> Result<Vec<usize>, anyhow::Error> {
    let mut of_type: Vec<usize> = Vec::new();
    let mut of_function = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(section) => {
                for function in section.into_iter_err_on_gc_types() {
                    of_type.push(function?.params().len());
                }
            }
            Payload::FunctionSection(section) => of_function = of(section, &of_type)?,
            _ => {}
        }
    }
    Ok(of_function)
}

fn of(section: FunctionSectionReader<'_>, of_type: &[usize]) -> Result<Vec<usize>, anyhow::Error> {
    let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
    Ok(types.into_iter().map(|index| of_type[index as usize]).collect())
}

/// Writes a module anew, one function behind the other.
#[derive(Default)]
struct Spelling {
    parameters: Vec<usize>,
    /// How many functions are written.
    written: usize,
}

impl Reencode for Spelling {
    type Error = std::convert::Infallible;

    fn mem_arg(&mut self, access: wasmparser::MemArg) -> Result<MemArg, Error<Self::Error>> {
        Ok(MemArg { offset: access.offset, align: 0, memory_index: access.memory })
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error<Self::Error>> {
        let parameters = self.parameters[self.written];
        self.written += 1;
        let mut types: Vec<ValType> = Vec::new();
        for locals in body.get_locals_reader()? {
            let (count, of_type) = locals?;
            let of_type = self.val_type(of_type)?;
            types.extend(std::iter::repeat_n(of_type, count as usize));
        }
        let mut named = vec![0_u32; parameters + types.len()];
        for operator in body.get_operators_reader()? {
            if let Operator::LocalGet { local_index }
            | Operator::LocalSet { local_index }
            | Operator::LocalTee { local_index } = operator?
            {
                named[local_index as usize] += 1;
            }
        }
        // Those of a type stay together: a function declares its locals in runs of a type.
        let of_type = |local: usize| types[local - parameters];
        let first_of_type = |local: usize| types.iter().position(|known| *known == of_type(local));
        let mut locals: Vec<usize> = (parameters..named.len()).filter(|local| named[*local] > 0).collect();
        locals.sort_by_key(|local| (first_of_type(*local), std::cmp::Reverse(named[*local])));
        let mut numbers: Vec<u32> = (0_u32..).take(named.len()).collect();
        for (number, local) in (0_u32..).skip(parameters).zip(&locals) {
            numbers[*local] = number;
        }
        let mut function = Function::new_with_locals_types(locals.into_iter().map(of_type));
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let instruction = match self.parse_instruction(&mut reader)? {
                Instruction::LocalGet(local) => Instruction::LocalGet(numbers[local as usize]),
                Instruction::LocalSet(local) => Instruction::LocalSet(numbers[local as usize]),
                Instruction::LocalTee(local) => Instruction::LocalTee(numbers[local as usize]),
                other => other,
            };
            function.instruction(&instruction);
        }
        code.function(&function);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{FunctionSection, MemorySection, MemoryType, TypeSection};

    /// Two functions: of two parameters with locals of two types, and of none with none.
    fn module() -> Vec<u8> {
        let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
        types.ty().function([ValType::I32, ValType::I32], []);
        types.ty().function([], []);
        functions.function(0).function(1);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut first = Function::new([(2, ValType::I32), (2, ValType::I64), (1, ValType::I32)]);
        let access = |offset| MemArg { offset, align: 3, memory_index: 0 };
        let mut body = first.instructions();
        body.local_get(0).i64_load(access(8)).local_set(5);
        body.local_get(1).local_tee(2).drop();
        body.local_get(0).local_set(6).local_get(6).local_get(6).drop();
        body.local_get(5).i64_store(access(16)).end();
        code.function(&first);
        let mut second = Function::new([]);
        second.instructions().end();
        code.function(&second);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&code);
        module.finish()
    }

    fn written(module: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                lines.extend(body.get_locals_reader().unwrap().into_iter().map(|run| format!("{:?}", run.unwrap())));
                lines.extend(
                    body.get_operators_reader().unwrap().into_iter().map(|said| format!("{:?}", said.unwrap())),
                );
            }
        }
        lines
    }

    #[test]
    fn locals_are_numbered_by_use_within_their_type_and_accesses_say_no_alignment() {
        let after = spell(&module()).unwrap();
        let renumbered = written(&module()).into_iter().filter_map(|line| match line.as_str() {
            "(2, I32)" | "(2, I64)" => Some(line.replace('2', if line.contains("I64") { "1" } else { "2" })),
            "(1, I32)" => None,
            _ => {
                let line = line.replace("{ align: 3", "{ align: 0").replace("local_index: 2", "local_index: new 3");
                let line = line.replace("local_index: 6", "local_index: 2").replace("local_index: 5", "local_index: 4");
                Some(line.replace("new ", ""))
            }
        });
        assert_eq!(written(&after), renumbered.collect::<Vec<_>>());
        assert_eq!(spell(&after).unwrap(), after);
    }
}
