//! RFC 3339 times, as Go's `time.Parse(time.RFC3339, …)` reads them and `metav1.Time` writes them: in UTC, whole seconds.

/// Turns an RFC 3339 time into UTC with whole seconds: `2024-02-30…` and the like are refused.
///
/// # Errors
/// Go's own words for what is wrong (`time.ParseError`).
pub fn to_utc(text: &str) -> Result<String, String> {
    Ok(format_utc(parse(text)?))
}

/// Seconds since 1970-01-01T00:00:00Z of an RFC 3339 time, or nothing where the text is none.
pub fn to_seconds(text: &str) -> Option<i64> {
    parse(text).ok()
}

/// Writes seconds since 1970-01-01T00:00:00Z as RFC 3339 in UTC.
pub fn format_utc(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let of_day = seconds.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// `time.Parse(time.RFC3339, text)` (Go 1.26, `src/time/format.go`): seconds since 1970-01-01T00:00:00Z. It takes more
/// than RFC 3339 allows: an hour of one digit, a comma before a fraction, an offset of 24 hours.
fn parse(text: &str) -> Result<i64, String> {
    let mut reader = Reader { whole: text, rest: text };
    let year = reader.year()?;
    reader.literal("-")?;
    let month = reader.number("01", true)?;
    if !(1..=12).contains(&month) {
        return Err(reader.out_of_range("month"));
    }
    reader.literal("-")?;
    let day = reader.number("02", true)?;
    reader.literal("T")?;
    let hour = reader.number("15", false)?;
    if hour > 23 {
        return Err(reader.out_of_range("hour"));
    }
    reader.literal(":")?;
    let minute = reader.number("04", true)?;
    if minute > 59 {
        return Err(reader.out_of_range("minute"));
    }
    reader.literal(":")?;
    let second = reader.number("05", true)?;
    if second > 59 {
        return Err(reader.out_of_range("second"));
    }
    reader.fraction();
    let offset = reader.offset()?;
    if !reader.rest.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(reader.rest)));
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_in_month = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if !(1..=days_in_month).contains(&day) {
        return Err(reader.out_of_range("day"));
    }
    Ok(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// What is left of a time while it is read.
struct Reader<'a> {
    whole: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn year(&mut self) -> Result<i64, String> {
        let digits = self.rest.get(..4).filter(|digits| digits.starts_with(|first: char| first.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(year) => {
                self.advance(4);
                Ok(year)
            }
            None => Err(self.cannot_parse(self.rest, "2006")),
        }
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        match self.rest.strip_prefix(literal) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.cannot_parse(self.rest, literal)),
        }
    }

    /// A number of two digits, or of one where two are not asked for.
    fn number(&mut self, element: &str, two: bool) -> Result<i64, String> {
        let digits = self.rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
        if digits == 0 || (two && digits == 1) {
            return Err(self.cannot_parse(self.rest, element));
        }
        let number = self.rest.get(..digits).and_then(|digits| digits.parse().ok());
        self.advance(digits);
        Ok(number.unwrap_or_default())
    }

    /// Skips the fraction of a second, which is not kept.
    fn fraction(&mut self) {
        if let Some(fraction) = self.rest.strip_prefix(['.', ',']) {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                self.advance(digits + 1);
            }
        }
    }

    /// `Z`, or the seconds that the time is ahead of UTC.
    fn offset(&mut self) -> Result<i64, String> {
        const ELEMENT: &str = "Z07:00";
        if self.rest.starts_with('Z') {
            self.advance(1);
            return Ok(0);
        }
        let hold = self.rest;
        let Some(&[sign, tens, ones, b':', minute_tens, minute_ones]) = hold.as_bytes().first_chunk::<6>() else {
            return Err(self.cannot_parse(hold, ELEMENT));
        };
        let two = |tens: u8, ones: u8| {
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        // Go looks at the range of what it has read before it looks at whether it could read it.
        let hours = two(tens, ones);
        let minutes = if hours.is_some() { two(minute_tens, minute_ones) } else { None };
        self.advance(6);
        if minutes.is_some_and(|minutes| minutes > 60) {
            return Err(self.out_of_range("time zone offset minute"));
        }
        if hours.is_some_and(|hours| hours > 24) {
            return Err(self.out_of_range("time zone offset hour"));
        }
        match (sign, hours, minutes) {
            (b'+', Some(hours), Some(minutes)) => Ok(hours * 3600 + minutes * 60),
            (b'-', Some(hours), Some(minutes)) => Ok(-(hours * 3600 + minutes * 60)),
            _ => Err(self.cannot_parse(hold, ELEMENT)),
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn cannot_parse(&self, value: &str, element: &str) -> String {
        let layout = "2006-01-02T15:04:05Z07:00";
        let (whole, value) = (quote(self.whole), quote(value));
        format!("parsing time {whole} as \"{layout}\": cannot parse {value} as \"{element}\"")
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quote(self.whole))
    }
}

/// Quotes as `time.quote` does: what is not printable ASCII by its bytes, and U+007F as it is.
fn quote(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=0x7F => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
    out
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_out_in_utc() {
        assert_eq!(to_utc("2024-01-01T00:00:00Z").unwrap(), "2024-01-01T00:00:00Z");
        assert_eq!(to_utc("2024-03-01T00:30:00.25+01:00").unwrap(), "2024-02-29T23:30:00Z");
        assert_eq!(to_seconds("1970-01-01T00:00:01Z"), Some(1));
        assert_eq!(format_utc(951_782_400), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2024-01-01",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00Z",
            "２024-01-01T00:00:00Z",
        ] {
            assert!(to_utc(text).is_err(), "{text}");
        }
    }
    #[test]
    fn refusals_use_the_words_of_go() {
        let say = |text: &str| to_utc(text).unwrap_err();
        assert_eq!(
            say("yesterday"),
            r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#
        );
        assert_eq!(
            say("2024-01-01"),
            r#"parsing time "2024-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T""#
        );
        assert_eq!(say("2024-13-01T00:00:00Z"), r#"parsing time "2024-13-01T00:00:00Z": month out of range"#);
        assert_eq!(say("2024-02-30T00:00:00Z"), r#"parsing time "2024-02-30T00:00:00Z": day out of range"#);
        assert_eq!(say("2024-01-01T00:00:00Zx"), r#"parsing time "2024-01-01T00:00:00Zx": extra text: "x""#);
        assert_eq!(
            say("2024-01-01T00:00:00+25:00"),
            r#"parsing time "2024-01-01T00:00:00+25:00": time zone offset hour out of range"#
        );
        assert_eq!(
            say("ä"),
            r#"parsing time "\xc3\xa4" as "2006-01-02T15:04:05Z07:00": cannot parse "\xc3\xa4" as "2006""#
        );
        assert_eq!(to_utc("2024-01-01T1:00:00,5Z").unwrap(), "2024-01-01T01:00:00Z");
    }
}
