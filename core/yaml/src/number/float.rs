//! Floats from and to decimals, both exact, by whole numbers of any length. The standard library's are quicker and weigh
//! 30 KB with their tables; numbers with a point are rare in manifests.

use std::cmp::Ordering;

/// Digits beyond these cannot change which float is nearest; that there are some can.
const DIGITS: usize = 800;

/// The float nearest to a decimal: digits with a point or not, and an exponent or not, as
/// [`is_decimal_float`](super::is_decimal_float) takes them. What is too large becomes infinite.
pub(super) fn parse(text: &str) -> f64 {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, ""));
    let mut scale = exponent_of(exponent);
    let mut number = Big::of(0);
    let (mut taken, mut behind_point) = (0, false);
    for byte in mantissa.bytes() {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        match byte {
            b'.' => behind_point = true,
            b'0' if taken == 0 => scale -= i64::from(behind_point),
            _ if taken < DIGITS => {
                taken += 1;
                number.multiply_add(10, digit);
                scale -= i64::from(behind_point);
            }
            _ => {
                if taken == DIGITS && digit != 0 {
                    taken += 1;
                    number.multiply_add(10, 1);
                    scale -= 1;
                }
                scale += i64::from(!behind_point);
            }
        }
    }
    let magnitude = scale + i64::try_from(taken).unwrap_or(i64::MAX);
    let bits = if taken == 0 || magnitude < -330 {
        0
    } else if magnitude > 310 {
        INFINITY
    } else {
        nearest(number, i32::try_from(scale).unwrap_or(0))
    };
    f64::from_bits(bits | u64::from(negative) << 63)
}

const INFINITY: u64 = 0x7ff << 52;

/// An exponent as it is written, as far as it matters.
fn exponent_of(text: &str) -> i64 {
    let digits = text.trim_start_matches(['+', '-']);
    let sum = digits.bytes().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit.wrapping_sub(b'0'))).min(1 << 40));
    if text.starts_with('-') { -sum } else { sum }
}

/// The bits of the float nearest to a number times a power of ten; of two as near, the even one.
fn nearest(mut number: Big, scale: i32) -> u64 {
    let mut by = Big::of(1);
    if scale < 0 { &mut by } else { &mut number }.multiply_power_of_ten(scale.unsigned_abs());
    // number / by = fraction * 2^exponent, with 1 <= fraction < 2
    let mut exponent = number.bits() - by.bits();
    if exponent < 0 { &mut number } else { &mut by }.double(exponent.unsigned_abs());
    if number.compare(&by) == Ordering::Less {
        number.double(1);
        exponent -= 1;
    }
    if exponent > 1023 {
        return INFINITY;
    }
    // Below the least exponent the fraction has fewer bits.
    let bits = if exponent < -1022 { 53 + 1022 + exponent } else { 53 };
    if bits < 0 {
        return 0;
    }
    let mut fraction = 0_u64;
    for _ in 0..bits {
        fraction <<= 1;
        if number.compare(&by) != Ordering::Less {
            number.subtract(&by);
            fraction |= 1;
        }
        number.double(1);
    }
    let up = match number.compare(&by) {
        Ordering::Less => false,
        Ordering::Equal => fraction & 1 == 1,
        Ordering::Greater => true,
    };
    // A fraction that rounds up to the next power of two carries into the exponent.
    let biased = u64::try_from(exponent + 1022).unwrap_or(0);
    (biased << 52) + fraction + u64::from(up)
}

/// A float in decimal, without its sign: the fewest digits that no other float is nearest to.
#[derive(Debug)]
pub(super) struct Decimal {
    /// The digits; behind the first stands the point.
    digits: String,
    /// The power of ten.
    pub(super) exponent: i32,
}

impl Decimal {
    /// Of a float of 64 bits, which has to be finite.
    pub(super) fn of_f64(value: f64) -> Self {
        Decimal::of_bits(value.to_bits() & !(1 << 63), 52, -1074)
    }

    /// Of a float of 32 bits, which has to be finite.
    pub(super) fn of_f32(value: f32) -> Self {
        Decimal::of_bits(u64::from(value.to_bits() & !(1 << 31)), 23, -149)
    }

