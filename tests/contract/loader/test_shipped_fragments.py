"""Fragments that spanpact ships: `extends: spanpact:semconv/NAME` finds them, and no other name."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.contract import Contract, compile_contract, load_contract, load_text
from spanpact.contract.semconv import FRAGMENTS, fragment_file
from spanpact.errors import ContractError

CONTRACT = "spanpact: 1\ncontract: web\nversion: 1.0.0\nextends: {}\n"


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_shipped_fragment_is_found_from_a_file_a_text_and_python(name: str, tmp_path: Path) -> None:
    file = tmp_path / "web.contract.yaml"
    file.write_text(CONTRACT.format(name))
    rules = [rule.id for rule in load_contract(file).rules]
    assert rules
    assert [rule.id for rule in load_text(CONTRACT.format(f"[{name}]")).rules] == rules
    assert [rule.id for rule in compile_contract(Contract("web", "1.0.0", extends=[name])).rules] == rules


def test_its_places_name_the_fragment_and_no_folder_of_the_installation() -> None:
    plan = load_text(CONTRACT.format("spanpact:semconv/http"))
    assert {rule.place.file for rule in plan.rules if rule.place} == {"spanpact:semconv/http"}


def test_server_and_client_together_are_what_http_is() -> None:
    one = load_text(CONTRACT.format("spanpact:semconv/http"))
    two = load_text(CONTRACT.format("[spanpact:semconv/http-server, spanpact:semconv/http-client]"))
    assert [rule.id for rule in one.rules] == [rule.id for rule in two.rules]
    assert dict(one.levels) == dict(two.levels)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("spanpact:semconv/htpp", "did you mean `spanpact:semconv/http`?"),
        ("spanpact:http", "did you mean `spanpact:semconv/http`?"),
        ("spanpact:semconv/databases", "did you mean `spanpact:semconv/database`?"),
        ("spanpact:", ""),
        ("spanpact:semconv/../http", ""),
    ],
)
def test_an_unknown_fragment_is_refused_with_what_there_is(name: str, hint: str) -> None:
    with pytest.raises(ContractError) as raised:
        load_text(CONTRACT.format(f"'{name}'"))
    assert raised.value.message == f"there is no fragment `{name}`"
    assert raised.value.hint.startswith(hint)
    assert raised.value.hint.endswith(f"accepted: {', '.join(FRAGMENTS)}")
    assert str(raised.value.place) == "<text>:4:10"


@pytest.mark.parametrize(("area", "stability"), [("rpc", "release candidate"), ("messaging", "development")])
def test_conventions_that_are_not_stable_have_no_fragment_and_the_error_says_so(area: str, stability: str) -> None:
    with pytest.raises(ContractError) as raised:
        load_text(CONTRACT.format(f"spanpact:semconv/{area}"))
    why = f"the conventions 1.44.0 call it {stability}, and only stable ones have a fragment"
    assert raised.value.message == f"there is no fragment `spanpact:semconv/{area}`: {why}"
    assert raised.value.hint == f"accepted: {', '.join(FRAGMENTS)}"


def test_a_fragment_that_is_extended_twice_is_refused() -> None:
    with pytest.raises(ContractError, match="is in `extends` twice"):
        load_text(CONTRACT.format("[spanpact:semconv/http, spanpact:semconv/http]"))


def test_an_id_of_a_fragment_cannot_be_used_again() -> None:
    with pytest.raises(ContractError, match="`http_server` of `every` is defined in two files"):
        load_text(CONTRACT.format("spanpact:semconv/http") + "every: {http_server: {span: '*', kind: server}}\n")


def test_only_names_of_fragments_lead_to_a_file() -> None:
    for name in ("http", "spanpact:semconv/../../compiled", "spanpact:semconv/rpc", "", "contracts/web.contract.yaml"):
        assert fragment_file(name) is None
