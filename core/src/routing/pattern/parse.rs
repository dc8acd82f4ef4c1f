//! Reads a regular expression and lays out its steps.

use super::{Bytes, MAX_INSTRUCTIONS, Pattern, Step};

/// Nesting of groups beyond this is refused.
const MAX_DEPTH: usize = 100;

/// The highest bound of a repetition, as in PCRE and RE2.
const MAX_REPEAT: usize = 1000;

enum Tree {
    Empty,
    Set(Bytes),
    Start,
    End,
    Boundary(bool),
    Group(usize, Box<Tree>),
    Repeat { inner: Box<Tree>, least: usize, most: Option<usize>, greedy: bool },
    Sequence(Vec<Tree>),
    Either(Vec<Tree>),
}

/// Compiles a pattern.
pub(super) fn compile(source: &str, ignore_case: bool) -> Result<Pattern, String> {
    let mut parser = Parser { text: source.as_bytes(), at: 0, groups: 1, ignore_case, depth: 0 };
    let tree = parser.alternatives()?;
    if parser.at < parser.text.len() {
        return Err("`)` without `(`".to_owned());
    }
    let mut program = vec![Step::Save(0)];
    emit(&tree, &mut program)?;
    program.push(Step::Save(1));
    program.push(Step::Match);
    Ok(Pattern { program, groups: parser.groups })
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    groups: usize,
    ignore_case: bool,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, wanted: &[u8]) -> bool {
        let found = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(wanted));
        if found {
            self.at += wanted.len();
        }
        found
    }

    fn alternatives(&mut self) -> Result<Tree, String> {
        let mut all = vec![self.sequence()?];
        while self.take(b"|") {
            all.push(self.sequence()?);
        }
        Ok(if all.len() == 1 { all.pop().unwrap_or(Tree::Empty) } else { Tree::Either(all) })
    }

    fn sequence(&mut self) -> Result<Tree, String> {
        let mut all = Vec::new();
        while let Some(byte) = self.peek() {
            if byte == b'|' || byte == b')' {
                break;
            }
            let atom = self.atom()?;
            all.push(self.repeated(atom)?);
        }
        Ok(Tree::Sequence(all))
    }

    fn atom(&mut self) -> Result<Tree, String> {
        let byte = self.peek().ok_or("the pattern ends early")?;
        self.at += 1;
        match byte {
            b'.' => Ok(Tree::Set(set_of(|byte| byte != b'\n'))),
            b'^' => Ok(Tree::Start),
            b'$' => Ok(Tree::End),
            b'(' => self.group(),
            b'[' => self.class(),
            b'\\' => self.escape(),
            b'*' | b'+' | b'?' => Err(format!("nothing stands before `{}`", char::from(byte))),
            other => Ok(Tree::Set(self.literal(other))),
        }
    }

    fn literal(&self, byte: u8) -> Bytes {
        let mut set = Bytes::default();
        set.add(byte);
        if self.ignore_case {
            set.add(byte.to_ascii_lowercase());
            set.add(byte.to_ascii_uppercase());
        }
        set
    }

    fn group(&mut self) -> Result<Tree, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("groups nest deeper than {MAX_DEPTH}"));
        }
        let outer_case = self.ignore_case;
        let tree = if self.take(b"?i)") {
            // The flag holds to the end of the group around it.
            self.ignore_case = true;
            self.depth -= 1;
            return Ok(Tree::Empty);
        } else if self.take(b"?:") {
            self.alternatives()?
        } else if self.take(b"?i:") {
            self.ignore_case = true;
            self.alternatives()?
        } else if self.take(b"?<") || self.take(b"?P<") {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let name = rest.iter().position(|byte| *byte == b'>').ok_or("the name of a group does not end")?;
            if name == 0 || !rest.iter().take(name).all(|byte| super::is_word(*byte)) {
                return Err("look-behind is not supported".to_owned());
            }
            self.at += name + 1;
            self.captured()?
        } else if self.peek() == Some(b'?') {
            return Err("look-around and flags other than `i` are not supported".to_owned());
        } else {
            self.captured()?
        };
        self.ignore_case = outer_case;
        if !self.take(b")") {
            return Err("`(` without `)`".to_owned());
        }
        self.depth -= 1;
        Ok(tree)
    }

    fn captured(&mut self) -> Result<Tree, String> {
        let group = self.groups;
        self.groups += 1;
        Ok(Tree::Group(group, Box::new(self.alternatives()?)))
    }

    fn escape(&mut self) -> Result<Tree, String> {
        let byte = self.peek().ok_or("the pattern ends with `\\`")?;
        self.at += 1;
        match byte {
            b'b' => Ok(Tree::Boundary(true)),
            b'B' => Ok(Tree::Boundary(false)),
            b'A' => Ok(Tree::Start),
            b'z' => Ok(Tree::End),
            b'1'..=b'9' => Err("back references are not supported".to_owned()),
            _ => match shorthand(byte) {
                Some(set) => Ok(Tree::Set(set)),
                None => Ok(Tree::Set(self.literal(escaped(byte)?))),
            },
        }
    }

    fn class(&mut self) -> Result<Tree, String> {
        let negated = self.take(b"^");
        let mut set = Bytes::default();
        let mut first = true;
        loop {
            let byte = self.peek().ok_or("`[` without `]`")?;
            self.at += 1;
            if byte == b']' && !first {
                break;
            }
            first = false;
            if byte == b'[' && self.peek() == Some(b':') {
                let named = self.named_class()?;
                merge(&mut set, &named);
                continue;
            }
            let low = if byte == b'\\' {
                let escape = self.peek().ok_or("`[` without `]`")?;
                self.at += 1;
                if let Some(short) = shorthand(escape) {
                    merge(&mut set, &short);
                    continue;
                }
                escaped(escape)?
            } else {
                byte
            };
            let is_range = self.peek() == Some(b'-') && self.text.get(self.at + 1).is_some_and(|next| *next != b']');
            let high = if is_range {
                self.at += 1;
                let mut high = self.peek().ok_or("`[` without `]`")?;
                self.at += 1;
                if high == b'\\' {
                    high = escaped(self.peek().ok_or("`[` without `]`")?)?;
                    self.at += 1;
                }
                high
            } else {
                low
            };
            if high < low {
                return Err(format!("the range `{}-{}` is out of order", char::from(low), char::from(high)));
            }
            for byte in low..=high {
                merge(&mut set, &self.literal(byte));
            }
        }
        Ok(Tree::Set(if negated { Bytes(set.0.map(|word| !word)) } else { set }))
    }

    fn named_class(&mut self) -> Result<Bytes, String> {
        type Holds = fn(&u8) -> bool;
        let names: [(&[u8], Holds); 7] = [
            (b":alnum:]", u8::is_ascii_alphanumeric),
            (b":alpha:]", u8::is_ascii_alphabetic),
            (b":digit:]", u8::is_ascii_digit),
            (b":lower:]", u8::is_ascii_lowercase),
            (b":upper:]", u8::is_ascii_uppercase),
            (b":xdigit:]", u8::is_ascii_hexdigit),
            (b":space:]", u8::is_ascii_whitespace),
        ];
        match names.iter().find(|(name, _)| self.take(name)) {
            Some((_, holds)) => Ok(set_of(|byte| holds(&byte))),
            None => Err("an unknown class such as `[:name:]`".to_owned()),
        }
    }

    fn repeated(&mut self, atom: Tree) -> Result<Tree, String> {
        let start = self.at;
        let (least, most) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => match self.bounds() {
                Some(bounds) => bounds,
                // As in Perl, a brace that begins no repetition stands for itself.
                None => {
                    self.at = start;
                    return Ok(atom);
                }
            },
            _ => return Ok(atom),
        };
        if self.at == start {
            self.at += 1;
        }
        if most.is_some_and(|most| most < least) || least > MAX_REPEAT || most.is_some_and(|most| most > MAX_REPEAT) {
            return Err(format!("a repetition counts from low to high and to {MAX_REPEAT} at most"));
        }
        let greedy = !self.take(b"?");
        if matches!(self.peek(), Some(b'*' | b'+' | b'?')) {
            return Err("a repetition of a repetition".to_owned());
        }
        Ok(Tree::Repeat { inner: Box::new(atom), least, most, greedy })
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn bounds(&mut self) -> Option<(usize, Option<usize>)> {
        let rest = self.text.get(self.at + 1..)?;
        let end = rest.iter().position(|byte| *byte == b'}')?;
        let inside = std::str::from_utf8(rest.get(..end)?).ok()?;
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<usize>().ok()).flatten();
        let bounds = match inside.split_once(',') {
            None => (number(inside)?, Some(number(inside)?)),
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        self.at += end + 2;
        Some(bounds)
    }
}

