//! Resource versions as the server reads them: a number that etcd counts (`k8s.io/apiserver/pkg/storage`,
//! `APIObjectVersioner.ObjectResourceVersion`, v0.36.3, over Go's `strconv.ParseUint`).

use super::status::Status;
use portolan_base::go::quote;

/// The number; an empty version is 0.
///
/// # Errors
/// The 500 that the server answers with where the text is no number that 64 bits hold.
pub(super) fn parse(text: &str) -> Result<u64, Status> {
    let refused = |why: &str| Status::unknown(format!("strconv.ParseUint: parsing {}: {why}", quote(text)));
    let mut number = 0_u64;
    // Go stops at the first character that is wrong, in either way.
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return Err(refused("invalid syntax"));
        }
        let longer = number.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(byte - b'0')));
        number = longer.ok_or_else(|| refused("value out of range"))?;
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_go_reads_them() {
        let message = |text: &str| parse(text).err().map(|status| status.message);
        assert_eq!(parse(""), Ok(0));
        assert_eq!(parse("007"), Ok(7));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
        for text in ["+1", "-1", "1_0", "x", " 1"] {
            let wanted = format!("strconv.ParseUint: parsing \"{text}\": invalid syntax");
            assert_eq!(message(text), Some(wanted));
        }
        for text in ["18446744073709551616", "99999999999999999999x"] {
            let wanted = format!("strconv.ParseUint: parsing \"{text}\": value out of range");
            assert_eq!(message(text), Some(wanted));
        }
    }
}
