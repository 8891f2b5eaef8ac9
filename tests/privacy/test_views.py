"""Decoded views of a text: what they read, and which characters of the text as it is they come from."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanpact.privacy import Leak, PrivacyClass, Scanner, known_classes
from spanpact.privacy.views import views_of

ADDRESS = "ada.l@post.example"
SCANNER = Scanner(known_classes())

ENCODED = [
    ("to=ada.l%40post.example&x", "ada.l%40post.example"),
    ("to=ada.l%2540post.example&x", "ada.l%2540post.example"),
    ("to%3Dada.l%2540post.example", "ada.l%2540post.example"),
    ("to=ada.l%u0040post.example", "ada.l%u0040post.example"),
    ('{"to":"\\nada.l\\u0040post.example\\n"}', "ada.l\\u0040post.example"),
    ('{"to":"\\\\nada.l@post.example\\\\n"}', "ada.l@post.example"),
    ("to ada.l&#64;post.example.", "ada.l&#64;post.example"),
    ("to ada.l&#x40;post&period;example.", "ada.l&#x40;post&period;example"),
    ("to ada.l\uff20post.example", "ada.l\uff20post.example"),
    ("to ada.l@po\u200bst.example", "ada.l@po\u200bst.example"),
    ("to=3Dada.l=40post.example", "ada.l=40post.example"),
    ("at " + base64.b64encode(ADDRESS.encode()).decode(), base64.b64encode(ADDRESS.encode()).decode()),
    ("at " + ADDRESS.encode().hex() + ".", ADDRESS.encode().hex()),
]


@pytest.mark.parametrize(("text", "part"), ENCODED)
def test_a_leak_is_where_it_stands_in_the_text_as_it_is(text: str, part: str) -> None:
    (leak,) = [each for each in SCANNER.scan(text) if each.name == "email"]
    assert text[leak.start : leak.end] == part


@pytest.mark.parametrize(("text", "part"), ENCODED)
def test_all_of_it_is_masked(text: str, part: str) -> None:
    assert SCANNER.mask(text) == text.replace(part, "‹email›")


def test_an_own_class_is_searched_in_the_views_too() -> None:
    scanner = Scanner([PrivacyClass("badge", r"EMP \d{4}")])
    texts = ["q=EMP%204711", "q=EMP+4711", '["EMP","4711"]', "EMP\u00a04711", "RU1QIDQ3MTE gone", "EMP 4711"]
    assert [bool(scanner.scan(text)) for text in texts] == [True] * 6


def test_members_of_a_list_are_one_text() -> None:
    assert SCANNER.scan_joined(["4111", "1111", "1111", "1111"]) == [Leak("card", 0, 16), Leak("card", 0, 19)]
    assert SCANNER.scan_joined(["a", ADDRESS, "b"]) == []
    assert SCANNER.mask('["x", "4111", "1111", "1111", "1111"]') == '["x", "‹card›"]'


def test_a_card_after_an_escape_is_none_of_its_digits() -> None:
    assert SCANNER.mask("q=card%204111111111111111") == "q=card%20‹card›"


def test_the_track_of_a_card_is_no_escape() -> None:
    assert SCANNER.mask("%B4111111111111111^ADA") == "%B‹card›^ADA"


def test_a_text_is_decoded_a_few_times_only() -> None:
    text = ADDRESS
    for _ in range(3):
        text = text.replace("%", "%25").replace("@", "%40")
    assert SCANNER.scan(text)
    assert len(list(views_of(quote(quote(quote(quote(ADDRESS))))))) <= 8


def test_what_is_no_text_is_not_unpacked() -> None:
    assert not SCANNER.scan(base64.b64encode(bytes(range(200, 250))).decode())
    assert not SCANNER.scan("deadbeef" * 8)


@given(st.text(max_size=30), st.sampled_from(["percent", "json", "both"]), st.text(max_size=30))
def test_a_view_comes_from_all_of_the_text(before: str, how: str, after: str) -> None:
    text = f"{before} {ADDRESS} {after}"
    if how != "json":
        text = quote(text.encode("utf-8", "replace"), safe="")
    if how != "percent":
        text = json.dumps(text)
    for view in views_of(text):
        for start in range(len(view.text)):
            a, b = view.original(start, start + 1)
            assert 0 <= a <= b <= len(text)
    assert "post.example" not in SCANNER.mask(text)


@pytest.mark.parametrize(
    "part", ["%40", "\\n", "&#64;", "\uff20", '["a","b"]', "a+b ", "YWRhLmxAcG9z ", "=3D", "::", "@", "://a@b"]
)
def test_a_long_text_has_few_views_as_long_as_it_is(part: str) -> None:
    text = part * 2000
    views = list(views_of(text))
    assert len(views) <= 12
    assert sum(len(view.text) for view in views) <= 12 * len(text)
