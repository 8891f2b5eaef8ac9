"""Distinct names in bounded memory, and what a finding shows of them."""

from __future__ import annotations

import uuid

import pytest

from spanpact.engine.checks import Breach
from spanpact.engine.distinct_names import DistinctNames
from spanpact.trace.name_groups import groups_of, largest_group


def breach_of(limit: int, names: list[str]) -> Breach:
    collected = DistinctNames(limit)
    for name in names:
        collected.add(name)
    breach = collected.breach("the spans", str)
    assert breach is not None
    return breach


def test_as_many_as_allowed_are_no_breach() -> None:
    collected = DistinctNames(2)
    for name in ("a", "b", "a", "b"):
        collected.add(name)
    assert (len(collected), collected.breach("the spans", str)) == (2, None)


def test_collecting_stops_far_above_the_limit() -> None:
    names = [f"GET /users/{number}" for number in range(30_000)]
    breach = breach_of(5, names)
    assert breach.observed == "more than 10005 names"
    assert breach.hint.startswith('10005 begin with "GET /users/": GET /users/0, GET /users/1, GET /users/10, …')
    assert breach_of(5, names[:10_005] + names[:7]).observed == "10005 names"


def test_a_name_of_a_megabyte_is_kept_as_its_digest() -> None:
    breach = breach_of(1, ["x" * 1_000_000, "x" * 999_999 + "y", "\ud800" * 501])
    assert breach.observed == "3 names"
    assert len(breach.hint) < 200
    assert "xx" not in breach.hint


USERS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, str(number))) for number in range(40)]


@pytest.mark.parametrize(
    ("names", "prefix", "size"),
    [
        ([f"GET /users/{each}" for each in USERS] + ["GET /", "GET /health", "POST /users"], "GET /users/", 40),
        ([f"GET /users/{n}/orders/{n + 7}" for n in range(9)] + ["a", "b"], "GET /users/", 9),
        (["GET /users/alice", "GET /users/bob", "GET /users/carol", "GET /goods"], "GET /users/", 3),
        ([f"queue-{n} receive" for n in range(5)] + ["process", "start"], "queue-", 5),
        ([f"{n}.send" for n in "abc"], "", 3),
        ([f"job:{n}" for n in range(5)] + [f"task:{n}" for n in range(4)], "job:", 5),
    ],
)
def test_the_largest_group_begins_where_the_id_is(names: list[str], prefix: str, size: int) -> None:
    group = largest_group(names)
    assert group is not None
    assert (group.prefix, group.size) == (prefix, size)


@pytest.mark.parametrize("names", [[], ["a"], ["", "/"], ["a", "a"]])
def test_too_few_names_have_no_group(names: list[str]) -> None:
    assert largest_group(names) is None


def test_groups_have_no_name_in_common_and_do_not_depend_on_order() -> None:
    names = [f"job:{n}" for n in range(5)] + [f"task:{n}" for n in range(4)] + ["a", "b"]
    found = groups_of(names, 3)
    assert [(group.prefix, group.size) for group in found] == [("job:", 5), ("task:", 4), ("", 2)]
    assert groups_of(reversed(names), 3) == found
