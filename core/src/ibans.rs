//! Tell where the number of a bank account (ISO 13616) may be, as `spanpact.privacy` decides: by its surroundings, the
//! length of its country and the check digits. Ids in hexadecimal digits often begin like one.

/// The lengths of account numbers by country. Without any, no text has one.
#[derive(Default)]
pub struct Ibans {
    lengths: Vec<([u8; 2], usize)>,
}

impl Ibans {
    /// Make it of the countries' letters, which are capital ones, and the lengths of their numbers.
    pub fn new(lengths: impl IntoIterator<Item = ([u8; 2], usize)>) -> Self {
        Ibans { lengths: lengths.into_iter().collect() }
    }

    /// Return whether a number may be in a text of ASCII. False is certain.
    #[inline]
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        let mut alone = true;
        for start in 0..text.len() {
            if alone && self.begins(&text[start..]) {
                return true;
            }
            alone = !text[start].is_ascii_alphanumeric();
        }
        false
    }

    fn begins(&self, text: &[u8]) -> bool {
        let &[a, b, c, d, ..] = text else { return false };
        if !(c.is_ascii_digit() && d.is_ascii_digit()) {
            return false;
        }
        let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
        let known = self.lengths.iter().find(|(each, _)| *each == country);
        known.is_some_and(|&(_, length)| has_check_digits(text, length))
    }
}

/// Return whether a text begins with so many letters and digits that belong together, and the check digits are right.
fn has_check_digits(text: &[u8], length: usize) -> bool {
    let (mut taken, mut end, mut rest) = (0, 0, 0);
    while taken < length {
        match text.get(end) {
            Some(byte) if byte.is_ascii_alphanumeric() => {
                taken += 1;
                if taken > 4 {
                    rest = appended(rest, *byte);
                }
            }
            Some(b' ' | b'+' | b'.' | b'-') => {}
            _ => return false,
        }
        end += 1;
    }
    let alone = !text.get(end).is_some_and(u8::is_ascii_alphanumeric);
    alone && text[..4].iter().fold(rest, |rest, &byte| appended(rest, byte)) == 1
}

/// Append the digits of a letter or digit (A is 10) to a number, of which the rest modulo 97 is known.
fn appended(rest: u32, byte: u8) -> u32 {
    let value = (byte as char).to_digit(36).unwrap_or(0);
    (rest * if value < 10 { 10 } else { 100 } + value) % 97
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Ibans {
        Ibans::new([(*b"DE", 22), (*b"NO", 15), (*b"BE", 16)])
    }

    #[test]
    fn numbers_are_found_however_they_are_grouped() {
        for text in [
            "DE89370400440532013000",
            "to de89 3704 0044 0532 0130 00.",
            "NO93-8601-1117-947",
            "x=BE68.5390.0754.7034&y",
            "a NO9386011117940, NO9386011117947",
        ] {
            assert!(known().may_be_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_only_begins_like_one_is_none() {
        for text in [
            "DE89370400440532013001",             // wrong check digits
            "DE8937040044053201300",              // too short
            "DE893704004405320130000",            // too long
            "xDE89370400440532013000",            // part of a word
            "FR89370400440532013000",             // of no country
            "be68ab01cd23ef456789ab01cd23ef4567", // an id
            "",
            "NO9",
        ] {
            assert!(!known().may_be_in(text.as_bytes()), "{text}");
        }
        assert!(!Ibans::default().may_be_in(b"DE89370400440532013000"));
    }
}
