//! Misspelt words: a word and the known words in, the one that was meant out.
//!
//! Names are compared piece by piece, as people write them: `payments-web` has the pieces `payments` and `web`. A piece may be
//! misspelt. A piece that is another word (`payments-job`, `rook-ceph-osd`, `node-2`) makes another name, however long the
//! part is that both have in common.

use portolan_base::sort::SmallSort as _;

/// The known word of which another one is a misspelling: they differ in one piece between `-`, `.`, `_`, `:` and `/`, by a
/// letter or two, or only in such a separator. None where two known words are equally near. Letter case counts for nothing.
///
/// | longer of the two pieces | may differ in |
/// |---|---|
/// | up to 3 letters | two neighbouring letters that are swapped |
/// | 4 to 7 letters | one letter, added, left out, replaced or swapped with its neighbour |
/// | 8 letters and more | two letters |
///
/// The first letter is the same, unless it is swapped with the second, and so are the digits.
///
/// ```
/// let services = ["payments-web", "carts", "metrics"];
/// assert_eq!(portolan::spelling::nearest("metrisc", &mut services.into_iter()), Some("metrics"));
/// assert_eq!(portolan::spelling::nearest("payments-wbe", &mut services.into_iter()), Some("payments-web"));
/// assert_eq!(portolan::spelling::nearest("payments-job", &mut services.into_iter()), None);
/// ```
pub fn nearest<'w>(wrong: &str, known: &mut dyn Iterator<Item = &'w str>) -> Option<&'w str> {
    let wrong = wrong.to_ascii_lowercase();
    let mut best: Option<(usize, &'w str)> = None;
    let mut is_tied = false;
    for word in known {
        if best.is_some_and(|(_, known)| known == word) {
            continue;
        }
        let Some(far) = difference(&wrong, &word.to_ascii_lowercase()) else { continue };
        match best {
            Some((nearest, _)) if far > nearest => {}
            Some((nearest, _)) if far == nearest => is_tied = true,
            _ => {
                is_tied = false;
                best = Some((far, word));
            }
        }
    }
    best.filter(|_| !is_tied).map(|(_, word)| word)
}

/// How many names [`near`] gives at most.
pub const MOST: usize = 3;

/// The known names that a wrong name may mean, the nearest first, at most three: those of which it is a misspelling, as
/// [`nearest`] has it, and those of which one begins with the other, followed by a `-`.
///
/// ```
/// let names = ["cart", "card", "payments"];
/// assert_eq!(portolan::spelling::near("cart-api", &mut names.into_iter()), ["cart"]);
/// assert_eq!(portolan::spelling::near("carf", &mut names.into_iter()), ["card", "cart"]);
/// ```
pub fn near<'w>(wrong: &str, known: &mut dyn Iterator<Item = &'w str>) -> Vec<&'w str> {
    let begins = |long: &str, short: &str| {
        !short.is_empty() && long.strip_prefix(short).is_some_and(|rest| rest.starts_with('-'))
    };
    let wrong = wrong.to_ascii_lowercase();
    let mut found: Vec<(usize, &'w str)> = Vec::new();
    for word in known {
        let lower = word.to_ascii_lowercase();
        let is_part = begins(&lower, &wrong) || begins(&wrong, &lower);
        found.extend(difference(&wrong, &lower).or_else(|| is_part.then_some(usize::MAX)).map(|far| (far, word)));
    }
    found.small_sort();
    found.dedup();
    found.into_iter().take(MOST).map(|(_, word)| word).collect()
}

/// In how many letters two words differ; none where one of them is not a misspelling of the other.
fn difference(one: &str, other: &str) -> Option<usize> {
    let is_separator = |character: char| matches!(character, '-' | '.' | '_' | ':' | '/');
    if one.len().abs_diff(other.len()) > 2 {
        return None;
    }
    let mut pieces = one.split(is_separator).zip(other.split(is_separator)).filter(|(one, other)| one != other);
    if one.split(is_separator).count() == other.split(is_separator).count() {
        return match (pieces.next(), pieces.next()) {
            (Some((one, other)), None) => of_pieces(one, other),
            // Only separators are written otherwise.
            (None, _) => Some(usize::from(one != other)),
            _ => None,
        };
    }
    let letters = |word: &str| -> String { word.split(is_separator).collect() };
    (letters(one) == letters(other)).then_some(1)
}

