//! Which texts go-yaml v2.4 takes for timestamps. It matters only under the tag `!!timestamp`; without it the text stays.

/// Whether the text has one of the four forms of `allowedTimestampFormats`, read as Go's `time.Parse` reads them.
pub(super) fn is_timestamp(text: &str) -> bool {
    let leading = text.bytes().take_while(u8::is_ascii_digit).count();
    if leading != 4 || text.as_bytes().get(4) != Some(&b'-') {
        return false;
    }
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    let year: u32 = year.parse().unwrap_or(0);
    let Some((month, rest)) = rest.strip_prefix('-').and_then(number) else { return false };
    if !(1..=12).contains(&month) {
        return false;
    }
    let Some((day, rest)) = rest.strip_prefix('-').and_then(number) else { return false };
    if day < 1 || day > days_in(month, year) {
        return false;
    }
    match rest.as_bytes().first() {
        None => true,
        Some(b'T' | b't') => rest.get(1..).and_then(clock).is_some_and(is_zone),
        Some(b' ') => clock(rest.trim_start_matches(' ')).is_some_and(str::is_empty),
        Some(_) => false,
    }
}

/// One digit or two; what stands behind them.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// `15:4:5` and a fraction of any length; what stands behind it.
fn clock(text: &str) -> Option<&str> {
    let (hour, rest) = number(text)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    match rest.strip_prefix(['.', ',']) {
        Some(fraction) if fraction.starts_with(|character: char| character.is_ascii_digit()) => {
            Some(fraction.trim_start_matches(|character: char| character.is_ascii_digit()))
        }
        _ => Some(rest),
    }
}

/// `Z`, or hours and minutes with a sign.
fn is_zone(text: &str) -> bool {
    match text.as_bytes() {
        [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |high: &u8, low: &u8| Some(char::from(*high).to_digit(10)? * 10 + char::from(*low).to_digit(10)?);
            // Go lets 24 hours and 60 minutes pass.
            two(h1, h2).is_some_and(|hours| hours <= 24) && two(m1, m2).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn the_forms_of_go_and_no_others() {
        for text in [
            "2001-12-14",
            "2001-1-1",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-15 2:59:43.10",
            "2015-02-24T18:19:39Z",
            "2000-02-29",
            "2001-12-14   1:2:3",
            "2001-12-14T1:2:3,5Z",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001-12-14 21:59:43.10 -5",
            "2001-02-29",
            "2001-13-01",
            "20010101",
            "2001-1-1T1:2",
            "2001-1-1T24:0:0Z",
            "2001-1-1 1:2:3Z",
            "2001-1-",
            "12001-1-1",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
