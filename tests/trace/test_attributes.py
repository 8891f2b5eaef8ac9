"""Attributes in which a key repeats: all values are there, and a plain dict is paid for nothing."""

from __future__ import annotations

import pickle

from spanpact.trace.attributes import IrregularAttributes, attributes_of, filtered, pairs_of, repeated_keys, values_of

PAIRS = [("a", 1), ("b", 2), ("a", 3)]
TWICE = attributes_of(PAIRS)


def test_keys_that_occur_once_make_a_plain_dict() -> None:
    plain = attributes_of(PAIRS[:2])
    assert (type(plain), list(pairs_of(plain)), list(repeated_keys(plain))) == (dict, PAIRS[:2], [])
    assert (values_of(plain, "a"), values_of(plain, "x")) == ((1,), ())


def test_a_repeated_key_keeps_its_values_and_shows_the_last() -> None:
    assert (TWICE["a"], values_of(TWICE, "a"), list(pairs_of(TWICE))) == (3, [1, 3], PAIRS)
    assert list(repeated_keys(TWICE)) == ["a"]


def test_it_equals_only_what_has_the_same_values() -> None:
    assert attributes_of([PAIRS[1], PAIRS[0], PAIRS[2]]) == TWICE
    assert TWICE != {"a": 3, "b": 2}
    assert attributes_of([*PAIRS[::-1]]) != TWICE
    assert repr(TWICE) == repr(attributes_of(PAIRS))
    assert pickle.loads(pickle.dumps(TWICE)) == TWICE


def test_setting_and_taking_a_key_concerns_all_of_its_values() -> None:
    changed = IrregularAttributes(PAIRS)
    changed["a"] = 5
    assert (values_of(changed, "a"), changed["a"]) == ([5], 5)
    taken = IrregularAttributes(PAIRS)
    assert (taken.pop("a"), taken.pop("x", None), list(pairs_of(taken))) == (3, None, [("b", 2)])


def test_filtering_keeps_repeated_keys() -> None:
    assert list(pairs_of(filtered(TWICE, lambda name: name == "a"))) == [("a", 1), ("a", 3)]
    assert type(filtered(TWICE, lambda name: name == "b")) is dict