    /// Of the bits of a float with that many bits of fraction and that least exponent. Steele and White, "How to Print
    /// Floating-Point Numbers Accurately" (1990), the free-format algorithm.
    fn of_bits(bits: u64, width: u32, least: i32) -> Self {
        let (biased, fraction) = (i32::try_from(bits >> width).unwrap_or(0), bits & ((1 << width) - 1));
        if bits == 0 {
            return Decimal { digits: "0".to_owned(), exponent: 0 };
        }
        let fraction = if biased == 0 { fraction } else { fraction | 1 << width };
        let exponent = least + (biased - 1).max(0);
        let inclusive = fraction & 1 == 0;
        // Below a power of two the floats stand twice as close.
        let closer = fraction == 1 << width && biased > 1;
        // The value is rest / whole; up to `above` over it and `below` under it, in the same parts, it is the nearest.
        let (mut rest, mut whole, mut below) = (Big::of(fraction), Big::of(1), Big::of(1));
        let doubled = if closer { 2 } else { 1 };
        rest.double(doubled + exponent.max(0).unsigned_abs());
        below.double(exponent.max(0).unsigned_abs());
        whole.double(doubled + exponent.min(0).unsigned_abs());
        let mut above = below.clone();
        above.double(doubled - 1);

        // A little less than the power of ten; corrected below.
        let log2 = 64 - i32::try_from(fraction.leading_zeros()).unwrap_or(0) + exponent;
        let mut scale = ((log2 * 1233) >> 12) - 1;
        if scale < 0 {
            for big in [&mut rest, &mut below, &mut above] {
                big.multiply_power_of_ten(scale.unsigned_abs());
            }
        } else {
            whole.multiply_power_of_ten(scale.unsigned_abs());
        }
        let reaches = |rest: &Big, above: &Big, whole: &Big| match rest.plus(above).compare(whole) {
            Ordering::Less => false,
            Ordering::Equal => inclusive,
            Ordering::Greater => true,
        };
        while reaches(&rest, &above, &whole) {
            whole.multiply_add(10, 0);
            scale += 1;
        }
        let mut digits = String::new();
        loop {
            for big in [&mut rest, &mut below, &mut above] {
                big.multiply_add(10, 0);
            }
            let mut digit = 0;
            while rest.compare(&whole) != Ordering::Less {
                rest.subtract(&whole);
                digit += 1;
            }
            let down = rest.compare(&below) < if inclusive { Ordering::Greater } else { Ordering::Equal };
            let up = reaches(&rest, &above, &whole);
            if up && (!down || rest.plus(&rest).compare(&whole) != Ordering::Less) {
                digit += 1;
            }
            digits.push(char::from_digit(digit, 10).unwrap_or('9'));
            if down || up {
                return Decimal { digits, exponent: scale - 1 };
            }
        }
    }

    /// With an exponent: `1.5e-7`.
    pub(super) fn scientific(&self) -> String {
        let (first, rest) = self.digits.split_at_checked(1).unwrap_or((&self.digits, ""));
        let point = if rest.is_empty() { "" } else { "." };
        format!("{first}{point}{rest}e{}", self.exponent)
    }

    /// Without an exponent: `0.00000015`.
    pub(super) fn plain(&self) -> String {
        let Ok(exponent) = usize::try_from(self.exponent) else {
            let zeros = "0".repeat(usize::try_from(-1 - self.exponent).unwrap_or(0));
            return format!("0.{zeros}{}", self.digits);
        };
        match self.digits.split_at_checked(exponent + 1) {
            Some((whole, "")) => whole.to_owned(),
            Some((whole, fraction)) => format!("{whole}.{fraction}"),
            None => format!("{}{}", self.digits, "0".repeat(exponent + 1 - self.digits.len())),
        }
    }
}

/// A whole number of any length, its least 32 bits first.
#[derive(Clone, Debug)]
struct Big(Vec<u32>);

impl Big {
    fn of(number: u64) -> Self {
        let mut big = Big(Vec::new());
        big.carry(number);
        big
    }

