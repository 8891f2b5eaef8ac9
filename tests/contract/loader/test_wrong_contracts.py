"""A wrong contract is one error: file, line, column, what is wrong, and what is accepted, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from spanpact.contract.loader import load_text, vocabulary
from spanpact.errors import ContractError
from spanpact.findings.catalogue import CATALOGUE

HEAD = "spanpact: 1\ncontract: c\nversion: 1.0.0\n"
LISTS = {
    "$FILE": ", ".join(vocabulary.FILE),
    "$MATCHER": ", ".join(vocabulary.MATCHER),
    "$FINDINGS": ", ".join(CATALOGUE),
}
LONG = "a" * 1001
WRONG = YAML(typ="safe", pure=True).load(Path(__file__).with_name("wrong_contracts.yaml"))


@pytest.mark.parametrize("case", WRONG, ids=range(len(WRONG)))
def test_a_wrong_contract_is_one_error_line(case: Mapping[str, str]) -> None:
    text = case["file"] if "file" in case else HEAD + case["body"]
    message = case["error"]
    for name, words in LISTS.items():
        message = message.replace(name, words)
    with pytest.raises(ContractError) as caught:
        load_text(text.replace("$LONG", LONG), file="f")
    assert str(caught.value) == f"f:{message}"
