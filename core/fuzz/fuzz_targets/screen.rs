//! The screen of texts against `regex-lite`, another engine: in a clean text none of Python's patterns fits.
//!
//! The file that the environment variable SPANPACT_PATTERNS names has one pattern a line.

#![no_main]

use libfuzzer_sys::fuzz_target;
use regex_lite::Regex;
use spanpact_core::ibans::Ibans;
use spanpact_core::screen::Screen;
use std::sync::LazyLock;

const LONGEST: usize = 4096;

static PATTERNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = std::env::var_os("SPANPACT_PATTERNS").expect("SPANPACT_PATTERNS names a file of patterns");
    let text = std::fs::read_to_string(file).expect("patterns in UTF-8");
    text.lines().map(String::from).collect()
});
static ALONE: LazyLock<Vec<Regex>> =
    LazyLock::new(|| PATTERNS.iter().map(|each| Regex::new(each).expect("a pattern")).collect());

thread_local! {
    static SCREEN: Screen = Screen::new(&PATTERNS, Ibans::default(), LONGEST);
}

fuzz_target!(|text: &[u8]| {
    let clean = SCREEN.with(|screen| {
        assert!(screen.works());
        screen.is_clean(text)
    });
    if clean {
        assert!(text.len() <= LONGEST && text.iter().all(|byte| (b' '..=b'~').contains(byte)));
        let text = std::str::from_utf8(text).expect("ASCII");
        for pattern in ALONE.iter() {
            assert!(!pattern.is_match(text), "{pattern}: {text}");
        }
    }
});
