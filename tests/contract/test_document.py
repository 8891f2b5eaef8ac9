"""The document tree: places, the YAML 1.2 core schema, and what section 1 of docs/contract-format.md refuses."""

from __future__ import annotations

import math

import pytest

from spanpact.contract.document import (
    MAX_NODES,
    Mapping,
    Scalar,
    Sequence,
    describe_kind,
    from_python,
    quote,
    to_python,
)
from spanpact.contract.yaml_reader import MAX_BYTES, from_yaml
from spanpact.errors import ContractError, Place


def refusal(data: bytes | str) -> str:
    with pytest.raises(ContractError) as caught:
        from_yaml(data, file="f")
    return str(caught.value)


def test_every_node_and_every_key_has_its_line_and_column() -> None:
    tree = from_yaml("a: 1\nbee:\n  - x\n  - {c: 'y'}\n", file="f.yaml")
    bee = tree.items["bee"]
    assert isinstance(bee, Sequence)
    inner = bee.items[1]
    assert isinstance(inner, Mapping)
    assert tree.keys["bee"].place == Place("f.yaml", 2, 1)
    assert bee.items[0].location.place == Place("f.yaml", 3, 5)
    assert inner.location.place == Place("f.yaml", 4, 5)
    assert inner.items["c"].location.place == Place("f.yaml", 4, 9)
    assert to_python(tree) == {"a": 1, "bee": ["x", {"c": "y"}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("off", "off"),
        ("012", 12),
        ("1:30", "1:30"),
        ("2027-03-31", "2027-03-31"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("+5", 5),
        ("-0", 0),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("1..", "1.."),
        ("0..1", "0..1"),
        ("1.0.0", "1.0.0"),
        ("True", True),
        ("FALSE", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("=", "="),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("0" * 5_000 + "7", 7),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    node = from_yaml(f"a: {text}\n").items["a"]
    assert isinstance(node, Scalar)
    assert node.value == value
    assert type(node.value) is type(value)


def test_nan_is_a_number() -> None:
    node = from_yaml("a: .nan").items["a"]
    assert isinstance(node, Scalar)
    assert isinstance(node.value, float)
    assert math.isnan(node.value)


def test_a_second_document_after_an_end_mark_is_refused_too() -> None:
    assert refusal("a: 1\n...\n---\nb: 2\n") == "f:3:1: a second document (one file holds one contract)"


def test_the_yaml_directive_of_this_version_is_accepted() -> None:
    assert to_python(from_yaml("%YAML 1.2\n---\na: 1\n")) == {"a": 1}


def test_limits_are_exact_to_the_node() -> None:
    assert len(from_yaml("\n".join(f"k{i}: 1" for i in range(4_999))).items) == 4_999
    assert refusal("\n".join(f"k{i}: 1" for i in range(5_000))) == "f:5000:8: more than 10,000 YAML nodes"
    assert to_python(from_yaml("a: " + "[" * 31 + "]" * 31))
    assert refusal("a: " + "[" * 32 + "]" * 32) == "f:1:35: nested deeper than 32"
    assert from_yaml("a: 1 #" + "x" * (MAX_BYTES - 6))
    assert refusal("a: 1 #" + "x" * (MAX_BYTES - 5)) == "f:1:1: the file is larger than 256 KiB"
    assert refusal("a: 1 #" + "ü" * (MAX_BYTES // 2)) == "f:1:1: the file is larger than 256 KiB"


def test_python_values_give_the_same_tree_as_yaml() -> None:
    value = {"a": [1, 2.5, True, None, "x"], "b": {"c": ()}}
    assert from_python(value) == from_yaml("a: [1, 2.5, true, null, x]\nb: {c: []}\n")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"b": [0, b"x"]}}, "a.b[1]: a value of type bytes is not allowed in a contract"),
        ({"a": {1: 2}}, "a: a key must be text, not `1`"),
        ({"a": 2**63}, "a: a whole number beyond 64 bits"),
        ({"a": "\ud800"}, "a: the text has half a surrogate pair"),
        ({"a": object}, "a: a value of type type is not allowed in a contract"),
        ({"a": [0] * MAX_NODES}, "a[9997]: more than 10,000 nodes"),
    ],
)
def test_a_python_value_that_is_not_allowed_is_named_by_its_path(value: object, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        from_python(value)
    assert str(caught.value) == message


def test_a_cycle_in_python_is_too_deep() -> None:
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(ContractError, match="nested deeper than 32"):
        from_python({"a": cycle})


def test_a_quoted_value_is_one_short_line() -> None:
    assert quote("a\nb\x1b" + "c" * 99) == "`a\\u000ab\\u001b" + "c" * 46 + "…`"
    assert [describe_kind(Scalar(v)) for v in (None, True, 5, "x")] == [
        "nothing",
        "the boolean true",
        "the number `5`",
        "the text `x`",
    ]
