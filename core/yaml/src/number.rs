//! Numbers as Go reads and writes them (`strconv`, `encoding/json`).

mod float;

use float::Decimal;
use portolan_base::tree::Number;

/// An integer literal as `strconv.ParseInt(text, base, 64)` reads it; base 0 takes it from the prefix. `None` is a
/// syntax error or a number out of range.
pub(crate) fn parse_int(text: &str, base: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let magnitude = parse_uint(digits, base)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// An unsigned literal as `strconv.ParseUint(text, base, 64)` reads it.
pub(crate) fn parse_uint(text: &str, base: u32) -> Option<u64> {
    let (base, digits) = match (base, text.as_bytes()) {
        (0, [b'0', b'b' | b'B', _, ..]) => (2, text.get(2..)?),
        (0, [b'0', b'o' | b'O', _, ..]) => (8, text.get(2..)?),
        (0, [b'0', b'x' | b'X', _, ..]) => (16, text.get(2..)?),
        (0, [b'0', _, ..]) => (8, text.get(1..)?),
        (0, _) => (10, text),
        (base, _) => (base, text),
    };
    if digits.is_empty() {
        return None;
    }
    digits
        .chars()
        .try_fold(0u64, |sum, digit| sum.checked_mul(u64::from(base))?.checked_add(u64::from(digit.to_digit(base)?)))
}

/// A decimal float as `strconv.ParseFloat(text, 64)` reads it, without the words for infinity and NaN. Underscores may
/// stand between digits. `None` is a syntax error or a number out of range.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    if !underscores_separate_digits(text) {
        return None;
    }
    let plain: String = text.chars().filter(|character| *character != '_').collect();
    if !is_decimal_float(&plain) {
        return None;
    }
    Some(float::parse(&plain)).filter(|value| value.is_finite())
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
pub(crate) fn is_decimal_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match portolan_base::text::cut(unsigned, b"eE") {
        Some((mantissa, exponent)) => (Some(mantissa), Some(exponent)),
        None => (Some(unsigned), None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa = mantissa.unwrap_or_default();
    let mantissa_is_right = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
    };
    mantissa_is_right && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        *byte != b'_' || (is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)))
    })
}

/// A float as `encoding/json` writes it. The value has to be finite.
pub(crate) fn json_float(value: f64) -> Number {
    let magnitude = value.abs();
    let decimal = Decimal::of_f64(value);
    let unsigned = if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        // Go writes the sign of every exponent: `1e+21`, and `1e-7` without a leading zero.
        let text = decimal.scientific();
        if decimal.exponent < 0 { text } else { text.replace('e', "e+") }
    } else {
        decimal.plain()
    };
    let text = if value.is_sign_negative() { format!("-{unsigned}") } else { unsigned };
    match text.parse::<i64>() {
        Ok(number) if text != "-0" => Number::Int(number),
        _ => Number::Literal(text.into()),
    }
}

/// A float as the name of a member: `strconv.FormatFloat(value, 'g', -1, 32)` with YAML's words for infinity and NaN.
pub(crate) fn key_float(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "sigs.k8s.io/yaml writes keys with 32 bits")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let decimal = Decimal::of_f32(value);
    // With the shortest digits, Go writes an exponent below 1e-4 and from 1e6 on.
    let unsigned = if value != 0.0 && !(-4..6).contains(&decimal.exponent) {
        let text = decimal.scientific();
        let (digits, _) = text.split_once('e').unwrap_or((&text, ""));
        let sign = if decimal.exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", decimal.exponent.abs())
    } else {
        decimal.plain()
    };
    if value.is_sign_negative() { format!("-{unsigned}") } else { unsigned }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Facts of Go's `atoi_test.go`, `atof_test.go` and `ftoa_test.go`.
    #[test]
    fn numbers_are_gos() {
        for (text, number) in [
            ("0", Some(0)),
            ("-0x80", Some(-128)),
            ("+0b101", Some(5)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("08", None),
            ("0x", None),
            ("", None),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
        ] {
            assert_eq!(parse_int(text, 0), number, "{text}");
        }
        assert_eq!(parse_int("-101", 2), Some(-5));
        assert_eq!(parse_uint("18446744073709551615", 0), Some(u64::MAX));
        assert_eq!(parse_uint("18446744073709551616", 0), None);
        assert_eq!(parse_float("1_23.50_0_0e+1_2"), Some(1.235e14));
        assert_eq!(parse_float("1e400"), None);
        assert_eq!(parse_float("1e-400"), Some(0.0));
        for text in ["", ".", "1e", "e1", "1._5", "1.5.5", "inf", "0x1p4"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
        let shown = |value| match json_float(value) {
            Number::Int(int) => format!("int {int}"),
            Number::Literal(literal) => literal.into(),
        };
        for (value, text) in
            [(1.0, "int 1"), (-0.0, "-0"), (1e21, "1e+21"), (1e20, "100000000000000000000"), (1e-6, "0.000001")]
        {
            assert_eq!(shown(value), text);
        }
        for (value, text) in [
            (1.0, "1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1.5e300, ".inf"),
            (f64::NAN, ".nan"),
        ] {
            assert_eq!(key_float(value), text);
        }
    }
}
