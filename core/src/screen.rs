//! Tell which texts no privacy class can be in, so that texts which hardly ever repeat need not be remembered.
//!
//! The patterns are Python's own: where a class may be in a text, one of them fits. `clean` says so of printable ASCII
//! alone, in which RE2 and this crate's expressions mean the same; of any other text it says nothing.

use regex::bytes::{Regex, RegexBuilder};

/// The bytes that the compiled patterns may take: all those of spanpact's own classes take less than a tenth.
const LARGEST: usize = 1 << 24;

/// A screen of texts. One without patterns knows nothing clean.
pub struct Screen {
    any: Option<Regex>,
    longest: usize,
}

impl Screen {
    /// Make a screen of patterns for texts of at most `longest` characters. A pattern that is unknown here spoils it.
    pub fn new(patterns: &[String], longest: usize) -> Self {
        let all = patterns.iter().map(|each| format!("(?:{each})")).collect::<Vec<_>>().join("|");
        let compile =
            || RegexBuilder::new(&all).unicode(false).size_limit(LARGEST).dfa_size_limit(LARGEST).build().ok();
        let any = if patterns.is_empty() { None } else { compile() };
        Screen { any, longest }
    }

    /// Return whether the screen works at all.
    pub fn works(&self) -> bool {
        self.any.is_some()
    }

    /// Return whether no class is in the text. False says nothing.
    ///
    /// A clean text is the same in JSON, between its quotes, and decoded.
    #[inline]
    pub fn is_clean(&self, text: &[u8]) -> bool {
        let plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'\\';
        match &self.any {
            Some(any) => text.len() <= self.longest && text.iter().all(plain) && !any.is_match(text),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(patterns: &[&str]) -> Screen {
        Screen::new(&patterns.iter().map(|each| each.to_string()).collect::<Vec<_>>(), 64)
    }

    #[test]
    fn a_text_is_clean_if_no_pattern_fits() {
        let screen = screen(&["@", r"\d(?:[ -]?\d){11}", "(?i)bearer"]);
        assert!(screen.is_clean(b"58d2d107-071d"));
        for text in ["a@b", "4111 1111 1111 1111", "a BEARER b"] {
            assert!(!screen.is_clean(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_plain_is_never_clean() {
        let screen = screen(&["@"]);
        for text in ["\u{e9}", "a\\u0040", "a\tb", "a\nb", "\u{7f}", &"a".repeat(65)] {
            assert!(!screen.is_clean(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_pattern_that_is_unknown_spoils_the_screen() {
        for patterns in [&[r"\C"][..], &[], &["("]] {
            assert!(!screen(patterns).works());
            assert!(!screen(patterns).is_clean(b"a"));
        }
    }
}
