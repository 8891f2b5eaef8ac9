"""Texts that contracts cannot tell apart: found in their bytes, and tested alike."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from spanpact.contract import load_text
from spanpact.contract.loader import load_contracts
from spanpact.contract.shipped import shipped_contracts
from spanpact.otlp.json import lazy as lazy_json
from spanpact.otlp.json import messages as wire
from spanpact.otlp.protobuf import lazy as lazy_protobuf
from spanpact.trace.model import ALL_CAPABILITIES, SourceInfo
from spanpact.verification.shapes import ObservedProperties
from spanpact.verification.shapes.alike_texts import AlikeTexts

CONTRACT = """
spanpact: 1
contract: told-apart
version: 1.0.0
span: a
attributes:
  typed: {type: string}
  there: present
  equal: on
  one: {one_of: [a, b]}
  at_least: {at_least: 3}
  matched: {matches: '[a-z]+'}
  holding: {contains: a}
  optional: {type: string, optional: true}
  same: {same_as: top.typed}
forbid: [email]
limits: {length: 100}
examples: {x: {trace: []}, y: {trace: [], findings: [top/span-missing]}}
"""
SOURCE = SourceInfo("made", ALL_CAPABILITIES)


@cache
def observed(source: SourceInfo = SOURCE) -> ObservedProperties:
    found = ObservedProperties.of([load_text(CONTRACT)], source)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("typed", True), ("there", True), ("optional", True), ("same", True), ("of no contract", True),
        ("equal", False), ("one", False), ("at_least", False), ("matched", False), ("holding", False),
        ("name@example.com", False),
    ],
)  # fmt: skip
def test_only_texts_of_which_the_type_matters_are_alike(name: str, covered: bool) -> None:
    assert observed().alike.covers(name) is covered


def test_no_texts_are_alike_where_the_source_writes_other_types_as_texts() -> None:
    assert not observed(SourceInfo("old", ALL_CAPABILITIES - {"value_types"})).alike.covers("typed")


def test_texts_under_the_name_of_a_secret_are_not_alike() -> None:
    found = _of_shipped_contracts()
    assert not found.alike.covers("db.password")
    assert found.alike.covers("db.namespace")


def test_a_text_that_is_too_long_by_some_limit_is_not_alike() -> None:
    alike = observed().alike
    assert [alike.is_clean(b"a" * length) for length in (100, 101)] == [True, False]


@given(st.text("abc019-. :/", max_size=120), st.data())
def test_alike_texts_have_the_same_test_results(text: str, data: st.DataObject) -> None:
    for found in (observed(), _of_shipped_contracts()):
        name = data.draw(st.sampled_from([*found.tests, "of no contract"]))
        if found.alike.covers(name) and found.alike.is_clean(text.encode()):
            assert found.test_results(name, text) == found.test_results(name, "")


@cache
def _of_shipped_contracts() -> ObservedProperties:
    found = ObservedProperties.of(load_contracts([str(shipped_contracts())]), SOURCE)
    assert found is not None
    return found


keys = st.sampled_from(["", "k", "key", '"value":{"stringValue":"', "é", "k" * 130])
texts = st.text('ab"\\{}:,é\n', max_size=12) | st.sampled_from(['x"},"value":{"stringValue":"y', "a" * 200])
members = st.builds(wire.AnyValue, string_value=texts)
values = st.one_of(
    st.builds(wire.AnyValue, string_value=texts),
    st.builds(wire.AnyValue, bool_value=st.booleans()),
    st.builds(wire.AnyValue, bytes_value=st.just("YQ==")),
    st.builds(
        wire.AnyValue,
        array_value=st.builds(
            wire.ArrayValue, values=st.lists(st.builds(wire.AnyValue, string_value=texts), max_size=2)
        ),
    ),
)


@given(keys, values)
def test_a_text_in_json_is_split_only_where_it_is_one(key: str, value: wire.AnyValue) -> None:
    encoded = msgspec.json.encode(wire.KeyValue(key, value))
    piece = encoded.removeprefix(b'{"key":').removesuffix(b"}")
    head, text = lazy_json.split_text(piece)
    if head and b"\\" not in text:
        assert lazy_json.decode_attribute(piece) == (key, text.decode())
        assert piece == head + b'{"stringValue":"' + text + b'"}'


@given(keys, values)
def test_a_text_in_protobuf_is_split_only_where_it_is_one(key: str, value: wire.AnyValue) -> None:
    message = KeyValue(key=key)
    if value.string_value is not None:
        message.value.string_value = value.string_value
    elif value.bool_value is not None:
        message.value.bool_value = value.bool_value
    elif value.bytes_value is not None:
        message.value.bytes_value = b"a"
    else:
        for each in (value.array_value or wire.ArrayValue()).values or ():
            message.value.array_value.values.add(string_value=each.string_value)
    piece = message.SerializeToString()
    head, text = lazy_protobuf.split_text(piece)
    assert bool(head) is (
        value.string_value is not None and 0 < len(key.encode()) < 128 and len(value.string_value) < 126
    )
    if head:
        assert lazy_protobuf.decode_attribute(piece) == (key, text.decode())


@given(st.binary(max_size=12) | st.lists(st.sampled_from([0, 1, 2, 3, 4, 10, 18, 97]), max_size=12).map(bytes))
def test_other_bytes_are_not_split_into_what_they_are_not(piece: bytes) -> None:
    head, text = lazy_protobuf.split_text(piece)
    if head and text.isascii():
        message = KeyValue.FromString(piece)
        assert message.value.string_value == text.decode()


def test_the_screen_is_made_of_the_classes_that_are_searched() -> None:
    found = observed()
    assert isinstance(found.alike, AlikeTexts)
    assert not found.alike.is_clean(b"jane@example.org")
    assert found.alike.is_clean(b"4111111111111111")  # cards are not forbidden here