fn set_of(holds: impl Fn(u8) -> bool) -> Bytes {
    let mut set = Bytes::default();
    (0..=255).filter(|byte| holds(*byte)).for_each(|byte| set.add(byte));
    set
}

fn merge(into: &mut Bytes, other: &Bytes) {
    for (word, more) in into.0.iter_mut().zip(other.0) {
        *word |= more;
    }
}

/// `\d`, `\w`, `\s` and their opposites.
fn shorthand(letter: u8) -> Option<Bytes> {
    let holds: fn(u8) -> bool = match letter.to_ascii_lowercase() {
        b'd' => |byte| byte.is_ascii_digit(),
        b'w' => super::is_word,
        b's' => |byte| byte.is_ascii_whitespace() || byte == 0x0b,
        _ => return None,
    };
    let opposite = letter.is_ascii_uppercase();
    Some(set_of(|byte| holds(byte) != opposite))
}

/// The byte that an escaped one stands for; a letter or digit with no known meaning is refused.
fn escaped(byte: u8) -> Result<u8, String> {
    match byte {
        b'n' => Ok(b'\n'),
        b'r' => Ok(b'\r'),
        b't' => Ok(b'\t'),
        other if other.is_ascii_alphanumeric() => Err(format!("`\\{}` is not supported", char::from(other))),
        other => Ok(other),
    }
}

