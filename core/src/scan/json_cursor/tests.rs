use super::*;

fn value(text: &str) -> Result<usize> {
    Cursor::new(text.as_bytes()).value().map(|slice| slice.end as usize)
}

#[test]
fn values_end_where_json_says() {
    assert_eq!(value(r#""a\"b",1"#), Ok(6));
    assert_eq!(value(r#"{"a":["]",{}]} ,"#), Ok(14));
    assert_eq!(value("-1.5e3}"), Ok(6));
    assert_eq!(value("null"), Ok(4));
}

#[test]
fn texts_of_every_length_end_at_their_quote() {
    for length in 0..200 {
        for (inner, ends) in
            [("x".repeat(length), true), ("\\\"".repeat(length), true), ("\\".repeat(length * 2 + 1), false)]
        {
            let text = format!("\"{inner}\"");
            let found = Cursor::new(text.as_bytes()).text().map(|slice| slice.end as usize);
            assert_eq!(found.ok(), ends.then_some(text.len() - 1), "{text}");
        }
    }
}

#[test]
fn values_that_end_too_early_are_refused() {
    for text in ["", ",", "{", r#"{"a"#, r#""\"#, r#""\""#, "[[]"] {
        assert!(value(text).is_err(), "{text}");
    }
}

#[test]
fn numbers_are_those_of_json() {
    for (text, expected) in [("0", 0.0), ("-0.5", -0.5), ("12e-1", 1.2), ("1E+2", 100.0)] {
        assert_eq!(number(text.as_bytes()), Some(expected));
    }
    for text in ["", "-", "01", "1.", ".5", "1e", "+1", "NaN", "1 ", "0x1", "inf"] {
        assert_eq!(number(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn ids_have_their_length_and_lower_case() {
    let id = |text: &str| Cursor::new(text.as_bytes()).hexadecimal(16);
    assert_eq!(id(r#""00000000000000ff""#), Ok(255));
    for text in [r#""00000000000000FF""#, r#""0000000000000ff""#, r#""00000000000000ff1""#, "0000", ""] {
        assert!(id(text).is_err(), "{text}");
    }
    let long = Cursor::new(br#""0123456789abcdef0000000000000001""#).hexadecimal(32);
    assert_eq!(long, Ok(0x0123_4567_89ab_cdef_0000_0000_0000_0001));
}

#[test]
fn times_are_texts_of_digits() {
    let time = |text: &str| Cursor::new(text.as_bytes()).decimal();
    assert_eq!(time(r#""1767225600000000000""#), Ok(1_767_225_600_000_000_000));
    for text in [r#""""#, r#""1"#, r#""1e3""#, r#""-1""#, r#""12345678901234567890""#, "1", r#"" 1""#] {
        assert!(time(text).is_err(), "{text}");
    }
}
