"""K1: a hundred hostile YAML texts, each refused by one line with line and column, none by a traceback.

That none takes long is kept without a clock: the parser may look at each character only a few times, which
`test_scanning_takes_linear_time_for_every_hostile_text` counts.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml.reader import Reader

from spanpact.contract.loader import load_text
from spanpact.contract.yaml_reader import from_yaml
from spanpact.errors import ContractError

BIG = 20_000

ALIASES = "aliases are not part of the language; a text that starts with `*` must be quoted"
ANCHORS = "anchors are not part of the language; a text that starts with `&` must be quoted"
TAGS = "tags are not part of the language; a text that starts with `!` must be quoted"
TAB = "a tab (YAML is indented and separated by spaces)"
MERGES = "merges (`<<`) are not part of the language"
COLON = "a `: ` is not expected here: check the indentation, or quote the text"
DIRECTIVES = "directives are not part of the language, but for `%YAML 1.2`"
DEEP = "nested deeper than 32"
MANY = "more than 10,000 YAML nodes"
COLLECTION_KEY = "a key must be text, not a collection"
SECOND = "a second document (one file holds one contract)"

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"

CORPUS: list[tuple[bytes | str, str]] = [
    # aliases, anchors, merges, tags
    ("a: *b", f"1:4: {ALIASES}"),
    ("*a : b", f"1:1: {ALIASES}"),
    ("*: b", f"1:1: {ALIASES}"),
    ("- *", f"1:3: {ALIASES}"),
    ("span: *.get", f"1:7: {ALIASES}"),
    ("a: [x, *y]", f"1:8: {ALIASES}"),
    ("a: {b: *}", f"1:8: {ALIASES}"),
    ("a: &x 1", f"1:4: {ANCHORS}"),
    ("&x a: 1", f"1:1: {ANCHORS}"),
    ("&a {a: 1}", f"1:1: {ANCHORS}"),
    ("a: &x\n  b: 1", f"1:4: {ANCHORS}"),
    (BOMB, f"1:4: {ANCHORS}"),
    ("a: &" + "x" * BIG, f"1:4: {ANCHORS}"),
    ("a: *" + "x" * BIG, f"1:4: {ALIASES}"),
    ("<<: {a: 1}", f"1:1: {MERGES}"),
    ("a:\n  <<: {b: 1}", f"2:3: {MERGES}"),
    ("a: {<<: [1]}", f"1:5: {MERGES}"),
    ("a: !!str 1", f"1:4: {TAGS}"),
    ("a: !python/object:os.system x", f"1:4: {TAGS}"),
    ("!!map {a: 1}", f"1:1: {TAGS}"),
    ("a: !<tag:yaml.org,2002:int> 3", f"1:4: {TAGS}"),
    ("a: !", f"1:4: {TAGS}"),
    ("a: !!binary aGk=", f"1:4: {TAGS}"),
    ("a: !!timestamp 2001-01-01", f"1:4: {TAGS}"),
    ("!" + "a" * BIG, f"1:1: {TAGS}"),
    ("!<" + "%41" * BIG, f"1:1: {TAGS}"),
    # directives and documents
    ("%YAML 1.1\n---\na: 1", f"1:1: {DIRECTIVES}"),
    ("%YAML 1.22\n---\na: 1", f"1:1: {DIRECTIVES}"),
    ("%TAG ! tag:x,2000:\n---\na: 1", f"1:1: {DIRECTIVES}"),
    ("%" + "a" * BIG, f"1:1: {DIRECTIVES}"),
    ("%A\n" * BIG, f"1:1: {DIRECTIVES}"),
    ("%YAML " + "1" * 9_999, f"1:1: {DIRECTIVES}"),
    ("a: 1\n---\nb: 2", f"2:1: {SECOND}"),
    ("---\n" * 9_999, f"2:1: {SECOND}"),
    ("a: 1\n---", f"2:1: {SECOND}"),
    ("---\n---\na: 1", f"2:1: {SECOND}"),
    ("", "1:1: the file is empty (a contract begins with `spanpact: 1`)"),
    ("# only a comment", "1:1: the file is empty (a contract begins with `spanpact: 1`)"),
    ("\n" * BIG, "1:1: the file is empty (a contract begins with `spanpact: 1`)"),
    ("---", "1:4: a contract must be a mapping of keywords, not nothing"),
    ("[a]", "1:1: a contract must be a mapping of keywords, not a list"),
    ("just a text", "1:1: a contract must be a mapping of keywords, not the text `just a text`"),
    ("7", "1:1: a contract must be a mapping of keywords, not the number `7`"),
    # duplicate and odd keys
    ("a: 1\nb: 2\na: 3", "3:1: the key `a` occurs twice; first in line 1"),
    ("{a: 1, 'a': 2}", "1:8: the key `a` occurs twice; first in line 1"),
    ("x:\n  y: 1\n  y: 2", "3:3: the key `y` occurs twice; first in line 2"),
    ('a: 1\n"\\u0061": 2', "2:1: the key `a` occurs twice; first in line 1"),
    ("1: a", "1:1: a key must be text, not the number `1` (quote it)"),
    ("true: a", "1:1: a key must be text, not the boolean true (quote it)"),
    ("null: a", "1:1: a key must be text, not nothing (quote it)"),
    (": a", "1:1: a key must be text, not nothing (quote it)"),
    ("1.5: a", "1:1: a key must be text, not the number `1.5` (quote it)"),
    ("? [a]\n: b", f"1:3: {COLLECTION_KEY}"),
    ("? {a: b}\n: c", f"1:3: {COLLECTION_KEY}"),
    ("{[a]: b}", f"1:2: {COLLECTION_KEY}"),
    ("{{a: b}: c}", f"1:2: {COLLECTION_KEY}"),
    ("? " * BIG, f"1:3: {COLLECTION_KEY}"),
    # depth and size
    ("a: " + "[" * 40, f"1:35: {DEEP}"),
    ("[" * BIG, f"1:33: {DEEP}"),
    ("{a: " * 9_999, f"1:129: {DEEP}"),
    ("{" * BIG, f"1:2: {COLLECTION_KEY}"),
    ("- " * BIG, f"1:65: {DEEP}"),
    ("\n".join(" " * i + "a:" for i in range(99)), f"33:33: {DEEP}"),
    ("a: [" + "x," * BIG, f"1:19999: {MANY}"),
    ("".join(f"k{i}: 1\n" for i in range(9_999)), f"5000:8: {MANY}"),
    ("a: [" + "{}," * 66_666, f"1:29996: {MANY}"),
    ("a" * (2**18 + 1), "1:1: the file is larger than 256 KiB"),
    (b"a: " + b"x" * 2**18, "1:1: the file is larger than 256 KiB"),
    # tabs
    ("a:\n\tb: c", f"2:1: {TAB}"),
    ("a:\n  \tb: c", f"2:3: {TAB}"),
    ("\ta: b", f"1:1: {TAB}"),
    ("a:\tb", f"1:3: {TAB}"),
    ("a: b\t# c", f"1:5: {TAB}"),
    ("- a\n-\tb", f"2:2: {TAB}"),
    ("a: |\n\tx", f"2:1: {TAB}"),
    ("a: x\n\ty: z", f"2:1: {TAB}"),
    # characters
    (b"a: \xff", "1:4: byte 0xff is not UTF-8 (save the file as UTF-8)"),
    (b"a: 1\nb: \xc3(", "2:4: byte 0xc3 is not UTF-8 (save the file as UTF-8)"),
    ("a: ü\nb: x".encode("latin-1"), "1:4: byte 0xfc is not UTF-8 (save the file as UTF-8)"),
    ("a: b".encode("utf-16"), "1:1: byte 0xff is not UTF-8 (save the file as UTF-8)"),
    (b"a: \xed\xa0\x80", "1:4: byte 0xed is not UTF-8 (save the file as UTF-8)"),
    (b"\xef\xbb\xbfa: 1", "1:1: a byte order mark (save the file without it)"),
    ("a: \ufeff", "1:4: a byte order mark (save the file without it)"),
    ("a: \x00", "1:4: the control character U+0000"),
    ("a: 1\r\nb: \x1b[31m", "2:4: the control character U+001B"),
    ("a: 1\rb: \x07", "2:4: the control character U+0007"),
    ("a: \x7f", "1:4: the control character U+007F"),
    ("a: \x85", "1:4: the control character U+0085"),
    ("a: \u2028b: 1", "1:4: the control character U+2028"),
    ("a: \ud800", "1:4: the control character U+D800"),
    ('a: "\\ud800"', "1:4: the text has half a surrogate pair"),
    ('"\\udfff": a', "1:1: the text has half a surrogate pair"),
    # numbers
    ("a: 9223372036854775808", "1:4: a whole number beyond 64 bits"),
    ("a: " + "9" * BIG, "1:4: a whole number beyond 64 bits"),
    ("a: 0x" + "f" * BIG, "1:4: a whole number beyond 64 bits"),
    # malformed
    ("a: [b", "1:6: a `,` or `]` is missing in a list, begun in line 1"),
    ("a: {b: c", "1:9: a `,` or `}` is missing in a mapping, begun in line 1"),
    ("a: [b}", "1:6: a `,` or `]` is missing in a list, begun in line 1"),
    ('a: "b', "1:6: a quoted text that does not end, begun in line 1"),
    ("a: 'b\nc: d", "2:5: a quoted text that does not end, begun in line 1"),
    ("a: b: c", f"1:5: {COLON}"),
    ("a: 1\n  b: 2", f"2:4: {COLON}"),
    ("a: @b", "1:4: a text that starts with `@` must be quoted"),
    ("a: `b`", "1:4: a text that starts with ``` must be quoted"),
    ("a: %b", "1:4: a text that starts with `%` must be quoted"),
    ('a: "\\q"', "1:6: an unknown escape after `\\`; in single quotes, `\\` is itself, begun in line 1"),
    ('a: "\\U00110000"', "1:2: this is not YAML: chr() arg not in range(0x110000)"),
    ("a: }", "1:4: a value is missing, begun in line 1"),
    ("a: 1\n b\nc", "3:2: a `:` is missing after a key, begun in line 3"),
    ("- a\nb: c", "2:1: this line does not fit the indentation of the block, begun in line 1"),
    (
        "a: |9x\n b",
        "1:6: this is not YAML: expected chomping or indentation indicators, but found 'x', begun in line 1",
    ),
    ("a\nb: c", f"2:2: {COLON}"),
    ("a: ? b", "1:4: a `? ` is not expected here: check the indentation, or quote the text"),
    ("a: - b", "1:4: a `- ` is not expected here: a list starts on a line of its own"),
    ("{" + '"' + "a " * BIG + '": 1}', "1:40004: a `,` or `}` is missing in a mapping, begun in line 1"),
]

LONG = [text for text, _ in CORPUS if 9_000 < len(text) <= 99_999]


@pytest.mark.unmeasured
@pytest.mark.parametrize(("text", "expected"), CORPUS, ids=range(len(CORPUS)))
@pytest.mark.fault("K1")
def test_a_hostile_text_is_refused_with_line_and_column(text: bytes | str, expected: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_text(text, file="f")
    message = str(caught.value)
    assert message == f"f:{expected}"
    assert caught.value.place is not None
    assert caught.value.place.file == "f"
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.fault("K1")
def test_the_corpus_holds_a_hundred_texts() -> None:
    assert len({text for text, _ in CORPUS}) >= 100


@pytest.mark.unmeasured
@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
@pytest.mark.fault("K1")
def test_scanning_takes_linear_time_for_every_hostile_text(text: bytes | str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = _counted_looks(monkeypatch)
    with pytest.raises(ContractError):
        from_yaml(text)
    assert looks[0] <= 20 * len(text)


def _counted_looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the calls of the reader, through which the scanner reads every character."""
    looks = [0]
    for name in ("peek", "prefix", "forward"):
        original = getattr(Reader, name)

        def counting(self: Any, *args: Any, _original: Any = original) -> Any:
            looks[0] += 1
            return _original(self, *args)

        monkeypatch.setattr(Reader, name, counting)
    return looks


def test_a_text_cut_anywhere_is_read_or_refused_but_never_a_traceback() -> None:
    whole = (
        "spanpact: 1\ncontract: c\nversion: 1.0.0\nspan: 'a*'\nchildren:\n"
        "  x: {span: [b, \"c\\n\"], count: 0..1, attributes: {k: {matches: 'a.*'}}}\n"
        "  y:\n    span: >-\n      d\n    where: {status: error}\norder: [x, y]\n"
    )
    for end in range(0, len(whole), 3):
        for text in (whole[:end], whole[end:], whole[:end] + "]" + whole[end + 1 :]):
            assert re.match(r"f:\d+:\d+: \S", _error(text) or "f:1:1: read")


def _error(text: str) -> str | None:
    try:
        load_text(text, file="f")
    except ContractError as error:
        return str(error)
    return None
