//! Tell which texts no privacy class can be in, so that texts which hardly ever repeat need not be remembered.
//!
//! The patterns are Python's own: where a class may be in a text, one of them fits. Numbers of bank accounts are searched
//! by `ibans`. `is_clean` says so of printable ASCII alone, in which RE2 and this crate's expressions mean the same; of any
//! other text it says nothing.

use crate::ibans::Ibans;
use hashbrown::DefaultHashBuilder;
use regex::bytes::{Regex, RegexBuilder};
use std::cell::RefCell;
use std::hash::BuildHasher;

/// The bytes that the compiled patterns may take: all those of spanpact's own classes take less than a tenth.
const LARGEST: usize = 1 << 24;
/// The bytes that what they find out while searching may take; then it is forgotten.
const MOST: usize = 1 << 21;

/// A screen of texts. One without patterns knows nothing clean.
pub struct Screen {
    any: Option<Regex>,
    ibans: Ibans,
    longest: usize,
    recent: RefCell<Recent>,
}

/// Clean texts that were seen lately, each in the place of its hash: the id of a request is in all of its spans. A place
/// begins with the empty text, in which no class is, whatever the patterns are: a leak has at least one character.
struct Recent {
    hasher: DefaultHashBuilder,
    texts: [Vec<u8>; RECENT],
}

const RECENT: usize = 64;

impl Screen {
    /// Make a screen of patterns and `ibans` for texts of at most `longest` characters. An unknown pattern spoils it.
    pub fn new(patterns: &[String], ibans: Ibans, longest: usize) -> Self {
        let all = patterns.iter().map(|each| format!("(?:{each})")).collect::<Vec<_>>().join("|");
        let compile = || RegexBuilder::new(&all).unicode(false).size_limit(LARGEST).dfa_size_limit(MOST).build().ok();
        let any = if patterns.is_empty() { None } else { compile() };
        Screen {
            any,
            ibans,
            longest,
            recent: RefCell::new(Recent { hasher: Default::default(), texts: [const { Vec::new() }; RECENT] }),
        }
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
        let Some(any) = &self.any else { return false };
        if text.len() > self.longest {
            return false;
        }
        let mut recent = self.recent.borrow_mut();
        let place = recent.hasher.hash_one(text) as usize % RECENT;
        let known = &mut recent.texts[place];
        if known == text {
            return true;
        }
        let plain = |byte: &u8| (b' '..=b'~').contains(byte) && *byte != b'\\';
        let clean = text.iter().all(plain) && !any.is_match(text) && !self.ibans.may_be_in(text);
        if clean {
            known.clear();
            known.extend_from_slice(text);
        }
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(patterns: &[&str]) -> Screen {
        Screen::new(&patterns.iter().map(|each| each.to_string()).collect::<Vec<_>>(), Ibans::default(), 64)
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
    fn an_account_number_is_not_clean() {
        let screen = Screen::new(&["@".to_string()], Ibans::new([(*b"DE", 22)]), 64);
        assert!(!screen.is_clean(b"DE89370400440532013000"));
        assert!(screen.is_clean(b"DE89370400440532013001"));
    }

    #[test]
    fn no_text_is_taken_for_another_one() {
        let screen = screen(&["[02468]$"]);
        for _ in 0..2 {
            assert!((0..1000).all(|i| screen.is_clean(format!("id-{i}").as_bytes()) == (i % 2 == 1)));
        }
        assert!(screen.is_clean(b""));
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
