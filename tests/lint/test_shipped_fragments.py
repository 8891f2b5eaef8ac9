"""Lint of contracts that extend what spanpact ships: it reads the fragments, and says nothing about them."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanpact.contract.semconv import FRAGMENTS
from spanpact.lint import lint

CONTRACT = """spanpact: 1
contract: web
version: 1.0.0
extends: {extends}
span: GET /cart
kind: server
examples:
  given: {{GET /cart: {{kind: server, attributes: {{http.request.method: GET, url.path: /, url.scheme: http}}}}}}
  good: {{trace: [GET /cart]}}
  wrong: {{trace: [{{span: GET /cart, kind: client, attributes: {attributes}}}], findings: [top/kind]}}
"""


def messages(folder: Path, extends: str, attributes: str = "{http.request.method: absent}") -> list[str]:
    (folder / "web.contract.yaml").write_text(CONTRACT.format(extends=extends, attributes=attributes))
    return [f"{each.place}: {each.id}: {each.message}" for each in lint([folder]).messages]


@pytest.mark.parametrize("name", FRAGMENTS)
def test_what_the_examples_leave_unproven_in_a_shipped_fragment_is_not_reported(name: str, tmp_path: Path) -> None:
    assert messages(tmp_path, name) == []


def test_findings_of_a_shipped_fragment_are_those_of_the_examples(tmp_path: Path) -> None:
    (message,) = messages(tmp_path, "spanpact:semconv/http", "{}")
    assert "example-wrong" in message


def test_an_unknown_fragment_is_an_error_at_its_name(tmp_path: Path) -> None:
    (message,) = messages(tmp_path, "spanpact:semconv/htpp")
    place = f"{tmp_path}/web.contract.yaml:4:10"
    assert message == f"{place}: contract-error: there is no fragment `spanpact:semconv/htpp`"