fn emit(tree: &Tree, program: &mut Vec<Step>) -> Result<(), String> {
    if program.len() > MAX_INSTRUCTIONS {
        return Err(format!("the pattern becomes more than {MAX_INSTRUCTIONS} steps"));
    }
    match tree {
        Tree::Empty => {}
        Tree::Set(set) => program.push(Step::Byte(Box::new(*set))),
        Tree::Start => program.push(Step::Start),
        Tree::End => program.push(Step::End),
        Tree::Boundary(wanted) => program.push(Step::Boundary(*wanted)),
        Tree::Group(group, inner) => {
            program.push(Step::Save(group * 2));
            emit(inner, program)?;
            program.push(Step::Save(group * 2 + 1));
        }
        Tree::Sequence(all) => all.iter().try_for_each(|tree| emit(tree, program))?,
        Tree::Either(all) => emit_either(all, program)?,
        Tree::Repeat { inner, least, most, greedy } => emit_repeat(inner, *least, *most, *greedy, program)?,
    }
    Ok(())
}

fn emit_either(all: &[Tree], program: &mut Vec<Step>) -> Result<(), String> {
    let mut exits = Vec::new();
    for (position, tree) in all.iter().enumerate() {
        if position + 1 == all.len() {
            emit(tree, program)?;
        } else {
            let fork = program.len();
            program.push(Step::Match);
            emit(tree, program)?;
            exits.push(program.len());
            program.push(Step::Match);
            let past = program.len();
            set(program, fork, Step::Fork(fork + 1, past));
        }
    }
    let past = program.len();
    for exit in exits {
        set(program, exit, Step::Jump(past));
    }
    Ok(())
}

fn emit_repeat(
    inner: &Tree,
    least: usize,
    most: Option<usize>,
    greedy: bool,
    program: &mut Vec<Step>,
) -> Result<(), String> {
    let fork = |into: usize, past: usize| if greedy { Step::Fork(into, past) } else { Step::Fork(past, into) };
    for _ in 0..least {
        emit(inner, program)?;
    }
    match most {
        None => {
            let start = program.len();
            program.push(Step::Match);
            emit(inner, program)?;
            program.push(Step::Jump(start));
            let past = program.len();
            set(program, start, fork(start + 1, past));
        }
        Some(most) => {
            let mut starts = Vec::new();
            for _ in least..most {
                starts.push(program.len());
                program.push(Step::Match);
                emit(inner, program)?;
            }
            let past = program.len();
            for start in starts {
                set(program, start, fork(start + 1, past));
            }
        }
    }
    Ok(())
}

fn set(program: &mut [Step], place: usize, step: Step) {
    if let Some(slot) = program.get_mut(place) {
        *slot = step;
    }
}
