"""An identical part under a new id is a rename, even if others refer to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diff.judging import changes, plan_of, reading_of, verdict

OLD: dict[str, Any] = {
    "span": "t",
    "children": {
        "lookup": {
            "span": "x",
            "attributes": {"k": "present"},
            "events": {"missed": {"event": "miss", "count": "0..1"}},
        },
        "load": {
            "span": "y",
            "children": {"query": {"span": "q", "count": "0.."}},
            "attributes": {"k": {"same_as": "lookup.k"}},
        },
        "store": {"span": "z", "count": {"same_as": "lookup"}},
        "drop": {"span": "w", "count": {"same_as": "load.k"}},
    },
    "order": ["lookup", "load"],
    "conditions": {"hit": {"when": {"lookup": {"attributes": {"k": 1}}}, "then": {"query": "absent"}}},
    "every": {"timed": {"span": "*", "duration": "1s"}, "spent": {"span": "*", "sum": {"k": 1}, "repeats": {"k": 1}}},
    "across": {"fast": {"of": "lookup", "duration": {"p50": "1s"}, "samples": 1}},
    "pending": {"load": {"reason": "r", "owner": "o", "until": "2027-01-01"}},
    "levels": {"lookup/span-surplus": "improvement"},
}


def replaced(value: Any, names: dict[str, str]) -> Any:
    """Return the contract with ids replaced everywhere."""
    if isinstance(value, dict):
        return {replaced(key, names): replaced(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [replaced(each, names) for each in value]
    if isinstance(value, str):
        head, mark, tail = value.partition("." if "." in value else "/")
        return f"{names.get(head, head)}{mark}{tail}"
    return value


@pytest.mark.parametrize(
    "names",
    [
        {"lookup": "read"},
        {"load": "fetch"},
        {"query": "ask"},
        {"missed": "gone"},
        {"hit": "cached"},
        {"timed": "quick"},
        {"store": "keep", "spent": "used"},
        {"fast": "swift"},
        {"lookup": "read", "load": "fetch", "query": "ask", "hit": "cached", "timed": "quick", "missed": "gone"},
    ],
    ids=lambda names: " ".join(names),
)
def test_a_rename_breaks_nobody(names: dict[str, str]) -> None:
    found = changes(OLD, replaced(OLD, names))
    assert {change.before: change.after for change in found} == names
    assert {(change.id, change.needs) for change in found} == {("id-renamed", "patch")}


def test_swapped_ids_are_no_rename() -> None:
    swapped = replaced(OLD, {"lookup": "load", "load": "lookup"})
    assert {change.id for change in changes(OLD, swapped)} > {"span-changed"}


def test_a_new_id_that_is_not_identical_is_another_entry() -> None:
    other = replaced(OLD, {"query": "ask"})
    other["children"]["load"]["children"]["ask"]["count"] = "0..1"
    keys = {change.key for change in changes(OLD, other)}
    assert {"ask/entry-added", "query/entry-removed"} <= keys


def test_two_identical_entries_get_one_new_id_each() -> None:
    old = {"span": "t", "children": {"a": {"span": "x"}, "b": {"span": "x"}}}
    new = {"span": "t", "children": {"c": {"span": "x"}, "d": {"span": "x"}}}
    assert [(change.id, change.before, change.after) for change in changes(old, new)] == [
        ("id-renamed", "a", "c"),
        ("id-renamed", "b", "d"),
    ]


@pytest.mark.expensive
def test_many_renames_at_once_are_found_in_reasonable_time() -> None:
    old, new = ({"span": "t", "children": {f"{x}{i}": {"span": f"s{i}"} for i in range(400)}} for x in "ab")
    assert len(changes(old, new)) == 400


def test_unused_alias_is_no_change() -> None:
    with_rule = {"span": "t", "every": {"r": {"span": "*", "kind": "internal"}}}
    assert changes(with_rule, {**with_rule, "aliases": {"unused": ["other"]}}) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"k": 5}, {"k": 5.0}),
        ({"k": {"one_of": ["a", "b"]}}, {"k": {"one_of": ["b", "a"]}}),
        ({"k": {"one_of": ["a"]}}, {"k": "a"}),
        ({"k": {"type": "number", "at_least": 0}}, {"k": {"at_least": 0}}),
        ({"k": {"type": "string", "matches": "a"}}, {"k": {"matches": "a"}}),
        ({"k": {"equals": "a", "type": "string"}}, {"k": "a"}),
        ({"k": 1, "j": 2}, {"j": 2, "k": 1}),
    ],
)
def test_matchers_that_accept_the_same_are_no_change(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert changes({"span": "t", "attributes": one}, {"span": "t", "attributes": other}) == ()


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        ({"k": 1}, {"k": True}, True),
        ({"k": {"type": "int", "equals": 1}}, {"k": 1}, 1.0),
        ({"k": {"type": "boolean", "equals": 1}}, {"k": True}, True),
        ({"k": "1"}, {"k": 1}, 1),
        ({"k": [1, "a"]}, {"k": ["a", 1]}, ["a", 1]),
    ],
)
def test_matchers_that_only_look_the_same_are_a_change(one: dict[str, Any], other: dict[str, Any], value: Any) -> None:
    old, new = ({"span": "t", "attributes": each} for each in (one, other))
    (change,) = changes(old, new)
    reading = reading_of({"trace": [{"span": "t", "attributes": {"k": value}}]})
    assert change.shift.loosens
    assert (verdict(plan_of(old), reading), verdict(plan_of(new), reading)) == ("broken", "kept")
