"""What is found of each privacy class, what is not, and what a mask leaves."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from spanpact.privacy import KNOWN_CLASSES, Leak, PrivacyClass, Scanner, known_classes, mask

QUIET = re2.Options()
QUIET.log_errors = False

LEAKS = {
    "email": [
        "bob@example.com", "Bob.O-Brien+tag@mail.example.co.uk", "bob%40example.com", "session:bob@example.com:1",
        "<bob@example.com>", "mailto:a_b@x-y.io", "b\u00fccher@example.de",
    ],
    "card": [
        "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "378282246310005", "3782 822463 10005",
        "5555555555554444", "6011111111111117", "2223003122003222", "card=4111111111111111;", "id-4111111111111111",
        "4222222222222", "4111111111111111.", "4111111111111111.0",
    ],
    "ip": [
        "10.0.0.1", "from 192.168.1.254:6379", "255.255.255.255", "http://127.0.0.1/", "10.0.0.1.",
        "2001:db8::ff00:42:8329", "fe80::1", "::1", "[::1]:6379", "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "addr:2001:db8::1",
    ],
    "jwt": ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w", "token=eyJhbGciOi.eyJzdWIi.x"],
    "bearer": ["Bearer abcdef0123456789", "authorization: bearer  a.b-c_d~e+f/g==", "BEARER ABCDEFGH"],
    "private_key": ["-----BEGIN RSA PRIVATE KEY-----", "x-----BEGIN PRIVATE KEY-----y",
                    "-----BEGIN EC PRIVATE KEY-----"],
    "url_credentials": ["redis://:secret@cache:6379/0", "https://bob:pw@example.com", "postgresql+psycopg://u:p@db/x"],
}  # fmt: skip
HARMLESS = [
    "", "session:*", "[unregistered]", "1.2.3", "v1.2.3.4", "8.0.33-rc.1", "2026-01-01T00:00:00Z", "12:34:56",
    "2026-01-01 12:34:56.789012", "00:00:00.123", "123e4567-e89b-12d3-a456-426614174000",
    "55555555-5555-4444-8555-555555555544", "41111111-1111-1111-1111-111111111111", "0.4111111111111111",
    "3.4111111111111111", "1767225600000000000", "4111111111111112", "0af7651916cd43dd8448eb211c80319c",
    "b7ad6b7169203331", "std::vector<int>", "Cafe::add", "abc::def", "dead::beef::cafe", "a1::b2::c3", "Foo::1x",
    "operator::1", "aa:bb:cc:dd:ee:ff", "sha256:9f86d081884c7d65", "1.3.6.1.4.1.311", "10.0.0", "256.1.1.1",
    "120.0.6099.109", "user@host", "git@github", "@decorator", "a @ b.com", "bearer token", "no bearer here",
    "eyJ", "eyJhbGciOi", "-----BEGIN CERTIFICATE-----", "http://example.com:80/path@x", "redis://cache:6379",
    "4111 1111", "tel 030 1234567", "+49 30 901820", "0000000000000001", "100%", "3,14", "1e308",
]  # fmt: skip


def classes_in(text: str) -> set[str]:
    return {leak.name for leak in Scanner(known_classes()).scan(text)}


def test_every_table_of_cases_is_of_a_built_in_class() -> None:
    """The corpora of `test_corpus` have the other classes, too."""
    assert set(LEAKS) <= set(KNOWN_CLASSES)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in LEAKS.items() for text in texts])
def test_a_leak_is_found(name: str, text: str) -> None:
    assert name in classes_in(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_only_looks_like_a_leak_is_not_found(text: str) -> None:
    assert classes_in(text) == set()


class TestScanner:
    def test_a_leak_has_its_class_and_position(self) -> None:
        assert Scanner(known_classes(["email"])).scan("to bob@example.com!") == [Leak("email", 3, 18)]

    def test_a_scanner_finds_only_its_own_classes(self) -> None:
        assert not Scanner(known_classes(["ip"])).scan("bob@example.com")

    def test_without_classes_nothing_is_found(self) -> None:
        assert not Scanner([]).scan("bob@example.com")

    def test_positions_count_characters(self) -> None:
        text = "\U0001f600\u00e9 bob@example.com"
        (leak,) = Scanner(known_classes(["email"])).scan(text)
        assert text[leak.start : leak.end] == "bob@example.com"

    def test_a_lone_surrogate_keeps_every_position(self) -> None:
        text = "\ud800 bob@example.com \udfff"
        (leak,) = Scanner(known_classes(["email"])).scan(text)
        assert text[leak.start : leak.end] == "bob@example.com"

    def test_a_class_that_matches_only_empty_texts_finds_nothing(self) -> None:
        assert not Scanner([PrivacyClass("empty", "x*")]).scan("abc")

    def test_two_classes_of_one_name_are_both_searched(self) -> None:
        scanner = Scanner([PrivacyClass("badge", "EMP-\\d+"), PrivacyClass("badge", "ID\\d+")])
        assert [leak.start for leak in scanner.scan("EMP-1 ID2")] == [0, 6]

    def test_classes_too_large_for_one_pattern_are_searched_one_by_one(self) -> None:
        large = [PrivacyClass(f"c{i}", rf"{chr(97 + i)}\pL{{300}}") for i in range(4)]
        with pytest.raises(re2.error):
            re2.compile("|".join(each.pattern for each in large), QUIET)
        assert [leak.name for leak in Scanner(large).scan("b" + "-" * 9 + "c" + "x" * 300)] == ["c2"]

    def test_more_texts_than_the_cache_holds_are_scanned(self) -> None:
        scanner = Scanner(known_classes())
        assert not any(scanner.scan(f"text {i}") for i in range(5000))
        assert scanner.scan("bob@example.com")


class TestOnePass:
    """`may_leak` looks at several texts at once and decodes nothing; where it is false, `scan` finds nothing."""

    PARTS = (
        "bob@example.com", "4111", " 1111", "auth ", "auth hunter2", "-u a:b", "sk_", "live_4eC39HqLyjWDarjtT1", "DE89",
        "%40", "Basic dXNlcjpwYXNz", "password", "=", "hunter2!", "10.0.", "0.1", "::", "eyJ", "\n", " ", "", "x", "7",
        "EMP-1", "\ud800", "Ym9iQGV4YW1wbGUuY29t", "X1234567L", " at ", " dot ", "[", '"', ",", "+", "=40", "&#64;",
        "\uff20", "BEGIN PRIVATE KEY",
    )  # fmt: skip
    CLASSES = (*known_classes(), PrivacyClass("badge", r"^EMP-\d+$"))

    @pytest.mark.parametrize("scanner", [Scanner(CLASSES), Scanner(CLASSES[:-1]), Scanner(CLASSES[:2])])
    @given(members=st.lists(st.lists(st.sampled_from(PARTS), max_size=4).map("".join), max_size=4))
    def test_what_it_excludes_is_not_found(self, scanner: Scanner, members: list[str]) -> None:
        if not scanner.may_leak(members):
            assert not any(map(scanner.scan, members))
        if not scanner.may_leak([*members, "".join(members), " ".join(members)]):
            assert not scanner.scan("".join(members))
            assert not scanner.scan(" ".join(members))

    @pytest.mark.parametrize("text", [text for texts in LEAKS.values() for text in texts] + ["EMP-1", "auth s3cr3t!x"])
    def test_it_sees_every_leak_among_other_texts(self, text: str) -> None:
        scanner = Scanner(self.CLASSES)
        assert all(scanner.may_leak(texts) for texts in ([text], ["a", text], [text, "z", ""]))

    def test_the_name_of_a_secret_is_enough(self) -> None:
        scanner = Scanner(known_classes())
        assert scanner.may_leak(["", "hunter2"], "db.password")
        assert scanner.may_leak(["", "theme=dark"], "cookie")
        assert not scanner.may_leak(["app.version", "v1.2"], "app.version")

    def test_almost_no_text_needs_more(self) -> None:
        scanner = Scanner(known_classes(["email", "jwt", "bearer"]))
        assert not scanner.may_leak(
            ["http.route", "/orders/{id}", "4111 1111 1111 1111", "SELECT 1 FROM t WHERE a = 'b'"]
        )


class TestMask:
    def test_every_leak_is_replaced_by_its_class(self) -> None:
        assert mask("bob@example.com from 10.0.0.1") == "‹email› from ‹ip›"

    def test_overlapping_leaks_leave_nothing(self) -> None:
        scanner = Scanner([PrivacyClass("one", "abcd"), PrivacyClass("two", "cdef"), PrivacyClass("three", "bc")])
        assert scanner.mask("abcdefg") == "‹one›g"

    def test_a_harmless_text_is_unchanged(self) -> None:
        assert mask("session:*") == "session:*"

    @given(st.text(max_size=20), st.sampled_from([t for texts in LEAKS.values() for t in texts]), st.text(max_size=20))
    def test_any_text_can_be_scanned_and_nothing_is_found_twice(self, before: str, leak: str, after: str) -> None:
        masked = mask(before + leak + after)
        assert isinstance(masked, str)
        assert mask("‹email›") == "‹email›"