    /// Puts what is carried out of the last word behind it.
    #[expect(clippy::cast_possible_truncation, reason = "the words of a longer number")]
    fn carry(&mut self, mut carried: u64) {
        while carried != 0 {
            self.0.push(carried as u32);
            carried >>= 32;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the words of a longer number")]
    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carried = u64::from(summand);
        for word in &mut self.0 {
            carried += u64::from(*word) * u64::from(factor);
            *word = carried as u32;
            carried >>= 32;
        }
        self.carry(carried);
    }

    fn multiply_power_of_ten(&mut self, exponent: u32) {
        for _ in 0..exponent {
            self.multiply_add(10, 0);
        }
    }

    /// Doubles it that many times.
    fn double(&mut self, times: u32) {
        self.multiply_add(1 << (times % 32), 0);
        if !self.0.is_empty() {
            self.0.splice(..0, std::iter::repeat_n(0, times as usize / 32));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the words of a longer number")]
    fn plus(&self, other: &Big) -> Big {
        let mut sum = Vec::new();
        let mut carried = 0;
        for at in 0..self.0.len().max(other.0.len()) {
            carried += u64::from(self.word(at)) + u64::from(other.word(at));
            sum.push(carried as u32);
            carried >>= 32;
        }
        let mut sum = Big(sum);
        sum.carry(carried);
        sum
    }

    /// Takes another off, which may not be larger.
    fn subtract(&mut self, other: &Big) {
        let mut borrowed = false;
        for (at, word) in self.0.iter_mut().enumerate() {
            let (less, first) = word.overflowing_sub(other.word(at));
            let (less, second) = less.overflowing_sub(u32::from(borrowed));
            (*word, borrowed) = (less, first || second);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn word(&self, at: usize) -> u32 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn compare(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    /// How many bits it has.
    fn bits(&self) -> i32 {
        let last = self.0.last().map_or(0, |word| 32 - word.leading_zeros());
        i32::try_from(self.0.len().saturating_sub(1) * 32).unwrap_or(0) + i32::try_from(last).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits that follow from a seed.
    fn bits(count: usize) -> impl Iterator<Item = u64> {
        let mut state = 11_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ (state >> 29)
        })
        .take(count)
    }

    fn edges() -> impl Iterator<Item = u64> {
        let around = |bits: u64| bits.saturating_sub(2)..bits + 3;
        (0..2047).flat_map(move |exponent| around(exponent << 52)).filter(|bits| bits >> 52 < 2047)
    }

    #[test]
    fn decimals_are_the_standard_librarys() {
        for bits in edges().chain(bits(60_000)).map(|bits| bits & !(1 << 63)) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                let decimal = Decimal::of_f64(value);
                assert_eq!(decimal.scientific(), format!("{value:e}"));
                assert_eq!(decimal.plain(), value.to_string());
                assert_eq!(parse(&decimal.scientific()).to_bits(), bits);
            }
            let value = f32::from_bits(u32::try_from(bits >> 32).unwrap());
            if value.is_finite() {
                assert_eq!(Decimal::of_f32(value).scientific(), format!("{value:e}"));
                assert_eq!(Decimal::of_f32(value).plain(), value.to_string());
            }
        }
    }

    #[test]
    fn the_nearest_float_is_the_standard_librarys() {
        // Of more digits than can matter.
        let exact = edges().step_by(150).chain(bits(50)).map(|bits| f64::from_bits(bits & !(1 << 63)));
        let exact = exact.filter(|value| value.is_finite()).map(|value| format!("{value:.1080}1"));
        // Halfway between two floats, and a little more.
        let halves = bits(500).flat_map(|bits| {
            let half = u128::from(bits >> 12 | 1 << 53 | 1) << (bits % 70);
            [half.to_string(), format!("{half}.{}1", "0".repeat(900))]
        });
        let random = bits(20_000)
            .map(|bits| format!("-{}.{}e{}", bits % 1_000_003, bits >> 20, i64::try_from(bits % 700).unwrap() - 350));
        let written = ["0", "-0.0", "1e400", "1e-400", "0e99999999999999999999", "1e-99999999999999999999", "00012.50"];
        let long = format!("1{}1e-1200", "0".repeat(1_100));
        for text in exact.chain(halves).chain(random).chain(written.map(str::to_owned)).chain([long]) {
            assert_eq!(parse(&text).to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        }
    }
}
