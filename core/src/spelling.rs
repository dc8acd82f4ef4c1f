//! Words that were surely meant: the known one that is nearest to a misspelt one.

/// The known word that a misspelt one is nearest to: it differs in at most a third of the letters, and no other known word
/// is as near. Letter case counts for nothing.
///
/// ```
/// let ports = ["http", "https", "metrics"];
/// assert_eq!(portolan::spelling::nearest("metrisc", &mut ports.into_iter()), Some("metrics"));
/// assert_eq!(portolan::spelling::nearest("grpc", &mut ports.into_iter()), None);
/// ```
pub fn nearest<'w>(wrong: &str, known: &mut dyn Iterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (wrong.chars().count() / 3).max(1);
    let mut best: Option<(usize, &'w str)> = None;
    let mut tied = false;
    for word in known {
        let length = word.len().abs_diff(wrong.len());
        if length > limit.saturating_mul(4) || best.is_some_and(|(_, known)| known == word) {
            continue;
        }
        let far = distance(wrong, word);
        match best {
            Some((nearest, _)) if far > nearest => {}
            Some((nearest, _)) if far == nearest => tied = true,
            _ => {
                tied = false;
                best = Some((far, word));
            }
        }
    }
    best.filter(|(far, _)| *far <= limit && !tied).map(|(_, word)| word)
}

/// How many letters have to be put in, taken out, changed or swapped with their neighbour to make one word of the other,
/// letter case aside (Damerau and Levenshtein, in the form in which no letter is touched twice).
pub fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.to_ascii_lowercase().chars().collect();
    let other: Vec<char> = other.to_ascii_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, known) in other.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let change = cell(&row, column) + usize::from(known != letter);
            let mut least = change.min(cell(&row, column + 1) + 1).min(cell(&next, column) + 1);
            let swapped = line > 0
                && column > 0
                && one.get(line - 1) == Some(known)
                && column.checked_sub(1).and_then(|at| other.get(at)) == Some(letter);
            if swapped {
                least = least.min(cell(&before, column - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        assert_eq!((distance("", "abc"), distance("port", "Ports"), distance("kitten", "sitting")), (3, 1, 3));
        assert_eq!((distance("wbe", "web"), distance("abc", ""), distance("ca", "abc")), (1, 3, 3));
    }

    #[test]
    fn a_word_between_two_is_nobodys() {
        assert_eq!(nearest("hat", &mut ["cat", "bat"].into_iter()), None);
        assert_eq!(nearest("hat", &mut ["cat", "cat", "dog"].into_iter()), Some("cat"));
    }
}