/// In how many letters two pieces differ; none where they are two words.
fn of_pieces(one: &str, other: &str) -> Option<usize> {
    let digits = |piece: &str| -> String { piece.chars().filter(char::is_ascii_digit).collect() };
    if digits(one) != digits(other) {
        return None;
    }
    let far = distance(one, other);
    let (first, second) = (one.chars().next(), one.chars().nth(1));
    let (known, follows) = (other.chars().next(), other.chars().nth(1));
    let begins_alike = first == known || (first == follows && second == known);
    let (short, long) = (one.chars().count(), other.chars().count());
    let fits = match short.max(long) {
        0..=3 => far == 1 && short == long && is_permutation(one, other),
        4..=7 => far == 1,
        _ => far <= 2,
    };
    (fits && begins_alike).then_some(far)
}

/// Whether two words have the same letters.
fn is_permutation(one: &str, other: &str) -> bool {
    one.chars().all(|letter| one.matches(letter).count() == other.matches(letter).count())
}

/// How many letters must be added, removed, replaced or swapped with their neighbour to make one word of the other
/// (Damerau and Levenshtein, in the form that touches no letter twice).
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut next = vec![line + 1];
        for (column, known) in other.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let change = cell(&row, column) + usize::from(known != letter);
            let mut least = change.min(cell(&row, column + 1) + 1).min(cell(&next, column) + 1);
            let is_swapped = line > 0
                && column > 0
                && one.get(line - 1) == Some(known)
                && column.checked_sub(1).and_then(|at| other.get(at)) == Some(letter);
            if is_swapped {
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
        assert_eq!((distance("", "abc"), distance("port", "ports"), distance("kitten", "sitting")), (3, 1, 3));
        assert_eq!((distance("wbe", "web"), distance("abc", ""), distance("ca", "abc")), (1, 3, 3));
    }

    #[test]
    fn a_word_between_two_is_a_misspelling_of_neither() {
        assert_eq!(nearest("caarts", &mut ["carts", "caarte"].into_iter()), None);
        assert_eq!(nearest("htpp", &mut ["http", "http", "grpc"].into_iter()), Some("http"));
    }

    #[track_caller]
    fn is_near(wrong: &str, known: &str) -> bool {
        let found = nearest(wrong, &mut std::iter::once(known)).is_some();
        assert_eq!(found, nearest(known, &mut std::iter::once(wrong)).is_some(), "{wrong} {known}: not both ways");
        found
    }

    #[test]
    fn a_misspelt_piece_is_near() {
        for (wrong, known) in [
            ("wbe", "web"),
            ("cart", "carts"),
            ("web-tsl", "web-tls"),
            ("payments-wbe", "payments-web"),
            ("a.exmaple.com", "a.example.com"),
            ("nginz", "nginx"),
            ("htpp", "http"),
            ("selektor", "selector"),
            ("targetport", "targetPort"),
            ("proxy-body-siez", "proxy-body-size"),
            ("proxy-bodysize", "proxy-body-size"),
            ("front_end", "front-end"),
            ("sesionAfinity", "sessionAffinity"),
            ("chekcout-svc", "checkout-svc"),
            ("NodePorts", "NodePort"),
            ("node-exporter-2", "node-exproter-2"),
        ] {
            assert!(is_near(wrong, known), "{wrong} {known}");
        }
    }

    #[test]
    fn another_word_is_not_near() {
        for (wrong, known) in [
            ("payments-job", "payments-web"),
            ("payments-api", "payments-app"),
            ("payments", "payments-web"),
            ("rook-ceph-mon", "rook-ceph-osd"),
            ("rook-ceph-mds", "rook-ceph-mgr"),
            ("service-a", "service-b"),
            ("node-1", "node-2"),
            ("redis6", "redis7"),
            ("web-prod", "web-test"),
            ("header-api", "reader-api"),
            ("checkout-worker", "checkout-broker"),
            ("db-cart-api", "db-card-app"),
            ("http", "https2"),
            ("a", "b"),
            ("", "ab"),
        ] {
            assert!(!is_near(wrong, known), "{wrong} {known}");
        }
    }
}
