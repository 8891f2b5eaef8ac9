//! A position in a JSON text, and the steps over its tokens.

use super::{refuse, Result, Slice};
use memchr::memchr2;

/// A position in a JSON text.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, at: 0 }
    }

    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Return the byte at the position, 0 at the end.
    #[inline]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Step over blanks.
    #[inline]
    pub fn blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
    }

    /// Step over this byte, and the blanks after it.
    #[inline]
    pub fn take(&mut self, byte: u8) -> Result<()> {
        if self.peek() != byte {
            return refuse("another token");
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// Step over a text, and return what is between its quotes, escapes included.
    #[inline(always)]
    pub fn text(&mut self) -> Result<Slice> {
        if self.peek() != b'"' {
            return refuse("no text");
        }
        let start = self.at + 1;
        let mut end = start;
        while let Some(found) = self.quote_or_backslash(end) {
            if self.bytes[found] == b'"' {
                self.at = found + 1;
                return Ok(Slice::new(start, found));
            }
            end = found + 2;
        }
        refuse("a text without an end")
    }

    /// Return the place of the next quote or backslash. Most texts are short: the first words are looked at here.
    #[inline]
    fn quote_or_backslash(&self, start: usize) -> Option<usize> {
        let mut at = start;
        while let Some(&bytes) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(bytes);
            let found = zero_bytes(word ^ QUOTES) | zero_bytes(word ^ BACKSLASHES);
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize / 8);
            }
            at += 8;
            if at - start == 64 {
                break;
            }
        }
        memchr2(b'"', b'\\', self.bytes.get(at..)?).map(|found| at + found)
    }

    /// Step over these very bytes. Returns whether they are there.
    #[inline]
    pub fn skip(&mut self, bytes: &[u8]) -> bool {
        let there = self.bytes[self.at..].starts_with(bytes);
        if there {
            self.at += bytes.len();
        }
        there
    }

    /// Go back to a position.
    #[inline]
    pub fn go_back(&mut self, at: usize) {
        self.at = at;
    }

    /// Step over the name of a member of an object, its colon and blanks. Returns None at the object's end.
    ///
    /// `first` is true before the first member.
    #[inline(always)]
    pub fn member(&mut self, first: &mut bool) -> Result<Option<Slice>> {
        if !self.more(b'}', first)? {
            return Ok(None);
        }
        let name = self.text()?;
        self.blanks();
        self.take(b':')?;
        Ok(Some(name))
    }

    /// Step to the next item of a list. Returns false at the list's end.
    #[inline]
    pub fn item(&mut self, first: &mut bool) -> Result<bool> {
        self.more(b']', first)
    }

    #[inline]
    fn more(&mut self, end: u8, first: &mut bool) -> Result<bool> {
        self.blanks();
        if *first {
            *first = false;
            if self.peek() != end {
                return Ok(true);
            }
        } else if self.peek() == b',' {
            self.at += 1;
            self.blanks();
            return Ok(true);
        }
        if self.peek() != end {
            return refuse("another token");
        }
        self.at += 1;
        Ok(false)
    }

    /// Step over a value of any kind, by its brackets and quotes, and return its bytes: they may be no JSON.
    #[inline]
    pub fn value(&mut self) -> Result<Slice> {
        let start = self.at;
        match self.peek() {
            b'"' => {
                self.text()?;
            }
            b'{' | b'[' => self.nested()?,
            _ => {
                while !matches!(self.peek(), b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b'"' | 0) {
                    self.at += 1;
                }
                if self.at == start {
                    return refuse("no value");
                }
            }
        }
        Ok(Slice::new(start, self.at))
    }

    fn nested(&mut self) -> Result<()> {
        let mut depth = 0usize;
        loop {
            match self.peek() {
                b'"' => {
                    self.text()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                0 => return refuse("cut short"),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Step over a text of so many hexadecimal digits in lower case, at most 32, and return their number.
    #[inline]
    pub fn hexadecimal(&mut self, digits: usize) -> Result<u128> {
        self.digits(digits, &LOWER)
    }

    /// Do the same for digits in any case.
    #[inline]
    pub fn hexadecimal_of_any_case(&mut self, digits: usize) -> Result<u128> {
        self.digits(digits, &EITHER)
    }

    #[inline]
    fn digits(&mut self, digits: usize, values: &[u8; 256]) -> Result<u128> {
        let end = self.at + 1 + digits;
        if self.peek() != b'"' || self.bytes.get(end) != Some(&b'"') {
            return refuse("an id of another length");
        }
        let (mut number, mut wrong) = (0u128, 0u8);
        for part in self.bytes[self.at + 1..end].chunks(16) {
            let mut word = 0u64;
            for &byte in part {
                let digit = values[byte as usize];
                wrong |= digit;
                word = word << 4 | u64::from(digit & 15);
            }
            number = number << 64 | u128::from(word);
        }
        if wrong > 15 {
            return refuse("an id that is not hexadecimal");
        }
        self.at = end + 1;
        Ok(number)
    }

    /// Step over a text of decimal digits, and return their number.
    #[inline]
    pub fn decimal(&mut self) -> Result<u64> {
        if self.peek() != b'"' {
            return refuse("a time that is no text");
        }
        let start = self.at + 1;
        let mut end = start;
        let mut number = 0u64;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(end) {
            if end - start == 19 {
                return refuse("a large time");
            }
            number = number * 10 + u64::from(digit - b'0');
            end += 1;
        }
        if end == start || self.bytes.get(end) != Some(&b'"') {
            return refuse("a time that is no number");
        }
        self.at = end + 1;
        Ok(number)
    }
}

const QUOTES: u64 = u64::from_le_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_le_bytes([b'\\'; 8]);

/// Return a word of which the lowest byte that is not zero is at the lowest byte that is zero in this one.
#[inline]
fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

/// The values of hexadecimal digits in lower case, 255 for other bytes.
const LOWER: [u8; 256] = values_of(b"0123456789abcdef", [255; 256]);
/// The values of those in either case.
const EITHER: [u8; 256] = values_of(b"0123456789ABCDEF", LOWER);

const fn values_of(digits: &[u8; 16], mut values: [u8; 256]) -> [u8; 256] {
    let mut i = 0;
    while i < 16 {
        values[digits[i] as usize] = i as u8;
        i += 1;
    }
    values
}

/// Return the number that some bytes are, if they are a number as JSON writes them.
pub fn number(bytes: &[u8]) -> Option<f64> {
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    let digits = |at: &mut usize| {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        *at > start
    };
    if bytes.get(at) == Some(&b'0') {
        at += 1;
    } else if !digits(&mut at) {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        if !digits(&mut at) {
            return None;
        }
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        if !digits(&mut at) {
            return None;
        }
    }
    if at != bytes.len() {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
