"""Numbers of payment cards (ISO/IEC 7812-1) and bank accounts (ISO 13616), told by prefix, length and checksum."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from spanpact.privacy.candidates import Candidate, LazyPattern, Range

CARD: Final = r"[2-6](?:[ .\-_/+]?\d){11,}"
CARD_TRIGGER: Final = r"(?:^|[^0-9A-Za-z]|%B)[2-6](?:[ ._/+-]?\d){12}"
_GROUP: Final = LazyPattern(r"\d+")
_FAR: Final = 80
"""Characters around a candidate that are looked at."""

_LENGTHS: Final = (
    (LazyPattern(r"4"), (13, 16, 19)),  # Visa
    (LazyPattern(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), (16,)),  # Mastercard
    (LazyPattern(r"3[47]"), (15,)),  # American Express
    (LazyPattern(r"3(?:0[0-5]|[689])"), (14,)),  # Diners Club
    (LazyPattern(r"6(?:011|4[4-9]|5)"), (16, 19)),  # Discover
    (LazyPattern(r"35(?:2[89]|[3-8])"), (16,)),  # JCB
    (LazyPattern(r"62"), (16, 17, 18, 19)),  # UnionPay
    (LazyPattern(r"50(?:18|20|38)|5893|6304|67(?:59|6[1-3])|6390"), (16, 18, 19)),  # Maestro
)
_GROUPINGS: Final = frozenset(
    {(4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4), (4, 4, 4, 1), (6, 10), (6, 13), (8, 8), (4, 4, 5)}
    | {(4, 4, 4, 3)}
    | {(1,) * length for length in (13, 14, 15, 16, 19)} | {(length,) for length in range(13, 20)}
)  # fmt: skip
_LONGEST_GROUPING: Final = 19
_NO_CARD_BEFORE: Final = LazyPattern(
    r"(?:imei|trace[_ .-]?id|span[_ .-]?id|\btrace|\bspan|isbn|ean|gtin|upc|barcode|tracking|iccid|timestamp)"
    r"[\s\"':=#]{0,4}(?:is\s|no\.?\s)?\Z",
    re.I,
)
_UUID: Final = LazyPattern(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def cards(found: Candidate) -> Iterator[Range]:
    """Return the card numbers among the digits of a candidate."""
    text = found.text
    groups = list(_GROUP.regex.finditer(text, found.start, found.end))
    first = 0
    while first < len(groups):
        count = next(
            (n for n in _counts(groups, first) if _is_card(found, groups[first : first + n], groups, first)), 0
        )
        if count:
            yield groups[first].start(), groups[first + count - 1].end()
        first += count or 1


def _counts(groups: list[re.Match[str]], first: int) -> Iterator[int]:
    """Return how many groups from the first on are grouped like a card."""
    if groups[first][0][0] not in "23456":
        return
    sizes: tuple[int, ...] = ()
    for group in groups[first : first + _LONGEST_GROUPING]:
        sizes += (len(group[0]),)
        if sum(sizes) > _LONGEST_GROUPING:
            return
        if sizes in _GROUPINGS:
            yield len(sizes)


def _is_card(found: Candidate, groups: list[re.Match[str]], all_groups: list[re.Match[str]], first: int) -> bool:
    text, start, end = found.text, groups[0].start(), groups[-1].end()
    digits = "".join(group[0] for group in groups)
    if not _has_prefix(digits) or not satisfies_luhn(digits):
        return False
    separators = {text[a.end() : b.start()] for a, b in pairwise(groups)}
    if len(separators) > 1:
        return False
    neighbours = [*all_groups[max(0, first - 1) : first], *all_groups[first + len(groups) : first + len(groups) + 1]]
    if len(groups) > 1 and any(_continues(text, each, start, end, separators, len(groups)) for each in neighbours):
        return False
    return _is_alone(text, start, end) and not _NO_CARD_BEFORE.regex.search(text[max(0, start - 24) : start])


def _continues(text: str, group: re.Match[str], start: int, end: int, separators: set[str], count: int) -> bool:
    """Return whether a neighbouring group is of the same number: then that is longer than a card."""
    between = text[group.end() : start] if group.start() < start else text[end : group.start()]
    return between in separators and (between not in (" ", "/", "+") or len(group[0]) == 4 or count > 5)


def _is_alone(text: str, start: int, end: int) -> bool:
    """Return whether a number is no part of a word, a decimal, a UUID or a longer number."""
    before, after = text[max(0, start - 2) : start], text[end : end + 20]
    if before[-1:].isalnum() or after[:1].isalnum() or re.search(r"\d\.\Z", before):
        return before[-1:] == "B" and text[max(0, start - 2) : start] == "%B"  # track 1 of a magnetic stripe
    if re.match(r"\.\d*[1-9]", after):
        return False
    around = text[max(0, start - 36) : end + 36]
    offset = start - max(0, start - 36)
    return not any(m.start() <= offset < m.end() for m in _UUID.regex.finditer(around))


def _has_prefix(digits: str) -> bool:
    return any(len(digits) in lengths and prefix.regex.match(digits) for prefix, lengths in _LENGTHS)


def satisfies_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    numbers = [int(c) for c in digits]
    doubled = [d * 2 - 9 * (d > 4) for d in numbers[-2::-2]]
    return (sum(numbers[-1::-2]) + sum(doubled)) % 10 == 0 and any(numbers)


_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
}
"""Countries by the length of their account numbers (ISO 13616, registry)."""
IBAN_LENGTHS: Final = {country: length for length, several in _COUNTRIES.items() for country in several.split()}
"""The number of characters of an account number by its country."""
IBAN: Final = rf"(?i)(?:{'|'.join(IBAN_LENGTHS)})\d\d(?:[ +.\-]?[A-Z0-9]){{11}}"

IBAN_TRIGGER: Final = rf"(?i)(?:^|[^A-Z0-9])(?:{'|'.join(IBAN_LENGTHS)})\d\d(?:[ +.\-]?[A-Z0-9]){{11}}"


def ibans(found: Candidate) -> Iterator[Range]:
    """Return the account number that begins at a candidate: of its country's length, with the check digits right."""
    text, start = found.text, found.start
    length = IBAN_LENGTHS[text[start : start + 2].upper()]
    taken, end = "", start
    while end < len(text) and len(taken) < length and (text[end].isalnum() or text[end] in " +.-"):
        taken += text[end] if text[end].isalnum() else ""
        end += 1
    if len(taken) != length or not taken.isascii() or text[max(0, start - 1) : start].isalnum():
        return
    if text[end : end + 1].isalnum() or (taken[4:].islower() and not taken[4:].isalpha() and not taken.islower()):
        return
    if int("".join(str(int(c, 36)) for c in taken[4:] + taken[:4])) % 97 == 1:
        yield start, end
